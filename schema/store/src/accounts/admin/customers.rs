//! Customers, to be found.

use super::super::AccountStore;
use crate::StoreError;
use crate::codec::{Timestamptz, known_customer};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Row;

/// Customers of one page at most.
pub const CUSTOMERS_PAGE_MAX: u32 = 200;

/// Names that one question answers at most.
pub const NAMES_MAX: usize = 200;

/// Which customers, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerQuery {
    /// Who has this in their name or e-mail (whatever the case), whose wallet address begins so, or whose id it is.
    pub search: Option<String>,
    /// Of one status: active, suspended, closed.
    pub status: Option<String>,
    /// After this id: the next page.
    pub after: Option<CustomerId>,
    /// At most so many; [`CUSTOMERS_PAGE_MAX`] at most.
    pub limit: u32,
}

/// A customer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRow {
    /// Who.
    pub customer_id: CustomerId,
    /// Their name.
    pub display_name: String,
    /// Where alerts go.
    pub alert_email: Option<String>,
    /// Their wallet.
    pub wallet_address: String,
    /// What an operator says: active, suspended, closed.
    pub status: String,
    /// What the spend view says, as committed; `None` before it has heard of them.
    pub state: Option<String>,
    /// In escrow, in cents.
    pub balance_usd_cents: i64,
    /// What a month may be charged, in cents; 0 is no limit.
    pub max_monthly_usd_cents: i64,
    /// Since when.
    pub created_at: UnixMillis,
}

const COLUMNS: &str = "SELECT id, display_name, alert_email, wallet_address, status, \
    (SELECT state FROM spend WHERE spend.customer_id = customers.id), current_balance_usd_cents, \
    max_monthly_usd_cents, created_at FROM customers";

impl AccountStore {
    /// A page of customers, by id.
    pub async fn customers(&self, query: &CustomerQuery) -> Result<Vec<CustomerRow>, StoreError> {
        let select = format!(
            "{COLUMNS} WHERE id > $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR id::text = $3 \
             OR starts_with(wallet_address, lower($3)) OR strpos(lower(display_name), lower($3)) > 0 \
             OR strpos(lower(alert_email), lower($3)) > 0) ORDER BY id LIMIT $4"
        );
        let (after, limit) = (query.after.map_or(0, CustomerId::get), i64::from(query.limit.min(CUSTOMERS_PAGE_MAX)));
        let rows = self.client().await?.query(&select, &[&after, &query.status, &query.search, &limit]).await;
        rows.map_err(StoreError::database("look for customers"))?.iter().map(customer_of).collect()
    }

    /// What customers are called, by id: of the first [`NAMES_MAX`] of these, as far as they are there.
    pub async fn customer_names(&self, customers: &[CustomerId]) -> Result<Vec<(CustomerId, String)>, StoreError> {
        let ids: Vec<i64> = customers.iter().take(NAMES_MAX).map(|customer| customer.get()).collect();
        let select = "SELECT id, display_name FROM customers WHERE id = ANY($1) ORDER BY id";
        let rows = self.client().await?.query(select, &[&ids]).await;
        let rows = rows.map_err(StoreError::database("look up customers' names"))?;
        rows.iter().map(|row| Ok((known_customer(row.get(0))?, row.get(1)))).collect()
    }
}

fn customer_of(row: &Row) -> Result<CustomerRow, StoreError> {
    Ok(CustomerRow {
        customer_id: known_customer(row.get(0))?,
        display_name: row.get(1),
        alert_email: row.get(2),
        wallet_address: row.get(3),
        status: row.get(4),
        state: row.get(5),
        balance_usd_cents: row.get(6),
        max_monthly_usd_cents: row.get(7),
        created_at: row.get::<_, Timestamptz>(8).0,
    })
}
