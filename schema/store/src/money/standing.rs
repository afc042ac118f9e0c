//! Where everybody's money stands together.

use super::MoneyStore;
use super::charges::DOUBT_AFTER_MS;
use super::months::cents;
use crate::StoreError;
use crate::codec::Timestamptz;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// Everybody's money at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MoneyStanding {
    /// What is rated or charged beside usage, and not drawn, waived or credited.
    pub accrued: MicroUsd,
    /// Draws that are not decided.
    pub in_flight: MicroUsd,
    /// How many of them are in doubt.
    pub in_doubt: u64,
    /// Since when the first of those is.
    pub oldest_in_doubt_at: Option<UnixMillis>,
}

/// $1: what was intended before is in doubt.
const STANDING: &str = "SELECT \
        (SELECT coalesce(sum(fixed_in_all_micro_usd - charged_in_all_micro_usd - credited_in_all_micro_usd), 0) FROM customers)::bigint \
            + (SELECT coalesce(sum(rated_micro_usd), 0) FROM rated WHERE customer_id IN (SELECT id FROM customers))::bigint, \
        coalesce(sum(amount_usd_cents), 0)::bigint, \
        count(*) FILTER (WHERE attempts > 0 OR intended_at < $1), \
        min(intended_at) FILTER (WHERE attempts > 0 OR intended_at < $1) \
    FROM charges WHERE state = 'intended'";

impl MoneyStore {
    /// Where everybody's money stands, as of `now` by the manager's clock.
    pub async fn standing(&self, now: UnixMillis) -> Result<MoneyStanding, StoreError> {
        let row = self.client().await?.query_one(STANDING, &[&Timestamptz(now.plus_ms(-DOUBT_AFTER_MS))]).await;
        let row = row.map_err(StoreError::database("add up where everybody's money stands"))?;
        Ok(MoneyStanding {
            accrued: MicroUsd(row.get(0)),
            in_flight: cents(row.get(1)),
            in_doubt: row.get::<_, i64>(2).unsigned_abs(),
            oldest_in_doubt_at: row.get::<_, Option<Timestamptz>>(3).map(|at| at.0),
        })
    }
}
