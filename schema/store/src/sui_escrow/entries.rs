//! The contract's entries, mirrored in the chain's order, and up to which checkpoint they are known.

use super::rows::{self, CannotSave};
use super::{EVENTS_MAX, SuiEscrowStore, begin, commit};
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::money::{EscrowEvent, EscrowEventKind, Notice, note_within};
use deadpool_postgres::Transaction;
use std::collections::HashMap;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::ToSql;

/// What an entry says was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// The account was opened, with a limit. An event as a limit is.
    Opened,
    /// What every escrow does.
    Of(EscrowEventKind),
    /// The account was closed. No event: what it paid has entries of its own.
    Closed,
}

impl EntryKind {
    /// Its word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Of(kind) => kind.word(),
            Self::Closed => "closed",
        }
    }
}

/// An entry of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiEntry {
    /// The transaction's digest, a colon, and the event's place in it.
    pub digest: String,
    /// The checkpoint it is in.
    pub checkpoint: i64,
    /// The account.
    pub account: String,
    /// Its place among its account's, from 1 on.
    pub number: i64,
    /// What was done.
    pub kind: EntryKind,
    /// How much, in cents; of a limit, the limit.
    pub amount_usd_cents: i64,
    /// What is in the account after it, in cents.
    pub balance_usd_cents: i64,
    /// A charge's or a refund's nonce.
    pub nonce: Option<String>,
    /// The account's number for a withdrawal.
    pub request: Option<i64>,
    /// When, by the chain's clock.
    pub at: UnixMillis,
}

/// The last entry that is known of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastEntry {
    /// Its place among its account's.
    pub number: i64,
    /// What is in the account after it, in cents.
    pub balance_usd_cents: i64,
}

impl LastEntry {
    /// An entry, once it is the last.
    pub const fn of(entry: &SuiEntry) -> Self {
        Self { number: entry.number, balance_usd_cents: entry.balance_usd_cents }
    }
}

/// A withdrawal that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Of which account.
    pub account: String,
    /// The account's number for it.
    pub number: i64,
    /// How much, in cents.
    pub amount_usd_cents: i64,
    /// What is in the account by its last entry, in cents.
    pub balance_usd_cents: i64,
    /// The event that settled it.
    pub settled: Option<EscrowEvent>,
}

/// Whose entries are followed, and up to where they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The chain, by the digest of its first checkpoint.
    pub chain: String,
    /// The house, by its id.
    pub house: String,
    /// All entries up to this checkpoint are known. -1: none is.
    pub covered: i64,
}

const INSERT: &str = "INSERT INTO sui_events (seq, digest, checkpoint, account, number, kind, amount_usd_cents, balance_usd_cents, \
        nonce, request, at) \
    SELECT (SELECT coalesce(max(seq), 0) FROM sui_events) + place, digest, checkpoint, account, number, kind, amount, balance, nonce, \
        request, at \
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], \
        $10::timestamptz[]) \
        WITH ORDINALITY AS e (digest, checkpoint, account, number, kind, amount, balance, nonce, request, at, place) ORDER BY place";

impl SuiEscrowStore {
    /// Whose entries are followed; `None` before the first were.
    pub async fn follower(&self) -> Result<Option<Follower>, StoreError> {
        let row = self.client().await?.query_opt("SELECT chain, house, covered FROM sui_follower", &[]).await;
        let follower =
            |row: tokio_postgres::Row| Follower { chain: row.get(0), house: row.get(1), covered: row.get(2) };
        Ok(row.cannot_read()?.map(follower))
    }

    /// Begins to follow, or answers what is followed already, as it is.
    pub async fn begin_following(&self, first: &Follower) -> Result<Follower, StoreError> {
        let sql = "INSERT INTO sui_follower (chain, house, covered) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let done = self.client().await?.execute(sql, &[&first.chain, &first.house, &first.covered]).await;
        done.cannot_save()?;
        Ok(self.follower().await?.unwrap_or_else(|| first.clone()))
    }

