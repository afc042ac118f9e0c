//! Decoding in order: what [`super::Decoder`] does, for one process of several. The order says which blocks of which
//! journals come next ([`OrderBlock`]); of each block the process has the frames of its shards ([`Part`]).
//!
//! Each shard has its own dedup with bounds of its own, so what is new does not depend on how many processes there are;
//! reference changes are everybody's. So all that becomes of a shard's frames is a function of the order and of what was
//! stored of that shard, whoever decodes it.
//!
//! **Two epochs a shard.** Its dedup was stored as of its *restart* epoch: frames up to there only say again which bodies
//! were seen. Its records, counts and quarantined lines are stored up to its *watermark*, which is at least that: up to
//! there frames are decoded for what they do to dedup, and for their part of sums that other shards may lack; whoever
//! takes the sums drops those that are stored.
//!
//! A line with an identity counts in the shard of its server alone. One that was placed elsewhere, since its sender is
//! bound to no one server and its format does not say the server where placement looks, is rejected: what was seen of
//! it could not be found again.

use super::billing::Billing;
use super::gathered::Gathered;
use super::published::Published;
use super::streams::{Streams, Uncounted};
use super::sums::PartialSums;
use super::terms::{Read, Terms, TermsOfSources};
use super::{DecodeConfig, Decoded, outcome, take_change};
use crate::block::Frame;
use crate::dedup::{Dedup, DedupError, Forgotten, Home, body_hash};
use crate::haproxy::Body;
use crate::order::OrderBlock;
use crate::reject::Reject;
use crate::ship::Part;
use crate::source::Source;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::loss::{HomeLines, WorkerWindow};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::record::Record;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::shard::{SHARDS, Shard, ShardSet};
use suiftly_schema::stream::{OpenStream, StreamId};
use suiftly_schema::time::UnixMillis;

/// Where reference changes that cannot be read are counted.
const OF_THE_ORDER: Shard = Shard(0);

/// Where a process goes on: what was stored of its shards. All that holds for every shard is as of the least restart
/// epoch of the cluster ([`crate::order::reference_before`]).
#[derive(Clone, Debug)]
pub struct OrderedStart<'a> {
    /// The process's shards.
    pub shards: ShardSet,
    /// As of which epoch each shard's windows were stored.
    pub restarts: &'a [Epoch; SHARDS],
    /// Up to which epoch all else of each shard is stored.
    pub watermarks: &'a [Epoch; SHARDS],
    /// The windows; those of other processes' shards are passed over.
    pub windows: &'a [WorkerWindow],
    /// The open streams, stored with the windows; likewise.
    pub streams: &'a [OpenStream],
    /// The number of the last reference change.
    pub reference_seq: u64,
    /// The books that had been told.
    pub books: PriceBooks,
    /// The published formats that had been told.
    pub formats: &'a [PublishedFormat],
}

/// Turns the parts of a process's shards into batches.
#[derive(Debug)]
pub struct OrderedDecoder {
    config: DecodeConfig,
    /// Each shard at its place; `None` where it is another process's.
    shards: Vec<Option<OfShard>>,
    sums: PartialSums,
    billing: Billing,
    published: Published,
    reference_seq: u64,
}

#[derive(Debug)]
struct OfShard {
    dedup: Dedup,
    streams: Streams,
    restart: Epoch,
    watermark: Epoch,
}

impl OrderedDecoder {
    /// Goes on from there. The limits of `config` are each shard's: [`DecodeConfig::CLUSTER`].
    pub fn start(config: DecodeConfig, start: OrderedStart<'_>) -> Result<Self, DedupError> {
        let mut windows = vec![Vec::new(); SHARDS];
        for window in start.windows {
            windows[Shard::of_server(window.worker.server_id).index()].push(window.clone());
        }
        let streams_of = |shard: Shard| {
            Streams::restore(start.streams.iter().copied().filter(|of| Shard::of_server(of.id.server_id) == shard))
        };
        let restored = |(shard, windows): (Shard, Vec<WorkerWindow>)| {
            if !start.shards.contains(shard) {
                return Ok(None);
            }
            let (restart, watermark) = (start.restarts[shard.index()], start.watermarks[shard.index()]);
            let of = |dedup| Some(OfShard { dedup, streams: streams_of(shard), restart, watermark });
            Dedup::restore(config.limits, &windows).map(of)
        };
        let shards = Shard::all().zip(windows).map(restored).collect::<Result<_, DedupError>>()?;
        Ok(Self {
            shards,
            config,
            sums: PartialSums::default(),
            billing: Billing::new(start.books),
            published: Published::of(start.formats),
            reference_seq: start.reference_seq,
        })
    }

