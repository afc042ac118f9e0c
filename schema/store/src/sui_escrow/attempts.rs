//! Signed transactions, from before they are sent until it is known what became of them.

use super::rows::{CannotSave, attempt_of};
use super::{SuiEscrowStore, begin, commit};
use crate::StoreError;
use crate::codec::Timestamptz;
use std::collections::HashMap;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::types::ToSql;

/// Longer failures are cut.
pub const FAILURE_CHARS_MAX: usize = 500;

/// What a transaction is signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A charge, by its nonce.
    Charge,
    /// A refund, by its nonce.
    Refund,
    /// A withdrawal's payment, by the digest of its request.
    Pay,
    /// An account's end, by the account.
    Close,
}

impl Purpose {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Charge, Self::Refund, Self::Pay, Self::Close];

    /// Its word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Pay => "pay",
            Self::Close => "close",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// What is known of a signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttemptState {
    /// It may still be executed.
    Live,
    /// It was executed, and did what it was signed for.
    Done,
    /// It was executed, and did nothing.
    Failed(String),
    /// Its epoch is over, and it was not executed.
    Dead,
}

impl AttemptState {
    /// Its word in tables.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Dead => "dead",
        }
    }
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The transaction's digest, in base 58.
    pub digest: String,
    /// What it was signed for.
    pub purpose: Purpose,
    /// What of that: a nonce, a request's digest, an account.
    pub key: String,
    /// Which attempt at it, from 1 on: the one after the last that was known when it was signed.
    pub number: i32,
    /// The account it is about.
    pub account: String,
    /// Its BCS.
    pub transaction: Vec<u8>,
    /// The operator's signature, as it is sent.
    pub signature: Vec<u8>,
    /// The only epoch in which it can be executed.
    pub epoch: i64,
    /// What is known of it.
    pub state: AttemptState,
    /// When it was signed, by the manager's clock.
    pub made_at: UnixMillis,
}

pub(super) const ATTEMPT: &str = "SELECT digest, purpose, key, account, transaction, signature, epoch, state, failure, made_at, number \
    FROM sui_attempts";

/// In one order, so that two who write the same never wait for each other.
const INSERT: &str = "INSERT INTO sui_attempts (digest, purpose, key, number, account, transaction, signature, epoch, made_at) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::bytea[], $7::bytea[], $8::bigint[], \
            $9::timestamptz[]) \
        AS n (digest, purpose, key, number, account, transaction, signature, epoch, made_at) ORDER BY purpose, key \
    ON CONFLICT DO NOTHING";

impl SuiEscrowStore {
    /// Writes new attempts down, each unless another is live for the same, or was made since its number was chosen: what
    /// that one has come to was told to somebody. Answers those that are live for them now, by key. They are to be sent,
    /// and no others.
    pub async fn begin_attempts(&self, purpose: Purpose, new: &[Attempt]) -> Result<Vec<Attempt>, StoreError> {
        assert!(new.iter().all(|one| one.purpose == purpose), "attempts of one purpose are written together");
        let mut client = self.client().await?;
        let transaction = begin(&mut client).await?;
        let digests: Vec<&str> = new.iter().map(|one| one.digest.as_str()).collect();
        let purposes: Vec<&str> = new.iter().map(|one| one.purpose.word()).collect();
        let keys: Vec<&str> = new.iter().map(|one| one.key.as_str()).collect();
        let numbers: Vec<i32> = new.iter().map(|one| one.number).collect();
        let accounts: Vec<&str> = new.iter().map(|one| one.account.as_str()).collect();
        let transactions: Vec<&[u8]> = new.iter().map(|one| one.transaction.as_slice()).collect();
        let signatures: Vec<&[u8]> = new.iter().map(|one| one.signature.as_slice()).collect();
        let epochs: Vec<i64> = new.iter().map(|one| one.epoch).collect();
        let times: Vec<Timestamptz> = new.iter().map(|one| Timestamptz(one.made_at)).collect();
        let values: [&(dyn ToSql + Sync); 9] =
            [&digests, &purposes, &keys, &numbers, &accounts, &transactions, &signatures, &epochs, &times];
        let insert = transaction.prepare_cached(INSERT).await.cannot_save()?;
        transaction.execute(&insert, &values).await.cannot_save()?;
        let live = format!("{ATTEMPT} WHERE purpose = $1 AND key = ANY($2) AND state = 'live' ORDER BY key");
        let select = transaction.prepare_cached(&live).await.cannot_read()?;
        let rows = transaction.query(&select, &[&purpose.word(), &keys]).await.cannot_read()?;
        let live = rows.iter().map(attempt_of).collect::<Result<Vec<_>, _>>()?;
        commit(transaction).await?;
        Ok(live)
    }

