//! Everything that is held about a customer, for themselves: section by section, page by page, each row as JSON.
//!
//! Columns are listed one by one: what is sealed or hashed, whose row it is, and what is ours alone is left out, and a new
//! column is shown when somebody has decided so.

use super::AccountStore;
use crate::StoreError;
use crate::codec::Timestamptz;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Rows that one page has at most.
pub const EXPORT_ROWS_MAX: u32 = 500;

/// What a section's rows are ordered by, and go on after.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// An integer column.
    Number(&'static str),
    /// An expression that is a text.
    Text(&'static str),
    /// Hour, service and network.
    Hour,
}

/// One kind of thing that is held.
#[derive(Clone, Copy, Debug)]
pub struct ExportSection {
    name: &'static str,
    from: &'static str,
    order: Order,
    columns: &'static str,
}

impl ExportSection {
    /// What it is called in exports.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// Where the next page begins: after this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportPlace {
    /// By an integer.
    Number(i64),
    /// By a text.
    Text(String),
    /// By hour, service and network.
    Hour(UnixMillis, i16, i16),
}

/// A page: rows as JSON objects, and where the next one begins if there may be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    /// Each an object, without line ends in it.
    pub rows: Vec<String>,
    /// `None`: the section ends here.
    pub next: Option<ExportPlace>,
}

const fn section(name: &'static str, from: &'static str, order: Order, columns: &'static str) -> ExportSection {
    ExportSection { name, from, order, columns }
}

/// Every section, in the order in which they are exported.
pub const EXPORT_SECTIONS: &[ExportSection] = &[
    section(
        "account",
        "customers WHERE id = $1",
        Order::Number("id"),
        "display_name, wallet_address, alert_email, billing_profile, status, escrow_contract_id AS escrow_account, \
         max_monthly_usd_cents, current_balance_usd_cents, credits_micro_usd, created_at, closing_at, closed_at",
    ),
    section(
        "services",
        "service_instances WHERE customer_id = $1",
        Order::Number("service_type"),
        "service_type, tier, is_enabled, config, extra_api_keys, extra_seal_keys, extra_packages, scheduled, \
         paid_through, enabled_at, disabled_at",
    ),
    section(
        "api_keys",
        "api_keys WHERE customer_id = $1",
        Order::Number("id"),
        "id, service_type, network, name, key_prefix, state, created_at, revoked_at, deleted_at, expires_at, replaces",
    ),
    section(
        "seal_keys",
        "seal_keys WHERE customer_id = $1",
        Order::Number("id"),
        "id, derivation_index, name, encode(public_key, 'hex') AS public_key, purchase_digest, is_enabled, created_at, \
         deleted_at",
    ),
    section(
        "seal_packages",
        "seal_packages WHERE customer_id = $1",
        Order::Number("id"),
        "id, seal_key_id, package_address, name, is_enabled, created_at, deleted_at",
    ),
    section(
        "sessions",
        "sessions WHERE customer_id = $1",
        Order::Text("id::text"),
        "id, created_at, last_used_at, expires_at, address, user_agent, revoked_at, revoked_why",
    ),
    section(
        "alerts",
        "alerts WHERE customer_id = $1",
        Order::Number("id"),
        "id, name, metric, period, service_type, threshold, by_email, by_webhook, is_enabled, crossed, crossed_at, created_at",
    ),
    section(
        "webhooks",
        "webhooks WHERE customer_id = $1",
        Order::Number("id"),
        "id, url, events, is_enabled, created_at, deleted_at",
    ),
    section(
        "deliveries",
        "deliveries WHERE customer_id = $1",
        Order::Number("id"),
        "id, webhook_id, event_type, body - 'customer_id' AS body, state, attempts, last_status, created_at, delivered_at",
    ),
    section(
        "subscription_items",
        "subscription_items WHERE customer_id = $1",
        Order::Number("id"),
        "id, month, service_type, item, description, quantity, monthly_micro_usd, days, days_in_month, amount_micro_usd, \
         price_book, is_renewal, ordered_at",
    ),
    section(
        "billing_months",
        "billing_months WHERE customer_id = $1",
        Order::Text("month::text"),
        "month, fixed_micro_usd, accrued_micro_usd, waived_micro_usd, carried_in_micro_usd, carried_out_micro_usd, \
         charged_micro_usd, in_flight_micro_usd, credits_micro_usd, payable_micro_usd, limit_usd_cents, closed_at",
    ),
    section(
        "invoices",
        "invoices WHERE customer_id = $1",
        Order::Number("id"),
        "number, kind, month, (SELECT i.number FROM invoices AS i WHERE i.id = invoices.corrects) AS corrects, status, \
         issued_at, bill, input_hash, total_micro_usd, payable_micro_usd, settled_at",
    ),
    section(
        "charges",
        "charges WHERE customer_id = $1",
        Order::Number("id"),
        "id, month, amount_usd_cents, reason, state, digest, intended_at, decided_at",
    ),
    section(
        "ledger",
        "ledger WHERE customer_id = $1",
        Order::Number("id"),
        "id, kind, debit, credit, amount_micro_usd, month, reverses, memo, posted_at",
    ),
    section(
        "transactions",
        "escrow_transactions WHERE customer_id = $1",
        Order::Number("id"),
        "id, digest, type, amount_usd_cents, asset, at",
    ),
    section(
        "withdrawals",
        "withdrawals WHERE customer_id = $1",
        Order::Text("request_digest"),
        "request_digest, amount_usd_cents, requested_at, paid_digest, paid_usd_cents, settled_at",
    ),
    section(
        "usage_by_hour",
        "usage_per_hour WHERE customer_id = $1",
        Order::Hour,
        "hour, service_type, network, guaranteed, burst, rejected, client_error, server_error, other, billable_requests, \
         bytes_sent, billable_bytes, time_total_ms",
    ),
    section(
        "rated",
        "rated WHERE customer_id = $1",
        Order::Text("concat(month, ' ', service_type, ' ', price_book)"),
        "month, service_type, price_book, billable_requests, billable_bytes, rated_micro_usd",
    ),
    section(
        "key_activity",
        "key_activity WHERE customer_id = $1",
        Order::Number("api_key_fp"),
        "api_key_fp, requests, errors, last_used_at",
    ),
    section(
        "activity",
        "activity WHERE customer_id = $1",
        Order::Number("id"),
        "id, at, CASE actor_kind WHEN 'customer' THEN actor ELSE 'Suiftly' END AS actor, \
         CASE actor_kind WHEN 'customer' THEN address END AS address, action, target, change - 'customer_id' AS change",
    ),
    section(
        "notifications",
        "notifications WHERE customer_id = $1 AND kind <> 'close_refused'",
        Order::Number("id"),
        "id, severity, kind, body - 'customer_id' - 'cause' AS body, created_at, acknowledged_at",
    ),
];

