//! What months have authorised: the highest limit that was in force in each.

use super::rows::CannotSave;
use crate::StoreError;
use crate::codec::MonthDate;
use crate::money::EscrowAccount;
use deadpool_postgres::Transaction;
use suiftly_schema::time::BillingMonth;

/// Months before the running one whose limit is written down when it changes. Older ones that were never touched are
/// taken to have had the limit that is in force when they are charged.
const MONTHS_WRITTEN: usize = 24;

/// Sets the limit from this month on. A month without a row has had one limit all along: it is written down first.
pub(super) async fn change(
    transaction: &Transaction<'_>,
    account: &EscrowAccount,
    limit_usd_cents: i64,
    month: BillingMonth,
) -> Result<(), StoreError> {
    let before = std::iter::successors(Some(month), |month| Some(month.previous())).take(MONTHS_WRITTEN + 1);
    let months: Vec<MonthDate> = before.map(MonthDate).collect();
    let keep = "INSERT INTO embedded_escrow_months (account_id, month, authorised_usd_cents, charged_usd_cents) \
        SELECT $1, month, $3, 0 FROM unnest($2::date[]) AS months (month) ON CONFLICT DO NOTHING";
    transaction.execute(keep, &[&account.id, &months, &account.limit_usd_cents]).await.cannot_save()?;
    let widen = "UPDATE embedded_escrow_months SET authorised_usd_cents = \
            CASE WHEN $3::bigint = 0 OR authorised_usd_cents = 0 THEN 0 ELSE greatest($3, authorised_usd_cents) END \
        WHERE account_id = $1 AND month = $2";
    transaction.execute(widen, &[&account.id, &MonthDate(month), &limit_usd_cents]).await.cannot_save()?;
    let set = "UPDATE embedded_escrow_accounts SET limit_usd_cents = $2 WHERE id = $1";
    transaction.execute(set, &[&account.id, &limit_usd_cents]).await.cannot_save()?;
    Ok(())
}
