//! The order: its blocks, who cuts it, who follows it, and how it is gone on with.

use crate::support::pipeline::PATIENCE;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::journal::{JournalConfig, JournalId, JournalReader};
use suiftly_ingest::order::{
    CUT_BYTES, Change, Cut, Cutter, Follower, IntakeFull, MAX_CHANGES_WAITING_BYTES, MAX_CUT_BLOCKS, MAX_JOURNAL_NO,
    OpenOrder, OrderBlock, OrderError, OrderStart, Pace, Reach, Replay, Sequence, Step, restore,
};
use suiftly_ingest::ship::Mark;
use suiftly_ingest::source::Source;
use suiftly_schema::ids::{CustomerId, Epoch};
use suiftly_schema::reference::{Account, Entity, ReferenceChange};
use suiftly_schema::time::UnixMillis;
use tempfile::TempDir;

const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
const A: JournalId = JournalId([0xa1; 16]);
const B: JournalId = JournalId([0xb2; 16]);

/// Empty blocks only when it is asked for them.
const PACE: Pace = Pace { every: Duration::from_millis(1), idle: Duration::from_secs(3_600) };

fn cut(journal: JournalId, no: u16, through: Epoch) -> Cut {
    Cut { journal, no, through, cut_at: NOW.plus_ms(through.cast_signed()), end: 1_000 * through }
}

fn bytes_of(cut: &Cut) -> Vec<u8> {
    [cut.through.to_le_bytes(), cut.cut_at.0.to_le_bytes(), cut.end.to_le_bytes()].concat()
}

fn cut_frame(cut: &Cut) -> (Source, Vec<u8>) {
    (Source::Cut { journal: cut.journal, no: cut.no }, bytes_of(cut))
}

fn block(epoch: Epoch, start: u64, frames: &[(Source, Vec<u8>)]) -> Block {
    let mut builder = BlockBuilder::default();
    frames.iter().for_each(|(source, bytes)| builder.push(source, NOW, bytes).unwrap());
    builder.seal(epoch, NOW.plus_ms(epoch.cast_signed()), start)
}

#[test]
fn a_block_says_what_was_put_into_it() {
    let cuts = [cut(B, 1, 7), cut(A, MAX_JOURNAL_NO, 1)];
    let told = [b"{}".to_vec(), b"what is not read".to_vec()];
    let frames = told.iter().map(|change| (Source::Outbox, change.clone())).chain(cuts.iter().map(cut_frame));
    let block = block(3, 500, &frames.collect::<Vec<_>>());
    let order = OrderBlock::of(&Block::from_bytes(block.bytes().to_vec()).unwrap()).unwrap();
    assert_eq!((order.epoch, order.cut_at, order.end), (3, NOW.plus_ms(3), block.end));
    let changes = block.frames().take(2).map(|frame| {
        let bytes = frame.bytes.to_vec();
        Change { received_at: NOW, offset: frame.offset, bytes }
    });
    assert_eq!(order.changes, changes.collect::<Vec<_>>());
    assert_eq!(order.cuts, cuts);
    assert_eq!((order.cut_of(A), order.cut_of(JournalId([0; 16]))), (Some(&cuts[1]), None));
}

