//! Driving what is to be done to its end: signed bytes are written down before they are sent, sent until somebody answers,
//! and believed when both nodes have them in a checkpoint. Nothing else is signed for an errand while its last attempt may
//! still be executed; so what is refused is not done afterwards.

use super::SuiEscrow;
use super::alarms::About;
use super::errand::Errand;
use futures::stream::{self, StreamExt};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::sui_escrow::{Attempt, AttemptState};
use suiftly_sui::{Abort, Address, At, Contract, Executed, Failure, Outcome, Signed};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A node that has no effects by then is left alone, and the other is asked.
const PATIENCE: Duration = Duration::from_secs(3);
/// Once both were asked, both are asked again after so long.
const RESEND_AFTER: Duration = Duration::from_secs(2);
/// Checkpoints come four times a second.
const LOOK_AFTER: Duration = Duration::from_millis(250);
/// Attempts at an errand in one call at most.
const ATTEMPTS_MAX: u32 = 3;
/// Nothing is sent for so long once the chain has said that something is to be mended on our side.
const PAUSE: Duration = Duration::from_secs(60);
/// What nodes do not take for so long is told. At an epoch's turn they refuse once what was signed a moment before it: the
/// next time that is signed anew.
const NOT_TAKEN_FOR: Duration = Duration::from_secs(2);

/// What came of an errand.
#[derive(Clone, Debug)]
pub(super) enum Acted {
    /// It is done: in a checkpoint, as both nodes have it.
    Done(Executed),
    /// Its nonce was used before.
    Used,
    /// There is no such account.
    NoAccount,
    /// The contract will not.
    Refused(Abort),
    /// Nobody knows, or something is to be mended first.
    Doubt(String),
}

/// What came of an attempt.
enum Tried {
    /// Something that is the errand's end, for now.
    End(Acted),
    /// It can do nothing any more: another may be signed.
    Spent(String),
}

/// An attempt to be driven.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) attempt: Attempt,
    /// Nobody else can have sent it.
    pub(super) is_new: bool,
}

/// What a transaction has come to.
enum Came {
    /// It was executed.
    To(Executed),
    /// It never will come to anything: its epoch is over.
    Never,
    /// The same, and its nonce was used by another.
    TooLate,
}

fn too_late() -> Acted {
    Acted::Doubt("no answer in time".to_owned())
}

impl SuiEscrow {
    /// Does errands of one purpose, several at once; answers for each, in their order, before a call's time is over.
    pub(super) async fn act(&self, errands: &[Errand], at: UnixMillis) -> Vec<Acted> {
        let until = Instant::now() + self.settings.act_for;
        let begun = timeout_at(until, self.begin(errands, at)).await.unwrap_or_else(|_| Err(too_late()));
        let begun = match begun {
            Ok(begun) => begun,
            Err(acted) => return errands.iter().map(|_| acted.clone()).collect(),
        };
        let mut driven = Vec::with_capacity(errands.len());
        for (errand, begun) in errands.iter().zip(begun) {
            driven.push(async move {
                match begun {
                    Ok(begun) => timeout_at(until, self.drive(errand, begun, at)).await.unwrap_or_else(|_| too_late()),
                    Err(acted) => acted,
                }
            });
        }
        let acted = stream::iter(driven).buffered(self.settings.at_once.max(1)).collect().await;
        self.tell_alarms().await;
        acted
    }

    async fn drive(&self, errand: &Errand, mut begun: Begun, at: UnixMillis) -> Acted {
        let mut attempts = 1;
        loop {
            let cause = match self.attempt(errand, &begun).await {
                Tried::End(acted) => return acted,
                Tried::Spent(cause) => cause,
            };
            tracing::warn!(errand = errand.key, digest = begun.attempt.digest, cause, "a transaction came to nothing");
            if attempts == ATTEMPTS_MAX {
                return Acted::Doubt(cause);
            }
            begun = match self.sign_again(errand, &begun.attempt, attempts, at).await {
                Ok(begun) => begun,
                Err(acted) => return acted,
            };
            attempts += 1;
        }
    }

    async fn attempt(&self, errand: &Errand, Begun { attempt, is_new }: &Begun) -> Tried {
        let (end, tried) = match self.execute(errand, attempt, *is_new).await {
            Ok(Came::To(executed)) => return self.judge(errand, attempt, executed).await,
            Ok(Came::Never) => (AttemptState::Dead, Tried::Spent("its epoch is over".to_owned())),
            Ok(Came::TooLate) => (AttemptState::Dead, Tried::End(Acted::Used)),
            Err(cause) => return Tried::End(Acted::Doubt(cause)),
        };
        match self.settle(attempt, &end).await {
            Ok(()) => tried,
            Err(cause) => Tried::End(Acted::Doubt(cause)),
        }
    }

