//! Closing accounts: what is accrued is charged, what is left goes back to the owner, and then the account is closed.
//!
//! [`suiftly_store::money`] keeps how far it has come and decides what is to be done next; here the escrow is asked for it,
//! outside any transaction. Whoever dies in between leaves nothing half done: what the escrow has done is mirrored before
//! it is asked again, and a withdrawal that is asked for twice is paid once, since a second finds nothing in the account.
//! Where owners act for themselves we ask for nothing in their name: the escrow closes the account, which pays them.
//! The month's invoice comes at its end, as any.

use crate::charging::CALL_TIMEOUT;
use crate::escrow::EscrowError;
use crate::{Settlement, SettlementError};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{Act, Actor};
use suiftly_store::money::{CLOSURES_MAX, ClosureRefused, ClosureStep};

/// How long after it was asked for an account is wound up: gateways have refused its keys for long then, and what they
/// served before has come in.
pub const CLOSURE_GRACE_MS: i64 = 10 * 60_000;
/// The job, as its activity has it.
pub(crate) const JOB: &str = "closures";

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ClosureReport {
    /// Withdrawals asked for.
    pub withdrawals: u64,
    /// What they ask for, in cents.
    pub withdrawn_usd_cents: i64,
    /// Accounts closed.
    pub closed: u64,
    /// Requests that were refused, or got no answer: looked at again the next time.
    pub undone: u64,
}

impl Settlement {
    /// Begins to close a customer's account, as they ask: services end and keys are revoked at once. Asked for again, it
    /// answers since when it is so.
    pub async fn begin_closure(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<UnixMillis, ClosureRefused>, SettlementError> {
        Ok(self.store.begin_closure(customer, act).await?)
    }

    /// Keeps an account that was to be closed, while it is not; answers whether it was to be.
    pub async fn cancel_closure(
        &self,
        customer: CustomerId,
        act: &Act,
    ) -> Result<Result<bool, ClosureRefused>, SettlementError> {
        Ok(self.store.cancel_closure(customer, act).await?)
    }

    /// Winds up every account whose end was asked for [`CLOSURE_GRACE_MS`] ago, as far as it goes now.
    pub async fn close_accounts(&self) -> Result<ClosureReport, SettlementError> {
        let mut report = ClosureReport::default();
        let asked_before = self.settled_until().await?;
        let mut after = None;
        loop {
            let customers = self.store.closures_due(asked_before, after).await?;
            if !customers.is_empty() {
                // What was done before, whoever did it, is known first.
                self.poll_events().await?;
                self.charge_customers(&customers).await?;
            }
            for customer in &customers {
                match self.wind_up(*customer, &mut report).await {
                    Err(SettlementError::Store(error)) if !error.is_unavailable() => {
                        // One customer's trouble is nobody else's.
                        tracing::error!(customer = customer.get(), %error, "an account could not be wound up");
                        report.undone += 1;
                    }
                    wound_up => wound_up?,
                }
            }
            if customers.len() < CLOSURES_MAX as usize {
                return Ok(report);
            }
            after = customers.last().copied();
        }
    }

    /// Everything that was served for accounts whose end was asked for up to the answer is in the store.
    async fn settled_until(&self) -> Result<UnixMillis, SettlementError> {
        let asked_before = self.clock.now().plus_ms(-CLOSURE_GRACE_MS);
        // Revoking keys makes an epoch of its own, so the store gets there. Without a journal there is no usage either.
        let received = self.store.received_until().await?.map(|until| until.plus_ms(self.clock.offset_ms()));
        Ok(received.map_or(asked_before, |received| received.min(asked_before)))
    }

    async fn wind_up(&self, customer: CustomerId, report: &mut ClosureReport) -> Result<(), SettlementError> {
        let act = Act { actor: Actor::System { part: JOB }, address: None, at: self.clock.now() };
        match self.store.wind_up(customer, &act).await? {
            ClosureStep::Wait | ClosureStep::Done => {}
            ClosureStep::Closed => report.closed += 1,
            ClosureStep::Withdraw { amount_usd_cents } => self.give_back(customer, amount_usd_cents, report).await?,
        }
        Ok(())
    }

    async fn give_back(
        &self,
        customer: CustomerId,
        amount_usd_cents: i64,
        report: &mut ClosureReport,
    ) -> Result<(), SettlementError> {
        let asked = async {
            if self.acts_for_owners() {
                self.request_withdrawal(customer, amount_usd_cents).await.map(|_| ())
            } else {
                self.close_with_escrow(customer).await
            }
        };
        match tokio::time::timeout(CALL_TIMEOUT, asked).await {
            Ok(Ok(())) => {
                report.withdrawals += 1;
                report.withdrawn_usd_cents += amount_usd_cents;
            }
            Ok(Err(SettlementError::Escrow(EscrowError::Refused { cause, .. }))) => {
                tracing::warn!(cause, "the escrow does not give back what is in an account that is being closed");
                report.undone += 1;
            }
            Ok(Err(SettlementError::Escrow(EscrowError::InDoubt { cause, .. }))) => {
                let customer = customer.get();
                tracing::warn!(
                    customer,
                    cause,
                    "nobody knows whether the escrow has closed an account: it is asked again"
                );
                report.undone += 1;
            }
            Err(_) => report.undone += 1,
            Ok(Err(error)) => return Err(error),
        }
        Ok(())
    }
}
