//! Writes the parts of a step: the journal's place, the parts, and the trees of the months that they are in.

use super::{bytes_of, frontier_of};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, to_bigint};
use crate::money::MoneyStore;
use deadpool_postgres::Transaction;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::proof::{Frontier, Hash, Journal, Part, SealedPart, Tree};
use suiftly_schema::record::ShortText;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::types::ToSql;

/// Parts that one statement writes.
const PARTS_A_STATEMENT: usize = 2_000;

const FIRST: &str = "INSERT INTO proof_journals (journal_id, sealed_epoch, cut_at, whole_from) VALUES ($1, $2, $3, $4) \
    ON CONFLICT DO NOTHING";

const NEXT: &str = "UPDATE proof_journals SET sealed_epoch = $2, cut_at = $3, whole_from = $4 \
    WHERE journal_id = $1 AND sealed_epoch = $5";

const ACCOUNTS: &str =
    "SELECT id, escrow_contract_id FROM customers WHERE id = ANY($1) AND escrow_contract_id IS NOT NULL";

/// In one order, so that two that seal never wait for each other.
const MONTHS: &str = "SELECT m.customer_id, m.month, m.parts, m.peaks \
    FROM proof_months AS m JOIN unnest($1::bigint[], $2::date[]) AS t (customer_id, month) USING (customer_id, month) \
    ORDER BY 1, 2 FOR UPDATE OF m";

const PUT_MONTHS: &str = "INSERT INTO proof_months (customer_id, month, parts, peaks) \
    SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::bytea[]) \
    ON CONFLICT (customer_id, month) DO UPDATE SET parts = EXCLUDED.parts, peaks = EXCLUDED.peaks";

const PUT_PARTS: &str = "INSERT INTO proof_parts (journal_id, first_epoch, last_epoch, customer_id, month, n, hour, account, \
        records, requests, bytes, root, subtrees) \
    SELECT $1::text, $2::bigint, $3::bigint, t.* FROM unnest($4::bigint[], $5::date[], $6::bigint[], $7::timestamptz[], $8::text[], $9::bigint[], \
        $10::bigint[], $11::bigint[], $12::bytea[], $13::bytea[]) AS t";

/// What some epochs of a journal held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealStep {
    /// The journal.
    pub journal: Journal,
    /// The last epoch that was sealed before; 0: none.
    pub after: Epoch,
    /// The first of the step's epochs.
    pub first_epoch: Epoch,
    /// The last.
    pub last_epoch: Epoch,
    /// When the last was cut.
    pub cut_at: UnixMillis,
    /// From when on nothing is missing; `None`: from the journal's first block on.
    pub whole_from: Option<UnixMillis>,
    /// By customer and hour, ascending, none twice.
    pub parts: Vec<NewPart>,
}

/// A customer's billed records of an hour in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPart {
    /// Whose.
    pub customer_id: CustomerId,
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// Requests.
    pub requests: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The records.
    pub records: Tree,
    /// The roots of their subtrees.
    pub subtrees: Vec<Hash>,
}

type Months = BTreeMap<(CustomerId, BillingMonth), Frontier>;

impl MoneyStore {
    /// Writes a step. `false`: the journal is not where the step goes on; nothing was written.
    pub async fn seal(&self, step: &SealStep) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let attempted = "begin to seal parts";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        if !advance(&transaction, step).await? {
            return Ok(false);
        }
        if !step.parts.is_empty() {
            let accounts = accounts(&transaction, &step.parts).await?;
            let mut months = months(&transaction, &step.parts).await?;
            let numbered = number(step, &accounts, &mut months);
            for parts in numbered.chunks(PARTS_A_STATEMENT) {
                put_parts(&transaction, step, parts).await?;
            }
            put_months(&transaction, &months).await?;
        }
        transaction.commit().await.map_err(StoreError::database("commit sealed parts"))?;
        Ok(true)
    }
}

async fn advance(transaction: &Transaction<'_>, step: &SealStep) -> Result<bool, StoreError> {
    let (journal, last, after) = (step.journal.to_string(), to_bigint(step.last_epoch), to_bigint(step.after));
    let (cut_at, whole_from) = (Timestamptz(step.cut_at), step.whole_from.map(Timestamptz));
    let done = if step.after == 0 {
        transaction.execute(FIRST, &[&journal, &last, &cut_at, &whole_from]).await
    } else {
        transaction.execute(NEXT, &[&journal, &last, &cut_at, &whole_from, &after]).await
    };
    Ok(done.map_err(StoreError::database("note how far a journal is sealed"))? == 1)
}

