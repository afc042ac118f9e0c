//! Usage in the database as the store's writer leaves it: hours, what they are rated, and the watermark.

use crate::desk::{Desk, instant};
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::price::PriceBook;
use suiftly_settlement::escrow::Escrow;

impl<E: Escrow> Desk<E> {
    /// The store has everything that was received until then. Epochs ascend.
    pub(crate) async fn received_until(&self, until: &str) {
        self.run(&format!(
            "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
                rejected, records) VALUES ('journal-a', 1, '{until}', 0, 0, 0, 0, 0, '{{}}', 0) \
             ON CONFLICT (journal_id) DO UPDATE SET epoch = journal_watermarks.epoch + 1, cut_at = excluded.cut_at, \
                updated_at = clock_timestamp()"
        ))
        .await;
    }

    /// Adds usage within an hour, and rates it.
    pub(crate) async fn use_some(&self, customer: CustomerId, hour: &str, service: Service, requests: i64, bytes: i64) {
        self.use_in_hour(customer, hour, service, requests, bytes).await;
        self.rate(customer).await;
    }

    /// Adds usage within an hour, and leaves it unrated.
    pub(crate) async fn use_in_hour(
        &self,
        customer: CustomerId,
        hour: &str,
        service: Service,
        requests: i64,
        bytes: i64,
    ) {
        let (id, service) = (customer.get(), service.number());
        self.run(&format!(
            "INSERT INTO usage_per_hour AS u (customer_id, hour, service_type, network, guaranteed, burst, rejected, \
                client_error, server_error, other, billable_requests, bytes_sent, billable_bytes, time_total_ms) \
             VALUES ({id}, '{hour}', {service}, 1, {requests}, 0, 0, 0, 0, 0, {requests}, {bytes}, {bytes}, 0) \
             ON CONFLICT (customer_id, hour, service_type, network) DO UPDATE SET \
                billable_requests = u.billable_requests + excluded.billable_requests, \
                billable_bytes = u.billable_bytes + excluded.billable_bytes"
        ))
        .await;
    }

    /// Puts what a customer's hours come to, under price book 1.
    pub(crate) async fn rate(&self, customer: CustomerId) {
        let id = customer.get();
        let sql = "SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM'), service_type, sum(billable_requests)::bigint, \
            sum(billable_bytes)::bigint FROM usage_per_hour WHERE customer_id = $1 GROUP BY 1, 2";
        let book = PriceBook::v1();
        for row in self.client.query(sql, &[&id]).await.unwrap() {
            let (month, service): (String, i16) = (row.get(0), row.get(1));
            let (requests, bytes): (i64, i64) = (row.get(2), row.get(3));
            let known = Service::from_number(u8::try_from(service).unwrap());
            let rated = book.rate(known, requests, bytes).0;
            self.run(&format!(
                "INSERT INTO rated VALUES ('{month}-01', {id}, {service}, 1, {requests}, {bytes}, {rated}) \
                 ON CONFLICT (month, customer_id, service_type, price_book) DO UPDATE SET \
                    billable_requests = excluded.billable_requests, billable_bytes = excluded.billable_bytes, \
                    rated_micro_usd = excluded.rated_micro_usd"
            ))
            .await;
        }
    }

    /// A tier, charged for some days of a month.
    pub(crate) async fn charge_tier(&self, customer: CustomerId, month: &str, (days, of): (u8, u8), monthly: i64) {
        let (id, amount) = (customer.get(), monthly * i64::from(days) / i64::from(of));
        self.run(&format!(
            "INSERT INTO subscription_items (customer_id, month, service_type, item, description, quantity, monthly_micro_usd, \
                days, days_in_month, amount_micro_usd, price_book, is_renewal, ordered_at) \
             VALUES ({id}, '{month}-01', 1, 'tier', 'Pro tier', 1, {monthly}, {days}, {of}, {amount}, 1, false, '{month}-01'); \
             INSERT INTO billing_months AS m (customer_id, month, fixed_micro_usd) VALUES ({id}, '{month}-01', {amount}) \
             ON CONFLICT (customer_id, month) DO UPDATE SET fixed_micro_usd = m.fixed_micro_usd + excluded.fixed_micro_usd; \
             UPDATE customers SET fixed_in_all_micro_usd = fixed_in_all_micro_usd + {amount} WHERE id = {id}; \
             INSERT INTO ledger (customer_id, kind, debit, credit, amount_micro_usd, month, reference, posted_at) \
             SELECT {id}, 'subscription', 'receivable', 'revenue', {amount}, '{month}-01', 'item:' || max(id), '{month}-01' \
             FROM subscription_items"
        ))
        .await;
    }

    /// Funds drawn for a month, as charging leaves them.
    pub(crate) async fn draw(&self, customer: CustomerId, month: &str, cents: i64, at: &str) {
        let (id, micro) = (customer.get(), cents * 10_000);
        let nonce = format!("{:064x}", instant(at).0);
        self.run(&format!(
            "INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, state, digest, intended_at, decided_at) \
             VALUES ('{nonce}', {id}, '{month}-01', {cents}, 'threshold', 'charged', 'digest-{nonce}', '{at}', '{at}'); \
             INSERT INTO ledger (customer_id, kind, debit, credit, amount_micro_usd, month, reference, posted_at) VALUES \
                ({id}, 'charge_intent', 'suspense', 'receivable', {micro}, '{month}-01', 'charge:{nonce}#intent', '{at}'), \
                ({id}, 'charge', 'escrow', 'suspense', {micro}, '{month}-01', 'event:{nonce}', '{at}'), \
                ({id}, 'drawn', 'treasury', 'custody', {micro}, '{month}-01', 'event:{nonce}#drawn', '{at}'); \
             INSERT INTO billing_months AS m (customer_id, month, charged_micro_usd) VALUES ({id}, '{month}-01', {micro}) \
             ON CONFLICT (customer_id, month) DO UPDATE SET charged_micro_usd = m.charged_micro_usd + excluded.charged_micro_usd"
        ))
        .await;
    }

    /// Per account, debits less credits, in micro-dollars, without those that are zero.
    pub(crate) async fn balances(&self, customer: CustomerId) -> BTreeMap<&'static str, i64> {
        let balances = self.store.balances(Some(customer)).await.unwrap();
        let found = balances.into_iter().map(|balance| (balance.account.word(), balance.debit_balance.0));
        found.filter(|(_, amount)| *amount != 0).collect()
    }

    /// What customers owe by the ledger is what their months say; what is in their credits is what their rows say.
    pub(crate) async fn assert_balanced(&self) {
        let off = "SELECT count(*) FROM customers AS c \
            LEFT JOIN LATERAL (SELECT sum(CASE WHEN debit = 'receivable' THEN amount_micro_usd ELSE 0 END) \
                - sum(CASE WHEN credit = 'receivable' THEN amount_micro_usd ELSE 0 END) AS owed, \
                sum(CASE WHEN credit = 'credits' THEN amount_micro_usd ELSE 0 END) \
                - sum(CASE WHEN debit = 'credits' THEN amount_micro_usd ELSE 0 END) AS credits \
                FROM ledger WHERE customer_id = c.id) AS l ON true \
            LEFT JOIN LATERAL (SELECT sum(fixed_micro_usd + accrued_micro_usd - waived_micro_usd - charged_micro_usd \
                - in_flight_micro_usd - credits_micro_usd) AS owed FROM billing_months WHERE customer_id = c.id) AS m ON true \
            WHERE coalesce(l.owed, 0) <> coalesce(m.owed, 0) OR coalesce(l.credits, 0) <> c.credits_micro_usd";
        assert_eq!(self.text(off).await, "0", "the ledger and the months differ");
        let off = "SELECT count(*) FROM billing_months WHERE closed_at IS NOT NULL AND fixed_micro_usd + accrued_micro_usd \
            - waived_micro_usd + carried_in_micro_usd - carried_out_micro_usd <> payable_micro_usd";
        assert_eq!(self.text(off).await, "0", "a closed month does not add up");
    }

    /// Numbers of all documents, ascending.
    pub(crate) async fn numbers(&self) -> Vec<String> {
        let rows = self.client.query("SELECT number FROM invoices ORDER BY number", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}
