//! A process's shards: what takes the place of the journal's watermark in a cluster.
//!
//! Each shard has a watermark of its own, in epochs of the order. A transaction holds the cluster's row shared, as long as
//! the generation is its own, and moves the rows of its shards by compare-and-set: what is left of an earlier generation
//! finds another number and commits nothing. An epoch is in the order's tail before any shard has it. What a start goes
//! on from is stored as of an epoch that every shard has (`held.rs`).

use super::ShardsResume;
use super::held::{Held, State};
use super::merge::Merged;
use crate::StoreError;
use crate::codec::{Timestamptz, from_bigint, to_bigint};
use crate::shards::{self, hold_generation};
use std::collections::BTreeMap;
use suiftly_schema::ids::Epoch;
use suiftly_schema::shard::{Shard, ShardSet};
use tokio_postgres::types::{Json, ToSql};
use tokio_postgres::{Client, GenericClient, Transaction};

/// Which shards a writer is to write, and as whom.
#[derive(Clone, Debug)]
pub struct ShardsOf {
    /// The id of the journal of the cluster's order.
    pub order_journal: String,
    /// The generation that the process was started in.
    pub generation: u64,
    /// Its number.
    pub process: u16,
    /// Its shards.
    pub shards: ShardSet,
}

impl ShardsOf {
    /// Their numbers, as the database has them.
    pub(super) fn numbers(&self) -> Vec<i16> {
        self.shards.iter().map(|shard| i16::from(shard.0)).collect()
    }
}

/// The journals that lines stand in.
#[derive(Clone, Copy)]
pub(super) enum Journals<'a> {
    /// A single process's own.
    One(&'a str),
    /// A cluster's, by their numbers.
    Numbered(&'a BTreeMap<u16, String>),
}

impl<'a> Journals<'a> {
    pub(super) fn of(self, journal_no: u16) -> Result<&'a str, StoreError> {
        match self {
            Self::One(journal_id) => Ok(journal_id),
            Self::Numbered(ids) => ids.get(&journal_no).map(String::as_str).ok_or_else(|| StoreError::Row {
                what: "a quarantined line's journal",
                cause: format!("the cluster has none of number {journal_no}"),
            }),
        }
    }

    pub(super) fn all(self) -> Vec<&'a str> {
        match self {
            Self::One(journal_id) => vec![journal_id],
            Self::Numbered(ids) => ids.values().map(String::as_str).collect(),
        }
    }
}

/// A row that another process has taken in this generation stays theirs.
const TAKE: &str = "UPDATE shard_watermarks SET generation = $1, process = $2 \
    WHERE shard = ANY ($3) AND (generation < $1 OR (generation = $1 AND process = $2))";

/// How far the others are, and where they restart; nothing if there are no others.
const OTHERS: &str = "SELECT min(epoch), min(restart_epoch) FROM shard_watermarks WHERE shard <> ALL ($1)";

/// A shard that is further already stays there: it takes part in the comparison only.
const MOVE: &str = "UPDATE shard_watermarks AS s SET epoch = greatest(s.epoch, $5), \
    cut_at = CASE WHEN s.epoch < $5 THEN $6 ELSE s.cut_at END, restart_epoch = greatest(s.restart_epoch, $7), \
    restart_at = CASE WHEN s.restart_epoch < $7 THEN $8 ELSE s.restart_at END, updated_at = now() \
    FROM unnest($3::smallint[], $4::bigint[]) AS mine (shard, epoch) \
    WHERE s.shard = mine.shard AND s.epoch = mine.epoch AND s.generation = $1 AND s.process = $2";

/// As the watermark of a single process has it.
const ADD_COUNTS: &str = "UPDATE shard_watermarks SET received = received + $2, accepted = accepted + $3, \
    duplicates = duplicates + $4, system = system + $5, \
    rejected = (SELECT coalesce(jsonb_object_agg(reason, lines), '{}') FROM ( \
        SELECT key AS reason, sum(value::bigint) AS lines \
        FROM (SELECT * FROM jsonb_each_text(rejected) UNION ALL SELECT * FROM jsonb_each_text($6)) AS both_counts \
        GROUP BY key) AS summed), \
    records = records + $7, second_home = second_home + $8 WHERE shard = $1";

/// The order's row: what every shard has, as far as this transaction sees.
const MOVE_ORDER: &str = "UPDATE journal_watermarks AS w \
    SET epoch = o.epoch, cut_at = o.cut_at, journal_end = o.journal_end, updated_at = now() \
    FROM cluster AS c, cluster_order AS o \
    WHERE w.journal_id = c.order_journal AND o.epoch = (SELECT min(epoch) FROM shard_watermarks) AND o.epoch > w.epoch";

