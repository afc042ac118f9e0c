//! What is told of open streams: in any order, lost, doubled, late, over a restart, the bytes come to those of the stream's line.

use super::*;
use crate::counters::Counters;
use crate::decode::streams::Uncounted;
use crate::sequencer::follow::{Decoding, Takes};
use suiftly_schema::stream::{OpenStream, STREAMS_MAX, StreamId};

const HAPROXY: i64 = 1_795_298_476_993;
const EDGE: i64 = 1_795_298_470_000;

/// The stream's own line: so many bytes after so long.
fn line(rt: u32, bytes: u64, took_ms: u32) -> String {
    format!(
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF1 {0} {0} {HAPROXY} {rt} {1} 17 1 3 2 \
         1 0 7 2069146420 10496 - 203.0.100.212 graphql 200 {bytes} 139 0 0 0 0 {took_ms} -- ok/s2 127.0.0.1 ID",
        NOW.0,
        rt + 1,
    )
}

/// What an edge tells of it: its own number, bytes and time.
fn told(rt: u32, seq: u32, bytes: u64, at: UnixMillis) -> String {
    told_as(7, rt, seq, bytes, at)
}

fn told_as(traffic: u8, rt: u32, seq: u32, bytes: u64, at: UnixMillis) -> String {
    format!(
        "<134>1 - - suiftly-edge - - - SF1 {0} {0} {EDGE} {rt} {seq} 17 1 3 2 {traffic} 0 7 2069146420 10496 - \
         203.0.100.212 graphql 200 {bytes} 0 -1 -1 -1 -1 0 -- -/<NOSRV> - {HAPROXY}-{rt}",
        at.0
    )
}

/// A block whose clock is so much after [`NOW`].
fn block_at(epoch: Epoch, after_ms: i64, frames: &[String]) -> Block {
    let mut builder = BlockBuilder::default();
    let clock = NOW.plus_ms(after_ms);
    for frame in frames {
        builder.push(&GATEWAY, clock, frame.as_bytes()).unwrap();
    }
    builder.seal(epoch, clock, epoch * 100_000)
}

fn decoder() -> Decoder {
    Decoder::new(DecodeConfig::LIVE)
}

fn sums(batch: &Batch) -> UsageSums {
    let mut sums = UsageSums::default();
    batch.partials.usage.iter().for_each(|(_, usage)| sums += &usage.sums);
    sums
}

/// What these frames come to, each in a block of its own.
fn decoded(frames: &[String]) -> (UsageSums, Decoder) {
    let (mut decoder, mut all) = (decoder(), UsageSums::default());
    for (epoch, frame) in (1..).zip(frames) {
        all += &sums(&decoder.decode(&block_at(epoch, 0, std::slice::from_ref(frame))));
    }
    (all, decoder)
}

/// All orders of these.
fn orders(frames: &[String]) -> Vec<Vec<String>> {
    let Some((first, rest)) = frames.split_first() else { return vec![Vec::new()] };
    let places = |order: Vec<String>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, first.clone());
            order
        })
    };
    orders(rest).into_iter().flat_map(places).collect()
}

#[test]
fn in_any_order_and_doubled_it_is_the_lines_bytes_and_one_request() {
    let told = [told(5, 1, 400, NOW), told(5, 2, 300, NOW), told_as(8, 5, 3, 0, NOW)];
    let frames = [told.to_vec(), vec![line(5, 1_000, 60_000)]].concat();
    for order in orders(&frames) {
        let doubled = [&order[..], &order[1..], &order[..2]].concat();
        let (sums, _) = decoded(&doubled);
        let expected = UsageSums {
            guaranteed: 1,
            billable_requests: 1,
            bytes_sent: 1_000,
            billable_bytes: 1_000,
            time_total_ms: 60_000,
            ..UsageSums::default()
        };
        assert_eq!(sums, expected, "{order:#?}");
    }
}

#[test]
fn what_was_told_of_a_stream_whose_line_is_lost_is_what_counts() {
    let (sums, decoder) = decoded(&[told(5, 1, 400, NOW), told(5, 3, 300, NOW)]);
    assert_eq!((sums.billable_bytes, sums.requests(), sums.billable_requests), (700, 0, 0), "and what is lost is not");
    let id = StreamId { server_id: 17, boot: UnixMillis(HAPROXY), rt: 5 };
    assert_eq!(decoder.streams(), [OpenStream { id, told_bytes: 700, is_final: false, heard_at: NOW }]);
}

#[test]
fn a_record_of_what_is_told_is_no_request_and_other_answers_are_as_they_were() {
    let mut decoder = decoder();
    let batch = decoder.decode(&block_at(1, 0, &[told(5, 1, 400, NOW), line(6, 90, 3_999), line(7, 80, 30)]));
    let records: Vec<_> =
        batch.records.iter().map(|record| (record.traffic_type, record.repeat, record.bytes_sent)).collect();
    assert_eq!(records, [(7, 0, 400), (1, 1, 90), (1, 1, 80)]);
    assert_eq!((batch.counts.accepted, decoder.streams().len()), (3, 1), "short answers are not remembered");
    assert_eq!(batch.streams, decoder.streams());
}

#[test]
fn a_line_that_brings_less_than_was_told_counts_nothing() {
    let (sums, decoder) = decoded(&[told(5, 1, 400, NOW), line(5, 399, 60_000)]);
    assert_eq!((sums.bytes_sent, sums.requests()), (400, 1));
    assert_eq!(decoder.uncounted(), Uncounted { deltas: 0, overtold: 1 });
}

