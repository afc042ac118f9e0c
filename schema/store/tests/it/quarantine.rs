//! The quarantine: with its epoch or not at all, within its bounds, and each line given again once.

use crate::model::start;
use futures::future::join_all;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::{MAX_GIVEN_BYTES, MAX_GIVEN_LINES, QuarantinedLine, Requeued};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
use suiftly_schema::view::EpochDeltas;
use suiftly_store::StoreError;
use suiftly_store::accounts::{Act, Actor};
use suiftly_store::maintenance::{QUARANTINE_KEPT, Removed, enforce_retention};
use suiftly_store::reader::{KeptLine, QuarantineQuery, QuarantineSelection, Reader};
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::{BYTES_KEPT, BYTES_PER_MINUTE, Commit, LINES_KEPT, LINES_PER_MINUTE, Writer};

const JOURNAL: &str = "q";

fn line(journal_offset: u64, reason: &'static str, line: &[u8]) -> QuarantinedLine {
    let source = format!("udp 192.0.2.{}:514", journal_offset % 3);
    QuarantinedLine { journal_no: 0, journal_offset, received_at: start(), reason, source, line: line.to_vec() }
}

fn commit(epoch: Epoch, cut_at: UnixMillis, quarantined: Vec<QuarantinedLine>) -> Arc<Commit> {
    Arc::new(Commit { epoch, cut_at, journal_end: epoch, quarantined, ..Commit::default() })
}

fn outcomes(epoch: Epoch, requeued: &[(u64, &'static str)]) -> Arc<Commit> {
    let of = |&(journal_offset, outcome)| Requeued { journal_no: 0, journal_offset, outcome };
    let requeued = requeued.iter().map(of).collect();
    Arc::new(Commit { epoch, cut_at: start(), journal_end: epoch, requeued, ..Commit::default() })
}

fn any(limit: u32) -> QuarantineQuery {
    QuarantineQuery { limit, ..QuarantineQuery::default() }
}

fn these(offsets: &[u64]) -> QuarantineSelection {
    QuarantineSelection { offsets: Some(offsets.to_vec()), reason: None }
}

fn all() -> QuarantineSelection {
    QuarantineSelection::default()
}

/// Who has lines given again or thrown away.
fn act() -> Act {
    Act { actor: Actor::Operator { name: "local".to_owned() }, address: None, at: start() }
}

async fn claim(reader: &Reader, selection: &QuarantineSelection, again: bool) -> Vec<u64> {
    let claimed = reader.claim_quarantined(selection, again, usize::MAX, &act()).await.unwrap();
    claimed.iter().map(|line| line.journal_offset).collect()
}

async fn at(reader: &Reader, journal_offset: u64) -> KeptLine {
    reader.quarantined(journal_offset).await.unwrap().unwrap()
}

/// Of each reason the lines kept, those under way and those that have become nothing yet.
async fn waiting(reader: &Reader) -> Vec<[u64; 3]> {
    let reasons = reader.quarantine_reasons().await.unwrap();
    reasons.iter().map(|kept| [kept.lines, kept.under_way, kept.waiting]).collect()
}

/// A writer with four lines in: 10 and 20 `sf1_number`, 30 and 40 `time_window`.
async fn four(database: &TestDatabase) -> (Writer, Reader) {
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let lines = [(10, "sf1_number"), (20, "sf1_number"), (30, "time_window"), (40, "time_window")];
    let lines = lines.iter().map(|&(offset, reason)| line(offset, reason, b"\xff a\0b"));
    writer.commit(&[commit(1, start(), lines.collect())]).await.unwrap();
    (writer, Reader::new(database.config(), JOURNAL).unwrap())
}

#[tokio::test]
async fn lines_come_and_stay_as_they_were_received() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        let long = b"0123456789".repeat(6_000);
        writer.commit(&[commit(2, start(), vec![line(50, "not_utf8", &long), line(60, "empty", b"")])]).await.unwrap();
        let offsets = |page: Vec<KeptLine>| page.iter().map(|line| line.journal_offset).collect::<Vec<_>>();
        let page = reader.quarantine_page(&any(4)).await.unwrap();
        assert_eq!((page[1].line.len(), page[1].line_bytes), (1_024, 60_000));
        assert_eq!(offsets(page), [60, 50, 40, 30]);
        let before = QuarantineQuery { before: Some(30), ..any(4) };
        assert_eq!(offsets(reader.quarantine_page(&before).await.unwrap()), [20, 10]);
        let reason = QuarantineQuery { reason: Some("time_window".into()), ..any(4) };
        assert_eq!(offsets(reader.quarantine_page(&reason).await.unwrap()), [40, 30]);
        let source = QuarantineQuery { source: Some("udp 192.0.2.1".into()), ..any(4) };
        assert_eq!(offsets(reader.quarantine_page(&source).await.unwrap()), [40, 10]);
        let wild = QuarantineQuery { source: Some("udp%".into()), before: Some(u64::MAX), ..any(u32::MAX) };
        assert_eq!(offsets(reader.quarantine_page(&wild).await.unwrap()), [0; 0]);

        assert_eq!(at(&reader, 50).await.line, long);
        let expected = KeptLine {
            journal_offset: 10,
            received_at: start(),
            reason: "sf1_number".into(),
            source: "udp 192.0.2.1:514".into(),
            epoch: 1,
            line_bytes: 5,
            line: b"\xff a\0b".to_vec(),
            requested_at: None,
            outcome: None,
        };
        assert_eq!(at(&reader, 10).await, expected);
        for absent in [11, u64::MAX] {
            assert_eq!(reader.quarantined(absent).await.unwrap(), None);
        }
        let other = Reader::new(database.config(), "another").unwrap();
        assert_eq!(other.quarantine_page(&any(4)).await.unwrap(), [], "places are of one journal");
        assert_eq!(other.latest_journal().await.unwrap().as_deref(), Some(JOURNAL));
        let reasons = reader.quarantine_reasons().await.unwrap();
        let reasons: Vec<_> = reasons.iter().map(|kept| (kept.reason.as_str(), kept.lines, kept.bytes)).collect();
        let expected = [("empty", 1, 0), ("not_utf8", 1, 60_000), ("sf1_number", 2, 10), ("time_window", 2, 10)];
        assert_eq!(reasons, expected);
    })
    .await;
}