    /// Takes the bodies of a part of before the least restart epoch, so that duplicates are proven again. Which published
    /// formats were in force then is not known: lines that only these can read are left out.
    fn rewarm_part(&mut self, journal_no: u16, part: &Part) {
        let (published, mut sources) = (Published::default(), TermsOfSources::of_journal(&self.config, journal_no));
        for (shard, frame) in part.shards() {
            if let Some(of) = &mut self.shards[shard.index()] {
                let terms = sources.of(&frame.source);
                rewarm(&mut of.dedup, terms.home, &terms.read(&published, frame.bytes, frame.received_at));
            }
        }
    }

    /// Decodes an epoch: this block of the order, and the parts that it takes in, with their journals' numbers: by
    /// number, then by epoch ([`crate::order::take_parts`]). Epochs must come in order, each once, from the one after the
    /// least restart epoch on. Parts that are for proof only say again which bodies were seen.
    ///
    /// Every process has the epoch's reference changes in its batch, and windows of its own shards alone; those are as
    /// of this epoch, whatever the watermarks.
    pub fn decode(&mut self, order: &OrderBlock, parts: &[(u16, Part)]) -> Batch {
        for (journal_no, part) in parts.iter().filter(|(_, part)| part.is_proof_only) {
            self.rewarm_part(*journal_no, part);
        }
        self.begin_epoch(order.epoch, order.cut_at);
        let mut gathered = Gathered::new(order.cut_at, 0);
        let reference = self.take_changes(order, &mut gathered);
        for (journal_no, part) in parts.iter().filter(|(_, part)| !part.is_proof_only) {
            self.take_part(order.epoch, *journal_no, part, &mut gathered);
        }
        self.billing.learn(&reference);
        let partials = self.sums.take(gathered.records(), &self.billing);
        let (windows, folded) = self.changed(order.epoch);
        let batch = gathered.into_batch((order.epoch, order.cut_at, order.end), partials);
        let (streams, ended) = self.changed_streams(order.epoch);
        Batch { reference, windows, folded, streams, ended, ..batch }
    }

    /// The windows of all its shards' workers, by id.
    pub fn windows(&self) -> Vec<WorkerWindow> {
        let mut windows: Vec<_> = self.of_shards().flat_map(|of| of.dedup.windows()).collect();
        windows.sort_unstable_by_key(|window| window.worker);
        windows
    }

    /// What each home has brought of its shards' lines: [`Dedup::homes`].
    pub fn homes(&self) -> Vec<HomeLines> {
        let mut homes: Vec<_> = self.of_shards().flat_map(|of| of.dedup.homes()).collect();
        homes.sort_unstable_by(|a, b| (a.worker, &a.home).cmp(&(b.worker, &b.home)));
        homes
    }

    /// What the bounds of dedup have cost since this program started.
    pub fn forgotten(&self) -> Forgotten {
        self.of_shards().map(|of| of.dedup.forgotten()).fold(Forgotten::default(), Forgotten::plus)
    }

    /// The open streams of all its shards, by id.
    pub fn streams(&self) -> Vec<OpenStream> {
        let mut streams: Vec<_> = self.of_shards().flat_map(|of| of.streams.all()).collect();
        streams.sort_unstable_by_key(|stream| stream.id);
        streams
    }

    /// What was told of streams and counts nothing, since this program started.
    pub fn uncounted(&self) -> Uncounted {
        self.of_shards().map(|of| of.streams.uncounted()).fold(Uncounted::default(), Uncounted::plus)
    }

    /// The number of the last reference change that was taken.
    pub const fn reference_seq(&self) -> u64 {
        self.reference_seq
    }