    /// What a transaction has come to: in a checkpoint, as both nodes have it.
    async fn execute(&self, errand: &Errand, attempt: &Attempt, is_new: bool) -> Result<Came, String> {
        let signed = Signed::from_bytes(&attempt.transaction, &attempt.signature).map_err(|error| error.to_string())?;
        if !is_new {
            let found = self.pair.executed(&signed.digest).await.map_err(|doubt| self.told(&doubt))?;
            match found.value {
                Some(executed) if executed.checkpoint.is_some() => return Ok(Came::To(executed)),
                Some(_) => return self.confirm(&signed, None).await.map(Came::To),
                None if attempt.state == AttemptState::Done => {
                    return Err(format!("neither node has transaction {} any more", attempt.digest));
                }
                None if i128::from(found.head.epoch) > i128::from(attempt.epoch) => {
                    return Ok(if self.is_unused(errand).await? { Came::Never } else { Came::TooLate });
                }
                // Sent again as it is.
                None => {}
            }
        }
        self.check_pause()?;
        self.holds.check(errand, Instant::now())?;
        let said = self.send(errand, &signed).await?;
        self.confirm(&signed, Some(&said)).await.map(Came::To)
    }

    /// Whether the chain has not written an errand's nonce down.
    async fn is_unused(&self, errand: &Errand) -> Result<bool, String> {
        let Some(nonce) = errand.nonce() else { return Ok(true) };
        let field = self.pair.object(Contract::nonce_id(errand.account, nonce)).await;
        field.map(|field| field.value.is_none()).map_err(|doubt| self.told(&doubt))
    }

    /// Whether anything is sent now. What is not sent stays signed, and is sent later.
    fn check_pause(&self) -> Result<(), String> {
        let mut paused = self.paused.lock();
        match &*paused {
            Some((until, cause)) if Instant::now() < *until => Err(format!("nothing is sent for a minute: {cause}")),
            _ => {
                *paused = None;
                Ok(())
            }
        }
    }

    /// Sends it until somebody answers what it has come to, or does not take it. Its caller's time bounds it.
    async fn send(&self, errand: &Errand, signed: &Signed) -> Result<Executed, String> {
        loop {
            let mut refusal = None;
            for node in self.pair.nodes() {
                match timeout(PATIENCE, node.submit(signed)).await {
                    Ok(Ok(answer)) => {
                        self.taken(errand);
                        return Ok(answer.value);
                    }
                    Ok(Err(error)) => {
                        tracing::warn!(digest = %signed.digest, %error, "a node has not executed a transaction");
                        if let Failure::Refused(_) = error.failure {
                            refusal = Some(error.to_string());
                        }
                    }
                    Err(_) => tracing::warn!(digest = %signed.digest, node = node.name(), "a node has no effects yet"),
                }
            }
            if let Some(refusal) = refusal {
                self.not_taken(errand, &refusal);
                return Err(refusal);
            }
            sleep(RESEND_AFTER).await;
        }
    }

    fn not_taken(&self, errand: &Errand, refusal: &str) {
        if self.not_taken.lock().again(errand.key.clone(), Instant::now()) >= NOT_TAKEN_FOR {
            self.alarm(About::NotTaken, refusal);
        }
    }

    fn taken(&self, errand: &Errand) {
        if self.not_taken.lock().over(&errand.key, Instant::now()) {
            self.is_well(|about| *about == About::NotTaken);
        }
    }

    /// Waits until both nodes have it in a checkpoint, as the one that was asked has said. Its caller's time bounds it.
    async fn confirm(&self, signed: &Signed, said: Option<&Executed>) -> Result<Executed, String> {
        loop {
            match self.pair.executed(&signed.digest).await {
                Ok(At { value: Some(executed), .. }) if executed.checkpoint.is_some() => {
                    let is_same =
                        |said: &Executed| (&said.effects, &said.events) == (&executed.effects, &executed.events);
                    if said.is_none_or(is_same) {
                        return Ok(executed);
                    }
                    let cause = format!("other effects of {} were answered than both nodes have now", signed.digest);
                    self.alarm(About::Nodes, &cause);
                    return Err(cause);
                }
                Ok(_) => {}
                Err(doubt) if doubt.is_alarming() => return Err(self.told(&doubt)),
                Err(_) => {}
            }
            sleep(LOOK_AFTER).await;
        }
    }

