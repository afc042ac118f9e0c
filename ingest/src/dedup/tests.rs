mod fallen;
mod grace;
mod homes;

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use suiftly_schema::time::UnixMillis;

const LIMITS: Limits = Limits { workers: 4, open_workers: 2, ranges: 64 };

fn line(boot: i64, seq: u32) -> LineId {
    LineId { server_id: 17, boot: UnixMillis(boot), seq }
}

fn dedup(limits: Limits) -> Dedup {
    let mut dedup = Dedup::new(limits);
    dedup.begin_epoch(1, UnixMillis(1));
    dedup
}

fn only(dedup: &Dedup) -> WorkerWindow {
    let windows = dedup.windows();
    assert_eq!(windows.len(), 1);
    windows.into_iter().next().unwrap()
}

#[test]
fn new_lines_duplicates_and_conflicts() {
    let mut dedup = dedup(LIMITS);
    let steps = [
        (1, 10, Seen::New),
        (2, 20, Seen::New),
        (1, 10, Seen::Duplicate),
        (2, 21, Seen::Conflict),
        (5, 50, Seen::New),
        (4, 40, Seen::New),
        (5, 50, Seen::Duplicate),
        (0, 1, Seen::New),
    ];
    for (seq, hash, expected) in steps {
        assert_eq!(dedup.observe(line(1, seq), hash), expected, "{seq} {hash}");
    }
    let window = only(&dedup);
    assert_eq!((window.received, window.duplicates, window.conflicts, window.missing), (5, 2, 1, 1));
    assert_eq!((window.first_seq, window.highest_seq), (0, 5));
}

#[test]
fn missing_is_counted_from_one_if_we_were_there_from_the_start() {
    for (first, missing) in [(1, 0), (2, 1), (4_096, 4_095), (4_097, 0), (1_000_000, 0)] {
        let mut dedup = dedup(LIMITS);
        dedup.observe(line(1, first), 0);
        assert_eq!(only(&dedup).missing, missing, "first {first}");
        dedup.observe(line(1, first + 3), 0);
        assert_eq!(only(&dedup).missing, missing + 2, "first {first}");
    }
}

#[test]
fn beyond_the_window_a_duplicate_is_dropped_unproven_and_a_late_line_is_new() {
    let mut dedup = dedup(LIMITS);
    let last = u32::try_from(WINDOW_SEQS).unwrap() + 200;
    for seq in (1..=last).filter(|seq| *seq != 7) {
        assert_eq!(dedup.observe(line(1, seq), seq), Seen::New);
    }
    assert_eq!(dedup.observe(line(1, 8), 8), Seen::DuplicateUnproven);
    assert_eq!(dedup.observe(line(1, 8), 9), Seen::DuplicateUnproven);
    assert_eq!(dedup.observe(line(1, last - 60_000), last - 60_000), Seen::Duplicate);
    assert_eq!(dedup.observe(line(1, 7), 7), Seen::New);
    assert_eq!(dedup.observe(line(1, 7), 7), Seen::DuplicateUnproven);
    assert_eq!(only(&dedup).missing, 0);
    assert_eq!(dedup.forgotten().duplicates_unproven, 3);
}

#[test]
fn the_counter_turns_over() {
    let mut dedup = dedup(LIMITS);
    for seq in [u32::MAX - 1, 1, u32::MAX, 0, 2] {
        assert_eq!(dedup.observe(line(1, seq), seq), Seen::New, "{seq}");
    }
    assert_eq!(dedup.observe(line(1, u32::MAX), u32::MAX), Seen::Duplicate);
    let window = only(&dedup);
    assert_eq!((window.received, window.missing), (5, 0));
    assert_eq!((window.first_seq, window.highest_seq), (u64::from(u32::MAX) - 1, (1 << 32) + 2));
}

#[test]
fn a_first_line_just_after_a_turn_does_not_make_those_before_it_the_future() {
    let mut dedup = dedup(LIMITS);
    for seq in [1, u32::MAX, 0] {
        assert_eq!(dedup.observe(line(1, seq), seq), Seen::New, "{seq}");
    }
    assert_eq!(dedup.observe(line(1, 1), 1), Seen::Duplicate);
    assert_eq!(dedup.observe(line(1, u32::MAX), 5), Seen::Conflict);
    assert_eq!(only(&dedup).missing, 0);
}

