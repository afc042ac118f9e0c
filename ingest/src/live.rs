//! The live pipeline, put together: listeners → sequencer → journal, and decoded batches out when they are durable.
//!
//! Threads: `udp-N` and `unix`, one a socket; `ingest-streams` (a runtime of its own, so that nothing else in the process
//! delays it); `sequencer`; `journal`; `decode`; `deliver`. Between them stand bounded queues only. Decoding follows the
//! journal: what it has no time for waits there, not in the sockets.

mod handle;
mod monitor;
mod threads;

pub use handle::IngestHandle;
pub use monitor::IngestMonitor;

use crate::decode::{DecodeConfig, Decoder};
use crate::dedup::DedupError;
use crate::error::IngestError;
use crate::journal::{DiskStorage, Journal, JournalConfig, JournalId, Recovery, Storage};
use crate::listener::{Bound, ListenerConfig, PassedSockets};
use crate::ship;
use crossbeam_channel::Sender;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::loss::WorkerWindow;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::stream::OpenStream;
use suiftly_schema::{batch::Batch, ids::Epoch};
use threads::Following;

/// How long frames are gathered before their block is cut.
pub const DEFAULT_CUT_INTERVAL: Duration = Duration::from_millis(10);
/// After how long without frames an empty block is cut, so that the journal's clock goes on: 138 KB a day at rest.
pub const DEFAULT_IDLE_CUT_INTERVAL: Duration = Duration::from_secs(30);
/// Decoded batches that may wait for their block's sync, or for their reader.
pub const DEFAULT_MAX_UNDELIVERED: usize = 32;
/// Sealed blocks that may wait in memory to be decoded: 0.3 s at the least. Further ones are read in the journal.
pub const DEFAULT_MAX_UNDECODED: usize = 32;

/// How ingest runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestConfig {
    /// The journal's directory; made if it is not there.
    pub journal_dir: PathBuf,
    /// How the journal is kept.
    pub journal: JournalConfig,
    /// How lines come in.
    pub listener: ListenerConfig,
    /// How they are read; [`DecodeConfig::LIVE`].
    pub decode: DecodeConfig,
    /// How long frames are gathered before their block is cut; [`DEFAULT_CUT_INTERVAL`].
    pub cut_interval: Duration,
    /// After how long without frames an empty block is cut; [`DEFAULT_IDLE_CUT_INTERVAL`].
    pub idle_cut_interval: Duration,
    /// Batches that may wait to be delivered; [`DEFAULT_MAX_UNDELIVERED`].
    pub max_undelivered: usize,
    /// Blocks that may wait in memory to be decoded; [`DEFAULT_MAX_UNDECODED`].
    pub max_undecoded: usize,
}

impl IngestConfig {
    /// The defaults, with the journal in this directory.
    pub fn new(journal_dir: impl Into<PathBuf>) -> Self {
        Self {
            journal_dir: journal_dir.into(),
            journal: JournalConfig::default(),
            listener: ListenerConfig::default(),
            decode: DecodeConfig::LIVE,
            cut_interval: DEFAULT_CUT_INTERVAL,
            idle_cut_interval: DEFAULT_IDLE_CUT_INTERVAL,
            max_undelivered: DEFAULT_MAX_UNDELIVERED,
            max_undecoded: DEFAULT_MAX_UNDECODED,
        }
    }
}

/// Where those behind ingest stand: the watermark they committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// The last epoch they have; 0 if none.
    pub epoch: Epoch,
    /// The dedup windows as they were after it.
    pub windows: Vec<WorkerWindow>,
    /// The open streams as they were after it.
    pub streams: Vec<OpenStream>,
    /// The number of the last reference change that they have; 0 if none.
    pub reference_seq: u64,
    /// The price books that they have been told of, by whatever journal.
    pub books: PriceBooks,
    /// The published formats as they have been told of them, by whatever journal.
    pub formats: Vec<PublishedFormat>,
    /// The journal that the watermark is of; `None` if there is no watermark yet.
    pub journal_id: Option<JournalId>,
}

impl Resume {
    /// The decoder as it was when the watermark was committed.
    pub(crate) fn decoder(&self, config: DecodeConfig) -> Result<Decoder, DedupError> {
        let restored = Decoder::restore(config, &self.windows, self.reference_seq, self.books.clone())?;
        Ok(restored.with_formats(&self.formats).with_streams(&self.streams))
    }
}

