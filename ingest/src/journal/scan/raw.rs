//! Reads the blocks' bytes out of a raw segment.

use crate::block::BlockError;
use crate::journal::damage::{Damage, Fault};
use crate::journal::{Segment, SegmentHeader};
use memchr::memmem;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much is read at once.
const WINDOW_BYTES: usize = 256 << 10;

/// A raw segment that is read, by a window over its file.
pub(super) struct RawBytes {
    file: File,
    /// Where byte `start` of the journal stands in the file.
    header_bytes: u64,
    start: u64,
    window: Vec<u8>,
    /// Where the window begins in the journal.
    window_at: u64,
}

impl RawBytes {
    pub(super) fn open(segment: &Segment) -> io::Result<Self> {
        let (header_bytes, start) = (segment.header.header_bytes(), segment.header.start);
        Ok(Self { file: File::open(&segment.path)?, header_bytes, start, window: Vec::new(), window_at: start })
    }

    pub(super) fn refresh(&mut self) {
        self.window.clear();
    }

    pub(super) fn is_used_again(&self, header: &SegmentHeader) -> io::Result<bool> {
        Ok(SegmentHeader::read(&self.file)?.is_ok_and(|found| found != *header))
    }

    /// Fills `into` with what stands at byte `at` of the journal.
    pub(super) fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let mut done = 0;
        while done < into.len() {
            let (at, rest) = (at + done as u64, &mut into[done..]);
            let had = self.in_window(at);
            if had.is_empty() && rest.len() >= WINDOW_BYTES {
                return self.file.read_exact_at(rest, self.file_at(at)).map_err(of_reading);
            }
            if had.is_empty() && self.fill(at).map_err(Fault::Io)? == 0 {
                return Err(Fault::Damage(Damage::Block(BlockError::Truncated)));
            }
            let had = self.in_window(at);
            let count = had.len().min(rest.len());
            rest[..count].copy_from_slice(&had[..count]);
            done += count;
        }
        Ok(())
    }

    /// The next place from `from` on and before `end` where these bytes stand.
    pub(super) fn find(&mut self, from: u64, end: u64, wanted: &[u8]) -> io::Result<Option<u64>> {
        let mut at = from;
        while at + wanted.len() as u64 <= end {
            if self.in_window(at).len() < wanted.len() && self.fill(at)? < wanted.len() {
                return Ok(None);
            }
            let window = self.in_window(at);
            if let Some(found) = memmem::find(window, wanted) {
                let found = at + found as u64;
                return Ok((found + wanted.len() as u64 <= end).then_some(found));
            }
            // What is looked for may begin in the last bytes.
            at += (window.len() - wanted.len() + 1) as u64;
        }
        Ok(None)
    }

    fn in_window(&self, at: u64) -> &[u8] {
        let offset = at.checked_sub(self.window_at).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.window.get(offset..)).unwrap_or_default()
    }

    /// Moves the window to `at`; says how much it holds, 0 at the file's end.
    fn fill(&mut self, at: u64) -> io::Result<usize> {
        self.window.resize(WINDOW_BYTES, 0);
        self.window_at = at;
        let (mut filled, file_at) = (0, self.file_at(at));
        let read = loop {
            match self.file.read_at(&mut self.window[filled..], file_at + filled as u64) {
                Ok(0) => break Ok(filled),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if filled == WINDOW_BYTES {
                break Ok(filled);
            }
        };
        self.window.truncate(filled);
        read
    }

    const fn file_at(&self, at: u64) -> u64 {
        self.header_bytes + (at - self.start)
    }
}

fn of_reading(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Fault::Damage(Damage::Block(BlockError::Truncated)),
        _ => Fault::Io(error),
    }
}
