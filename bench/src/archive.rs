//! `cargo xtask bench archive [--sample FILE] [--fast]`, and a part of `cargo xtask bench ingest`: what it costs to compress the
//! journal's closed segments, apart from all else. On a simulated gateway's lines, or those of a file (plain or .xz), over
//! and over: it should be longer than a frame, or the compressor finds each line again. Everything is charged: reading
//! the raw segment, compressing it, reading it back, and exchanging the files.

use crate::cpu;
use crate::report::Row;
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::journal::{Journal, JournalConfig, SegmentSummary, State, survey};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::time::UnixMillis;

/// 2026-11-21T22:00:00Z.
const NOW: UnixMillis = UnixMillis(1_795_298_400_000);
const LEVELS: [i32; 3] = [1, 3, 6];
const RUNS: usize = 3;
const LINES: u64 = 1_000_000;
/// With `--fast`, which shows that it runs: once, at the first level.
const FAST_LINES: u64 = 300_000;
/// A tenth of them, and 25 MB: far longer than a frame.
const SIMULATED_LINES: i64 = 100_000;
const LINES_A_MS: i64 = 20;
/// As the sequencer cuts them under load.
const BLOCK_BYTES: usize = 1 << 20;
const SEGMENT_BYTES: u64 = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// CPU-seconds per million lines, and how much shorter they get, by zstd level.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let (lines, size) = options(arguments)?;
    let dir = crate::report::dir()?.join(format!("archive-{}", std::process::id()));
    let rows = size.levels.iter().map(|level| rows(&dir, &lines, *level, &size)).collect::<anyhow::Result<Vec<_>>>();
    // Each run has removed its own; after a failure something may be left.
    let _ = std::fs::remove_dir_all(&dir);
    Ok(rows?.into_iter().flatten().collect())
}

/// How much is measured.
struct Size {
    levels: &'static [i32],
    runs: usize,
    lines: u64,
}

impl Size {
    const WHOLE: Self = Self { levels: &LEVELS, runs: RUNS, lines: LINES };
    const FAST: Self = Self { levels: LEVELS.split_at(1).0, runs: 1, lines: FAST_LINES };
}

fn options(arguments: Vec<OsString>) -> anyhow::Result<(Lines, Size)> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut lines, mut size) = (None, Size::WHOLE);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("sample") => lines = Some(Lines::sample(&PathBuf::from(parser.value()?))?),
            Long("fast") => size = Size::FAST,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok((lines.unwrap_or_else(Lines::simulated), size))
}

fn rows(dir: &Path, lines: &Lines, level: i32, size: &Size) -> anyhow::Result<[Row; 2]> {
    let (mut costs, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..size.runs {
        write_raw(dir, lines, size.lines)?;
        let (compressed, cpu_seconds) = cpu::of_work(|| compress(dir, level))?;
        let (lines, ratio) = compressed?;
        costs.push(cpu_seconds / (lines as f64 / 1e6));
        ratios.push(ratio);
        std::fs::remove_dir_all(dir).context("cannot remove the journal")?;
    }
    let case = format!("archiving closed segments of {}, frames of 1 MiB, read back", lines.name);
    let subject = format!("suiftly, zstd {level}");
    Ok([
        Row::new(&case, &subject, "CPU-s per million lines", costs),
        Row::new(&case, &subject, "times smaller", ratios),
    ])
}

/// Lines to fill blocks with.
struct Lines {
    name: &'static str,
    text: Vec<u8>,
}

impl Lines {
    fn sample(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { name: "a sample's lines", text: Self::read(path)? })
    }

    fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
        let cannot = || format!("cannot read {}", path.display());
        let mut file = std::fs::File::open(path).with_context(cannot)?;
        let mut text = Vec::new();
        if path.extension().is_some_and(|extension| extension == "xz") {
            liblzma::read::XzDecoder::new(file).read_to_end(&mut text).with_context(cannot)?;
        } else {
            file.read_to_end(&mut text).with_context(cannot)?;
        }
        Ok(text)
    }

    fn simulated() -> Self {
        let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), NOW);
        let mut text = Vec::new();
        for n in 0..SIMULATED_LINES {
            gateway.line(NOW.plus_ms(n / LINES_A_MS), &mut text);
            text.push(b'\n');
        }
        Self { name: "simulated SF1 lines", text }
    }
}

/// A journal of closed raw segments.
fn write_raw(dir: &Path, lines: &Lines, count: u64) -> anyhow::Result<()> {
    let (journal, mut start) = open(dir, 0)?;
    let mut lines = lines.text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).cycle();
    let (mut written, mut epoch) = (0, 1);
    while written < count {
        let mut builder = BlockBuilder::default();
        while builder.len_bytes() < BLOCK_BYTES {
            let line = lines.next().context("the sample is empty")?;
            builder.push(&Source::File, NOW, line)?;
        }
        written += u64::from(builder.frame_count());
        let block = builder.seal(epoch, NOW, start);
        (start, epoch) = (block.end, epoch + 1);
        journal.append(Arc::new(block))?;
    }
    Ok(())
}

fn open(dir: &Path, compress_level: i32) -> anyhow::Result<(Journal, u64)> {
    let config =
        JournalConfig { segment_bytes: SEGMENT_BYTES, spare_segments: 0, compress_level, ..JournalConfig::default() };
    let (journal, recovery) = Journal::open(dir, config)?;
    Ok((journal, recovery.end))
}

/// Compresses all but the last; how many lines that was, and how much shorter they got.
fn compress(dir: &Path, level: i32) -> anyhow::Result<(u64, f64)> {
    let (_journal, _) = open(dir, level)?;
    let began = Instant::now();
    while std::fs::read_dir(dir)?.flatten().filter(|entry| is_raw(&entry.path())).count() > 1 {
        ensure!(began.elapsed() < PATIENCE, "the segments are still not compressed");
        std::thread::sleep(LOOK_EVERY);
    }
    let segments = survey(dir, None)?;
    let packed: Vec<_> = segments.iter().filter(|segment| segment.state == State::Compressed).collect();
    ensure!(packed.len() + 1 == segments.len() && !packed.is_empty(), "not all segments were compressed");
    let sum = |of: fn(&SegmentSummary) -> u64| packed.iter().map(|segment| of(segment)).sum::<u64>();
    Ok((
        sum(|segment| segment.lines),
        sum(SegmentSummary::block_bytes) as f64 / sum(|segment| segment.file_bytes) as f64,
    ))
}

fn is_raw(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "sfj")
}
