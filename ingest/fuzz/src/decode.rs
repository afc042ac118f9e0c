//! Blocks of lines into batches. Every line is counted once, the sums are those of the records, decoding again gives the
//! same batch, and so does a decoder that was restored between two blocks.
//!
//! Input: lines, parted by newlines; an empty line parts two blocks.

use crate::RECEIVED;
use std::net::Ipv4Addr;
use suiftly_ingest::block::{Block, BlockBuilder, MAX_FRAME_BYTES};
use suiftly_ingest::decode::{DecodeConfig, Decoder, MAX_SYSTEM_MESSAGE_BYTES};
use suiftly_ingest::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::usage::UsageSums;

/// Runs the target.
pub fn check(data: &[u8]) {
    let at = data.windows(2).position(|two| two == b"\n\n").unwrap_or(data.len());
    let first = block(&data[..at], 1, 0);
    let second = block(&data[at..], 2, first.end);
    for config in [DecodeConfig::LIVE, DecodeConfig::REPLAY] {
        decode(&config, &first, &second);
    }
}

fn decode(config: &DecodeConfig, first: &Block, second: &Block) {
    let mut decoder = Decoder::new(config.clone());
    let batches = [decoder.decode(first), decoder.decode(second)];
    for (batch, block) in batches.iter().zip([first, second]) {
        assert_counted(batch, block);
    }
    let mut again = Decoder::new(config.clone());
    assert_eq!(batches[0], again.decode(first), "it depends on more than the block");
    let mut restored =
        Decoder::restore(config.clone(), &again.windows(), 0, PriceBooks::v1()).expect("windows of its own");
    restored = restored.with_streams(&again.streams());
    restored.rewarm(first);
    assert_eq!(batches[1], restored.decode(second), "a restart makes a difference");
    assert_eq!(decoder.windows(), restored.windows());
}

/// A block as it comes out of the journal.
fn block(lines: &[u8], epoch: u64, start: u64) -> Block {
    let mut builder = BlockBuilder::default();
    let source = Source::udp((Ipv4Addr::LOCALHOST, 514).into());
    for line in lines.split(|byte| *byte == b'\n').filter(|line| line.len() <= MAX_FRAME_BYTES) {
        builder.push(&source, RECEIVED, line).expect("an input is far shorter than a block");
    }
    Block::from_bytes(builder.seal(epoch, RECEIVED, start).into_buffer()).expect("a block of our own")
}

fn assert_counted(batch: &Batch, block: &Block) {
    let counts = &batch.counts;
    assert_eq!(counts.received, u64::from(block.frame_count()));
    assert_eq!(
        counts.received,
        counts.accepted + counts.came_again() + counts.system + counts.rejected_total(),
        "a line was counted twice or not at all"
    );
    assert_eq!(counts.accepted, batch.records.len() as u64);
    assert_eq!(counts.system, batch.system.len() as u64);
    for message in &batch.system {
        assert!(message.message.len() <= MAX_SYSTEM_MESSAGE_BYTES);
    }
    let mut sums = UsageSums::default();
    for record in &batch.records {
        let mut sound = *record;
        sound.journal_offset = 0;
        crate::record::assert_sound(&sound);
        assert!((block.start..block.end).contains(&record.journal_offset));
        sums += &UsageSums::of(record);
    }
    let mut by_minute = UsageSums::default();
    batch.partials.usage.iter().for_each(|(_, minute)| by_minute += &minute.sums);
    assert_eq!(sums, by_minute, "the sums are not those of the records");
}
