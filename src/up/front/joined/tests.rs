use super::*;
use suiftly_schema::loss::LineCounts;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;

const ROOMY: usize = 1 << 20;

fn snapshot(generation: u64, process: u16, after: Epoch, stored: Epoch) -> Snapshot {
    Snapshot { generation, process, after, until: 20, shards: vec![(u8::try_from(process).unwrap(), stored)] }
}

fn told(process: u16, epoch: Epoch) -> Told {
    Told {
        epoch,
        cut_at: UnixMillis(epoch.cast_signed()),
        process,
        oldest_received_at: UnixMillis(0),
        deltas: EpochDeltas { epoch, ..EpochDeltas::default() },
        windows: Vec::new(),
        folded: Vec::new(),
        counts: LineCounts::default(),
        reference: Vec::new(),
    }
}

/// Three processes at epoch 10, in the first start: each tells what comes after it.
fn three(bytes_max: usize) -> Joined {
    let mut joined = Joined::new(3, 10, bytes_max);
    for process in 0..3 {
        let begun = joined.begin(&snapshot(1, process, 10, 10));
        assert_eq!(begun, if process == 0 { Begun::Anew } else { Begun::Same });
    }
    joined
}

fn tell(joined: &mut Joined, generation: u64, process: u16, epochs: impl IntoIterator<Item = Epoch>) {
    epochs.into_iter().for_each(|epoch| joined.take(generation, told(process, epoch)));
}

/// All that is complete by now, each as every process tells it; then what is missing.
fn drain(joined: &mut Joined) -> (Vec<Epoch>, Next) {
    let mut epochs = Vec::new();
    loop {
        match joined.next() {
            Next::Epoch(told) => {
                let by: Vec<_> = told.iter().map(|told| (told.process, told.epoch)).collect();
                let epoch = told[0].epoch;
                assert_eq!(by, [(0, epoch), (1, epoch), (2, epoch)]);
                epochs.push(epoch);
            }
            other => return (epochs, other),
        }
    }
}

#[test]
fn an_epoch_is_complete_when_each_process_has_told_it() {
    let mut joined = three(ROOMY);
    assert_eq!(drain(&mut joined), (vec![], Next::Wait));
    tell(&mut joined, 1, 0, 11..=14);
    tell(&mut joined, 1, 2, 11..=12);
    assert_eq!(drain(&mut joined), (vec![], Next::Wait));
    tell(&mut joined, 1, 1, 11..=13);
    assert_eq!(drain(&mut joined), (vec![11, 12], Next::Wait));
    tell(&mut joined, 1, 2, 13..=20);
    assert_eq!(drain(&mut joined), (vec![13], Next::Wait));
    assert!(!joined.is_up_to_date());
    tell(&mut joined, 1, 0, 15..=20);
    tell(&mut joined, 1, 1, 14..=20);
    assert_eq!(drain(&mut joined), ((14..=20).collect(), Next::Wait));
    assert!(joined.is_up_to_date());
    assert_eq!(joined.bytes, 0);
}

#[test]
fn nothing_is_given_before_all_have_begun_in_this_start() {
    let mut joined = Joined::new(3, 10, ROOMY);
    joined.begin(&snapshot(1, 0, 10, 10));
    // Of nobody who was heard to begin.
    tell(&mut joined, 1, 1, 11..=12);
    joined.begin(&snapshot(1, 2, 10, 10));
    tell(&mut joined, 1, 0, 11..=12);
    tell(&mut joined, 1, 2, 11..=12);
    assert_eq!((drain(&mut joined), joined.until()), ((vec![], Next::Wait), None));
    joined.begin(&snapshot(1, 1, 10, 10));
    tell(&mut joined, 1, 1, 11..=12);
    assert_eq!(drain(&mut joined), (vec![11, 12], Next::Wait));
    assert_eq!(joined.begin(&snapshot(1, 3, 10, 10)), Begun::Old, "there are three");
}

