//! What the other processes of a cluster say of themselves, for the API to tell: the ingesters' counters as the processes of
//! the dataflow hear them, and how those are.

use super::giving::Giving;
use crate::up::deltas::{IngesterNow, Now};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use suiftly_api::{Clock, GiveAgainError, SystemClock};
use suiftly_ingest::decode::Uncounted;
use suiftly_ingest::dedup::Forgotten;
use suiftly_ingest::journal::JournalId;
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, Phase, TransportStats};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::time::UnixMillis;

/// The order has an epoch each second, whatever comes; it is some time on its way. What is younger is not behind.
const IDLE_MS: i64 = 2_000;

/// What was heard.
#[derive(Debug)]
pub(in crate::up) struct Elsewhere {
    /// The journal of the cluster's order.
    order: JournalId,
    nows: Mutex<BTreeMap<u16, Now>>,
    is_up_to_date: AtomicBool,
    /// Where quarantined lines go that are given again.
    giving: Arc<Giving>,
    /// The last epoch that is shown, and its clock.
    epoch: AtomicU64,
    cut_at: AtomicI64,
}

impl Elsewhere {
    pub(in crate::up) fn new(order: JournalId) -> Self {
        let (is_up_to_date, epoch) = (AtomicBool::new(false), AtomicU64::new(0));
        let cut_at = AtomicI64::new(SystemClock.now().0);
        Self { order, nows: Mutex::default(), is_up_to_date, giving: Arc::default(), epoch, cut_at }
    }

    /// How a process is.
    pub(super) fn heard(&self, now: Now) {
        self.nows.lock().insert(now.process, now);
    }

    /// It is not linked any more.
    pub(super) fn gone(&self, process: u16) {
        self.nows.lock().remove(&process);
    }

    /// For the link to process 0.
    pub(super) fn giving(&self) -> Arc<Giving> {
        Arc::clone(&self.giving)
    }

    /// The journals of which lines may be given again, as process 0 says.
    pub(in crate::up) fn open_journals(&self) -> BTreeSet<String> {
        let nows = self.nows.lock();
        let ingesters = nows.get(&0).into_iter().flat_map(|now| &now.ingesters);
        let open = ingesters.filter(|ingester| ingester.is_linked && ingester.is_open);
        open.filter_map(|ingester| Some(ingester.journal?.to_string())).collect()
    }

    /// Gives quarantined lines again to the ingester that has this journal: all of them or none.
    pub(in crate::up) async fn give(&self, journal: &str, lines: &[GivenLine]) -> Result<Epoch, GiveAgainError> {
        // What is no journal's id is nobody's.
        let journal = journal.parse().map_err(|_| GiveAgainError::NotLinked)?;
        self.giving.give(journal, lines).await
    }

    /// Whether all is shown that the order held when the processes were linked.
    pub(in crate::up) fn set_up_to_date(&self, is_so: bool) {
        self.is_up_to_date.store(is_so, Ordering::Release);
    }

    /// An epoch is shown.
    pub(super) fn shown(&self, epoch: Epoch, cut_at: UnixMillis) {
        self.epoch.store(epoch, Ordering::Relaxed);
        self.cut_at.store(cut_at.0, Ordering::Relaxed);
    }

    /// How far what is shown is behind the clock.
    pub(in crate::up) fn behind_ms(&self, now: UnixMillis) -> u64 {
        let age_ms = now.0.saturating_sub(self.cut_at.load(Ordering::Relaxed));
        u64::try_from(age_ms).ok().filter(|_| age_ms > IDLE_MS).unwrap_or(0)
    }

    /// Transactions that failed and were tried again.
    pub(in crate::up) fn retries(&self) -> u64 {
        self.nows.lock().values().map(|now| now.retries).sum()
    }

    /// Whether more comes to a process than the database takes of it.
    pub(in crate::up) fn is_passed_by(&self) -> bool {
        self.nows.lock().values().any(|now| now.is_passed_by)
    }

    /// All ingesters together, as one; with what decoding their lines has cost.
    pub(in crate::up) fn stats(&self) -> IngestStats {
        let nows = self.nows.lock();
        let mut by_name = BTreeMap::<&str, Vec<&IngesterNow>>::new();
        for now in nows.values().flat_map(|now| &now.ingesters) {
            by_name.entry(&now.name).or_default().push(now);
        }
        let mut all = self.none();
        // Who decodes knows it: the ingesters do not.
        all.forgotten = nows.values().map(|now| now.forgotten).fold(Forgotten::default(), Forgotten::plus);
        all.uncounted = nows.values().map(|now| now.uncounted).fold(Uncounted::default(), Uncounted::plus);
        for (name, seen) in by_name {
            // Who is linked knows best; of who is not, the counts stay.
            let known = seen.iter().filter(|now| now.stats.is_some()).max_by_key(|now| now.is_linked);
            if let Some(stats) = known.and_then(|now| now.stats.as_ref()) {
                add(&mut all, name, stats);
            }
            if let Some(not_linked) = seen.iter().find(|now| !now.is_linked) {
                let why = not_linked.trouble.as_deref().unwrap_or("it was not reached yet");
                all.write_error.get_or_insert_with(|| format!("ingest-{name} is not linked: {why}"));
            }
        }
        all
    }

    fn none(&self) -> IngestStats {
        let phase = if self.is_up_to_date.load(Ordering::Acquire) { Phase::Live } else { Phase::Recovering };
        IngestStats {
            phase,
            lines_per_second: 0.0,
            transports: [TransportStats::default(); Transport::ALL.len()],
            forgotten: Forgotten::default(),
            uncounted: Uncounted::default(),
            udp_receive_buffer_bytes: 0,
            queue_depth: 0,
            queue_bound: 0,
            journal_id: self.order,
            durable_epoch: self.epoch.load(Ordering::Relaxed),
            journal_offset: 0,
            journal_disk_bytes: 0,
            journal_damaged_blocks: 0,
            journal_damaged_bytes: 0,
            journal_upkeep_error: None,
            sync_age_ms: 0,
            sync_p99_ms: 0,
            write_error: None,
        }
    }
}