#[tokio::test]
async fn what_the_epoch_does_not_bring_in_is_not_quarantined_and_has_no_outcome() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        assert_eq!(claim(&reader, &these(&[10]), false).await, [10]);
        let usage = UsageKey { customer_id: None, service: None, network: None };
        let odd = MinuteKey { usage, minute: UnixMillis(start().minute().0 + 1) };
        let sums = UsageSums { other: 1, ..UsageSums::default() };
        let minutes = vec![(odd, Usage { sums, ..Usage::default() })];
        let bad = Commit {
            deltas: EpochDeltas { epoch: 2, minutes, ..EpochDeltas::default() }.into(),
            quarantined: vec![line(50, "sf1_number", b"x")],
            ..Commit::clone(&outcomes(2, &[(10, "accepted")]))
        };
        let good = Commit { deltas: Arc::default(), ..bad.clone() };
        let refused = writer.commit(&[bad.into()]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused { .. }), "{refused}");
        assert_eq!(reader.quarantined(50).await.unwrap(), None);
        assert_eq!(at(&reader, 10).await.outcome, None);
        writer.commit(&[good.into()]).await.unwrap();
        assert_eq!(at(&reader, 50).await.epoch, 2);
        assert_eq!(at(&reader, 10).await.outcome, Some(("accepted".into(), 2)));
    })
    .await;
}

