//! The operator's acts as the trait has them: what was done before is answered, what is refused is told in the contract's
//! words, and whatever nobody knows is a doubt.

use super::acting::Acted;
use super::errand::{Errand, Task, address};
use super::{SuiEscrow, entries};
use crate::escrow::{ChargeOrder, EscrowError, EscrowEvent, EscrowEventKind, Nonce};
use std::collections::HashMap;
use std::fmt::Display;
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{Abort, Entry, EntryKind};

impl SuiEscrow {
    /// Charges, several at once; an answer for each order, in their order.
    pub(super) async fn charge_all(
        &self,
        orders: &[ChargeOrder],
        at: UnixMillis,
    ) -> Vec<Result<EscrowEvent, EscrowError>> {
        let nonces: Vec<&str> = orders.iter().map(|order| order.nonce.0.as_str()).collect();
        let known = match self.store.by_nonces(&nonces).await {
            Ok(known) => known,
            Err(error) => return orders.iter().map(|_| Err(doubtful("charge", error.to_string()))).collect(),
        };
        let known: HashMap<&str, &EscrowEvent> =
            known.iter().filter_map(|event| Some((event.nonce.as_deref()?, event))).collect();
        let (mut answers, mut errands) = (Vec::new(), Vec::new());
        for order in orders {
            let answer = match (known.get(order.nonce.0.as_str()), Errand::charge(&self.contract, order)) {
                (Some(event), _) => Some(same("charge", order, (*event).clone())),
                (None, Err(refused)) => Some(Err(refused)),
                (None, Ok(errand)) => {
                    errands.push(errand);
                    None
                }
            };
            answers.push(answer);
        }
        let mut acted = errands.iter().zip(self.act(&errands, at).await);
        let mut charged = Vec::with_capacity(orders.len());
        for (order, answer) in orders.iter().zip(answers) {
            charged.push(match answer {
                Some(answer) => answer,
                None => match acted.next() {
                    Some((errand, acted)) => {
                        let event = self.done("charge", errand, acted).await;
                        event.and_then(|event| same("charge", order, event))
                    }
                    None => Err(doubtful("charge", "nothing was tried")),
                },
            });
        }
        charged
    }

    async fn act_one(&self, errand: &Errand, at: UnixMillis) -> Acted {
        let acted = self.act(std::slice::from_ref(errand), at).await.pop();
        acted.unwrap_or_else(|| Acted::Doubt("nothing was tried".to_owned()))
    }

    /// The event of what was done by a nonce.
    async fn done(&self, attempted: &'static str, errand: &Errand, acted: Acted) -> Result<EscrowEvent, EscrowError> {
        let nonce = errand.nonce().ok_or_else(|| doubtful(attempted, "it has no nonce"))?;
        let event = match acted {
            Acted::Done(executed) => self.event_of(&executed, nonce).map(Some),
            Acted::Used => self.find_field(errand.account, nonce).await,
            other => return Err(undone(attempted, errand, other)),
        };
        let event = event.map_err(|cause| doubtful(attempted, cause))?;
        event.ok_or_else(|| doubtful(attempted, "its nonce was used, and neither node says by what"))
    }

    /// Gives drawn funds back, out of the operator's address balance. What a nonce has done already is answered.
    pub(super) async fn refund_by(
        &self,
        nonce: &Nonce,
        (account, amount_usd_cents): (&str, i64),
        at: UnixMillis,
    ) -> Result<EscrowEvent, EscrowError> {
        const ATTEMPTED: &str = "refund";
        let known = self.store.by_nonces(&[&nonce.0]).await.map_err(|error| doubtful(ATTEMPTED, error))?.pop();
        let event = match known {
            Some(known) => known,
            None => {
                let errand = Errand::refund(&self.contract, nonce, (account, amount_usd_cents), at.month())?;
                let acted = self.act_one(&errand, at).await;
                self.done(ATTEMPTED, &errand, acted).await?
            }
        };
        is_same(ATTEMPTED, (EscrowEventKind::Refund, account, amount_usd_cents), nonce, event)
    }

