//! What is kept by customer: what each key did, where each account stands, and what the vault grants.

use super::merge::Merged;
use super::statements::{Statements, UPSERT_ROWS_MAX, execute};
use crate::StoreError;
use crate::codec::{MonthDate, Timestamptz};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::view::{AccessGrant, KeyGrant};
use tokio_postgres::Transaction;
use tokio_postgres::types::{Json, ToSql};

/// Counts add; the last use only moves forward.
pub(super) const ADD_KEYS: &str = "INSERT INTO key_activity AS t (customer_id, api_key_fp, requests, errors, \
    last_used_at) \
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[]) \
    ON CONFLICT (customer_id, api_key_fp) DO UPDATE SET requests = t.requests + excluded.requests, \
    errors = t.errors + excluded.errors, last_used_at = greatest(t.last_used_at, excluded.last_used_at)";

pub(super) const ADD_KEY_HOURS: &str = "INSERT INTO key_activity_per_hour AS t (customer_id, hour, api_key_fp, requests, \
    errors) \
    SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[]) \
    ON CONFLICT (customer_id, hour, api_key_fp) DO UPDATE SET requests = t.requests + excluded.requests, \
    errors = t.errors + excluded.errors";

const PUT_SPEND: &str = "INSERT INTO spend (customer_id, state, month, rated_this_month_micro_usd, \
    rated_in_all_micro_usd, changed_at) \
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::timestamptz[]) \
    ON CONFLICT (customer_id) DO UPDATE SET state = excluded.state, month = excluded.month, \
    rated_this_month_micro_usd = excluded.rated_this_month_micro_usd, \
    rated_in_all_micro_usd = excluded.rated_in_all_micro_usd, changed_at = excluded.changed_at";

const DELETE_KEYS: &str = "DELETE FROM vault_keys WHERE key_sha256 = ANY ($1)";

/// Told again, after a start that knew less, a grant replaces itself.
const PUT_KEYS: &str = "INSERT INTO vault_keys (key_sha256, customer_id, service_type, network, api_key_fp, \
    key_metadata, state) \
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::smallint[], $4::smallint[], $5::bigint[], $6::integer[], \
    $7::text[]) \
    ON CONFLICT (key_sha256) DO UPDATE SET customer_id = excluded.customer_id, service_type = excluded.service_type, \
    network = excluded.network, api_key_fp = excluded.api_key_fp, key_metadata = excluded.key_metadata, \
    state = excluded.state";

const DELETE_ACCESS: &str = "DELETE FROM vault_access AS t USING unnest($1::bigint[], $2::smallint[]) \
    AS gone (customer_id, service_type) \
    WHERE t.customer_id = gone.customer_id AND t.service_type = gone.service_type";

const PUT_ACCESS: &str = "INSERT INTO vault_access (customer_id, service_type, is_enabled, state, \
    guaranteed_per_second, burst_per_second, allowlist) \
    SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::boolean[], $4::text[], $5::bigint[], $6::bigint[], \
    $7::jsonb[]) \
    ON CONFLICT (customer_id, service_type) DO UPDATE SET is_enabled = excluded.is_enabled, state = excluded.state, \
    guaranteed_per_second = excluded.guaranteed_per_second, burst_per_second = excluded.burst_per_second, \
    allowlist = excluded.allowlist";

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Adds what keys did.
pub(super) async fn add_keys(
    transaction: &Transaction<'_>,
    statements: &Statements,
    merged: &Merged<'_>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = merged.keys.iter().collect();
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let customers: Vec<i64> = rows.iter().map(|(key, _)| key.customer_id.get()).collect();
        let fingerprints: Vec<i64> = rows.iter().map(|(key, _)| i64::from(key.api_key_fp)).collect();
        let requests: Vec<i64> = rows.iter().map(|(_, did)| did.requests).collect();
        let errors: Vec<i64> = rows.iter().map(|(_, did)| did.errors).collect();
        let used: Vec<Timestamptz> = rows.iter().map(|(_, did)| Timestamptz(did.last_used_at)).collect();
        let parameters: Parameters<'_> = &[&customers, &fingerprints, &requests, &errors, &used];
        execute(transaction, &statements.add_keys, parameters, "add what keys did").await?;
    }
    Ok(())
}

/// The same, by hour.
pub(super) async fn add_key_hours(
    transaction: &Transaction<'_>,
    statements: &Statements,
    merged: &Merged<'_>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = merged.key_hours.iter().collect();
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let customers: Vec<i64> = rows.iter().map(|((customer_id, ..), _)| customer_id.get()).collect();
        let hours: Vec<Timestamptz> = rows.iter().map(|((_, hour, _), _)| Timestamptz(*hour)).collect();
        let fingerprints: Vec<i64> = rows.iter().map(|((.., fingerprint), _)| i64::from(*fingerprint)).collect();
        let requests: Vec<i64> = rows.iter().map(|(_, did)| did.requests).collect();
        let errors: Vec<i64> = rows.iter().map(|(_, did)| did.errors).collect();
        let parameters: Parameters<'_> = &[&customers, &hours, &fingerprints, &requests, &errors];
        execute(transaction, &statements.add_key_hours, parameters, "add what keys did by hour").await?;
    }
    Ok(())
}