#[tokio::test]
async fn a_line_is_claimed_once_and_again_only_if_it_could_not_be_read() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        let of_reason = QuarantineSelection { reason: Some("sf1_number".into()), offsets: None };
        assert_eq!(claim(&reader, &of_reason, false).await, [10, 20]);
        assert_eq!(claim(&reader, &of_reason, true).await, [0; 0], "they are under way");
        let first = reader.claim_quarantined(&all(), false, 1, &act()).await.unwrap();
        assert_eq!((first.len(), first[0].journal_offset, &*first[0].line), (1, 30, b"\xff a\0b".as_slice()));
        assert_eq!(claim(&reader, &these(&[10, 40, 99, u64::MAX]), false).await, [40]);

        let became = [(10, "accepted"), (20, "sf1_range"), (30, "duplicate"), (40, "system"), (99, "accepted")];
        writer.commit(&[outcomes(2, &became)]).await.unwrap();
        assert_eq!(claim(&reader, &all(), false).await, [0; 0]);
        let under_way = reader.quarantine_reasons().await.unwrap().iter().map(|kept| kept.under_way).sum::<u64>();
        assert_eq!(under_way, 0);
        assert_eq!(claim(&reader, &all(), true).await, [20]);
        let again = at(&reader, 20).await;
        assert_eq!((again.requested_at, again.outcome), (Some(start()), None));
        // Two epochs at once: the later one says what became of it.
        writer.commit(&[outcomes(3, &[(20, "sf1_text")]), outcomes(4, &[(20, "accepted")])]).await.unwrap();
        assert_eq!(at(&reader, 20).await.outcome, Some(("accepted".into(), 4)));
        assert_eq!(claim(&reader, &all(), true).await, [0; 0]);
    })
    .await;
}

#[tokio::test]
async fn what_became_something_is_kept_and_waits_no_more() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        assert_eq!(waiting(&reader).await, [[2, 0, 2], [2, 0, 2]]);
        claim(&reader, &all(), false).await;
        assert_eq!(waiting(&reader).await, [[2, 2, 2], [2, 2, 2]]);
        let became = [(10, "accepted"), (20, "sf1_range"), (30, "duplicate"), (40, "system")];
        writer.commit(&[outcomes(2, &became)]).await.unwrap();
        assert_eq!(waiting(&reader).await, [[2, 0, 1], [2, 0, 0]]);
    })
    .await;
}

