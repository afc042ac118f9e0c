//! The embedded escrow as an [`Escrow`]: what its tables refuse is refused, and what the database does not answer is in
//! doubt, as it would be with any other's.

use super::{Answer, ChargeOrder, Escrow, EscrowAccount, EscrowError, EscrowEvent, Nonce};
use futures::FutureExt;
use futures::future::BoxFuture;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::embedded_escrow::{EmbeddedEscrowError, EmbeddedEscrowStore, EscrowRefusal};

/// The embedded escrow's name.
pub const EMBEDDED: &str = "embedded";

/// The embedded escrow of one database.
#[derive(Clone)]
pub struct EmbeddedEscrow {
    store: EmbeddedEscrowStore,
}

impl EmbeddedEscrow {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { store: EmbeddedEscrowStore::new(config)? })
    }
}

fn refused(attempted: &'static str) -> impl Fn(EscrowRefusal) -> EscrowError {
    move |refusal| EscrowError::Refused { attempted, cause: refusal.to_string() }
}

fn in_doubt(attempted: &'static str) -> impl Fn(StoreError) -> EscrowError {
    move |error| EscrowError::InDoubt { attempted, cause: error.to_string() }
}

fn failed(attempted: &'static str) -> impl Fn(EmbeddedEscrowError) -> EscrowError {
    move |error| match error {
        EmbeddedEscrowError::Refused(refusal) => refused(attempted)(refusal),
        EmbeddedEscrowError::Store(error) => in_doubt(attempted)(error),
    }
}

impl Escrow for EmbeddedEscrow {
    fn name(&self) -> &'static str {
        EMBEDDED
    }

    fn acts_for_owners(&self) -> bool {
        true
    }

    fn charge<'a>(
        &'a self,
        orders: &'a [ChargeOrder],
        at: UnixMillis,
    ) -> BoxFuture<'a, Vec<Result<EscrowEvent, EscrowError>>> {
        let charge = async move {
            match self.store.charge(orders, at).await {
                Ok(answers) => answers.into_iter().map(|answer| answer.map_err(refused("charge"))).collect(),
                Err(error) => {
                    let doubt = in_doubt("charge")(error);
                    orders.iter().map(|_| Err(doubt.clone())).collect()
                }
            }
        };
        charge.boxed()
    }

    fn look_up<'a>(&'a self, nonce: &'a Nonce) -> Answer<'a, Option<EscrowEvent>> {
        async move { self.store.look_up(nonce).await.map_err(in_doubt("look a nonce up")) }.boxed()
    }

    fn events(&self, after: i64, limit: u32) -> Answer<'_, Vec<EscrowEvent>> {
        async move { self.store.events(after, limit).await.map_err(in_doubt("list events")) }.boxed()
    }

    fn history<'a>(&'a self, account: &'a str) -> Answer<'a, Vec<EscrowEvent>> {
        async move { self.store.history(account).await.map_err(in_doubt("list an account's events")) }.boxed()
    }

    fn open<'a>(&'a self, owner: &'a str, limit_usd_cents: i64) -> Answer<'a, EscrowAccount> {
        async move { self.store.open(owner, limit_usd_cents).await.map_err(failed("open an account")) }.boxed()
    }

    fn accounts<'a>(&'a self, ids: &'a [String]) -> Answer<'a, Vec<EscrowAccount>> {
        async move { self.store.accounts(ids).await.map_err(in_doubt("show accounts")) }.boxed()
    }

    fn deposit<'a>(&'a self, account: &'a str, amount_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent> {
        async move { self.store.deposit(account, amount_usd_cents, at).await.map_err(failed("deposit")) }.boxed()
    }

    fn request_withdrawal<'a>(
        &'a self,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        let request = self.store.request_withdrawal(account, amount_usd_cents, at);
        request.map(|done| done.map_err(failed("take a request for a withdrawal"))).boxed()
    }

    fn pay_withdrawal<'a>(
        &'a self,
        request_digest: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        let pay = self.store.pay_withdrawal(request_digest, amount_usd_cents, at);
        pay.map(|done| done.map_err(failed("pay a withdrawal"))).boxed()
    }

    fn refund<'a>(
        &'a self,
        nonce: &'a Nonce,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        self.store.refund(nonce, account, amount_usd_cents, at).map(|done| done.map_err(failed("refund"))).boxed()
    }

    fn set_limit<'a>(&'a self, account: &'a str, limit_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent> {
        self.store.set_limit(account, limit_usd_cents, at).map(|done| done.map_err(failed("set a limit"))).boxed()
    }

    fn close<'a>(&'a self, _: &'a str, _: UnixMillis) -> Answer<'a, ()> {
        let cause = "what is left in it is withdrawn, as its owner would".to_owned();
        async move { Err(EscrowError::Refused { attempted: "close an account", cause }) }.boxed()
    }

    /// It keeps nothing but its books.
    fn forget(&self, _: UnixMillis) -> Answer<'_, u64> {
        async { Ok(0) }.boxed()
    }
}
