//! Money in the database: the ledger, customers' months, charges, invoices, subscriptions, the manager's jobs. One method
//! is one transaction: it is done wholly or not at all, and done twice it does nothing the second time or is refused.

mod arrears;
mod books;
mod changes;
mod charges;
mod check;
mod clock;
mod closing;
mod closure;
mod credits;
pub(crate) mod escrow;
mod events;
mod hour;
mod hours;
mod invoices;
mod jobs;
mod ledger;
mod limits;
mod mirror;
mod months;
mod notices;
mod overview;
mod proofs;
mod records;
mod shadow;
mod standing;
mod statement;
mod subscriptions;
mod transactions;
mod usage;
mod withdrawals;

pub(crate) use books::publish as publish_book;
pub use books::{PUBLISHED_AHEAD_MS, PublishRefused};
pub use charges::{
    CANDIDATES_MAX, Candidate, ChargeAnswer, DOUBT_AFTER_MS, DRAWS_MAX, Draw, DrawState, INTENTS_MAX, Intended, Intent,
    Recorded,
};
pub use check::{DIFFERENCES_MAX, Difference, LedgerCheck};
pub(crate) use clock::move_to as move_clock;
pub use closing::{
    CUSTOMERS_MAX as CLOSE_CUSTOMERS_MAX, ChunkReport, Decision, MonthCase, MonthChange, NewDocument, Which,
};
pub use closure::{CLOSURES_MAX, Closure, ClosureRefused, ClosureStep};
pub(crate) use credits::grant as grant_credit;
pub use escrow::{ChargeOrder, EscrowAccount, EscrowEvent, EscrowEventKind, Nonce};
pub use events::{Applied, Mirrored};
pub use hour::{HourBothWays, HourQuery};
pub use hours::RatedLine;
pub use invoices::{
    BilledTo, DOCUMENTS_MAX, DocumentQuery, DocumentRow, MonthPayments, Payment, PaymentKind, StoredInvoice,
};
pub(crate) use jobs::run_of;
pub use jobs::{DEAD_AFTER, JobRow, ManagerSeat, RUNS_MAX, Round, RunEnd, RunOutcome, RunRow};
pub use ledger::{AccountBalance, LEDGER_ROWS_MAX, LedgerRow};
pub use mirror::{HeldAccount, MirroredEvent};
pub use months::{CustomerMoney, LISTED_MAX, MonthRow};
pub(crate) use notices::note as note_within;
pub use notices::{FOR_OPERATORS, NOTICES_MAX, Noted, Notice, NoticeQuery, Severity};
pub use overview::MoneyOverview;
pub use proofs::{KeptPart, NewPart, PARTS_KEPT_MS, Parts, ProofDocument, SealStep, SealedJournal, ToldReference};
pub use records::{BilledRecord, RECORDS_MAX, RecordPlace, RecordQuery};
pub use shadow::{
    SHADOW_CUSTOMERS_MAX, SHADOW_HOURS_MAX, ShadowCounts, ShadowHour, ShadowMonth, ShadowRows, ShadowSummary,
};
pub use standing::MoneyStanding;
pub use statement::{CustomerBalances, Statement, StatementLine};
pub use subscriptions::{OrderRefused, Ordered, Quoted, Renewed, ServiceSubscription};
pub(crate) use subscriptions::{order_within, quote_within, subscriptions_within};
pub use transactions::{EscrowTransaction, TRANSACTIONS_MAX};
pub use usage::CUSTOMERS_MAX as WHAT_IF_CUSTOMERS_MAX;
pub use withdrawals::{Payout, WITHDRAWALS_MAX};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::pool;
use deadpool_postgres::{Object, Pool, Transaction};
use suiftly_schema::ids::CustomerId;

/// Connections that one store opens at most, and as many that act for customers.
pub const CONNECTIONS_MAX: usize = 4;

/// Money in one database. Clones share its connections.
#[derive(Clone)]
pub struct MoneyStore {
    pool: Pool,
    scoped: Pool,
    /// Whose rows alone it sees.
    customer: Option<CustomerId>,
}

impl MoneyStore {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        let scoped = pool::pool(&config.scoped(), CONNECTIONS_MAX)?;
        Ok(Self { pool: pool::pool(config, CONNECTIONS_MAX)?, scoped, customer: None })
    }

    /// The same, acting for a customer: the database shows and takes that customer's rows alone. What concerns everybody
    /// (mirroring the escrow, closing, the manager's jobs) fails or finds nothing.
    #[must_use]
    pub fn for_customer(&self, customer: CustomerId) -> Self {
        Self { customer: Some(customer), ..self.clone() }
    }

    async fn client(&self) -> Result<Object, StoreError> {
        match self.customer {
            Some(customer) => pool::get_for(&self.scoped, customer).await,
            None => pool::get(&self.pool).await,
        }
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
pub(crate) async fn lock(transaction: &Transaction<'_>, customers: &[CustomerId]) -> Result<(), StoreError> {
    let ids: Vec<i64> = customers.iter().map(|id| id.get()).collect();
    let sql = "SELECT FROM customers WHERE id = ANY($1) ORDER BY id FOR UPDATE";
    transaction.query(sql, &[&ids]).await.map_err(StoreError::database("lock customers")).map(|_| ())
}
