//! The escrow on Sui: the contract in `packaging/escrow`, by way of two nodes.
//!
//! The contract decides what a nonce has charged; our rows spare it questions. What both nodes have in a checkpoint is
//! believed, and nothing of one alone. Refused is said only when nothing that was signed can charge any more; whatever
//! else there is in the way is a doubt, and looked up.

mod acting;
mod alarms;
mod entries;
mod errand;
mod following;
mod holding;
mod looking;
mod orders;
mod signing;
#[cfg(test)]
mod tests;

use super::{Answer, ChargeOrder, Escrow, EscrowAccount, EscrowError, EscrowEvent, Nonce};
use alarms::{About, Alarms};
use errand::address;
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use holding::Holds;
use orders::doubtful;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::sui_escrow::SuiEscrowStore;
use suiftly_sui::{Address, Contract, Doubt, Key, Lasting, Pair, SharedRef};
use tokio::time::Instant;

/// The name of the escrow on Sui.
pub const SUI: &str = "sui";
/// Transactions at once, where nothing else is set.
pub const AT_ONCE: usize = 32;
/// How long a call goes on, where nothing else is set: within the time that its caller gives it.
pub const ACT_FOR: Duration = Duration::from_secs(25);

/// Signed transactions that are removed at once at most: more than a day makes, with one a second.
const ATTEMPTS_REMOVED_AT_ONCE: u32 = 100_000;

/// How the escrow on Sui is gone about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiSettings {
    /// What a transaction may cost at first, in MIST. Where that does not suffice it may cost more.
    pub gas_budget: u64,
    /// Transactions, and questions, at once: [`AT_ONCE`].
    pub at_once: usize,
    /// How long a call goes on: [`ACT_FOR`]. What is not done by then is in doubt.
    pub act_for: Duration,
    /// The checkpoint in which the house was opened, or one before: nothing of it is older.
    pub begins_at: u64,
}

/// The escrow on Sui, of one database.
pub struct SuiEscrow {
    store: SuiEscrowStore,
    contract: Contract,
    pair: Pair,
    key: Key,
    settings: SuiSettings,
    /// How transactions name accounts.
    shared: Mutex<HashMap<Address, SharedRef>>,
    /// Until when nothing is sent, and why: something is to be mended on our side, and each try costs gas.
    paused: Mutex<Option<(Instant, String)>>,
    /// Owners who cannot be paid, each by themselves.
    holds: Holds,
    /// Errands whose transactions the nodes do not take, and since when.
    not_taken: Mutex<Lasting<String>>,
    /// What operators are to be told.
    alarms: Alarms,
}

impl SuiEscrow {
    /// Connects, to the database and to the nodes, when it is used first. The key is the operator's.
    pub fn new(
        config: &StoreConfig,
        contract: Contract,
        pair: Pair,
        key: Key,
        settings: SuiSettings,
    ) -> Result<Self, StoreError> {
        let store = SuiEscrowStore::new(config)?;
        let (shared, paused, not_taken) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (holds, alarms) = (Holds::default(), Alarms::default());
        Ok(Self { store, contract, pair, key, settings, shared, paused, holds, not_taken, alarms })
    }

    /// A doubt in words; one that somebody should look at is told at once.
    fn told(&self, doubt: &Doubt) -> String {
        if doubt.is_alarming() {
            self.alarm(About::Nodes, &doubt.to_string());
        }
        doubt.to_string()
    }

    async fn all_of(&self, ids: &[String]) -> Result<Vec<EscrowAccount>, String> {
        let mut asked = Vec::with_capacity(ids.len());
        for id in ids {
            asked.push(self.account(id));
        }
        let found: Vec<_> = stream::iter(asked).buffered(self.settings.at_once.max(1)).collect().await;
        found.into_iter().filter_map(Result::transpose).collect()
    }

    async fn account(&self, id: &str) -> Result<Option<EscrowAccount>, String> {
        let Ok(account) = address(id) else { return Ok(None) };
        let object = self.pair.object(account).await.map_err(|doubt| self.told(&doubt))?.value;
        let Some(object) = object else { return Ok(None) };
        let found = self.contract.account(&object).map_err(|error| error.to_string())?;
        let odd = || format!("account {id} does not hold whole cents");
        Ok(Some(EscrowAccount {
            id: id.to_owned(),
            balance_usd_cents: self.contract.usd_cents(found.balance).ok_or_else(odd)?,
            limit_usd_cents: entries::limit_usd_cents(&self.contract, found.limit).ok_or_else(odd)?,
        }))
    }