/// And what that is of each ingester's journal.
const MOVE_JOURNALS: &str = "UPDATE journal_watermarks AS w \
    SET epoch = c.through, cut_at = c.cut_at, journal_end = c.journal_end, updated_at = now() \
    FROM cluster_journals AS j CROSS JOIN LATERAL ( \
        SELECT through, cut_at, journal_end FROM cluster_cuts \
        WHERE no = j.no AND epoch <= (SELECT min(epoch) FROM shard_watermarks) ORDER BY epoch DESC LIMIT 1) AS c \
    WHERE w.journal_id = j.journal_id AND c.through > w.epoch";

/// What a writer knows of its shards.
pub(super) struct Shards {
    generation: u64,
    process: u16,
    shards: ShardSet,
    /// Their numbers, and the epoch that each is at.
    numbers: Vec<i16>,
    epochs: Vec<i64>,
    pub(super) held: Held,
    /// As of which epoch the transaction under way stores what was held back; 0 if it does not.
    storing: Epoch,
    journals: BTreeMap<u16, String>,
}

impl Shards {
    pub(super) fn new(of: &ShardsOf) -> Self {
        let numbers = of.numbers();
        Self {
            generation: of.generation,
            process: of.process,
            shards: of.shards,
            epochs: vec![0; numbers.len()],
            numbers,
            held: Held::new(of.shards.contains(Shard(0))),
            storing: 0,
            journals: BTreeMap::new(),
        }
    }

    /// Who writes: the generation, and the process in it.
    pub(super) const fn name(&self) -> (u64, u16) {
        (self.generation, self.process)
    }

    /// Makes the rows this process's, if no other has them in this generation.
    pub(super) async fn take(
        &self,
        client: &mut Client,
        database: &str,
        order_journal: &str,
    ) -> Result<(), StoreError> {
        let attempted = "take the process's shards";
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        hold_generation(&transaction, self.generation).await?;
        let row = shards::row(&transaction).await?;
        if row.is_none_or(|row| row.order_journal != order_journal) {
            let cause = format!("the cluster's order is not in journal {order_journal}");
            return Err(StoreError::Unfit { attempted, cause });
        }
        let (generation, process) = (to_bigint(self.generation), self.process.cast_signed());
        let taken = transaction.execute(TAKE, &[&generation, &process, &self.numbers]).await;
        if taken.map_err(StoreError::database(attempted))? != self.numbers.len() as u64 {
            return Err(StoreError::SecondWriter { database: database.to_owned() });
        }
        transaction.commit().await.map_err(StoreError::database(attempted))
    }

    /// What was read at the start.
    pub(super) fn goes_on_from(&mut self, resume: &ShardsResume) {
        self.epochs = self.shards.iter().map(|shard| to_bigint(resume.epochs[shard.index()])).collect();
        self.journals = ids_of(&resume.journals);
    }

    pub(super) const fn journals(&self) -> &BTreeMap<u16, String> {
        &self.journals
    }

    /// Before the transaction: its epoch is in the order's tail, which it stays in until every shard has it; and the
    /// journals of its lines are known, which are numbered while the cluster runs.
    pub(super) async fn prepare(&mut self, client: &Client, merged: &Merged<'_>) -> Result<(), StoreError> {
        let select = "SELECT EXISTS (SELECT FROM cluster_order WHERE epoch = $1)";
        let row = client.query_one(select, &[&to_bigint(merged.epoch)]).await;
        if !row.map_err(StoreError::database("look for the order's epoch"))?.get::<_, bool>(0) {
            return Err(StoreError::NotOrdered { epoch: merged.epoch });
        }
        let mut numbers = merged.quarantined.iter().map(|quarantined| quarantined.line.journal_no);
        let are_known = numbers.all(|no| self.journals.contains_key(&no))
            && merged.requeued.keys().all(|(no, _)| self.journals.contains_key(no));
        if !are_known {
            self.journals = ids_of(&shards::journals(client).await?);
        }
        Ok(())
    }

