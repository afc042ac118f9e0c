//! The rows of the embedded escrow: accounts and events, in and out.

use super::EmbeddedEscrowError;
use super::EscrowRefusal;
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use crate::money::escrow::random_hex;
use crate::money::{EscrowAccount, EscrowEvent, EscrowEventKind};
use deadpool_postgres::{GenericClient, Transaction};
use std::collections::HashMap;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use tokio_postgres::Row;

/// Says what was attempted.
pub(super) trait CannotSave<T> {
    fn cannot_read(self) -> Result<T, StoreError>;
    fn cannot_save(self) -> Result<T, StoreError>;
}

impl<T> CannotSave<T> for Result<T, tokio_postgres::Error> {
    fn cannot_read(self) -> Result<T, StoreError> {
        self.map_err(StoreError::database("read the embedded escrow"))
    }
    fn cannot_save(self) -> Result<T, StoreError> {
        self.map_err(StoreError::database("write to the embedded escrow"))
    }
}

/// An account whose row is locked.
pub(super) struct Account {
    pub(super) state: EscrowAccount,
}

impl Account {
    pub(super) fn check_balance(&self, amount_usd_cents: i64) -> Result<(), EscrowRefusal> {
        let balance_usd_cents = self.state.balance_usd_cents;
        let is_there = amount_usd_cents <= balance_usd_cents;
        if is_there { Ok(()) } else { Err(EscrowRefusal::Balance { balance_usd_cents, amount_usd_cents }) }
    }

    /// An event of it, without its place.
    pub(super) fn event(&self, kind: EscrowEventKind, amount_usd_cents: i64, at: UnixMillis) -> EscrowEvent {
        event(&self.state.id, kind, amount_usd_cents, at)
    }
}

/// An event that has no place yet.
pub(super) fn event(account: &str, kind: EscrowEventKind, amount_usd_cents: i64, at: UnixMillis) -> EscrowEvent {
    let (digest, account) = (random_hex(), account.to_owned());
    EscrowEvent { seq: 0, digest, account, kind, amount_usd_cents, nonce: None, request_digest: None, at }
}

const ACCOUNT: &str = "SELECT id, balance_usd_cents, limit_usd_cents FROM embedded_escrow_accounts";

fn account_of(row: &Row) -> EscrowAccount {
    EscrowAccount { id: row.get(0), balance_usd_cents: row.get(1), limit_usd_cents: row.get(2) }
}

pub(super) async fn open(transaction: &Transaction<'_>, owner: &str, limit_usd_cents: i64) -> Result<(), StoreError> {
    let insert =
        "INSERT INTO embedded_escrow_accounts (id, owner, limit_usd_cents) VALUES ($1, $1, $2) ON CONFLICT DO NOTHING";
    transaction.execute(insert, &[&owner, &limit_usd_cents]).await.cannot_save().map(|_| ())
}

pub(super) async fn lock_account(transaction: &Transaction<'_>, id: &str) -> Result<Account, EmbeddedEscrowError> {
    match lock_accounts(transaction, &[id]).await?.pop() {
        Some(state) => Ok(Account { state }),
        None => Err(EscrowRefusal::NoAccount { account: id.to_owned() }.into()),
    }
}

/// Ascending, so that two transactions never wait for each other.
pub(super) async fn lock_accounts(
    transaction: &Transaction<'_>,
    ids: &[&str],
) -> Result<Vec<EscrowAccount>, StoreError> {
    let sql = format!("{ACCOUNT} WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE");
    let select = transaction.prepare_cached(&sql).await.cannot_read()?;
    let rows = transaction.query(&select, &[&ids]).await.cannot_read()?;
    Ok(rows.iter().map(account_of).collect())
}

pub(super) async fn accounts(client: &impl GenericClient, ids: &[String]) -> Result<Vec<EscrowAccount>, StoreError> {
    let rows = client.query(&format!("{ACCOUNT} WHERE id = ANY($1) ORDER BY id"), &[&ids]).await.cannot_read()?;
    Ok(rows.iter().map(account_of).collect())
}

pub(super) async fn add(transaction: &Transaction<'_>, id: &str, delta_usd_cents: i64) -> Result<(), StoreError> {
    let update = "UPDATE embedded_escrow_accounts SET balance_usd_cents = balance_usd_cents + $2 WHERE id = $1";
    transaction.execute(update, &[&id, &delta_usd_cents]).await.cannot_save().map(|_| ())
}

const EVENT: &str =
    "SELECT seq, digest, account_id, type, amount_usd_cents, nonce, request_digest, at FROM embedded_escrow_events";

