//! What counts of a stream that is told of while it is open ([`suiftly_schema::stream`]).
//!
//! D is the sum of what was told of it and counts. A delta counts as it is, unless the stream's own line has come; that line
//! counts B − D. So the sum is B in whatever order they come, and what was told of a stream whose line is lost is D: missing
//! data is never charged.
//!
//! **Which lines have a stream.** An edge tells of no stream before it has seen it twice, some seconds apart, so only the line of
//! an answer that took [`LONG_MS`] is looked up; of all others nothing is asked but how long they took.
//!
//! **How long it is remembered.** A stream's line may come before what was told of it, so it is remembered for an hour; a
//! delta that was written half an hour before its epoch counts nothing: the line brings its bytes. A stream whose line has
//! not come is remembered for as long as its line may be late. Where there is no room the line that came first is forgotten;
//! among streams that are all open a further one is not told of: its line brings all.

use super::Decoder;
use crate::haproxy::sf1;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::loss::WORKER_KEPT_MS;
use suiftly_schema::record::Record;
use suiftly_schema::stream::{OpenStream, STREAM_CLOSE, STREAM_DELTA, STREAMS_MAX, StreamId};
use suiftly_schema::time::UnixMillis;

/// Of a stream that took less nothing was told: an edge looks each 5 s, and some of it goes to clocks.
const LONG_MS: i32 = 4_000;
/// A delta that was written so long before its epoch's clock counts nothing.
const DELTA_AGE_MAX_MS: i64 = 30 * 60_000;
/// No sum is greater: the database's numbers end there.
const TOLD_BYTES_MAX: u64 = i64::MAX.cast_unsigned();
/// A stream is remembered so long after its own line.
const KEPT_AFTER_LINE_MS: i64 = 60 * 60_000;

/// The streams that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    /// The epoch's clock.
    now: UnixMillis,
    known: BTreeMap<StreamId, OpenStream>,
    /// Those whose line has come, by when they were heard of last.
    closed: BTreeSet<(UnixMillis, StreamId)>,
    /// The others, likewise.
    open: BTreeSet<(UnixMillis, StreamId)>,
    /// Of which something changed in this epoch.
    changed: BTreeSet<StreamId>,
    /// What was let go of in this epoch.
    ended: Vec<StreamId>,
    uncounted: Uncounted,
}

/// What was told of streams and counts nothing, since this program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncounted {
    /// Deltas that came too late, or after the stream's line, or when there was no room.
    pub deltas: u64,
    /// Lines that brought less than had been told: their bytes are 0.
    pub overtold: u64,
}

impl Uncounted {
    /// Both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { deltas: self.deltas + other.deltas, overtold: self.overtold + other.overtold }
    }
}

impl Decoder {
    /// The same, with the open streams as they were stored with the last batch.
    #[must_use]
    pub fn with_streams(self, stored: &[OpenStream]) -> Self {
        Self { streams: Streams::restore(stored.iter().copied()), ..self }
    }

    /// The open streams, as they are to be stored with the last batch.
    pub fn streams(&self) -> Vec<OpenStream> {
        self.streams.all().collect()
    }

    /// What was told of streams and counts nothing, since this program started.
    pub const fn uncounted(&self) -> Uncounted {
        self.streams.uncounted()
    }
}

impl Streams {
    /// As they were stored.
    pub(super) fn restore(stored: impl IntoIterator<Item = OpenStream>) -> Self {
        let mut streams = Self::default();
        for stream in stored {
            streams.put(stream);
        }
        streams.changed.clear();
        streams
    }

    /// A new epoch: lets go of what is over.
    pub(super) fn begin_epoch(&mut self, now: UnixMillis) {
        self.now = now;
        self.changed.clear();
        self.ended.clear();
        while let Some(&(heard_at, id)) = self.closed.first()
            && heard_at.plus_ms(KEPT_AFTER_LINE_MS) <= now
        {
            self.let_go(id);
        }
        while let Some(&(heard_at, id)) = self.open.first()
            && heard_at.plus_ms(WORKER_KEPT_MS) <= now
        {
            self.let_go(id);
        }
    }