#[test]
fn what_counts_nothing_is_noted_with_each_block() {
    let (batches, taken) = crossbeam_channel::unbounded();
    let counters = Arc::new(Counters::default());
    let mut decoding = Decoding { decoder: Box::new(decoder()), batches, counters: Arc::clone(&counters) };
    let block = block_at(1, 0, &[told(5, 1, 400, NOW), line(5, 399, 60_000), told(5, 2, 7, NOW)]);
    decoding.take(&Arc::new(block)).unwrap();
    assert_eq!((counters.uncounted(), taken.len()), (Uncounted { deltas: 1, overtold: 1 }, 1));
}

#[test]
fn what_is_told_too_late_is_left_to_the_line() {
    let half_an_hour = 30 * 60_000;
    let mut decoder = decoder();
    let late = [told(5, 1, 400, NOW), told(5, 2, 50, NOW.plus_ms(1))];
    let batch = decoder.decode(&block_at(1, half_an_hour + 1, &late));
    assert_eq!(batch.records.iter().map(|record| record.bytes_sent).collect::<Vec<_>>(), [0, 50]);
    let batch = decoder.decode(&block_at(2, half_an_hour + 2, &[line(5, 1_000, 60_000)]));
    assert_eq!(batch.records[0].bytes_sent, 950);
    assert_eq!(decoder.uncounted().deltas, 1);
}

#[test]
fn an_hour_after_its_line_a_stream_is_forgotten_and_what_comes_then_counts_nothing() {
    const HOUR: i64 = 3_600_000;
    let mut decoder = decoder();
    decoder.decode(&block_at(1, 0, &[told(5, 1, 400, NOW), told(6, 2, 10, NOW), line(5, 1_000, 60_000)]));
    assert!(decoder.decode(&block_at(2, HOUR - 1, &[])).ended.is_empty());
    let batch = decoder.decode(&block_at(3, HOUR, &[told(5, 3, 600, NOW)]));
    let id = StreamId { server_id: 17, boot: UnixMillis(HAPROXY), rt: 5 };
    assert_eq!((batch.ended, batch.records[0].bytes_sent), (vec![id], 0), "it was written an hour ago");
    let week = 7 * 24 * HOUR;
    let batch = decoder.decode(&block_at(4, week, &[line(6, 1_000, 60_000)]));
    assert_eq!(batch.records[0].bytes_sent, 990, "a line may be a week late");
}

#[test]
fn a_restart_between_any_two_changes_nothing() {
    let frames =
        [told(5, 1, 400, NOW), line(6, 70, 9_000), told(5, 2, 300, NOW), line(5, 1_000, 60_000), told(6, 3, 70, NOW)];
    let block_of_one = |(epoch, frame)| block_at(epoch, 0, std::slice::from_ref(frame));
    let blocks: Vec<Block> = (1..).zip(&frames).map(block_of_one).collect();
    let mut undisturbed = decoder();
    let expected: Vec<Batch> = blocks.iter().map(|block| undisturbed.decode(block)).collect();
    for cut in 0..blocks.len() {
        let mut before = decoder();
        blocks[..cut].iter().for_each(|block| drop(before.decode(block)));
        let after = Decoder::restore(DecodeConfig::LIVE, &before.windows(), 0, PriceBooks::v1()).unwrap();
        let mut after = after.with_streams(&before.streams());
        for (block, expected) in blocks[cut..].iter().zip(&expected[cut..]) {
            assert_eq!(after.decode(block), *expected, "cut at {cut}");
        }
        assert_eq!(after.streams(), undisturbed.streams());
    }
}

#[test]
fn what_cannot_be_told_whose_it_is_counts_nothing() {
    let odd = ["ID", "-", "12", "12-", "-7", "+1-7", "1-2-3", "1-4294967296"];
    for (name, seq) in odd.into_iter().zip(1..) {
        let frame = told(5, seq, 400, NOW).replace(&format!("{HAPROXY}-5"), name);
        let (sums, decoder) = decoded(&[frame]);
        assert_eq!((sums, decoder.uncounted().deltas), (UsageSums::default(), 1), "{name}");
    }
}

#[test]
fn where_there_is_no_room_the_oldest_line_is_forgotten_and_no_open_stream() {
    let most = u32::try_from(STREAMS_MAX).unwrap();
    let mut decoder = decoder();
    // One that is open, and lines up to the bound.
    decoder.decode(&block_at(1, 0, &[told(0, 1, 400, NOW)]));
    for (epoch, first) in (2_u64..).zip((1..most).step_by(4_096)) {
        let lines: Vec<_> = (first..most.min(first + 4_096)).map(|rt| line(rt, 10, 5_000)).collect();
        decoder.decode(&block_at(epoch, epoch.cast_signed(), &lines));
    }
    assert_eq!(decoder.streams().len(), STREAMS_MAX);
    let batch = decoder.decode(&block_at(100, 100, &[told(most, 2, 5, NOW)]));
    assert_eq!((batch.records[0].bytes_sent, batch.ended.iter().map(|id| id.rt).collect::<Vec<_>>()), (5, vec![1]));
    let batch = decoder.decode(&block_at(101, 101, &[line(0, 1_000, 60_000)]));
    assert_eq!((batch.records[0].bytes_sent, decoder.streams().len()), (600, STREAMS_MAX));
}
