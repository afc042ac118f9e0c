//! The embedded escrow's tables: a durable local ledger with the rules that the contract has on a chain. For development,
//! demonstrations and whoever hosts it without a chain.
//!
//! It stands apart from the money store, as a chain would: connections and transactions of its own, and nobody else
//! touches its tables. Its rules: funds leave an account by a charge, or to the owner who asked for them; a month is never
//! charged more than the highest limit that was in force in it, and months before the last one, together, no more than
//! the limit of the month they are charged in; a nonce charges, or refunds, once, and a request is paid once: asked again,
//! it answers what was done. Events have one order, which is the order of the commits.

mod charging;
mod limits;
mod refusal;
mod rows;

pub use refusal::EscrowRefusal;

use crate::StoreError;
use crate::config::StoreConfig;
use crate::money::{ChargeOrder, EscrowAccount, EscrowEvent, EscrowEventKind, Nonce};
use crate::pool;
use charging::Books;
use deadpool_postgres::{Object, Pool, Transaction};
use rows::Account;
use suiftly_schema::time::UnixMillis;

/// Connections that one opens at most.
pub const CONNECTIONS_MAX: usize = 2;
/// Events that are answered at once at most.
pub const EVENTS_MAX: u32 = 10_000;
/// Charges that are taken at once at most.
pub const ORDERS_MAX: usize = 10_000;
/// The least limit but 0, in cents.
pub const LIMIT_MIN_USD_CENTS: i64 = 1_000;