    /// Pays a withdrawal: all that was asked for and is there, which is the contract's rule.
    pub(super) async fn pay(
        &self,
        request_digest: &str,
        amount_usd_cents: i64,
        at: UnixMillis,
    ) -> Result<EscrowEvent, EscrowError> {
        const ATTEMPTED: &str = "pay a withdrawal";
        let refused = |cause| Err(EscrowError::Refused { attempted: ATTEMPTED, cause });
        let request = self.store.request(request_digest).await.map_err(|error| doubtful(ATTEMPTED, error))?;
        let Some(request) = request else {
            return refused(format!("there is no request {request_digest} for a withdrawal"));
        };
        if let Some(settled) = request.settled {
            return Ok(settled);
        }
        let whole = request.amount_usd_cents.min(request.balance_usd_cents);
        if amount_usd_cents < whole {
            return refused(format!("it pays what was asked for and is there, {whole} cents, not {amount_usd_cents}"));
        }
        let account = address(&request.account).map_err(|cause| doubtful(ATTEMPTED, cause))?;
        let number = u64::try_from(request.number).map_err(|error| doubtful(ATTEMPTED, error))?;
        let errand = Errand { key: request_digest.to_owned(), account, task: Task::Release { request: number } };
        match self.act_one(&errand, at).await {
            Acted::Done(executed) => {
                let is_it = |entry: &Entry| (entry.kind, entry.request) == (EntryKind::Withdrawal, number);
                let paid = entries::find(&self.contract, &executed, is_it);
                let paid = paid.map_err(|cause| doubtful(ATTEMPTED, cause))?;
                Ok(EscrowEvent { request_digest: Some(request_digest.to_owned()), ..paid })
            }
            // By whomever: its entry says so when it comes.
            Acted::Refused(Abort::NoRequest) => Err(doubtful(ATTEMPTED, "it waits no longer")),
            other => Err(undone(ATTEMPTED, &errand, other)),
        }
    }

    /// Ends an account. What came in after it was closed goes out by doing so again.
    pub(super) async fn end(&self, account: &str, at: UnixMillis) -> Result<(), EscrowError> {
        const ATTEMPTED: &str = "close an account";
        let named = address(account).map_err(|cause| EscrowError::Refused { attempted: ATTEMPTED, cause })?;
        let errand = Errand { key: account.to_owned(), account: named, task: Task::Close };
        match self.act_one(&errand, at).await {
            Acted::Done(_) => Ok(()),
            other => Err(undone(ATTEMPTED, &errand, other)),
        }
    }
}

/// Nobody knows whether it was done.
pub(super) fn doubtful(attempted: &'static str, cause: impl Display) -> EscrowError {
    EscrowError::InDoubt { attempted, cause: cause.to_string() }
}

/// What was not done, in the escrow's words.
fn undone(attempted: &'static str, errand: &Errand, acted: Acted) -> EscrowError {
    match acted {
        Acted::Refused(abort) => EscrowError::Refused { attempted, cause: abort.to_string() },
        Acted::NoAccount => {
            EscrowError::Refused { attempted, cause: format!("there is no account {}", errand.account) }
        }
        Acted::Doubt(cause) => doubtful(attempted, cause),
        Acted::Done(_) | Acted::Used => doubtful(attempted, "it was done, and is not looked up here"),
    }
}

/// Whether an event is what an order asked for: a nonce may have done something else.
fn same(attempted: &'static str, order: &ChargeOrder, event: EscrowEvent) -> Result<EscrowEvent, EscrowError> {
    let expected = (EscrowEventKind::Charge, order.account.as_str(), order.amount_usd_cents);
    is_same(attempted, expected, &order.nonce, event)
}

fn is_same(
    attempted: &'static str,
    expected: (EscrowEventKind, &str, i64),
    nonce: &Nonce,
    event: EscrowEvent,
) -> Result<EscrowEvent, EscrowError> {
    if (event.kind, event.account.as_str(), event.amount_usd_cents) == expected {
        return Ok(event);
    }
    Err(EscrowError::Refused { attempted, cause: format!("nonce {nonce} was used for something else") })
}
