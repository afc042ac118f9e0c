//! The pipeline from the journal to the database as one process has it, an epoch at a time: for simulations, which end it
//! at any moment and begin the next one on what it left.

use std::path::Path;
use std::sync::Arc;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::block::{Block, BlockBuilder};
use suiftly_ingest::decode::{DecodeConfig, Decoder};
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader, Storage};
use suiftly_schema::batch::Batch;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use suiftly_store::config::StoreConfig;
use suiftly_store::writer::{Commit, Writer};

const REWARM_BYTES: u64 = 1 << 20;

/// What dies with the process.
pub(crate) struct Life {
    pub(crate) journal: Journal,
    pub(crate) epoch: u64,
    start: u64,
    cut_at: UnixMillis,
    decoder: Decoder,
    dataflow: Dataflow,
    deltas: crossbeam_channel::Receiver<EpochDeltas>,
    pub(crate) writer: Writer,
    pub(crate) waiting: Vec<Arc<Commit>>,
    /// The last reference change that this life has told.
    pub(crate) told: u64,
}

impl Life {
    /// A start: the watermark, then the journal's tail.
    pub(crate) async fn begin(
        dir: &Path,
        config: JournalConfig,
        disk: Box<dyn Storage>,
        store: &StoreConfig,
        workers: usize,
    ) -> Self {
        let (journal, recovery) = Journal::open_with(dir, config, disk).expect("the journal opens");
        let (writer, resume) = Writer::open(store, &recovery.journal_id.to_string()).await.unwrap();
        let books = PriceBooks::of(&resume.reference);
        let decoder =
            Decoder::restore(DecodeConfig::LIVE, &resume.windows, resume.reference_seq, books.clone()).unwrap();
        let decoder = decoder.with_streams(&resume.streams);
        let (dataflow, deltas) = Dataflow::start(workers, seed_of(&resume), books).unwrap();
        let mut life = Self {
            journal,
            epoch: recovery.last_epoch,
            start: recovery.end,
            cut_at: recovery.last_cut_at.unwrap_or(UnixMillis::MIN),
            decoder,
            dataflow,
            deltas,
            writer,
            waiting: Vec::new(),
            told: resume.reference_seq,
        };
        for block in JournalReader::from_before_end_of(dir, resume.epoch, REWARM_BYTES).unwrap() {
            let block = block.unwrap();
            if block.epoch <= resume.epoch {
                life.decoder.rewarm(&block);
            } else {
                life.take(&block);
            }
        }
        life
    }

    /// Seals what was built and hands it to the journal; it may not be on the disk yet.
    pub(crate) fn append(&mut self, builder: BlockBuilder, clock: UnixMillis) -> Arc<Block> {
        self.cut_at = self.cut_at.max(clock);
        let synced_end = self.journal.progress().durable_end();
        let block = Arc::new(builder.seal_after_sync(self.epoch + 1, self.cut_at, self.start, synced_end));
        (self.epoch, self.start) = (block.epoch, block.end);
        self.journal.append(Arc::clone(&block)).unwrap();
        block
    }

    /// Brings a block through the views once it is on the disk; its commit then waits.
    pub(crate) fn take(&mut self, block: &Block) {
        let mut batch: Batch = self.decoder.decode(block);
        self.dataflow.send(EpochInput::of(&mut batch)).unwrap();
        let deltas = self.deltas.recv().unwrap();
        self.waiting.push(Arc::new(Commit::new(batch, Arc::new(deltas))));
    }

    /// The process ends without a word.
    pub(crate) fn die(self) {
        self.journal.progress().abandon();
    }
}

fn seed_of(resume: &suiftly_store::writer::Resume) -> Seed {
    Seed {
        epoch: resume.epoch,
        cut_at: resume.cut_at,
        rated: resume.rated.clone(),
        rated_in_all: resume.rated_in_all.clone(),
        reference: resume.reference.clone(),
        ..Seed::default()
    }
}
