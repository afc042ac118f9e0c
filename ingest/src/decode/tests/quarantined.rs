//! What could not be read: kept verbatim within bounds, and given again.

use super::*;
use suiftly_schema::quarantine::{MAX_QUARANTINED_PER_EPOCH, MAX_QUARANTINED_PER_REASON, QuarantinedLine};

#[test]
fn rejected_lines_are_kept_verbatim() {
    let frames = [
        sf1(1, NOW.0, "1", 200, 1),
        "<134>Nov 21 22:01:22 haproxy[1]: what is this".to_owned(),
        sf1(1, NOW.0, "1", 200, 1),
        sf1(1, NOW.0, "1", 200, 2),
        sf1(2, 5, "1", 200, 2),
    ];
    let block = block(1, &frames);
    let batch = Decoder::new(DecodeConfig::LIVE).decode(&block);
    let expected: Vec<QuarantinedLine> = [(1, "unknown_format"), (3, "conflict"), (4, "time_window")]
        .into_iter()
        .map(|(at, reason)| {
            let frame = block.frames().nth(at).unwrap();
            QuarantinedLine {
                journal_no: 0,
                journal_offset: frame.offset,
                received_at: frame.received_at,
                reason,
                source: "udp 10.1.2.3:514".to_owned(),
                line: frames[at].clone().into_bytes(),
            }
        })
        .collect();
    assert_eq!(batch.quarantined, expected);
    assert_eq!(batch.requeued, []);
}

#[test]
fn a_flood_is_bounded_and_hides_nothing_else() {
    let noise = |n: usize| match n % 10 {
        9 => format!("SF1 {n}"),
        _ => format!("noise {n}"),
    };
    let lines: Vec<String> = (0..2_000).map(noise).collect();
    let quarantined = |lines: &[String]| {
        let block = block_of(1, lines.iter().map(|line| (GATEWAY, line.as_str())));
        let batch = Decoder::new(DecodeConfig::LIVE).decode(&block);
        assert_eq!(batch.counts.rejected_total(), lines.len() as u64, "all are counted");
        batch.quarantined
    };
    let kept = quarantined(&lines);
    assert_eq!(kept.len(), 2 * MAX_QUARANTINED_PER_REASON);
    assert!(kept.is_sorted_by_key(|line| line.journal_offset), "in their order");
    for (reason, begins) in [("unknown_format", "noise"), ("sf1_tokens", "SF1")] {
        let of_reason = kept.iter().filter(|line| line.reason == reason).map(|line| line.line.as_slice());
        let first = lines.iter().filter(|line| line.starts_with(begins)).take(MAX_QUARANTINED_PER_REASON);
        assert!(of_reason.eq(first.map(String::as_bytes)), "the first of {reason}");
    }

    // Of many reasons as many as an epoch may have.
    let reasons = ["noise", "SF1 1", "SF2 1", "<", "<134>\u{fe}", "message repeated x", "127.0.0.1:1 [x"];
    let lines: Vec<String> = (0..700).map(|n| reasons[n % reasons.len()].to_owned()).collect();
    assert_eq!(quarantined(&lines).len(), MAX_QUARANTINED_PER_EPOCH);
}

#[test]
fn what_is_given_again_is_told_and_not_quarantined_again() {
    let good = sf1(1, NOW.0, "1", 200, 1);
    let cases: [(&str, &str); 6] = [
        (&good, "accepted"),
        (&good, "duplicate"),
        (&sf1(1, NOW.0, "1", 200, 2), "conflict"),
        (&sf1(2, 5, "1", 200, 2), "accepted"),
        ("<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.", "system"),
        ("still nothing", "unknown_format"),
    ];
    let frames = cases.iter().zip(100..).map(|((line, _), offset)| (Source::Quarantine { offset }, *line));
    let batch = Decoder::new(DecodeConfig::LIVE).decode(&block_of(1, frames));
    let expected: Vec<_> = cases.iter().zip(100..).map(|((_, word), at)| (at, *word)).collect();
    let outcomes: Vec<_> = batch.requeued.iter().map(|line| (line.journal_offset, line.outcome)).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(batch.quarantined, []);
    assert_eq!((batch.counts.received, batch.counts.accepted), (6, 2));
}