#[test]
fn who_comes_back_tells_again_what_is_known() {
    let mut joined = three(ROOMY);
    for process in 0..3 {
        tell(&mut joined, 1, process, 11..=13);
    }
    tell(&mut joined, 1, 1, 14..=15);
    assert_eq!(drain(&mut joined).0, [11, 12, 13]);
    // From before, though the database has more by now.
    assert_eq!(joined.begin(&snapshot(1, 1, 9, 12)), Begun::Same);
    tell(&mut joined, 1, 1, 10..=16);
    tell(&mut joined, 1, 1, 11..=16);
    tell(&mut joined, 1, 0, 14..=16);
    tell(&mut joined, 1, 2, 14..=16);
    assert_eq!(drain(&mut joined), (vec![14, 15, 16], Next::Wait));
}

#[test]
fn what_a_process_does_not_tell_any_more_must_be_read() {
    let mut joined = three(ROOMY);
    tell(&mut joined, 1, 0, 11..=19);
    tell(&mut joined, 1, 2, 11..=19);
    assert_eq!(joined.begin(&snapshot(1, 1, 15, 10)), Begun::Same);
    tell(&mut joined, 1, 1, 16..=18);
    assert_eq!(drain(&mut joined), (vec![], Next::Gap(15)));
    // The rows are further than was needed.
    joined.read_to(16);
    assert_eq!(drain(&mut joined), (vec![17, 18], Next::Wait));
}

#[test]
fn a_start_anew_drops_what_was_not_complete_and_old_frames() {
    let mut joined = three(ROOMY);
    for process in 0..3 {
        tell(&mut joined, 1, process, 11..=12);
    }
    tell(&mut joined, 1, 0, 13..=15);
    assert_eq!(drain(&mut joined).0, [11, 12]);
    // Stored to less than is there: all of it is told once more.
    assert_eq!(joined.begin(&snapshot(2, 2, 8, 12)), Begun::Anew);
    assert_eq!((joined.bytes, joined.generation()), (0, 2));
    tell(&mut joined, 1, 0, 16..=17);
    assert_eq!(joined.begin(&snapshot(1, 0, 10, 10)), Begun::Old);
    tell(&mut joined, 2, 2, 9..=14);
    joined.begin(&snapshot(2, 0, 8, 11));
    joined.begin(&snapshot(2, 1, 8, 12));
    tell(&mut joined, 2, 0, 9..=14);
    tell(&mut joined, 1, 1, 13..=14);
    tell(&mut joined, 2, 1, 9..=13);
    assert_eq!(drain(&mut joined), (vec![13], Next::Wait));
}

#[test]
fn what_was_stored_before_a_start_is_not_told_and_must_be_read() {
    let mut joined = three(ROOMY);
    // One process stored 12, which the others were not heard of.
    for (process, stored) in [(0, 10), (1, 12), (2, 9)] {
        joined.begin(&snapshot(2, process, 9, stored));
        tell(&mut joined, 2, process, 10..=14);
    }
    assert_eq!(drain(&mut joined), (vec![], Next::Gap(12)));
    joined.read_to(12);
    assert_eq!(drain(&mut joined), (vec![13, 14], Next::Wait));
    // Whoever comes back then says how it was at the start.
    joined.begin(&snapshot(2, 0, 9, 10));
    assert_eq!(drain(&mut joined), (vec![], Next::Wait));
}

#[test]
fn what_waits_is_bounded_and_what_is_given_up_must_be_read() {
    let mut joined = three(6 * size_of::<Told>());
    tell(&mut joined, 1, 0, 11..=14);
    tell(&mut joined, 1, 1, 11..=13);
    assert!(joined.bytes <= joined.bytes_max);
    assert_eq!(joined.next(), Next::Gap(11));
    joined.read_to(12);
    tell(&mut joined, 1, 2, 11..=14);
    tell(&mut joined, 1, 1, 14..=14);
    assert_eq!(drain(&mut joined), (vec![13, 14], Next::Wait));
    assert_eq!(joined.bytes, 0);
}

#[test]
fn a_process_that_leaves_an_epoch_out_is_no_reason_to_stand_still() {
    let mut joined = three(ROOMY);
    tell(&mut joined, 1, 0, [11, 12, 13]);
    tell(&mut joined, 1, 1, [11, 13]);
    tell(&mut joined, 1, 2, [11, 12, 13]);
    assert_eq!(drain(&mut joined), (vec![11], Next::Gap(13)));
    joined.read_to(13);
    assert_eq!((drain(&mut joined), joined.bytes), ((vec![], Next::Wait), 0));
}
