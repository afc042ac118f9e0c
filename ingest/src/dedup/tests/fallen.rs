//! Who falls out is told of, with all that was counted, whatever happened before.

use super::*;
use suiftly_schema::loss::LossTotals;

/// A worker that came to its 5,000th number has lost one of them.
fn speak(dedup: &mut Dedup, boot: i64, at: i64) {
    dedup.begin_epoch(u64::try_from(at).unwrap(), UnixMillis(at));
    [5_000, 5_002].iter().for_each(|seq| _ = dedup.observe(line(boot, *seq), 0));
}

fn boots(windows: &[WorkerWindow]) -> Vec<i64> {
    windows.iter().map(|window| window.worker.boot.0).collect()
}

#[test]
fn the_silent_fall_out_when_their_time_is_over_wherever_it_was_restarted() {
    let play = |restart_at: i64| {
        let mut dedup = Dedup::new(LIMITS);
        let mut fallen = Vec::new();
        for at in 1..=10 {
            if at == restart_at {
                dedup = Dedup::restore(LIMITS, &dedup.windows()).unwrap();
            }
            let now = at * WORKER_KEPT_MS / 4;
            match at {
                1 => speak(&mut dedup, 1, now),
                2 => speak(&mut dedup, 2, now),
                7 => speak(&mut dedup, 3, now),
                _ => dedup.begin_epoch(u64::try_from(now).unwrap(), UnixMillis(now)),
            }
            fallen.extend(dedup.fallen().iter().map(|window| (at, window.worker.boot.0, window.missing_final)));
        }
        (fallen, boots(&dedup.windows()))
    };
    let undisturbed = play(0);
    assert_eq!(undisturbed, (vec![(6, 1, 1), (7, 2, 1)], vec![3]));
    for restart_at in 1..=10 {
        assert_eq!(play(restart_at), undisturbed, "restarted at {restart_at}");
    }
}

#[test]
fn one_at_its_first_numbers_stays_however_silent() {
    let mut dedup = dedup(LIMITS);
    dedup.observe(line(1, 3), 0);
    speak(&mut dedup, 2, 2);
    dedup.begin_epoch(3, UnixMillis(3 * WORKER_KEPT_MS));
    assert_eq!((boots(&dedup.windows()), boots(dedup.fallen())), (vec![1], vec![2]));
    assert_eq!(dedup.observe(line(1, 4), 0), Seen::New);
    assert_eq!(only(&dedup).missing, 2, "1 and 2, and no more");
    dedup.begin_epoch(4, UnixMillis(3 * WORKER_KEPT_MS));
    assert!(dedup.fallen().is_empty(), "told once");
    // One that fell out and speaks again is a new one.
    assert_eq!(dedup.observe(line(2, 5_003), 0), Seen::New);
    assert_eq!(dedup.changed().iter().map(|window| (window.received, window.missing)).collect::<Vec<_>>(), [(1, 0)]);
}

proptest! {
    /// Forged workers: however many, the state is bounded, and nothing that was counted is lost.
    #[test]
    fn nothing_counted_is_lost(lines in proptest::collection::vec((0i64..12, 1u32..40), 1..200)) {
        let mut dedup = Dedup::new(LIMITS);
        let (mut folded, mut received) = (LossTotals::default(), 0);
        for (epoch, lines) in (1..).zip(lines.chunks(7)) {
            dedup.begin_epoch(epoch, UnixMillis(i64::try_from(epoch).unwrap()));
            for (boot, seq) in lines {
                received += u64::from(dedup.observe(line(*boot, *seq), 0) == Seen::New);
            }
            dedup.fallen().iter().for_each(|window| folded.add(&LossTotals::of(window)));
            prop_assert!(dedup.windows().len() <= LIMITS.workers);
        }
        prop_assert_eq!(folded.workers, dedup.forgotten().workers);
        let mut all = folded;
        dedup.windows().iter().for_each(|window| all.add(&LossTotals::of(window)));
        prop_assert_eq!(all.received, received);
        prop_assert_eq!(all.received + all.duplicates + all.conflicts, lines.len() as u64);
    }
}
