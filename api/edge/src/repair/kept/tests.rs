use super::*;
use suiftly_schema::fleet::Wanted;

const SERVER: i16 = 17;
const BOOT: i64 = 1_795_298_476_993;

fn message(boot_ms: i64, seq: u32) -> String {
    format!("<134>1 2026-11-21T22:01:21.991Z - haproxy 85 - - SF1 1 1 {boot_ms} 18 {seq} {SERVER} 1 1 2 1 0")
}

/// What an answer asks for that wants this of [`BOOT`].
fn ask(ranges: &[(u64, u64)], is_all: bool) -> Ask {
    let ranges = ranges.iter().map(|(first, last)| SeqRange { first: *first, last: *last }).collect();
    Ask::of(&[Wanted { server_id: SERVER, boot_ms: BOOT, ranges, is_all }], SERVER, BOOT).unwrap()
}

/// One that has searched a ring with the lines 1 to `last`.
fn searched(dir: &Path, last: u32, ask: &Ask) -> Kept {
    let mut kept = Kept::open(dir, SERVER, BOOT).unwrap();
    assert!(kept.is_search_due(ask));
    for seq in 1..=last {
        for of in [BOOT, BOOT - 1] {
            kept.take(message(of, seq).as_bytes(), |seq| ask.may_want(seq)).unwrap();
        }
    }
    kept.take(b"<134>1 - - haproxy 85 - - Server seal_mainnet/s1 is DOWN", |_| true).unwrap();
    kept.sync().unwrap();
    kept.searched(ask);
    kept
}

/// The numbers of a batch, which is checked to be what the ring would have sent.
fn gathered(kept: &Kept, ask: &Ask, now: Instant) -> Vec<u32> {
    let mut batch = Batch::default();
    kept.gather(ask, now, &mut batch).unwrap();
    let frames = batch.lines.iter().map(|(boot_ms, seq)| {
        let message = message(*boot_ms, *seq);
        format!("{} {message}", message.len())
    });
    assert_eq!(String::from_utf8(batch.bytes.clone()).unwrap(), frames.collect::<String>());
    batch.lines.into_iter().map(|(_, seq)| seq).collect()
}

#[test]
fn what_is_asked_for_is_kept_sent_and_let_go_of() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = ask(&[(95, 104), (11, 13)], true);
    let mut kept = searched(dir.path(), 100, &wanted);
    assert!(!kept.is_search_due(&wanted), "what is not there does not come");
    assert_eq!((kept.waiting(&wanted), kept.in_vain(&wanted)), (9, 4));
    let now = Instant::now();
    let all = [95, 96, 97, 98, 99, 100, 11, 12, 13];
    assert_eq!(gathered(&kept, &wanted, now), all);
    all.into_iter().for_each(|seq| kept.sent(seq, now));
    let soon = now + RESEND_AFTER / 2;
    assert!(gathered(&kept, &wanted, soon).is_empty(), "not so soon");
    assert_eq!(gathered(&kept, &wanted, now + RESEND_AFTER), all, "it was lost again");
    // Some have arrived; the others are there after a restart, too.
    let left = ask(&[(99, 104)], true);
    kept.forget_all_but(&left).unwrap();
    drop(kept);
    let mut kept = Kept::open(dir.path(), SERVER, BOOT).unwrap();
    assert_eq!((gathered(&kept, &left, soon), kept.last_seq()), (vec![99, 100], Some(100)));
    kept.forget_all_but(&Ask::default()).unwrap();
    assert_eq!((kept.last_seq(), kept.waiting(&wanted)), (None, 0));
    kept.remove().unwrap();
    assert!(Kept::births(dir.path(), SERVER).unwrap().is_empty());
}

/// Of what is older than the ranges told nothing is known: it is kept, not sent, and found there when it is asked for.
#[test]
fn what_may_be_asked_for_next_is_kept_too() {
    let dir = tempfile::tempdir().unwrap();
    let first = ask(&[(90, 92), (80, 81)], false);
    let mut kept = searched(dir.path(), 100, &first);
    let now = Instant::now();
    assert_eq!(gathered(&kept, &first, now), [90, 91, 92, 80, 81]);
    let next = ask(&[(70, 70)], true);
    assert!(!kept.is_search_due(&next));
    assert_eq!(gathered(&kept, &next, now), [70]);
    kept.forget_all_but(&next).unwrap();
    assert!(!kept.is_search_due(&next));
    assert!(kept.is_search_due(&ask(&[(94, 94)], true)), "nobody had asked for it");
    assert!(kept.is_search_due(&first), "it was let go of");
}

#[test]
fn what_is_refused_where_it_arrives_is_not_sent_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = ask(&[(3, 3)], true);
    let mut kept = searched(dir.path(), 9, &wanted);
    let mut now = Instant::now();
    let mut sendings = 0;
    for _ in 0..100 {
        for seq in gathered(&kept, &wanted, now) {
            kept.sent(seq, now);
            sendings += 1;
        }
        now += RESEND_AFTER;
    }
    assert_eq!(sendings, SENDINGS_MAX);
}

#[test]
fn numbers_that_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut kept = Kept::open(dir.path(), SERVER, BOOT).unwrap();
    for seq in [u32::MAX - 1, u32::MAX, 0, 1, 2] {
        kept.take(message(BOOT, seq).as_bytes(), |_| true).unwrap();
    }
    kept.sync().unwrap();
    let turning = ask(&[(TURN - 2, TURN + 1)], true);
    assert_eq!(gathered(&kept, &turning, Instant::now()), [u32::MAX - 1, u32::MAX, 0, 1]);
    assert_eq!(kept.count(SeqRange { first: 0, last: u64::MAX }), 5);
}

#[test]
fn a_batch_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let lines = 60_000;
    let wanted = ask(&[(1, u64::from(lines))], true);
    let kept = searched(dir.path(), lines, &wanted);
    let mut batch = Batch::default();
    kept.gather(&wanted, Instant::now(), &mut batch).unwrap();
    assert!(batch.bytes.len() >= BATCH_BYTES && batch.bytes.len() < BATCH_BYTES + 1_024, "{}", batch.bytes.len());
}

#[test]
fn those_of_a_worker_that_has_ended_are_kept_for_a_while_and_while_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let wanted = ask(&[(3, 4)], true);
    let mut kept = searched(dir.path(), 9, &wanted);
    assert_eq!(Kept::births(dir.path(), SERVER).unwrap(), [BOOT]);
    assert!(Kept::births(dir.path(), 1).unwrap().is_empty());
    let now = Instant::now();
    let nothing = Ask::default();
    assert!(!kept.is_over(&nothing, now + KEPT_AFTER_END), "it runs");
    kept.end(now);
    kept.end(now + KEPT_AFTER_END);
    assert_eq!(kept.in_vain(&ask(&[(4, 9)], true)), 5, "it has no ring any more");
    assert!(!kept.is_over(&nothing, now));
    assert!(!kept.is_over(&wanted, now + KEPT_AFTER_END));
    assert!(kept.is_over(&nothing, now + KEPT_AFTER_END));
    assert!(kept.is_over(&ask(&[(5, 9)], true), now + KEPT_AFTER_END), "of what is asked for nothing is here");
    assert!(!kept.is_over(&ask(&[(5, 9)], false), now + KEPT_AFTER_END), "what is older may be");
    kept.forget_all_but(&nothing).unwrap();
    assert!(kept.is_over(&nothing, now), "there is nothing to keep");
}
