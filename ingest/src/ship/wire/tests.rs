use super::*;
use suiftly_schema::shard::Shard;

const JOURNAL: JournalId = JournalId([7; 16]);

/// What was said comes back, and nothing shorter or longer does.
fn comes_back<T: PartialEq + std::fmt::Debug>(said: &T, frame: &Frame, read: impl Fn(&Frame) -> Result<T, FrameError>) {
    assert_eq!(read(frame).as_ref(), Ok(said));
    let refused = Err(FrameError::Content(frame.kind));
    for length in 0..frame.payload.len() {
        let cut = Frame::new(frame.kind, frame.payload.slice(..length));
        assert_eq!(read(&cut), refused, "{length} bytes");
    }
    let longer = Frame::new(frame.kind, [&frame.payload[..], &[0]].concat());
    assert_eq!(read(&longer), refused);
}

#[test]
fn what_is_said_comes_back_whole_or_not_at_all() {
    let holds = Holds { journal: JOURNAL, first: 1, durable: 9, durable_end: 4_096 };
    comes_back(&holds, &holds.to_frame(), Holds::decode);
    let shards = [0, 9, 255].map(Shard).into_iter().collect();
    let want = Want { journal: JOURNAL, after: 8, rewarm_bytes: 1 << 20, shards };
    comes_back(&want, &want.to_frame(), Want::decode);
    let mark = Mark { epoch: 9, end: 4_096, cut_at: UnixMillis(1_795_298_482_000) };
    comes_back(&mark, &mark.to_frame(), Mark::decode);
    let lost = LostBlocks { first: 3, last: 5, bytes: 700 };
    comes_back(&lost, &lost.to_frame(), LostBlocks::decode);
    comes_back(&WINDOW_BYTES, &credit(WINDOW_BYTES), read_credit);
    comes_back(&9, &release(9), read_release);
    for outcome in [
        Ok(9),
        Err(HandInError::Recovering),
        Err(HandInError::Stopped),
        Err(HandInError::Busy),
        Err(HandInError::Undetermined),
    ] {
        comes_back(&outcome, &given(outcome), read_given);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let journal = Holds { journal: JOURNAL, first: 0, durable: 9, durable_end: 0 };
    assert!(Holds::decode(&journal.to_frame()).is_err());
    let shards = ShardSet::ALL;
    let want = Want { journal: JOURNAL, after: u64::MAX, rewarm_bytes: 0, shards };
    assert!(Want::decode(&want.to_frame()).is_err());
    for cut_at in [i64::MIN, -1, UnixMillis::MAX.0 + 1, i64::MAX] {
        let mark = Mark { epoch: 1, end: 1, cut_at: UnixMillis(cut_at) };
        assert!(Mark::decode(&mark.to_frame()).is_err(), "{cut_at}");
    }
    for (first, last) in [(5, 4), (5, u64::MAX)] {
        assert!(LostBlocks::decode(&LostBlocks { first, last, bytes: 0 }.to_frame()).is_err());
    }
}

fn line(journal_offset: u64, bytes: usize) -> GivenLine {
    GivenLine { journal_offset, line: vec![b'x'; bytes] }
}

#[test]
fn lines_are_given_within_bounds() {
    let most = vec![line(7, 1); MAX_GIVEN_LINES];
    let longest = vec![line(7, MAX_FRAME_BYTES); MAX_GIVEN_BYTES / MAX_FRAME_BYTES];
    for lines in [vec![line(0, 0)], vec![line(1, 10), line(u64::MAX, 20)], most.clone(), longest.clone()] {
        assert!(may_be_given(&lines));
        assert_eq!(read_give(&give(&lines)).as_ref(), Ok(&lines));
        assert_eq!(read_give_to(&give_to(JOURNAL, &lines)), Ok((JOURNAL, lines)));
    }
    for lines in [
        vec![],
        vec![line(0, MAX_FRAME_BYTES + 1)],
        [most, vec![line(7, 1)]].concat(),
        [longest, vec![line(7, MAX_FRAME_BYTES)]].concat(),
    ] {
        assert!(!may_be_given(&lines));
        assert_eq!(read_give(&give(&lines)), Err(FrameError::Content(Kind::Give)), "{} lines", lines.len());
        let refused = read_give_to(&give_to(JOURNAL, &lines));
        assert_eq!(refused, Err(FrameError::Content(Kind::GiveTo)), "{} lines", lines.len());
    }
    let torn = give(&[line(1, 10)]);
    for length in 1..torn.payload.len() {
        assert!(read_give(&Frame::new(Kind::Give, torn.payload.slice(..length))).is_err(), "{length} bytes");
    }
    let torn = give_to(JOURNAL, &[line(1, 10)]);
    for length in 0..torn.payload.len() {
        assert!(read_give_to(&Frame::new(Kind::GiveTo, torn.payload.slice(..length))).is_err(), "{length} bytes");
    }
}