#[tokio::test]
async fn claims_at_the_same_time_never_share_a_line() {
    on_each_store(async |database| {
        let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        let lines: Vec<_> = (0..600).map(|offset| line(offset, "sf1_number", b"x")).collect();
        writer.commit(&[commit(1, start(), lines)]).await.unwrap();
        let reader = Reader::new(database.config(), JOURNAL).unwrap();
        let everything = all();
        let act = act();
        let claims = (0..6).map(|_| reader.claim_quarantined(&everything, true, 150, &act));
        let claimed = join_all(claims).await.into_iter().map(Result::unwrap);
        let mut offsets: Vec<_> = claimed.flatten().map(|line| line.journal_offset).collect();
        offsets.sort_unstable();
        assert_eq!(offsets, (0..600).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn one_claim_is_bounded_in_lines_and_bytes_and_the_next_goes_on() {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let (reader, minute) = (Reader::new(database.config(), JOURNAL).unwrap(), 60_000);
    let short = (0..1_000).map(|offset| line(offset, "short", b"x"));
    let long = (1_000..1_020).map(|offset| line(offset, "long", &[b'y'; 52_000]));
    writer.commit(&[commit(1, start(), short.chain(long).collect())]).await.unwrap();
    let more = (1_020..1_040).map(|offset| line(offset, "long", &[b'y'; 52_000]));
    writer.commit(&[commit(2, start().plus_ms(minute), more.collect())]).await.unwrap();
    assert_eq!(claim(&reader, &all(), false).await, (0..1_000).collect::<Vec<_>>());
    assert_eq!(MAX_GIVEN_LINES, 1_000);
    assert_eq!(claim(&reader, &all(), false).await, (1_000..1_020).collect::<Vec<_>>());
    const { assert!(20 * 52_000 <= MAX_GIVEN_BYTES && 21 * 52_000 > MAX_GIVEN_BYTES) };

    // Lines that fail again go behind those that were not tried for longer.
    let failed: Vec<_> = (0..1_020).map(|offset| (offset, "sf1_text")).collect();
    writer.commit(&[outcomes(3, &failed)]).await.unwrap();
    assert_eq!(claim(&reader, &all(), true).await, (0..980).chain(1_020..1_040).collect::<Vec<_>>());
    assert_eq!(claim(&reader, &all(), true).await, (980..1_020).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_claimed_and_never_journaled_is_free_after_a_restart() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        claim(&reader, &these(&[10, 20, 30]), false).await;
        writer.commit(&[outcomes(2, &[(10, "accepted")])]).await.unwrap();
        drop(writer);
        let (mut writer, resume) = Writer::open(database.config(), JOURNAL).await.unwrap();
        // The journal's tail still holds the outcome of one; of the other it never heard.
        assert_eq!(resume.epoch, 2);
        writer.commit(&[outcomes(3, &[(20, "duplicate")])]).await.unwrap();
        assert_eq!(writer.release_claims().await.unwrap(), 1);
        assert_eq!(claim(&reader, &all(), true).await, [30, 40]);
        // What ingest did not take is given back at once.
        reader.release_quarantined(&[30, 10, u64::MAX]).await.unwrap();
        assert_eq!(claim(&reader, &all(), false).await, [30]);
        assert_eq!(at(&reader, 10).await.outcome, Some(("accepted".into(), 2)));
    })
    .await;
}

#[tokio::test]
async fn what_is_under_way_is_not_thrown_away() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        claim(&reader, &these(&[10, 30]), false).await;
        let of_reason = QuarantineSelection { reason: Some("sf1_number".into()), offsets: None };
        assert_eq!(reader.discard_quarantined(&of_reason, &act()).await.unwrap(), 1);
        assert_eq!(reader.discard_quarantined(&these(&[10, 20, 30]), &act()).await.unwrap(), 0);
        writer.commit(&[outcomes(2, &[(10, "accepted")])]).await.unwrap();
        assert_eq!(reader.discard_quarantined(&all(), &act()).await.unwrap(), 2);
        let left = reader.quarantine_page(&any(9)).await.unwrap();
        assert_eq!(left.iter().map(|line| line.journal_offset).collect::<Vec<_>>(), [30]);
        // An outcome of a line that is gone is nobody's.
        writer.commit(&[outcomes(3, &[(20, "accepted")])]).await.unwrap();
    })
    .await;
}

/// Lines and bytes kept of a reason.
async fn kept(reader: &Reader, reason: &str) -> (u64, u64) {
    let reasons = reader.quarantine_reasons().await.unwrap();
    reasons.iter().find(|kept| kept.reason == reason).map_or((0, 0), |kept| (kept.lines, kept.bytes))
}

#[tokio::test]
async fn a_flood_stays_within_its_bounds_and_hides_nothing_else() {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let reader = Reader::new(database.config(), JOURNAL).unwrap();
    let of = |epoch: u64, count: u64, reason, bytes: &[u8]| -> Vec<_> {
        (0..count).map(|at| line(epoch * 100_000 + at, reason, bytes)).collect()
    };
    writer.commit(&[commit(1, start(), vec![line(1, "other", b"x"), line(2, "flood", b"oldest")])]).await.unwrap();
    claim(&reader, &these(&[2]), false).await;
    // Of ten thousand lines in one second, a thousand are kept.
    let second: Vec<_> = (2..102).map(|epoch| commit(epoch, start(), of(epoch, 100, "flood", b"x"))).collect();
    writer.commit(&second).await.unwrap();
    assert_eq!(kept(&reader, "flood").await, (LINES_PER_MINUTE as u64, LINES_PER_MINUTE as u64 - 1 + 6));
    // After hours of it the newest are there, and what is under way.
    for minute in 1..=15_u32 {
        let epoch = 200 + u64::from(minute);
        let cut_at = start().plus_ms(i64::from(minute) * 60_000);
        let long = of(epoch, 20, "long", &[b'y'; 60_000])
            .into_iter()
            .map(|line| QuarantinedLine { journal_offset: line.journal_offset + 50_000, ..line });
        let lines = of(epoch, 2_000, "flood", b"x").into_iter().chain(long).collect();
        writer.commit(&[commit(epoch, cut_at, lines)]).await.unwrap();
    }
    let (lines, _) = kept(&reader, "flood").await;
    let bound = (LINES_KEPT + LINES_PER_MINUTE) as u64 + 1;
    assert!((LINES_KEPT as u64..=bound).contains(&lines), "{lines}");
    assert_eq!(at(&reader, 2).await.line, b"oldest");
    let newest = reader.quarantine_page(&QuarantineQuery { reason: Some("flood".into()), ..any(1) }).await.unwrap();
    assert_eq!(newest[0].journal_offset, 215 * 100_000 + LINES_PER_MINUTE as u64 - 1);
    let (_, bytes) = kept(&reader, "long").await;
    assert!(bytes <= (BYTES_KEPT + BYTES_PER_MINUTE) as u64, "{bytes}");
    assert_eq!(kept(&reader, "other").await, (1, 1));
}

