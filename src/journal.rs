//! `suiftly journal …`: a look at a journal from outside. It reads and takes no lock, so the journal may be in use.

use crate::cli::{JournalCommand, JournalPlace};
use crate::commands::unless_broken_pipe;
use crate::config::Config;
use crate::table::{Side, table};
use anyhow::Context;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::audit::JournalDirs;
use suiftly_ingest::journal::{self, DumpOptions, JournalReader, SegmentSummary};
use suiftly_ingest::order::is_order;
use suiftly_ingest::replay;
use suiftly_schema::time::UnixMillis;

/// A journal's directory, and its archive's.
struct Dirs {
    journal: PathBuf,
    archive: Option<PathBuf>,
}

impl Dirs {
    fn of(place: JournalPlace) -> anyhow::Result<Self> {
        let configured = Config::read(place.config.as_deref())?.journal.archive_dir;
        // An archive that nothing has gone to yet need not be there; one that was named must.
        let archive = place.archive.or_else(|| configured.filter(|dir| dir.is_dir()));
        Ok(Self { journal: place.dir.unwrap_or_else(|| place.data_dir.join("journal")), archive })
    }
}

/// `suiftly journal …`
pub(crate) fn journal(command: JournalCommand) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match command {
        JournalCommand::Ls { place, json } => ls(&Dirs::of(place)?, json, &mut out),
        JournalCommand::Verify { place } => return verify(&Dirs::of(place)?, &mut out),
        JournalCommand::Dump { place, json, from_epoch, to_epoch, offset, since, until } => {
            let options = DumpOptions { from_epoch, to_epoch, offset, since, until, json };
            dump(&Dirs::of(place)?, &options, &mut out)
        }
        JournalCommand::Replay { place, json, csv, from_epoch, to_epoch } => {
            let output = match (json, csv) {
                (true, _) => replay::Output::Json,
                (_, true) => replay::Output::Csv,
                _ => replay::Output::Table,
            };
            totals(&Dirs::of(place)?, output, from_epoch, to_epoch, &mut out)
        }
    };
    unless_broken_pipe(done.and_then(|()| out.flush().context("cannot write")))
}

fn ls(dirs: &Dirs, json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let segments = journal::survey(&dirs.journal, dirs.archive.as_deref())?;
    if json {
        for segment in &segments {
            writeln!(out, "{}", as_json(segment)).context("cannot write")?;
        }
        return Ok(());
    }
    let rows: Vec<_> = segments.iter().map(as_row).chain([totals_row(&segments)]).map(Vec::from).collect();
    write!(out, "{}", table(&HEAD, &rows)).context("cannot write")
}

fn as_json(segment: &SegmentSummary) -> serde_json::Value {
    let time = |at: Option<UnixMillis>| at.map(UnixMillis::rfc3339);
    serde_json::json!({
        "path": segment.path,
        "journal_id": segment.journal_id.to_string(),
        "state": segment.state.word(),
        "first_epoch": segment.first_epoch,
        "end_epoch": segment.end_epoch,
        "start": segment.start,
        "end": segment.end,
        "first_cut_at": time(segment.first_cut_at),
        "last_cut_at": time(segment.last_cut_at),
        "lines": segment.lines,
        "file_bytes": segment.file_bytes,
    })
}

const HEAD: [(&str, Side); 10] = [
    ("file", Side::Left),
    ("state", Side::Left),
    ("epochs", Side::Left),
    ("from byte", Side::Right),
    ("to byte", Side::Right),
    ("first cut", Side::Left),
    ("last cut", Side::Left),
    ("lines", Side::Right),
    ("on disk", Side::Right),
    ("ratio", Side::Right),
];

/// A row of the table.
type Cells = [String; 10];

