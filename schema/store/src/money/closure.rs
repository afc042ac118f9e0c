//! An account's end: asked for, wound up, closed. Each step is one transaction under the customer's lock, and done twice
//! it does nothing the second time; `customers.closing_at` and `closed_at` say how far it has come.
//!
//! Asked for: services end and keys are revoked at once, and all that is accrued is to be charged (`charges::intend`
//! presses for it). Wound up: what is left goes back to the owner by a withdrawal. Closed: nothing is left, in flight or
//! asked for. What comes in after that goes back the same way.

use super::changes::{query, run};
use super::charges::withdrawing;
use super::months::{self, CustomerMoney, to_cents};
use super::notices::{self, Notice, Severity};
use super::{MoneyStore, arrears, lock};
use crate::StoreError;
use crate::accounts::{Act, record};
use crate::codec::{Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use serde_json::json;
use std::slice;
use suiftly_schema::charge::next_draw;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// Accounts that one look for closures answers at most.
pub const CLOSURES_MAX: u32 = 1_000;

/// How far an account's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closure {
    /// Nobody has asked for it.
    None,
    /// It was asked for, and is being wound up.
    Closing {
        /// When it was asked for.
        at: UnixMillis,
    },
    /// It is closed.
    Closed {
        /// When, if it was wound up here.
        at: Option<UnixMillis>,
    },
}

/// Why an account is not closed, or not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClosureRefused {
    /// There is no such customer.
    #[error("there is no such customer")]
    NoCustomer,
    /// An operator has suspended the account.
    #[error("the account is suspended")]
    Suspended,
    /// It is closed already, for good.
    #[error("the account is closed")]
    Closed,
}

/// What winding up finds to do with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosureStep {
    /// Nothing now: a charge or a withdrawal is under way, or something is still to be drawn.
    Wait,
    /// Ask the escrow for what is left, in cents.
    Withdraw {
        /// How much.
        amount_usd_cents: i64,
    },
    /// It was closed by this.
    Closed,
    /// There is nothing to do any more.
    Done,
}

const STANDING: &str = "SELECT status, closing_at, closed_at FROM customers WHERE id = $1";
/// What is enabled ends now, and what is scheduled with it.
const END_SERVICES: &str = "UPDATE service_instances SET is_enabled = false, scheduled = NULL, \
        disabled_at = greatest($2, enabled_at) WHERE customer_id = $1 AND is_enabled";
const REVOKE_KEYS: &str = "UPDATE api_keys SET state = 'revoked', revoked_at = $2, expires_at = NULL \
    WHERE customer_id = $1 AND state = 'active'";
/// Those to be wound up, and closed ones that funds came in for since. An operator's suspension holds it up.
const DUE: &str = "SELECT id FROM customers WHERE closing_at <= $1 AND id > $2 AND status <> 'suspended' \
    AND (closed_at IS NULL OR current_balance_usd_cents > 0) ORDER BY id LIMIT $3";

impl MoneyStore {
    /// How far an account's end has come; `None`: there is no such customer.
    pub async fn closure(&self, customer: CustomerId) -> Result<Option<Closure>, StoreError> {
        let row = self.client().await?.query_opt(STANDING, &[&customer.get()]).await;
        let row = row.map_err(StoreError::database("read whether an account is closed"))?;
        Ok(row.as_ref().map(closure_of))
    }

    /// Begins an account's end: services end and keys are revoked, and both are told to gateways. Asked for again it
    /// answers when it was first.
    pub async fn begin_closure(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<UnixMillis, ClosureRefused>, StoreError> {
        const ATTEMPTED: &str = "begin to close an account";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        lock(&transaction, &[customer]).await?;
        match standing(&transaction, customer).await? {
            Err(refused) => return Ok(Err(refused)),
            Ok(Some(at)) => return Ok(Ok(at)),
            Ok(None) => {}
        }
        let (id, at) = (customer.get(), Timestamptz(act.at));
        let services = run(&transaction, END_SERVICES, &[&id, &at], ATTEMPTED).await?;
        let keys = run(&transaction, REVOKE_KEYS, &[&id, &at], ATTEMPTED).await?;
        run(&transaction, "UPDATE customers SET closing_at = $2 WHERE id = $1", &[&id, &at], ATTEMPTED).await?;
        let change = json!({"services_ended": services, "keys_revoked": keys});
        record(&transaction, Some(customer), act, "account.close", None, change).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(act.at))
    }

