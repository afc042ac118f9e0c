//! Makes commits again out of the journal that the store writer let pass: the same blocks through a decoder and a dataflow
//! of its own, from what the database holds on. Both depend on the journal alone, so the commits are the same.

use super::live::Live;
use super::writing::{Flow, Leg, store, until_done};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use suiftly_dataflow::{Dataflow, EpochInput, Seed};
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::live::Resume as IngestResume;
use suiftly_ingest::tail::Tail;
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::log_format::PublishedFormat;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::reference::Entity;
use suiftly_schema::view::EpochDeltas;
use suiftly_store::writer::{Commit, Resume, Writer};

/// Memory that the commits of one transaction may take.
const MAX_BYTES_A_COMMIT: usize = 32 << 20;
/// Epochs that one transaction takes at most.
const MAX_EPOCHS_A_COMMIT: usize = 1_024;
/// Epochs that the dataflow works on while the next ones are decoded.
const EPOCHS_AHEAD: usize = 16;

/// Where the journal is, and how it is read.
#[derive(Clone, Debug)]
pub(super) struct CatchingUp {
    pub(super) journal_dir: PathBuf,
    pub(super) decode: DecodeConfig,
}

impl CatchingUp {
    /// Stores what has passed by, until what comes waits again.
    pub(super) async fn catch_up(
        &self,
        writer: &mut Writer,
        flow: &Flow,
        live: &Live,
        release: &impl Fn(Epoch),
    ) -> anyhow::Result<()> {
        let resume = until_done(live, async || writer.resume().await).await?;
        tracing::info!(epoch = resume.epoch, "catching up with the journal");
        let mut reached = resume.epoch;
        let mut replay = self.replay(resume)?;
        while let Some(Leg { through, is_last }) = flow.leg(reached) {
            loop {
                let commits = replay.next(through)?;
                if commits.is_empty() {
                    break;
                }
                store(writer, &commits, live, release).await?;
            }
            reached = through;
            if is_last {
                tracing::info!(epoch = through, "caught up with the journal");
                break;
            }
        }
        Ok(())
    }

    /// Stores everything after what the database holds, up to and with `through`. Nobody else is at work.
    pub(super) async fn store_through(
        &self,
        writer: &mut Writer,
        resume: Resume,
        through: Epoch,
    ) -> anyhow::Result<()> {
        let mut replay = self.replay(resume)?;
        loop {
            let commits = replay.next(through)?;
            if commits.is_empty() {
                return Ok(());
            }
            writer.commit(&commits).await?;
        }
    }

    fn replay(&self, resume: Resume) -> anyhow::Result<Replay> {
        let (seed, from) = parts(resume);
        let books = from.books.clone();
        let tail = Tail::open(&self.journal_dir, self.decode.clone(), &from)?;
        let (dataflow, deltas) = Dataflow::start(1, seed, books)?;
        Ok(Replay { tail, dataflow, deltas, ahead: VecDeque::with_capacity(EPOCHS_AHEAD) })
    }
}

/// What the database holds, parted: where the dataflow goes on, and where ingest does.
pub(super) fn parts(resume: Resume) -> (Seed, IngestResume) {
    let books = PriceBooks::of(&resume.reference);
    let formats = resume.reference.iter().filter_map(format_of).collect();
    let seed = Seed {
        epoch: resume.epoch,
        cut_at: resume.cut_at,
        rated: resume.rated,
        rated_in_all: resume.rated_in_all,
        reference: resume.reference,
        ..Seed::default()
    };
    let (epoch, windows, streams) = (resume.epoch, resume.windows, resume.streams);
    let reference_seq = resume.reference_seq;
    (seed, IngestResume { epoch, windows, streams, reference_seq, books, formats, journal_id: None })
}

fn format_of(entity: &Entity) -> Option<PublishedFormat> {
    if let Entity::LogFormat(format) = entity { Some(format.clone()) } else { None }
}

