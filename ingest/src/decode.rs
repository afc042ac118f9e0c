//! From frames to a batch: header → format → time window → dedup → record, and sums per minute and key. The last step
//! of ingest, and the one that decides what everything after it sees.
//!
//! [`Decoder::decode`] is a function of the decoder's state (what has been seen of each worker) and the block, and of
//! nothing else: no clock, no hash order, no batch timing. Live traffic, recovery and replay all go through it, so the
//! live bill, the recovered bill and the replayed bill are made by the same steps.
//!
//! A line that cannot be read is counted by reason and never stops the stream.

use crate::block::Block;
use crate::dedup::{Dedup, DedupError, Forgotten, Limits, Seen, body_hash};
use crate::haproxy::{
    self, Body, Format,
    httplog::{Captures, SingleCapture},
};
use crate::partial::PartialSums;
use crate::reject::Reject;
use crate::syslog::{self, SyslogLine};
use suiftly_schema::{
    batch::{Batch, SystemMessage},
    ids::Epoch,
    loss::{LineCounts, WorkerWindow},
    record::Record,
    time::UnixMillis,
};

/// A system message's text is cut at this many bytes.
pub const MAX_SYSTEM_MESSAGE_BYTES: usize = 1_024;

/// No line that is a request is shorter: thirty tokens of a byte, and what is between them.
const MIN_REQUEST_LINE_BYTES: usize = 59;

/// How far a line's date may be from its receipt (SPEC §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    /// At most this much after its receipt.
    pub ahead_ms: i64,
    /// At most this much before its receipt.
    pub behind_ms: i64,
}

impl TimeWindow {
    /// 10 minutes ahead, 7 days behind.
    pub const LIVE: Self = Self { ahead_ms: 10 * 60_000, behind_ms: 7 * 24 * 3_600_000 };

    const fn holds(self, timestamp: UnixMillis, received_at: UnixMillis) -> bool {
        timestamp.0 <= received_at.0.saturating_add(self.ahead_ms)
            && timestamp.0 >= received_at.0.saturating_sub(self.behind_ms)
    }
}

/// What is read and how much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeConfig {
    /// Which formats are read.
    pub format: Format,
    /// What a single block of captures is, in httplog lines.
    pub single_capture: SingleCapture,
    /// How far dates may be off; `None` for replay.
    pub time_window: Option<TimeWindow>,
    /// How much dedup remembers.
    pub limits: Limits,
}

impl DecodeConfig {
    /// For live traffic, and for its recovery from the journal.
    pub const LIVE: Self = Self {
        format: Format::Auto,
        single_capture: SingleCapture::Request,
        time_window: Some(TimeWindow::LIVE),
        limits: Limits::LIVE,
    };
    /// For files: any date goes.
    pub const REPLAY: Self = Self { time_window: None, limits: Limits::REPLAY, ..Self::LIVE };
}

