//! Charging: what is due is intended, called for, recorded; what is not decided is recovered.
//!
//! Where it stands: [`suiftly_store::money`] decides under customers' locks and writes intents with their nonces; here the
//! escrow is called, outside any transaction; what it says is recorded by the same function that applies polled events.
//! Whoever dies in between leaves a nonce behind, by which it is found out what was done.

use crate::escrow::{ChargeOrder, EscrowError, EscrowEvent, Nonce};
use crate::{Settlement, SettlementError};
use futures::stream::{self, StreamExt};
use std::collections::BTreeSet;
use std::time::Duration;
use suiftly_schema::ids::CustomerId;
use suiftly_store::money::{CANDIDATES_MAX, ChargeAnswer, Intent, Recorded};

/// How long a call to the escrow may take. Then it is in doubt.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Customers that are charged by one call, and one transaction before and after it.
pub const CUSTOMERS_A_CHUNK: usize = 500;
/// Nonces that are looked up at once: where a chain is asked, each takes a while.
const LOOKED_UP_AT_ONCE: usize = 32;
/// Draws of one customer in one run at most: a month each, so that it takes years of debts to need another run.
const DRAWS_A_RUN: usize = 24;

/// What a run has charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct ChargeReport {
    /// Customers looked at.
    pub customers: u64,
    /// Charges drawn.
    pub charged: u64,
    /// What they came to, in cents.
    pub charged_usd_cents: i64,
    /// Charges refused.
    pub refused: u64,
    /// Charges without an answer: `recover` finds out.
    pub in_doubt: u64,
    /// Times that credits were used.
    pub credited: u64,
    /// Customers told that what is accrued is not covered.
    pub uncovered: u64,
}

/// What became of undecided charges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RecoverReport {
    /// Undecided charges looked at.
    pub undecided: u64,
    /// Found to be drawn, or drawn now.
    pub charged: u64,
    /// Refused now.
    pub refused: u64,
    /// Still without an answer.
    pub in_doubt: u64,
}

impl ChargeReport {
    fn add(&mut self, recorded: &Recorded) {
        self.charged += u64::from(recorded.charged);
        self.charged_usd_cents += recorded.charged_usd_cents;
        self.refused += u64::from(recorded.refused);
        self.in_doubt += u64::from(recorded.in_doubt);
    }
}

impl Settlement {
    /// Charges whoever is due: the oldest month first, from credits and then from escrow, and what is not covered stays
    /// due. Who has an undecided charge is passed over: [`Self::recover`] is for those.
    pub async fn charge_due(&self) -> Result<ChargeReport, SettlementError> {
        let mut report = ChargeReport::default();
        let mut after = None;
        loop {
            let candidates = self.store.charge_candidates(after, self.clock.now()).await?;
            let due: Vec<CustomerId> = candidates.iter().filter(|one| one.is_due).map(|one| one.customer_id).collect();
            for chunk in due.chunks(CUSTOMERS_A_CHUNK) {
                report.customers += chunk.len() as u64;
                self.charge_chunk(chunk, &mut report).await?;
            }
            let uncovered = candidates.iter().filter(|one| one.is_uncovered).map(|one| one.customer_id);
            for chunk in uncovered.collect::<Vec<_>>().chunks(CUSTOMERS_A_CHUNK) {
                report.uncovered += self.store.note_uncovered(chunk, self.clock.now()).await?;
            }
            if candidates.len() < CANDIDATES_MAX as usize {
                return Ok(report);
            }
            after = candidates.last().map(|last| last.customer_id);
        }
    }

    /// Charges these customers what they are due.
    pub async fn charge_customers(&self, customers: &[CustomerId]) -> Result<ChargeReport, SettlementError> {
        let mut report = ChargeReport::default();
        for chunk in customers.chunks(CUSTOMERS_A_CHUNK) {
            report.customers += chunk.len() as u64;
            self.charge_chunk(chunk, &mut report).await?;
        }
        Ok(report)
    }

