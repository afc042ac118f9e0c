//! Two homes: what is told apart, held against plain sets of what each has brought.

use super::*;
use crate::source::Source;

/// A gateway's receiver of so many, as a line's source tells it.
fn home(number: u8) -> Option<Home> {
    Home::of(&Source::tcp(([192, 0, 2, number], 40_000 + u16::from(number)).into()))
}

fn second_homes_and_duplicates(seen: &[Seen]) -> (usize, usize) {
    let is_duplicate = |seen: &&Seen| matches!(seen, Seen::Duplicate | Seen::DuplicateUnproven);
    (seen.iter().filter(|seen| **seen == Seen::SecondHome).count(), seen.iter().filter(is_duplicate).count())
}

#[test]
fn the_other_homes_copy_is_no_duplicate() {
    let mut dedup = dedup(LIMITS);
    let steps = [
        (1, 1, 10, Seen::New),
        (1, 1, 10, Seen::Duplicate),
        (2, 1, 10, Seen::SecondHome),
        (2, 1, 10, Seen::Duplicate),
        (1, 1, 10, Seen::Duplicate),
        (2, 2, 20, Seen::New),
        (1, 2, 20, Seen::SecondHome),
        (1, 3, 30, Seen::New),
        // Another body is nobody's copy: the true one comes yet.
        (2, 3, 31, Seen::Conflict),
        (2, 3, 30, Seen::SecondHome),
        (2, 3, 31, Seen::Conflict),
        (2, 6, 60, Seen::New),
    ];
    for (by, seq, hash, expected) in steps {
        assert_eq!(dedup.observe_from(home(by), line(1, seq), hash), expected, "{by} {seq} {hash}");
    }
    let window = only(&dedup);
    assert_eq!((window.received, window.duplicates, window.conflicts, window.missing), (4, 6, 2, 2));
    let homes: Vec<_> =
        dedup.homes().into_iter().map(|of| (of.home, of.received, of.missing, of.highest_seq)).collect();
    assert_eq!(homes, [("tcp 192.0.2.1".to_owned(), 3, 0, 3), ("tcp 192.0.2.2".to_owned(), 4, 2, 6)]);
}

#[test]
fn a_home_alone_is_told_by_its_name() {
    let mut dedup = dedup(LIMITS);
    [1, 2, 4, 4].iter().for_each(|seq| _ = dedup.observe_from(home(1), line(1, *seq), 0));
    dedup.begin_epoch(2, UnixMillis(2_000));
    assert_eq!(dedup.observe_from(home(1), line(2, 7), 0), Seen::New);
    let homes: Vec<_> =
        dedup.homes().into_iter().map(|of| (of.worker.boot.0, of.received, of.missing, of.heard_at.0)).collect();
    assert_eq!(homes, [(1, 3, 1, 1), (2, 1, 0, 2_000)]);
    // Who was silent before the other began is told by its own time.
    dedup.observe_from(home(2), line(1, 5), 0);
    let heard: Vec<_> = dedup.homes().into_iter().map(|of| (of.worker.boot.0, of.heard_at.0)).collect();
    assert_eq!(heard, [(1, 1), (1, 2_000), (2, 2_000)]);
}

#[test]
fn what_no_home_brought_is_a_duplicate_when_one_does() {
    let mut dedup = dedup(LIMITS);
    let steps = [
        (None, 1, Seen::New),
        (home(1), 1, Seen::Duplicate),
        (home(2), 1, Seen::SecondHome),
        (home(1), 2, Seen::New),
        (None, 2, Seen::Duplicate),
        (home(2), 2, Seen::SecondHome),
        (None, 3, Seen::New),
        (home(2), 3, Seen::Duplicate),
    ];
    for (by, seq, expected) in steps {
        assert_eq!(dedup.observe_from(by, line(1, seq), 0), expected, "{by:?} {seq}");
    }
    // One that was alone until then has not brought it either.
    assert_eq!(dedup.observe_from(home(1), line(2, 1), 0), Seen::New);
    assert_eq!(dedup.observe_from(None, line(2, 2), 0), Seen::New);
    assert_eq!(dedup.observe_from(home(2), line(2, 1), 0), Seen::SecondHome);
    assert_eq!(dedup.observe_from(home(2), line(2, 2), 0), Seen::Duplicate);
}

