//! The loss meter as it is told: each worker's counts and its newest missing ranges, read out of the windows that come
//! with each epoch. Bounded as dedup is: who falls out there is folded here.

mod homes;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use suiftly_api::{BesideLive, LossLive, MissingLive, RangeLive, TransportBesideLive, WorkerLines};
use suiftly_ingest::dedup::{Missing, REORDER_GRACE_MS};
use suiftly_ingest::source::Transport;
use suiftly_ingest::stats::{IngestStats, TransportStats};
use suiftly_schema::batch::Batch;
use suiftly_schema::loss::{HomeLines, LossTotals, WorkerId, WorkerWindow};
use suiftly_schema::time::UnixMillis;
use suiftly_store::writer::Resume;

/// Missing ranges that are told of each worker: the newest.
const RANGES_MAX: usize = 64;

/// All workers, as of the last epoch published.
#[derive(Default)]
pub(super) struct Meter {
    /// The clock of that epoch.
    clock: UnixMillis,
    workers: BTreeMap<WorkerId, Told>,
    folded: BTreeMap<i16, LossTotals>,
}

/// What is told of a worker.
struct Told {
    lines: WorkerLines,
    /// What each home has brought.
    homes: Vec<HomeLines>,
    /// `None` if its window cannot be read, which ingest refuses to start with.
    missing: Option<Missing>,
}

impl Meter {
    /// Goes on from what the store holds.
    pub(super) fn new(resume: &Resume) -> Self {
        let mut meter =
            Self { clock: resume.cut_at, folded: resume.folded.iter().copied().collect(), ..Self::default() };
        resume.windows.iter().for_each(|window| meter.put(window));
        meter
    }

    /// An epoch was published.
    pub(super) fn take(&mut self, batch: &Batch) {
        self.goes_on_to(batch.cut_at);
        self.change(&batch.folded, &batch.windows);
    }

    /// An epoch's clock.
    pub(super) fn goes_on_to(&mut self, cut_at: UnixMillis) {
        self.clock = self.clock.max(cut_at);
    }

    /// Workers were folded, and then these windows changed.
    pub(super) fn change(&mut self, folded: &[WorkerWindow], windows: &[WorkerWindow]) {
        for window in folded {
            self.workers.remove(&window.worker);
            self.folded.entry(window.worker.server_id).or_default().add(&LossTotals::of(window));
        }
        windows.iter().for_each(|window| self.put(window));
    }

    /// Of some servers, what was read takes the place of what was told.
    pub(super) fn read(&mut self, resume: &Resume, is_read: impl Fn(i16) -> bool) {
        self.workers.retain(|worker, _| !is_read(worker.server_id));
        self.folded.retain(|server_id, _| !is_read(*server_id));
        self.folded.extend(resume.folded.iter().copied().filter(|(server_id, _)| is_read(*server_id)));
        resume.windows.iter().filter(|window| is_read(window.worker.server_id)).for_each(|window| self.put(window));
    }

    /// The clock that finality goes by. At rest nothing is on its way to us, so that the wall clock will do: whatever
    /// comes after all is cut later than it. `at_rest` is that clock.
    pub(super) fn as_of(&self, at_rest: Option<UnixMillis>) -> UnixMillis {
        at_rest.map_or(self.clock, |now| now.max(self.clock))
    }

    /// Every worker's counts.
    pub(super) fn lines(&self, as_of: UnixMillis) -> Vec<WorkerLines> {
        self.workers.values().map(|told| told.lines(as_of)).collect()
    }

    /// The sums of those that are not told apart any more.
    pub(super) const fn folded(&self) -> &BTreeMap<i16, LossTotals> {
        &self.folded
    }

    /// What each home has brought, of the workers whose lines come by several.
    pub(super) fn of_several_homes(&self) -> BTreeMap<WorkerId, Vec<HomeLines>> {
        let several = self.workers.iter().filter(|(_, told)| told.homes.len() > 1);
        several.map(|(worker, told)| (*worker, told.homes.clone())).collect()
    }

    /// For how long each gateway of several homes was heard by one alone, in milliseconds up to its last line.
    pub(super) fn on_one_home_ms(&self) -> BTreeMap<i16, u64> {
        homes::on_one_ms(self.workers.values().flat_map(|told| &told.homes))
    }