    /// The number of each key's last attempt; of a key without any, none. To be read before [`Self::attempts`]: whoever
    /// makes one after that is found out by [`Self::begin_attempts`].
    pub async fn last_numbers(&self, purpose: Purpose, keys: &[&str]) -> Result<HashMap<String, i32>, StoreError> {
        let sql = "SELECT key, max(number) FROM sui_attempts WHERE purpose = $1 AND key = ANY($2) GROUP BY key";
        let client = self.client().await?;
        let select = client.prepare_cached(sql).await.cannot_read()?;
        let rows = client.query(&select, &[&purpose.word(), &keys]).await.cannot_read()?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Removes attempts that were made before a time and can do nothing any more, `limit` at most; answers how many.
    pub async fn remove_attempts(&self, before: UnixMillis, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sui_attempts WHERE digest IN \
            (SELECT digest FROM sui_attempts WHERE state <> 'live' AND made_at < $1 ORDER BY made_at LIMIT $2)";
        self.client().await?.execute(sql, &[&Timestamptz(before), &i64::from(limit)]).await.cannot_save()
    }

    /// Those of these keys' attempts that may still be executed, or were.
    pub async fn attempts(&self, purpose: Purpose, keys: &[&str]) -> Result<Vec<Attempt>, StoreError> {
        let sql = format!("{ATTEMPT} WHERE purpose = $1 AND key = ANY($2) AND state IN ('live', 'done') ORDER BY key");
        let client = self.client().await?;
        let select = client.prepare_cached(&sql).await.cannot_read()?;
        let rows = client.query(&select, &[&purpose.word(), &keys]).await.cannot_read()?;
        rows.iter().map(attempt_of).collect()
    }

    /// Writes down what became of a live attempt. One that is settled stays as it is.
    pub async fn settle_attempt(&self, digest: &str, state: &AttemptState) -> Result<(), StoreError> {
        let cut = |text: &str| text.chars().filter(|c| *c != '\0').take(FAILURE_CHARS_MAX).collect();
        let failure: Option<String> = if let AttemptState::Failed(cause) = state { Some(cut(cause)) } else { None };
        let sql = "UPDATE sui_attempts SET state = $2, failure = $3 WHERE digest = $1 AND state = 'live'";
        let client = self.client().await?;
        let update = client.prepare_cached(sql).await.cannot_save()?;
        client.execute(&update, &[&digest, &state.word(), &failure]).await.cannot_save().map(|_| ())
    }

    /// Whose account a nonce was to charge or to refund: by what was signed for it, else by the charge that it names.
    pub async fn account_of(&self, nonce: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT coalesce( \
            (SELECT account FROM sui_attempts WHERE purpose IN ('charge', 'refund') AND key = $1 LIMIT 1), \
            (SELECT c.escrow_contract_id FROM charges AS h JOIN customers AS c ON c.id = h.customer_id WHERE h.nonce = $1))";
        let row = self.client().await?.query_one(sql, &[&nonce]).await.cannot_read()?;
        Ok(row.get(0))
    }
}
