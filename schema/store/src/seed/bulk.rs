//! Customers and keys by the hundred thousand: what a vault holds beside the few that a bench looks at. They go through
//! the same triggers as any, and so by the outbox to every gateway.

use super::{SEED, run};
use crate::StoreError;
use crate::accounts::PROCESS_GROUP;
use crate::config::StoreConfig;
use crate::pool;
use deadpool_postgres::Transaction;
use suiftly_schema::api_key::KeyMetadata;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::subscription::Tier;

/// The first of their customer ids. Ids that follow one another are never drawn in practice: these stay apart.
const FIRST_CUSTOMER: i64 = 1_000_000_000;
/// Keys that come with a service.
const KEYS_A_CUSTOMER: u32 = 2;
/// What one transaction makes: so many changes go into the outbox at once, and four rows for each.
const CUSTOMERS_A_TRANSACTION: u32 = 5_000;
/// In escrow, each.
const BALANCE_USD_CENTS: i64 = 10_000;

/// What the owner of the key with this number sends. It is no key by its form: gateways know keys by their hash.
pub fn bulk_key(number: u32) -> String {
    format!("bulk-{number}")
}

/// Makes so many active keys, numbered from 0, for Seal on mainnet, of half as many customers with funds, whose
/// subscriptions are paid for this month. What is there already stays.
pub async fn fill(config: &StoreConfig, keys: u32) -> Result<(), StoreError> {
    let pool = pool::pool(config, 1)?;
    let mut client = pool::get(&pool).await?;
    let customers = keys.div_ceil(KEYS_A_CUSTOMER);
    let mut from = 0;
    while from < customers {
        let to = customers.min(from + CUSTOMERS_A_TRANSACTION);
        let transaction = client.transaction().await.map_err(StoreError::database(SEED))?;
        make(&transaction, (from, to), keys).await?;
        transaction.commit().await.map_err(StoreError::database(SEED))?;
        from = to;
    }
    Ok(())
}

const CUSTOMERS: &str = "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id, billing_profile, \
        current_balance_usd_cents) \
    SELECT $1::bigint + n, 'Bulk ' || n, wallet, wallet, '{\"bulk\": true}', $4::bigint \
    FROM generate_series($2::bigint, $3::bigint) AS n, LATERAL (SELECT '0x' || lpad(to_hex($1::bigint + n), 64, '0') AS wallet) AS w \
    ON CONFLICT DO NOTHING";
/// As the migration has it of what was held before there was a ledger.
const OPENING: &str = "INSERT INTO ledger (customer_id, kind, debit, credit, amount_micro_usd, reference, posted_at) \
    SELECT $1::bigint + n, 'opening', 'custody', 'escrow', $4::bigint * 10000, 'opening:' || ($1::bigint + n), now() \
    FROM generate_series($2::bigint, $3::bigint) AS n ON CONFLICT DO NOTHING";
const ESCROW: &str = "INSERT INTO embedded_escrow_accounts (id, owner, balance_usd_cents) \
    SELECT wallet_address, wallet_address, $4::bigint FROM customers \
    WHERE id - $1::bigint BETWEEN $2::bigint AND $3::bigint ON CONFLICT DO NOTHING";
const SERVICES: &str = "INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, enabled_at, paid_through) \
    SELECT $1::bigint + n, $4::smallint, $5::text, true, now(), date_trunc('month', now() AT TIME ZONE 'UTC')::date \
    FROM generate_series($2::bigint, $3::bigint) AS n ON CONFLICT DO NOTHING";
const KEYS: &str = "INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata) \
    SELECT $1::bigint + n / $4::bigint, $5::smallint, $6::smallint, n, upper(encode(sha256(convert_to('bulk-' || n, 'UTF8')), 'hex')), \
        lpad(n::text, 8, 'S0000000'), $7::integer \
    FROM generate_series($2::bigint, $3::bigint) AS n ON CONFLICT DO NOTHING";

/// Customers from the one number up to the other, without it, and their keys.
async fn make(transaction: &Transaction<'_>, (from, to): (u32, u32), keys: u32) -> Result<(), StoreError> {
    let (first, last) = (i64::from(from), i64::from(to) - 1);
    for statement in [CUSTOMERS, OPENING, ESCROW] {
        run(transaction, statement, &[&FIRST_CUSTOMER, &first, &last, &BALANCE_USD_CENTS]).await?;
    }
    let (service, network) = (i16::from(Service::Seal.number()), i16::from(Network::Mainnet.number()));
    run(transaction, SERVICES, &[&FIRST_CUSTOMER, &first, &last, &service, &Tier::Starter.word()]).await?;
    let each = i64::from(KEYS_A_CUSTOMER);
    let (first_key, last_key) = (first * each, (i64::from(to) * each).min(i64::from(keys)) - 1);
    let metadata = i32::from(KeyMetadata::new(Network::Mainnet, true, false, PROCESS_GROUP).bits());
    run(transaction, KEYS, &[&FIRST_CUSTOMER, &first_key, &last_key, &each, &service, &network, &metadata])
        .await
        .map(drop)
}