#[test]
fn a_home_that_was_silent_gives_its_place_to_another() {
    let mut dedup = dedup(LIMITS);
    let count = u8::try_from(HOMES_MAX).unwrap();
    let mut epoch = 1;
    let mut all_at = |dedup: &mut Dedup, at: i64, homes: &[u8], seq: u32| {
        epoch += 1;
        dedup.begin_epoch(epoch, UnixMillis(at));
        homes.iter().map(|by| dedup.observe_from(home(*by), line(1, seq), 0)).collect::<Vec<_>>()
    };
    let (all, one_more): (Vec<u8>, u8) = ((1..=count).collect(), count + 1);
    let (began, kept_until) = (1, 1 + HOME_KEPT_MS);
    assert_eq!(second_homes_and_duplicates(&all_at(&mut dedup, began, &all, 1)), (all.len() - 1, 0));
    // One more finds no place: what it brings is billed like anybody's, and its copies are nobody's.
    assert_eq!(all_at(&mut dedup, kept_until, &[one_more], 2), [Seen::New]);
    assert_eq!(all_at(&mut dedup, kept_until, &[1, one_more], 2), [Seen::Duplicate, Seen::Duplicate]);
    // All but the second have spoken since.
    let spoke: Vec<u8> = all.iter().copied().filter(|by| *by != 2).collect();
    assert_eq!(second_homes_and_duplicates(&all_at(&mut dedup, kept_until, &spoke, 3)), (spoke.len() - 1, 0));
    let seen = all_at(&mut dedup, kept_until + 1, &[one_more, one_more], 3);
    assert_eq!(seen, [Seen::SecondHome, Seen::Duplicate]);
    assert_eq!(all_at(&mut dedup, kept_until + 1, &[2], 3), [Seen::Duplicate], "its place is taken");
    let homes: Vec<_> = dedup.homes().into_iter().map(|of| of.home).collect();
    assert!(homes.len() == HOMES_MAX && !homes.contains(&"tcp 192.0.2.2".to_owned()), "{homes:?}");
}

/// As a version before this one stored them.
fn without_homes(mut windows: Vec<WorkerWindow>) -> Vec<WorkerWindow> {
    windows.iter_mut().for_each(|window| window.homes.clear());
    windows
}

/// Beyond what the journal's last lines tell, who brought a line is forgotten, but never that it came.
#[test]
fn a_window_without_homes_tells_what_came_and_not_by_whom() {
    let mut before = dedup(LIMITS);
    for seq in 1..=100 {
        before.observe_from(home(1), line(1, seq), seq);
        before.observe_from(home(2), line(1, seq), seq);
    }
    let again = |rewarmed: &[(u8, u32)], by: u8, seqs: std::ops::RangeInclusive<u32>| {
        let mut dedup = Dedup::restore(LIMITS, &without_homes(before.windows())).unwrap();
        rewarmed.iter().for_each(|(by, seq)| dedup.rewarm(home(*by), line(1, *seq), *seq));
        dedup.begin_epoch(2, UnixMillis(2));
        let seen: Vec<Seen> = seqs.map(|seq| dedup.observe_from(home(by), line(1, seq), seq)).collect();
        assert!(!seen.contains(&Seen::New) && !seen.contains(&Seen::Conflict));
        assert_eq!(only(&dedup).duplicates, 100 + seen.len() as u64);
        second_homes_and_duplicates(&seen)
    };
    let both: Vec<(u8, u32)> = (91..=100).flat_map(|seq| [(1, seq), (2, seq)]).collect();
    assert_eq!(again(&[], 1, 1..=100), (0, 100), "the first to speak is taken for all of them");
    assert_eq!(again(&both, 1, 1..=100), (0, 100));
    let first: Vec<(u8, u32)> = (91..=100).map(|seq| (1, seq)).collect();
    assert_eq!(again(&first, 2, 1..=100), (100, 0), "the first was alone, and so brought all");
    let mixed: Vec<(u8, u32)> = first.iter().copied().chain([(2, 95)]).collect();
    assert_eq!(again(&mixed, 2, 1..=100), (9, 91), "of 91 to 100 it is known, but for 95");
}

