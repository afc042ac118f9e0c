//! Which months and customers a close or a note is due for.

use super::super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, known_customer};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::BillingMonth;

/// Months with usage, found by hopping through the primary key, and months with a row that is open.
const MONTHS: &str = "WITH RECURSIVE hop (month) AS ( \
        (SELECT month FROM rated ORDER BY month LIMIT 1) \
        UNION ALL SELECT (SELECT r.month FROM rated AS r WHERE r.month > hop.month ORDER BY r.month LIMIT 1) \
        FROM hop WHERE hop.month IS NOT NULL) \
    SELECT month FROM hop WHERE month < $1 \
    UNION SELECT month FROM billing_months WHERE closed_at IS NULL AND month < $1 ORDER BY 1";

/// Customers with an open row, and those with usage and no row that is closed.
const OPEN: &str = "SELECT id FROM ( \
        (SELECT customer_id AS id FROM billing_months WHERE month = $1 AND closed_at IS NULL AND customer_id > $2 \
            ORDER BY 1 LIMIT $3) \
        UNION (SELECT DISTINCT r.customer_id FROM rated AS r JOIN customers AS c ON c.id = r.customer_id \
            WHERE r.month = $1 AND r.customer_id > $2 AND NOT EXISTS (SELECT FROM billing_months AS b \
                WHERE b.customer_id = r.customer_id AND b.month = $1 AND b.closed_at IS NOT NULL) \
            ORDER BY 1 LIMIT $3)) AS due \
    ORDER BY 1 LIMIT $3";

const CORRECTED: &str = "SELECT m.month, m.customer_id FROM billing_months AS m \
    LEFT JOIN (SELECT customer_id, month, sum(rated_micro_usd) AS rated FROM rated WHERE month < $1 GROUP BY 1, 2) AS r \
        ON r.customer_id = m.customer_id AND r.month = m.month \
    WHERE m.closed_at IS NOT NULL AND m.month < $1 AND m.accrued_micro_usd <> coalesce(r.rated, 0) \
        AND (m.month, m.customer_id) > ($2, $3) \
    ORDER BY 1, 2 LIMIT $4";

impl MoneyStore {
    /// The months before one that somebody has open, ascending.
    pub async fn months_to_close(&self, before: BillingMonth) -> Result<Vec<BillingMonth>, StoreError> {
        let rows = self.client().await?.query(MONTHS, &[&MonthDate(before)]).await;
        let rows = rows.map_err(StoreError::database("find the months to close"))?;
        Ok(rows.iter().map(|row| row.get::<_, MonthDate>(0).0).collect())
    }

    /// The customers after one whose month is open, ascending, at most `limit`.
    pub async fn customers_to_close(
        &self,
        month: BillingMonth,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let (after, limit) = (after.map_or(0, CustomerId::get), i64::try_from(limit).unwrap_or(i64::MAX));
        let client = self.client().await?;
        let attempted = "find the customers to close";
        let prepared = client.prepare_cached(OPEN).await.map_err(StoreError::database(attempted))?;
        let rows = client.query(&prepared, &[&MonthDate(month), &after, &limit]).await;
        rows.map_err(StoreError::database(attempted))?.iter().map(|row| known_customer(row.get(0))).collect()
    }

    /// Closed months, before one, that are rated otherwise than their documents say, ascending after a place, at most
    /// `limit`.
    pub async fn months_to_correct(
        &self,
        before: BillingMonth,
        after: (BillingMonth, Option<CustomerId>),
        limit: usize,
    ) -> Result<Vec<(BillingMonth, CustomerId)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let (month, customer) = (MonthDate(after.0), after.1.map_or(0, CustomerId::get));
        let rows = self.client().await?.query(CORRECTED, &[&MonthDate(before), &month, &customer, &limit]).await;
        let place = |row: &tokio_postgres::Row| {
            known_customer(row.get(1)).map(|customer| (row.get::<_, MonthDate>(0).0, customer))
        };
        rows.map_err(StoreError::database("find the months to correct"))?.iter().map(place).collect()
    }
}
