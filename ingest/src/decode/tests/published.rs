//! Formats that operators publish: for what nothing else can read, from their place among the lines on.

use super::*;
use crate::binding::{Sender, SourceRule};
use proptest::prelude::*;
use std::collections::BTreeMap;
use suiftly_schema::log_format::{MAX_FORMATS_IN_FORCE, PublishedFormat};
use suiftly_schema::reference::{Entity, ReferenceChange};

/// Ours, and what it says of a line: whose it is, and that it is billed.
const OURS: &str = "NEW %[date(0,ms)] %ST %B %[var(txn.c)] %[var(txn.n)]";
const UNKNOWN: &str = "NEW 1795298482000 200 10 7 -";

fn format(id: i64, publication: i64, log_format: &str, attribution: &[(&str, &str)]) -> PublishedFormat {
    let entry = |(name, from): &(&str, &str)| ((*name).to_owned(), (*from).to_owned());
    let attribution = attribution.iter().map(entry).collect();
    let (name, log_format) = (format!("f{id}"), log_format.to_owned());
    PublishedFormat { id, name, log_format, attribution, publication, is_in_force: true }
}

fn ours(id: i64, publication: i64) -> PublishedFormat {
    format(id, publication, OURS, &[("customer", "var(txn.c)"), ("traffic", "=1"), ("began", "date(0,ms)")])
}

/// Of the same string, but its lines are numbered.
fn numbered(id: i64, publication: i64) -> PublishedFormat {
    let more = [("boot", "=1795298476993"), ("seq", "var(txn.n)"), ("server", "=17")];
    let more = more.map(|(name, from)| (name.to_owned(), from.to_owned()));
    let ours = ours(id, publication);
    PublishedFormat { attribution: ours.attribution.into_iter().chain(more).collect(), ..ours }
}

fn retired(format: PublishedFormat) -> PublishedFormat {
    PublishedFormat { is_in_force: false, ..format }
}

fn told(seq: u64, format: PublishedFormat) -> String {
    serde_json::to_string(&ReferenceChange { seq, entity: Entity::LogFormat(format) }).unwrap()
}

fn decode(decoder: &mut Decoder, epoch: Epoch, frames: &[(Source, String)]) -> Batch {
    decoder.decode(&block_of(epoch, frames.iter().map(|(source, frame)| (*source, frame.as_str()))))
}

fn rejected(batch: &Batch) -> Vec<(&str, u64)> {
    batch.counts.rejected.iter().map(|(word, count)| (word.as_str(), *count)).collect()
}

/// What was told by these batches, as the store has it: the last of each.
fn stored(batches: &[Batch]) -> (u64, Vec<PublishedFormat>) {
    let (mut seq, mut formats) = (0, BTreeMap::new());
    for change in batches.iter().flat_map(|batch| &batch.reference) {
        seq = change.seq;
        if let Entity::LogFormat(format) = &change.entity {
            formats.insert(format.id, format.clone());
        }
    }
    (seq, formats.into_values().collect())
}

#[test]
fn a_format_reads_the_lines_behind_it_until_it_is_retired() {
    let line = || (GATEWAY, UNKNOWN.to_owned());
    let outbox = |change: String| (Source::Outbox, change);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let first = decode(&mut decoder, 1, &[line(), outbox(told(1, ours(1, 1))), line()]);
    assert_eq!(rejected(&first), [("unknown_format", 1)]);
    assert_eq!((first.records.len(), first.reference.len(), first.quarantined.len()), (1, 1, 1));
    let record = &first.records[0];
    assert_eq!((record.customer_id, record.bytes_sent, record.timestamp), (CustomerId::new(7), 10, NOW));
    let billed: i64 = first.partials.usage.iter().map(|(_, usage)| usage.sums.billable_requests).sum();
    assert_eq!(billed, 1);

    // What was quarantined is given again, in the next epoch: it is there once more.
    let given = (Source::Quarantine { offset: first.quarantined[0].journal_offset }, UNKNOWN.to_owned());
    let again = decode(&mut decoder, 2, &[given]);
    assert_eq!((again.records.len(), again.requeued[0].outcome), (1, "accepted"));

    let last = decode(&mut decoder, 3, &[line(), outbox(told(2, retired(ours(1, 1)))), line(), line()]);
    assert_eq!((last.records.len(), rejected(&last)), (1, vec![("unknown_format", 2)]));
    // Told again, by an outbox that does not know better.
    let late = decode(&mut decoder, 4, &[outbox(told(1, ours(1, 1))), line()]);
    assert_eq!((late.records.len(), late.reference.len()), (0, 0));
}

