//! Pending, final, repaired: held against sets that remember when each number came.

use super::super::grace::SLOT_MS;
use super::*;

const START: i64 = 1_795_298_482_000;

/// One worker's numbers, each with the instant from which on it is known to have come.
#[derive(Default)]
struct Oracle {
    came: BTreeMap<u64, i64>,
    repaired: u64,
}

impl Oracle {
    fn observe(&mut self, number: u64, now: i64) {
        if !self.came.contains_key(&number) {
            self.repaired += u64::from(self.finals(now).contains(&number));
            self.came.insert(number, (now.div_euclid(SLOT_MS) + 1) * SLOT_MS);
        }
    }

    fn missing(&self) -> BTreeSet<u64> {
        let (Some((&first, _)), Some((&highest, _))) = (self.came.first_key_value(), self.came.last_key_value()) else {
            return BTreeSet::new();
        };
        let from = if first <= FIRST_SEQ_GRACE { first.min(1) } else { first };
        (from..highest).filter(|number| !self.came.contains_key(number)).collect()
    }

    fn finals(&self, now: i64) -> BTreeSet<u64> {
        let settled = self.came.iter().rfind(|(_, came)| **came + REORDER_GRACE_MS <= now).map_or(0, |(n, _)| *n);
        self.missing().into_iter().filter(|number| *number < settled).collect()
    }