    async fn charge_chunk(&self, customers: &[CustomerId], report: &mut ChargeReport) -> Result<(), SettlementError> {
        let _turn = self.charging.lock().await;
        if !self.acts_for_owners() {
            // A chain has charges that a database knows nothing of which was set back: they come first, as credits.
            self.poll_events().await?;
        }
        let mut customers = customers.to_vec();
        for _ in 0..DRAWS_A_RUN {
            let intended = self.store.intend(&customers, self.clock.now()).await?;
            report.credited += u64::from(intended.credited);
            let (answers, undrawn) = self.call(&intended.intents).await;
            if !answers.is_empty() {
                report.add(&self.store.record_answers(&answers, self.clock.now()).await?);
            }
            // Whoever has more to be drawn, unless this draw was not made.
            customers = intended.more;
            customers.retain(|customer| !undrawn.contains(customer));
            if customers.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Decides charges that were intended and of which nobody knows what became: looks their nonces up, and calls again,
    /// with the same nonces, for those that the escrow does not have. On every start, and from time to time.
    pub async fn recover(&self) -> Result<RecoverReport, SettlementError> {
        let _turn = self.charging.lock().await;
        let (mut report, mut after) = (RecoverReport::default(), 0);
        loop {
            let intents = self.store.undecided(after).await?;
            let Some(last) = intents.last() else { return Ok(report) };
            after = last.charge_id;
            for chunk in intents.chunks(CUSTOMERS_A_CHUNK) {
                let answers = self.find_out(chunk).await;
                let recorded = self.store.record_answers(&answers, self.clock.now()).await?;
                report.undecided += chunk.len() as u64;
                report.charged += u64::from(recorded.charged);
                report.refused += u64::from(recorded.refused);
                report.in_doubt += u64::from(recorded.in_doubt);
            }
        }
    }

    async fn find_out(&self, intents: &[Intent]) -> Vec<ChargeAnswer> {
        let mut asked = Vec::with_capacity(intents.len());
        for intent in intents {
            asked.push(self.look_up(&intent.order.nonce));
        }
        let found: Vec<_> = stream::iter(asked).buffered(LOOKED_UP_AT_ONCE).collect().await;
        let (mut answers, mut again) = (Vec::new(), Vec::new());
        for (intent, found) in intents.iter().zip(found) {
            match found {
                Ok(Some(event)) => answers.push(ChargeAnswer::Charged(event)),
                Ok(None) => again.push(intent.clone()),
                Err(cause) => answers.push(in_doubt(intent, cause)),
            }
        }
        answers.extend(self.call(&again).await.0);
        answers
    }

    /// What a nonce has charged, if anything; or why nobody knows.
    async fn look_up(&self, nonce: &Nonce) -> Result<Option<EscrowEvent>, String> {
        let found = tokio::time::timeout(CALL_TIMEOUT, self.escrow.look_up(nonce)).await;
        found.map_err(|_| late())?.map_err(|error| error.to_string())
    }

    /// Calls the escrow; answers what came of each, and who was not charged.
    async fn call(&self, intents: &[Intent]) -> (Vec<ChargeAnswer>, BTreeSet<CustomerId>) {
        if intents.is_empty() {
            return (Vec::new(), BTreeSet::new());
        }
        let orders: Vec<ChargeOrder> = intents.iter().map(|intent| intent.order.clone()).collect();
        let called = tokio::time::timeout(CALL_TIMEOUT, self.escrow.charge(&orders, self.clock.now())).await;
        // An answer that is missing is none.
        let mut called = called.unwrap_or_default().into_iter();
        let mut undrawn = BTreeSet::new();
        let answers = intents.iter().map(|intent| {
            let answer = answer_of(intent, called.next());
            if !matches!(answer, ChargeAnswer::Charged(_)) {
                undrawn.insert(intent.customer_id);
            }
            answer
        });
        (answers.collect(), undrawn)
    }
}

/// An event of another nonce is no answer to this one.
fn answer_of(intent: &Intent, answer: Option<Result<EscrowEvent, EscrowError>>) -> ChargeAnswer {
    let nonce = intent.order.nonce.clone();
    match answer {
        Some(Ok(event)) if event.nonce.as_ref() == Some(&nonce.0) => ChargeAnswer::Charged(event),
        Some(Err(EscrowError::Refused { cause, .. })) => ChargeAnswer::Refused { nonce, cause },
        Some(Ok(event)) => in_doubt(intent, format!("event {} of another nonce came as the answer", event.digest)),
        Some(Err(error @ EscrowError::InDoubt { .. })) => in_doubt(intent, error.to_string()),
        None => in_doubt(intent, late()),
    }
}

fn in_doubt(intent: &Intent, cause: String) -> ChargeAnswer {
    let charge = intent.charge_id;
    tracing::warn!(charge, cause, "the escrow did not say whether it charged: to be looked up");
    ChargeAnswer::InDoubt { nonce: intent.order.nonce.clone(), cause }
}

fn late() -> String {
    format!("the escrow gave no answer within {} s", CALL_TIMEOUT.as_secs())
}