#[test]
fn too_many_gaps_close_from_the_lowest() {
    let mut dedup = dedup(Limits { ranges: 3, ..LIMITS });
    let far = u32::try_from(WINDOW_SEQS).unwrap() * 2;
    for seq in [1, 3, 5, 7, 9, far] {
        dedup.observe(line(1, seq), seq);
    }
    assert_eq!(dedup.forgotten().closed_gap_seqs, 2);
    assert_eq!(dedup.observe(line(1, 4), 4), Seen::DuplicateUnproven, "its gap is closed");
    assert_eq!(dedup.observe(line(1, 6), 6), Seen::New, "its gap is open");
    let window = only(&dedup);
    assert_eq!(window.missing, u64::from(far) - window.received, "closed or not, they are missing");
    let restored = Dedup::restore(LIMITS, std::slice::from_ref(&window)).unwrap();
    assert_eq!(only(&restored), window);
}

#[test]
fn workers_out_of_bounds_fold_and_then_fall_out_by_age() {
    let mut dedup = dedup(LIMITS);
    for boot in 1..=4 {
        dedup.begin_epoch(u64::try_from(boot).unwrap(), UnixMillis(boot));
        assert_eq!(dedup.observe(line(boot, 1), 1), Seen::New);
    }
    // Folded, so its body is gone, but it is known.
    assert_eq!(dedup.observe(line(1, 1), 1), Seen::DuplicateUnproven);
    dedup.begin_epoch(5, UnixMillis(5));
    assert_eq!(dedup.observe(line(5, 1), 1), Seen::New);
    let boots: Vec<_> = dedup.windows().iter().map(|window| window.worker.boot.0).collect();
    assert_eq!(boots, [1, 3, 4, 5], "2 was not heard of for longest");
    assert_eq!(dedup.forgotten().workers, 1);
    let restored = Dedup::restore(Limits { workers: 3, ..LIMITS }, &dedup.windows()).unwrap();
    let boots: Vec<_> = restored.windows().iter().map(|window| window.worker.boot.0).collect();
    assert_eq!(boots, [1, 4, 5], "a restart keeps those heard of last");
}

#[test]
fn after_a_restart_the_journal_gives_the_proof_back() {
    let mut dedup = dedup(LIMITS);
    for seq in 1..=5_000 {
        dedup.observe(line(1, seq), seq * 3);
    }
    let mut restored = Dedup::restore(LIMITS, &dedup.windows()).unwrap();
    for seq in 3_000..=5_000 {
        restored.rewarm(None, line(1, seq), seq * 3);
        restored.rewarm(None, line(1, seq), 0);
    }
    restored.rewarm(None, line(1, 5_001), 1);
    restored.rewarm(None, line(2, 1), 1);
    assert_eq!(restored.windows(), dedup.windows(), "rewarming changes nothing that is stored");
    assert_eq!(restored.observe(line(1, 2_999), 1), Seen::DuplicateUnproven);
    assert_eq!(restored.observe(line(1, 3_000), 9_000), Seen::Duplicate);
    assert_eq!(restored.observe(line(1, 5_000), 15_001), Seen::Conflict);
    assert_eq!(restored.observe(line(1, 5_001), 1), Seen::New);
}

#[test]
fn folding_and_restarting_make_no_difference_to_what_is_new() {
    // Every second number is lost, far more gaps than are kept below the window, and then all of them come.
    let limits = Limits { ranges: 8, ..LIMITS };
    let highest = u32::try_from(WINDOW_SEQS).unwrap() + 1_000;
    let after = |mut dedup: Dedup, disturb: fn(Dedup) -> Dedup| {
        (1..=highest).step_by(2).for_each(|seq| assert_eq!(dedup.observe(line(1, seq), 0), Seen::New));
        dedup = disturb(dedup);
        dedup.begin_epoch(2, UnixMillis(2));
        (2..=highest).step_by(2).for_each(|seq| _ = dedup.observe(line(1, seq), 0));
        dedup.windows().remove(0)
    };
    let undisturbed = after(dedup(limits), |dedup| dedup);
    assert!(undisturbed.duplicates > 400 && undisturbed.received > 60_000, "some gaps are closed: {undisturbed:?}");
    let restarted = after(dedup(limits), |before| Dedup::restore(before.limits, &before.windows()).unwrap());
    assert_eq!(restarted, undisturbed);
    let folded = after(dedup(Limits { open_workers: 1, ..limits }), |mut dedup| {
        dedup.observe(line(2, 1), 0);
        dedup
    });
    assert_eq!(folded, undisturbed);
}

#[test]
fn damaged_windows_are_refused() {
    let mut dedup = dedup(LIMITS);
    dedup.observe(line(1, 1), 0);
    dedup.begin_epoch(2, UnixMillis(1_000));
    dedup.observe(line(1, 2), 0);
    dedup.observe(line(1, 5), 0);
    let sound = only(&dedup);
    assert!(Dedup::restore(LIMITS, std::slice::from_ref(&sound)).is_ok());
    let damage: [fn(&mut WorkerWindow); 9] = [
        |window| window.seen.clear(),
        |window| window.seen.truncate(window.seen.len() - 1),
        |window| window.seen[0] = 3,
        |window| window.seen.extend([0xff; 12]),
        |window| window.highest_seq += 1,
        |window| window.received = 9,
        |window| window.first_seq = u64::MAX,
        |window| window.missing_final = window.missing + 1,
        |window| window.seen[2] = 20,
    ];
    for damage in damage {
        let mut window = sound.clone();
        damage(&mut window);
        assert!(Dedup::restore(LIMITS, &[window.clone()]).is_err(), "{window:?}");
    }
}