/// What a frame became.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded<'a> {
    /// A request, and what a stock format captured of it. Its `journal_offset` is 0.
    Accepted(Record, Captures<'a>),
    /// A line that was there before.
    Duplicate,
    /// One of HAProxy's own messages.
    System(SyslogLine<'a>),
    /// Neither.
    Rejected(Reject),
}

/// Turns frames into records, remembering what it has seen.
#[derive(Debug)]
pub struct Decoder {
    config: DecodeConfig,
    dedup: Dedup,
    sums: PartialSums,
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(config: DecodeConfig) -> Self {
        Self { config, dedup: Dedup::new(config.limits), sums: PartialSums::default() }
    }

    /// A decoder that goes on from the windows stored with the last batch.
    pub fn restore(config: DecodeConfig, windows: &[WorkerWindow]) -> Result<Self, DedupError> {
        Ok(Self { config, dedup: Dedup::restore(config.limits, windows)?, sums: PartialSums::default() })
    }

    /// Decodes a block. Blocks must come in the order of their epochs, each once.
    pub fn decode(&mut self, block: &Block) -> Batch {
        self.begin_epoch(block.epoch);
        let mut tally = Tally::default();
        // A block may be full of lines that are too short to be a request.
        let most_records = block.payload().len() / MIN_REQUEST_LINE_BYTES;
        let mut records = Vec::with_capacity(most_records.min(block.frame_count() as usize));
        let mut system = Vec::new();
        let mut oldest_received_at = block.cut_at;
        for frame in block.frames() {
            oldest_received_at = oldest_received_at.min(frame.received_at);
            let decoded = self.decode_frame(frame.bytes, frame.received_at);
            tally.count(&decoded);
            match decoded {
                Decoded::Accepted(mut record, _) => {
                    record.journal_offset = frame.offset;
                    self.sums.add(&record);
                    records.push(record);
                }
                Decoded::System(line) => system.push(self.system_message(&line, frame.received_at)),
                Decoded::Duplicate | Decoded::Rejected(_) => {}
            }
        }
        Batch {
            epoch: block.epoch,
            cut_at: block.cut_at,
            journal_end: block.end,
            oldest_received_at,
            records,
            partials: self.sums.take(),
            windows: self.dedup.changed(),
            system,
            quarantined: Vec::new(),
            requeued: Vec::new(),
            counts: tally.into_counts(),
        }
    }

    /// Decodes one frame of the current epoch.
    #[inline]
    pub fn decode_frame<'a>(&mut self, frame: &'a [u8], received_at: UnixMillis) -> Decoded<'a> {
        match self.read(frame, received_at) {
            Ok((line, Body::Sf1(record))) => self.deduplicated(&line, record),
            Ok((_, Body::Httplog(record, captures))) => Decoded::Accepted(record, captures),
            Ok((line, Body::System)) => Decoded::System(line),
            Err(reject) => Decoded::Rejected(reject),
        }
    }

    /// Begins an epoch; [`Decoder::decode`] does so by itself.
    pub fn begin_epoch(&mut self, epoch: Epoch) {
        self.dedup.begin_epoch(epoch);
    }

    /// Takes the bodies of a block before the restored state, so that duplicates of its lines are proven again. Feed
    /// the last blocks, some [`crate::dedup::WINDOW_SEQS`] lines per worker, in order, before the first [`Decoder::decode`].
    pub fn rewarm(&mut self, block: &Block) {
        for frame in block.frames() {
            if let Ok((line, Body::Sf1(record))) = self.read(frame.bytes, frame.received_at)
                && let Some(id) = record.line_id
            {
                self.dedup.rewarm(id, body_hash(line.body));
            }
        }
    }

    /// All workers' windows, by id.
    pub fn windows(&self) -> Vec<WorkerWindow> {
        self.dedup.windows()
    }

    /// What the bounds of dedup have cost since this program started.
    pub const fn forgotten(&self) -> Forgotten {
        self.dedup.forgotten()
    }

    /// Everything that depends on the frame alone.
    #[inline]
    fn read<'a>(&self, frame: &'a [u8], received_at: UnixMillis) -> Result<(SyslogLine<'a>, Body<'a>), Reject> {
        let line = syslog::parse(frame, received_at)?;
        let body = haproxy::parse(&line, self.config.format, self.config.single_capture)?;
        if let (Some(window), Body::Sf1(record) | Body::Httplog(record, _)) = (self.config.time_window, &body)
            && !window.holds(record.timestamp, received_at)
        {
            return Err(Reject::TimeWindow);
        }
        Ok((line, body))
    }

    /// A date that is far off is not believed: it would be kept, and be in the way, for as long.
    fn system_message(&self, line: &SyslogLine<'_>, received_at: UnixMillis) -> SystemMessage {
        let cut = &line.body[..line.body.len().min(MAX_SYSTEM_MESSAGE_BYTES)];
        let mut message = String::from_utf8_lossy(cut).into_owned();
        message.truncate(message.floor_char_boundary(MAX_SYSTEM_MESSAGE_BYTES));
        let believed = |at: &UnixMillis| self.config.time_window.is_none_or(|window| window.holds(*at, received_at));
        let timestamp = line.timestamp().filter(believed).unwrap_or(received_at);
        SystemMessage { timestamp, server_id: None, message }
    }

    #[inline]
    fn deduplicated<'a>(&mut self, line: &SyslogLine<'a>, record: Record) -> Decoded<'a> {
        let seen = match record.line_id {
            Some(id) => self.dedup.observe(id, body_hash(line.body)),
            None => Seen::New,
        };
        match seen {
            Seen::New => Decoded::Accepted(record, Captures::default()),
            Seen::Duplicate | Seen::DuplicateUnproven => Decoded::Duplicate,
            Seen::Conflict => Decoded::Rejected(Reject::Conflict),
        }
    }
}

/// How many frames became what, without allocating per frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    received: u64,
    accepted: u64,
    duplicates: u64,
    system: u64,
    rejected: [u64; Reject::ALL.len()],
}

impl Tally {
    #[inline]
    pub(crate) fn count(&mut self, decoded: &Decoded<'_>) {
        self.received += 1;
        match decoded {
            Decoded::Accepted(..) => self.accepted += 1,
            Decoded::Duplicate => self.duplicates += 1,
            Decoded::System(_) => self.system += 1,
            Decoded::Rejected(reject) => self.rejected[reject.index()] += 1,
        }
    }

    /// The counts, with the reasons that occurred.
    pub(crate) fn into_counts(self) -> LineCounts {
        let occurred = Reject::ALL.into_iter().zip(self.rejected).filter(|(_, count)| *count > 0);
        LineCounts {
            received: self.received,
            accepted: self.accepted,
            duplicates: self.duplicates,
            system: self.system,
            rejected: occurred.map(|(reject, count)| (reject.word().to_owned(), count)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