impl AccountStore {
    /// A page of what is held about a customer, after a place.
    pub async fn export_page(
        &self,
        customer: CustomerId,
        section: &ExportSection,
        after: Option<&ExportPlace>,
    ) -> Result<ExportPage, StoreError> {
        const ATTEMPTED: &str = "export what is held about a customer";
        let ExportSection { from, order, columns, .. } = section;
        let (id, limit) = (customer.get(), i64::from(EXPORT_ROWS_MAX));
        let client = self.client_for(customer).await?;
        let select = |key: &str, after: &str| {
            format!(
                "SELECT (SELECT row_to_json(shown)::text FROM (SELECT {columns}) AS shown), {key} FROM {from} AND {after} \
                 ORDER BY {key} LIMIT $2"
            )
        };
        let rows = match order {
            Order::Number(key) => {
                let after = if let Some(ExportPlace::Number(after)) = after { *after } else { i64::MIN };
                let key = format!("{key}::bigint");
                client.query(&select(&key, &format!("{key} > $3")), &[&id, &limit, &after]).await
            }
            Order::Text(key) => {
                let after = if let Some(ExportPlace::Text(after)) = after { after.as_str() } else { "" };
                // By bytes, whatever the database sorts by.
                let key = format!("({key}) COLLATE \"C\"");
                client.query(&select(&key, &format!("{key} > $3")), &[&id, &limit, &after]).await
            }
            Order::Hour => {
                let (hour, service, network) = match after {
                    Some(ExportPlace::Hour(hour, service, network)) => (*hour, *service, *network),
                    _ => (UnixMillis::MIN, i16::MIN, i16::MIN),
                };
                let key = "hour, service_type, network";
                let sql = select(key, &format!("({key}) > ($3, $4, $5)"));
                client.query(&sql, &[&id, &limit, &Timestamptz(hour), &service, &network]).await
            }
        };
        let rows = rows.map_err(StoreError::database(ATTEMPTED))?;
        let is_full = rows.len() == EXPORT_ROWS_MAX as usize;
        let next = rows.last().filter(|_| is_full).map(|row| place(order, row));
        Ok(ExportPage { rows: rows.iter().map(|row| row.get(0)).collect(), next })
    }
}

fn place(order: &Order, row: &Row) -> ExportPlace {
    match order {
        Order::Number(_) => ExportPlace::Number(row.get(1)),
        Order::Text(_) => ExportPlace::Text(row.get(1)),
        Order::Hour => ExportPlace::Hour(row.get::<_, Timestamptz>(1).0, row.get(2), row.get(3)),
    }
}
