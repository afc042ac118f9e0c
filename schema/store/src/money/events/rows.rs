//! The rows that events are mirrored in, and what is known before they are applied.

use super::super::changes::{query, run};
use super::super::escrow::{EscrowEvent, EscrowEventKind};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz, known_customer};
use deadpool_postgres::Transaction;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ledger::{Kind, Transfer};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

/// Whether the cursor was there, and is moved. It is locked until the transaction ends.
pub(super) async fn move_cursor(
    transaction: &Transaction<'_>,
    backend: &str,
    from: i64,
    to: i64,
) -> Result<bool, StoreError> {
    let attempted = "move on behind mirrored events";
    let insert = "INSERT INTO escrow_cursors (backend, cursor) VALUES ($1, 0) ON CONFLICT DO NOTHING";
    run(transaction, insert, &[&backend], attempted).await?;
    let update = "UPDATE escrow_cursors SET cursor = $3 WHERE backend = $1 AND cursor = $2";
    Ok(run(transaction, update, &[&backend, &from, &to], attempted).await? == 1)
}

/// Whose the accounts are. An account named by its owner's address is the customer's with that address.
pub(super) async fn owners(
    transaction: &Transaction<'_>,
    events: &[EscrowEvent],
) -> Result<HashMap<String, CustomerId>, StoreError> {
    let accounts: BTreeSet<&str> = events.iter().map(|event| event.account.as_str()).collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let sql = "SELECT id, coalesce(escrow_contract_id, wallet_address) FROM customers \
        WHERE escrow_contract_id = ANY($1) OR (escrow_contract_id IS NULL AND wallet_address = ANY($1))";
    let rows = query(transaction, sql, &[&accounts], "look for accounts' customers").await?;
    rows.iter().map(|row| Ok((row.get(1), known_customer(row.get(0))?))).collect()
}

/// Digests that are mirrored.
pub(super) async fn known(
    transaction: &Transaction<'_>,
    events: &[EscrowEvent],
) -> Result<HashSet<String>, StoreError> {
    let digests: Vec<&str> = events.iter().map(|event| event.digest.as_str()).collect();
    let sql = "SELECT digest FROM escrow_transactions WHERE digest = ANY($1)";
    let rows = query(transaction, sql, &[&digests], "look for mirrored events").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Credits of those with refunds.
pub(super) async fn credits(
    transaction: &Transaction<'_>,
    events: &[EscrowEvent],
    owners: &HashMap<String, CustomerId>,
) -> Result<BTreeMap<CustomerId, MicroUsd>, StoreError> {
    let refunds = events.iter().filter(|event| event.kind == EscrowEventKind::Refund);
    let ids: Vec<i64> = refunds.filter_map(|event| owners.get(&event.account)).map(|id| id.get()).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = "SELECT id, credits_micro_usd FROM customers WHERE id = ANY($1)";
    let rows = query(transaction, sql, &[&ids], "read credits").await?;
    rows.iter().map(|row| Ok((known_customer(row.get(0))?, MicroUsd(row.get(1))))).collect()
}

/// Writes new events down, and their accounts with their customers.
pub(super) async fn mirror(
    transaction: &Transaction<'_>,
    events: &[(CustomerId, &EscrowEvent)],
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let attempted = "mirror escrow events";
    let sql = "INSERT INTO escrow_transactions (digest, customer_id, type, amount_usd_cents, nonce, at) \
        SELECT digest, customer_id, type, amount, nonce, at \
        FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[]) \
            WITH ORDINALITY AS e (digest, customer_id, type, amount, nonce, at, place) ORDER BY place";
    let digests: Vec<&str> = events.iter().map(|(_, event)| event.digest.as_str()).collect();
    let customers: Vec<i64> = events.iter().map(|(customer, _)| customer.get()).collect();
    let kinds: Vec<&str> = events.iter().map(|(_, event)| event.kind.word()).collect();
    let amounts: Vec<i64> = events.iter().map(|(_, event)| event.amount_usd_cents).collect();
    let nonces: Vec<Option<&str>> = events.iter().map(|(_, event)| event.nonce.as_deref()).collect();
    let times: Vec<Timestamptz> = events.iter().map(|(_, event)| Timestamptz(event.at)).collect();
    run(transaction, sql, &[&digests, &customers, &kinds, &amounts, &nonces, &times], attempted).await?;
    if events.iter().any(|(_, event)| event.kind != EscrowEventKind::Charge) {
        let accounts: Vec<&str> = events.iter().map(|(_, event)| event.account.as_str()).collect();
        let sql = "UPDATE customers AS c SET escrow_contract_id = n.account FROM unnest($1::bigint[], $2::text[]) AS n (id, account) \
            WHERE c.id = n.id AND c.escrow_contract_id IS NULL";
        run(transaction, sql, &[&customers, &accounts], attempted).await?;
    }
    Ok(())
}

/// Reversals name what they reverse.
pub(super) async fn name_intents(transaction: &Transaction<'_>, transfers: &mut [Transfer]) -> Result<(), StoreError> {
    let intent = |transfer: &Transfer| transfer.reference.replace("#refused", "#intent");
    let is_reversal = |transfer: &Transfer| transfer.kind == Kind::ChargeRefused;
    let references: Vec<String> = transfers.iter().filter(|transfer| is_reversal(transfer)).map(intent).collect();
    if references.is_empty() {
        return Ok(());
    }
    let sql = "SELECT reference, id FROM ledger WHERE reference = ANY($1)";
    let rows = query(transaction, sql, &[&references], "look for intents").await?;
    let numbers: HashMap<&str, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for transfer in transfers.iter_mut().filter(|transfer| is_reversal(transfer)) {
        transfer.reverses = numbers.get(intent(transfer).as_str()).copied();
        assert!(transfer.reverses.is_some(), "the intent of {} is in the ledger", transfer.reference);
    }
    Ok(())
}

/// Charges that no row is of get one, so that their nonces are known.
pub(super) async fn insert_unknown(
    transaction: &Transaction<'_>,
    unknown: &[(CustomerId, EscrowEvent)],
    now: UnixMillis,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO charges (nonce, customer_id, month, amount_usd_cents, reason, state, digest, intended_at, decided_at) \
        VALUES ($1, $2, $3, $4, 'threshold', 'charged', $5, $6, $6)";
    for (customer, event) in unknown {
        let month = MonthDate(event.at.month());
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&event.nonce, &customer.get(), &month, &event.amount_usd_cents, &event.digest, &Timestamptz(now)];
        run(transaction, sql, &values, "write a charge that nobody intended").await?;
    }
    Ok(())
}

/// Requests come in, and are settled.
pub(super) async fn withdrawals(
    transaction: &Transaction<'_>,
    requested: &[(CustomerId, EscrowEvent)],
    paid: &[EscrowEvent],
    now: UnixMillis,
) -> Result<(), StoreError> {
    let insert =
        "INSERT INTO withdrawals (request_digest, customer_id, amount_usd_cents, requested_at) VALUES ($1, $2, $3, $4)";
    for (customer, event) in requested {
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&event.digest, &customer.get(), &event.amount_usd_cents, &Timestamptz(event.at)];
        run(transaction, insert, &values, "write a request for a withdrawal").await?;
    }
    let update =
        "UPDATE withdrawals SET paid_digest = $2, paid_usd_cents = $3, settled_at = $4 WHERE request_digest = $1";
    for event in paid {
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&event.request_digest, &event.digest, &event.amount_usd_cents, &Timestamptz(now)];
        run(transaction, update, &values, "settle a request for a withdrawal").await?;
    }
    Ok(())
}