struct Replay {
    tail: Tail,
    dataflow: Dataflow,
    deltas: crossbeam_channel::Receiver<EpochDeltas>,
    /// Batches whose deltas have not come yet.
    ahead: VecDeque<Batch>,
}

impl Replay {
    /// The next transaction's commits, up to and with `through`; empty when there are none left.
    fn next(&mut self, through: Epoch) -> anyhow::Result<Vec<Arc<Commit>>> {
        let (mut commits, mut bytes) = (Vec::new(), 0);
        while bytes < MAX_BYTES_A_COMMIT && commits.len() < MAX_EPOCHS_A_COMMIT {
            while self.ahead.len() < EPOCHS_AHEAD
                && let Some(batch) = self.tail.next(through)?
            {
                self.enter(batch)?;
            }
            let Some(batch) = self.ahead.pop_front() else { break };
            let deltas = self.deltas.recv().map_err(|_| anyhow::anyhow!("the dataflow that catches up has ended"))?;
            let commit = Commit::new(batch, Arc::new(deltas));
            bytes += commit.memory_bytes();
            commits.push(Arc::new(commit));
        }
        Ok(commits)
    }

    fn enter(&mut self, mut batch: Batch) -> anyhow::Result<()> {
        self.dataflow.send(EpochInput::of(&mut batch))?;
        self.ahead.push_back(batch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::writing::{Queue, Taken, queue_of, write};
    use super::*;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_ingest::decode::Decoder;
    use suiftly_ingest::journal::{Journal, JournalConfig};
    use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
    use suiftly_ingest::source::Source;
    use suiftly_schema::time::UnixMillis;
    use suiftly_store::testing::TestDatabase;

    /// 2026-11-22T10:58:00Z: the lines cross an hour.
    const START: UnixMillis = UnixMillis(1_795_345_080_000);
    const LINES_AN_EPOCH: i64 = 20;
    /// More than a last leg has.
    const EPOCHS: u64 = 600;

    /// A running ingest and dataflow, an epoch at a time.
    struct Running {
        dir: tempfile::TempDir,
        journal: Journal,
        gateway: SimulatedGateway,
        decoder: Decoder,
        dataflow: Dataflow,
        deltas: crossbeam_channel::Receiver<EpochDeltas>,
        end: u64,
        epoch: Epoch,
    }

    impl Running {
        fn start() -> (Self, String) {
            let dir = tempfile::tempdir().unwrap();
            // Several segments, of which some are compressed while they are read.
            let config = JournalConfig { segment_bytes: 60_000, ..JournalConfig::default() };
            let (journal, recovery) = Journal::open(dir.path(), config).unwrap();
            let (dataflow, deltas) = Dataflow::start(1, Seed::default(), PriceBooks::v1()).unwrap();
            let gateway = SimulatedGateway::new(&GatewayOptions { customers: 30, ..GatewayOptions::default() }, START);
            let (decoder, end) = (Decoder::new(DecodeConfig::LIVE), recovery.end);
            let running = Self { dir, journal, gateway, decoder, dataflow, deltas, end, epoch: 0 };
            (running, recovery.journal_id.to_string())
        }

        /// The next epoch, journaled and through the views.
        fn step(&mut self) -> Arc<Commit> {
            self.epoch += 1;
            let mut builder = BlockBuilder::default();
            let at = START.plus_ms(self.epoch.cast_signed() * 500);
            for n in 0..LINES_AN_EPOCH {
                let mut line = Vec::new();
                self.gateway.line(at.plus_ms(n), &mut line);
                builder.push(&Source::File, at, &line).unwrap();
            }
            let block = Arc::new(builder.seal(self.epoch, at.plus_ms(100), self.end));
            self.end = block.end;
            self.journal.append(Arc::clone(&block)).unwrap();
            self.journal.progress().wait_durable(block.epoch).unwrap();
            let mut batch = self.decoder.decode(&block);
            self.dataflow.send(EpochInput::of(&mut batch)).unwrap();
            Arc::new(Commit::new(batch, Arc::new(self.deltas.recv().unwrap())))
        }

        fn again(&self) -> CatchingUp {
            CatchingUp { journal_dir: self.dir.path().to_owned(), decode: DecodeConfig::LIVE }
        }
    }

    /// What is in the database, as one text.
    async fn found(database: &TestDatabase) -> String {
        let client = database.client().await;
        let tables = [
            "SELECT epoch, received, accepted, records FROM journal_watermarks",
            "SELECT server_id, boot, seq, journal_offset, customer_id FROM haproxy_raw_logs ORDER BY 1, 2, 3",
            "SELECT * FROM usage_per_minute ORDER BY customer_id, minute, service_type, network",
            "SELECT * FROM usage_per_hour ORDER BY customer_id, hour, service_type, network",
            "SELECT * FROM rated ORDER BY customer_id, service_type",
            "SELECT * FROM key_activity ORDER BY customer_id, api_key_fp",
            "SELECT * FROM key_activity_per_hour ORDER BY customer_id, api_key_fp, hour",
            "SELECT received, duplicates, seen FROM worker_windows",
        ];
        let mut all = String::new();
        for table in tables {
            let text = format!("SELECT coalesce(string_agg(row::text, '\n'), '') FROM ({table}) AS row");
            all += &client.query_one(&text, &[]).await.unwrap().get::<_, String>(0);
            all += "\n";
        }
        all
    }

    async fn run(epochs: u64, (queue, taken): (Queue, Taken), begins_at: u64) -> String {
        let database = TestDatabase::create().await;
        let (mut running, journal_id) = Running::start();
        let (writer, resume) = Writer::open(database.config(), &journal_id).await.unwrap();
        let (live, again) = (Live::new(&resume, 0), running.again());
        let (feed, mut fed) = tokio::sync::mpsc::channel(1);
        let feeding = tokio::task::spawn_blocking(move || {
            for epoch in 1..=epochs {
                assert!(queue.send(running.step()));
                if epoch == begins_at {
                    feed.blocking_send(()).unwrap();
                }
            }
            running
        });
        // The writer begins when it is told to, or when all has come.
        fed.recv().await;
        fed.close();
        let released = std::sync::atomic::AtomicU64::new(0);
        let release = |epoch| released.store(epoch, std::sync::atomic::Ordering::Relaxed);
        write(writer, taken, &live, again, release).await.unwrap();
        feeding.await.unwrap();
        assert_eq!(released.into_inner(), epochs);
        found(&database).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_has_passed_by_is_stored_as_if_it_had_waited() {
        let all_waits = run(EPOCHS, queue_of(2_000, usize::MAX), EPOCHS).await;
        assert!(all_waits.starts_with("(600,12000,12000,12000)"), "{all_waits:.40}");
        // Nearly all passes by before the writer begins; then while it writes and catches up, over and over.
        for (epochs_that_wait, begins_at) in [(3, EPOCHS), (100, EPOCHS), (2, 1), (1, 300)] {
            let most_passes_by = run(EPOCHS, queue_of(epochs_that_wait, usize::MAX), begins_at).await;
            assert!(most_passes_by == all_waits, "{epochs_that_wait} wait, the writer begins at {begins_at}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn memory_bounds_what_waits() {
        let (queue, taken) = queue_of(100, 10_000);
        let large = |epoch| Arc::new(system_messages(epoch));
        for epoch in 1..=5 {
            assert!(queue.send(large(epoch)));
        }
        let leg = taken.leg(0).unwrap();
        assert_eq!((leg.through, leg.is_last), (5, true), "the first alone waits, though it is too large");
        assert!(queue.send(large(6)), "it passes by: the first still waits");
        assert_eq!(taken.leg(5).unwrap().through, 6);
        drop(taken);
        assert!(!queue.send(large(7)), "the writer is gone");
    }

    fn system_messages(epoch: Epoch) -> Commit {
        let message = suiftly_schema::batch::SystemMessage {
            timestamp: UnixMillis(0),
            server_id: None,
            message: "x".repeat(1_000),
        };
        Commit { epoch, system: vec![message; 20], ..Commit::default() }
    }
}
