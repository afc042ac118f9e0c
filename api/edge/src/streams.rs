//! Open streams: an answer that takes hours is billed while it is under way, though HAProxy writes its line at the end.
//!
//! ```text
//! HAProxy: table `open`, bytes so far ─each 5 s─▶ edge: what is more than was told ─fsync─▶ spool ─▶ an ingester
//! ```
//!
//! What is told is a line of the edge's own, of traffic type 7: so many bytes more, under the edge's own birth and number.
//! The ingester counts them, and of the stream's own line the rest ([`suiftly_schema::stream`]).
//!
//! **Told once.** A line is in the spool, with the count that it brings the stream to, before it is sent; after a restart what
//! is in the spool is sent again, byte for byte, and known by its number. New lines have a new birth. Of each stream the last
//! line stays in the spool until the stream is over: it says up to where was told. Nothing more is told of a stream whose last
//! line is not sent yet, so what waits for an ingester that is away is a line a stream; what came meanwhile is in the next.
//!
//! **Not before it was seen twice**, at two looks: then it has lived for as long as there is between them, which is how the
//! ingester knows the lines that may have been told of.

mod line;
mod table;

pub use table::{OPEN_TABLE, Open, OpenRow};

use crate::runtime::LineName;
use crate::spool::{Spool, SpoolError};
use line::{Told, Written};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use suiftly_schema::stream::{STREAM_CLOSE, STREAM_DELTA, STREAMS_MAX};
use suiftly_schema::time::UnixMillis;

/// What is kept of a gateway at most, in bytes: some four lines of each stream.
const SPOOL_BYTES_MAX: u64 = 128 << 20;
/// What is sent at once, in bytes.
const BATCH_BYTES: usize = 4 << 20;
/// What the file's name ends with, behind the server's id.
const EXTENSION: &str = "spool";

/// A stream's name at its gateway: the birth of HAProxy's worker, and `%rt`.
type Key = (UnixMillis, u32);

/// Tells of one gateway's open streams.
#[derive(Debug)]
pub struct Meter {
    server_id: i16,
    /// The edge's own, for this gateway and from this start on.
    birth: UnixMillis,
    /// The last number under it.
    seq: u32,
    spool: Spool,
    streams: BTreeMap<Key, Stream>,
    /// What is to be sent: records, and whose they are.
    waiting: BTreeMap<u64, Key>,
    /// How often was looked.
    looks: u64,
    told: Totals,
}

/// What a meter has told since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Lines.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
}

#[derive(Debug)]
struct Stream {
    /// What HAProxy calls it.
    name: String,
    /// Up to where was told.
    told: u64,
    /// The line that says so.
    record: Option<u64>,
    /// At which look it was seen last.
    seen_at: u64,
}

/// Lines to be sent over one connection.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// As HAProxy's ring would send them: each behind the count of its bytes.
    pub bytes: Vec<u8>,
    records: Vec<u64>,
}

impl Meter {
    /// Goes on from what a directory keeps of this gateway; all that is there is sent again.
    pub fn open(dir: &Path, server_id: i16, now: UnixMillis) -> Result<Self, SpoolError> {
        let (mut streams, mut waiting, mut birth) = (BTreeMap::new(), BTreeMap::new(), now);
        let path = dir.join(format!("{server_id}.{EXTENSION}"));
        let mut spool = Spool::open(&path, SPOOL_BYTES_MAX, |record, bytes| {
            let Some(Written { boot, rt, name, told, is_end, message }) = Written::of(bytes) else { return };
            waiting.insert(record, (boot, rt));
            if let Some(of) = LineName::of(message) {
                birth = birth.max(UnixMillis(of.boot_ms).plus_ms(1));
            }
            if is_end {
                streams.remove(&(boot, rt));
            } else {
                let stream = Stream { name: name.to_owned(), told, record: Some(record), seen_at: 0 };
                streams.insert((boot, rt), stream);
            }
        })?;
        // It may be there without being on the disk: what is sent must be.
        spool.sync()?;
        let (seq, looks, told) = (0, 0, Totals::default());
        Ok(Self { server_id, birth, seq, spool, streams, waiting, looks, told })
    }

