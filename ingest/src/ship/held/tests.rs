use super::super::place::Placement;
use super::*;
use crate::block::BlockBuilder;
use crate::order::{Cut, take_parts};
use crate::source::Source;
use suiftly_schema::shard::ShardSet;
use suiftly_schema::time::UnixMillis;

const JOURNAL: JournalId = JournalId([7; 16]);

/// A part of so many bytes of lines. Blocks stand in the order of their epochs.
fn part(epoch: Epoch, bytes: usize) -> Part {
    part_at(epoch, bytes, epoch << 30)
}

fn part_at(epoch: Epoch, bytes: usize, start: u64) -> Part {
    let mut builder = BlockBuilder::default();
    for line in vec![7; bytes].chunks(60_000) {
        builder.push(&Source::File, UnixMillis(1), line).unwrap();
    }
    let block = builder.seal(epoch, at(epoch), start);
    Part::cut(&block, &Placement::default(), &ShardSet::ALL)
}

fn at(epoch: Epoch) -> UnixMillis {
    UnixMillis(i64::try_from(epoch).unwrap() * 10)
}

fn passed(epoch: Epoch) -> Came {
    Came::Passed(Mark { epoch, end: (epoch << 30) + 48, cut_at: at(epoch) })
}

fn lost(first: Epoch, last: Epoch) -> Came {
    Came::Lost(LostBlocks { first, last, bytes: 1 })
}

fn holds(first: Epoch, durable: Epoch) -> Holds {
    Holds { journal: JOURNAL, first, durable, durable_end: 0 }
}

/// Held of a journal, after epoch 4, with a link.
fn after_4() -> Held {
    let held = Held::new([(JOURNAL, 4)], 0);
    let begin = held.begin(&holds(1, 9)).unwrap();
    assert_eq!(begin, Begin { after: 4, rewarm_bytes: 0, credit: WINDOW_BYTES });
    held
}

fn epochs(parts: &[Part]) -> Vec<Epoch> {
    parts.iter().map(|part| part.epoch).collect()
}

#[test]
fn what_came_is_taken_in_order_and_once() {
    let held = after_4();
    for came in [Came::Part(part(5, 10)), passed(6), lost(7, 8), Came::Part(part(9, 10)), Came::Part(part(10, 10))] {
        held.accept(&JOURNAL, came).unwrap();
    }
    assert_eq!((held.received(), held.through(&JOURNAL)), (vec![(JOURNAL, 10)], 10));
    let mark = |at_most| held.mark(&JOURNAL, at_most).map(|mark| mark.epoch);
    assert_eq!([4, 5, 6, 8, 9, 99].map(mark), [None, Some(5), Some(6), Some(6), Some(9), Some(10)]);
    assert_eq!(held.mark(&JOURNAL, 10), Some(part(10, 10).mark()));
    assert!(!held.wait_through(&JOURNAL, 11, Duration::ZERO) && held.wait_through(&JOURNAL, 10, Duration::ZERO));
    assert_eq!(held.take(&JOURNAL, 9), [part(5, 10), part(9, 10)]);
    assert_eq!((epochs(&held.take(&JOURNAL, 9)), mark(9), mark(10)), (vec![], None, Some(10)));
    assert_eq!(epochs(&held.take(&JOURNAL, 99)), [10]);
}

#[test]
fn what_does_not_follow_is_refused() {
    let not_next = |came| {
        let held = after_4();
        held.accept(&JOURNAL, Came::Part(part(5, 10))).unwrap();
        assert!(matches!(held.accept(&JOURNAL, came), Err(ShipError::OutOfOrder { received: 5, .. })));
        assert_eq!(held.through(&JOURNAL), 5);
    };
    not_next(Came::Part(part(5, 10)));
    not_next(Came::Part(part(7, 10)));
    not_next(passed(5));
    not_next(passed(7));
    not_next(lost(5, 6));
    not_next(lost(7, 8));
    // Before the one that came, by its place.
    not_next(Came::Part(part_at(6, 10, 0)));
    // For proof, but nothing was asked for.
    not_next(Came::Part(part(3, 10).for_proof()));
}