/// Everything about one worker, by sets alone. Numbers stay within half a turn of each other, so that the number
/// itself is the identity.
#[derive(Default)]
struct Model {
    bodies: HashMap<u64, u32>,
    duplicates: u64,
    conflicts: u64,
}

impl Model {
    fn observe(&mut self, number: u64, hash: u32) -> Seen {
        match self.bodies.get(&number) {
            None => {
                self.bodies.insert(number, hash);
                Seen::New
            }
            Some(known) if *known == hash => {
                self.duplicates += 1;
                Seen::Duplicate
            }
            Some(_) => {
                self.conflicts += 1;
                Seen::Conflict
            }
        }
    }
}

/// Some body for each number.
fn body_of(number: u64) -> u32 {
    u32::try_from(number % (1 << 31)).unwrap()
}

#[derive(Clone, Debug)]
enum Act {
    /// The next numbers in order, so many.
    Run(u64),
    /// Some are lost.
    Skip(u64),
    /// One from that far back, with the body it should have or another.
    Back(u64, bool),
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1u64..300).prop_map(Act::Run),
        1 => (1u64..40_000).prop_map(Act::Run),
        2 => (1u64..200).prop_map(Act::Skip),
        1 => (1u64..200_000).prop_map(Act::Skip),
        8 => (0u64..500, any::<bool>()).prop_map(|(back, same)| Act::Back(back, same)),
        4 => (0u64..200_000, any::<bool>()).prop_map(|(back, same)| Act::Back(back, same)),
        1 => Just(Act::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn two_workers_agree_with_plain_sets(
        start in prop_oneof![Just(1u64), 1u64..10_000, (1u64 << 32) - 70_000..(1u64 << 32) + 70_000],
        acts in proptest::collection::vec((any::<bool>(), act()), 1..60),
    ) {
        let limits = Limits { workers: 4, open_workers: 1, ranges: usize::MAX };
        let mut dedup = Dedup::new(limits);
        let mut models: BTreeMap<i64, (u64, Model)> = BTreeMap::new();
        for (epoch, (second, act)) in (0u32..).zip(acts) {
            dedup.begin_epoch(epoch.into(), UnixMillis(epoch.into()));
            let boot = i64::from(second);
            let (next, model) = models.entry(boot).or_insert((start, Model::default()));
            let mut observe = |number: u64, hash: u32| {
                let seq = u32::try_from(number % (1 << 32)).unwrap();
                let (got, expected) = (dedup.observe(line(boot, seq), hash), model.observe(number, hash));
                let unproven = got == Seen::DuplicateUnproven && expected != Seen::New;
                if expected == Seen::Conflict && unproven {
                    model.conflicts -= 1;
                    model.duplicates += 1;
                }
                prop_assert!(got == expected || unproven, "{number}: {got:?}, expected {expected:?}");
                Ok(())
            };
            match act {
                Act::Run(count) => {
                    for number in *next..*next + count {
                        observe(number, body_of(number))?;
                    }
                    *next += count;
                }
                Act::Skip(count) => *next += count,
                Act::Back(back, same) => {
                    let number = next.saturating_sub(back).max(start.min(*next));
                    observe(number, if same { body_of(number) } else { 0x8000_0000 | body_of(number) })?;
                    *next = (*next).max(number + 1);
                }
                Act::Restart => dedup = Dedup::restore(limits, &dedup.windows()).unwrap(),
            }
        }
        for window in dedup.windows() {
            let (_, model) = &models[&window.worker.boot.0];
            let numbers: BTreeSet<u64> = model.bodies.keys().copied().collect();
            let (first, highest) = (*numbers.first().unwrap(), *numbers.last().unwrap());
            let from = if window.first_seq <= FIRST_SEQ_GRACE { 1 } else { window.first_seq };
            prop_assert_eq!(window.received, numbers.len() as u64);
            prop_assert_eq!(window.highest_seq - window.first_seq, highest - first);
            prop_assert_eq!(window.missing, window.highest_seq - from + 1 - window.received);
            prop_assert_eq!((window.duplicates, window.conflicts), (model.duplicates, model.conflicts));
        }
        prop_assert_eq!(dedup.windows(), Dedup::restore(limits, &dedup.windows()).unwrap().windows());
    }
}
