//! The escrow, behind a trait: who holds customers' funds, and moves them.
//!
//! A call may be refused, and then nothing has moved; or it may be in doubt (no answer), and then it is looked up before
//! anything else. The same nonce never charges twice, however often it is called with. Every movement is an event with a
//! digest of its own, listed in one order behind a cursor.

mod embedded;
mod faults;
mod faulty;
mod sui;

pub use embedded::{EMBEDDED, EmbeddedEscrow};
pub use faults::{Fault, FaultError, FaultPlan};
pub use faulty::{Faulty, LATE_MAX};
pub use sui::{ACT_FOR, AT_ONCE, SUI, SuiEscrow, SuiSettings};
pub use suiftly_store::money::{ChargeOrder, EscrowAccount, EscrowEvent, EscrowEventKind, Nonce};

use futures::future::BoxFuture;
use suiftly_schema::time::UnixMillis;

/// Why an escrow did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EscrowError {
    /// It will not, and nothing has moved: too little in it, over the limit, no such account.
    #[error("the escrow refuses to {attempted}: {cause}")]
    Refused {
        /// What was being done.
        attempted: &'static str,
        /// Why not.
        cause: String,
    },
    /// No answer, or none that can be read: it may have been done. Look it up.
    #[error("the escrow gave no answer, asked to {attempted}: {cause}")]
    InDoubt {
        /// What was being done.
        attempted: &'static str,
        /// What came instead.
        cause: String,
    },
}

/// What an escrow answers.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, EscrowError>>;

/// An escrow. Calls are bounded in time: what takes longer is in doubt.
pub trait Escrow: Send + Sync + 'static {
    /// Its name: events' cursors are kept by it.
    fn name(&self) -> &'static str;

    /// Whether owners' acts (deposits, withdrawals, limits) are done through it. Where a chain holds the funds owners sign
    /// them, and here they are refused.
    fn acts_for_owners(&self) -> bool;

    /// Draws funds, several at once: one answer for each, in their order. A nonce that has charged already answers with
    /// the event that it made.
    fn charge<'a>(
        &'a self,
        orders: &'a [ChargeOrder],
        at: UnixMillis,
    ) -> BoxFuture<'a, Vec<Result<EscrowEvent, EscrowError>>>;

    /// The event of a nonce that has charged.
    fn look_up<'a>(&'a self, nonce: &'a Nonce) -> Answer<'a, Option<EscrowEvent>>;

    /// The events after a cursor, ascending, at most `limit`. Where there are fewer they are all that there are by now.
    fn events(&self, after: i64, limit: u32) -> Answer<'_, Vec<EscrowEvent>>;

    /// An account's events up to now, ascending, whatever the cursor.
    fn history<'a>(&'a self, account: &'a str) -> Answer<'a, Vec<EscrowEvent>>;

    /// Names the account of an owner's address. Where owners act through it, it is opened with a limit (in cents; 0: none),
    /// unless it is there.
    fn open<'a>(&'a self, owner: &'a str, limit_usd_cents: i64) -> Answer<'a, EscrowAccount>;

    /// Those of the accounts that there are.
    fn accounts<'a>(&'a self, ids: &'a [String]) -> Answer<'a, Vec<EscrowAccount>>;

    /// Puts funds in, as the owner.
    fn deposit<'a>(&'a self, account: &'a str, amount_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent>;

    /// Asks for funds back, as the owner: what is there at most.
    fn request_withdrawal<'a>(
        &'a self,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent>;

    /// Pays a request out to the owner, once: at most what was asked for and what is there. Zero settles it unpaid. A
    /// request that is settled answers with the event that settled it.
    fn pay_withdrawal<'a>(
        &'a self,
        request_digest: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent>;

    /// Gives drawn funds back into the account, once per nonce.
    fn refund<'a>(
        &'a self,
        nonce: &'a Nonce,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent>;

    /// Changes what a month may be charged, as the owner. In cents; 0 is unlimited.
    fn set_limit<'a>(&'a self, account: &'a str, limit_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent>;

    /// Ends an account for good, where owners act for themselves: whatever is in it goes to the owner, as withdrawals of
    /// which events tell. Done twice it does nothing more. Elsewhere it is refused.
    fn close<'a>(&'a self, account: &'a str, at: UnixMillis) -> Answer<'a, ()>;

    /// Forgets what it has kept for itself since before a time, and needs no more: some of it at once. Answers how much.
    fn forget(&self, before: UnixMillis) -> Answer<'_, u64>;
}