#[test]
fn the_first_that_was_published_counts() {
    let of =
        |id, publication, customer| format(id, publication, OURS, &[("customer", customer), ("began", "date(0,ms)")]);
    let read_by = |told: &[PublishedFormat]| {
        let mut decoder = Decoder::new(DecodeConfig::LIVE).with_formats(told);
        let batch = decode(&mut decoder, 1, &[(GATEWAY, UNKNOWN.to_owned())]);
        batch.records.first().and_then(|record| record.customer_id).map(CustomerId::get)
    };
    let (one, two) = (of(1, 1, "=1"), of(2, 2, "=2"));
    assert_eq!(read_by(&[two.clone(), one.clone()]), Some(1));
    assert_eq!(read_by(&[retired(one.clone()), two.clone()]), Some(2));
    assert_eq!(read_by(&[of(1, 3, "=1"), two]), Some(2), "published again is published last");
    // What cannot be compiled, or cannot read it, is passed over.
    let (odd, other) = (format(3, 0, "%zz", &[]), format(4, 0, "OLD %ST", &[]));
    assert_eq!(read_by(&[odd, other, one]), Some(1));
    assert_eq!(read_by(&[]), None);
    let many: Vec<_> = (1..=100).map(|id| format(id, id, "OLD %ST", &[])).chain([ours(999, 999)]).collect();
    assert_eq!(read_by(&many[MAX_FORMATS_IN_FORCE..]), Some(7));
    assert_eq!(read_by(&many), None, "there is no room for it");
}

#[test]
fn bindings_dates_and_other_words_hold_as_for_any_line() {
    let rule = |servers: &[i16]| SourceRule {
        from: Sender::Address("10.1.2.3".parse().unwrap()),
        servers: servers.to_vec(),
        format: None,
    };
    let decoded = |servers: &[i16], source, line: &str| {
        let sources = Some(Arc::new(SourceRules::new(vec![rule(servers)]).unwrap()));
        let attribution = [("server", "var(txn.n)"), ("began", "date(0,ms)")];
        let formats = [format(1, 1, OURS, &attribution), format(2, 2, "%[req.hdr(all)]", &[])];
        let mut decoder = Decoder::new(DecodeConfig { sources, ..DecodeConfig::LIVE }).with_formats(&formats);
        let batch = decode(&mut decoder, 1, &[(source, line.to_owned())]);
        let word = batch.counts.rejected.keys().next().cloned();
        (word.unwrap_or_default(), batch.records.first().and_then(|record| record.server_id), batch.system.len())
    };
    let of = |server: &str| format!("NEW {} 200 10 7 {server}", NOW.0);
    let any = Source::Quarantine { offset: 5 };
    let stranger = Source::udp(SocketAddr::from(([10, 9, 9, 9], 1)));
    let cases = [
        (GATEWAY, of("17"), ("", Some(17), 0)),
        (GATEWAY, of("18"), ("source", None, 0)),
        (GATEWAY, of("-"), ("", Some(17), 0)),
        (stranger, of("17"), ("source", None, 0)),
        (any, of("18"), ("", Some(18), 0)),
        (GATEWAY, "NEW 1 200 10 7 17".to_owned(), ("time_window", None, 0)),
        (any, "NEW 1 200 10 7 17".to_owned(), ("", Some(17), 0)),
        (GATEWAY, "<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.".to_owned(), ("", None, 1)),
        (GATEWAY, "<134>Nov 21 22:01:22 gw last message repeated 2 times".to_owned(), ("repeated", None, 0)),
    ];
    for (source, line, (word, server, system)) in cases {
        assert_eq!(decoded(&[17], source, &line), (word.to_owned(), server, system), "{source} {line}");
    }
}