#[tokio::test]
async fn bytes_are_bounded_as_lines_are() {
    let database = TestDatabase::create().await;
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let reader = Reader::new(database.config(), JOURNAL).unwrap();
    for minute in 0..20_u32 {
        let epoch = u64::from(minute) + 1;
        let lines = (0..30).map(|at| line(epoch * 100 + at, "long", &[b'y'; 60_000])).collect();
        writer.commit(&[commit(epoch, start().plus_ms(i64::from(minute) * 60_000), lines)]).await.unwrap();
    }
    let (lines, bytes) = kept(&reader, "long").await;
    let bound = (BYTES_KEPT + BYTES_PER_MINUTE) as u64;
    assert!((BYTES_KEPT as u64 - 60_000..=bound).contains(&bytes), "{lines} lines, {bytes} bytes");
}

#[tokio::test]
async fn age_removes_lines_on_every_store() {
    on_each_store(async |database| {
        let (mut writer, reader) = four(database).await;
        let week = i64::try_from(QUARANTINE_KEPT.as_millis()).unwrap();
        let late = QuarantinedLine { received_at: start().plus_ms(1), ..line(50, "sf1_number", b"x") };
        writer.commit(&[commit(2, start(), vec![late])]).await.unwrap();
        // Retention goes by the journal's clock where it is ahead of the server's.
        writer.commit(&[commit(3, start().plus_ms(week + 1), vec![])]).await.unwrap();
        let removed = enforce_retention(database.config(), start().plus_ms(week)).await.unwrap();
        assert_eq!(removed.quarantined_lines, 0);
        let removed = enforce_retention(database.config(), start().plus_ms(week + 1)).await.unwrap();
        assert_eq!(removed, Removed { quarantined_lines: 4, ..removed });
        assert_eq!(at(&reader, 50).await.received_at, start().plus_ms(1));
    })
    .await;
}

#[tokio::test]
async fn states_that_cannot_be_are_refused_by_the_database() {
    let database = TestDatabase::create().await;
    four(&database).await;
    let client = database.client().await;
    let cases = [
        "outcome = 'accepted', outcome_epoch = 2",
        "requested_at = now(), outcome = 'accepted'",
        "requested_at = now(), outcome_epoch = 2",
        "requested_at = now(), outcome = 'accepted', outcome_epoch = 1",
        "requested_at = now(), outcome = '', outcome_epoch = 2",
        "reason = ''",
        "epoch = 0",
        "journal_offset = -1",
        "line = convert_to(repeat('x', 65536), 'UTF8')",
    ];
    for set in cases {
        let update = format!("UPDATE quarantine SET {set} WHERE journal_offset = 10");
        let refused = client.batch_execute(&update).await.unwrap_err();
        assert!(refused.as_db_error().is_some_and(|error| error.code().code() == "23514"), "{set}: {refused}");
    }
    let legal = "UPDATE quarantine SET requested_at = now(), outcome = 'accepted', outcome_epoch = 2";
    client.batch_execute(legal).await.unwrap();
}