/// Starts ingest.
#[derive(Debug)]
pub struct Ingest;

impl Ingest {
    /// Binds the sockets and opens the journal, whose id the caller may need to find its watermark.
    pub fn open(config: &IngestConfig) -> Result<OpenIngest, IngestError> {
        Self::open_with(config, PassedSockets::default())
    }

    /// The same, with sockets that were passed to this process; what was not passed is bound. Of those that were, none may
    /// be left over.
    pub fn open_with(config: &IngestConfig, passed: PassedSockets) -> Result<OpenIngest, IngestError> {
        Self::open_all(config, passed, Box::new(DiskStorage))
    }

    /// The same, with the journal on a disk of the caller's.
    pub fn open_on(config: &IngestConfig, disk: Box<dyn Storage>) -> Result<OpenIngest, IngestError> {
        Self::open_all(config, PassedSockets::default(), disk)
    }

    fn open_all(
        config: &IngestConfig,
        passed: PassedSockets,
        disk: Box<dyn Storage>,
    ) -> Result<OpenIngest, IngestError> {
        let bound = Bound::bind(&config.listener, passed)?;
        let (journal, recovery) = Journal::open_with(&config.journal_dir, config.journal.clone(), disk)?;
        if recovery.dropped_bytes > 0 {
            tracing::warn!(bytes = recovery.dropped_bytes, "cut a torn tail off the journal");
        }
        Ok(OpenIngest { config: config.clone(), bound, journal, recovery })
    }

    /// [`Ingest::open`] and [`OpenIngest::start`] in one.
    pub fn start(config: &IngestConfig, resume: &Resume, out: Sender<Batch>) -> Result<IngestHandle, IngestError> {
        Self::open(config)?.start(resume, out)
    }
}

/// Sockets and journal, had but not used yet.
#[derive(Debug)]
pub struct OpenIngest {
    config: IngestConfig,
    bound: Bound,
    journal: Journal,
    recovery: Recovery,
}

impl OpenIngest {
    /// The journal's name.
    pub const fn journal_id(&self) -> JournalId {
        self.recovery.journal_id
    }

    /// The last epoch that the journal holds; what comes after it is received from now on.
    pub const fn last_epoch(&self) -> Epoch {
        self.recovery.last_epoch
    }

    /// Starts. Batches of all epochs after `resume.epoch` go to `out`, in order: first those of the journal's tail,
    /// then live ones, each once its block is durable. Sockets are read at once: what comes is journaled while the tail
    /// is decoded. When `out` is dropped, ingest has ended.
    pub fn start(self, resume: &Resume, out: Sender<Batch>) -> Result<IngestHandle, IngestError> {
        check_watermark(resume, &self.recovery)?;
        let decoder = Box::new(resume.decoder(self.config.decode.clone())?);
        threads::start(self, Following::Decoding { after: resume.epoch, decoder, out })
    }

    /// What is shipped of it, its last blocks by way of `tail`.
    pub fn shipped(&self, tail: Arc<ship::Tail>) -> ship::Shipped {
        let Self { config, journal, recovery, .. } = self;
        let (dir, archive) = (config.journal_dir.clone(), config.journal.archive.as_ref());
        let (archive, progress) = (archive.map(|archive| archive.dir.clone()), Arc::clone(journal.progress()));
        ship::Shipped { dir, archive, journal: recovery.journal_id, progress, tail }
    }

    /// Starts, and decodes nothing: each block after [`OpenIngest::last_epoch`] goes to `tail` once it is durable, in
    /// order.
    pub fn start_undecoded(self, tail: Arc<ship::Tail>) -> Result<IngestHandle, IngestError> {
        threads::start(self, Following::Shipping(tail))
    }
}

fn check_watermark(resume: &Resume, recovery: &Recovery) -> Result<(), IngestError> {
    if let Some(expected) = resume.journal_id
        && expected != recovery.journal_id
    {
        return Err(IngestError::OtherJournal { found: recovery.journal_id, expected });
    }
    if resume.epoch > recovery.last_epoch {
        return Err(IngestError::JournalBehind { resume: resume.epoch, last: recovery.last_epoch });
    }
    Ok(())
}
