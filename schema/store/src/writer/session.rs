//! A writer's connection, with its locks and prepared statements, and one transaction by it.

use super::held::Kept;
use super::memory::{Memory, Put};
use super::merge::Merged;
use super::partitions::Partitions;
use super::quarantine::{self, Budget};
use super::shards::{Journals, Shards};
use super::statements::{self, Statements};
use super::{copy, homes, lock, loss, reference, resume, streams};
use crate::StoreError;
use crate::config::StoreConfig;
use crate::migrate::{Capability, capability};
use suiftly_schema::ids::Epoch;
use tokio_postgres::{Client, Transaction};

/// A connection that holds the writer's lock.
pub(super) struct Session {
    pub(super) client: Client,
    capability: Capability,
    statements: Statements,
    partitions: Partitions,
    quarantine: Budget,
    pub(super) memory: Memory,
    /// Whether the last transaction was seen to succeed. If not, what is remembered may not be what is there.
    pub(super) is_settled: bool,
}

/// Whose transaction it is.
pub(super) struct Of<'a> {
    pub(super) journal_id: &'a str,
    pub(super) shards: Option<&'a mut Shards>,
}

/// What a transaction leaves behind when it has succeeded.
pub(super) struct Outcome {
    quarantine: Budget,
    put: Put,
}

impl Session {
    /// For a single process, or for a process's shards.
    pub(super) async fn open(config: &StoreConfig, shards: Option<&Shards>) -> Result<Self, StoreError> {
        let client = config.connect().await?;
        match shards {
            None => lock::alone(&client, config.database()).await?,
            Some(shards) => lock::beside_others(&client, config.database(), shards.name()).await?,
        }
        let capability = capability(&client).await?;
        let statements = Statements::prepare(&client).await?;
        let memory = Memory::read(&client).await?;
        let (partitions, quarantine) = (Partitions::default(), Budget::default());
        Ok(Self { client, capability, statements, partitions, quarantine, memory, is_settled: true })
    }

    /// Does all of a commit but the COMMIT; with it, what is to be known after it.
    pub(super) async fn write(
        &mut self,
        mut of: Of<'_>,
        expected: Epoch,
        merged: &Merged<'_>,
    ) -> Result<(Transaction<'_>, Outcome), StoreError> {
        if self.capability == Capability::Plain {
            self.partitions.ensure(&self.client, merged).await?;
        }
        if let Some(shards) = &mut of.shards {
            shards.prepare(&self.client, merged).await?;
        }
        self.is_settled = false;
        self.memory.reach(merged);
        let transaction = self.client.transaction().await.map_err(StoreError::database("begin a commit"))?;
        // First: it locks the journal's row, or the shards', and says at once whether to go on.
        move_on(&transaction, &self.statements, &mut of, expected, merged).await?;
        copy::copy_raw(&transaction, merged, of.shards.is_some()).await?;
        copy::copy_system(&transaction, merged).await?;
        let put = statements::add_views(&transaction, &self.statements, &self.memory, merged).await?;
        let (kept, journals) = match &of.shards {
            None => (Some(Kept::of_commit(merged)), Journals::One(of.journal_id)),
            Some(shards) => (shards.to_store().map(Kept::of_state), Journals::Numbered(shards.journals())),
        };
        if let Some(kept) = &kept {
            reference::put(&transaction, kept).await?;
            loss::fold_workers(&transaction, of.journal_id, kept).await?;
            loss::put_windows(&transaction, &self.statements.put_window, of.journal_id, kept).await?;
            homes::put(&transaction, &self.statements.put_homes, of.journal_id, kept).await?;
            streams::put(&transaction, of.journal_id, kept).await?;
        }
        let quarantine = quarantine::put(&transaction, journals, merged, &self.quarantine).await?;
        Ok((transaction, Outcome { quarantine, put }))
    }

    /// The transaction has succeeded.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        self.quarantine = outcome.quarantine;
        self.memory.learn(outcome.put);
        self.is_settled = true;
    }
}

/// Moves the watermark, or the shards', from where it is expected.
async fn move_on(
    transaction: &Transaction<'_>,
    statements: &Statements,
    of: &mut Of<'_>,
    expected: Epoch,
    merged: &Merged<'_>,
) -> Result<(), StoreError> {
    let found = if let Some(shards) = &mut of.shards {
        shards.move_on(transaction, merged).await?
    } else if statements::move_watermark(transaction, statements, of.journal_id, expected, merged).await? {
        None
    } else {
        Some(resume::watermark(transaction, of.journal_id).await?.map_or(0, |row| row.epoch))
    };
    let Some(watermark) = found else { return Ok(()) };
    Err(StoreError::NotNext { journal_id: of.journal_id.to_owned(), first: merged.epoch, watermark })
}
