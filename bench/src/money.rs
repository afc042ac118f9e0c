//! `cargo xtask bench money`: what rating, closing and auditing cost.
//!
//! - Rating: nanoseconds an hour of usage, a month's bill computed from its hours.
//! - Closing: CPU-seconds of this process and of PostgreSQL for the month of 100,000 customers, each with a tier and twenty
//!   hours of usage: renewal's items are there, the bill is computed, hashed and recorded, what is due is drawn from the
//!   embedded escrow. Bar: 60.
//! - Audit: seconds for a month of ten million lines out of the journal, its closed segments compressed. Bar: 15.

use crate::cpu;
use crate::postgres::Server;
use crate::report::Row;
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_ingest::audit::{Customers, From, JournalDirs, RecountOrder, recount};
use suiftly_ingest::block::BlockBuilder;
use suiftly_ingest::decode::DecodeConfig;
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_ingest::simulate::{GatewayOptions, SimulatedGateway};
use suiftly_ingest::source::Source;
use suiftly_schema::bill::{BillInputs, HourUsage};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBook;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_settlement::{Clock, Settlement};
use suiftly_store::money::MoneyStore;
use suiftly_store::testing::{Client, TestDatabase};
use suiftly_store::writer::Writer;

/// 2026-10-01T00:00:00Z.
const MONTH: UnixMillis = UnixMillis(1_790_812_800_000);
const HOUR_MS: i64 = 3_600_000;
const RATINGS: usize = 2_000;
const HOURS_A_CUSTOMER: i64 = 20;
const CUSTOMERS: i64 = 100_000;
const LINES: u64 = 10_000_000;
const LINES_A_BLOCK: u64 = 10_000;
/// Between two lines: ten million last most of a month.
const LINE_MS: i64 = 250;

struct Options {
    customers: i64,
    lines: u64,
}

impl Options {
    fn read(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut options = Self { customers: CUSTOMERS, lines: LINES };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("customers") => options.customers = parser.value()?.parse()?,
                Long("lines") => options.lines = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((1..=1_000_000).contains(&options.customers), "--customers must be 1 to 1000000");
        ensure!((10_000..=10_000_000).contains(&options.lines), "--lines must be 10000 to 10000000");
        Ok(options)
    }
}

/// All three.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = Options::read(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    let mut rows = vec![rating()?];
    rows.extend(runtime.block_on(closing(options.customers))?);
    rows.extend(audit(options.lines)?);
    Ok(rows)
}

fn rating() -> anyhow::Result<Row> {
    let services = [Service::Seal, Service::Grpc];
    let hours = (0..720).flat_map(|hour| {
        services.map(|service| HourUsage {
            hour: MONTH.plus_ms(hour * HOUR_MS),
            service: Some(service),
            network: Some(Network::Mainnet),
            requests: 1_000 + hour * 7,
            bytes: 900_000 + hour * 13_001,
        })
    });
    let inputs = BillInputs {
        customer_id: CustomerId::new(1).context("an id")?,
        month: MONTH.month(),
        journals: Vec::new(),
        books: vec![PriceBook::v1()],
        hours: hours.collect(),
        items: Vec::new(),
        cap: Some(MicroUsd(250_000_000)),
        carried_in: MicroUsd(0),
        proof: None,
    };
    let rows = (RATINGS * inputs.hours.len()) as f64;
    let mut runs = Vec::new();
    for _ in 0..5 {
        let (sum, seconds) = cpu::of_thread(|| (0..RATINGS).map(|_| inputs.bill().total.0).sum::<i64>())?;
        ensure!(sum > 0, "nothing was rated");
        runs.push(seconds * 1e9 / rows);
    }
    Ok(Row::new("a month's bill from 1,440 rows of usage", "suiftly", "ns per row", runs))
}

/// A clock that stands.
struct At(UnixMillis);

impl Clock for At {
    fn now(&self) -> UnixMillis {
        self.0
    }
}

async fn closing(customers: i64) -> anyhow::Result<Vec<Row>> {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    let server = Server::of(&client).await?;
    let at = MONTH.month().end().plus_ms(25 * HOUR_MS);
    fill(&database, &client, customers, at).await.context("cannot make the customers")?;
    let escrow = Arc::new(EmbeddedEscrow::new(database.config())?);
    let settlement = Settlement::new(MoneyStore::new(database.config())?, escrow, Arc::new(At(at)));
    let mut rows = Vec::new();
    let case = format!("{customers} customers, {HOURS_A_CUSTOMER} hours each");
    let (before, began) = ((cpu::of_process()?, server.cpu_seconds()?), Instant::now());
    let closed = settlement.close_due().await?;
    let between = (cpu::of_process()?, server.cpu_seconds()?);
    let charged = settlement.charge_due().await?;
    let (after, seconds) = ((cpu::of_process()?, server.cpu_seconds()?), began.elapsed().as_secs_f64());
    eprintln!("{closed:?}; {charged:?}");
    let paid: i64 = client.query_one("SELECT count(*) FROM invoices WHERE status = 'paid'", &[]).await?.get(0);
    ensure!(paid == customers, "{paid} of {customers} invoices are paid");
    let spent = |from: (f64, f64), to: (f64, f64)| (to.0 - from.0, to.1 - from.1);
    for (what, (ours, theirs)) in [("closed", spent(before, between)), ("charged", spent(between, after))] {
        rows.push(Row::new(&format!("{case}: {what}"), "suiftly", "CPU-s", vec![ours]));
        rows.push(Row::new(&format!("{case}: {what}"), "PostgreSQL", "CPU-s", vec![theirs]));
    }
    let (ours, theirs) = spent(before, after);
    rows.push(Row::new(&format!("{case}: all of it"), "suiftly and PostgreSQL", "CPU-s", vec![ours + theirs]));
    rows.push(Row::new(&format!("{case}: all of it"), "suiftly and PostgreSQL", "s", vec![seconds]));
    Ok(rows)
}

