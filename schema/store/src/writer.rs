//! The store writer: the only one to write views, records and watermarks (step 7 of DESIGN §2).
//!
//! It promises exactly once. One transaction holds raw records, deltas, windows, counts and the watermark, and moves
//! the watermark by compare-and-set; a transaction whose answer was lost is looked up before anything is repeated. A
//! session advisory lock keeps a second writer out, and tells after a broken connection that the old session, with
//! whatever it was about to commit, is over.
//!
//! In a cluster each process has a writer, for its shards ([`Writer::open_shards`], `shards.rs`).

mod commit;
mod copy;
mod customers;
mod held;
mod homes;
pub(crate) mod infra;
mod lock;
pub(crate) mod loss;
pub(crate) mod lost;
mod memory;
mod merge;
mod partitions;
mod quarantine;
pub(crate) mod reference;
pub(crate) mod resume;
mod session;
mod shards;
mod shards_resume;
mod statements;
mod streams;
mod usage;

pub use commit::Commit;
pub(crate) use lock::of_writers_xact;
pub use lost::LostLines;
pub use partitions::{CLOSED_AFTER_MS, PARTITIONED_AHEAD_MS};
pub use quarantine::{BYTES_KEPT, BYTES_PER_MINUTE, LINES_KEPT, LINES_PER_MINUTE};
pub use resume::Resume;
pub use shards::ShardsOf;
pub use shards_resume::ShardsResume;

use crate::StoreError;
use crate::config::StoreConfig;
use crate::firehose::Recent;
use crate::firehose::spans::{self, Noted};
use merge::Merged;
use session::{Of, Session};
use shards::Shards;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;

/// Writes one journal's commits, or those of a process's shards. Holds one connection, and opens it again when it breaks.
pub struct Writer {
    config: StoreConfig,
    /// The journal; in a cluster its order's.
    journal_id: String,
    /// The epoch that the database is at, as far as we know. Of several shards the least.
    watermark: Epoch,
    /// In a cluster: which shards it writes, and what it knows of them.
    shards: Option<Shards>,
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

impl Writer {
    /// Takes the writer's lock and reads where the journal stands. A journal that the database does not know begins.
    ///
    /// The database must be migrated. [`StoreError::SecondWriter`] if another process writes to it,
    /// [`StoreError::IsCluster`] if a cluster's processes do.
    pub async fn open(config: &StoreConfig, journal_id: &str) -> Result<(Self, Resume), StoreError> {
        let session = Session::open(config, None).await?;
        let resume = resume::resume(&session.client, journal_id).await?;
        Ok((Self::at(config, journal_id, resume.epoch, None, session), resume))
    }

    /// Takes a process's shards in a generation of the cluster, and reads where they stand.
    ///
    /// [`StoreError::OldGeneration`] if there has been a later one, [`StoreError::SecondWriter`] if another process has
    /// some of them in this one, or a single process writes.
    pub async fn open_shards(config: &StoreConfig, of: &ShardsOf) -> Result<(Self, ShardsResume), StoreError> {
        let mut shards = Shards::new(of);
        let mut session = Session::open(config, Some(&shards)).await?;
        shards.take(&mut session.client, config.database(), &of.order_journal).await?;
        let resume = shards_resume::read(&mut session.client, of).await?;
        shards.goes_on_from(&resume);
        let watermark = resume.least(of.shards);
        Ok((Self::at(config, &of.order_journal, watermark, Some(shards), session), resume))
    }

    fn at(config: &StoreConfig, journal_id: &str, watermark: Epoch, shards: Option<Shards>, session: Session) -> Self {
        let (config, journal_id, session) = (config.clone(), journal_id.to_owned(), Some(session));
        Self { config, journal_id, watermark, shards, session, firehose: None, in_doubt: None, landed: None }
    }

    /// What is committed from now on is for the [`Firehose`](crate::firehose::Firehose) too, which may be given what is
    /// answered: the last commits, in memory.
    pub fn feed_firehose(&mut self) -> Recent {
        self.firehose.get_or_insert_default().clone()
    }

    /// The last epoch that is known to be in the database; of several shards what all of them have.
    pub const fn watermark(&self) -> Epoch {
        self.watermark
    }

    /// Where the journal stands in the database now: what [`Writer::open`] found, again. A cluster's process restarts.
    pub async fn resume(&mut self) -> Result<Resume, StoreError> {
        if self.shards.is_some() {
            let cause = "a process of a cluster goes on by a start of all of them".to_owned();
            return Err(StoreError::Unfit { attempted: "read where the journal stands", cause });
        }
        self.recover().await?;
        let session = self.session.as_ref().expect("recover leaves a session");
        resume::resume(&session.client, &self.journal_id).await
    }