fn as_row(segment: &SegmentSummary) -> Cells {
    let name = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let epochs = match segment.end_epoch - segment.first_epoch {
        0 => "-".to_owned(),
        _ => format!("{}-{}", segment.first_epoch, segment.end_epoch - 1),
    };
    let time = |at: Option<UnixMillis>| at.map_or_else(|| "-".to_owned(), UnixMillis::rfc3339);
    [
        name,
        segment.state.word().to_owned(),
        epochs,
        segment.start.to_string(),
        segment.end.to_string(),
        time(segment.first_cut_at),
        time(segment.last_cut_at),
        segment.lines.to_string(),
        segment.file_bytes.to_string(),
        ratio(segment.block_bytes(), segment.file_bytes),
    ]
}

fn totals_row(segments: &[SegmentSummary]) -> Cells {
    let sum = |of: fn(&SegmentSummary) -> u64| segments.iter().map(of).sum::<u64>();
    let (bytes, on_disk) = (sum(SegmentSummary::block_bytes), sum(|segment| segment.file_bytes));
    let mut cells: Cells = std::array::from_fn(|_| String::new());
    cells[0] = format!("{} segments", segments.len());
    cells[4] = bytes.to_string();
    cells[7] = sum(|segment| segment.lines).to_string();
    cells[8] = on_disk.to_string();
    cells[9] = ratio(bytes, on_disk);
    cells
}

/// How much shorter the file is than what is in it.
fn ratio(bytes: u64, on_disk: u64) -> String {
    if on_disk == 0 { "-".to_owned() } else { format!("{:.2}", bytes as f64 / on_disk as f64) }
}

fn verify(dirs: &Dirs, out: &mut impl Write) -> anyhow::Result<()> {
    let verified = journal::verify(&dirs.journal, dirs.archive.as_deref())?;
    let report = |out: &mut dyn Write| -> io::Result<()> {
        for place in &verified.lost.places {
            writeln!(out, "{place}")?;
        }
        for path in &verified.worn {
            writeln!(
                out,
                "{} is not as it was written: take a copy of its lines while they can be read",
                path.display()
            )?;
        }
        let (segments, blocks, lines) = (verified.segments, verified.blocks, verified.lines);
        writeln!(out, "{segments} segments, {blocks} blocks, {lines} lines, {} bytes are sound", verified.bytes)?;
        out.flush()
    };
    report(out).context("cannot write")?;
    let lost = &verified.lost;
    anyhow::ensure!(lost.is_nothing(), "the journal is damaged: {} blocks, {} bytes are lost", lost.blocks, lost.bytes);
    anyhow::ensure!(verified.worn.is_empty(), "{} files are not as they were written", verified.worn.len());
    Ok(())
}

fn dump(dirs: &Dirs, options: &DumpOptions, out: &mut impl Write) -> anyhow::Result<()> {
    // What is damaged has been told on the way.
    journal::dump(&dirs.journal, dirs.archive.as_deref(), options, out)?;
    Ok(())
}

fn totals(
    dirs: &Dirs,
    output: replay::Output,
    from_epoch: Option<u64>,
    to_epoch: Option<u64>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let archive = dirs.archive.as_deref();
    let both = JournalDirs { journal: dirs.journal.clone(), archive: dirs.archive.clone() };
    anyhow::ensure!(
        !is_order(&both)?,
        "{} is the order of a cluster, in which no line stands: name an ingester's journal by --dir",
        dirs.journal.display()
    );
    let mut blocks = match from_epoch {
        Some(epoch) => JournalReader::with_archive(&dirs.journal, archive, epoch)?,
        None => JournalReader::of_all(&dirs.journal, archive, None)?,
    };
    let options = replay::Options { output, ..replay::Options::new(SystemClock.now()) };
    replay::run_journal(&options, &mut blocks, to_epoch, out, &mut io::stderr().lock())?;
    let lost = blocks.lost();
    // A part of the truth must not look like the whole.
    anyhow::ensure!(lost.is_nothing(), "these are not all: {} damaged blocks had to be left out", lost.blocks);
    Ok(())
}
