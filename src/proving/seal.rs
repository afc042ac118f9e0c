//! Seals parts: what the journal has of everything that the database holds.

use super::Source;
use crate::commands::blocking;
use anyhow::ensure;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::proof::{PartWalk, Step, StepPart, WalkFrom};
use suiftly_schema::ids::Epoch;
use suiftly_schema::proof::{Hex, lines_from};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::manager::Job;
use suiftly_settlement::{Clock, ManagerClock, SealReport, Sealer};
use suiftly_store::money::{MoneyStore, NewPart, SealStep};
use tokio::sync::Mutex;

/// How often parts are sealed, beside what a close seals.
const EVERY: Duration = Duration::from_secs(3_600);
/// Parts that are removed at once at most.
const REMOVED_AT_ONCE: u32 = 1_000_000;

type Sealed = Result<SealReport, Box<dyn std::error::Error + Send + Sync>>;

/// Seals one journal's parts.
pub(crate) struct JournalSealer {
    store: MoneyStore,
    source: Source,
    /// The walk, where it has come to: kept from run to run, since it knows which lines came before. Held by one run.
    walk: Mutex<Option<Walk>>,
}

struct Walk {
    walk: PartWalk,
    /// The last epoch that it has sealed, 0 for none.
    sealed: Epoch,
}

impl JournalSealer {
    pub(crate) fn new(store: MoneyStore, source: Source) -> Self {
        Self { store, source, walk: Mutex::new(None) }
    }

    /// What the manager does for it: it seals, and removes what is too old to be proven.
    pub(crate) fn job(self: &Arc<Self>, clock: &Arc<ManagerClock>) -> Job {
        let (sealer, clock) = (Arc::clone(self), Arc::clone(clock));
        Job::new("seal_parts", EVERY, move || {
            let (sealer, now) = (Arc::clone(&sealer), clock.now());
            async move {
                let report = sealer.run().await?;
                let removed = sealer.store.remove_parts(now, REMOVED_AT_ONCE).await?;
                let SealReport { epochs, lines, parts } = report;
                let detail =
                    || serde_json::json!({"epochs": epochs, "lines": lines, "parts": parts, "removed": removed});
                Ok((epochs + removed > 0).then(detail))
            }
        })
    }

    pub(super) async fn run(&self) -> anyhow::Result<SealReport> {
        let mut kept = self.walk.lock().await;
        let mut report = SealReport::default();
        let source = self.source.clone();
        let Some(journal_id) = blocking(move || source.journal_id()).await? else { return Ok(report) };
        let stored = self.store.stored_until(&journal_id.to_string()).await?;
        let Some((through, cut_at)) = stored else { return Ok(report) };
        let mut walk = self.walk_on(journal_id, cut_at, kept.take()).await?;
        loop {
            let (mut at, sealed) = (walk.walk, walk.sealed);
            let (at, step) = blocking(move || {
                let step = at.step(through)?;
                anyhow::Ok((at, step))
            })
            .await?;
            walk = Walk { walk: at, sealed };
            let Some(step) = step else { break };
            report.epochs += step.last_epoch - step.first_epoch + 1;
            report.lines += step.lines;
            report.parts += step.parts.len() as u64;
            let step = to_seal(journal_id, sealed, step);
            ensure!(self.store.seal(&step).await?, "another process seals journal {journal_id}");
            walk.sealed = step.last_epoch;
        }
        *kept = Some(walk);
        Ok(report)
    }

    /// The walk that was kept if it stands where the database says, else one that is begun there. Where nothing was sealed
    /// ever, it begins with the month before the one that runs: those before are closed.
    async fn walk_on(&self, journal_id: JournalId, now: UnixMillis, kept: Option<Walk>) -> anyhow::Result<Walk> {
        let sealed = self.store.sealed_journal(&journal_id.to_string()).await?;
        let (epoch, cut_at) = sealed.map_or((0, UnixMillis::MIN), |sealed| (sealed.epoch, sealed.cut_at));
        if let Some(kept) = kept.filter(|kept| kept.sealed == epoch) {
            return Ok(kept);
        }
        let books = self.store.told_reference().await?.books;
        let whole_from = sealed.and_then(|sealed| sealed.whole_from);
        let Source { dirs, decode, .. } = self.source.clone();
        let since = lines_from(now.month().previous());
        let from = WalkFrom { journal_id, sealed: (epoch, cut_at), since, whole_from, books, decode };
        let walk = blocking(move || PartWalk::begin(&dirs, &from)).await?;
        Ok(Walk { walk, sealed: epoch })
    }
}

impl Sealer for JournalSealer {
    fn seal(&self) -> Pin<Box<dyn Future<Output = Sealed> + Send + '_>> {
        Box::pin(async { Ok(self.run().await?) })
    }
}

fn to_seal(journal_id: JournalId, after: Epoch, step: Step) -> SealStep {
    let Step { first_epoch, last_epoch, cut_at, whole_from, lines: _, parts } = step;
    let part = |StepPart { customer_id, hour, requests, bytes, records, subtrees }| NewPart {
        customer_id,
        hour,
        requests,
        bytes,
        records,
        subtrees,
    };
    let parts = parts.into_iter().map(part).collect();
    SealStep { journal: Hex(journal_id.0), after, first_epoch, last_epoch, cut_at, whole_from, parts }
}