    /// Writes several epochs, ascending, as one transaction: all of it or nothing.
    ///
    /// After [`StoreError::Unavailable`] the caller gives the same commits again, alone or with more behind them; what
    /// had come in after all is found out and not repeated. [`StoreError::NotNext`]: the first commit is not after the
    /// watermark, or somebody else moved it; nothing was written. May be cancelled at any await.
    ///
    /// A writer of shards is given every epoch from its restart epoch on, in order: of those that its shards have it
    /// takes what dedup knew after them, and writes nothing. What some of its shards have of an epoch, and others not,
    /// must be only the others' in the commit. The order's epoch must be in the database:
    /// [`StoreError::NotOrdered`] passes. [`StoreError::OldGeneration`]: the cluster has started anew, without us.
    pub async fn commit(&mut self, commits: &[Arc<Commit>]) -> Result<(), StoreError> {
        assert!(commits.is_sorted_by(|a, b| a.epoch < b.epoch), "commits ascend by epoch");
        self.recover().await?;
        let rest = self.not_yet_in(commits)?;
        if let Some(shards) = &mut self.shards {
            shards.held.take(commits);
        }
        let Some(merged) = Merged::of(rest) else { return Ok(()) };
        let span = Span { from: self.watermark, to: merged.epoch };
        let session = self.session.as_mut().expect("recover leaves a session");
        let of = Of { journal_id: &self.journal_id, shards: self.shards.as_mut() };
        // Until it is told to commit, a transaction that we lose is one that never was.
        let (transaction, outcome) = session.write(of, span.from, &merged).await?;
        if self.firehose.is_some() {
            let process = self.shards.as_ref().map_or(0, |shards| shards.name().1);
            let (journal_id, epochs) = (&*self.journal_id, (span.from, span.to));
            let noted = Noted { journal_id, epochs, process, cut_at: merged.cut_at };
            spans::note(&transaction, &noted, merged.numbered_records()).await?;
        }
        self.in_doubt = Some(span);
        transaction.commit().await.map_err(StoreError::database("commit"))?;
        session.settle(outcome);
        if let Some(recent) = &self.firehose {
            recent.keep((span.from, span.to), rest);
        }
        self.in_doubt = None;
        self.landed = None;
        self.moved_to(span.to);
        Ok(())
    }

    /// Lets quarantined lines be asked for again whose asking has no outcome; answers how many. To be called after a
    /// start, when what the journal held at it is in the database, and before anything else is asked for: what has no
    /// outcome then was never journaled. Of a cluster's journals process 0 does it
    /// ([`crate::shards::ClusterStore::release_claims`]): no writer has all that is of one.
    pub async fn release_claims(&mut self) -> Result<u64, StoreError> {
        if self.shards.is_some() {
            let cause = "a process of a cluster has a share of each journal".to_owned();
            return Err(StoreError::Unfit { attempted: "release quarantined lines", cause });
        }
        self.recover().await?;
        let session = self.session.as_ref().expect("recover leaves a session");
        quarantine::release(&session.client, &self.journal_id).await
    }

    /// Makes sure of a connection with the lock, and of the outcome of a transaction whose answer never came.
    async fn recover(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(|session| session.client.is_closed()) {
            self.session = None;
            let session = Session::open(&self.config, self.shards.as_ref()).await;
            self.session = Some(session.map_err(lock::taken_is_passing)?);
        }
        let session = self.session.as_mut().expect("opened above");
        if !session.is_settled {
            session.memory.forget();
            session.is_settled = true;
        }
        let Some(doubt) = self.in_doubt else { return Ok(()) };
        let found = match &self.shards {
            None => resume::watermark(&session.client, &self.journal_id).await?.map_or(0, |row| row.epoch),
            Some(shards) => shards.found(&session.client).await?,
        };
        if found == doubt.to {
            tracing::info!(epoch = found, "a commit had succeeded though its answer was lost");
            self.moved_to(found);
            // The caller may not know of what had landed before either.
            let from = self.landed.map_or(doubt.from, |before| before.from);
            self.landed = Some(Span { from, to: doubt.to });
        } else if found != doubt.from {
            return Err(self.not_next(doubt.to, found));
        }
        self.in_doubt = None;
        Ok(())
    }

    /// What the last transaction brought is in.
    fn moved_to(&mut self, epoch: Epoch) {
        self.watermark = epoch;
        if let Some(shards) = &mut self.shards {
            shards.moved_to(epoch);
        }
    }

    /// The commits without those that a lost answer had hidden; for shards without those that they have.
    fn not_yet_in<'a>(&self, commits: &'a [Arc<Commit>]) -> Result<&'a [Arc<Commit>], StoreError> {
        let after = |epoch| &commits[commits.partition_point(|commit| commit.epoch <= epoch)..];
        if self.shards.is_some() {
            return Ok(after(self.watermark));
        }
        let Some(first) = commits.first() else { return Ok(commits) };
        match self.landed {
            Some(landed) if first.epoch > landed.from => Ok(after(landed.to)),
            _ if first.epoch > self.watermark => Ok(commits),
            _ => Err(self.not_next(first.epoch, self.watermark)),
        }
    }

    fn not_next(&self, first: Epoch, watermark: Epoch) -> StoreError {
        StoreError::NotNext { journal_id: self.journal_id.clone(), first, watermark }
    }
}
