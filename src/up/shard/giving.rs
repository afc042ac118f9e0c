//! Quarantined lines that are given again: process 0 hands them to the ingester that has their journal.
//!
//! **When.** A line that was asked for before this start has its outcome once every shard has the epoch that it came in, if it
//! was journaled at all; else it is free again. What was under way to an ingester then is in its journal some seconds after
//! it is linked. So that journal must be stored so far by every shard, and what has no outcome then is set free, before
//! anything of it is given: a line without a number of its own that went through twice would be billed twice.

use super::super::deltas::IngesterNow;
use super::super::telling::Told;
use super::following::Followings;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_ingest::hand_in::HandInError;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::stats::IngestStats;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_store::StoreError;
use suiftly_store::shards::ClusterStore;

/// So long after it is linked an ingester has journaled what was under way to it.
const SETTLES_AFTER: Duration = Duration::from_secs(10);
/// Unless its disk is slow: one whose sync takes longer is waited for.
const SYNC_AGE_MAX_MS: u64 = 2_000;

/// The way of lines that are given again. Only at process 0 is anything ever free to go it.
pub(super) struct Giving {
    pub(super) followings: Followings,
    pub(super) told: Arc<Told>,
    claims: Mutex<Claims>,
}

/// How far each journal is that was linked since the start.
#[derive(Debug, Default)]
struct Claims(BTreeMap<JournalId, Claimed>);

/// What was asked for of a journal before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claimed {
    /// May be under way: its ingester is linked since then.
    UnderWay(Instant),
    /// Is journaled up to this epoch, or not at all.
    Journaled(Epoch),
    /// Has an outcome, or is free.
    Over,
}

impl Giving {
    pub(super) fn new(followings: Followings) -> Arc<Self> {
        Arc::new(Self { followings, told: Arc::default(), claims: Mutex::default() })
    }

    /// The ingesters as they are; and of whose journals lines may be given again.
    pub(super) fn ingesters(&self) -> Vec<IngesterNow> {
        let mut ingesters = self.followings.now();
        let claims = self.claims.lock();
        for ingester in &mut ingesters {
            ingester.is_open = ingester.is_linked && ingester.journal.is_some_and(|journal| claims.is_over(&journal));
        }
        ingesters
    }

    /// Gives lines of a journal again, behind all that was committed to the reference data before.
    pub(super) async fn give(&self, journal: JournalId, lines: Vec<GivenLine>) -> Result<Epoch, HandInError> {
        if !self.claims.lock().is_over(&journal) {
            return Err(HandInError::Recovering);
        }
        // A format that was published before comes before the lines in the order.
        if !self.told.all().await {
            return Err(HandInError::Busy);
        }
        self.followings.give(journal, lines).await
    }

    /// Sets free what was asked for before this start, of each journal that is taken in and whose time has come. To be called
    /// now and then.
    pub(super) async fn release(
        &self,
        store: &mut ClusterStore,
        generation: u64,
        taken_in: &BTreeSet<JournalId>,
    ) -> Result<(), StoreError> {
        let due = self.claims.lock().look(&self.followings.now(), Instant::now());
        for (journal, through) in due.into_iter().filter(|(journal, _)| taken_in.contains(journal)) {
            let Some(lines) = store.release_claims(generation, &journal.to_string(), through).await? else { continue };
            if lines > 0 {
                tracing::info!(%journal, lines, "quarantined lines that were asked for and never journaled are free again");
            }
            self.claims.lock().end(journal);
        }
        Ok(())
    }
}

impl Claims {
    /// Looks at the ingesters. Answers which journals are to be stored how far.
    fn look(&mut self, ingesters: &[IngesterNow], now: Instant) -> Vec<(JournalId, Epoch)> {
        for ingester in ingesters {
            let Some(journal) = ingester.journal else { continue };
            if !ingester.is_linked {
                // What it said before it was cut off is old.
                self.0.retain(|known, claimed| *known != journal || !matches!(claimed, Claimed::UnderWay(_)));
                continue;
            }
            let claimed = self.0.entry(journal).or_insert(Claimed::UnderWay(now));
            if let Claimed::UnderWay(since) = *claimed
                && now.duration_since(since) >= SETTLES_AFTER
                && let Some(stats) = ingester.stats.as_ref().filter(|stats| has_settled(stats))
            {
                *claimed = Claimed::Journaled(stats.durable_epoch);
            }
        }
        let due = |(journal, claimed): (&JournalId, &Claimed)| match claimed {
            Claimed::Journaled(through) => Some((*journal, *through)),
            Claimed::UnderWay(_) | Claimed::Over => None,
        };
        self.0.iter().filter_map(due).collect()
    }

    fn end(&mut self, journal: JournalId) {
        self.0.insert(journal, Claimed::Over);
    }

    fn is_over(&self, journal: &JournalId) -> bool {
        self.0.get(journal) == Some(&Claimed::Over)
    }
}

/// Whether what came to it some seconds ago is on its disk.
fn has_settled(stats: &IngestStats) -> bool {
    stats.write_error.is_none() && stats.sync_age_ms <= SYNC_AGE_MAX_MS
}

#[cfg(test)]
mod tests {
    use super::super::super::front::Elsewhere;
    use super::*;

    const JOURNAL: JournalId = JournalId([7; 16]);

    fn ingester(durable_epoch: Epoch, is_linked: bool) -> IngesterNow {
        let stats = IngestStats { durable_epoch, ..Elsewhere::new(JOURNAL).stats() };
        let (name, journal, stats) = ("a".to_owned(), Some(JOURNAL), Some(stats));
        IngesterNow { name, journal, is_linked, is_open: false, trouble: None, stats }
    }

    #[test]
    fn what_was_under_way_at_the_start_is_stored_before_anything_is_given() {
        let (mut claims, start) = (Claims::default(), Instant::now());
        let look = |claims: &mut Claims, ingester: &IngesterNow, after_s: u64| {
            claims.look(std::slice::from_ref(ingester), start + Duration::from_secs(after_s))
        };
        assert!(look(&mut claims, &ingester(5, true), 0).is_empty());
        assert!(look(&mut claims, &ingester(6, true), 9).is_empty());
        // It was cut off: the time begins anew.
        assert!(look(&mut claims, &ingester(6, false), 10).is_empty());
        assert!(look(&mut claims, &ingester(7, true), 11).is_empty());
        assert!(look(&mut claims, &ingester(8, true), 20).is_empty());
        let mut slow = ingester(9, true);
        slow.stats.as_mut().unwrap().sync_age_ms = SYNC_AGE_MAX_MS + 1;
        assert!(look(&mut claims, &slow, 21).is_empty());
        slow.stats.as_mut().unwrap().write_error = Some("the disk is full".to_owned());
        slow.stats.as_mut().unwrap().sync_age_ms = 0;
        assert!(look(&mut claims, &slow, 22).is_empty());
        assert_eq!(look(&mut claims, &ingester(9, true), 23), [(JOURNAL, 9)]);
        // What comes later is not waited for, nor is it lost by a link that ends.
        assert_eq!(look(&mut claims, &ingester(10, false), 24), [(JOURNAL, 9)]);
        assert!(!claims.is_over(&JOURNAL));
        claims.end(JOURNAL);
        assert!(look(&mut claims, &ingester(11, true), 60).is_empty());
        assert!(claims.is_over(&JOURNAL) && !claims.is_over(&JournalId([8; 16])));
    }
}
