mod billing;
mod bound;
mod homes;
mod published;
mod quarantined;
mod reference;
mod repeats;
mod streams;

use super::*;
use crate::block::BlockBuilder;
use crate::source::Source;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use suiftly_schema::{
    ids::{CustomerId, Network, Service},
    loss::LineCounts,
    usage::{MinuteKey, Usage, UsageKey, UsageSums},
};

const NOW: UnixMillis = UnixMillis(1_795_298_482_000);
/// 10.1.2.3
const GATEWAY: Source = Source::Udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)), 514));

/// An SF1 line of boot 1 on server 17, mainnet seal.
fn sf1(seq: u32, began: i64, customer: &str, status: i16, bytes: u64) -> String {
    format!(
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF1 {began} {began} 1795298476993 {seq} {seq} 17 1 1 2 \
         1 0 {customer} 2069146420 10496 - 203.0.100.212 v1/fetch_k {status} {bytes} 139 0 0 0 0 3 -- ok/s2 127.0.0.1 ID"
    )
}

fn block(epoch: Epoch, frames: &[String]) -> Block {
    let mut builder = BlockBuilder::default();
    for (frame, at) in frames.iter().zip(0..) {
        builder.push(&GATEWAY, NOW.plus_ms(at), frame.as_bytes()).unwrap();
    }
    builder.seal(epoch, NOW.plus_ms(100), epoch * 10_000)
}

/// Frames of several sources, all received now.
fn block_of<'a>(epoch: Epoch, frames: impl IntoIterator<Item = (Source, &'a str)>) -> Block {
    let mut builder = BlockBuilder::default();
    for (source, frame) in frames {
        builder.push(&source, NOW, frame.as_bytes()).unwrap();
    }
    builder.seal(epoch, NOW.plus_ms(100), epoch * 1_000_000)
}

#[test]
fn a_block_becomes_a_batch() {
    let frames = [
        sf1(1, NOW.0, "12345", 200, 100),
        sf1(2, NOW.0 + 5, "12345", 200, 50),
        sf1(2, NOW.0 + 5, "12345", 200, 50),
        sf1(2, NOW.0 + 5, "12345", 200, 51),
        sf1(3, NOW.0, "-", 404, 7),
        sf1(4, NOW.0 + 11 * 60_000, "12345", 200, 1),
        sf1(5, NOW.0 - 8 * 24 * 3_600_000, "12345", 200, 1),
        "<133>Nov 21 22:01:22 haproxy[1]: Proxy fe started.".to_owned(),
        "<134>Nov 21 22:01:22 haproxy[1]: what is this".to_owned(),
        "<134>1 2026-11-21T22:01:21.991304+00:00 - haproxy 7555 - - SF2 1".to_owned(),
    ];
    let block = block(3, &frames);
    let mut decoder = Decoder::new(DecodeConfig::LIVE);
    let batch = decoder.decode(&block);

    assert_eq!((batch.epoch, batch.cut_at, batch.journal_end), (3, NOW.plus_ms(100), block.end));
    assert_eq!(batch.oldest_received_at, NOW);
    let offsets: Vec<u64> = block.frames().map(|frame| frame.offset).collect();
    let kept: Vec<_> = batch.records.iter().map(|record| (record.journal_offset, record.bytes_sent)).collect();
    assert_eq!(kept, [(offsets[0], 100), (offsets[1], 50), (offsets[4], 7)]);

    let key = |customer| UsageKey {
        customer_id: CustomerId::new(customer),
        service: Some(Service::Seal),
        network: Some(Network::Mainnet),
    };
    let minute = NOW.minute();
    let paid = UsageSums {
        guaranteed: 2,
        billable_requests: 2,
        bytes_sent: 150,
        billable_bytes: 150,
        time_total_ms: 6,
        ..UsageSums::default()
    };
    let unpaid = UsageSums { client_error: 1, bytes_sent: 7, time_total_ms: 3, ..UsageSums::default() };
    let expected = [(MinuteKey { usage: key(12345), minute }, paid), (MinuteKey { usage: key(0), minute }, unpaid)];
    let usage: Vec<_> = batch.partials.usage.iter().map(|(key, usage)| (*key, usage.sums)).collect();
    assert_eq!(usage, expected);
    let times: Vec<_> = batch.partials.usage.iter().map(|(_, usage)| usage.times.cells().collect::<Vec<_>>()).collect();
    assert_eq!(times, [vec![(3, 2)], vec![(3, 1)]]);
    let keys = batch.partials.keys.iter().map(|(of, did)| (of.key.customer_id.get(), of.hour, did.requests));
    assert_eq!(keys.collect::<Vec<_>>(), [(12_345, minute.hour(), 2)]);
    let infra: i64 = batch.partials.infra.iter().map(|(_, sums)| sums.requests).sum();
    assert_eq!(infra, 3);

    assert_eq!(batch.system.len(), 1);
    assert_eq!(batch.system[0].message, "Proxy fe started.");
    assert_eq!(batch.system[0].timestamp.rfc3339(), "2026-11-21T22:01:22Z");

    let rejected = [("conflict", 1), ("sf1_version", 1), ("time_window", 2), ("unknown_format", 1)];
    let rejected = rejected.map(|(word, count)| (word.to_owned(), count)).into();
    let expected =
        LineCounts { received: 10, accepted: 3, duplicates: 1, system: 1, rejected, ..LineCounts::default() };
    assert_eq!(batch.counts, expected);
    let counts = &batch.counts;
    assert_eq!(counts.received, counts.accepted + counts.came_again() + counts.system + counts.rejected_total());

    assert_eq!(batch.windows.len(), 1);
    let window = &batch.windows[0];
    assert_eq!((window.received, window.duplicates, window.conflicts, window.missing), (3, 1, 1, 0));
}

