//! From frames to a batch: header → format → time window → dedup → record, and sums per minute and key. The last step
//! of ingest, and the one that decides what everything after it sees.
//!
//! [`Decoder::decode`] is a function of the decoder's state (what has been seen of each worker, which price books and
//! formats were told) and the block, and of nothing else: no clock, no hash order, no batch timing. Live traffic, recovery and replay
//! all go through it, so the live bill, the recovered bill and the replayed bill are made by the same steps.
//!
//! What counts for a frame depends on who sent it ([`crate::binding`]): in which format it is, for which servers it may
//! speak. Frames out of files and out of the quarantine are an operator's own: neither binding nor time window holds.
//! What no configured format can read is tried by the published ones ([`published`]); what one can is never.
//!
//! A line that cannot be read is counted by reason, quarantined within bounds, and never stops the stream.

mod billing;
mod gathered;
mod ordered;
mod published;
mod streams;
mod sums;
mod tally;
mod terms;
mod trying;
mod visit;

use crate::binding::SourceRules;
use crate::block::{Block, Frame};
use crate::dedup::{Dedup, DedupError, Forgotten, Home, Limits, Seen, body_hash};
use crate::haproxy::{
    Body, Format,
    httplog::{Captures, SingleCapture},
};
use crate::reject::Reject;
use crate::syslog::SyslogLine;
use billing::Billing;
use gathered::Gathered;
pub use ordered::{OrderedDecoder, OrderedStart};
use published::{Published, Rewarmed};
use std::sync::Arc;
use streams::Streams;
pub use streams::Uncounted;
use suiftly_schema::{
    batch::Batch,
    ids::Epoch,
    log_format::PublishedFormat,
    loss::{HomeLines, WorkerWindow},
    price::PriceBooks,
    record::Record,
    reference::ReferenceChange,
    time::UnixMillis,
};
use sums::PartialSums;
pub(crate) use tally::Tally;
use terms::{Origin, Read, Terms, TermsOfSources};
pub use trying::{TriedRecord, try_format};
pub use visit::{Visited, request_id};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeConfig {
    /// Which formats are read, but for sources that have their own.
    pub format: Format,
    /// What a single block of captures is, in httplog lines.
    pub single_capture: SingleCapture,
    /// How far dates may be off; `None` for replay.
    pub time_window: Option<TimeWindow>,
    /// How much dedup remembers.
    pub limits: Limits,
    /// Who may speak for which server; `None` is everybody for everybody.
    pub sources: Option<Arc<SourceRules>>,
}

impl DecodeConfig {
    /// For live traffic, and for its recovery from the journal.
    pub const LIVE: Self = Self {
        format: Format::Auto,
        single_capture: SingleCapture::Request,
        time_window: Some(TimeWindow::LIVE),
        limits: Limits::LIVE,
        sources: None,
    };
    /// For files: any date goes.
    pub const REPLAY: Self = Self { time_window: None, limits: Limits::REPLAY, ..Self::LIVE };
    /// For a process of a cluster; the limits are each shard's.
    pub const CLUSTER: Self = Self { limits: Limits::SHARD, ..Self::LIVE };
}

/// What a frame became.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded<'a> {
    /// A request, and what its line says beside it. Its `journal_offset` is 0.
    Accepted(Record, Captures<'a>),
    /// A line that the gateway's other home had brought.
    SecondHome,
    /// A line that was there before.
    Duplicate,
    /// One of HAProxy's own messages.
    System(SyslogLine<'a>),
    /// Neither.
    Rejected(Reject),
}

impl Decoded<'_> {
    /// Its word: `accepted`, `second_home`, `duplicate`, `system`, or the reason.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Accepted(..) => "accepted",
            Self::SecondHome => "second_home",
            Self::Duplicate => "duplicate",
            Self::System(_) => "system",
            Self::Rejected(reject) => reject.word(),
        }
    }
}

/// Turns frames into records, remembering what it has seen.
#[derive(Debug)]
pub struct Decoder {
    config: DecodeConfig,
    dedup: Dedup,
    streams: Streams,
    sums: PartialSums,
    billing: Billing,
    published: Published,
    rewarmed: Rewarmed,
    /// The last reference change that was taken.
    reference_seq: u64,
}

impl Decoder {
    /// A decoder that has seen nothing, and bills by the first published prices until it is told of others.
    pub fn new(config: DecodeConfig) -> Self {
        let (dedup, billing) = (Dedup::new(config.limits), Billing::new(PriceBooks::v1()));
        let (published, rewarmed) = (Published::default(), Rewarmed::default());
        let (streams, sums) = (Streams::default(), PartialSums::default());
        Self { dedup, streams, config, sums, billing, published, rewarmed, reference_seq: 0 }
    }

    /// A decoder that goes on from what was stored with the last batch: the windows, the number of the last reference
    /// change, and the books that had been told until then.
    pub fn restore(
        config: DecodeConfig,
        windows: &[WorkerWindow],
        reference_seq: u64,
        books: PriceBooks,
    ) -> Result<Self, DedupError> {
        let (dedup, billing) = (Dedup::restore(config.limits, windows)?, Billing::new(books));
        Ok(Self { dedup, billing, reference_seq, ..Self::new(config) })
    }

    /// The same, with the published formats as they had been told until then.
    #[must_use]
    pub fn with_formats(self, told: &[PublishedFormat]) -> Self {
        Self { published: Published::of(told), ..self }
    }