#[test]
fn a_journal_that_lost_its_end_is_refused() {
    let held = after_4();
    assert!(matches!(held.begin(&holds(1, 3)), Err(ShipError::Shortened { durable: 3, received: 4, .. })));
    assert_eq!(held.begin(&holds(1, 4)).unwrap().after, 4);
    // One that nobody knew is wanted from its beginning on.
    let other = Holds { journal: JournalId([8; 16]), ..holds(30, 40) };
    assert_eq!(held.begin(&other).unwrap().after, 29);
}

#[test]
fn the_window_is_kept_and_room_is_given_back() {
    let held = after_4();
    let big = 3_000_000;
    let fits = (5..).take_while(|epoch| held.accept(&JOURNAL, Came::Part(part(*epoch, big))).is_ok()).count();
    let each = cost(part(5, big).len_bytes());
    assert_eq!(u32::try_from(fits).unwrap(), WINDOW_BYTES / each);
    let room = WINDOW_BYTES - each * u32::try_from(fits).unwrap();
    assert_eq!(held.begin(&holds(1, 99)).unwrap().credit, room, "what a new link begins with");
    assert_eq!(held.owed(&JOURNAL), None);
    assert_eq!(held.take(&JOURNAL, 5).len(), 1);
    assert_eq!(held.owed(&JOURNAL), None, "not worth a word");
    assert_eq!(held.take(&JOURNAL, 7).len(), 2);
    assert_eq!((held.owed(&JOURNAL), held.owed(&JOURNAL)), (Some(3 * each), None));
    held.accept(&JOURNAL, Came::Part(part(5 + fits as u64, big))).unwrap();
}

#[test]
fn what_is_for_proof_comes_first_and_again_until_the_rest_does() {
    let held = Held::new([(JOURNAL, 4)], 1_000);
    let proof = |epoch| part(epoch, 10).for_proof();
    assert_eq!(held.begin(&holds(1, 9)).unwrap().rewarm_bytes, 1_000);
    held.accept(&JOURNAL, Came::Part(proof(2))).unwrap();
    assert!(held.accept(&JOURNAL, Came::Part(proof(2))).is_err(), "twice");
    // The link is cut: it comes again, from the start.
    let again = held.begin(&holds(1, 9)).unwrap();
    assert_eq!(again, Begin { after: 4, rewarm_bytes: 1_000, credit: WINDOW_BYTES });
    for came in [proof(2), proof(4), part(5, 10)] {
        held.accept(&JOURNAL, Came::Part(came)).unwrap();
    }
    assert!(held.accept(&JOURNAL, Came::Part(proof(4))).is_err(), "too late");
    assert_eq!(held.begin(&holds(1, 9)).unwrap().rewarm_bytes, 0);
    let taken = held.take(&JOURNAL, 5);
    assert_eq!(taken, [proof(2), proof(4), part(5, 10)]);
}

#[test]
fn an_epoch_of_the_order_takes_its_cuts_by_number() {
    let other = JournalId([8; 16]);
    let held = after_4();
    held.begin(&Holds { journal: other, ..holds(1, 9) }).unwrap();
    let cut = |journal, no, through| Cut { journal, no, through, cut_at: at(through), end: 0 };
    let cuts = [cut(JOURNAL, 1, 6), cut(other, 2, 1)];
    held.accept(&other, Came::Part(part(1, 10))).unwrap();
    for came in [Came::Part(part(5, 10)), Came::Part(part(6, 10)), passed(7)] {
        assert!(held.through(&JOURNAL) >= 6 || take_parts(&held, &cuts, Duration::ZERO).is_none());
        held.accept(&JOURNAL, came).unwrap();
    }
    let taken = take_parts(&held, &cuts, Duration::ZERO).unwrap();
    assert_eq!(taken, [(1, part(5, 10)), (1, part(6, 10)), (2, part(1, 10))]);
}

#[test]
fn who_waits_hears_of_what_comes() {
    let held = after_4();
    let mut changes = held.changes();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| held.wait_through(&JOURNAL, 6, Duration::from_secs(60)));
        held.accept(&JOURNAL, passed(5)).unwrap();
        held.accept(&JOURNAL, passed(6)).unwrap();
        assert!(waiting.join().unwrap());
    });
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    held.take(&JOURNAL, 6);
    assert!(changes.has_changed().unwrap());
}