/// Customers' escrow accounts. One whose name cannot stand in a part has none there.
async fn accounts(
    transaction: &Transaction<'_>,
    parts: &[NewPart],
) -> Result<BTreeMap<i64, ShortText<100>>, StoreError> {
    let ids: Vec<i64> = parts.iter().map(|part| part.customer_id.get()).collect::<BTreeSet<_>>().into_iter().collect();
    let rows = transaction.query(ACCOUNTS, &[&ids]).await;
    let rows = rows.map_err(StoreError::database("read the accounts of parts"))?;
    Ok(rows.iter().filter_map(|row| Some((row.get(0), Part::account_of(row.get(1))?))).collect())
}

async fn months(transaction: &Transaction<'_>, parts: &[NewPart]) -> Result<Months, StoreError> {
    let mut months: Months =
        parts.iter().map(|part| ((part.customer_id, part.hour.month()), Frontier::default())).collect();
    let customers: Vec<i64> = months.keys().map(|(customer, _)| customer.get()).collect();
    let dates: Vec<MonthDate> = months.keys().map(|(_, month)| MonthDate(*month)).collect();
    let rows = transaction.query(MONTHS, &[&customers, &dates]).await;
    for row in rows.map_err(StoreError::database("read the trees of months"))? {
        let customer = crate::codec::known_customer(row.get(0))?;
        let frontier = frontier_of(row.get(2), row.get(3))?;
        months.insert((customer, row.get::<_, MonthDate>(1).0), frontier);
    }
    Ok(months)
}

/// A part with its number in its month.
struct Numbered<'a> {
    new: &'a NewPart,
    account: ShortText<100>,
    n: u64,
}

/// Gives each part the next number of its month, and adds it to the month's tree.
fn number<'a>(step: &'a SealStep, accounts: &BTreeMap<i64, ShortText<100>>, months: &mut Months) -> Vec<Numbered<'a>> {
    let mut numbered = Vec::with_capacity(step.parts.len());
    for new in &step.parts {
        let frontier = months.entry((new.customer_id, new.hour.month())).or_default();
        let account = accounts.get(&new.customer_id.get()).copied().unwrap_or(ShortText::new(""));
        let part = Part {
            account,
            journal: step.journal,
            hour: new.hour,
            first_epoch: step.first_epoch,
            last_epoch: step.last_epoch,
            requests: new.requests,
            bytes: new.bytes,
        };
        numbered.push(Numbered { new, account, n: frontier.count() });
        frontier.push(SealedPart { part, records: new.records }.leaf());
    }
    numbered
}

async fn put_parts(transaction: &Transaction<'_>, step: &SealStep, parts: &[Numbered<'_>]) -> Result<(), StoreError> {
    let column = |of: fn(&Numbered<'_>) -> i64| parts.iter().map(of).collect::<Vec<i64>>();
    let months: Vec<_> = parts.iter().map(|part| MonthDate(part.new.hour.month())).collect();
    let hours: Vec<_> = parts.iter().map(|part| Timestamptz(part.new.hour)).collect();
    let accounts: Vec<&str> = parts.iter().map(|part| part.account.as_str()).collect();
    let roots: Vec<Vec<u8>> = parts.iter().map(|part| part.new.records.root.0.to_vec()).collect();
    let subtrees: Vec<Vec<u8>> = parts.iter().map(|part| bytes_of(&part.new.subtrees)).collect();
    let parameters: [&(dyn ToSql + Sync); 13] = [
        &step.journal.to_string(),
        &to_bigint(step.first_epoch),
        &to_bigint(step.last_epoch),
        &column(|part| part.new.customer_id.get()),
        &months,
        &column(|part| to_bigint(part.n)),
        &hours,
        &accounts,
        &column(|part| to_bigint(part.new.records.count)),
        &column(|part| to_bigint(part.new.requests)),
        &column(|part| to_bigint(part.new.bytes)),
        &roots,
        &subtrees,
    ];
    execute(transaction, PUT_PARTS, &parameters, "write parts").await
}

async fn put_months(transaction: &Transaction<'_>, months: &Months) -> Result<(), StoreError> {
    let customers: Vec<i64> = months.keys().map(|(customer, _)| customer.get()).collect();
    let dates: Vec<_> = months.keys().map(|(_, month)| MonthDate(*month)).collect();
    let parts: Vec<i64> = months.values().map(|frontier| to_bigint(frontier.count())).collect();
    let peaks: Vec<Vec<u8>> = months.values().map(|frontier| bytes_of(frontier.peaks())).collect();
    execute(transaction, PUT_MONTHS, &[&customers, &dates, &parts, &peaks], "write the trees of months").await
}

async fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
    attempted: &'static str,
) -> Result<(), StoreError> {
    let prepared = transaction.prepare_cached(sql).await.map_err(StoreError::database(attempted))?;
    transaction.execute(&prepared, parameters).await.map_err(StoreError::database(attempted)).map(|_| ())
}