    fn check(&self, window: &WorkerWindow, later: i64) -> Result<(), TestCaseError> {
        let heard_at = window.heard_at.0;
        prop_assert_eq!(window.missing, self.missing().len() as u64);
        prop_assert_eq!(window.missing_final, self.finals(heard_at).len() as u64);
        prop_assert_eq!((window.repaired, window.received), (self.repaired, self.came.len() as u64));
        let missing = Missing::of(window, usize::MAX).unwrap();
        prop_assert_eq!((missing.ranges_left_out, missing.closed), (0, 0));
        for now in [heard_at, later, heard_at + REORDER_GRACE_MS - 1, heard_at + REORDER_GRACE_MS + SLOT_MS] {
            let finals = self.finals(now);
            prop_assert_eq!(missing.final_at(UnixMillis(now)), finals.len() as u64);
            for range in &missing.ranges {
                let is_final = missing.is_final_at(*range, UnixMillis(now));
                prop_assert!((range.first_seq..=range.last_seq).all(|number| finals.contains(&number) == is_final));
            }
        }
        let listed = missing.ranges.iter().rev().flat_map(|range| range.first_seq..=range.last_seq);
        prop_assert!(listed.eq(self.missing()), "which");
        let newest = Missing::of(window, 2).unwrap();
        prop_assert!(newest.ranges.iter().eq(missing.ranges.iter().take(2)), "the newest of them");
        prop_assert_eq!(newest.ranges.len() as u64 + newest.ranges_left_out, missing.ranges.len() as u64);
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// So many milliseconds pass before the next epoch.
    Wait(i64),
    Run(u64),
    Skip(u64),
    /// From that far back on, so many.
    Late(u64, u64),
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<(bool, Act)>> {
    let act = prop_oneof![
        6 => (1i64..400).prop_map(Act::Wait),
        3 => (400i64..9_000).prop_map(Act::Wait),
        6 => (1u64..40).prop_map(Act::Run),
        3 => (1u64..20).prop_map(Act::Skip),
        6 => (1u64..150, 1u64..4).prop_map(|(back, count)| Act::Late(back, count)),
        1 => Just(Act::Restart),
    ];
    proptest::collection::vec((any::<bool>(), act), 1..80)
}

/// Plays it to dedup, and to one that is never restarted.
fn play(start: u64, acts: Vec<(bool, Act)>) -> Result<(), TestCaseError> {
    let limits = Limits { workers: 2, open_workers: 1, ranges: usize::MAX };
    let (mut restarted, mut undisturbed) = (Dedup::new(limits), Dedup::new(limits));
    let mut workers: BTreeMap<i64, (u64, Oracle)> = BTreeMap::new();
    let mut now = START;
    for (epoch, (second, act)) in (1..).zip(acts) {
        if let Act::Wait(ms) = act {
            now += ms;
        }
        restarted.begin_epoch(epoch, UnixMillis(now));
        undisturbed.begin_epoch(epoch, UnixMillis(now));
        let boot = i64::from(second);
        let (next, oracle) = workers.entry(boot).or_default();
        let mut observe = |number: u64| {
            let line = line(boot, u32::try_from(number % (1 << 32)).unwrap());
            restarted.observe(line, 0);
            undisturbed.observe(line, 0);
            oracle.observe(number, now);
        };
        if *next == 0 {
            *next = start + 1;
            observe(start);
        }
        match act {
            Act::Wait(_) => {}
            Act::Run(count) => {
                (*next..*next + count).for_each(observe);
                *next += count;
            }
            Act::Skip(count) => *next += count,
            Act::Late(back, count) => {
                let from = next.saturating_sub(back);
                (from..(from + count).min(*next)).for_each(observe);
            }
            Act::Restart => restarted = Dedup::restore(limits, &restarted.windows()).unwrap(),
        }
    }
    prop_assert_eq!(restarted.windows(), undisturbed.windows());
    for window in undisturbed.windows() {
        workers[&window.worker.boot.0].1.check(&window, now)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn pending_final_and_repaired_agree_with_plain_sets(
        start in prop_oneof![1u64..300, 4_000u64..4_300, 9_000u64..9_300, (1u64 << 32) - 300..1u64 << 32],
        acts in acts(),
    ) {
        play(start, acts)?;
    }

    #[test]
    fn chosen_lines_are_reported_missing_exactly(
        lost in proptest::collection::btree_set(1u32..20_000, 0..300),
        reverse in 1usize..80,
    ) {
        let mut dedup = dedup(Limits::LIVE);
        let sent: Vec<u32> = (1..=20_000).filter(|seq| !lost.contains(seq)).collect();
        // Threads put them out of order, and epochs are cut anywhere.
        for (epoch, run) in (1..).zip(sent.chunks(reverse)) {
            dedup.begin_epoch(epoch, UnixMillis(START + i64::try_from(epoch).unwrap()));
            run.iter().rev().for_each(|seq| assert_eq!(dedup.observe(line(1, *seq), 0), Seen::New));
        }
        let window = only(&dedup);
        let missing = Missing::of(&window, usize::MAX).unwrap();
        let which = missing.ranges.iter().rev().flat_map(|range| range.first_seq..=range.last_seq);
        prop_assert!(which.eq(lost.iter().map(|seq| u64::from(*seq))));
        prop_assert_eq!(window.missing, lost.len() as u64);
        let at_rest = window.heard_at.plus_ms(REORDER_GRACE_MS + SLOT_MS);
        prop_assert_eq!((missing.final_at(at_rest), missing.closed), (lost.len() as u64, 0));
    }

    /// What version 1 did not know is when the last numbers came: they wait for their grace from `heard_at` on.
    #[test]
    fn a_window_of_version_1_goes_on(received in proptest::collection::btree_set(1u32..400, 1..200)) {
        let mut dedup = dedup(LIMITS);
        for (epoch, seq) in (2..).zip(&received) {
            dedup.begin_epoch(epoch, UnixMillis(START + 100 * i64::try_from(epoch).unwrap()));
            dedup.observe(line(1, *seq), 0);
        }
        let window = only(&dedup);
        let old = as_version_1(&window);
        let mut upgraded = Dedup::restore(LIMITS, std::slice::from_ref(&old)).unwrap();
        let again = only(&upgraded);
        prop_assert_eq!((again.missing, again.missing_final, again.seen[0]), (window.missing, 0, 2));
        let (before, after) = (Missing::of(&window, 9).unwrap(), Missing::of(&old, 9).unwrap());
        prop_assert_eq!((&before.ranges, before.ranges_left_out), (&after.ranges, after.ranges_left_out));
        prop_assert_eq!(after.final_at(window.heard_at.plus_ms(REORDER_GRACE_MS - 1)), 0);
        let settled = window.heard_at.plus_ms(REORDER_GRACE_MS + SLOT_MS);
        prop_assert_eq!(after.final_at(settled), before.final_at(settled));
        for dedup in [&mut dedup, &mut upgraded] {
            dedup.begin_epoch(1_000, settled);
            dedup.observe(line(1, 400), 0);
        }
        prop_assert_eq!(only(&dedup), only(&upgraded));
    }
}

/// The window as the first version of this program stored it.
fn as_version_1(window: &WorkerWindow) -> WorkerWindow {
    fn skip_number(bytes: &[u8]) -> &[u8] {
        let last = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
        &bytes[last + 1..]
    }
    let marks = skip_number(&window.seen[1..]);
    let ranges = (0..usize::from(marks[0]) * 3).fold(&marks[1..], |bytes, _| skip_number(bytes));
    let heard_at_epoch: &[u8] = &[0xac, 0x02];
    let seen = [&[1], heard_at_epoch, ranges].concat();
    WorkerWindow { seen, missing_final: 0, repaired: 0, ..window.clone() }
}

/// Epochs by the second.
fn at(dedup: &mut Dedup, second: i64, seqs: &[u32]) -> (u64, u64, u64) {
    dedup.begin_epoch(u64::try_from(second).unwrap() + 2, UnixMillis(START + second * 1_000));
    seqs.iter().for_each(|seq| _ = dedup.observe(line(1, *seq), 0));
    let window = only(dedup);
    (window.missing, window.missing_final, window.repaired)
}

#[test]
fn a_number_is_pending_then_final_then_repaired() {
    let mut dedup = dedup(LIMITS);
    assert_eq!(at(&mut dedup, 0, &[1, 2, 5]), (2, 0, 0));
    assert_eq!(at(&mut dedup, 5, &[6]), (2, 0, 0), "up to half a second more");
    assert_eq!(at(&mut dedup, 6, &[8]), (3, 2, 0), "3 and 4 are, 7 is not");
    assert_eq!(at(&mut dedup, 6, &[7]), (2, 2, 0), "in time: nothing was repaired");
    assert_eq!(at(&mut dedup, 7, &[4, 4]), (1, 1, 1), "late: it counts as received after all");
    assert_eq!(at(&mut dedup, 100, &[3]), (0, 0, 2));
    assert_eq!((only(&dedup).received, only(&dedup).duplicates), (8, 1));
}

#[test]
fn what_is_reordered_within_the_grace_never_shows_as_final() {
    let mut dedup = dedup(LIMITS);
    // Every line is up to 4.9 seconds late behind the one after it.
    for second in 0..200 {
        let seq = u32::try_from(second).unwrap() * 2 + 2;
        let late = seq.checked_sub(9).filter(|late| *late > 0);
        let seqs: Vec<u32> = late.into_iter().chain([seq]).collect();
        let (missing, missing_final, repaired) = at(&mut dedup, second, &seqs);
        assert_eq!((missing_final, repaired), (0, 0), "at second {second}");
        assert!(missing <= 5);
    }
}

#[test]
fn a_worker_gone_silent_becomes_final_for_whoever_looks_later() {
    let mut dedup = dedup(LIMITS);
    at(&mut dedup, 0, &[1, 4]);
    let missing = Missing::of(&only(&dedup), 1).unwrap();
    let after = |ms| missing.final_at(UnixMillis(START + ms));
    assert_eq!((after(-9_000), after(0), after(5_499), after(5_500), after(i64::MAX - START)), (0, 0, 0, 2, 2));
    assert_eq!(missing.ranges, [MissingRange { first_seq: 2, last_seq: 3 }]);
}

#[test]
fn finality_goes_with_the_counter_when_it_turns_over() {
    let mut dedup = dedup(LIMITS);
    assert_eq!(at(&mut dedup, 0, &[5]), (4, 0, 0));
    assert_eq!(at(&mut dedup, 10, &[7]), (5, 4, 0));
    // So those before it were of the turn before, and what was counted from 1 on is 0 to 4, and then 6.
    assert_eq!(at(&mut dedup, 10, &[u32::MAX]), (6, 5, 0));
    assert_eq!(at(&mut dedup, 20, &[6, 0]), (4, 4, 2));
    let missing = Missing::of(&only(&dedup), 9).unwrap();
    assert_eq!(missing.ranges, [MissingRange { first_seq: (1 << 32) + 1, last_seq: (1 << 32) + 4 }]);
}

#[test]
fn closed_ranges_stay_missing_and_are_told_by_number() {
    let mut dedup = dedup(Limits { ranges: 3, ..LIMITS });
    let far = u32::try_from(WINDOW_SEQS).unwrap() * 2;
    assert_eq!(at(&mut dedup, 0, &[1, 3, 5, 7, 9, far]), (u64::from(far) - 6, 0, 0));
    let missing = Missing::of(&only(&dedup), 2).unwrap();
    let ranges: Vec<_> = missing.ranges.iter().map(|range| (range.first_seq, range.last_seq)).collect();
    assert_eq!(ranges, [(10, u64::from(far) - 1), (8, 8)]);
    assert_eq!((missing.ranges_left_out, missing.closed), (1, 2), "6 is left out, 2 and 4 are closed");
    assert_eq!(missing.final_at(UnixMillis(START + 6_000)), u64::from(far) - 6, "closed or not");
    assert_eq!(at(&mut dedup, 10, &[2, 6]), (u64::from(far) - 7, u64::from(far) - 7, 1), "2 cannot be repaired");
}
