//! The rows of what is kept of Sui, out of the database.

use super::attempts::{Attempt, AttemptState, Purpose};
use crate::StoreError;
use crate::codec::Timestamptz;
use crate::money::{EscrowEvent, EscrowEventKind};
use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Says what was attempted.
pub(super) trait CannotSave<T> {
    fn cannot_read(self) -> Result<T, StoreError>;
    fn cannot_save(self) -> Result<T, StoreError>;
}

impl<T> CannotSave<T> for Result<T, tokio_postgres::Error> {
    fn cannot_read(self) -> Result<T, StoreError> {
        self.map_err(StoreError::database("read what is kept of Sui"))
    }
    fn cannot_save(self) -> Result<T, StoreError> {
        self.map_err(StoreError::database("write what is kept of Sui"))
    }
}

fn unknown(what: &'static str, word: &str) -> StoreError {
    StoreError::Row { what, cause: format!("{word} is none") }
}

pub(super) fn attempt_of(row: &Row) -> Result<Attempt, StoreError> {
    let (purpose, state): (&str, &str) = (row.get(1), row.get(7));
    let state = match state {
        "live" => AttemptState::Live,
        "done" => AttemptState::Done,
        "failed" => AttemptState::Failed(row.get::<_, Option<String>>(8).unwrap_or_default()),
        "dead" => AttemptState::Dead,
        other => return Err(unknown("the state of a signed transaction", other)),
    };
    Ok(Attempt {
        digest: row.get(0),
        purpose: Purpose::from_word(purpose).ok_or_else(|| unknown("the purpose of a signed transaction", purpose))?,
        key: row.get(2),
        number: row.get(10),
        account: row.get(3),
        transaction: row.get(4),
        signature: row.get(5),
        epoch: row.get(6),
        state,
        made_at: row.get::<_, Timestamptz>(9).0,
    })
}

/// A withdrawal names its request by the digest of the event that asked for it.
const EVENT: &str = "SELECT e.seq, e.digest, e.account, e.kind, e.amount_usd_cents, e.nonce, r.digest, e.at \
    FROM sui_events AS e LEFT JOIN sui_events AS r ON e.kind = 'withdrawal' AND r.kind = 'withdrawal_requested' \
        AND r.account = e.account AND r.request = e.request \
    WHERE e.kind <> 'closed' AND ";

/// The events that a condition, and what follows it, choose.
pub(super) async fn events(
    client: &impl GenericClient,
    condition: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<EscrowEvent>, StoreError> {
    let select = client.prepare_cached(&format!("{EVENT}{condition}")).await.cannot_read()?;
    client.query(&select, values).await.cannot_read()?.iter().map(event_of).collect()
}

fn event_of(row: &Row) -> Result<EscrowEvent, StoreError> {
    let word: &str = row.get(3);
    let kind = if word == "opened" { Some(EscrowEventKind::Limit) } else { EscrowEventKind::from_word(word) };
    Ok(EscrowEvent {
        seq: row.get(0),
        digest: row.get(1),
        account: row.get(2),
        kind: kind.ok_or_else(|| unknown("the kind of an entry", word))?,
        amount_usd_cents: row.get(4),
        nonce: row.get(5),
        request_digest: row.get(6),
        at: row.get::<_, Timestamptz>(7).0,
    })
}