    /// Moves the shards' watermarks on. Answers where they are if they are not where they were left: the transaction
    /// must go no further then.
    pub(super) async fn move_on(
        &mut self,
        transaction: &Transaction<'_>,
        merged: &Merged<'_>,
    ) -> Result<Option<Epoch>, StoreError> {
        hold_generation(transaction, self.generation).await?;
        let bound = self.bound(transaction, merged.epoch).await?;
        let ripe = self.held.ripe(bound).map(|state| (state.epoch, state.cut_at));
        self.storing = ripe.map_or(0, |(epoch, _)| epoch);
        let (generation, process) = (to_bigint(self.generation), self.process.cast_signed());
        let (epoch, restart) = (to_bigint(merged.epoch), to_bigint(self.storing));
        let (cut_at, restart_at) = (Timestamptz(merged.cut_at), ripe.map(|(_, cut_at)| Timestamptz(cut_at)));
        let parameters: [&(dyn ToSql + Sync); 8] =
            [&generation, &process, &self.numbers, &self.epochs, &epoch, &cut_at, &restart, &restart_at];
        let moved = transaction.execute(MOVE, &parameters).await;
        if moved.map_err(StoreError::database("move the shards' watermarks"))? != self.numbers.len() as u64 {
            return self.least(transaction).await.map(Some);
        }
        self.add_counts(transaction, merged).await?;
        if self.has_shard_0() {
            for sql in [MOVE_ORDER, MOVE_JOURNALS] {
                let moved = transaction.execute(sql, &[]).await;
                moved.map_err(StoreError::database("move the journals' watermarks"))?;
            }
        }
        Ok(None)
    }

    /// As of which epoch the state for a start may be stored: one that every shard has. Who stores the reference data
    /// waits besides until the others have theirs, so that wherever they start again it is not ahead of them.
    async fn bound(&self, transaction: &Transaction<'_>, epoch: Epoch) -> Result<Epoch, StoreError> {
        let row = transaction.query_one(OTHERS, &[&self.numbers]).await;
        let row = row.map_err(StoreError::database("ask how far the other shards are"))?;
        let others: Option<i64> = row.get(usize::from(self.has_shard_0()));
        Ok(others.map_or(epoch, |others| others.cast_unsigned().min(epoch)))
    }

    /// In the row of the least shard, so that processes do not wait for each other.
    async fn add_counts(&self, transaction: &Transaction<'_>, merged: &Merged<'_>) -> Result<(), StoreError> {
        let Some(least) = self.numbers.first() else { return Ok(()) };
        let counts = &merged.counts;
        let parameters: [&(dyn ToSql + Sync); 8] = [
            least,
            &to_bigint(counts.received),
            &to_bigint(counts.accepted),
            &to_bigint(counts.duplicates),
            &to_bigint(counts.system),
            &Json(&counts.rejected),
            &to_bigint(merged.record_count()),
            &to_bigint(counts.second_home),
        ];
        let added = transaction.execute(ADD_COUNTS, &parameters).await;
        added.map_err(StoreError::database("count the lines")).map(|_| ())
    }

    /// What the transaction under way has to store of what was held back.
    pub(super) fn to_store(&self) -> Option<&State> {
        self.held.waiting().filter(|state| state.epoch <= self.storing)
    }

    /// The transaction that moved them is in.
    pub(super) fn moved_to(&mut self, epoch: Epoch) {
        for of_shard in &mut self.epochs {
            *of_shard = to_bigint(epoch).max(*of_shard);
        }
        self.held.stored(self.storing);
    }

    /// The least epoch that they are at in the database, looked up after a lost answer. An old generation's answer is of
    /// no use to anybody.
    pub(super) async fn found(&self, client: &Client) -> Result<Epoch, StoreError> {
        let attempted = "look up the shards' watermarks";
        let row = client.query_opt("SELECT generation FROM cluster", &[]).await;
        let row = row.map_err(StoreError::database(attempted))?;
        let found = row.map_or(Ok(0), |row| from_bigint("the cluster's generation", row.get(0)))?;
        if found != self.generation {
            return Err(StoreError::OldGeneration { generation: self.generation, found });
        }
        self.least(client).await
    }

    async fn least(&self, client: &impl GenericClient) -> Result<Epoch, StoreError> {
        let select = "SELECT coalesce(min(epoch), 0) FROM shard_watermarks WHERE shard = ANY ($1)";
        let row = client.query_one(select, &[&self.numbers]).await;
        let least = row.map_err(StoreError::database("look up the shards' watermarks"))?.get(0);
        from_bigint("a shard's epoch", least)
    }

    const fn has_shard_0(&self) -> bool {
        self.shards.contains(Shard(0))
    }
}

fn ids_of(journals: &[shards::ClusterJournal]) -> BTreeMap<u16, String> {
    journals.iter().map(|journal| (journal.no, journal.journal_id.clone())).collect()
}
