//! What was drawn in the month that runs for months that are long over: the escrow lets it be no more than that month's
//! limit, and to ask for more would be refused.

use super::changes::query;
use super::months::{CustomerMoney, cents};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::bill::CENT;
use suiftly_schema::charge::ArrearsRoom;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// How far the escrow's clock, which says in which month something was drawn, may be from ours.
const CLOCKS_APART_MS: i64 = 86_400_000;

/// What is in flight counts, too: by the time it is drawn it may be in this month.
const DRAWN: &str = "SELECT h.customer_id, sum(h.amount_usd_cents)::bigint \
    FROM charges AS h LEFT JOIN escrow_transactions AS t ON t.digest = h.digest \
    WHERE h.customer_id = ANY($1) AND h.month < $2 \
        AND (h.state = 'intended' OR (h.state = 'charged' AND h.decided_at >= $4 AND t.at >= $3)) GROUP BY 1";

/// What may still be drawn for months that are long over, for each customer in turn.
pub(super) async fn rooms(
    transaction: &Transaction<'_>,
    moneys: &[CustomerMoney],
    now: UnixMillis,
) -> Result<Vec<ArrearsRoom>, StoreError> {
    let running = now.month();
    // For most there is nothing to ask.
    let owes = |money: &&CustomerMoney| {
        money.standings().iter().any(|month| month.month < running.previous() && month.due() >= CENT)
    };
    let ids: Vec<i64> = moneys.iter().filter(owes).map(|money| money.customer_id.get()).collect();
    let drawn = if ids.is_empty() { BTreeMap::new() } else { drawn(transaction, &ids, now).await? };
    let room = |money: &CustomerMoney| {
        let drawn = drawn.get(&money.customer_id).copied().unwrap_or_default();
        // The limit in force, or what was used before it was lowered: the escrow allows the highest of the month.
        let month = money.months.iter().find(|month| month.month == running);
        let limit = month.map_or(money.max_monthly, |month| money.cap(month));
        ArrearsRoom { running, left: limit.map(|limit| limit - drawn) }
    };
    Ok(moneys.iter().map(room).collect())
}

async fn drawn(
    transaction: &Transaction<'_>,
    customers: &[i64],
    now: UnixMillis,
) -> Result<BTreeMap<CustomerId, MicroUsd>, StoreError> {
    let running = now.month();
    let (last, since) = (MonthDate(running.previous()), running.start());
    let (since, decided_since) = (Timestamptz(since), Timestamptz(since.plus_ms(-CLOCKS_APART_MS)));
    let rows = query(transaction, DRAWN, &[&customers, &last, &since, &decided_since], "read arrears").await?;
    rows.iter().map(|row| Ok((known_customer(row.get(0))?, cents(row.get(1))))).collect()
}