fn event_of(row: &Row) -> Result<EscrowEvent, StoreError> {
    let word: &str = row.get(3);
    let kind = EscrowEventKind::from_word(word);
    let unknown = || StoreError::Row { what: "an escrow event", cause: format!("{word} is no kind of event") };
    Ok(EscrowEvent {
        seq: row.get(0),
        digest: row.get(1),
        account: row.get(2),
        kind: kind.ok_or_else(unknown)?,
        amount_usd_cents: row.get(4),
        nonce: row.get(5),
        request_digest: row.get(6),
        at: row.get::<_, Timestamptz>(7).0,
    })
}

pub(super) async fn after(client: &impl GenericClient, after: i64, limit: u32) -> Result<Vec<EscrowEvent>, StoreError> {
    let sql = format!("{EVENT} WHERE seq > $1 ORDER BY seq LIMIT $2");
    let rows = client.query(&sql, &[&after, &i64::from(limit)]).await.cannot_read()?;
    rows.iter().map(event_of).collect()
}

pub(super) async fn of_account(
    client: &impl GenericClient,
    account: &str,
    limit: u32,
) -> Result<Vec<EscrowEvent>, StoreError> {
    let sql = format!("{EVENT} WHERE account_id = $1 ORDER BY seq LIMIT $2");
    let rows = client.query(&sql, &[&account, &i64::from(limit)]).await.cannot_read()?;
    rows.iter().map(event_of).collect()
}

pub(super) async fn by_nonce(
    transaction: &Transaction<'_>,
    nonces: &[&String],
) -> Result<Vec<EscrowEvent>, StoreError> {
    let select = transaction.prepare_cached(&format!("{EVENT} WHERE nonce = ANY($1)")).await.cannot_read()?;
    let rows = transaction.query(&select, &[&nonces]).await.cannot_read()?;
    rows.iter().map(event_of).collect()
}

/// The event that asked for a withdrawal.
pub(super) async fn request(transaction: &Transaction<'_>, digest: &str) -> Result<Option<EscrowEvent>, StoreError> {
    let sql = format!("{EVENT} WHERE digest = $1 AND type = 'withdrawal_requested'");
    transaction.query_opt(&sql, &[&digest]).await.cannot_read()?.as_ref().map(event_of).transpose()
}

/// The event that paid it.
pub(super) async fn payment(transaction: &Transaction<'_>, digest: &str) -> Result<Option<EscrowEvent>, StoreError> {
    let sql = format!("{EVENT} WHERE request_digest = $1");
    transaction.query_opt(&sql, &[&digest]).await.cannot_read()?.as_ref().map(event_of).transpose()
}

const APPEND: &str = "INSERT INTO embedded_escrow_events (digest, account_id, type, amount_usd_cents, nonce, request_digest, month, at) \
    SELECT digest, account_id, type, amount, nonce, request, month, at \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::date[], $8::timestamptz[]) \
        WITH ORDINALITY AS e (digest, account_id, type, amount, nonce, request, month, at, place) ORDER BY place \
    RETURNING seq, digest";

/// Appends events and gives them their places. Places are drawn under a lock that is held until they are visible: who
/// has read one has read all before it.
pub(super) async fn append(
    transaction: &Transaction<'_>,
    events: &mut [EscrowEvent],
    months: &[Option<BillingMonth>],
) -> Result<(), StoreError> {
    assert_eq!(events.len(), months.len(), "a month, or none, for each event");
    if events.is_empty() {
        return Ok(());
    }
    let order = "SELECT pg_advisory_xact_lock(hashtextextended('suiftly embedded escrow', 0))";
    transaction.execute(order, &[]).await.cannot_save()?;
    let digests: Vec<&str> = events.iter().map(|event| event.digest.as_str()).collect();
    let accounts: Vec<&str> = events.iter().map(|event| event.account.as_str()).collect();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.word()).collect();
    let amounts: Vec<i64> = events.iter().map(|event| event.amount_usd_cents).collect();
    let nonces: Vec<Option<&str>> = events.iter().map(|event| event.nonce.as_deref()).collect();
    let requests: Vec<Option<&str>> = events.iter().map(|event| event.request_digest.as_deref()).collect();
    let months: Vec<Option<MonthDate>> = months.iter().map(|month| month.map(MonthDate)).collect();
    let times: Vec<Timestamptz> = events.iter().map(|event| Timestamptz(event.at)).collect();
    let insert = transaction.prepare_cached(APPEND).await.cannot_save()?;
    let rows = transaction
        .query(&insert, &[&digests, &accounts, &kinds, &amounts, &nonces, &requests, &months, &times])
        .await
        .cannot_save()?;
    let places: HashMap<&str, i64> = rows.iter().map(|row| (row.get(1), row.get(0))).collect();
    for event in events {
        event.seq = places.get(event.digest.as_str()).copied().unwrap_or_default();
    }
    Ok(())
}