    /// Decodes a block. Blocks must come in the order of their epochs, each once.
    pub fn decode(&mut self, block: &Block) -> Batch {
        self.begin_epoch(block.epoch, block.cut_at);
        let Self { config, dedup, streams, sums, billing, published, reference_seq, .. } = self;
        let mut sources = TermsOfSources::new(config);
        // A block may be full of lines that are too short to be a request.
        let most_records = block.payload().len() / MIN_REQUEST_LINE_BYTES;
        let mut gathered = Gathered::new(block.cut_at, most_records.min(block.frame_count() as usize));
        let mut reference = Vec::new();
        for frame in block.frames() {
            gathered.meet(frame.received_at);
            let terms = sources.of(&frame.source);
            if terms.origin == Origin::Outbox {
                let known = reference.len();
                if take_change(frame.bytes, reference_seq, &mut reference) {
                    reference[known..].iter().for_each(|change| published.learn(&change.entity));
                    continue;
                }
            }
            let decoded = decoded(terms, published, dedup, streams, frame.bytes, frame.received_at);
            gathered.take(&frame, 0, terms, decoded, sums);
        }
        billing.learn(&reference);
        let (windows, folded) = (dedup.changed(), dedup.fallen().to_vec());
        let partials = sums.take(gathered.records(), billing);
        let batch = gathered.into_batch((block.epoch, block.cut_at, block.end), partials);
        let (streams, ended) = (streams.changed().collect(), streams.ended().to_vec());
        Batch { reference, windows, folded, streams, ended, ..batch }
    }

    /// Decodes one frame of the current epoch, of no source in particular: nothing is bound, and the time window is that
    /// of the configuration.
    #[inline]
    pub fn decode_frame<'a>(&mut self, frame: &'a [u8], received_at: UnixMillis) -> Decoded<'a> {
        let Self { config, dedup, streams, published, .. } = self;
        decoded(&Terms::unbound(config), published, dedup, streams, frame, received_at)
    }

    /// Begins an epoch; [`Decoder::decode`] does so by itself.
    pub fn begin_epoch(&mut self, epoch: Epoch, cut_at: UnixMillis) {
        for (home, id, body_hash) in self.rewarmed.take() {
            self.dedup.rewarm(home, id, body_hash);
        }
        self.dedup.begin_epoch(epoch, cut_at);
        self.streams.begin_epoch(cut_at);
    }

    /// Takes the bodies of a block before the restored state, so that duplicates of its lines are proven again, and who
    /// brought them. Feed the last blocks, some [`crate::dedup::WINDOW_SEQS`] lines per worker, in order, before the first [`Decoder::decode`].
    pub fn rewarm(&mut self, block: &Block) {
        let Self { config, dedup, published, rewarmed, .. } = self;
        let mut sources = TermsOfSources::new(config);
        for Frame { source, received_at, bytes, .. } in block.frames() {
            let terms = sources.of(&source);
            if terms.origin == Origin::Outbox
                && let Ok(change) = serde_json::from_slice::<ReferenceChange>(bytes)
            {
                rewarmed.told(&change.entity);
                continue;
            }
            if let Ok((line, Body::Request(Record { line_id: Some(id), .. }, _), by)) =
                terms.read(published, bytes, received_at)
            {
                match by {
                    Some(by) => rewarmed.push((terms.home, id, body_hash(line.body)), by),
                    None => dedup.rewarm(terms.home, id, body_hash(line.body)),
                }
            }
        }
    }

    /// All workers' windows, by id.
    pub fn windows(&self) -> Vec<WorkerWindow> {
        self.dedup.windows()
    }

    /// What each home has brought: [`Dedup::homes`].
    pub fn homes(&self) -> Vec<HomeLines> {
        self.dedup.homes()
    }

    /// What the bounds of dedup have cost since this program started.
    pub const fn forgotten(&self) -> Forgotten {
        self.dedup.forgotten()
    }
}

/// Takes a reference change that was not seen before; `false` if it is none that this program can read. Then it is
/// counted and kept as a line of that source would be.
#[cold]
fn take_change(frame: &[u8], last_seq: &mut u64, reference: &mut Vec<ReferenceChange>) -> bool {
    let Ok(change) = serde_json::from_slice::<ReferenceChange>(frame) else { return false };
    if change.seq > *last_seq {
        *last_seq = change.seq;
        reference.push(change);
    }
    true
}

#[inline]
fn decoded<'a>(
    terms: &Terms<'_>,
    published: &Published,
    dedup: &mut Dedup,
    streams: &mut Streams,
    frame: &'a [u8],
    received_at: UnixMillis,
) -> Decoded<'a> {
    outcome(terms.read(published, frame, received_at), terms.home, dedup, streams)
}

/// What a frame is that was read so, to those before it.
#[inline]
fn outcome<'a>(
    read: Result<Read<'a>, Reject>,
    home: Option<Home>,
    dedup: &mut Dedup,
    streams: &mut Streams,
) -> Decoded<'a> {
    match read {
        Ok((line, Body::Request(record, captures), _)) => match deduplicated(dedup, home, &line, record, captures) {
            Decoded::Accepted(mut record, captures) => {
                streams.take(&mut record, line.body);
                Decoded::Accepted(record, captures)
            }
            other => other,
        },
        Ok((line, Body::System, _)) => Decoded::System(line),
        Err(reject) => Decoded::Rejected(reject),
    }
}

#[inline]
fn deduplicated<'a>(
    dedup: &mut Dedup,
    home: Option<Home>,
    line: &SyslogLine<'a>,
    record: Record,
    captures: Captures<'a>,
) -> Decoded<'a> {
    let seen = match record.line_id {
        Some(id) => dedup.observe_from(home, id, body_hash(line.body)),
        None => Seen::New,
    };
    match seen {
        Seen::New => Decoded::Accepted(record, captures),
        Seen::SecondHome => Decoded::SecondHome,
        Seen::Duplicate | Seen::DuplicateUnproven => Decoded::Duplicate,
        Seen::Conflict => Decoded::Rejected(Reject::Conflict),
    }
}

#[cfg(test)]
mod tests;