    /// An accepted line, whose body is this. Its record is made what counts of it.
    #[inline]
    pub(super) fn take(&mut self, record: &mut Record, body: &[u8]) {
        match record.traffic_type {
            1 | 2 if record.timers.total_ms >= LONG_MS => self.take_line(record, body),
            STREAM_DELTA | STREAM_CLOSE => self.take_told(record, body),
            _ => {}
        }
    }

    /// All that are known.
    pub(super) fn all(&self) -> impl Iterator<Item = OpenStream> + '_ {
        self.known.values().copied()
    }

    /// Those of which something changed in this epoch, as they are now.
    pub(super) fn changed(&self) -> impl Iterator<Item = OpenStream> + '_ {
        self.changed.iter().filter_map(|id| self.known.get(id).copied())
    }

    /// Those that were let go of in this epoch, before that.
    pub(super) fn ended(&self) -> &[StreamId] {
        &self.ended
    }

    pub(super) const fn uncounted(&self) -> Uncounted {
        self.uncounted
    }

    /// The line of an answer that may have been a stream.
    #[cold]
    fn take_line(&mut self, record: &mut Record, body: &[u8]) {
        let (Some(line), Some(rt)) = (record.line_id, sf1::request_counter(body)) else { return };
        let id = StreamId { server_id: line.server_id, boot: line.boot, rt };
        let known = self.known.get(&id).copied();
        if known.is_some_and(|stream| stream.is_final) || (known.is_none() && !self.has_room()) {
            return;
        }
        let told_bytes = known.map_or(0, |stream| stream.told_bytes);
        self.uncounted.overtold += u64::from(told_bytes > record.bytes_sent);
        record.bytes_sent = record.bytes_sent.saturating_sub(told_bytes);
        self.put(OpenStream { id, told_bytes, is_final: true, heard_at: self.now });
    }

    /// What an edge tells of a stream: no request, and no bytes of what cannot be told whose they are.
    #[cold]
    fn take_told(&mut self, record: &mut Record, body: &[u8]) {
        let bytes = std::mem::take(&mut record.bytes_sent);
        record.repeat = 0;
        let named = record.line_id.zip(sf1::told_stream(body));
        let known = named.map(|(line, (boot, rt))| StreamId { server_id: line.server_id, boot, rt });
        let counted = known.and_then(|id| self.tell(record, id, bytes));
        match counted {
            Some(bytes) => record.bytes_sent = bytes,
            None => self.uncounted.deltas += 1,
        }
    }

    /// How many of these bytes count; `None`: they come too late, or there is no room.
    fn tell(&mut self, record: &Record, id: StreamId, bytes: u64) -> Option<u64> {
        let known = self.known.get(&id).copied();
        if record.traffic_type == STREAM_CLOSE {
            if let Some(stream) = known {
                self.put(OpenStream { heard_at: self.now, ..stream });
            }
            return Some(0);
        }
        let is_late = record.timestamp.plus_ms(DELTA_AGE_MAX_MS) < self.now;
        let is_over = known.is_some_and(|stream| stream.is_final);
        if is_late || is_over || (known.is_none() && !self.has_room()) {
            return None;
        }
        let told_bytes = known.map_or(0, |stream| stream.told_bytes).saturating_add(bytes).min(TOLD_BYTES_MAX);
        self.put(OpenStream { id, told_bytes, is_final: false, heard_at: self.now });
        Some(bytes)
    }

    /// Whether there is room for one more, or can be made.
    fn has_room(&mut self) -> bool {
        if self.known.len() < STREAMS_MAX {
            return true;
        }
        let Some(&(_, oldest)) = self.closed.first() else { return false };
        self.let_go(oldest);
        true
    }

    fn put(&mut self, stream: OpenStream) {
        if let Some(before) = self.known.insert(stream.id, stream) {
            self.by_time(before.is_final).remove(&(before.heard_at, before.id));
        }
        self.by_time(stream.is_final).insert((stream.heard_at, stream.id));
        self.changed.insert(stream.id);
    }

    fn let_go(&mut self, id: StreamId) {
        if let Some(stream) = self.known.remove(&id) {
            self.by_time(stream.is_final).remove(&(stream.heard_at, id));
            self.changed.remove(&id);
            self.ended.push(id);
        }
    }

    const fn by_time(&mut self, is_final: bool) -> &mut BTreeSet<(UnixMillis, StreamId)> {
        if is_final { &mut self.closed } else { &mut self.open }
    }
}
