//! Money in the database: the ledger, customers' months, charges, invoices, subscriptions, the manager's jobs. One method
//! is one transaction: it is done wholly or not at all, and done twice it does nothing the second time or is refused.

mod books;
mod changes;
mod charges;
mod check;
mod clock;
mod closing;
mod credits;
pub(crate) mod escrow;
mod events;
mod hours;
mod invoices;
mod jobs;
mod ledger;
mod limits;
mod mirror;
mod months;
mod notices;
mod shadow;
mod statement;
mod subscriptions;
mod usage;
mod withdrawals;

pub use books::{PUBLISHED_AHEAD_MS, PublishRefused};
pub use charges::{CANDIDATES_MAX, Candidate, ChargeAnswer, INTENTS_MAX, Intended, Intent, Recorded};
pub use check::{DIFFERENCES_MAX, Difference, LedgerCheck};
pub use closing::{
    CUSTOMERS_MAX as CLOSE_CUSTOMERS_MAX, ChunkReport, Decision, MonthCase, MonthChange, NewDocument, Which,
};
pub use escrow::{ChargeOrder, EscrowAccount, EscrowEvent, EscrowEventKind, Nonce};
pub use events::{Applied, Mirrored};
pub use hours::RatedLine;
pub use invoices::{
    BilledRecord, BilledTo, DOCUMENTS_MAX, DocumentRow, MonthPayments, Payment, PaymentKind, RECORDS_MAX, RecordPlace,
    StoredInvoice,
};
pub use jobs::{DEAD_AFTER, JobRow, ManagerSeat, RUNS_MAX, Round, RunEnd, RunOutcome, RunRow};
pub use ledger::{AccountBalance, LEDGER_ROWS_MAX, LedgerRow};
pub use mirror::{HeldAccount, MirroredEvent};
pub use months::{CustomerMoney, LISTED_MAX, MonthRow};
pub use notices::{NOTICES_MAX, Noted, Notice, NoticeQuery, Severity};
pub use shadow::{
    SHADOW_CUSTOMERS_MAX, SHADOW_HOURS_MAX, ShadowCounts, ShadowHour, ShadowMonth, ShadowRows, ShadowSummary,
};
pub use statement::{CustomerBalances, Statement, StatementLine};
pub(crate) use subscriptions::order_within;
pub use subscriptions::{OrderRefused, Ordered, Quoted, Renewed, ServiceSubscription};
pub use usage::CUSTOMERS_MAX as WHAT_IF_CUSTOMERS_MAX;
pub use withdrawals::{Payout, WITHDRAWALS_MAX};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::pool;
use deadpool_postgres::{Object, Pool, Transaction};
use suiftly_schema::ids::CustomerId;

/// Connections that one store opens at most.
pub const CONNECTIONS_MAX: usize = 4;

/// Money in one database. Clones share its connections.
#[derive(Clone)]
pub struct MoneyStore {
    pool: Pool,
}

impl MoneyStore {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { pool: pool::pool(config, CONNECTIONS_MAX)? })
    }

    async fn client(&self) -> Result<Object, StoreError> {
        pool::get(&self.pool).await
    }
}

/// Mirrors an event that a seeding transaction has made.
pub(crate) async fn mirror_planted(
    transaction: &Transaction<'_>,
    event: &EscrowEvent,
    now: suiftly_schema::time::UnixMillis,
) -> Result<(), StoreError> {
    events::apply(transaction, std::slice::from_ref(event), &[], now).await.map(|_| ())
}

/// Locks customers' rows, ascending, so that two transactions never wait for each other. What is decided about a
/// customer's money is decided under this lock.
async fn lock(transaction: &Transaction<'_>, customers: &[CustomerId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let sql = "SELECT FROM customers WHERE id = ANY($1) ORDER BY id FOR UPDATE";
    transaction.query(sql, &[&ids]).await.map_err(StoreError::database("lock customers")).map(|_| ())
}
