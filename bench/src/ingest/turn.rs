//! One turn: a subject is started, sent to, waited for, and charged.

use super::case::Case;
use super::output::{await_file, await_outcome, count_lines};
use super::ports;
use super::subject::Subject;
use crate::child::Measured;
use crate::loadgen::{LoadGenerator, Sent};
use anyhow::{Context, ensure};
use std::path::Path;
use std::time::{Duration, Instant};

const START_PATIENCE: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) sent: Sent,
    /// Lines that arrived, each once.
    pub(super) lines: u64,
    /// The subject's, from before the first line to after the last.
    pub(super) cpu_seconds: f64,
    /// From the first line to when all was done with.
    pub(super) seconds: f64,
    pub(super) peak_megabytes: f64,
}

/// Measures a subject in this directory.
pub(super) fn take(generator: &mut LoadGenerator, case: &Case, subject: &Subject, dir: &Path) -> anyhow::Result<Turn> {
    let log = dir.join("errors.log");
    let turn = take_logged(generator, case, subject, dir, &log);
    turn.with_context(|| {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        format!("{}, {}: failed; it said: {}", subject.name, case.name(), said.trim())
    })
}

fn take_logged(
    generator: &mut LoadGenerator,
    case: &Case,
    subject: &Subject,
    dir: &Path,
    log: &Path,
) -> anyhow::Result<Turn> {
    let listen = ports::free()?;
    let load = case.load(listen, subject.divisor());
    let start = subject.command(case, listen, load.lines, dir)?;
    let mut process = Measured::spawn(&start.program, |command| start.configure(command), log)?;
    await_listening(&mut process, listen.port(), case)?;
    let (began, cpu_before) = (Instant::now(), process.cpu_seconds()?);
    let sent = generator.send(&load)?;
    if !case.holds_at(sent.per_second()) {
        eprintln!("{}: only {:.0} lines/s could be sent", case.name(), sent.per_second());
    }
    let lines = match subject.file(dir) {
        None => own_lines(&mut process, sent.lines)?,
        Some(file) => {
            let whole = subject.writes_raw().then_some(sent.bytes + sent.lines);
            await_file(&file, whole)?;
            0
        }
    };
    let (seconds, cpu_seconds) = (began.elapsed().as_secs_f64(), process.cpu_seconds()? - cpu_before);
    let peak_megabytes = process.peak_megabytes()?;
    let lines = match subject.file(dir) {
        None => lines,
        Some(file) => count_lines(&file)?,
    };
    ensure!(lines > 0 && lines <= sent.lines, "{lines} lines arrived of {} sent", sent.lines);
    Ok(Turn { sent, lines, cpu_seconds, seconds, peak_megabytes })
}

/// Our own subjects know each line: what arrived and what is missing must come to what was sent.
fn own_lines(process: &mut Measured, sent: u64) -> anyhow::Result<u64> {
    let outcome = await_outcome(process)?;
    ensure!(outcome.refused == 0, "{} of the lines were refused", outcome.refused);
    let lost = sent - outcome.lines.min(sent);
    if lost > 0 {
        eprintln!(
            "{lost} lines lost: {} between others, {} dropped by the kernel",
            outcome.missing, outcome.kernel_drops
        );
    }
    Ok(outcome.lines)
}

fn await_listening(process: &mut Measured, port: u16, case: &Case) -> anyhow::Result<()> {
    let began = Instant::now();
    while !ports::is_bound(port, case.kind.is_udp()) {
        ensure!(!process.has_ended(), "it ended at once");
        ensure!(began.elapsed() < START_PATIENCE, "it does not listen after {START_PATIENCE:?}");
        std::thread::sleep(LOOK_EVERY);
    }
    // What it still has to do after that (threads, the journal's first segment) is not to be charged.
    std::thread::sleep(LOOK_EVERY * 10);
    Ok(())
}