    /// What an executed transaction means. It is final for its digest, and written down.
    async fn judge(&self, errand: &Errand, attempt: &Attempt, executed: Executed) -> Tried {
        let outcome = self.contract.outcome(executed.effects.status());
        let state = match &outcome {
            Outcome::Done => AttemptState::Done,
            Outcome::Used => AttemptState::Failed("the nonce was used before".to_owned()),
            Outcome::Refused(abort) => AttemptState::Failed(abort.to_string()),
            Outcome::Spent { cause } | Outcome::Ours { cause } | Outcome::Denied { cause, .. } => {
                AttemptState::Failed(cause.clone())
            }
        };
        match self.settle(attempt, &state).await {
            Ok(()) => self.weigh(errand, outcome, executed),
            Err(cause) => Tried::End(Acted::Doubt(cause)),
        }
    }

    /// What follows of it, for this errand and for others.
    fn weigh(&self, errand: &Errand, outcome: Outcome, executed: Executed) -> Tried {
        if matches!(outcome, Outcome::Done | Outcome::Used | Outcome::Refused(_)) {
            self.is_well(|about| matches!(about, About::Operator(_)));
        }
        let words = |cause: &str| format!("transaction {} came to nothing: {cause}", executed.digest);
        Tried::End(match outcome {
            Outcome::Done => {
                if errand.pays_owner() {
                    self.holds.release(errand.account);
                    self.is_well(|about| *about == About::Denied(errand.account));
                }
                Acted::Done(executed)
            }
            Outcome::Used => Acted::Used,
            Outcome::Refused(abort) => Acted::Refused(abort),
            Outcome::Denied { address, cause } if self.is_owner(address, errand) => {
                self.alarm(About::Denied(errand.account), &words(&cause));
                self.holds.hold(errand, &cause, Instant::now());
                Acted::Doubt(cause)
            }
            Outcome::Ours { cause } | Outcome::Denied { cause, .. } => {
                self.alarm(About::Operator(cause.clone()), &words(&cause));
                *self.paused.lock() = Some((Instant::now() + PAUSE, cause.clone()));
                Acted::Doubt(cause)
            }
            Outcome::Spent { cause } => return Tried::Spent(cause),
        })
    }

    /// Whether it is the owner who cannot be paid, and not the house: that one keeps every charge from being made.
    fn is_owner(&self, address: Address, errand: &Errand) -> bool {
        errand.pays_owner() && self.contract.account_id(address) == errand.account
    }

    async fn settle(&self, attempt: &Attempt, state: &AttemptState) -> Result<(), String> {
        self.store.settle_attempt(&attempt.digest, state).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::errand::Task;
    use super::super::tests::{contract, escrow, executed};
    use super::*;

    const OWNER: Address = Address::new([8; 32]);
    const TREASURY: Address = Address::new([0x7e; 32]);

    fn errand(owner: Address, task: Task) -> Errand {
        Errand { key: "k".to_owned(), account: contract().account_id(owner), task }
    }

    fn pay(owner: Address) -> Errand {
        errand(owner, Task::Release { request: 1 })
    }

    /// What comes of an errand, and whether each of the others may be sent then.
    fn weighed(escrow: &SuiEscrow, of: &Errand, outcome: Outcome, others: [&Errand; 3]) -> (String, [bool; 3]) {
        let told = match escrow.weigh(of, outcome, executed(&contract(), &[])) {
            Tried::End(acted) => format!("{acted:?}"),
            Tried::Spent(cause) => cause,
        };
        let may =
            |errand: &Errand| escrow.check_pause().and_then(|()| escrow.holds.check(errand, Instant::now())).is_ok();
        (told, others.map(may))
    }

    #[tokio::test]
    async fn an_owner_who_is_denied_keeps_nobody_else_waiting_and_a_denied_treasury_everybody() {
        let escrow = escrow();
        let charge = errand(OWNER, Task::Charge { amount: 1, nonce: [1; 32], month: 202_611, bill_root: [0; 32] });
        let (denied, other) = (pay(OWNER), pay(TREASURY));
        let all = [&denied, &charge, &other];
        let of = |address| Outcome::Denied { address, cause: "denied".to_owned() };
        assert_eq!(weighed(&escrow, &denied, of(OWNER), all), ("Doubt(\"denied\")".to_owned(), [false, true, true]));
        let (told, may) = weighed(&escrow, &denied, Outcome::Done, all);
        assert!(told.starts_with("Done") && may == [true; 3], "paid in the end: {told} {may:?}");

        assert_eq!(weighed(&escrow, &charge, of(TREASURY), all).1, [false; 3], "nothing can be charged");
    }

    #[tokio::test]
    async fn what_is_to_be_mended_on_our_side_keeps_everybody_waiting() {
        let escrow = escrow();
        let (one, other) = (pay(OWNER), pay(TREASURY));
        let ours = Outcome::Ours { cause: "revoked".to_owned() };
        assert_eq!(weighed(&escrow, &one, ours, [&one, &other, &one]).1, [false; 3]);
    }
}
