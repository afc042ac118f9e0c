//! Closing months, and correcting those that are closed: chunk by chunk, resumable, each customer's month once.
//!
//! A month is closed [`GRACE_MS`] after its end: by the manager's clock, and by the clock up to which the store has every
//! line that was received (moved ahead as the manager's is), so that nothing received within the grace is missing from the
//! bill. Lines that come later make a note, once [`NOTES_AFTER_MS`] have passed since the month's end: until then more may
//! come, and one note says it all. What is replayed later still makes a note at the next run.
//!
//! A crash between chunks leaves closed months closed; the next run goes on with the others.
//!
//! Where bills can be proven, the journal is sealed first, and a month is closed when its parts come to its hours: nothing
//! that was billed came after them, so they are all there is up to the epochs that the inputs name.

mod decide;

use crate::{Settlement, SettlementError};
use std::ops::ControlFlow;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::StoreError;
use suiftly_store::money::{CLOSE_CUSTOMERS_MAX, ChunkReport, MonthCase, Which};

/// How long after its end a month takes lines into its invoice.
pub const GRACE_MS: i64 = 24 * 3_600_000;
/// How long after its end a month's corrections are awaited before a note says them: as long as its lines may be late.
pub const NOTES_AFTER_MS: i64 = 8 * 24 * 3_600_000;
/// How long a month that is due waits for its parts: then something is wrong, and people are told.
pub const PARTS_AWAITED_MS: i64 = 24 * 3_600_000;
/// Customers that are looked up at once: finding who is open reads past all who are closed already.
const CUSTOMERS_LISTED: usize = 50_000;

/// What a run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloseReport {
    /// Customers' months closed, or corrected.
    pub changed: u64,
    /// Documents written: a month with nothing in it has none.
    pub documents: u64,
    /// Months left for another run: a charge is undecided that an excess depends on, or an earlier month is open.
    pub waiting: u64,
    /// Months left for people, who are notified: hours that do not come to what was rated, or what the database refuses.
    pub alarms: u64,
    /// Transactions.
    pub chunks: u64,
    /// Whether the run was stopped before all was done.
    pub is_stopped: bool,
}

impl CloseReport {
    fn add(&mut self, chunk: &ChunkReport) {
        self.changed += u64::from(chunk.changed);
        self.documents += u64::from(chunk.documents);
        self.waiting += u64::from(chunk.waiting);
        self.alarms += u64::from(chunk.alarms);
        self.chunks += 1;
    }
}

/// Customers of one month whose turn it is.
struct Chunk {
    which: Which,
    month: BillingMonth,
    customers: Vec<CustomerId>,
}

impl Settlement {
    /// Closes every customer's month that is due.
    pub async fn close_due(&self) -> Result<CloseReport, SettlementError> {
        self.close_while(&mut |_| ControlFlow::Continue(())).await
    }

    /// Closes what is due, asking after each chunk whether to go on.
    pub async fn close_while(
        &self,
        go_on: &mut (dyn FnMut(&CloseReport) -> ControlFlow<()> + Send),
    ) -> Result<CloseReport, SettlementError> {
        let mut report = CloseReport::default();
        let Some(before) = self.over_since(GRACE_MS).await? else { return Ok(report) };
        let mut is_sealed = false;
        for month in self.store.months_to_close(before).await? {
            let mut after = None;
            loop {
                let listed = self.store.customers_to_close(month, after, CUSTOMERS_LISTED).await?;
                let Some(last) = listed.last().copied() else { break };
                after = Some(last);
                if !std::mem::replace(&mut is_sealed, true) {
                    self.seal_first().await;
                }
                for customers in listed.chunks(CLOSE_CUSTOMERS_MAX).map(<[CustomerId]>::to_vec) {
                    self.change(Chunk { which: Which::Open, month, customers }, &mut report).await?;
                    if go_on(&report).is_break() {
                        return Ok(CloseReport { is_stopped: true, ..report });
                    }
                }
            }
        }
        tracing::debug!(?report, "closed what is due");
        Ok(report)
    }

    /// Writes a note for every closed month that is rated otherwise than its documents say, one a customer and month.
    pub async fn notes_due(&self) -> Result<CloseReport, SettlementError> {
        let mut report = CloseReport::default();
        let Some(before) = self.over_since(NOTES_AFTER_MS).await? else { return Ok(report) };
        let mut after = (UnixMillis::MIN.month(), None);
        loop {
            let found = self.store.months_to_correct(before, after, CLOSE_CUSTOMERS_MAX).await?;
            let Some((month, customer)) = found.last().copied() else { break };
            if after.1.is_none() {
                self.seal_first().await;
            }
            after = (month, Some(customer));
            for of_month in found.chunk_by(|one, other| one.0 == other.0) {
                let customers = of_month.iter().map(|(_, customer)| *customer).collect();
                self.change(Chunk { which: Which::Closed, month: of_month[0].0, customers }, &mut report).await?;
            }
        }
        tracing::debug!(?report, "corrected what was due");
        Ok(report)
    }

    /// Months before the answer ended so long ago, by the manager's clock and by the store's. `None`: nothing was received
    /// ever, so nobody knows.
    async fn over_since(&self, ms: i64) -> Result<Option<BillingMonth>, SettlementError> {
        let Some(received_until) = self.store.received_until().await? else { return Ok(None) };
        let sure = received_until.plus_ms(self.clock.offset_ms()).min(self.clock.now());
        Ok(Some(sure.plus_ms(-ms).month()))
    }

    /// One chunk. If the database refuses it, its halves, so that one customer's trouble is nobody else's.
    async fn change(&self, chunk: Chunk, report: &mut CloseReport) -> Result<(), SettlementError> {
        let Chunk { which, month, customers } = chunk;
        let (at, has_parts) = (self.clock.now(), self.sealer.is_some());
        let mut waiting = vec![customers];
        while let Some(customers) = waiting.pop() {
            let decided = |case: &MonthCase| decide::month(case, at);
            match self.store.change_months(which, has_parts, month, &customers, at, &decided).await {
                Ok(chunk) => report.add(&chunk),
                Err(StoreError::Refused { attempted, cause }) => {
                    let why = format!("the database refused to {attempted}: {cause}");
                    match customers[..] {
                        [customer] => {
                            self.store.leave_month(month, customer, at, &why).await?;
                            report.alarms += 1;
                        }
                        _ => {
                            let (one, other) = customers.split_at(customers.len() / 2);
                            waiting.extend([other.to_vec(), one.to_vec()]);
                        }
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
