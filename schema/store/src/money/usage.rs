//! What everybody had in a month, for questions about prices: read in one pass.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, known_customer, service_of};
use crate::pool;
use futures::TryStreamExt;
use std::collections::BTreeMap;
use std::pin::pin;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::{CustomerMonth, Quantity};
use suiftly_schema::subscription::{Subscription, Tier};
use suiftly_schema::time::BillingMonth;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Customers of one question at most: some hundred bytes each are held.
pub const CUSTOMERS_MAX: usize = 1_000_000;

const USAGE: &str = "SELECT customer_id, service_type, sum(billable_requests)::bigint, sum(billable_bytes)::bigint \
    FROM rated WHERE month = $1 GROUP BY 1, 2";
const SUBSCRIPTIONS: &str = "SELECT customer_id, tier, coalesce(config -> 'burst' = 'true', false), \
    extra_api_keys, extra_seal_keys, extra_packages FROM service_instances WHERE is_enabled";

impl MoneyStore {
    /// What each customer used in a month, with the subscriptions that are in force now, ascending.
    pub async fn customer_months(&self, month: BillingMonth) -> Result<Vec<CustomerMonth>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let mut months = Months::default();
        let parameters: [&(dyn ToSql + Sync); 1] = [&MonthDate(month)];
        each(&snapshot, USAGE, &parameters, |row| {
            let usage = Quantity { billable_requests: row.get(2), billable_bytes: row.get(3) };
            let service = service_of(row.get(1))?;
            months.of(row)?.usage.push((service, usage));
            Ok(())
        })
        .await?;
        each(&snapshot, SUBSCRIPTIONS, &[], |row| {
            let subscription = subscription(row)?;
            months.of(row)?.subscriptions.push(subscription);
            Ok(())
        })
        .await?;
        Ok(months.0.into_values().collect())
    }
}

#[derive(Default)]
struct Months(BTreeMap<CustomerId, CustomerMonth>);

impl Months {
    fn of(&mut self, row: &Row) -> Result<&mut CustomerMonth, StoreError> {
        let customer_id = known_customer(row.get(0))?;
        if self.0.len() == CUSTOMERS_MAX && !self.0.contains_key(&customer_id) {
            let rows_max = u32::try_from(CUSTOMERS_MAX).unwrap_or(u32::MAX);
            return Err(StoreError::TooManyRows { attempted: "read a month's usage of all customers", rows_max });
        }
        let nothing = || CustomerMonth { customer_id, usage: Vec::new(), subscriptions: Vec::new() };
        Ok(self.0.entry(customer_id).or_insert_with(nothing))
    }
}

fn subscription(row: &Row) -> Result<Subscription, StoreError> {
    let word: &str = row.get(1);
    let tier = Tier::from_word(word)
        .ok_or_else(|| StoreError::Row { what: "a service's tier", cause: format!("{word} is none") })?;
    let count = |at: usize| u32::from(row.get::<_, i16>(at).unsigned_abs());
    let (extra_api_keys, extra_seal_keys, extra_packages) = (count(3), count(4), count(5));
    let burst = tier.may_burst() && row.get(2);
    Ok(Subscription { tier, burst, extra_api_keys, extra_seal_keys, extra_packages })
}

/// Hands over row by row: they are not held beside what is made of them.
async fn each(
    snapshot: &tokio_postgres::Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    mut each: impl FnMut(&Row) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let failed = || StoreError::database("read a month's usage of all customers");
    let rows = snapshot.query_raw(sql, parameters.iter().copied()).await.map_err(failed())?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await.map_err(failed())? {
        each(&row)?;
    }
    Ok(())
}
