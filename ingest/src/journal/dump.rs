//! Frames out of a journal, as they were received.

use super::{JournalError, JournalReader, Lost};
use crate::block::{Block, Frame};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Which frames, and how they are written. By default all, verbatim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DumpOptions {
    /// From this epoch on.
    pub from_epoch: Option<Epoch>,
    /// Up to and including this epoch.
    pub to_epoch: Option<Epoch>,
    /// The one that stands at this byte of the journal alone.
    pub offset: Option<u64>,
    /// Received at this time or later.
    pub since: Option<UnixMillis>,
    /// Received before this time.
    pub until: Option<UnixMillis>,
    /// One JSON object a line, instead of the bytes and a newline.
    pub json: bool,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No frame begins there.
    #[error("no line begins at byte {0} of the journal, or it is not kept any more")]
    NoFrame(u64),
    /// It could not be written.
    #[error("cannot write the lines: {0}")]
    Write(#[source] io::Error),
}

/// A frame as JSON. What is not UTF-8 is written as hexadecimal digits.
#[derive(Serialize)]
struct JsonFrame<'a> {
    epoch: Epoch,
    offset: u64,
    received_at: String,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line_hex: Option<String>,
}

/// Writes frames of the journal in `dir`, and its archive; says what is damaged and had to be left out. The journal may
/// be in use.
pub fn dump(dir: &Path, archive: Option<&Path>, options: &DumpOptions, out: &mut dyn Write) -> Result<Lost, DumpError> {
    if let Some(offset) = options.offset {
        let found = JournalReader::at_offset(dir, archive, offset)?;
        let mut reader = found.ok_or(DumpError::NoFrame(offset))?;
        let block = reader.next().transpose()?.ok_or(DumpError::NoFrame(offset))?;
        let frame = block.frames().find(|frame| frame.offset == offset).ok_or(DumpError::NoFrame(offset))?;
        write_frame(&block, &frame, options.json, out).map_err(DumpError::Write)?;
        return Ok(reader.lost().clone());
    }
    let mut reader = match options.from_epoch {
        Some(epoch) => JournalReader::with_archive(dir, archive, epoch)?,
        None => JournalReader::of_all(dir, archive, options.since)?,
    };
    for block in &mut reader {
        let block = block?;
        if options.to_epoch.is_some_and(|last| block.epoch > last) {
            break;
        }
        for frame in block.frames().filter(|frame| is_wanted(frame, options)) {
            write_frame(&block, &frame, options.json, out).map_err(DumpError::Write)?;
        }
    }
    Ok(reader.lost().clone())
}

fn is_wanted(frame: &Frame<'_>, options: &DumpOptions) -> bool {
    options.since.is_none_or(|since| frame.received_at >= since)
        && options.until.is_none_or(|until| frame.received_at < until)
}

fn write_frame(block: &Block, frame: &Frame<'_>, json: bool, out: &mut dyn Write) -> io::Result<()> {
    if json {
        let line = std::str::from_utf8(frame.bytes).ok();
        let frame = JsonFrame {
            epoch: block.epoch,
            offset: frame.offset,
            received_at: frame.received_at.rfc3339(),
            source: frame.source.to_string(),
            line,
            line_hex: line.is_none().then(|| hex(frame.bytes)),
        };
        serde_json::to_writer(&mut *out, &frame)?;
    } else {
        out.write_all(frame.bytes)?;
    }
    out.write_all(b"\n")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
