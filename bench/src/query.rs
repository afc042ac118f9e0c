//! `cargo xtask bench query`: what a dashboard's 30 days cost, over ten million rows of `usage_per_hour` in a private
//! PostgreSQL. The rows lie as the writer leaves them: hour after hour, within it by customer.
//!
//! Bar (p99): 20 ms for one customer's 30 days with percentiles. The rows "everybody" have no bar: they read all there is.

use crate::report::Row;
use anyhow::Context;
use std::time::{Duration, Instant};
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::{Bucket, Filter, PartQuery, Reader, TimeRange, UsageQuery, ViewQuery};
use suiftly_store::testing::TestDatabase;

/// 2026-10-01T00:00:00Z, and thirty days.
const START: UnixMillis = UnixMillis(1_790_812_800_000);
const HOURS: i64 = 30 * 24;
const SERVICES: i64 = 3;
/// Ten million rows in all.
const CUSTOMERS: i64 = 10_000_000 / (HOURS * SERVICES) + 1;
/// Different histograms, of so many values each.
const HISTOGRAMS: u32 = 64;
const VALUES: u32 = 200;
const RUNS: usize = 5;
const QUERIES_A_RUN: usize = 300;

/// p99 of single customers' queries, and what everybody's cost, in milliseconds.
pub fn run() -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    runtime.block_on(async {
        let database = TestDatabase::create().await;
        fill(&database).await.context("cannot fill usage_per_hour")?;
        measure(&Reader::new(database.config(), "bench")?).await
    })
}

async fn fill(database: &TestDatabase) -> anyhow::Result<()> {
    let client = database.client().await;
    // No log of what is thrown away again: reading is what is measured.
    client.batch_execute("ALTER TABLE usage_per_hour SET UNLOGGED").await?;
    let histograms: Vec<Vec<u8>> = (0..HISTOGRAMS).map(|seed| histogram(seed).encode()).collect();
    let insert = format!(
        "INSERT INTO usage_per_hour SELECT customer, hour, service, 1, 180, 4, 3, 6, 1, 6, 190, 400000, 390000, 9000, \
            ($1::bytea[])[1 + (customer + extract(epoch FROM hour)::bigint / 3600) % {HISTOGRAMS}] \
         FROM generate_series($2::timestamptz, $2 + INTERVAL '{} hours', INTERVAL '1 hour') AS hour, \
            generate_series(1, {CUSTOMERS}) AS customer, generate_series(1, {SERVICES}) AS service",
        HOURS - 1
    );
    let start = std::time::UNIX_EPOCH + Duration::from_millis(START.0.unsigned_abs());
    let rows = client.execute(&insert, &[&histograms, &start]).await?;
    anyhow::ensure!(rows >= 10_000_000, "only {rows} rows");
    client.batch_execute("VACUUM ANALYZE usage_per_hour").await?;
    Ok(())
}

/// Around some tens of milliseconds, with a tail.
fn histogram(seed: u32) -> Histogram {
    let mut histogram = Histogram::default();
    for n in 0..VALUES {
        let tail = if n % 40 == 0 { 700 } else { 0 };
        histogram.count(20 + (n * n + seed * 7) % 30 + tail, 1);
    }
    histogram
}

async fn measure(reader: &Reader) -> anyhow::Result<Vec<Row>> {
    let span = TimeRange::new(START, START.plus_ms(HOURS * 3_600_000));
    let one = |n: usize| {
        // Any order but the rows'.
        let number = i64::try_from(n).unwrap_or_default() * 1_999 % CUSTOMERS + 1;
        Filter { customer_id: CustomerId::new(number), ..Filter::default() }
    };
    let everybody = Filter::default();
    let usage = |filter, bucket, times| UsageQuery { filter, bucket, span, times };
    let books = std::sync::Arc::new(PriceBooks::v1());
    let parts = |filter| PartQuery { filter, span, books: books.clone() };
    let mut rows = Vec::new();
    let mut tell = |what: &str, runs: Vec<f64>| rows.push(Row::new(what, "suiftly", "ms, p99", runs));
    tell("one customer, 30 days by day, percentiles", p99(reader, |n| usage(one(n), Bucket::Day, true)).await?);
    tell("one customer, 30 days by hour, percentiles", p99(reader, |n| usage(one(n), Bucket::Hour, true)).await?);
    tell("one customer, 30 days, what is rated", p99(reader, |n| parts(one(n))).await?);
    let day = each(reader, 0..RUNS, |_| usage(everybody, Bucket::Day, false)).await?;
    rows.push(Row::new("everybody, 30 days by day, counts alone", "suiftly", "ms", day));
    let rated = each(reader, 0..RUNS, |_| parts(everybody)).await?;
    rows.push(Row::new("everybody, 30 days, what is rated (half of a ranking)", "suiftly", "ms", rated));
    Ok(rows)
}

/// The 99th percentile of each run.
async fn p99<Q: ViewQuery>(reader: &Reader, query: impl Fn(usize) -> Q) -> anyhow::Result<Vec<f64>> {
    let mut runs = Vec::with_capacity(RUNS);
    for run in 0..RUNS {
        let mut took = each(reader, run * QUERIES_A_RUN..(run + 1) * QUERIES_A_RUN, &query).await?;
        took.sort_by(f64::total_cmp);
        runs.push(took[QUERIES_A_RUN * 99 / 100 - 1]);
    }
    Ok(runs)
}

/// How long each took, in milliseconds.
async fn each<Q: ViewQuery>(
    reader: &Reader,
    numbers: std::ops::Range<usize>,
    query: impl Fn(usize) -> Q,
) -> anyhow::Result<Vec<f64>> {
    let mut took = Vec::with_capacity(numbers.len());
    for n in numbers {
        let (query, began) = (query(n), Instant::now());
        let sums = reader.rows(&query).await?.into_sums(UnixMillis::MIN);
        took.push(began.elapsed().as_secs_f64() * 1_000.0);
        anyhow::ensure!(!sums.is_empty(), "query {n} found nothing");
    }
    Ok(took)
}
