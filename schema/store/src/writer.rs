//! The store writer: the only one to write views, records and watermarks (step 7 of DESIGN §2).
//!
//! It promises exactly once. One transaction holds raw records, deltas, windows, counts and the watermark, and moves
//! the watermark by compare-and-set; a transaction whose answer was lost is looked up before anything is repeated. A
//! session advisory lock keeps a second writer out, and tells after a broken connection that the old session, with
//! whatever it was about to commit, is over.

mod copy;
mod customers;
pub(crate) mod infra;
pub(crate) mod loss;
mod memory;
mod merge;
mod partitions;
mod quarantine;
mod reference;
pub(crate) mod resume;
mod statements;
mod usage;

pub use partitions::{CLOSED_AFTER_MS, PARTITIONED_AHEAD_MS};
pub use quarantine::{BYTES_KEPT, BYTES_PER_MINUTE, LINES_KEPT, LINES_PER_MINUTE};
pub use resume::Resume;

use crate::StoreError;
use crate::config::StoreConfig;
use crate::firehose::{Recent, spans};
use crate::migrate::{Capability, capability};
use memory::{Memory, Put};
use merge::Merged;
use partitions::Partitions;
use quarantine::Budget;
use statements::Statements;
use std::sync::Arc;
use suiftly_schema::batch::{Batch, SystemMessage};
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LineCounts, WorkerWindow};
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::record::Record;
use suiftly_schema::reference::ReferenceChange;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// The key of the advisory lock that a writer holds as long as it lives. One writer a database, whatever its journal:
/// rated totals are continued from what is in the database, and two would round apart.
const WRITER_LOCK: i64 = 0x5375_6966_0002;
/// How long a writer waits for another to be gone. A process just killed leaves its session behind for a moment.
const WRITER_LOCK_TIMEOUT_MS: u32 = 2_000;

/// Everything one epoch brings to the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// The epoch. Commits ascend; epochs that brought nothing may be left out.
    pub epoch: Epoch,
    /// The epoch's clock.
    pub cut_at: UnixMillis,
    /// Where its block ends in the journal, in bytes.
    pub journal_end: u64,
    /// What the views gain; shared with the API's live hub.
    pub deltas: Arc<EpochDeltas>,
    /// Accepted lines.
    pub records: Vec<Record>,
    /// Reference changes that the deltas take in already.
    pub reference: Vec<ReferenceChange>,
    /// The windows that changed, as they are after this epoch.
    pub windows: Vec<WorkerWindow>,
    /// The workers that were folded in this epoch, before those windows.
    pub folded: Vec<WorkerWindow>,
    /// HAProxy's own messages.
    pub system: Vec<SystemMessage>,
    /// Rejected lines to keep, as far as there is room for them.
    pub quarantined: Vec<QuarantinedLine>,
    /// What became of quarantined lines that were given again.
    pub requeued: Vec<Requeued>,
    /// What the epoch's lines became.
    pub counts: LineCounts,
}

impl Commit {
    /// A batch with the deltas that the dataflow answered it with.
    pub fn new(batch: Batch, deltas: Arc<EpochDeltas>) -> Self {
        assert_eq!(batch.epoch, deltas.epoch, "a batch is stored with its own deltas");
        Self {
            epoch: batch.epoch,
            cut_at: batch.cut_at,
            journal_end: batch.journal_end,
            deltas,
            records: batch.records,
            reference: batch.reference,
            windows: batch.windows,
            folded: batch.folded,
            system: batch.system,
            quarantined: batch.quarantined,
            requeued: batch.requeued,
            counts: batch.counts,
        }
    }

    /// How much memory it holds, about: whoever lets commits wait bounds them by this, since what is large differs by
    /// what was sent (records, system messages, views of many customers, windows full of gaps).
    pub fn memory_bytes(&self) -> usize {
        let texts: usize = self.system.iter().map(|message| message.message.len()).sum();
        let lines: usize = self.quarantined.iter().map(|line| line.line.len() + line.source.len()).sum();
        let seen: usize = self.windows.iter().map(|window| window.seen.len()).sum();
        let reference: usize = self.reference.iter().map(ReferenceChange::memory_bytes).sum();
        size_of_val(&*self.records)
            + reference
            + size_of_val(&*self.system)
            + texts
            + size_of_val(&*self.quarantined)
            + lines
            + size_of_val(&*self.requeued)
            + size_of_val(&*self.windows)
            + size_of_val(&*self.folded)
            + seen
            + self.deltas.memory_bytes()
    }
}