/// Why the embedded escrow did not do it, as far as is known.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedEscrowError {
    /// It will not, and nothing has moved.
    #[error(transparent)]
    Refused(#[from] EscrowRefusal),
    /// The database: it may have been done.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The embedded escrow of one database. Clones share its connections.
#[derive(Clone)]
pub struct EmbeddedEscrowStore {
    pool: Pool,
}

impl EmbeddedEscrowStore {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { pool: pool::pool(config, CONNECTIONS_MAX)? })
    }

    async fn client(&self) -> Result<Object, StoreError> {
        pool::get(&self.pool).await
    }

    /// Draws funds: all orders in one transaction, each with an answer of its own, in their order.
    pub async fn charge(
        &self,
        orders: &[ChargeOrder],
        at: UnixMillis,
    ) -> Result<Vec<Result<EscrowEvent, EscrowRefusal>>, StoreError> {
        assert!(orders.len() <= ORDERS_MAX, "more charges at once than the embedded escrow takes");
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let mut books = Books::load(&transaction, orders, at.month()).await?;
        let answers = books.take(orders, at);
        books.save(&transaction).await?;
        commit(transaction).await?;
        Ok(books.answer(answers))
    }

    /// The event of a nonce that has charged.
    pub async fn look_up(&self, nonce: &Nonce) -> Result<Option<EscrowEvent>, StoreError> {
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        Ok(rows::by_nonce(&transaction, &[&nonce.0]).await?.pop())
    }

    /// The events after a cursor, ascending: at most `limit`, and no more than [`EVENTS_MAX`].
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<EscrowEvent>, StoreError> {
        rows::after(&self.client().await?, after, limit.min(EVENTS_MAX)).await
    }

    /// An account's events, ascending: at most [`EVENTS_MAX`] of them.
    pub async fn history(&self, account: &str) -> Result<Vec<EscrowEvent>, StoreError> {
        rows::of_account(&self.client().await?, account, EVENTS_MAX).await
    }

    /// Opens an owner's account with a limit (0: none), or answers the one there is, as it is.
    pub async fn open(&self, owner: &str, limit_usd_cents: i64) -> Result<EscrowAccount, EmbeddedEscrowError> {
        check_limit(limit_usd_cents)?;
        if !is_address(owner) {
            return Err(EscrowRefusal::NoAddress { owner: owner.to_owned() }.into());
        }
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        rows::open(&transaction, owner, limit_usd_cents).await?;
        let account = rows::lock_account(&transaction, owner).await?;
        commit(transaction).await?;
        Ok(account.state)
    }

    /// Those of the accounts that there are.
    pub async fn accounts(&self, ids: &[String]) -> Result<Vec<EscrowAccount>, StoreError> {
        rows::accounts(&self.client().await?, ids).await
    }

    /// Puts funds in.
    pub async fn deposit(
        &self,
        account: &str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EmbeddedEscrowError> {
        check_amount(amount_usd_cents)?;
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let account = rows::lock_account(&transaction, account).await?;
        let event = account.event(EscrowEventKind::Deposit, amount_usd_cents, at);
        move_funds(transaction, &account, amount_usd_cents, event).await
    }

    /// Asks for funds back: what is there at most.
    pub async fn request_withdrawal(
        &self,
        account: &str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EmbeddedEscrowError> {
        check_amount(amount_usd_cents)?;
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let account = rows::lock_account(&transaction, account).await?;
        account.check_balance(amount_usd_cents)?;
        let event = account.event(EscrowEventKind::WithdrawalRequested, amount_usd_cents, at);
        move_funds(transaction, &account, 0, event).await
    }

    /// Pays a request out to the owner, no more than was asked for and is there. Zero settles it unpaid. A request that
    /// is paid answers the event of that.
    pub async fn pay_withdrawal(
        &self,
        request_digest: &str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EmbeddedEscrowError> {
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let Some(request) = rows::request(&transaction, request_digest).await? else {
            return Err(EscrowRefusal::NoRequest { request_digest: request_digest.to_owned() }.into());
        };
        let account = rows::lock_account(&transaction, &request.account).await?;
        if let Some(paid) = rows::payment(&transaction, request_digest).await? {
            return Ok(paid);
        }
        if !(0..=request.amount_usd_cents).contains(&amount_usd_cents) {
            return Err(EscrowRefusal::NoAmount { amount_usd_cents }.into());
        }
        account.check_balance(amount_usd_cents)?;
        let mut event = account.event(EscrowEventKind::Withdrawal, amount_usd_cents, at);
        event.request_digest = Some(request_digest.to_owned());
        move_funds(transaction, &account, -amount_usd_cents, event).await
    }

    /// Gives drawn funds back, once per nonce.
    pub async fn refund(
        &self,
        nonce: &Nonce,
        account: &str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EmbeddedEscrowError> {
        check_amount(amount_usd_cents)?;
        check_nonce(nonce)?;
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let account = rows::lock_account(&transaction, account).await?;
        let mut event = account.event(EscrowEventKind::Refund, amount_usd_cents, at);
        event.nonce = Some(nonce.0.clone());
        match rows::by_nonce(&transaction, &[&nonce.0]).await?.pop() {
            Some(done) if is_same(&done, &event) => Ok(done),
            Some(_) => Err(EscrowRefusal::NonceUsed { nonce: nonce.0.clone() }.into()),
            None => move_funds(transaction, &account, amount_usd_cents, event).await,
        }
    }

    /// Changes what a month may be charged. What the running month has authorised before, and months before it, stays.
    pub async fn set_limit(
        &self,
        account: &str,
        limit_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EmbeddedEscrowError> {
        check_limit(limit_usd_cents)?;
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let account = rows::lock_account(&transaction, account).await?;
        limits::change(&transaction, &account.state, limit_usd_cents, at.month()).await?;
        let event = account.event(EscrowEventKind::Limit, limit_usd_cents, at);
        move_funds(transaction, &account, 0, event).await
    }
}

/// Whether two events do the same by the same nonce.
fn is_same(one: &EscrowEvent, other: &EscrowEvent) -> bool {
    (one.kind, &one.account, one.amount_usd_cents) == (other.kind, &other.account, other.amount_usd_cents)
}

fn check_amount(amount_usd_cents: i64) -> Result<(), EscrowRefusal> {
    // So far below overflow that sums of them stay there.
    let is_amount = (1..=1 << 50).contains(&amount_usd_cents);
    if is_amount { Ok(()) } else { Err(EscrowRefusal::NoAmount { amount_usd_cents }) }
}

fn check_nonce(nonce: &Nonce) -> Result<(), EscrowRefusal> {
    if nonce.is_well_formed() { Ok(()) } else { Err(EscrowRefusal::NoNonce { nonce: nonce.0.clone() }) }
}

fn check_limit(limit_usd_cents: i64) -> Result<(), EscrowRefusal> {
    let is_limit = limit_usd_cents == 0 || (LIMIT_MIN_USD_CENTS..=1 << 50).contains(&limit_usd_cents);
    if is_limit { Ok(()) } else { Err(EscrowRefusal::Limit { limit_usd_cents }) }
}

fn is_address(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|digits| Nonce(digits.to_owned()).is_well_formed())
}

async fn begin(client: &mut Object) -> Result<Transaction<'_>, StoreError> {
    client.transaction().await.map_err(StoreError::database("begin with the embedded escrow"))
}

async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(StoreError::database("commit to the embedded escrow"))
}

async fn move_funds(
    transaction: Transaction<'_>,
    account: &Account,
    delta_usd_cents: i64,
    event: EscrowEvent,
) -> Result<EscrowEvent, EmbeddedEscrowError> {
    if delta_usd_cents != 0 {
        rows::add(&transaction, &account.state.id, delta_usd_cents).await?;
    }
    let mut events = vec![event];
    rows::append(&transaction, &mut events, &[None]).await?;
    commit(transaction).await?;
    Ok(events.swap_remove(0))
}

/// Puts an account there with a deposit in it, as part of a seeding transaction; answers the deposit.
pub(crate) async fn plant(
    transaction: &Transaction<'_>,
    owner: &str,
    limit_usd_cents: i64,
    amount_usd_cents: i64,
    at: UnixMillis,
) -> Result<EscrowEvent, StoreError> {
    rows::open(transaction, owner, limit_usd_cents).await?;
    rows::add(transaction, owner, amount_usd_cents).await?;
    let state = EscrowAccount { id: owner.to_owned(), balance_usd_cents: amount_usd_cents, limit_usd_cents };
    let mut events = vec![Account { state }.event(EscrowEventKind::Deposit, amount_usd_cents, at)];
    rows::append(transaction, &mut events, &[None]).await?;
    Ok(events.swap_remove(0))
}
