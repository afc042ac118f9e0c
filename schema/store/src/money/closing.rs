//! Closing months and writing the documents: what is due, and several hundred customers in one transaction.
//!
//! The transaction locks the customers first; whatever decides money waits for that lock, so their months, items and
//! credits hold still for the statements after it. Usage is written by others: [`super::hours`] reads hours, rated totals
//! and watermarks by one statement. Then the caller's pure function decides each month, and everything is written by a few
//! statements. Numbers are taken from their series under its row's lock, in the order of customers, after the customers'
//! locks: what is rolled back gives its numbers back, so there are no gaps.

mod due;
mod read;
mod write;

use super::hours::RatedLine;
use super::proofs::{self, Parts};
use super::{MoneyStore, lock};
use crate::StoreError;
use crate::pool;
use deadpool_postgres::Transaction;
use suiftly_schema::bill::{Bill, BillInputs};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::invoice::DocumentKind;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// Customers in one transaction at most.
pub const CUSTOMERS_MAX: usize = 500;

/// Whether months are closed, or closed ones corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are open.
    Open,
    /// Those that are closed, and rated otherwise since.
    Closed,
}

/// A customer's month, with everything that decides what is written for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthCase {
    /// What decides the bill.
    pub inputs: BillInputs,
    /// What its parts come to. `None` in a draft, and where nobody makes any.
    pub parts: Parts,
    /// What the dataflow rated: the hours of the inputs must come to the same.
    pub rated: Vec<RatedLine>,
    /// What subscriptions were charged: the items of the inputs must come to the same.
    pub fixed: MicroUsd,
    /// Usage that the ledger has.
    pub accrued: MicroUsd,
    /// Waivers posted.
    pub waived: MicroUsd,
    /// Drawn.
    pub charged: MicroUsd,
    /// In flight.
    pub in_flight: MicroUsd,
    /// Credits used.
    pub credits: MicroUsd,
    /// Carried on when the month was closed.
    pub carried_out: MicroUsd,
    /// An earlier month of theirs that is still open: what it carries on is not known.
    pub waits_for: Option<BillingMonth>,
    /// Whether it is closed already.
    pub is_closed: bool,
    /// What the documents of the month came to so far.
    pub before: Option<Bill>,
    /// The month's invoice.
    invoice_id: Option<i64>,
    /// Where what is carried on goes: the next month that is open.
    carry_to: BillingMonth,
    /// The customer's limit in cents, to be frozen if it is not.
    limit_usd_cents: i64,
}

/// What is done about a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing now: another run will come.
    Wait,
    /// Nothing: people are told why.
    Alarm(String),
    /// It is closed without a document, and was found to have something: open again, for the next close.
    Reopen,
    /// This.
    Change(Box<MonthChange>),
}

/// What is written for a month. Amounts to post may be below zero in corrections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthChange {
    /// Usage to post.
    pub usage: MicroUsd,
    /// Waiver to post.
    pub waiver: MicroUsd,
    /// What was drawn beyond what is asked for: becomes credits.
    pub from_charged: MicroUsd,
    /// Credits that were used beyond it: become credits again.
    pub from_credits: MicroUsd,
    /// What is asked for in all, in whole cents.
    pub payable: MicroUsd,
    /// What is carried on.
    pub carried_out: MicroUsd,
    /// Whether nothing is due for the month any more.
    pub is_settled: bool,
    /// The document; `None` for a month with nothing in it.
    pub document: Option<NewDocument>,
}

/// A document to be numbered and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// The inputs' JSON.
    pub inputs: String,
    /// Its hash: [`BillInputs::hash_of`].
    pub input_hash: String,
    /// What the inputs come to.
    pub bill: Bill,
    /// What is owed; of a note, the difference.
    pub total: MicroUsd,
    /// What is asked for or, by a credit note, given: not negative.
    pub payable: MicroUsd,
    /// Whether nothing is due by it.
    pub is_paid: bool,
}

/// What became of one chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkReport {
    /// Months closed, or corrected.
    pub changed: u32,
    /// Documents written.
    pub documents: u32,
    /// Months left for another run.
    pub waiting: u32,
    /// Months left for people.
    pub alarms: u32,
}

impl MoneyStore {
    /// Reads, decides and writes the month of [`CUSTOMERS_MAX`] customers or fewer, ascending, in one transaction. Months
    /// that are not `which` any more, when the lock is held, are passed over: doing it twice does it once. With `has_parts`
    /// months are held against their parts, and their inputs name the tree of those.
    pub async fn change_months(
        &self,
        which: Which,
        has_parts: bool,
        month: BillingMonth,
        customers: &[CustomerId],
        at: UnixMillis,
        decide: &(dyn Fn(&MonthCase) -> Decision + Sync),
    ) -> Result<ChunkReport, StoreError> {
        let mut client = self.client().await?;
        let attempted = "begin to close months";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        lock(&transaction, customers).await?;
        let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
        let mut cases = read::cases(&transaction, which, month, &ids).await?;
        if has_parts && !cases.is_empty() {
            proofs::attach(&transaction, month, &mut cases).await?;
        }
        let decided: Vec<_> = cases.iter().map(|case| (case, decide(case))).collect();
        let report = write::all(&transaction, month, at, &decided).await?;
        transaction.commit().await.map_err(StoreError::database("commit closed months"))?;
        Ok(report)
    }

    /// A customer's month as it stands, in one snapshot: what a draft is computed from. `None`: no such customer, or the
    /// month is closed.
    pub async fn open_month(&self, customer: CustomerId, month: BillingMonth) -> Result<Option<MonthCase>, StoreError> {
        let mut client = self.client().await?;
        let snapshot = pool::snapshot(&mut client).await?;
        open_case(&snapshot, customer, month).await
    }

    /// Writes down that a customer's month could not be closed at all, whatever was tried.
    pub async fn leave_month(
        &self,
        month: BillingMonth,
        customer: CustomerId,
        at: UnixMillis,
        why: &str,
    ) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let attempted = "begin to tell of a month that does not close";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        lock(&transaction, &[customer]).await?;
        write::alarms(&transaction, month, at, &[(customer, why)]).await?;
        transaction.commit().await.map_err(StoreError::database("commit an alarm"))
    }
}

/// A customer's month as it stands, within a snapshot.
pub(super) async fn open_case(
    snapshot: &Transaction<'_>,
    customer: CustomerId,
    month: BillingMonth,
) -> Result<Option<MonthCase>, StoreError> {
    Ok(read::cases(snapshot, Which::Open, month, &[customer.get()]).await?.pop())
}
