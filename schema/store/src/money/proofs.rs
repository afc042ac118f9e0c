//! What bills are proven by: parts, each month's tree, and how far each journal was looked at.
//!
//! Parts are made out of a journal by whoever reads it, step by step. A step is one transaction, and each follows the one
//! before by compare-and-set: done twice it is done once. What is kept is enough to make a path with the records of one
//! part alone; the records themselves are in the journal.

mod close;
mod read;
mod seal;

pub use close::Parts;
pub(super) use close::attach;
pub use read::{KeptPart, PARTS_KEPT_MS, ProofDocument};
pub use seal::{NewPart, SealStep};

use super::MoneyStore;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, from_bigint, known_customer};
use crate::pool;
use deadpool_postgres::Transaction;
use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::{Frontier, Hash, Hex, MonthProof};
use suiftly_schema::reference::Entity;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// How far a journal was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedJournal {
    /// The last epoch.
    pub epoch: Epoch,
    /// When it was cut.
    pub cut_at: UnixMillis,
    /// From when on nothing is missing; `None`: from its first block on.
    pub whole_from: Option<UnixMillis>,
}

/// What lines are read and billed by beside the configuration, as of the watermark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldReference {
    /// Price books.
    pub books: PriceBooks,
    /// Published formats.
    pub formats: Vec<PublishedFormat>,
}

impl MoneyStore {
    /// How far a journal was looked at; `None` of one that was not.
    pub async fn sealed_journal(&self, journal_id: &str) -> Result<Option<SealedJournal>, StoreError> {
        let sql = "SELECT sealed_epoch, cut_at, whole_from FROM proof_journals WHERE journal_id = $1";
        let row = self.client().await?.query_opt(sql, &[&journal_id]).await;
        let row = row.map_err(StoreError::database("read how far a journal is sealed"))?;
        let sealed = |row: &Row| {
            Ok::<_, StoreError>(SealedJournal {
                epoch: from_bigint("an epoch", row.get(0))?,
                cut_at: row.get::<_, Timestamptz>(1).0,
                whole_from: row.get::<_, Option<Timestamptz>>(2).map(|at| at.0),
            })
        };
        row.as_ref().map(sealed).transpose()
    }

    /// Up to which epoch a journal is in the database, and when that was cut: what may be sealed. Of a cluster's order that is
    /// what every shard has. `None`: nothing of it is.
    pub async fn stored_until(&self, journal_id: &str) -> Result<Option<(Epoch, UnixMillis)>, StoreError> {
        let sql = "SELECT min(s.epoch), min(s.cut_at) FROM cluster AS c CROSS JOIN shard_watermarks AS s \
                WHERE c.order_journal = $1 HAVING min(s.epoch) > 0 \
            UNION ALL SELECT epoch, cut_at FROM journal_watermarks AS j WHERE journal_id = $1 AND epoch > 0 \
                AND NOT EXISTS (SELECT FROM cluster WHERE order_journal = j.journal_id)";
        let row = self.client().await?.query_opt(sql, &[&journal_id]).await;
        let row = row.map_err(StoreError::database("read a journal's watermark"))?;
        let epoch = |row: &Row| from_bigint("a journal's epoch", row.get(0));
        row.map(|row| Ok((epoch(&row)?, row.get::<_, Timestamptz>(1).0))).transpose()
    }

    /// The price books and formats that were told among the lines.
    pub async fn told_reference(&self) -> Result<ToldReference, StoreError> {
        let sql = "SELECT entity FROM reference_entities WHERE kind IN ('price_book', 'log_format') ORDER BY kind, id";
        let attempted = "read the books and formats that were told";
        let rows = self.client().await?.query(sql, &[]).await.map_err(StoreError::database(attempted))?;
        let entity = |row: &Row| row.try_get::<_, Json<Entity>>(0).map(|json| json.0);
        let told = rows.iter().map(entity).collect::<Result<Vec<_>, _>>().map_err(StoreError::database(attempted))?;
        let format = |entity: &Entity| if let Entity::LogFormat(format) = entity { Some(format.clone()) } else { None };
        Ok(ToldReference { books: PriceBooks::of(&told), formats: told.iter().filter_map(format).collect() })
    }

    /// What a charge for a month carries: the hash of the month's latest document, which binds its tree and everything else
    /// that it was billed by; while there is none, the root of the month's tree so far, the empty one's to begin with.
    pub async fn bill_root(&self, customer: CustomerId, month: BillingMonth) -> Result<Hash, StoreError> {
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        let roots = bill_roots(&snapshot, &[(customer, month)]).await?;
        Ok(roots.get(&(customer, month)).copied().unwrap_or_else(Hash::of_no_leaves))
    }
}

const ROOTS: &str = "SELECT t.customer_id, t.month, m.parts, m.peaks, \
        (SELECT i.input_hash FROM invoices AS i WHERE i.customer_id = t.customer_id AND i.month = t.month \
            AND i.status <> 'void' ORDER BY i.id DESC LIMIT 1) \
    FROM unnest($1::bigint[], $2::date[]) AS t (customer_id, month) \
    LEFT JOIN proof_months AS m ON m.customer_id = t.customer_id AND m.month = t.month";

/// [`MoneyStore::bill_root`] of several customers' months, within a transaction that is to draw for them.
pub(in crate::money) async fn bill_roots(
    transaction: &Transaction<'_>,
    of: &[(CustomerId, BillingMonth)],
) -> Result<BTreeMap<(CustomerId, BillingMonth), Hash>, StoreError> {
    let attempted = "read the roots of bills";
    let customers: Vec<i64> = of.iter().map(|(customer, _)| customer.get()).collect();
    let months: Vec<_> = of.iter().map(|(_, month)| MonthDate(*month)).collect();
    let prepared = transaction.prepare_cached(ROOTS).await.map_err(StoreError::database(attempted))?;
    let rows = transaction.query(&prepared, &[&customers, &months]).await.map_err(StoreError::database(attempted))?;
    rows.iter().map(|row| Ok(((known_customer(row.get(0))?, row.get::<_, MonthDate>(1).0), root_of(row)?))).collect()
}

fn root_of(row: &Row) -> Result<Hash, StoreError> {
    let (parts, peaks, hash): (Option<i64>, Option<&[u8]>, Option<&str>) = (row.get(2), row.get(3), row.get(4));
    let damaged = || StoreError::Row { what: "the hash of inputs", cause: "it is none".to_owned() };
    match (hash, parts.zip(peaks)) {
        (Some(hash), _) => Hash::parse(hash).ok_or_else(damaged),
        (None, Some((parts, peaks))) => Ok(frontier_of(parts, peaks)?.root()),
        (None, None) => Ok(Hash::of_no_leaves()),
    }
}

fn month_proof(frontier: &Frontier) -> MonthProof {
    MonthProof { parts: frontier.count(), root: frontier.root() }
}

/// A month's tree out of its columns.
fn frontier_of(parts: i64, peaks: &[u8]) -> Result<Frontier, StoreError> {
    let damaged = || StoreError::Row { what: "a month's tree", cause: format!("{parts} parts have other peaks") };
    Frontier::restore(from_bigint("parts", parts)?, hashes_of(peaks)).ok_or_else(damaged)
}

/// Hashes, one behind the other.
fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    bytes.as_chunks().0.iter().map(|bytes| Hex(*bytes)).collect()
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// One hash out of its column, which holds 32 bytes.
fn hash_of(bytes: &[u8]) -> Hash {
    Hex(bytes.try_into().unwrap_or([0; 32]))
}
