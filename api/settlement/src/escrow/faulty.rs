//! Any escrow, with faults: it refuses, fails, loses answers, does late what it has not answered. What the owner does
//! passes; what the house does, and what it asks, may go wrong.

use super::{Answer, ChargeOrder, Escrow, EscrowAccount, EscrowError, EscrowEvent, Fault, FaultPlan, Nonce};
use futures::FutureExt;
use futures::future::{BoxFuture, pending};
use parking_lot::Mutex;
use suiftly_schema::time::UnixMillis;
use tokio::sync::Notify;

/// Calls that wait to be done late at most; those beyond are done at once.
pub const LATE_MAX: usize = 10_000;

/// An escrow with faults.
pub struct Faulty<E> {
    inner: E,
    state: Mutex<State>,
    stalled: Notify,
}

struct State {
    plan: FaultPlan,
    late: Vec<Late>,
}

/// Something not done yet.
struct Late {
    calls: u32,
    call: Call,
    at: UnixMillis,
}

/// A call that moves funds.
#[derive(Clone)]
enum Call {
    Charge(ChargeOrder),
    Pay(String, i64),
    Refund(Nonce, String, i64),
}

impl<E: Escrow> Faulty<E> {
    /// Puts faults before an escrow.
    pub fn new(inner: E, plan: FaultPlan) -> Self {
        Self { inner, state: Mutex::new(State { plan, late: Vec::new() }), stalled: Notify::new() }
    }

    /// Waits until a call has stalled, since the last that was told of.
    pub async fn stalled(&self) {
        self.stalled.notified().await;
    }

    /// The faults of the next calls that move funds, after those there are.
    pub fn push(&self, fault: Option<Fault>) {
        self.state.lock().plan.push(fault);
    }

    /// From now on faults happen by another plan. What is late stays late.
    pub fn replan(&self, plan: FaultPlan) {
        self.state.lock().plan = plan;
    }

    /// Every call begins so: it takes its time, and what is late comes due.
    async fn begin(&self) {
        let (delay, due) = {
            let mut state = self.state.lock();
            for late in &mut state.late {
                late.calls = late.calls.saturating_sub(1);
            }
            let (due, late) = std::mem::take(&mut state.late).into_iter().partition(|late: &Late| late.calls == 0);
            state.late = late;
            (state.plan.delay(), due)
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        for late in due {
            // Nobody waits for the answer any more.
            _ = self.run(late.call, late.at).await;
        }
    }

    async fn run(&self, call: Call, at: UnixMillis) -> Result<EscrowEvent, EscrowError> {
        match call {
            Call::Charge(order) => {
                let answer = self.inner.charge(std::slice::from_ref(&order), at).await.pop();
                answer.unwrap_or_else(|| Err(no_answer("charge")))
            }
            Call::Pay(request, amount) => self.inner.pay_withdrawal(&request, amount, at).await,
            Call::Refund(nonce, account, amount) => self.inner.refund(&nonce, &account, amount, at).await,
        }
    }

    async fn with_fault(&self, call: Call, at: UnixMillis) -> Result<EscrowEvent, EscrowError> {
        let fault = self.state.lock().plan.next();
        match fault {
            None => self.run(call, at).await,
            Some(Fault::Lose | Fault::DoAndStall) => {
                _ = self.run(call.clone(), at).await;
                self.without_answer(&fault, call, at).await
            }
            Some(_) => self.without_answer(&fault, call, at).await,
        }
    }

    /// What is said where there is no answer. What is done at once is done.
    async fn without_answer(
        &self,
        fault: &Option<Fault>,
        call: Call,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EscrowError> {
        let attempted = call.attempted();
        match *fault {
            Some(Fault::Refuse) => {
                Err(EscrowError::Refused { attempted, cause: "of a fault that was asked for".to_owned() })
            }
            Some(Fault::Stall | Fault::DoAndStall) => {
                self.stalled.notify_one();
                pending().await
            }
            Some(Fault::Late { calls }) => {
                if let Some(call) = self.put_off(Late { calls, call, at }) {
                    _ = self.run(call, at).await;
                }
                Err(no_answer(attempted))
            }
            None | Some(Fault::Fail | Fault::Lose) => Err(no_answer(attempted)),
        }
    }

    /// Answers the call if there is no room.
    fn put_off(&self, late: Late) -> Option<Call> {
        let mut state = self.state.lock();
        if state.late.len() >= LATE_MAX {
            return Some(late.call);
        }
        state.late.push(late);
        None
    }

    async fn read(&self, attempted: &'static str) -> Result<(), EscrowError> {
        self.begin().await;
        let is_lost = self.state.lock().plan.is_read_lost();
        if is_lost { Err(no_answer(attempted)) } else { Ok(()) }
    }
}

impl Call {
    const fn attempted(&self) -> &'static str {
        match self {
            Self::Charge(_) => "charge",
            Self::Pay(..) => "pay a withdrawal",
            Self::Refund(..) => "refund",
        }
    }
}

fn no_answer(attempted: &'static str) -> EscrowError {
    EscrowError::InDoubt { attempted, cause: "a fault that was asked for".to_owned() }
}

impl<E: Escrow> Escrow for Faulty<E> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn acts_for_owners(&self) -> bool {
        self.inner.acts_for_owners()
    }

