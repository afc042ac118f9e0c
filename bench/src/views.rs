//! `cargo xtask bench views`: from the journal's blocks to all views' deltas, CPU time of the whole process but for the
//! making of the lines.

use crate::cpu;
use crate::report::Row;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;

/// 2026-09-01T00:00:00Z.
const START: UnixMillis = UnixMillis(1_788_220_800_000);
const LINES_A_SECOND: u64 = 100_000;
const EPOCH_MS: u64 = 100;
const LINES_AN_EPOCH: u64 = LINES_A_SECOND * EPOCH_MS / 1_000;
const EPOCHS: u64 = 200;
const RUNS: usize = 3;
/// Blocks made ahead.
const BLOCKS_AHEAD: usize = 8;

/// CPU-seconds per million lines, for customers as they come in life and for evenly spread ones.
pub fn run() -> anyhow::Result<Vec<Row>> {
    [(100_000, 1.0), (100_000, 0.0), (500, 1.0)].into_iter().map(|(n, exponent)| case(n, exponent)).collect()
}

fn case(customers: u32, zipf_exponent: f64) -> anyhow::Result<Row> {
    let millions = (EPOCHS * LINES_AN_EPOCH) as f64 / 1e6;
    let options = GatewayOptions { customers, zipf_exponent, ..GatewayOptions::default() };
    let runs: anyhow::Result<Vec<_>> = (0..RUNS).map(|_| Ok(feed(&options)? / millions)).collect();
    let case = format!(
        "{customers} customers, Zipf {zipf_exponent}, {EPOCH_MS} ms epochs of {LINES_AN_EPOCH} lines, 1 worker"
    );
    Ok(Row::new(&case, "suiftly", "CPU-s per million lines", runs?))
}

/// CPU-seconds of all threads but the one that makes the lines.
fn feed(options: &GatewayOptions) -> anyhow::Result<f64> {
    let (send, blocks) = std::sync::mpsc::sync_channel(BLOCKS_AHEAD);
    let options = options.clone();
    let maker = std::thread::spawn(move || cpu::of_thread(|| make(&options, &send)));
    let (lines, all) = cpu::of_work(|| consume(blocks.iter()))?;
    let ((), making) = maker.join().expect("the maker ends")?;
    anyhow::ensure!(lines == EPOCHS * LINES_AN_EPOCH, "{lines} lines were decoded");
    Ok(all - making)
}

fn make(options: &GatewayOptions, blocks: &std::sync::mpsc::SyncSender<Vec<u8>>) {
    let mut gateway = SimulatedGateway::new(options, START);
    let (mut start, mut line) = (0, Vec::new());
    for epoch in 1..=EPOCHS {
        let mut builder = BlockBuilder::default();
        let from = START.plus_ms((epoch * EPOCH_MS).cast_signed());
        for n in 0..LINES_AN_EPOCH {
            line.clear();
            gateway.line(from.plus_ms((n * EPOCH_MS / LINES_AN_EPOCH).cast_signed()), &mut line);
            builder.push(&Source::File, from, &line).expect("an epoch fits a block");
        }
        let block = builder.seal(epoch, from.plus_ms(EPOCH_MS.cast_signed()), start);
        start = block.end;
        if blocks.send(block.into_buffer()).is_err() {
            return;
        }
    }
}

fn consume(blocks: impl Iterator<Item = Vec<u8>>) -> u64 {
    let started = Dataflow::start(1, Seed::default(), PriceBooks::v1());
    let (mut dataflow, deltas) = started.expect("one worker starts");
    let taker = std::thread::spawn(move || deltas.iter().map(|deltas| deltas.minutes.len()).sum::<usize>());
    let mut decoder = Decoder::new(DecodeConfig::REPLAY);
    let mut lines = 0;
    for bytes in blocks {
        let block = Block::from_bytes(bytes).expect("a sound block");
        let batch = decoder.decode(&block);
        lines += batch.counts.accepted;
        dataflow
            .send(EpochInput {
                epoch: batch.epoch,
                cut_at: batch.cut_at,
                partials: batch.partials,
                reference: Vec::new(),
            })
            .expect("the worker lives");
    }
    drop(dataflow);
    assert!(taker.join().expect("the taker ends") > 0, "deltas come out");
    lines
}
