//! `cargo xtask bench proof [--lines N] [--seed N] [--fast]`: what it costs to make bills provable, beside what it costs
//! to read the same journal and count it again. All of it is charged: reading the journal, decoding its lines, hashing what
//! is billed. `cargo xtask bench ingest` says what taking the lines in costs.
//!
//! One request is proven, any of them by chance, out of the seed that is told; and its proof has to hold in every byte.

mod request;

use crate::cpu;
use crate::report::Row;
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_ingest::audit::{Customers, From, JournalDirs, RecountOrder, recount};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalId};
use suiftly_ingest::proof::{FindOrder, PartWalk, Step, WalkFrom, find};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::ids::Epoch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::proof::{Found, make, verify};
use suiftly_schema::time::UnixMillis;

/// 2026-11-21T22:00:00Z.
const NOW: UnixMillis = UnixMillis(1_795_298_400_000);
const RUNS: usize = 5;
const LINES: u64 = 1_000_000;
/// With `--fast`, which shows that it runs.
const FAST_LINES: u64 = 20_000;
/// Twenty minutes of an hour at the whole number.
const LINES_A_SECOND: u64 = 800;
const LINES_A_BLOCK: u64 = 500;
/// What the invoice is called that the proof leads to.
const INVOICE: &str = "INV-2026-000001";
/// Verifying one takes too short to be measured by itself.
const VERIFIED: u32 = 1_000;

/// What is asked for.
struct Options {
    lines: u64,
    runs: usize,
    /// Which request is proven.
    seed: u64,
}

/// CPU-seconds per million lines for sealing, and for a recount of the same journal; and one proof made and verified.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = options(arguments)?;
    let dir = crate::report::dir()?.join(format!("proof-{}", std::process::id()));
    let measured = measure(&dir, &options);
    // After a failure something may be left.
    let _ = std::fs::remove_dir_all(&dir);
    measured
}

fn options(arguments: Vec<OsString>) -> anyhow::Result<Options> {
    let mut parser = lexopt::Parser::from_args(arguments);
    // Another request each time, unless it is said.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let mut options = Options { lines: LINES, runs: RUNS, seed: now.as_secs() };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("lines") => options.lines = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("fast") => (options.lines, options.runs) = (FAST_LINES, 1),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.lines >= LINES_A_BLOCK, "fewer lines than a block has cannot be measured");
    Ok(options)
}

fn measure(dir: &Path, &Options { lines, runs, seed }: &Options) -> anyhow::Result<Vec<Row>> {
    let (journal_id, last) = write(dir, lines)?;
    let dirs = JournalDirs::new(dir);
    let per_million = |seconds: f64| seconds / (lines as f64 / 1e6);
    let (mut sealing, mut counting) = (Vec::new(), Vec::new());
    let mut sealed = None;
    for _ in 0..runs {
        let (step, seconds) = cpu::of_work(|| seal(&dirs, journal_id, last))?;
        sealed = Some(step?);
        sealing.push(per_million(seconds));
        let (counted, seconds) = cpu::of_work(|| count(&dirs, journal_id, last))?;
        ensure!(counted? == lines, "not every line was counted");
        counting.push(per_million(seconds));
    }
    let step = sealed.context("nothing was sealed")?;
    let records: u64 = step.parts.iter().map(|part| part.records.count).sum();
    eprintln!("{records} of {lines} lines are billed, in {} parts", step.parts.len());
    let case = |what: &str| format!("{what}, {} % of the lines billed", records * 100 / lines);
    let mut rows = vec![
        Row::new(&case("parts sealed"), "suiftly", "CPU-s per million lines", sealing),
        Row::new("the same journal counted again", "suiftly", "CPU-s per million lines", counting),
    ];
    rows.extend(prove(&dirs, journal_id, &step, (runs, seed))?);
    Ok(rows)
}