#[test]
fn repeats_of_a_line_count_as_often() {
    let line = format!("message repeated 3 times: [ {UNKNOWN}]");
    let mut decoder = Decoder::new(DecodeConfig::LIVE).with_formats(&[ours(1, 1)]);
    let batch = decode(&mut decoder, 1, &[(GATEWAY, line)]);
    assert_eq!((batch.records[0].repeat, batch.records[0].bytes_sent), (3, 30));
}

/// Lines of before a restart prove duplicates by what was in force when they came, not by what is since.
#[test]
fn a_restart_proves_by_what_was_in_force() {
    let line = |bytes: u32| (GATEWAY, format!("NEW {} 200 {bytes} 7 5", NOW.0));
    let change = |seq, format| (Source::Outbox, told(seq, format));
    // The first could not be read when it came; the second has its number, and was.
    let blocks = [
        vec![line(1), change(1, numbered(1, 1)), line(2)],
        vec![line(2), (GATEWAY, sf1(1, NOW.0, "1", 200, 1))],
        vec![line(2), line(1), line(2)],
    ];
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let batches: Vec<Batch> = (1..).zip(&blocks).map(|(epoch, block)| decode(&mut decoder, epoch, block)).collect();
    assert_eq!((batches[0].records.len(), batches[1].counts.duplicates, batches[1].records.len()), (1, 1, 1));
    assert_eq!((batches[2].counts.duplicates, rejected(&batches[2])), (2, vec![("conflict", 1)]));
    for cut in 1..blocks.len() {
        let (seq, formats) = stored(&batches[..cut]);
        let mut before = Decoder::new(DecodeConfig::LIVE);
        for (epoch, block) in (1..).zip(&blocks[..cut]) {
            decode(&mut before, epoch, block);
        }
        let restored = Decoder::restore(DecodeConfig::LIVE, &before.windows(), seq, PriceBooks::v1()).unwrap();
        let mut restored = restored.with_formats(&formats);
        for (epoch, block) in (1..).zip(&blocks[..cut]) {
            restored.rewarm(&block_of(epoch, block.iter().map(|(source, frame)| (*source, frame.as_str()))));
        }
        for (at, block) in blocks.iter().enumerate().skip(cut) {
            assert_eq!(decode(&mut restored, at as u64 + 1, block), batches[at], "a restart after epoch {cut}");
        }
        assert_eq!(restored.forgotten(), Forgotten::default());
    }
}

/// A frame of what comes in: readable or not, or a change.
#[derive(Clone, Debug)]
enum Given {
    Line(bool, String),
    Change(i64, u8),
}

fn given() -> impl Strategy<Value = Given> {
    let lines = prop_oneof![
        (1..40u32, 1..3u64).prop_map(|(seq, bytes)| sf1(seq, NOW.0, "9", 200, bytes)),
        (0..4u32).prop_map(|bytes| format!("NEW {} 200 {bytes} 7 -", NOW.0)),
        (0..4u32).prop_map(|status| format!("ALT {} 20{status} 5", NOW.0)),
        Just(
            "127.0.0.1:1 [21/Nov/2026:22:01:21.969] fe be/a 0/1/2/5/8 200 89 - - ---- 1/1/1/1/0 0/0 \"GET /\""
                .to_owned()
        ),
        Just("<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.".to_owned()),
        Just("SF1 1 2 3".to_owned()),
        "[ -~]{0,30}",
    ];
    prop_oneof![
        8 => (any::<bool>(), lines).prop_map(|(again, line)| Given::Line(again, line)),
        2 => (1..4i64, 0..4u8).prop_map(|(id, what)| Given::Change(id, what)),
    ]
}

