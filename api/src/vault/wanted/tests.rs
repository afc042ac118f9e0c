use super::*;
use crate::admin::loss::RangeLive;
use suiftly_schema::fleet::{DrainedWorker, RepairReport};

const BORN: UnixMillis = UnixMillis(1_795_298_476_993);
const WORKER: WorkerId = WorkerId { server_id: 17, boot: BORN };

const NOTHING: [SeqRange; 0] = [];

/// The worker's lines came up to this one, the last of them so long after its birth.
fn lines(highest_seq: u64, heard_ms: i64) -> WorkerLines {
    WorkerLines {
        worker: WORKER,
        received: highest_seq,
        duplicates: 0,
        conflicts: 0,
        missing: 0,
        missing_final: 0,
        repaired: 0,
        first_seq: 1,
        highest_seq,
        heard_at: BORN.plus_ms(heard_ms),
    }
}

fn range(first: u64, last: u64) -> SeqRange {
    SeqRange { first, last }
}

fn missing(ranges: &[(u64, u64, bool)], ranges_left_out: u64) -> MissingLive {
    let range = |(first_seq, last_seq, is_final): &(u64, u64, bool)| RangeLive {
        first_seq: *first_seq,
        last_seq: *last_seq,
        is_final: *is_final,
    };
    MissingLive { ranges: ranges.iter().map(range).collect(), ranges_left_out, closed: 0 }
}

#[test]
fn what_is_final_is_wanted_and_what_may_still_come_is_not() {
    let mut many: Vec<_> = (0..64).map(|n| (1_000 - 2 * n, 1_000 - 2 * n, true)).collect();
    let all = many.iter().map(|(first, last, _)| range(*first, *last)).collect::<Vec<_>>();
    let cases = [
        (missing(&[], 0), None),
        (missing(&[(9, 9, false), (3, 5, true), (1, 1, true)], 0), Some((vec![range(3, 5), range(1, 1)], true))),
        (missing(&[(9, 9, false)], 0), None),
        (missing(&[(9, 9, false)], 3), Some((Vec::new(), false))),
        (missing(&many, 0), Some((all.clone(), true))),
        (missing(&many, 1), Some((all.clone(), false))),
        {
            many.push((1, 1, true));
            (missing(&many, 0), Some((all, false)))
        },
    ];
    for (missing, expected) in cases {
        let loss = LossLive {
            as_of: BORN,
            workers: vec![lines(2_000, 0)],
            missing: BTreeMap::from([(WORKER, missing.clone())]),
            ..LossLive::default()
        };
        let found = of_worker(WORKER, 2_000, &loss, &mut Numbered::default(), BORN);
        assert_eq!(found.map(|of| (of.ranges, of.is_all)), expected, "{missing:?}");
    }
}

/// A report each two seconds until then; what is wanted by the last of them. Times are after the birth.
fn end_after(until_ms: i64, known: Option<WorkerLines>, numbered: u64, silent_from_to: (i64, i64)) -> Vec<SeqRange> {
    let mut told = Numbered::default();
    let mut wanted = Vec::new();
    for ms in (0..=until_ms).step_by(2_000).filter(|ms| !(silent_from_to.0..silent_from_to.1).contains(ms)) {
        let now = BORN.plus_ms(ms);
        let loss = LossLive { as_of: now, workers: known.into_iter().collect(), ..LossLive::default() };
        wanted = of_worker(WORKER, numbered, &loss, &mut told, now).map_or_else(Vec::new, |of| of.ranges);
    }
    wanted
}

#[test]
fn the_end_is_wanted_of_a_worker_that_is_silent_and_has_said_for_long_that_there_is_more() {
    let never = (0, 0);
    assert_eq!(end_after(28_000, Some(lines(90, 0)), 100, never), NOTHING);
    assert_eq!(end_after(30_000, Some(lines(90, 0)), 100, never), [range(91, 100)]);
    assert_eq!(end_after(60_000, Some(lines(100, 0)), 100, never), NOTHING, "all of it came");
    assert_eq!(end_after(60_000, Some(lines(90, 40_000)), 100, never), NOTHING, "it was heard of since");
    assert_eq!(end_after(60_000, Some(lines(1 << 33, 0)), 100, never), NOTHING, "its count has begun anew");
    assert_eq!(end_after(60_000, None, 100, never), [range(1, 100)], "no line of it ever came");
    assert_eq!(end_after(60_000, None, 0, never), NOTHING);
    assert_eq!(end_after(UNHEARD_MS, None, 100, never), NOTHING, "it may be one that was folded");
    // Its edge was away: when it is back, the ring comes first.
    assert_eq!(end_after(60_000, Some(lines(90, 0)), 100, (10_000, 40_000)), NOTHING);
    assert_eq!(end_after(72_000, Some(lines(90, 0)), 100, (10_000, 40_000)), [range(91, 100)]);
    // A journal that is replayed after a start: the clock of its epochs is of before.
    let (mut told, now) = (Numbered::default(), BORN.plus_ms(600_000));
    let loss = LossLive { as_of: BORN.plus_ms(60_000), workers: vec![lines(90, 0)], ..LossLive::default() };
    assert_eq!(of_worker(WORKER, 100, &loss, &mut told, now), None);
}

/// The count of a worker that goes on rises, and each that it told is reached in time.
#[test]
fn the_end_of_a_worker_that_goes_on_is_never_wanted() {
    let mut told = Numbered::default();
    for n in 1..200_u64 {
        let now = BORN.plus_ms(i64::try_from(n).unwrap() * 2_000);
        // Lines are told of two seconds late; for a while there are none.
        let came = if n < 100 { 10 * n } else { 1_000 };
        let numbered = if n < 99 { 10 * n + 10 } else { 1_000 };
        let lines = WorkerLines { heard_at: BORN, ..lines(came, 0) };
        let loss = LossLive { as_of: now, workers: vec![lines], ..LossLive::default() };
        assert_eq!(of_worker(WORKER, numbered, &loss, &mut told, now), None, "{n}");
    }
}

#[test]
fn workers_whose_lines_can_be_had() {
    let drained = vec![DrainedWorker { boot_ms: 5, last_seq: 7 }];
    let gateway = |has_ring, drained| GatewayReport {
        server_id: 17,
        boot_ms: Some(9),
        lines_numbered: Some(3),
        repair: Some(RepairReport { has_ring, drained, ..RepairReport::default() }),
        ..GatewayReport::default()
    };
    let worker = |boot, lines| (WorkerId { server_id: 17, boot: UnixMillis(boot) }, lines);
    assert_eq!(workers_of(&gateway(true, drained.clone())), [worker(9, 3), worker(5, 7)]);
    assert_eq!(workers_of(&gateway(false, drained)), [worker(5, 7)]);
    assert!(workers_of(&GatewayReport { boot_ms: None, ..gateway(true, Vec::new()) }).is_empty());
    assert!(workers_of(&GatewayReport { repair: None, ..gateway(true, Vec::new()) }).is_empty());
}

#[test]
fn it_remembers_those_alone_that_are_told_of() {
    let mut told = Numbered::default();
    let worker = |server_id, boot| WorkerId { server_id, boot: UnixMillis(boot) };
    for worker in [worker(17, 1), worker(17, 2), worker(33, 1)] {
        told.told(worker, 5, 0, BORN);
    }
    told.keep(&[17], &[(worker(17, 2), 5)]);
    assert_eq!(told.0.keys().copied().collect::<Vec<_>>(), [worker(17, 2), worker(33, 1)]);
}