#[test]
fn a_restart_goes_on_with_what_is_stored_of_the_homes() {
    let mut before = dedup(LIMITS);
    for seq in (1..=100).filter(|seq| seq % 10 != 0) {
        before.observe_from(home(1), line(1, seq), seq);
        before.observe_from(home(2), line(1, seq), seq);
        // Another worker has one home alone.
        before.observe_from(home(1), line(2, seq), seq);
    }
    before.observe_from(home(2), line(1, 200), 200);
    before.observe_from(None, line(1, 201), 201);
    let mut after = Dedup::restore(LIMITS, &before.windows()).unwrap();
    assert_eq!((after.windows(), after.homes()), (before.windows(), before.homes()));
    // Who is told in the journal again was known.
    after.rewarm(home(2), line(2, 1), 1);
    for dedup in [&mut before, &mut after] {
        dedup.begin_epoch(2, UnixMillis(2));
        let steps = [
            (1, line(1, 200), Seen::SecondHome),
            (1, line(1, 201), Seen::Duplicate),
            (2, line(1, 10), Seen::New),
            (1, line(1, 10), Seen::SecondHome),
            (2, line(2, 9), Seen::SecondHome),
        ];
        for (by, line, expected) in steps {
            let seen = dedup.observe_from(home(by), line, line.seq);
            let is_same = seen == expected || (seen, expected) == (Seen::DuplicateUnproven, Seen::Duplicate);
            assert!(is_same, "{by} {line:?}: {seen:?}");
        }
    }
    assert_eq!((after.windows(), after.homes()), (before.windows(), before.homes()));
}

#[test]
fn stored_homes_that_are_damaged_stop_the_start() {
    let mut before = dedup(LIMITS);
    for (by, seq) in [(1, 1), (2, 1), (1, 2), (1, 5)] {
        before.observe_from(home(by), line(1, seq), 0);
    }
    let restored = |change: fn(&mut Vec<u8>)| {
        let mut window = only(&before);
        change(&mut window.homes[0].seen);
        Dedup::restore(LIMITS, &[window]).map(|dedup| dedup.homes())
    };
    assert_eq!(restored(|_| {}).unwrap(), before.homes());
    let damaged = DedupError::Damaged { server_id: 17, boot_ms: 1 };
    assert_eq!(restored(Vec::clear).unwrap_err(), damaged);
    assert_eq!(restored(|seen| seen.truncate(20)).unwrap_err(), damaged);
    assert_eq!(restored(|seen| seen[2] = 0).unwrap_err(), damaged, "no way that lines come");
    assert_eq!(restored(|seen| _ = seen.pop()).unwrap_err(), damaged, "not its numbers");
    let newer = DedupError::Version { server_id: 17, boot_ms: 1, version: 9 };
    assert_eq!(restored(|seen| seen[0] = 9).unwrap_err(), newer);
}

/// What each of two homes has brought.
#[derive(Default)]
struct Oracle {
    brought: [BTreeSet<u64>; 2],
    arrivals: usize,
}

impl Oracle {
    fn observe(&mut self, by: usize, number: u64) -> Seen {
        self.arrivals += 1;
        let is_known = self.brought.iter().any(|numbers| numbers.contains(&number));
        match (is_known, self.brought[by].insert(number)) {
            (false, _) => Seen::New,
            (true, true) => Seen::SecondHome,
            (true, false) => Seen::Duplicate,
        }
    }

    /// Union, intersection, and the rest.
    fn sizes(&self) -> [usize; 3] {
        let [first, second] = &self.brought;
        let (union, both) = (first.union(second).count(), first.intersection(second).count());
        [union, both, self.arrivals - union - both]
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// This home brings the next numbers, so many.
    Bring(u64),
    /// It loses them.
    Lose(u64),
    /// From that far back on, so many come by it: again, or late.
    Again(u64, u64),
    /// Another worker speaks, and this one's window is folded.
    Fold,
    /// A restart, after which all of the journal is read again; of windows that tell of homes or not.
    Restart(bool),
}

fn acts() -> impl Strategy<Value = Vec<(bool, Act)>> {
    let act = prop_oneof![
        8 => (1u64..300).prop_map(Act::Bring),
        1 => (1u64..20_000).prop_map(Act::Bring),
        4 => (1u64..300).prop_map(Act::Lose),
        1 => (1u64..200_000).prop_map(Act::Lose),
        4 => (1u64..500, 1u64..100).prop_map(|(back, count)| Act::Again(back, count)),
        2 => (1u64..200_000, 1u64..100).prop_map(|(back, count)| Act::Again(back, count)),
        1 => Just(Act::Fold),
        1 => any::<bool>().prop_map(Act::Restart),
    ];
    proptest::collection::vec((any::<bool>(), act), 1..60)
}

/// A gateway whose lines come by two homes, each at its own pace and with its own losses.
struct Play {
    limits: Limits,
    dedup: Dedup,
    oracle: Oracle,
    start: u64,
    /// The next number of each home.
    next: [u64; 2],
    journal: Vec<(usize, u64)>,
    /// New, by a second home, again.
    told: [usize; 3],
}

impl Play {
    fn new(start: u64) -> Self {
        let limits = Limits { workers: 4, open_workers: 1, ranges: usize::MAX };
        Self {
            limits,
            dedup: Dedup::new(limits),
            oracle: Oracle::default(),
            start,
            next: [start; 2],
            journal: Vec::new(),
            told: [0; 3],
        }
    }