#[test]
fn what_is_no_order_is_refused() {
    let with = |change: fn(&mut Cut)| {
        let mut cut = cut(A, 1, 5);
        change(&mut cut);
        vec![cut_frame(&cut)]
    };
    let sized = |bytes: usize| vec![(Source::Cut { journal: A, no: 1 }, vec![1; bytes])];
    let cases = [
        ("a line in it", vec![(Source::File, b"x".to_vec())]),
        ("a line in it", vec![(Source::Quarantine { offset: 1 }, b"x".to_vec())]),
        ("a change behind a cut", vec![cut_frame(&cut(A, 1, 1)), (Source::Outbox, b"{}".to_vec())]),
        ("its cuts are not by number", vec![cut_frame(&cut(A, 2, 1)), cut_frame(&cut(B, 1, 1))]),
        ("its cuts are not by number", vec![cut_frame(&cut(A, 2, 1)), cut_frame(&cut(B, 2, 1))]),
        ("two cuts of one journal", vec![cut_frame(&cut(A, 1, 1)), cut_frame(&cut(A, 2, 1))]),
        ("a cut of another length", sized(0)),
        ("a cut of another length", sized(CUT_BYTES - 1)),
        ("a cut of another length", sized(CUT_BYTES + 1)),
        ("a cut of a journal without a number", with(|cut| cut.no = 0)),
        ("a cut of a journal without a number", with(|cut| cut.no = MAX_JOURNAL_NO + 1)),
        ("a cut that no journal has", with(|cut| cut.through = 0)),
        ("a cut that no journal has", with(|cut| cut.through = Epoch::MAX)),
        ("a cut that no journal has", with(|cut| cut.cut_at = UnixMillis(-1))),
        ("a cut that no journal has", with(|cut| cut.cut_at = UnixMillis(i64::MAX))),
    ];
    for (expected, frames) in cases {
        let found = OrderBlock::of(&block(9, 0, &frames));
        let is_refused = matches!(found, Err(OrderError::Content { epoch: 9, what }) if what == expected);
        assert!(is_refused, "{expected}: {found:?}");
    }
}

#[test]
fn what_does_not_follow_is_refused() {
    let first = block(4, 100, &[cut_frame(&cut(A, 1, 5))]);
    let next = |epoch, start, cuts: &[Cut]| {
        let mut sequence = Sequence::default();
        sequence.take(&first).unwrap();
        sequence.take(&block(epoch, start, &cuts.iter().map(cut_frame).collect::<Vec<_>>())).map(|order| order.epoch)
    };
    let end = first.end;
    assert!(matches!(next(5, end, &[cut(A, 1, 5), cut(B, 2, 1)]), Ok(5)));
    assert!(matches!(next(5, end, &[]), Ok(5)), "a journal that was given up");
    for epoch in [3, 4, 6] {
        assert!(matches!(next(epoch, end, &[]), Err(OrderError::Missing { epoch: 5 })), "{epoch}");
    }
    let goes_back = |end, cut| matches!(next(5, end, &[cut]), Err(OrderError::Content { epoch: 5, .. }));
    assert!(goes_back(end, cut(A, 1, 4)), "behind its cut");
    assert!(goes_back(end, cut(A, 2, 6)), "by another number");
    assert!(goes_back(end, Cut { end: 1, ..cut(A, 1, 6) }), "to a byte before");
    assert!(goes_back(0, cut(A, 1, 6)), "before the block before");
}

/// What process 0 has received: through which epoch each journal has come, and where its blocks end.
#[derive(Debug, Default)]
struct Came(Mutex<BTreeMap<JournalId, Vec<Epoch>>>);

impl Came {
    fn come(&self, journal: JournalId, epochs: impl IntoIterator<Item = Epoch>) {
        self.0.lock().unwrap().entry(journal).or_default().extend(epochs);
    }
}

impl Reach for Came {
    fn through(&self, journal: &JournalId) -> Epoch {
        self.0.lock().unwrap().get(journal).and_then(|epochs| epochs.last().copied()).unwrap_or_default()
    }

    fn mark(&self, journal: &JournalId, at_most: Epoch) -> Option<Mark> {
        let came = self.0.lock().unwrap();
        let epoch = came.get(journal)?.iter().copied().rfind(|epoch| *epoch <= at_most)?;
        let Cut { cut_at, end, .. } = cut(*journal, 1, epoch);
        Some(Mark { epoch, end, cut_at })
    }
}

fn open(dir: &Path, start: &OrderStart, came: &Arc<Came>, processes: usize) -> Cutter {
    let order = OpenOrder::open(dir, JournalConfig::default(), start).unwrap();
    order.cutter(Arc::clone(came) as Arc<dyn Reach>, processes, PACE)
}

/// The blocks of the journal, and what they say.
fn orders(dir: &Path, after: Epoch) -> Vec<OrderBlock> {
    Replay::from_journal(dir, None, after).unwrap().map(|replayed| replayed.unwrap().1).collect()
}

fn change(seq: u64) -> ReferenceChange {
    ReferenceChange { seq, entity: Entity::Account(Account::new(CustomerId::new(7).unwrap())) }
}