    fn of_shards(&self) -> impl Iterator<Item = &OfShard> {
        self.shards.iter().flatten()
    }

    fn begin_epoch(&mut self, epoch: Epoch, cut_at: UnixMillis) {
        for of in self.shards.iter_mut().flatten().filter(|of| epoch > of.restart) {
            of.dedup.begin_epoch(epoch, cut_at);
            of.streams.begin_epoch(cut_at);
        }
    }

    /// The changes that were not seen before. They hold for the epoch's first line already.
    fn take_changes(&mut self, order: &OrderBlock, gathered: &mut Gathered) -> Vec<ReferenceChange> {
        let Self { config, shards, sums, published, reference_seq, .. } = self;
        let is_counted = shards[OF_THE_ORDER.index()].as_ref().is_some_and(|of| order.epoch > of.watermark);
        let mut reference = Vec::new();
        for change in &order.changes {
            if !take_change(&change.bytes, reference_seq, &mut reference) && is_counted {
                let (offset, received_at) = (change.offset, change.received_at);
                let frame = Frame { source: Source::Outbox, received_at, offset, bytes: &change.bytes };
                gathered.meet(received_at);
                gathered.take(&frame, 0, &Terms::unbound(config), Decoded::Rejected(Reject::Reference), sums);
            }
        }
        reference.iter().for_each(|change| published.learn(&change.entity));
        reference
    }

    fn take_part(&mut self, epoch: Epoch, journal_no: u16, part: &Part, gathered: &mut Gathered) {
        let Self { config, shards, sums, published, .. } = self;
        let mut sources = TermsOfSources::of_journal(config, journal_no);
        for (shard, frame) in part.shards() {
            let Some(of) = &mut shards[shard.index()] else { continue };
            let terms = sources.of(&frame.source);
            let read = terms.read(published, frame.bytes, frame.received_at);
            if epoch <= of.restart {
                rewarm(&mut of.dedup, terms.home, &read);
                continue;
            }
            let decoded = outcome(in_its_shard(shard, read), terms.home, &mut of.dedup, &mut of.streams);
            if epoch > of.watermark {
                gathered.meet(frame.received_at);
                gathered.take(&frame, journal_no, terms, decoded, sums);
            } else {
                gathered.take_for_sums(&frame, &decoded, sums);
            }
        }
    }

    /// The windows that changed in this epoch, and the workers that were folded, by id.
    fn changed(&self, epoch: Epoch) -> (Vec<WorkerWindow>, Vec<WorkerWindow>) {
        let (mut windows, mut folded) = (Vec::new(), Vec::new());
        for of in self.of_shards().filter(|of| epoch > of.restart) {
            windows.extend(of.dedup.changed());
            folded.extend_from_slice(of.dedup.fallen());
        }
        windows.sort_unstable_by_key(|window| window.worker);
        folded.sort_by_key(|window| window.worker);
        (windows, folded)
    }

    /// The streams of which something changed in this epoch, and those that were let go of, by id.
    fn changed_streams(&self, epoch: Epoch) -> (Vec<OpenStream>, Vec<StreamId>) {
        let (mut streams, mut ended) = (Vec::new(), Vec::new());
        for of in self.of_shards().filter(|of| epoch > of.restart) {
            streams.extend(of.streams.changed());
            ended.extend_from_slice(of.streams.ended());
        }
        streams.sort_unstable_by_key(|stream| stream.id);
        ended.sort_unstable();
        (streams, ended)
    }
}

/// A line of another shard's server is none of this shard.
#[inline]
fn in_its_shard(shard: Shard, read: Result<Read<'_>, Reject>) -> Result<Read<'_>, Reject> {
    match read {
        Ok((_, Body::Request(Record { line_id: Some(id), .. }, _), _)) if Shard::of_server(id.server_id) != shard => {
            Err(Reject::Source)
        }
        read => read,
    }
}

/// Notes the body and the home of a line of before the restart.
fn rewarm(dedup: &mut Dedup, home: Option<Home>, read: &Result<Read<'_>, Reject>) {
    if let Ok((line, Body::Request(Record { line_id: Some(id), .. }, _), _)) = read {
        dedup.rewarm(home, *id, body_hash(line.body));
    }
}
