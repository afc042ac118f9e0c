//! Whom charging looks at: by one pass over the months that can be due something, not over all that ever were.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use crate::money::changes::{query, run};
use suiftly_schema::charge::THRESHOLD;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::ToSql;

/// Customers that one look answers at most.
pub const CANDIDATES_MAX: u32 = 100_000;

/// Somebody to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub customer_id: CustomerId,
    /// Whether there may be something to draw. What is drawn is decided under the customer's lock.
    pub is_due: bool,
    /// Whether what is accrued is not covered, and they were not told since their last deposit.
    pub is_uncovered: bool,
}

/// Open months are the running one and the one before, if anybody's is still open: everybody has a row of it once the
/// running one has begun. What is older is due when it is closed. An estimate: what
/// rounding carries is within a cent, and the lock's holder counts again.
const SELECT: &str = "WITH since AS ( \
        SELECT least(coalesce((SELECT min(month) FROM billing_months WHERE closed_at IS NULL AND month >= $1), $6::date), $6::date) AS month \
    ), open AS ( \
        SELECT customer_id, coalesce(r.rated, 0) + coalesce(m.fixed_micro_usd, 0) AS gross, coalesce(m.fixed_micro_usd, 0) AS fixed, \
            coalesce(m.charged_micro_usd + m.in_flight_micro_usd + m.credits_micro_usd, 0) AS paid, \
            coalesce(m.carried_in_micro_usd, 0) AS carried, m.limit_usd_cents, coalesce(m.limit_floor_micro_usd, 0) AS floor \
        FROM (SELECT customer_id, month, sum(rated_micro_usd)::bigint AS rated FROM rated WHERE month >= (SELECT month FROM since) GROUP BY 1, 2) AS r \
        FULL JOIN (SELECT * FROM billing_months WHERE month >= (SELECT month FROM since)) AS m USING (customer_id, month) \
        WHERE m.closed_at IS NULL \
    ), due AS ( \
        SELECT customer_id, fixed, paid, carried + CASE WHEN coalesce(o.limit_usd_cents, c.max_monthly_usd_cents) = 0 THEN gross \
            ELSE least(gross, greatest(coalesce(o.limit_usd_cents, c.max_monthly_usd_cents) * 10000, floor)) END AS payable, \
            $5::bigint AS threshold \
        FROM open AS o JOIN customers AS c ON c.id = o.customer_id \
        UNION ALL \
        SELECT customer_id, 0, 0, payable_micro_usd - charged_micro_usd - in_flight_micro_usd - credits_micro_usd, 10000 \
        FROM billing_months \
        WHERE payable_micro_usd - charged_micro_usd - in_flight_micro_usd - credits_micro_usd >= 10000 \
    ), sums AS ( \
        SELECT customer_id, sum(greatest(payable - paid, 0))::bigint AS accrued, max(payable - paid) AS most, \
            bool_or(payable - paid >= threshold OR least(fixed, payable) - paid >= 10000) AS is_due \
        FROM due WHERE payable - paid > 0 GROUP BY 1 \
    ), wanted AS ( \
        SELECT c.id, (is_due OR (most >= 10000 AND (c.closing_at IS NOT NULL OR EXISTS (SELECT FROM withdrawals AS w WHERE w.customer_id = c.id AND w.settled_at IS NULL)))) \
                AND (c.current_balance_usd_cents > 0 OR c.credits_micro_usd >= 10000) \
                AND (c.charge_not_before IS NULL OR c.charge_not_before <= $2) \
                AND NOT EXISTS (SELECT FROM charges AS h WHERE h.customer_id = c.id AND h.state = 'intended') AS is_due, \
            s.accrued - c.credits_micro_usd >= greatest(c.current_balance_usd_cents * 10000, 10000) \
                AND NOT EXISTS (SELECT FROM notifications AS n WHERE n.key = suiftly_uncovered_key(c.id)) AS is_uncovered \
        FROM sums AS s JOIN customers AS c ON c.id = s.customer_id \
        WHERE c.id > $3 \
    ) \
    SELECT id, is_due, is_uncovered FROM wanted WHERE is_due OR is_uncovered ORDER BY id LIMIT $4";

/// Once since the last deposit.
const NOTE: &str = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
    SELECT suiftly_uncovered_key(id), id, 'warning', 'insufficient_balance', \
        jsonb_build_object('balance_usd_cents', current_balance_usd_cents), $2 \
    FROM customers WHERE id = ANY($1) ORDER BY id ON CONFLICT (key) DO NOTHING";

impl MoneyStore {
    /// Customers after one, ascending, who may be due a charge or have to be told that they are not covered: at most
    /// [`CANDIDATES_MAX`].
    pub async fn charge_candidates(
        &self,
        after: Option<CustomerId>,
        now: UnixMillis,
    ) -> Result<Vec<Candidate>, StoreError> {
        let attempted = "look for charges that are due";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        // Compiling this costs more than it saves.
        run(&transaction, "SET LOCAL jit = off", &[], attempted).await?;
        let (running, now) = (now.month(), Timestamptz(now));
        let (before, running) = (MonthDate(running.previous()), MonthDate(running));
        let (after, limit) = (after.map_or(0, CustomerId::get), i64::from(CANDIDATES_MAX));
        let values: [&(dyn ToSql + Sync); 6] = [&before, &now, &after, &limit, &THRESHOLD.0, &running];
        let rows = query(&transaction, SELECT, &values, attempted).await?;
        let candidate = |row: &tokio_postgres::Row| {
            Ok(Candidate { customer_id: known_customer(row.get(0))?, is_due: row.get(1), is_uncovered: row.get(2) })
        };
        rows.iter().map(candidate).collect()
    }

    /// Tells customers that what is accrued is not covered, once since their last deposit; answers how many were told.
    pub async fn note_uncovered(&self, customers: &[CustomerId], now: UnixMillis) -> Result<u64, StoreError> {
        let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
        let attempted = "tell customers that they are not covered";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        let told = run(&transaction, NOTE, &[&ids, &Timestamptz(now)], attempted).await?;
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(told)
    }
}