    /// The events after a cursor: as many as are asked for are known, or both nodes are asked until there are no more.
    async fn events_after(&self, after: i64, limit: u32) -> Result<Vec<EscrowEvent>, String> {
        let events = self.known_or_new(after, limit).await;
        self.tell_alarms().await;
        events
    }

    async fn known_or_new(&self, after: i64, limit: u32) -> Result<Vec<EscrowEvent>, String> {
        let mut is_behind = true;
        loop {
            let known = self.store.events(after, limit).await.map_err(|error| error.to_string())?;
            if !is_behind || known.len() >= limit as usize {
                return Ok(known);
            }
            is_behind = self.advance().await?;
        }
    }
}

fn owners_act<'a, T: Send + 'a>(attempted: &'static str) -> Answer<'a, T> {
    let cause = "the owner signs it with their own wallet".to_owned();
    async move { Err(EscrowError::Refused { attempted, cause }) }.boxed()
}

impl Escrow for SuiEscrow {
    fn name(&self) -> &'static str {
        SUI
    }

    fn acts_for_owners(&self) -> bool {
        false
    }

    fn charge<'a>(
        &'a self,
        orders: &'a [ChargeOrder],
        at: UnixMillis,
    ) -> BoxFuture<'a, Vec<Result<EscrowEvent, EscrowError>>> {
        self.charge_all(orders, at).boxed()
    }

    fn look_up<'a>(&'a self, nonce: &'a Nonce) -> Answer<'a, Option<EscrowEvent>> {
        self.find_nonce(nonce).map(|found| found.map_err(|cause| doubtful("look a nonce up", cause))).boxed()
    }

    fn events(&self, after: i64, limit: u32) -> Answer<'_, Vec<EscrowEvent>> {
        self.events_after(after, limit).map(|found| found.map_err(|cause| doubtful("list events", cause))).boxed()
    }

    fn history<'a>(&'a self, account: &'a str) -> Answer<'a, Vec<EscrowEvent>> {
        async move { self.store.history(account).await.map_err(|error| doubtful("list an account's events", error)) }
            .boxed()
    }

    fn open<'a>(&'a self, owner: &'a str, limit_usd_cents: i64) -> Answer<'a, EscrowAccount> {
        let named = address(owner).map_err(|cause| EscrowError::Refused { attempted: "name an account", cause });
        let account = named.map(|owner| EscrowAccount {
            id: self.contract.account_id(owner).to_string(),
            balance_usd_cents: 0,
            limit_usd_cents,
        });
        async move { account }.boxed()
    }

    fn accounts<'a>(&'a self, ids: &'a [String]) -> Answer<'a, Vec<EscrowAccount>> {
        self.all_of(ids).map(|found| found.map_err(|cause| doubtful("show accounts", cause))).boxed()
    }

    fn deposit<'a>(&'a self, _: &'a str, _: i64, _: UnixMillis) -> Answer<'a, EscrowEvent> {
        owners_act("deposit")
    }

    fn request_withdrawal<'a>(&'a self, _: &'a str, _: i64, _: UnixMillis) -> Answer<'a, EscrowEvent> {
        owners_act("take a request for a withdrawal")
    }

    fn pay_withdrawal<'a>(
        &'a self,
        request_digest: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        self.pay(request_digest, amount_usd_cents, at).boxed()
    }

    fn refund<'a>(
        &'a self,
        nonce: &'a Nonce,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        self.refund_by(nonce, (account, amount_usd_cents), at).boxed()
    }

    fn set_limit<'a>(&'a self, _: &'a str, _: i64, _: UnixMillis) -> Answer<'a, EscrowEvent> {
        owners_act("set a limit")
    }

    fn close<'a>(&'a self, account: &'a str, at: UnixMillis) -> Answer<'a, ()> {
        self.end(account, at).boxed()
    }

    fn forget(&self, before: UnixMillis) -> Answer<'_, u64> {
        async move {
            let removed = self.store.remove_attempts(before, ATTEMPTS_REMOVED_AT_ONCE).await;
            removed.map_err(|error| doubtful("forget what was signed long ago", error))
        }
        .boxed()
    }
}