    /// Takes what a worker has under way, some seconds after the last look. What is told of it is on the disk when this returns.
    ///
    /// # Errors
    /// After one the meter is of no use any more: another is to be opened.
    pub fn look(&mut self, open: &Open, now: UnixMillis) -> Result<(), SpoolError> {
        self.looks += 1;
        for row in &open.rows {
            self.see((open.boot, row.rt), row, now)?;
        }
        let over: Vec<Key> =
            self.streams.iter().filter(|(_, stream)| stream.seen_at < self.looks).map(|(key, _)| *key).collect();
        for key in over {
            self.end(key, key.0 != open.boot, now)?;
        }
        self.spool.sync()
    }

    /// What is to be sent next; nothing, if all was.
    pub fn batch(&self) -> Result<Batch, SpoolError> {
        let (mut batch, mut record) = (Batch::default(), Vec::new());
        for number in self.waiting.keys() {
            if batch.bytes.len() >= BATCH_BYTES {
                break;
            }
            if self.spool.read(*number, &mut record)?
                && let Some(Written { message, .. }) = Written::of(&record)
            {
                // Writing to a Vec cannot fail.
                let _ = write!(batch.bytes, "{} ", message.len());
                batch.bytes.extend_from_slice(message);
            }
            batch.records.push(*number);
        }
        Ok(batch)
    }

    /// An ingester has taken them.
    pub fn sent(&mut self, batch: &Batch) -> Result<(), SpoolError> {
        for number in &batch.records {
            let Some(key) = self.waiting.remove(number) else { continue };
            if self.streams.get(&key).is_none_or(|stream| stream.record != Some(*number)) {
                self.spool.take_out(*number);
            }
        }
        self.spool.tidy()
    }

    /// How many streams are open, as it was seen last.
    pub fn open_streams(&self) -> usize {
        self.streams.len()
    }

    /// How many lines wait to be sent.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What was told since it was opened.
    pub const fn told(&self) -> Totals {
        self.told
    }

    /// Tells what is more of a stream than was told.
    fn see(&mut self, key: Key, row: &OpenRow, now: UnixMillis) -> Result<(), SpoolError> {
        let has_room = self.streams.len() < STREAMS_MAX;
        let looks = self.looks;
        let Some(stream) = self.streams.get_mut(&key) else {
            if has_room {
                let stream = Stream { name: row.name.clone(), told: 0, record: None, seen_at: looks };
                self.streams.insert(key, stream);
            }
            return Ok(());
        };
        stream.seen_at = looks;
        let (name, before) = (stream.name.clone(), stream.record);
        let bytes = row.bytes.saturating_sub(stream.told);
        if bytes == 0 || before.is_some_and(|record| self.waiting.contains_key(&record)) {
            return Ok(());
        }
        let Some(record) = self.put(key, &name, (STREAM_DELTA, bytes, row.bytes), now)? else { return Ok(()) };
        if let Some(stream) = self.streams.get_mut(&key) {
            (stream.told, stream.record) = (row.bytes, Some(record));
        }
        if let Some(before) = before {
            self.spool.take_out(before);
        }
        (self.told.lines, self.told.bytes) = (self.told.lines + 1, self.told.bytes.saturating_add(bytes));
        Ok(())
    }

    /// A stream is over; its own line says so, unless its worker is gone.
    fn end(&mut self, key: Key, is_worker_gone: bool, now: UnixMillis) -> Result<(), SpoolError> {
        let Some(stream) = self.streams.remove(&key) else { return Ok(()) };
        let Some(record) = stream.record else { return Ok(()) };
        if is_worker_gone && self.put(key, &stream.name, (STREAM_CLOSE, 0, stream.told), now)?.is_none() {
            // No room now, but at some later look.
            self.streams.insert(key, stream);
            return Ok(());
        }
        if !self.waiting.contains_key(&record) {
            self.spool.take_out(record);
        }
        Ok(())
    }

    /// Puts a line into the spool; `None` if there is no room.
    fn put(
        &mut self,
        (boot, rt): Key,
        name: &str,
        (traffic_type, bytes, told): (u8, u64, u64),
        now: UnixMillis,
    ) -> Result<Option<u64>, SpoolError> {
        let line = Told { server_id: self.server_id, birth: self.birth, seq: self.seq + 1, boot, traffic_type, bytes };
        let message = line.message(name, now);
        let is_end = traffic_type == STREAM_CLOSE;
        let written = Written { boot, rt, name, told, is_end, message: message.as_bytes() };
        match self.spool.put(&written.bytes()) {
            Ok(record) => {
                self.seq += 1;
                self.waiting.insert(record, (boot, rt));
                Ok(Some(record))
            }
            Err(SpoolError::Full { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