#[test]
fn a_journal_is_taken_in_as_far_as_everybody_has_it() {
    let (dir, came) = (TempDir::new().unwrap(), Arc::new(Came::default()));
    let mut cutter = open(dir.path(), &OrderStart::default(), &came, 2);
    let intake = Arc::clone(cutter.intake());
    assert_eq!(cutter.step().unwrap(), Step::Cut(1), "an empty one at once: it says that it is there");
    assert_eq!(cutter.step().unwrap(), Step::Nothing);

    came.come(A, 1..=3);
    intake.received(1, A, 2);
    assert_eq!(cutter.step().unwrap(), Step::Nothing, "it has no number");
    intake.number(A, 2);
    intake.number(B, 1);
    assert_eq!(cutter.step().unwrap(), Step::Cut(2));
    intake.received(1, A, 1);
    intake.received(7, A, 9);
    assert_eq!(cutter.step().unwrap(), Step::Nothing, "the other process has no more, and there is no third");
    came.come(B, [40]);
    intake.received(1, B, 40);
    intake.tell(&[change(5), change(6)]).unwrap();
    intake.tell(&[change(6)]).unwrap();
    assert_eq!(cutter.step().unwrap(), Step::Cut(3), "the first that is kept of B is far from its first epoch");
    // A journal that brings nothing holds nobody up; what is behind comes in steps; a gap is none.
    came.come(B, 41..=40 + MAX_CUT_BLOCKS + 1);
    came.come(B, [90]);
    intake.received(1, B, 90);
    assert_eq!(cutter.step().unwrap(), Step::CutOfMore(4));
    assert_eq!(cutter.step().unwrap(), Step::CutOfMore(5));
    assert_eq!(cutter.step().unwrap(), Step::Cut(6));
    intake.forget(&A);
    intake.tell(&[change(7)]).unwrap();
    assert_eq!((cutter.step().unwrap(), intake.last_seq()), (Step::Cut(7), 7));

    let orders = orders(dir.path(), 0);
    let cuts: Vec<_> = orders.iter().map(|order| order.cuts.clone()).collect();
    let (a, b) = (|through| cut(A, 2, through), |through| cut(B, 1, through));
    let behind = 40 + MAX_CUT_BLOCKS;
    let expected = [
        vec![],
        vec![a(2)],
        vec![b(40), a(2)],
        vec![b(behind), a(2)],
        vec![b(behind + 1), a(2)],
        vec![b(90), a(2)],
        vec![b(90)],
    ];
    assert_eq!(cuts, expected);
    let told = orders.iter().map(|order| order.changes.iter().map(|change| change.bytes.clone()).collect::<Vec<_>>());
    let json = |seq| serde_json::to_vec(&change(seq)).unwrap();
    let expected = [vec![], vec![], vec![json(5), json(6)], vec![], vec![], vec![], vec![json(7)]];
    assert!(told.eq(expected), "each change once");
}

#[test]
fn more_changes_than_may_wait_are_refused_as_a_whole() {
    let (dir, came) = (TempDir::new().unwrap(), Arc::new(Came::default()));
    let mut cutter = open(dir.path(), &OrderStart { reference_seq: 3, ..OrderStart::default() }, &came, 1);
    let intake = Arc::clone(cutter.intake());
    // Their numbers have five digits at most.
    let each = serde_json::to_vec(&change(50_000)).unwrap().len();
    let most = u64::try_from(MAX_CHANGES_WAITING_BYTES / each).unwrap();
    assert_eq!(intake.tell(&(4..10 + most * 2).map(change).collect::<Vec<_>>()), Err(IntakeFull));
    assert_eq!(intake.last_seq(), 3);
    intake.tell(&(1..most).map(change).collect::<Vec<_>>()).unwrap();
    let mut steps = 1;
    while matches!(cutter.step().unwrap(), Step::CutOfMore(_)) {
        steps += 1;
    }
    assert!((3..=5).contains(&steps), "{steps} blocks of a megabyte");
    let told: u64 = orders(dir.path(), 0).iter().map(|order| order.changes.len() as u64).sum();
    assert_eq!(told, most - 4, "the first three had been told");
}