/// A journal of lines that are all different, each once.
fn write(dir: &Path, lines: u64) -> anyhow::Result<(JournalId, Epoch)> {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default())?;
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), NOW);
    let (mut start, mut epoch, mut written) = (recovery.end, 0, 0);
    while written < lines {
        let (mut builder, mut line) = (BlockBuilder::default(), Vec::new());
        let now = NOW.plus_ms(i64::try_from(written * 1_000 / LINES_A_SECOND)?);
        for _ in 0..LINES_A_BLOCK.min(lines - written) {
            line.clear();
            gateway.line(now, &mut line);
            builder.push(&Source::File, now, &line)?;
        }
        written += u64::from(builder.frame_count());
        epoch += 1;
        let block = builder.seal(epoch, now, start);
        start = block.end;
        journal.append(Arc::new(block))?;
    }
    Ok((recovery.journal_id, epoch))
}

fn seal(dirs: &JournalDirs, journal_id: JournalId, last: Epoch) -> anyhow::Result<Step> {
    let (books, decode) = (PriceBooks::v1(), DecodeConfig::LIVE);
    let since = UnixMillis::MIN;
    let from = WalkFrom { journal_id, sealed: (0, since), since, whole_from: None, books, decode };
    let step = PartWalk::begin(dirs, &from)?.step(last)?.context("the journal is empty")?;
    ensure!(step.last_epoch == last, "one step takes all of it");
    Ok(step)
}

fn count(dirs: &JournalDirs, journal_id: JournalId, last: Epoch) -> anyhow::Result<u64> {
    let order = RecountOrder {
        journal_id,
        through: last,
        month: NOW.month(),
        customers: Customers::All,
        books: Vec::new(),
        decode: DecodeConfig::LIVE,
        from: From::Beginning,
    };
    Ok(recount(dirs, &order)?.lines)
}

/// One request: found in the journal, put together, and verified; and no byte of its proof can be changed.
fn prove(
    dirs: &JournalDirs,
    journal_id: JournalId,
    step: &Step,
    (runs, seed): (usize, u64),
) -> anyhow::Result<Vec<Row>> {
    let chosen = request::choose(dirs, step, seed)?;
    let part = &step.parts[chosen.part];
    let order = FindOrder {
        journal_id,
        customer_id: part.customer_id,
        hour: part.hour,
        epochs: step.first_epoch..=step.last_epoch,
        records: part.records,
        subtrees: part.subtrees.clone(),
        wanted: chosen.wanted,
        books: PriceBooks::v1(),
        formats: Vec::new(),
        decode: DecodeConfig::LIVE,
    };
    let (month, at) = request::month_of(step, journal_id, part)?;
    let inputs = request::inputs_of(&month, part);
    let (mut making, mut verifying) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let (found, seconds) = cpu::of_work(|| find(dirs, &order))?;
        let found = found?.context("the request is not where it was")?;
        ensure!(found.index == chosen.index, "number {} of its part was found as {}", chosen.index, found.index);
        making.push(seconds / (step.lines as f64 / 1e6));
        let found = Found { record: found.record, index: found.index, path: found.path, part: at };
        let file = make(found, &month, Some((INVOICE, inputs)), &[])?.to_json();
        let verify_all = || (0..VERIFIED).try_for_each(|_| verify(file.as_bytes()).map(drop));
        let (verified, seconds) = cpu::of_thread(verify_all)?;
        verified?;
        verifying.push(seconds * 1e6 / f64::from(VERIFIED));
        if run == 0 {
            request::each_byte_counts(&file, &[INVOICE])?;
            let (records, parts) = (part.records.count, month.len());
            eprintln!(
                "request {} of {records}, in part {at} of {parts}, is proven by {} bytes, each of which counts; --seed {seed}",
                chosen.index,
                file.len()
            );
        }
    }
    Ok(vec![
        Row::new("one request by chance proven", "suiftly", "CPU-s per million lines of its journal", making),
        Row::new("a proof verified", "suiftly", "µs of CPU", verifying),
    ])
}