    /// Writes entries down, in the chain's order, and that all up to a checkpoint are known. Who operates is told of
    /// `told` at the same time. Answers whether it did: not if somebody else has moved on from `from`.
    pub async fn follow(
        &self,
        (from, to): (i64, i64),
        entries: &[SuiEntry],
        told: &[Notice],
        now: UnixMillis,
    ) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let update = "UPDATE sui_follower SET covered = $2 WHERE covered = $1";
        if transaction.execute(update, &[&from, &to]).await.cannot_save()? == 0 {
            return Ok(false);
        }
        insert(&transaction, entries).await?;
        for notice in told {
            note_within(&transaction, notice, now).await?;
        }
        commit(transaction).await?;
        Ok(true)
    }

    /// Tells who operates, once for each key.
    pub async fn note(&self, notice: &Notice, now: UnixMillis) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        note_within(&transaction, notice, now).await?;
        commit(transaction).await
    }

    /// The last entries of accounts, by account.
    pub async fn last_entries(&self, accounts: &[&str]) -> Result<HashMap<String, LastEntry>, StoreError> {
        let sql = "SELECT DISTINCT ON (account) account, number, balance_usd_cents FROM sui_events \
            WHERE account = ANY($1) ORDER BY account, number DESC";
        let rows = self.client().await?.query(sql, &[&accounts]).await.cannot_read()?;
        let last =
            |row: &tokio_postgres::Row| (row.get(0), LastEntry { number: row.get(1), balance_usd_cents: row.get(2) });
        Ok(rows.iter().map(last).collect())
    }

    /// The events after a cursor, ascending: at most `limit`, and no more than [`EVENTS_MAX`].
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<EscrowEvent>, StoreError> {
        let limit = i64::from(limit.min(EVENTS_MAX));
        rows::events(&self.client().await?, "e.seq > $1 ORDER BY e.seq LIMIT $2", &[&after, &limit]).await
    }

    /// An account's events, ascending: at most [`EVENTS_MAX`] of them.
    pub async fn history(&self, account: &str) -> Result<Vec<EscrowEvent>, StoreError> {
        let limit = i64::from(EVENTS_MAX);
        rows::events(&self.client().await?, "e.account = $1 ORDER BY e.seq LIMIT $2", &[&account, &limit]).await
    }

    /// What nonces have done. A nonce is used once in an account.
    pub async fn by_nonces(&self, nonces: &[&str]) -> Result<Vec<EscrowEvent>, StoreError> {
        rows::events(&self.client().await?, "e.nonce = ANY($1) ORDER BY e.seq", &[&nonces]).await
    }

    /// A withdrawal by the digest of the event that asked for it.
    pub async fn request(&self, digest: &str) -> Result<Option<Request>, StoreError> {
        let client = self.client().await?;
        let sql = "SELECT account, request, amount_usd_cents, \
                (SELECT balance_usd_cents FROM sui_events AS l WHERE l.account = e.account ORDER BY number DESC LIMIT 1) \
            FROM sui_events AS e WHERE digest = $1 AND kind = 'withdrawal_requested'";
        let Some(row) = client.query_opt(sql, &[&digest]).await.cannot_read()? else { return Ok(None) };
        let (account, number): (String, i64) = (row.get(0), row.get(1));
        let settled = "e.account = $1 AND e.request = $2 AND e.kind = 'withdrawal'";
        let settled = rows::events(&client, settled, &[&account, &number]).await?.pop();
        Ok(Some(Request { account, number, amount_usd_cents: row.get(2), balance_usd_cents: row.get(3), settled }))
    }
}

/// Under the follower's lock, which keeps places in the order of the commits.
async fn insert(transaction: &Transaction<'_>, entries: &[SuiEntry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let digests: Vec<&str> = entries.iter().map(|entry| entry.digest.as_str()).collect();
    let checkpoints: Vec<i64> = entries.iter().map(|entry| entry.checkpoint).collect();
    let accounts: Vec<&str> = entries.iter().map(|entry| entry.account.as_str()).collect();
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.number).collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.word()).collect();
    let amounts: Vec<i64> = entries.iter().map(|entry| entry.amount_usd_cents).collect();
    let balances: Vec<i64> = entries.iter().map(|entry| entry.balance_usd_cents).collect();
    let nonces: Vec<Option<&str>> = entries.iter().map(|entry| entry.nonce.as_deref()).collect();
    let requests: Vec<Option<i64>> = entries.iter().map(|entry| entry.request).collect();
    let times: Vec<Timestamptz> = entries.iter().map(|entry| Timestamptz(entry.at)).collect();
    let values: [&(dyn ToSql + Sync); 10] =
        [&digests, &checkpoints, &accounts, &numbers, &kinds, &amounts, &balances, &nonces, &requests, &times];
    let insert = transaction.prepare_cached(INSERT).await.cannot_save()?;
    transaction.execute(&insert, &values).await.cannot_save().map(|_| ())
}
