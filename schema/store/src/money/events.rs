//! The escrow's events, mirrored: each once, by its digest, in the transaction that posts what it means. The answer to a
//! charge and an event that is polled go the same way, so it does not matter which comes first, or whether both do.

mod posting;
mod rows;

use super::changes::run;
use super::charges::{self, ChargeRow, Decided, decide};
use super::escrow::{EscrowEvent, EscrowEventKind, Nonce};
use super::{MoneyStore, limits, lock};
use crate::StoreError;
use deadpool_postgres::Transaction;
use posting::Posting;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// What was applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Events that were new.
    pub mirrored: u32,
    /// Events that were mirrored before.
    pub known: u32,
    /// Events of accounts that are no customer's: passed over.
    pub strangers: u32,
    /// Charges drawn.
    pub charged: u32,
    /// What they came to, in cents.
    pub charged_usd_cents: i64,
    /// Charges refused.
    pub refused: u32,
    /// Funds drawn that no open intent asked for: given as credits.
    pub unexpected: u32,
}

/// What became of a page of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirrored {
    /// They are applied, and the cursor is behind the last of them.
    Done(Applied),
    /// Somebody else has moved the cursor: nothing was done.
    Moved,
}

impl MoneyStore {
    /// How far a backend's events are mirrored.
    pub async fn escrow_cursor(&self, backend: &str) -> Result<i64, StoreError> {
        let sql = "SELECT cursor FROM escrow_cursors WHERE backend = $1";
        let row = self.client().await?.query_opt(sql, &[&backend]).await;
        Ok(row.map_err(StoreError::database("read how far events are mirrored"))?.map_or(0, |row| row.get(0)))
    }

    /// Applies the events after `cursor`, ascending, and moves the cursor behind them.
    pub async fn mirror_events(
        &self,
        backend: &str,
        cursor: i64,
        events: &[EscrowEvent],
        now: UnixMillis,
    ) -> Result<Mirrored, StoreError> {
        let Some(last) = events.last() else { return Ok(Mirrored::Done(Applied::default())) };
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to mirror events"))?;
        if !rows::move_cursor(&transaction, backend, cursor, last.seq).await? {
            return Ok(Mirrored::Moved);
        }
        // Most of them a call's answer has brought already: those need no lock.
        let known = rows::known(&transaction, events).await?;
        let new: Vec<EscrowEvent> = events.iter().filter(|event| !known.contains(&event.digest)).cloned().collect();
        let mut applied = if new.is_empty() { Applied::default() } else { apply(&transaction, &new, &[], now).await? };
        applied.known += u32::try_from(known.len()).unwrap_or(u32::MAX);
        transaction.commit().await.map_err(StoreError::database("commit mirrored events"))?;
        Ok(Mirrored::Done(applied))
    }

    /// Writes down that an account is a customer's, unless they have one, and mirrors what it did before that: events of an
    /// account that is nobody's are passed over. `history` was read after `cursor`: so whatever was passed over is in it,
    /// and whatever is not comes after the cursor.
    pub async fn name_account(
        &self,
        (customer, account): (CustomerId, &str),
        (backend, cursor): (&str, i64),
        history: &[EscrowEvent],
        now: UnixMillis,
    ) -> Result<Mirrored, StoreError> {
        let attempted = "write an account's name down";
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database(attempted))?;
        if !rows::move_cursor(&transaction, backend, cursor, cursor).await? {
            return Ok(Mirrored::Moved);
        }
        let update = "UPDATE customers SET escrow_contract_id = $2 WHERE id = $1 AND escrow_contract_id IS NULL";
        run(&transaction, update, &[&customer.get(), &account], attempted).await?;
        let is_new = !history.is_empty();
        let applied = if is_new { apply(&transaction, history, &[], now).await? } else { Applied::default() };
        transaction.commit().await.map_err(StoreError::database(attempted))?;
        Ok(Mirrored::Done(applied))
    }

    /// Applies one event that a call has answered with.
    pub async fn mirror_answer(&self, event: &EscrowEvent, now: UnixMillis) -> Result<Applied, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await.map_err(StoreError::database("begin to mirror an event"))?;
        let applied = apply(&transaction, std::slice::from_ref(event), &[], now).await?;
        transaction.commit().await.map_err(StoreError::database("commit a mirrored event"))?;
        Ok(applied)
    }
}

/// Applies events in their order, and takes refused charges back.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    events: &[EscrowEvent],
    refused: &[(Nonce, String)],
    now: UnixMillis,
) -> Result<Applied, StoreError> {
    let owners = rows::owners(transaction, events).await?;
    let charged =
        events.iter().filter(|event| event.kind == EscrowEventKind::Charge).filter_map(|e| e.nonce.as_deref());
    let nonces: Vec<&str> = charged.chain(refused.iter().map(|(nonce, _)| nonce.0.as_str())).collect();
    let mut customers: BTreeSet<CustomerId> = owners.values().copied().collect();
    customers.extend(charges::customers_of(transaction, &nonces).await?);
    lock(transaction, &customers.into_iter().collect::<Vec<_>>()).await?;
    // Under the lock: what is known now stays so, and nobody decides these charges meanwhile.
    let known = rows::known(transaction, events).await?;
    let charges = charges::by_nonce(transaction, &nonces).await?;
    let charges: BTreeMap<&str, &ChargeRow> = charges.iter().map(|charge| (charge.nonce.as_str(), charge)).collect();
    let credits = rows::credits(transaction, events, &owners).await?;

    let mut posting = Posting::new(now, credits);
    let mut applied = Applied::default();
    let (mut seen, mut new) = (known, Vec::new());
    for event in events {
        let Some(&customer) = owners.get(event.account.as_str()) else {
            tracing::warn!(
                digest = event.digest,
                account = event.account,
                "an escrow event of nobody's account is passed over"
            );
            applied.strangers += 1;
            continue;
        };
        if !seen.insert(event.digest.clone()) {
            applied.known += 1;
            continue;
        }
        let charge = event.nonce.as_deref().and_then(|nonce| charges.get(nonce).copied());
        posting.event(customer, event, charge);
        new.push((customer, event));
    }
    for (nonce, cause) in refused {
        if let Some(charge) = charges.get(nonce.0.as_str()) {
            posting.refusal(charge, cause);
        }
    }
    rows::mirror(transaction, &new).await?;
    finish(transaction, posting, &mut applied, now).await?;
    for (customer, event) in new.iter().filter(|(_, event)| event.kind == EscrowEventKind::Limit) {
        limits::change(transaction, *customer, event.amount_usd_cents, event.at).await?;
    }
    applied.mirrored = u32::try_from(new.len()).unwrap_or(u32::MAX);
    Ok(applied)
}

async fn finish(
    transaction: &Transaction<'_>,
    mut posting: Posting,
    applied: &mut Applied,
    now: UnixMillis,
) -> Result<(), StoreError> {
    rows::name_intents(transaction, &mut posting.changes.transfers).await?;
    let decided: &Decided = &posting.decided;
    decide(transaction, decided, now).await?;
    rows::insert_unknown(transaction, &posting.unknown, now).await?;
    posting.changes.write(transaction, now).await?;
    rows::withdrawals(transaction, &posting.requested, &posting.paid, now).await?;
    (applied.charged, applied.charged_usd_cents) = (posting.charged, posting.charged_usd_cents);
    (applied.refused, applied.unexpected) = (posting.refused, posting.unexpected);
    Ok(())
}