/// What is given, block by block; changes numbered in their order.
fn blocks_of(given: &[Vec<Given>], with_changes: bool) -> Vec<Block> {
    let mut seq = 0_u64;
    let mut frames = |given: &Given| match given {
        Given::Line(again, line) => (if *again { Source::Quarantine { offset: 9 } } else { GATEWAY }, line.clone()),
        Given::Change(id, what) => {
            seq += 1;
            let publication = seq.cast_signed();
            let all = format(*id, publication, "%[req.hdr(x)] %[req.hdr(y)] %[req.hdr(z)]", &[]);
            let alt = format(*id, publication, "ALT %[date(0,ms)] %ST %B", &[("began", "date(0,ms)")]);
            let told = match what {
                0 => retired(ours(*id, publication)),
                1 => ours(*id, publication),
                2 => alt,
                _ => all,
            };
            // Number 0 was taken before anything was: it changes nothing.
            (Source::Outbox, self::told(if with_changes { seq } else { 0 }, told))
        }
    };
    let block = |(epoch, given): (u64, &Vec<Given>)| {
        let frames: Vec<_> = given.iter().map(&mut frames).collect();
        block_of(epoch, frames.iter().map(|(source, frame)| (*source, frame.as_str())))
    };
    (1..).zip(given).map(block).collect()
}

fn decode_all(decoder: &mut Decoder, blocks: &[Block]) -> Vec<Batch> {
    blocks.iter().map(|block| decoder.decode(block)).collect()
}

proptest! {
    /// Whatever is published, what could be read without it is read as without it.
    #[test]
    fn nothing_that_is_readable_is_read_otherwise(
        given in prop::collection::vec(prop::collection::vec(given(), 0..12), 1..6),
    ) {
        let with = decode_all(&mut Decoder::new(DecodeConfig::LIVE), &blocks_of(&given, true));
        let without = decode_all(&mut Decoder::new(DecodeConfig::LIVE), &blocks_of(&given, false));
        // A change's number may be longer: lines are told by what they say, and their order.
        for (with, without) in with.iter().zip(&without) {
            prop_assert_eq!(&with.system, &without.system);
            prop_assert_eq!(with.counts.received, without.counts.received);
            prop_assert_eq!(with.counts.duplicates, without.counts.duplicates);
            let named = |batch: &Batch| {
                let numbered = batch.records.iter().filter(|record| record.line_id.is_some() || record.status_code == 200 && record.bytes_sent == 89);
                numbered.map(|record| Record { journal_offset: 0, ..*record }).collect::<Vec<_>>()
            };
            prop_assert_eq!(named(with), named(without));
            prop_assert!(with.records.len() >= without.records.len());
            let more = with.records.len() - without.records.len();
            prop_assert_eq!(with.counts.rejected_total() + more as u64, without.counts.rejected_total());
        }
    }

    /// A restart anywhere, as of what is stored with the epoch, gives the same batches.
    #[test]
    fn a_restart_in_the_middle_gives_the_same_batches(
        given in prop::collection::vec(prop::collection::vec(given(), 0..12), 2..7),
        cut in 1..6usize,
    ) {
        let cut = cut.min(given.len() - 1);
        let blocks = blocks_of(&given, true);
        let expected = decode_all(&mut Decoder::new(DecodeConfig::LIVE), &blocks);
        let mut before = Decoder::new(DecodeConfig::LIVE);
        decode_all(&mut before, &blocks[..cut]);
        let (seq, formats) = stored(&expected[..cut]);
        let restored = Decoder::restore(DecodeConfig::LIVE, &before.windows(), seq, PriceBooks::v1()).unwrap();
        let mut restored = restored.with_formats(&formats);
        blocks[..cut].iter().for_each(|block| restored.rewarm(block));
        prop_assert_eq!(decode_all(&mut restored, &blocks[cut..]), &expected[cut..]);
    }
}