    fn home(by: usize) -> Option<Home> {
        home(if by == 0 { 1 } else { 2 })
    }

    fn line(number: u64) -> LineId {
        line(1, u32::try_from(number % (1 << 32)).unwrap())
    }

    fn act(&mut self, by: usize, act: &Act) -> Result<(), TestCaseError> {
        let next = self.next[by];
        let numbers = match act {
            Act::Bring(count) => next..next + count,
            Act::Lose(count) => {
                self.next[by] += count;
                next..next
            }
            Act::Again(back, count) => {
                let from = next.saturating_sub(*back).max(self.start);
                from..(from + count).min(next)
            }
            Act::Fold => {
                self.dedup.observe(line(2, 1), 0);
                next..next
            }
            Act::Restart(with_homes) => {
                self.restart(*with_homes);
                next..next
            }
        };
        self.next[by] = self.next[by].max(numbers.end);
        for number in numbers {
            self.bring(by, number)?;
        }
        Ok(())
    }

    fn bring(&mut self, by: usize, number: u64) -> Result<(), TestCaseError> {
        self.journal.push((by, number));
        let got = self.dedup.observe_from(Self::home(by), Self::line(number), body_of(number));
        let expected = self.oracle.observe(by, number);
        let is_unproven = got == Seen::DuplicateUnproven && expected == Seen::Duplicate;
        prop_assert!(got == expected || is_unproven, "{number} by {by}: {got:?}, expected {expected:?}");
        let which = match got {
            Seen::New => 0,
            Seen::SecondHome => 1,
            _ => 2,
        };
        self.told[which] += 1;
        Ok(())
    }

    fn restart(&mut self, with_homes: bool) {
        let windows = self.dedup.windows();
        let windows = if with_homes { windows } else { without_homes(windows) };
        self.dedup = Dedup::restore(self.limits, &windows).unwrap();
        for (by, number) in &self.journal {
            self.dedup.rewarm(Self::home(*by), Self::line(*number), body_of(*number));
        }
    }

    /// What is counted of the worker and of each home.
    fn check(&self) -> Result<(), TestCaseError> {
        let [union, both, again] = self.oracle.sizes();
        prop_assert_eq!(self.told, [union, both, again]);
        let windows = self.dedup.windows();
        let Some(window) = windows.iter().find(|window| window.worker.boot.0 == 1) else {
            prop_assert_eq!(union, 0);
            return Ok(());
        };
        prop_assert_eq!((window.received, window.duplicates), (union as u64, (both + again) as u64));
        let homes = self.dedup.homes();
        let brought: Vec<_> = self.oracle.brought.iter().filter(|numbers| !numbers.is_empty()).collect();
        prop_assert_eq!(homes.len(), brought.len());
        for (of, numbers) in homes.iter().zip(brought) {
            let (first, last) = (numbers.first().unwrap(), numbers.last().unwrap());
            prop_assert_eq!((of.received, of.highest_seq - of.first_seq), (numbers.len() as u64, last - first));
            prop_assert_eq!(of.missing, last - first + 1 - of.received);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Accepted is the union of what the homes brought, second home their intersection, and what a home brought twice
    /// is a duplicate: however they lag behind each other, whatever each loses, and wherever it is restarted.
    #[test]
    fn two_homes_are_told_apart_as_by_plain_sets(
        start in prop_oneof![Just(1u64), 1u64..10_000, (1u64 << 32) - 70_000..(1u64 << 32) + 70_000],
        acts in acts(),
    ) {
        let mut play = Play::new(start);
        for (epoch, (second, act)) in (1u32..).zip(&acts) {
            play.dedup.begin_epoch(epoch.into(), UnixMillis(epoch.into()));
            play.act(usize::from(*second), act)?;
        }
        play.check()?;
    }
}
