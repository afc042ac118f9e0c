//! The ledger held against everything that is kept beside it, over all customers: what has to be equal, and is not.

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, known_customer};
use crate::pool;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::BillingMonth;
use tokio_postgres::Row;

/// Differences that one check lists at most; all are counted.
pub const DIFFERENCES_MAX: u32 = 100;

/// Two figures that should be equal, or the first not above the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared: `escrow`, `receivable`, `cap`.
    pub check: String,
    /// Whose.
    pub customer_id: CustomerId,
    /// Of which month, if of one.
    pub month: Option<BillingMonth>,
    /// What the ledger, or the escrow, says.
    pub expected: MicroUsd,
    /// What is kept beside it.
    pub found: MicroUsd,
}

/// What was found: nothing, if all is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerCheck {
    /// How many differences there are.
    pub count: u64,
    /// The first few, by customer and month.
    pub differences: Vec<Difference>,
}

/// Customers: their accounts, and what is kept in all.
const CUSTOMERS: &str = "WITH sums AS ( \
        SELECT customer_id, side.account, sum(side.amount)::bigint AS amount FROM ledger, \
            LATERAL (VALUES (debit, amount_micro_usd), (credit, -amount_micro_usd)) AS side (account, amount) GROUP BY 1, 2 \
    ), of AS ( \
        SELECT customer_id, coalesce(sum(-amount) FILTER (WHERE account = 'escrow'), 0)::bigint AS escrow, \
            coalesce(sum(-amount) FILTER (WHERE account = 'credits'), 0)::bigint AS credits, \
            coalesce(sum(amount) FILTER (WHERE account = 'suspense'), 0)::bigint AS suspense, \
            coalesce(sum(amount) FILTER (WHERE account = 'treasury'), 0)::bigint AS treasury, \
            coalesce(sum(amount) FILTER (WHERE account = 'waivers'), 0)::bigint AS waivers \
        FROM sums GROUP BY 1 \
    ), fixed AS ( \
        SELECT customer_id, sum(fixed_micro_usd)::bigint AS fixed FROM billing_months GROUP BY 1 \
    ), flying AS ( \
        SELECT customer_id, sum(amount_usd_cents * 10000)::bigint AS flying FROM charges WHERE state = 'intended' GROUP BY 1 \
    ) \
    SELECT v.name, c.id, NULL::date, v.expected, v.found, count(*) OVER () FROM customers AS c \
    LEFT JOIN of ON of.customer_id = c.id LEFT JOIN fixed ON fixed.customer_id = c.id LEFT JOIN flying ON flying.customer_id = c.id, \
    LATERAL (VALUES ('escrow', coalesce(of.escrow, 0), c.current_balance_usd_cents * 10000), \
        ('credits', coalesce(of.credits, 0), c.credits_micro_usd), \
        ('suspense', coalesce(of.suspense, 0), coalesce(flying.flying, 0)), \
        ('charged_in_all', coalesce(of.treasury, 0), c.charged_in_all_micro_usd), \
        ('credited_in_all', coalesce(of.waivers, 0), c.credited_in_all_micro_usd), \
        ('fixed_in_all', coalesce(fixed.fixed, 0), c.fixed_in_all_micro_usd)) AS v (name, expected, found) \
    WHERE v.expected <> v.found ORDER BY c.id, v.name LIMIT $1";