    /// Keeps an account that was to be closed; answers whether it was to be. What has ended stays ended.
    pub async fn cancel_closure(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<bool, ClosureRefused>, StoreError> {
        const ATTEMPTED: &str = "keep an account";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        lock(&transaction, &[customer]).await?;
        match standing(&transaction, customer).await? {
            Err(refused) => return Ok(Err(refused)),
            Ok(None) => return Ok(Ok(false)),
            Ok(Some(_)) => {}
        }
        let keep = "UPDATE customers SET closing_at = NULL WHERE id = $1";
        run(&transaction, keep, &[&customer.get()], ATTEMPTED).await?;
        record(&transaction, Some(customer), act, "account.close_cancel", None, json!({})).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(Ok(true))
    }

    /// Accounts whose end was asked for before an instant and that have something to be done, ascending after one: at
    /// most [`CLOSURES_MAX`].
    pub async fn closures_due(
        &self,
        asked_before: UnixMillis,
        after: Option<CustomerId>,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let after = after.map_or(0, CustomerId::get);
        let rows =
            self.client().await?.query(DUE, &[&Timestamptz(asked_before), &after, &i64::from(CLOSURES_MAX)]).await;
        let rows = rows.map_err(StoreError::database("look for accounts to close"))?;
        rows.iter().map(|row| known_customer(row.get(0))).collect()
    }

    /// Closes an account that has nothing left, or says what is to be done before that.
    pub async fn wind_up(&self, customer: CustomerId, act: &Act) -> Result<ClosureStep, StoreError> {
        const ATTEMPTED: &str = "wind an account up";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(ATTEMPTED))?;
        lock(&transaction, &[customer]).await?;
        let row = transaction.query_opt(STANDING, &[&customer.get()]).await.map_err(StoreError::database(ATTEMPTED))?;
        let closure = row.as_ref().map_or(Closure::None, closure_of);
        let Some(money) = months::read(&transaction, &[customer]).await?.pop() else { return Ok(ClosureStep::Done) };
        if closure == Closure::None {
            return Ok(ClosureStep::Done);
        }
        if is_under_way(&transaction, &money, act.at).await? {
            return Ok(ClosureStep::Wait);
        }
        let amount_usd_cents = to_cents(money.balance);
        if amount_usd_cents > 0 {
            return Ok(ClosureStep::Withdraw { amount_usd_cents });
        }
        if matches!(closure, Closure::Closed { .. }) {
            return Ok(ClosureStep::Done);
        }
        close(&transaction, &money, act).await?;
        transaction.commit().await.map_err(StoreError::database(ATTEMPTED))?;
        Ok(ClosureStep::Closed)
    }
}

/// Whether an account is closed or is to be: nothing new is begun for it. Under the customer's lock it stays so.
pub(super) async fn is_asked_for(transaction: &Transaction<'_>, customer: CustomerId) -> Result<bool, StoreError> {
    let rows = query(transaction, STANDING, &[&customer.get()], "read whether an account is closed").await?;
    Ok(rows.first().is_some_and(|row| closure_of(row) != Closure::None))
}

/// Since when it is being closed, if it is; or why nothing can be changed about that.
async fn standing(
    transaction: &Transaction<'_>,
    customer: CustomerId,
) -> Result<Result<Option<UnixMillis>, ClosureRefused>, StoreError> {
    let attempted = "read whether an account is closed";
    let rows = query(transaction, STANDING, &[&customer.get()], attempted).await?;
    let Some(row) = rows.first() else { return Ok(Err(ClosureRefused::NoCustomer)) };
    Ok(match (closure_of(row), row.get(0)) {
        (Closure::Closed { .. }, _) => Err(ClosureRefused::Closed),
        (_, "suspended") => Err(ClosureRefused::Suspended),
        (Closure::Closing { at }, _) => Ok(Some(at)),
        (Closure::None, _) => Ok(None),
    })
}

fn closure_of(row: &tokio_postgres::Row) -> Closure {
    let instant = |at| row.get::<_, Option<Timestamptz>>(at).map(|at| at.0);
    match (row.get(0), instant(1), instant(2)) {
        (_, _, Some(at)) => Closure::Closed { at: Some(at) },
        ("closed", ..) => Closure::Closed { at: None },
        (_, Some(at), None) => Closure::Closing { at },
        (_, None, None) => Closure::None,
    }
}

/// Whether something moves still, or is to be drawn first. What no funds are there for stays owed, and holds nothing up.
async fn is_under_way(
    transaction: &Transaction<'_>,
    money: &CustomerMoney,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let is_in_flight = money.months.iter().any(|month| month.in_flight > MicroUsd(0));
    let room = arrears::rooms(transaction, slice::from_ref(money), now).await?.pop();
    let draw = room.and_then(|room| next_draw(&money.standings(), money.balance, money.credits, true, room));
    let is_to_be_drawn = draw.is_some();
    let waits = withdrawing(transaction, &[money.customer_id]).await?;
    Ok(is_in_flight || is_to_be_drawn || waits.get(&money.customer_id).is_some_and(|waits| waits.is_asked_for))
}

async fn close(transaction: &Transaction<'_>, money: &CustomerMoney, act: &Act) -> Result<(), StoreError> {
    const ATTEMPTED: &str = "close an account";
    let (customer, at) = (money.customer_id, Timestamptz(act.at));
    let update = "UPDATE customers SET status = 'closed', closed_at = $2 WHERE id = $1";
    run(transaction, update, &[&customer.get(), &at], ATTEMPTED).await?;
    let sign_out =
        "UPDATE sessions SET revoked_at = $2, revoked_why = 'closed' WHERE customer_id = $1 AND revoked_at IS NULL";
    run(transaction, sign_out, &[&customer.get(), &at], ATTEMPTED).await?;
    let owed = money.standings().iter().fold(MicroUsd(0), |sum, month| sum + month.due().max(MicroUsd(0)));
    let change = json!({"owed_micro_usd": owed.0});
    record(transaction, Some(customer), act, "account.closed", None, change.clone()).await?;
    let notice = Notice {
        key: format!("account_closed:{}", customer.get()),
        customer: Some(customer),
        severity: Severity::Info,
        kind: "account_closed",
        body: change,
    };
    notices::note(transaction, &notice, act.at).await.map(|_| ())
}