/// Writes one journal's commits. Holds one connection, and opens it again when it breaks.
pub struct Writer {
    config: StoreConfig,
    journal_id: String,
    /// The epoch that the database is at, as far as we know.
    watermark: Epoch,
    session: Option<Session>,
    /// If there is a firehose: each commit notes where its records stand, for it to send them.
    firehose: Option<Recent>,
    /// What was told to commit and has not answered.
    in_doubt: Option<Span>,
    /// What turned out to be in though its answer was lost, until something after it is in too: the caller gives it
    /// again, for all that it knows.
    landed: Option<Span>,
}

/// The epochs after `from`, up to and with `to`: one transaction's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Epoch,
    to: Epoch,
}

/// A connection that holds the writer's lock.
struct Session {
    client: Client,
    capability: Capability,
    statements: Statements,
    partitions: Partitions,
    quarantine: Budget,
    memory: Memory,
    /// Whether the last transaction was seen to succeed. If not, what is remembered may not be what is there.
    is_settled: bool,
}

/// What a transaction leaves behind when it has succeeded.
struct Outcome {
    quarantine: Budget,
    put: Put,
}

impl Writer {
    /// Takes the writer's lock and reads where the journal stands. A journal that the database does not know begins.
    ///
    /// The database must be migrated. [`StoreError::SecondWriter`] if another process writes to it.
    pub async fn open(config: &StoreConfig, journal_id: &str) -> Result<(Self, Resume), StoreError> {
        let session = Session::open(config).await?;
        let resume = resume::resume(&session.client, journal_id).await?;
        let writer = Self {
            config: config.clone(),
            journal_id: journal_id.to_owned(),
            watermark: resume.epoch,
            session: Some(session),
            firehose: None,
            in_doubt: None,
            landed: None,
        };
        Ok((writer, resume))
    }

    /// What is committed from now on is for the [`Firehose`](crate::firehose::Firehose) too, which may be given what is
    /// answered: the last commits, in memory.
    pub fn feed_firehose(&mut self) -> Recent {
        self.firehose.get_or_insert_default().clone()
    }

    /// The last epoch that is known to be in the database.
    pub const fn watermark(&self) -> Epoch {
        self.watermark
    }

    /// Where the journal stands in the database now: what [`Writer::open`] found, again.
    pub async fn resume(&mut self) -> Result<Resume, StoreError> {
        self.recover().await?;
        let session = self.session.as_ref().expect("recover leaves a session");
        resume::resume(&session.client, &self.journal_id).await
    }

    /// Writes several epochs, ascending, as one transaction: all of it or nothing.
    ///
    /// After [`StoreError::Unavailable`] the caller gives the same commits again, alone or with more behind them; what
    /// had come in after all is found out and not repeated. [`StoreError::NotNext`]: the first commit is not after the
    /// watermark, or somebody else moved it; nothing was written. May be cancelled at any await.
    pub async fn commit(&mut self, commits: &[Arc<Commit>]) -> Result<(), StoreError> {
        assert!(commits.is_sorted_by(|a, b| a.epoch < b.epoch), "commits ascend by epoch");
        self.recover().await?;
        let rest = self.not_yet_in(commits)?;
        let Some(merged) = Merged::of(rest) else { return Ok(()) };
        let span = Span { from: self.watermark, to: merged.epoch };
        let session = self.session.as_mut().expect("recover leaves a session");
        // Until it is told to commit, a transaction that we lose is one that never was.
        let (transaction, outcome) = session.write(&self.journal_id, span.from, &merged).await?;
        if self.firehose.is_some() {
            let records = merged.records.iter().copied().flatten();
            spans::note(&transaction, &self.journal_id, (span.from, span.to), merged.cut_at, records).await?;
        }
        self.in_doubt = Some(span);
        transaction.commit().await.map_err(StoreError::database("commit"))?;
        session.quarantine = outcome.quarantine;
        session.memory.learn(outcome.put);
        session.is_settled = true;
        if let Some(recent) = &self.firehose {
            recent.keep((span.from, span.to), rest);
        }
        self.in_doubt = None;
        self.landed = None;
        self.watermark = span.to;
        Ok(())
    }

    /// Lets quarantined lines be asked for again whose asking has no outcome; answers how many. To be called after a
    /// start, when what the journal held at it is in the database, and before anything else is asked for: what has no
    /// outcome then was never journaled.
    pub async fn release_claims(&mut self) -> Result<u64, StoreError> {
        self.recover().await?;
        let session = self.session.as_ref().expect("recover leaves a session");
        quarantine::release(&session.client, &self.journal_id).await
    }

