//! Records that outlive the process until they are taken out: what is to be sent, until somebody has it.
//!
//! One file that is appended to, little-endian: `length u32 · CRC-32C of the bytes u32 · bytes` each. What was put in is there
//! once [`Spool::sync`] has returned. A record that a crash has cut short, or that is damaged, ends the file. What is taken out
//! leaves the file when most of it is gone: after a crash it may be in again, so whoever takes records must bear them twice.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A record is no longer than this, in bytes.
pub const RECORD_BYTES_MAX: usize = 64 << 10;
/// Length and checksum.
const HEAD_BYTES: u64 = 8;
/// What is put in is written when so much has come together, or at [`Spool::sync`].
const PENDING_BYTES: usize = 1 << 20;
/// A file with less that is gone is left as it is.
const GONE_BYTES_MIN: u64 = 1 << 20;
/// Owner and group, as all that the edge keeps.
const FILE_MODE: u32 = 0o640;
/// What becomes the file when it is whole.
const TEMPORARY: &str = "new";

/// Records in a file, by numbers that rise as they are put in.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
    bytes_max: u64,
    /// Where the records are, the oldest first; those that were taken out among them.
    places: VecDeque<Place>,
    /// The number of the first of them.
    first: u64,
    /// The file's length.
    written: u64,
    /// What of it is in.
    held: u64,
    /// Behind it, not written yet.
    pending: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Of its length, in the file or behind it.
    at: u64,
    length: u32,
    is_out: bool,
}

/// Why records are not kept.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// The file could not be worked on.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no room for a record.
    #[error("{} may have {bytes_max} bytes, and has them", path.display())]
    Full {
        /// Which.
        path: PathBuf,
        /// How many.
        bytes_max: u64,
    },
    /// A record is longer than any may be.
    #[error("a record of {bytes} bytes, of {RECORD_BYTES_MAX} at most")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
}

impl Spool {
    /// Opens the file, or makes it; tells `seen` of each record in it, with its number. It grows to `bytes_max` at most.
    pub fn open(path: &Path, bytes_max: u64, mut seen: impl FnMut(u64, &[u8])) -> Result<Self, SpoolError> {
        let failed = |source| SpoolError::Io { what: "opening", path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        let file = options.open(path).map_err(failed)?;
        let (mut places, mut written, mut record) = (VecDeque::new(), 0, Vec::new());
        let mut reader = BufReader::with_capacity(PENDING_BYTES, &file);
        while let Some(length) = next_record(&mut reader, &mut record).map_err(failed)? {
            seen(places.len() as u64, &record);
            places.push_back(Place { at: written, length, is_out: false });
            written += HEAD_BYTES + u64::from(length);
        }
        drop(reader);
        file.set_len(written).and_then(|()| sync_dir(path)).map_err(failed)?;
        let path = path.to_owned();
        Ok(Self { path, file, bytes_max, places, first: 0, written, held: written, pending: Vec::new() })
    }

    /// Puts a record in, and answers its number. It is there for good after [`Spool::sync`].
    pub fn put(&mut self, record: &[u8]) -> Result<u64, SpoolError> {
        let length = u32::try_from(record.len()).ok().filter(|_| record.len() <= RECORD_BYTES_MAX);
        let length = length.ok_or(SpoolError::TooLong { bytes: record.len() })?;
        if !self.has_room(length) {
            self.tidy()?;
        }
        if !self.has_room(length) {
            return Err(SpoolError::Full { path: self.path.clone(), bytes_max: self.bytes_max });
        }
        self.places.push_back(Place { at: self.end(), length, is_out: false });
        self.held += HEAD_BYTES + u64::from(length);
        put_record(&mut self.pending, length, record);
        let number = self.first + self.places.len() as u64 - 1;
        if self.pending.len() >= PENDING_BYTES {
            self.write_out()?;
        }
        Ok(number)
    }

    /// Returns when what was put in is on the disk. After an error, what had not been written is out.
    pub fn sync(&mut self) -> Result<(), SpoolError> {
        self.write_out()?;
        self.file.sync_data().map_err(|source| self.failed("syncing", source))
    }

    /// Reads a record into `record`; whether it is in.
    pub fn read(&self, number: u64, record: &mut Vec<u8>) -> Result<bool, SpoolError> {
        let Some(place) = self.place(number).filter(|place| !place.is_out) else { return Ok(false) };
        let length = place.length as usize;
        record.clear();
        if let Some(behind) = place.at.checked_sub(self.written) {
            let from = usize::try_from(behind + HEAD_BYTES).unwrap_or(usize::MAX);
            let there = self.pending.get(from..).and_then(|there| there.get(..length));
            record.extend_from_slice(there.unwrap_or_default());
            return Ok(true);
        }
        record.resize(length, 0);
        let read = self.file.read_exact_at(record, place.at + HEAD_BYTES);
        read.map(|()| true).map_err(|source| self.failed("reading", source))
    }

    /// Takes a record out, if it is in.
    pub fn take_out(&mut self, number: u64) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let Some(place) = at.and_then(|at| self.places.get_mut(at)).filter(|place| !place.is_out) else { return };
        place.is_out = true;
        self.held -= HEAD_BYTES + u64::from(place.length);
        while self.places.front().is_some_and(|place| place.is_out) {
            self.places.pop_front();
            self.first += 1;
        }
    }

