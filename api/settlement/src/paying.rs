//! Paying withdrawals: to the owner only, once, when all that is accrued is charged.

use crate::charging::CALL_TIMEOUT;
use crate::escrow::EscrowError;
use crate::{Settlement, SettlementError};
use suiftly_schema::ids::CustomerId;
use suiftly_store::money::Payout;

/// What was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct PayoutReport {
    /// Requests looked at.
    pub requests: u64,
    /// Requests settled.
    pub settled: u64,
    /// What was paid, in cents.
    pub paid_usd_cents: i64,
    /// Requests that wait: for a charge, or for another withdrawal.
    pub waiting: u64,
    /// Payments that were refused, and will be decided again.
    pub refused: u64,
    /// Payments without an answer: asked again the next time, by the same request.
    pub in_doubt: u64,
}

impl Settlement {
    /// Pays the withdrawals that can be paid: what is accrued is charged first, then as much as there is, up to what was
    /// asked for. A request is settled within a day, whatever cannot be charged; where owners act for themselves it is due
    /// to them then, and paid whole.
    pub async fn pay_withdrawals(&self) -> Result<PayoutReport, SettlementError> {
        let mut report = PayoutReport::default();
        loop {
            let left = u32::try_from(report.requests - report.settled).unwrap_or(u32::MAX);
            let page = self.store.pending_withdrawals(left).await?;
            if page.is_empty() {
                return Ok(report);
            }
            let mut customers: Vec<CustomerId> = page.iter().map(|(_, customer)| *customer).collect();
            customers.sort_unstable();
            customers.dedup();
            self.charge_customers(&customers).await?;
            for (request, customer) in &page {
                report.requests += 1;
                let may_hold_back = self.acts_for_owners();
                match self.store.begin_payout(request, *customer, self.clock.now(), may_hold_back).await? {
                    Some(payout) => self.pay(&payout, &mut report).await?,
                    None => report.waiting += 1,
                }
            }
        }
    }

    async fn pay(&self, payout: &Payout, report: &mut PayoutReport) -> Result<(), SettlementError> {
        let pay = self.escrow.pay_withdrawal(&payout.request_digest, payout.amount_usd_cents, self.clock.now());
        match tokio::time::timeout(CALL_TIMEOUT, pay).await {
            Ok(Ok(event)) => {
                self.store.mirror_answer(&event, self.clock.now()).await?;
                report.settled += 1;
                report.paid_usd_cents += event.amount_usd_cents;
            }
            Ok(Err(EscrowError::Refused { cause, .. })) => {
                tracing::warn!(
                    request = payout.request_digest,
                    cause,
                    "the escrow does not pay a withdrawal: to be decided again"
                );
                self.store.cancel_payout(&payout.request_digest).await?;
                report.refused += 1;
            }
            Ok(Err(EscrowError::InDoubt { cause, .. })) => {
                let request = payout.request_digest.as_str();
                tracing::warn!(
                    request,
                    cause,
                    "nobody knows whether the escrow has paid a withdrawal: it is asked again"
                );
                report.in_doubt += 1;
            }
            Err(_) => report.in_doubt += 1,
        }
        Ok(())
    }
}