    /// All of it, with the ranges of so many workers of a server, or of all: those heard of last.
    pub(super) fn told(&self, as_of: UnixMillis, server_id: Option<i16>, newest_workers: usize) -> LossLive {
        let wanted = |worker: &WorkerId| server_id.is_none_or(|wanted| worker.server_id == wanted);
        let mut newest: Vec<_> = self.workers.iter().filter(|(worker, _)| wanted(worker)).collect();
        newest.sort_unstable_by_key(|(worker, told)| Reverse((told.lines.heard_at, **worker)));
        newest.truncate(newest_workers);
        LossLive {
            as_of,
            grace_ms: REORDER_GRACE_MS.unsigned_abs(),
            workers: self.lines(as_of),
            folded: self.folded.clone(),
            homes: newest.iter().map(|(worker, told)| (**worker, told.homes.clone())).collect(),
            missing: newest.into_iter().map(|(worker, told)| (*worker, told.missing(as_of))).collect(),
            beside: BesideLive::default(),
        }
    }

    /// These workers alone, as far as they are known.
    pub(super) fn told_of(&self, as_of: UnixMillis, workers: &[WorkerId]) -> LossLive {
        let known: Vec<_> = workers.iter().filter_map(|worker| self.workers.get_key_value(worker)).collect();
        LossLive {
            as_of,
            grace_ms: REORDER_GRACE_MS.unsigned_abs(),
            workers: known.iter().map(|(_, told)| told.lines(as_of)).collect(),
            missing: known.into_iter().map(|(worker, told)| (*worker, told.missing(as_of))).collect(),
            ..LossLive::default()
        }
    }

    fn put(&mut self, window: &WorkerWindow) {
        let missing = Missing::of(window, RANGES_MAX).ok();
        let homes = window.homes.iter().map(told_alone).collect();
        self.workers.insert(window.worker, Told { lines: lines_of(window), homes, missing });
    }
}

impl Told {
    fn lines(&self, as_of: UnixMillis) -> WorkerLines {
        let missing_final = self.missing.as_ref().map_or(self.lines.missing_final, |missing| missing.final_at(as_of));
        WorkerLines { missing_final, ..self.lines }
    }

    fn missing(&self, as_of: UnixMillis) -> MissingLive {
        let Some(missing) = &self.missing else { return MissingLive::default() };
        let range = |range: &suiftly_ingest::dedup::MissingRange| RangeLive {
            first_seq: range.first_seq,
            last_seq: range.last_seq,
            is_final: missing.is_final_at(*range, as_of),
        };
        MissingLive {
            ranges: missing.ranges.iter().map(range).collect(),
            ranges_left_out: missing.ranges_left_out,
            closed: missing.closed,
        }
    }
}

/// Without what dedup goes on from.
fn told_alone(of: &HomeLines) -> HomeLines {
    let HomeLines { worker, received, missing, first_seq, highest_seq, heard_at, .. } = *of;
    HomeLines { worker, home: of.home.clone(), received, missing, first_seq, highest_seq, heard_at, seen: Vec::new() }
}

fn lines_of(window: &WorkerWindow) -> WorkerLines {
    WorkerLines {
        worker: window.worker,
        received: window.received,
        duplicates: window.duplicates,
        conflicts: window.conflicts,
        missing: window.missing,
        missing_final: window.missing_final,
        repaired: window.repaired,
        first_seq: window.first_seq,
        highest_seq: window.highest_seq,
        heard_at: window.heard_at,
    }
}