    /// Writes the file anew if most of it is gone. Worth calling after records were taken out.
    pub fn tidy(&mut self) -> Result<(), SpoolError> {
        let gone = self.end() - self.held;
        if gone == 0 || (self.held > 0 && gone < GONE_BYTES_MIN.max(self.held)) {
            return Ok(());
        }
        self.write_anew().map_err(|source| self.failed("writing anew", source))
    }

    /// Whether no record is in.
    pub const fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Removes the file, with all that is in it.
    pub fn remove(self) -> Result<(), SpoolError> {
        fs::remove_file(&self.path).map_err(|source| self.failed("removing", source))
    }

    fn place(&self, number: u64) -> Option<&Place> {
        self.places.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn end(&self) -> u64 {
        self.written + self.pending.len() as u64
    }

    fn has_room(&self, length: u32) -> bool {
        self.end() + HEAD_BYTES + u64::from(length) <= self.bytes_max
    }

    /// At a place of its own: what was half written is written again.
    fn write_out(&mut self) -> Result<(), SpoolError> {
        let outcome = self.file.write_all_at(&self.pending, self.written);
        match outcome {
            Ok(()) => self.written = self.end(),
            Err(_) => {
                let (written, held) = (self.written, &mut self.held);
                for place in self.places.iter_mut().rev().take_while(|place| place.at >= written) {
                    *held -= if place.is_out { 0 } else { HEAD_BYTES + u64::from(place.length) };
                    place.is_out = true;
                }
            }
        }
        self.pending.clear();
        outcome.map_err(|source| self.failed("writing", source))
    }

    /// What is in goes to another file, which takes this one's place when it is whole.
    fn write_anew(&mut self) -> io::Result<()> {
        let fresh = self.path.with_extension(TEMPORARY);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).mode(FILE_MODE).open(&fresh)?;
        let mut out = BufWriter::with_capacity(PENDING_BYTES, &file);
        let (mut places, mut written) = (self.places.clone(), 0);
        let (mut record, mut framed) = (Vec::new(), Vec::new());
        for (number, place) in (self.first..).zip(&mut places) {
            if self.read(number, &mut record).map_err(io::Error::other)? {
                framed.clear();
                put_record(&mut framed, place.length, &record);
                out.write_all(&framed)?;
                place.at = written;
                written += framed.len() as u64;
            }
        }
        out.flush()?;
        drop(out);
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        sync_dir(&self.path)?;
        (self.file, self.places, self.written) = (file, places, written);
        self.pending.clear();
        Ok(())
    }

    fn failed(&self, what: &'static str, source: io::Error) -> SpoolError {
        SpoolError::Io { what, path: self.path.clone(), source }
    }
}

fn put_record(into: &mut Vec<u8>, length: u32, record: &[u8]) {
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&crc32c::crc32c(record).to_le_bytes());
    into.extend_from_slice(record);
}

/// Reads the next record; `None` at the end of what is whole.
fn next_record(from: &mut impl Read, record: &mut Vec<u8>) -> io::Result<Option<u32>> {
    let (mut length, mut checksum) = ([0; 4], [0; 4]);
    if !fill(from, &mut length)? || !fill(from, &mut checksum)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length);
    if length as usize > RECORD_BYTES_MAX {
        return Ok(None);
    }
    record.clear();
    record.resize(length as usize, 0);
    let is_whole = fill(from, record)? && crc32c::crc32c(record) == u32::from_le_bytes(checksum);
    Ok(is_whole.then_some(length))
}

/// Whether there was as much.
fn fill(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// So that a name that was made or replaced is there after a power cut.
fn sync_dir(of: &Path) -> io::Result<()> {
    let dir = of.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests;
