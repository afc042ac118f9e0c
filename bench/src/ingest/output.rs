//! What a subject made of the lines: the file a peer wrote, or what our own subjects say.

use crate::child::Measured;
use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

/// A file that has not grown for so long is done: longer than disks stall.
const QUIET: Duration = Duration::from_millis(800);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// After so long a subject has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What our own subjects print on one line when they are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Lines taken, each once.
    pub lines: u64,
    /// Lines that came and were not taken: duplicates, rejects. There should be none.
    pub refused: u64,
    /// Numbers missing between the first and the last.
    pub missing: u64,
    /// Datagrams the kernel dropped.
    pub kernel_drops: u64,
}

/// Waits for the line that our own subjects print.
pub(super) fn await_outcome(subject: &mut Measured) -> anyhow::Result<Outcome> {
    let output = subject.child.stdout.take().context("the subject's output is not ours")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).context("cannot read what the subject says")?;
    serde_json::from_str(&line).context("the subject ended early")
}

/// Waits until a file does not grow any more and, if it is known, is as long as expected; counts its lines.
pub(super) fn await_file(path: &Path, expected_bytes: Option<u64>) -> anyhow::Result<u64> {
    let began = Instant::now();
    let (mut length, mut since) = (0, Instant::now());
    loop {
        let now = path.metadata().map_or(0, |file| file.len());
        if now != length {
            (length, since) = (now, Instant::now());
        }
        if expected_bytes == Some(length) || (length > 0 && since.elapsed() >= QUIET) {
            break;
        }
        ensure!(began.elapsed() < PATIENCE, "{} was not written in {PATIENCE:?}", path.display());
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(length)
}

/// Newlines in a file.
pub(super) fn count_lines(path: &Path) -> anyhow::Result<u64> {
    let cannot = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(cannot)?;
    let (mut buffer, mut lines) = (vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer).with_context(cannot)?;
        if read == 0 {
            return Ok(lines);
        }
        lines += buffer[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_awaited_and_counted() {
        let path = std::env::temp_dir().join(format!("suiftly-bench-lines-{}", std::process::id()));
        std::fs::write(&path, "a\nb\n\n").unwrap();
        assert_eq!(await_file(&path, Some(5)).unwrap(), 5);
        assert_eq!(count_lines(&path).unwrap(), 3);
        std::fs::remove_file(&path).unwrap();
    }
}