/// Months: what the ledger moved for each.
const MONTHS: &str = "WITH of AS ( \
        SELECT customer_id, month, sum(CASE 'receivable' WHEN debit THEN amount_micro_usd WHEN credit THEN -amount_micro_usd ELSE 0 END)::bigint AS receivable, \
            sum(CASE 'suspense' WHEN debit THEN amount_micro_usd WHEN credit THEN -amount_micro_usd ELSE 0 END)::bigint AS suspense, \
            sum(CASE 'waivers' WHEN debit THEN amount_micro_usd WHEN credit THEN -amount_micro_usd ELSE 0 END)::bigint AS waivers, \
            sum(CASE 'revenue' WHEN credit THEN amount_micro_usd WHEN debit THEN -amount_micro_usd ELSE 0 END)::bigint AS revenue \
        FROM ledger WHERE month IS NOT NULL GROUP BY 1, 2 \
    ) \
    SELECT v.name, customer_id, month, v.expected, v.found, count(*) OVER () FROM of FULL JOIN billing_months AS m USING (customer_id, month), \
    LATERAL (VALUES \
        ('receivable', coalesce(of.receivable, 0), coalesce(m.fixed_micro_usd + m.accrued_micro_usd - m.waived_micro_usd \
            - m.charged_micro_usd - m.in_flight_micro_usd - m.credits_micro_usd, 0)), \
        ('in_flight', coalesce(of.suspense, 0), coalesce(m.in_flight_micro_usd, 0)), \
        ('waived', coalesce(of.waivers, 0), coalesce(m.waived_micro_usd, 0)), \
        ('revenue', coalesce(of.revenue, 0), coalesce(m.fixed_micro_usd + m.accrued_micro_usd, 0))) AS v (name, expected, found) \
    WHERE v.expected <> v.found ORDER BY customer_id, month, v.name LIMIT $1";

/// No month is charged past its cap, and a closed one adds up.
const BOUNDS: &str = "SELECT v.name, m.customer_id, m.month, v.expected, v.found, count(*) OVER () \
    FROM billing_months AS m JOIN customers AS c ON c.id = m.customer_id, \
    LATERAL (SELECT coalesce(m.limit_usd_cents, c.max_monthly_usd_cents)) AS l (limit_usd_cents), \
    LATERAL (SELECT CASE WHEN l.limit_usd_cents > 0 THEN greatest(l.limit_usd_cents * 10000, m.limit_floor_micro_usd) END) AS p (cap), \
    LATERAL (VALUES ('cap', p.cap, m.charged_micro_usd + m.in_flight_micro_usd, m.charged_micro_usd + m.in_flight_micro_usd > p.cap), \
        ('closed', m.fixed_micro_usd + m.accrued_micro_usd - m.waived_micro_usd + m.carried_in_micro_usd - m.carried_out_micro_usd, \
            m.payable_micro_usd, m.closed_at IS NOT NULL AND m.payable_micro_usd <> m.fixed_micro_usd + m.accrued_micro_usd \
            - m.waived_micro_usd + m.carried_in_micro_usd - m.carried_out_micro_usd)) AS v (name, expected, found, is_wrong) \
    WHERE v.is_wrong ORDER BY m.customer_id, m.month, v.name LIMIT $1";

impl MoneyStore {
    /// Holds the ledger against customers, months and charges, in one snapshot.
    pub async fn ledger_check(&self) -> Result<LedgerCheck, StoreError> {
        let attempted = "check the ledger";
        let mut client = self.client().await?;
        let transaction = pool::snapshot(&mut client).await?;
        let mut check = LedgerCheck::default();
        for sql in [CUSTOMERS, MONTHS, BOUNDS] {
            let rows = transaction.query(sql, &[&i64::from(DIFFERENCES_MAX)]).await;
            let rows = rows.map_err(StoreError::database(attempted))?;
            check.count += rows.first().map_or(0, |row| row.get::<_, i64>(5).unsigned_abs());
            for row in &rows {
                check.differences.push(difference_of(row)?);
            }
        }
        Ok(check)
    }
}

fn difference_of(row: &Row) -> Result<Difference, StoreError> {
    Ok(Difference {
        check: row.get(0),
        customer_id: known_customer(row.get(1))?,
        month: row.get::<_, Option<MonthDate>>(2).map(|month| month.0),
        expected: MicroUsd(row.get(3)),
        found: MicroUsd(row.get(4)),
    })
}