/// Customers with a tier, usage and funds, as a month leaves them.
async fn fill(database: &TestDatabase, client: &Client, customers: i64, at: UnixMillis) -> anyhow::Result<()> {
    drop(Writer::open(database.config(), "bench").await?);
    let fill = format!(
        "INSERT INTO customers (id, display_name, wallet_address, escrow_contract_id, current_balance_usd_cents, \
                fixed_in_all_micro_usd, current_month_start) \
            SELECT n, 'customer ' || n, w, w, 100000, 20000000, '2026-11-01' \
            FROM (SELECT n, '0x' || lpad(to_hex(n), 64, '0') AS w FROM generate_series(1, {customers}) AS n) AS s; \
         INSERT INTO embedded_escrow_accounts (id, owner, balance_usd_cents) SELECT wallet_address, wallet_address, 100000 FROM customers; \
         INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, enabled_at, paid_through) \
            SELECT id, 1, 'starter', true, '2026-10-01', '2026-11-01' FROM customers; \
         INSERT INTO billing_months (customer_id, month, fixed_micro_usd, limit_usd_cents) SELECT id, '2026-10-01', 20000000, 25000 FROM customers; \
         INSERT INTO subscription_items (customer_id, month, service_type, item, description, quantity, monthly_micro_usd, \
                days, days_in_month, amount_micro_usd, price_book, is_renewal, ordered_at) \
            SELECT id, '2026-10-01', 1, 'tier', 'Starter tier', 1, 20000000, 31, 31, 20000000, 1, true, '2026-10-01' FROM customers; \
         INSERT INTO usage_per_hour SELECT id, TIMESTAMPTZ '2026-10-03 00:00:00Z' + hour * INTERVAL '1 hour', 1, 1, \
                190, 0, 0, 0, 0, 0, 190, 400000, 390000, 9000, '' FROM customers, generate_series(1, {HOURS_A_CUSTOMER}) AS hour; \
         INSERT INTO rated SELECT '2026-10-01', id, 1, 1, 190 * {HOURS_A_CUSTOMER}, 390000 * {HOURS_A_CUSTOMER}, 19000 * {HOURS_A_CUSTOMER} FROM customers; \
         UPDATE journal_watermarks SET epoch = 1, cut_at = to_timestamp({} / 1000.0); \
         TRUNCATE outbox; \
         VACUUM ANALYZE",
        at.0
    );
    for statement in fill.split("; ") {
        client.batch_execute(statement).await.with_context(|| statement.to_owned())?;
    }
    Ok(())
}

fn audit(lines: u64) -> anyhow::Result<Vec<Row>> {
    let dir = tempfile::tempdir().context("cannot make a directory")?;
    let (journal_id, through) = journal(dir.path(), lines)?;
    let order = RecountOrder {
        journal_id,
        through,
        month: MONTH.month(),
        customers: Customers::All,
        decode: DecodeConfig::LIVE,
        books: vec![PriceBook::v1()],
        from: From::Month,
    };
    let (began, before) = (Instant::now(), cpu::of_process()?);
    let found = recount(&JournalDirs::new(dir.path()), &order)?;
    let (seconds, spent) = (began.elapsed().as_secs_f64(), cpu::of_process()? - before);
    ensure!(found.lines == lines, "{} of {lines} lines were read", found.lines);
    let hours: usize = found.hours.values().map(Vec::len).sum();
    let case = format!("a month of {lines} lines counted again, {hours} rows of usage");
    let row = |unit, value| Row::new(&case, "suiftly audit", unit, vec![value]);
    Ok(vec![row("s", seconds), row("CPU-s", spent)])
}

/// A journal of a month, its closed segments compressed.
fn journal(dir: &Path, lines: u64) -> anyhow::Result<(suiftly_ingest::journal::JournalId, u64)> {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default())?;
    let mut gateway = SimulatedGateway::new(&GatewayOptions::default(), MONTH);
    let source = Source::tcp(([192, 0, 2, 1], 514).into());
    let (mut start, mut line, mut number) = (recovery.end, Vec::new(), 0);
    let blocks = lines.div_ceil(LINES_A_BLOCK);
    for epoch in 1..=blocks {
        let mut builder = BlockBuilder::default();
        let mut now = MONTH;
        for _ in 0..LINES_A_BLOCK.min(lines - number) {
            now = MONTH.plus_ms(i64::try_from(number)? * LINE_MS);
            line.clear();
            gateway.line(now, &mut line);
            builder.push(&source, now, &line).map_err(|_| anyhow::anyhow!("a block is full"))?;
            number += 1;
        }
        let synced = journal.progress().durable_end();
        let block = Arc::new(builder.seal_after_sync(epoch, now, start, synced));
        start = block.end;
        journal.append(block).map_err(|_| anyhow::anyhow!("the journal has ended"))?;
        journal.progress().wait_durable(epoch)?;
    }
    journal.release_through(blocks);
    // Until the keeper has compressed what is closed: an audit reads what is months old.
    std::thread::sleep(Duration::from_secs(5));
    Ok((recovery.journal_id, blocks))
}