/// Puts the states that have changed.
pub(super) async fn put_spend(transaction: &Transaction<'_>, merged: &Merged<'_>) -> Result<(), StoreError> {
    let rows: Vec<_> = merged.spend.iter().collect();
    for rows in rows.chunks(UPSERT_ROWS_MAX) {
        let customers: Vec<i64> = rows.iter().map(|(customer_id, _)| customer_id.get()).collect();
        let states: Vec<&str> = rows.iter().map(|(_, (spend, _))| spend.state.word()).collect();
        let months: Vec<MonthDate> = rows.iter().map(|(_, (spend, _))| MonthDate(spend.month)).collect();
        let this_month: Vec<i64> = rows.iter().map(|(_, (spend, _))| spend.used.rated_this_month.0).collect();
        let in_all: Vec<i64> = rows.iter().map(|(_, (spend, _))| spend.used.rated_in_all.0).collect();
        let changed: Vec<Timestamptz> = rows.iter().map(|(_, (_, at))| Timestamptz(*at)).collect();
        let parameters: Parameters<'_> = &[&customers, &states, &months, &this_month, &in_all, &changed];
        run(transaction, PUT_SPEND, parameters, "put states of spend").await?;
    }
    Ok(())
}

/// Takes away what was granted, then grants what is new: a key may have changed.
pub(super) async fn put_vault(transaction: &Transaction<'_>, merged: &Merged<'_>) -> Result<(), StoreError> {
    let keys = |sign: i64| merged.key_grants.iter().filter(move |(_, n)| n.signum() == sign).map(|(grant, _)| *grant);
    let gone: Vec<&str> = keys(-1).map(|grant| grant.key_sha256.as_str()).collect();
    for gone in gone.chunks(UPSERT_ROWS_MAX) {
        run(transaction, DELETE_KEYS, &[&gone], "take keys out of the vault").await?;
    }
    for come in keys(1).collect::<Vec<_>>().chunks(UPSERT_ROWS_MAX) {
        put_keys(transaction, come).await?;
    }
    let access =
        |sign: i64| merged.access_grants.iter().filter(move |(_, n)| n.signum() == sign).map(|(grant, _)| *grant);
    for gone in access(-1).collect::<Vec<_>>().chunks(UPSERT_ROWS_MAX) {
        let customers: Vec<i64> = gone.iter().map(|grant| grant.customer_id.get()).collect();
        let services: Vec<i16> = gone.iter().map(|grant| i16::from(grant.service.number())).collect();
        run(transaction, DELETE_ACCESS, &[&customers, &services], "take access out of the vault").await?;
    }
    for come in access(1).collect::<Vec<_>>().chunks(UPSERT_ROWS_MAX) {
        put_access(transaction, come).await?;
    }
    Ok(())
}

async fn put_keys(transaction: &Transaction<'_>, grants: &[&KeyGrant]) -> Result<(), StoreError> {
    let hashes: Vec<&str> = grants.iter().map(|grant| grant.key_sha256.as_str()).collect();
    let customers: Vec<i64> = grants.iter().map(|grant| grant.customer_id.get()).collect();
    let services: Vec<i16> = grants.iter().map(|grant| i16::from(grant.service.number())).collect();
    let networks: Vec<i16> = grants.iter().map(|grant| i16::from(grant.network.number())).collect();
    let fingerprints: Vec<i64> = grants.iter().map(|grant| i64::from(grant.api_key_fp)).collect();
    let metadata: Vec<i32> = grants.iter().map(|grant| i32::from(grant.key_metadata)).collect();
    let states: Vec<&str> = grants.iter().map(|grant| word_of(grant.state)).collect();
    let parameters: Parameters<'_> = &[&hashes, &customers, &services, &networks, &fingerprints, &metadata, &states];
    run(transaction, PUT_KEYS, parameters, "put keys into the vault").await
}

const fn word_of(life: KeyLife) -> &'static str {
    match life {
        KeyLife::Active => "active",
        KeyLife::Revoked => "revoked",
        KeyLife::Deleted => "deleted",
    }
}

async fn put_access(transaction: &Transaction<'_>, grants: &[&AccessGrant]) -> Result<(), StoreError> {
    let customers: Vec<i64> = grants.iter().map(|grant| grant.customer_id.get()).collect();
    let services: Vec<i16> = grants.iter().map(|grant| i16::from(grant.service.number())).collect();
    let enabled: Vec<bool> = grants.iter().map(|grant| grant.is_enabled).collect();
    let states: Vec<&str> = grants.iter().map(|grant| grant.state.word()).collect();
    let guaranteed: Vec<i64> = grants.iter().map(|grant| i64::from(grant.guaranteed_per_second)).collect();
    let burst: Vec<i64> = grants.iter().map(|grant| i64::from(grant.burst_per_second)).collect();
    let allowlists: Vec<Json<&Vec<String>>> = grants.iter().map(|grant| Json(&grant.allowlist)).collect();
    let parameters: Parameters<'_> = &[&customers, &services, &enabled, &states, &guaranteed, &burst, &allowlists];
    run(transaction, PUT_ACCESS, parameters, "put access into the vault").await
}

/// A statement of changes that are seldom: not prepared beforehand.
async fn run(
    transaction: &Transaction<'_>,
    statement: &str,
    parameters: Parameters<'_>,
    attempted: &'static str,
) -> Result<(), StoreError> {
    transaction.execute(statement, parameters).await.map_err(StoreError::database(attempted))?;
    Ok(())
}
