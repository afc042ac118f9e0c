//! What a proof is put together from.

use super::{hash_of, hashes_of};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, from_bigint};
use crate::money::MoneyStore;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::proof::{ChargeRoot, Hash, InputsTree, Journal, Part, SealedPart, Tree};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;

/// Parts are kept so long after their month's end. Proofs can be made while the journal or its archive is kept, which is 100
/// days unless it is set otherwise; a month's root is kept for ever.
pub const PARTS_KEPT_MS: i64 = 400 * 86_400_000;

const PART: &str = "SELECT n, hour, journal_id, account, first_epoch, last_epoch, records, requests, bytes, root";

/// A part as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPart {
    /// Which of the month's, from 0.
    pub n: u64,
    /// The part.
    pub sealed: SealedPart,
    /// The roots of its records' subtrees.
    pub subtrees: Vec<Hash>,
}

/// A document of a month whose inputs name its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofDocument {
    /// Its number.
    pub number: String,
    /// Its inputs, as their hash sees them.
    pub inputs: InputsTree,
}

impl MoneyStore {
    /// A customer's parts of an hour, in order.
    pub async fn parts_of_hour(&self, customer: CustomerId, hour: UnixMillis) -> Result<Vec<KeptPart>, StoreError> {
        let sql = format!("{PART}, subtrees FROM proof_parts WHERE customer_id = $1 AND hour = $2 ORDER BY n");
        let rows = self.client().await?.query(&sql, &[&customer.get(), &Timestamptz(hour.hour())]).await;
        let part = |row: &Row| {
            let n = from_bigint("a part's number", row.get(0))?;
            Ok::<_, StoreError>(KeptPart { n, sealed: sealed_of(row)?, subtrees: hashes_of(row.get(10)) })
        };
        rows.map_err(StoreError::database("read the parts of an hour"))?.iter().map(part).collect()
    }

    /// All of a customer's parts of a month, in order. They are numbered without a gap, from 0.
    pub async fn parts_of_month(
        &self,
        customer: CustomerId,
        month: BillingMonth,
    ) -> Result<Vec<SealedPart>, StoreError> {
        let sql = format!("{PART} FROM proof_parts WHERE customer_id = $1 AND month = $2 ORDER BY n");
        let rows = self.client().await?.query(&sql, &[&customer.get(), &MonthDate(month)]).await;
        rows.map_err(StoreError::database("read the parts of a month"))?.iter().map(sealed_of).collect()
    }

    /// In which epochs of which journals records of an hour were sealed, whoever's they are.
    pub async fn epochs_of_hour(&self, hour: UnixMillis) -> Result<Vec<(Journal, Epoch, Epoch)>, StoreError> {
        let sql = "SELECT DISTINCT journal_id, first_epoch, last_epoch FROM proof_parts WHERE hour = $1 ORDER BY 1, 2";
        let rows = self.client().await?.query(sql, &[&Timestamptz(hour.hour())]).await;
        let epochs = |row: &Row| {
            let epoch = |at: usize| from_bigint("an epoch", row.get(at));
            Ok::<_, StoreError>((journal_of(row.get(0))?, epoch(1)?, epoch(2)?))
        };
        rows.map_err(StoreError::database("find where an hour was sealed"))?.iter().map(epochs).collect()
    }

    /// The documents of a month that name its tree, ascending.
    pub async fn proof_documents(
        &self,
        customer: CustomerId,
        month: BillingMonth,
    ) -> Result<Vec<ProofDocument>, StoreError> {
        let sql = "SELECT i.number, n.inputs FROM invoices AS i JOIN invoice_inputs AS n ON n.invoice_id = i.id \
            WHERE i.customer_id = $1 AND i.month = $2 AND i.status <> 'void' ORDER BY i.id";
        let rows = self.client().await?.query(sql, &[&customer.get(), &MonthDate(month)]).await;
        let rows = rows.map_err(StoreError::database("read the documents of a month"))?;
        let document = |row: &Row| Some(ProofDocument { number: row.get(0), inputs: InputsTree::of(row.get(1))? });
        Ok(rows.iter().filter_map(document).collect())
    }

    /// The charges of a month with the roots that they carry; those that carry none but the empty tree's show nothing.
    pub async fn charge_roots(&self, customer: CustomerId, month: BillingMonth) -> Result<Vec<ChargeRoot>, StoreError> {
        let sql = "SELECT digest, root FROM charges \
            WHERE customer_id = $1 AND month = $2 AND state = 'charged' AND root <> $3 ORDER BY id";
        let empty = Hash::of_no_leaves().0.to_vec();
        let rows = self.client().await?.query(sql, &[&customer.get(), &MonthDate(month), &empty]).await;
        let rows = rows.map_err(StoreError::database("read the roots of charges"))?;
        Ok(rows.iter().map(|row| ChargeRoot { digest: row.get(0), root: hash_of(row.get(1)) }).collect())
    }

    /// Removes parts of months that ended [`PARTS_KEPT_MS`] ago, at most so many at once. Answers how many.
    pub async fn remove_parts(&self, now: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM proof_parts WHERE ctid = ANY (ARRAY( \
            SELECT ctid FROM proof_parts WHERE hour < $1 ORDER BY hour LIMIT $2))";
        let before = now.plus_ms(-PARTS_KEPT_MS).month().start();
        let removed = self.client().await?.execute(sql, &[&Timestamptz(before), &i64::from(limit)]).await;
        removed.map_err(StoreError::database("remove old parts"))
    }
}

fn journal_of(text: &str) -> Result<Journal, StoreError> {
    Journal::parse(text).ok_or_else(|| StoreError::Row { what: "a journal's id", cause: format!("{text} is none") })
}

fn sealed_of(row: &Row) -> Result<SealedPart, StoreError> {
    let number = |at: usize| from_bigint("a part", row.get(at));
    let account: &str = row.get(3);
    let unfit = || StoreError::Row { what: "a part's account", cause: format!("{account} is none") };
    let part = Part {
        account: Part::account_of(account).ok_or_else(unfit)?,
        journal: journal_of(row.get(2))?,
        hour: row.get::<_, Timestamptz>(1).0,
        first_epoch: number(4)?,
        last_epoch: number(5)?,
        requests: number(7)?,
        bytes: number(8)?,
    };
    Ok(SealedPart { part, records: Tree { count: number(6)?, root: hash_of(row.get(9)) } })
}