    /// Makes sure of a connection with the lock, and of the outcome of a transaction whose answer never came.
    async fn recover(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            self.session = None;
            self.session = Some(Session::open(&self.config).await.map_err(taken_is_passing)?);
        }
        let session = self.session.as_mut().expect("opened above");
        if !session.is_settled {
            session.memory.forget();
            session.is_settled = true;
        }
        let Some(doubt) = self.in_doubt else { return Ok(()) };
        let found = resume::watermark(&session.client, &self.journal_id).await?.map_or(0, |row| row.epoch);
        if found == doubt.to {
            tracing::info!(epoch = found, "a commit had succeeded though its answer was lost");
            self.watermark = found;
            // The caller may not know of what had landed before either.
            let from = self.landed.map_or(doubt.from, |before| before.from);
            self.landed = Some(Span { from, to: doubt.to });
        } else if found != doubt.from {
            return Err(self.not_next(doubt.to, found));
        }
        self.in_doubt = None;
        Ok(())
    }

    /// The commits without those that a lost answer had hidden.
    fn not_yet_in<'a>(&self, commits: &'a [Arc<Commit>]) -> Result<&'a [Arc<Commit>], StoreError> {
        let Some(first) = commits.first() else { return Ok(commits) };
        match self.landed {
            Some(landed) if first.epoch > landed.from => {
                Ok(&commits[commits.partition_point(|commit| commit.epoch <= landed.to)..])
            }
            _ if first.epoch > self.watermark => Ok(commits),
            _ => Err(self.not_next(first.epoch, self.watermark)),
        }
    }

    fn not_next(&self, first: Epoch, watermark: Epoch) -> StoreError {
        StoreError::NotNext { journal_id: self.journal_id.clone(), first, watermark }
    }
}

impl Session {
    async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let client = config.connect().await?;
        take_lock(&client, config.database()).await?;
        let capability = capability(&client).await?;
        let statements = Statements::prepare(&client).await?;
        let memory = Memory::read(&client).await?;
        let (partitions, quarantine) = (Partitions::default(), Budget::default());
        Ok(Self { client, capability, statements, partitions, quarantine, memory, is_settled: true })
    }

    /// Does all of a commit but the COMMIT; with it, what is to be known after it.
    async fn write(
        &mut self,
        journal_id: &str,
        expected: Epoch,
        merged: &Merged<'_>,
    ) -> Result<(Transaction<'_>, Outcome), StoreError> {
        if self.capability == Capability::Plain {
            self.partitions.ensure(&self.client, merged).await?;
        }
        self.is_settled = false;
        self.memory.reach(merged);
        let transaction = self.client.transaction().await.map_err(StoreError::database("begin a commit"))?;
        // First: it locks the journal's row, and says at once whether to go on.
        if !statements::move_watermark(&transaction, &self.statements, journal_id, expected, merged).await? {
            let found = resume::watermark(&transaction, journal_id).await?.map_or(0, |row| row.epoch);
            let (journal_id, first) = (journal_id.to_owned(), merged.epoch);
            return Err(StoreError::NotNext { journal_id, first, watermark: found });
        }
        copy::copy_raw(&transaction, merged).await?;
        copy::copy_system(&transaction, merged).await?;
        let put = statements::add_views(&transaction, &self.statements, &self.memory, merged).await?;
        reference::put(&transaction, merged).await?;
        loss::fold_workers(&transaction, journal_id, merged).await?;
        loss::put_windows(&transaction, &self.statements, journal_id, merged).await?;
        let quarantine = quarantine::put(&transaction, journal_id, merged, &self.quarantine).await?;
        Ok((transaction, Outcome { quarantine, put }))
    }
}

async fn take_lock(client: &Client, database: &str) -> Result<(), StoreError> {
    let attempted = "take the writer's lock";
    let limit = format!("SET lock_timeout = {WRITER_LOCK_TIMEOUT_MS}");
    client.batch_execute(&limit).await.map_err(StoreError::database(attempted))?;
    match client.execute("SELECT pg_advisory_lock($1)", &[&WRITER_LOCK]).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            Err(StoreError::SecondWriter { database: database.to_owned() })
        }
        result => {
            result.map_err(StoreError::database(attempted))?;
            client.batch_execute("RESET lock_timeout").await.map_err(StoreError::database(attempted))
        }
    }
}

/// After a broken connection it is most likely our own old session that still holds the lock.
fn taken_is_passing(error: StoreError) -> StoreError {
    match error {
        StoreError::SecondWriter { .. } => StoreError::Unavailable {
            attempted: "take the writer's lock again",
            cause: "another session holds it, our own former one or another writer's".to_owned(),
        },
        other => other,
    }
}