    fn charge<'a>(
        &'a self,
        orders: &'a [ChargeOrder],
        at: UnixMillis,
    ) -> BoxFuture<'a, Vec<Result<EscrowEvent, EscrowError>>> {
        let charge = async move {
            self.begin().await;
            let faults: Vec<_> = orders.iter().map(|_| self.state.lock().plan.next()).collect();
            let is_done = |fault: &Option<Fault>| matches!(fault, None | Some(Fault::Lose | Fault::DoAndStall));
            let done: Vec<_> =
                orders.iter().zip(&faults).filter(|(_, fault)| is_done(fault)).map(|(o, _)| o.clone()).collect();
            let mut done = if done.is_empty() { Vec::new() } else { self.inner.charge(&done, at).await }.into_iter();
            let mut answers = Vec::with_capacity(orders.len());
            for (order, fault) in orders.iter().zip(&faults) {
                let answer = if is_done(fault) { done.next() } else { None };
                answers.push(match fault {
                    None => answer.unwrap_or_else(|| Err(no_answer("charge"))),
                    _ => self.without_answer(fault, Call::Charge(order.clone()), at).await,
                });
            }
            answers
        };
        charge.boxed()
    }

    fn look_up<'a>(&'a self, nonce: &'a Nonce) -> Answer<'a, Option<EscrowEvent>> {
        async move {
            self.read("look a nonce up").await?;
            self.inner.look_up(nonce).await
        }
        .boxed()
    }

    fn events(&self, after: i64, limit: u32) -> Answer<'_, Vec<EscrowEvent>> {
        async move {
            self.read("list events").await?;
            self.inner.events(after, limit).await
        }
        .boxed()
    }

    fn history<'a>(&'a self, account: &'a str) -> Answer<'a, Vec<EscrowEvent>> {
        async move {
            self.read("list an account's events").await?;
            self.inner.history(account).await
        }
        .boxed()
    }

    fn open<'a>(&'a self, owner: &'a str, limit_usd_cents: i64) -> Answer<'a, EscrowAccount> {
        self.begin().then(move |()| self.inner.open(owner, limit_usd_cents)).boxed()
    }

    fn accounts<'a>(&'a self, ids: &'a [String]) -> Answer<'a, Vec<EscrowAccount>> {
        async move {
            self.read("show accounts").await?;
            self.inner.accounts(ids).await
        }
        .boxed()
    }

    fn deposit<'a>(&'a self, account: &'a str, amount_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent> {
        self.begin().then(move |()| self.inner.deposit(account, amount_usd_cents, at)).boxed()
    }

    fn request_withdrawal<'a>(
        &'a self,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        self.begin().then(move |()| self.inner.request_withdrawal(account, amount_usd_cents, at)).boxed()
    }

    fn pay_withdrawal<'a>(
        &'a self,
        request_digest: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        let call = Call::Pay(request_digest.to_owned(), amount_usd_cents);
        self.begin().then(move |()| self.with_fault(call, at)).boxed()
    }

    fn refund<'a>(
        &'a self,
        nonce: &'a Nonce,
        account: &'a str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Answer<'a, EscrowEvent> {
        let call = Call::Refund(nonce.clone(), account.to_owned(), amount_usd_cents);
        self.begin().then(move |()| self.with_fault(call, at)).boxed()
    }

    fn set_limit<'a>(&'a self, account: &'a str, limit_usd_cents: i64, at: UnixMillis) -> Answer<'a, EscrowEvent> {
        self.begin().then(move |()| self.inner.set_limit(account, limit_usd_cents, at)).boxed()
    }

    fn close<'a>(&'a self, account: &'a str, at: UnixMillis) -> Answer<'a, ()> {
        self.begin().then(move |()| self.inner.close(account, at)).boxed()
    }

    fn forget(&self, before: UnixMillis) -> Answer<'_, u64> {
        self.inner.forget(before)
    }
}