/// Adds an ingester's. Times are those of the slowest; the first trouble is told with its name.
fn add(all: &mut IngestStats, name: &str, stats: &IngestStats) {
    all.lines_per_second += stats.lines_per_second;
    for (all, of) in all.transports.iter_mut().zip(&stats.transports) {
        add_transport(all, of);
    }
    all.udp_receive_buffer_bytes += stats.udp_receive_buffer_bytes;
    all.queue_depth += stats.queue_depth;
    all.queue_bound += stats.queue_bound;
    all.journal_offset += stats.journal_offset;
    all.journal_disk_bytes += stats.journal_disk_bytes;
    all.journal_damaged_blocks += stats.journal_damaged_blocks;
    all.journal_damaged_bytes += stats.journal_damaged_bytes;
    all.sync_age_ms = all.sync_age_ms.max(stats.sync_age_ms);
    all.sync_p99_ms = all.sync_p99_ms.max(stats.sync_p99_ms);
    let told = |error: &Option<String>| error.as_ref().map(|error| format!("ingest-{name}: {error}"));
    all.journal_upkeep_error = all.journal_upkeep_error.take().or_else(|| told(&stats.journal_upkeep_error));
    all.write_error = all.write_error.take().or_else(|| told(&stats.write_error));
}

fn add_transport(all: &mut TransportStats, of: &TransportStats) {
    all.lines += of.lines;
    all.bytes += of.bytes;
    all.oversize_frames += of.oversize_frames;
    all.broken_streams += of.broken_streams;
    all.connections += of.connections;
    all.connections_refused += of.connections_refused;
    all.connections_displaced += of.connections_displaced;
    all.handshakes_failed += of.handshakes_failed;
    all.kernel_drops += of.kernel_drops;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingester(name: &str, lines: u64, is_linked: bool) -> IngesterNow {
        let mut stats = Elsewhere::new(JournalId([1; 16])).none();
        stats.transports[Transport::Tcp.index()].lines = lines;
        (stats.lines_per_second, stats.sync_p99_ms, stats.journal_offset) = (2.0, lines, 10);
        let trouble = (!is_linked).then(|| "nobody there".to_owned());
        let journal = Some(JournalId([name.as_bytes()[0]; 16]));
        IngesterNow { name: name.to_owned(), journal, is_linked, is_open: is_linked, trouble, stats: Some(stats) }
    }

    fn now(process: u16, retries: u64, ingesters: Vec<IngesterNow>) -> Now {
        Now {
            process,
            is_recovering: false,
            stored: 0,
            is_passed_by: retries > 1,
            retries,
            forgotten: Forgotten { workers: retries, ..Forgotten::default() },
            uncounted: Uncounted { deltas: 2 * retries, overtold: 0 },
            ingesters,
        }
    }

    #[test]
    fn each_ingester_counts_once_however_many_hear_it() {
        let elsewhere = Elsewhere::new(JournalId([7; 16]));
        assert_eq!(elsewhere.stats().phase, Phase::Recovering);
        elsewhere.heard(now(0, 1, vec![ingester("a", 5, true), ingester("b", 7, true)]));
        elsewhere.heard(now(1, 1, vec![ingester("a", 5, true), ingester("b", 7, true)]));
        elsewhere.set_up_to_date(true);
        let stats = elsewhere.stats();
        assert_eq!((stats.lines(), stats.journal_offset, stats.sync_p99_ms), (12, 20, 7));
        assert_eq!((stats.phase, stats.journal_id, stats.write_error), (Phase::Live, JournalId([7; 16]), None));
        assert!((stats.lines_per_second - 4.0).abs() < 1e-9);
        assert_eq!((elsewhere.retries(), elsewhere.is_passed_by()), (2, false));
        assert_eq!((stats.forgotten.workers, stats.uncounted.deltas), (2, 4), "of both processes");

        // What it has counted stays, and that it is not heard by all is told.
        elsewhere.heard(now(1, 2, vec![ingester("a", 5, true), ingester("b", 6, false)]));
        let stats = elsewhere.stats();
        assert_eq!(
            (stats.lines(), stats.write_error.unwrap()),
            (12, "ingest-b is not linked: nobody there".to_owned())
        );
        assert!(elsewhere.is_passed_by());
        assert_eq!(elsewhere.open_journals(), ["61".repeat(16), "62".repeat(16)].into(), "by process 0's links");
        elsewhere.heard(now(0, 1, vec![ingester("a", 5, false), ingester("b", 7, true)]));
        assert_eq!(elsewhere.open_journals(), ["62".repeat(16)].into());
        elsewhere.heard(now(0, 1, vec![ingester("a", 5, true), ingester("b", 7, true)]));
        elsewhere.gone(1);
        assert_eq!((elsewhere.stats().write_error, elsewhere.is_passed_by()), (None, false));
    }

    #[test]
    fn who_shows_each_second_is_not_behind() {
        let elsewhere = Elsewhere::new(JournalId([7; 16]));
        elsewhere.shown(9, UnixMillis(10_000));
        assert_eq!(
            [9_000, 12_000, 12_001, 70_000].map(|now| elsewhere.behind_ms(UnixMillis(now))),
            [0, 0, 2_001, 60_000]
        );
        assert_eq!(elsewhere.stats().durable_epoch, 9);
    }
}