#[test]
fn an_empty_block_is_an_empty_batch() {
    let batch = Decoder::new(DecodeConfig::LIVE).decode(&block(1, &[]));
    assert_eq!(batch.oldest_received_at, batch.cut_at);
    assert_eq!(
        (batch.records.len(), batch.partials.usage.len(), batch.windows.len(), batch.counts.received),
        (0, 0, 0, 0)
    );
}

#[test]
fn a_restart_anywhere_changes_nothing_but_proof() {
    // Each line three times over: twice in its own block, once more in the next.
    let lines: Vec<String> = (1..=60).map(|seq| sf1(seq, NOW.0 + i64::from(seq), "7", 200, 10)).collect();
    let blocks: Vec<Block> = (1..=6u64)
        .map(|epoch| {
            let from = usize::try_from(epoch - 1).unwrap() * 10;
            let again = &lines[from.saturating_sub(10)..from];
            block(epoch, &[&lines[from..from + 10], &lines[from..from + 10], again].concat())
        })
        .collect();
    let mut undisturbed = Decoder::new(DecodeConfig::LIVE);
    let expected: Vec<Batch> = blocks.iter().map(|block| undisturbed.decode(block)).collect();
    for cut in 1..blocks.len() {
        let mut before = Decoder::new(DecodeConfig::LIVE);
        for (block, expected) in blocks.iter().zip(&expected).take(cut) {
            assert_eq!(before.decode(block), *expected);
        }
        let mut after = Decoder::restore(DecodeConfig::LIVE, &before.windows(), 0, PriceBooks::v1()).unwrap();
        after.rewarm(&blocks[cut - 1]);
        for (block, expected) in blocks.iter().zip(&expected).skip(cut) {
            assert_eq!(after.decode(block), *expected);
        }
        assert_eq!(after.forgotten(), Forgotten::default(), "all duplicates were proven");
    }
}

#[test]
fn a_system_message_is_cut_at_a_character() {
    let body = format!("Proxy {}", "é".repeat(1_000));
    let batch = Decoder::new(DecodeConfig::LIVE).decode(&block(1, &[body]));
    assert_eq!(batch.system[0].message.len(), MAX_SYSTEM_MESSAGE_BYTES);
    assert!(batch.system[0].message.ends_with('é'));
    assert_eq!(batch.system[0].timestamp, NOW, "it has no date of its own");
}

#[test]
fn a_system_messages_date_is_believed_within_the_time_window() {
    let at = |date: &str| {
        let line = format!("<133>1 {date} - haproxy 1 - - Proxy fe started.");
        Decoder::new(DecodeConfig::LIVE).decode(&block(1, &[line])).system[0].timestamp
    };
    assert_eq!(at("2026-11-21T20:00:00Z").rfc3339(), "2026-11-21T20:00:00Z");
    for far_off in ["2026-11-14T20:00:00Z", "2026-11-22T20:00:00Z", "1970-01-01T00:00:00Z", "9998-01-01T00:00:00Z"] {
        assert_eq!(at(far_off), NOW, "{far_off}");
    }
}