#[test]
fn a_follower_reads_what_was_and_what_comes() {
    let (dir, came) = (TempDir::new().unwrap(), Arc::new(Came::default()));
    let mut first = open(dir.path(), &OrderStart::default(), &came, 1);
    first.intake().number(A, 1);
    for epoch in 1..=5 {
        came.come(A, [epoch]);
        first.step().unwrap();
    }
    drop(first);
    // Begun again after 3: what was before is in the journal alone.
    let start = OrderStart { replay_after: 3, stored: 5, reference_seq: 0 };
    let mut cutter = open(dir.path(), &start, &came, 1);
    let tail = Arc::clone(cutter.tail());
    let mut follower = Follower::new(dir.path(), Arc::clone(&tail), 1);
    let mut sequence = Sequence::default();
    let mut next = |follower: &mut Follower| sequence.take(&follower.next_within(PATIENCE).unwrap().unwrap()).unwrap();
    for epoch in 2..=5 {
        assert_eq!(next(&mut follower).cuts, [cut(A, 1, epoch)]);
    }
    assert!(follower.next_within(Duration::ZERO).unwrap().is_none());
    came.come(A, [6]);
    let (stop, stopped) = crossbeam_channel::bounded(1);
    let cutting = std::thread::spawn(move || {
        cutter.step().unwrap();
        cutter.run(&stopped).unwrap();
    });
    assert_eq!(next(&mut follower).epoch, 6);
    came.come(A, [7]);
    assert_eq!((next(&mut follower).cuts, tail.last()), (vec![cut(A, 1, 7)], 7));
    stop.send(()).unwrap();
    cutting.join().unwrap();
    assert!(matches!(follower.next_within(PATIENCE), Err(OrderError::Over)));
}

#[test]
fn an_order_that_was_lost_is_made_again_of_what_the_database_has() {
    let (dir, came) = (TempDir::new().unwrap(), Arc::new(Came::default()));
    let mut cutter = open(dir.path(), &OrderStart::default(), &came, 1);
    cutter.intake().number(A, 1);
    let journal_id = cutter.journal_id();
    for epoch in 1..=9 {
        came.come(A, [epoch]);
        cutter.step().unwrap();
    }
    drop(cutter);
    let rows =
        || JournalReader::from_epoch(dir.path(), 4).unwrap().take(4).map(|block| block.unwrap().bytes().to_vec());
    let replayed = |after| Replay::from_rows(rows().collect(), after);
    let found: Vec<Epoch> = replayed(5).unwrap().map(|replayed| replayed.unwrap().1.epoch).collect();
    assert_eq!((replayed(5).unwrap().cuts(), found), (&[cut(A, 1, 5)][..], vec![6, 7]));
    for missing in [3, 8] {
        assert!(matches!(replayed(missing), Err(OrderError::Missing { epoch }) if epoch == missing), "{missing}");
    }
    let holed = rows().enumerate().filter(|(at, _)| *at != 2).map(|(_, row)| row).collect();
    let last = Replay::from_rows(holed, 4).unwrap().last();
    assert!(matches!(last, Some(Err(OrderError::Missing { epoch: 6 }))));

    let again = TempDir::new().unwrap();
    let config = JournalConfig::default;
    assert!(matches!(restore(again.path(), config(), journal_id, Vec::new()), Err(OrderError::Missing { .. })));
    assert_eq!(restore(again.path(), config(), journal_id, rows()).unwrap(), 7);
    assert!(restore(again.path(), config(), journal_id, rows()).is_err(), "there is one");
    let start = OrderStart { replay_after: 5, stored: 7, reference_seq: 0 };
    let opened = OpenOrder::open(again.path(), config(), &start).unwrap();
    assert_eq!((opened.journal_id(), opened.starts()), (journal_id, &[cut(A, 1, 5)][..]));
    let mut cutter = opened.cutter(came, 1, PACE);
    assert_eq!(cutter.step().unwrap(), Step::Cut(8), "another than the one that was lost");
    drop(cutter);
    assert_eq!(orders(again.path(), 7)[0].cuts, [cut(A, 1, 9)]);
    let behind = OpenOrder::open(again.path(), config(), &OrderStart { stored: 9, ..start });
    assert!(matches!(behind, Err(OrderError::Behind { wanted: 9, last: 8 })));
}