/// What else loses lines, as ingest knows it.
pub(super) fn beside(stats: &IngestStats) -> BesideLive {
    let transport = |by: Transport| {
        let of = stats.by(by);
        let TransportStats { kernel_drops, oversize_frames, broken_streams, .. } = of;
        let connections_turned_away = of.turned_away();
        let lost = TransportBesideLive { kernel_drops, oversize_frames, broken_streams, connections_turned_away };
        (by.word().to_owned(), lost)
    };
    BesideLive {
        transports: Transport::LIVE.into_iter().map(transport).collect(),
        journal_damaged_blocks: stats.journal_damaged_blocks,
        duplicates_unproven: stats.forgotten.duplicates_unproven,
        workers_folded: stats.forgotten.workers,
        seqs_closed: stats.forgotten.closed_gap_seqs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_ingest::dedup::{Dedup, Limits};
    use suiftly_schema::loss::LineCounts;
    use suiftly_schema::record::LineId;

    const START: UnixMillis = UnixMillis(1_795_298_482_000);

    /// An epoch in which a worker's lines come.
    fn batch(dedup: &mut Dedup, epoch: u64, after_ms: i64, boot: i64, seqs: &[u32]) -> Batch {
        let cut_at = START.plus_ms(after_ms);
        dedup.begin_epoch(epoch, cut_at);
        for seq in seqs {
            dedup.observe(LineId { server_id: 17, boot: UnixMillis(boot), seq: *seq }, 0);
        }
        Batch {
            epoch,
            cut_at,
            journal_end: epoch,
            oldest_received_at: cut_at,
            records: vec![],
            record_journals: vec![],
            partials: suiftly_schema::partial::Partials::default(),
            reference: vec![],
            windows: dedup.changed(),
            folded: dedup.fallen().to_vec(),
            streams: vec![],
            ended: vec![],
            system: vec![],
            quarantined: vec![],
            requeued: vec![],
            counts: LineCounts::default(),
        }
    }

    #[test]
    fn who_has_gone_silent_becomes_final_by_the_others_clock_or_at_rest() {
        let mut dedup = Dedup::new(Limits::LIVE);
        let mut meter = Meter::default();
        meter.take(&batch(&mut dedup, 1, 0, 1, &[1, 2, 5, 7]));
        let finals = |meter: &Meter, at_rest| -> Vec<u64> {
            meter.lines(meter.as_of(at_rest)).iter().map(|lines| lines.missing_final).collect()
        };
        assert_eq!(finals(&meter, None), [0]);
        assert_eq!(finals(&meter, Some(START.plus_ms(-60_000))), [0], "a clock that went back");
        assert_eq!(finals(&meter, Some(START.plus_ms(6_000))), [3]);
        meter.take(&batch(&mut dedup, 2, 6_000, 2, &[3, 4]));
        assert_eq!(finals(&meter, None), [3, 0]);

        let as_of = meter.as_of(None);
        let told = meter.told(as_of, None, 1);
        assert_eq!((told.as_of, told.grace_ms, told.workers.len()), (START.plus_ms(6_000), 5_000, 2));
        let asked: Vec<_> = told.missing.keys().map(|worker| worker.boot.0).collect();
        assert_eq!(asked, [2], "the one heard of last");
        let told = meter.told(as_of, Some(17), 9);
        let silent = &told.missing[&WorkerId { server_id: 17, boot: UnixMillis(1) }];
        let range = |first_seq, last_seq| RangeLive { first_seq, last_seq, is_final: true };
        assert_eq!(silent.ranges, [range(6, 6), range(3, 4)]);
        assert!(meter.told(as_of, Some(18), 9).missing.is_empty());
        let stranger = WorkerId { server_id: 18, boot: UnixMillis(1) };
        let of = meter.told_of(as_of, &[stranger, WorkerId { server_id: 17, boot: UnixMillis(1) }]);
        assert_eq!((of.workers.len(), of.workers[0].missing_final, of.missing.len()), (1, 3, 1));
        assert_eq!((&of.missing[&of.workers[0].worker], of.as_of), (silent, as_of));
    }

    #[test]
    fn it_is_bounded_as_dedup_is_and_forgets_no_count() {
        let limits = Limits { workers: 8, ..Limits::LIVE };
        let mut dedup = Dedup::new(limits);
        let mut meter = Meter::default();
        for (epoch, boot) in (1..).zip(0..100i64) {
            meter.take(&batch(&mut dedup, epoch, boot, boot, &[2, 2]));
            assert!(meter.workers.len() <= limits.workers);
        }
        let known = meter.lines(START);
        let boots: Vec<_> = known.iter().map(|lines| lines.worker.boot.0).collect();
        assert_eq!(boots, (92..100).collect::<Vec<_>>());
        let folded = meter.folded()[&17];
        assert_eq!((folded.workers, folded.received, folded.duplicates, folded.missing), (92, 92, 92, 92));

        let resume = Resume {
            cut_at: START,
            windows: dedup.windows(),
            folded: meter.folded().iter().map(|(server, totals)| (*server, *totals)).collect(),
            ..Resume::default()
        };
        let again = Meter::new(&resume);
        assert_eq!((again.lines(START), again.folded()), (known, meter.folded()));

        meter.take(&batch(&mut dedup, 200, 200, 200, &[2, 2]));
        let (told, told_folded) = (meter.lines(START), meter.folded().clone());
        meter.read(&resume, |server_id| server_id != 17);
        assert_eq!((meter.lines(START), meter.folded()), (told, &told_folded), "of others");
        meter.read(&resume, |server_id| server_id == 17);
        assert_eq!((meter.lines(START), meter.folded()), (again.lines(START), again.folded()));
    }
}
