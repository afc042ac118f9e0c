//! `cargo xtask bench query [--customers N]`: what a dashboard's 30 days cost, over ten million rows of `usage_per_hour` in a private
//! PostgreSQL.
//!
//! Bar (p99): 20 ms for one customer's 30 days with percentiles. The rows "everybody" have no bar: they read all there is.

use crate::report::Row;
use crate::usage_rows::{self, CUSTOMERS, HOURS};
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::time::Instant;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::{Bucket, Filter, PartQuery, Reader, TimeRange, UsageQuery, ViewQuery};
use suiftly_store::testing::TestDatabase;

/// 2026-10-01T00:00:00Z.
const START: UnixMillis = UnixMillis(1_790_812_800_000);
const RUNS: usize = 5;
const QUERIES_A_RUN: usize = 300;

/// p99 of single customers' queries, and what everybody's cost, in milliseconds.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let customers = customers(arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    runtime.block_on(async {
        let database = TestDatabase::create().await;
        usage_rows::fill(&database.client().await, START, customers).await.context("cannot fill usage_per_hour")?;
        measure(&Reader::new(database.config(), "bench")?, customers).await
    })
}

/// How many there are: ten million rows' worth unless told otherwise.
fn customers(arguments: Vec<OsString>) -> anyhow::Result<i64> {
    let (mut parser, mut customers) = (lexopt::Parser::from_args(arguments), CUSTOMERS);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("customers") => customers = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!((1..=CUSTOMERS).contains(&customers), "--customers must be 1 to {CUSTOMERS}");
    Ok(customers)
}

async fn measure(reader: &Reader, customers: i64) -> anyhow::Result<Vec<Row>> {
    let span = TimeRange::new(START, START.plus_ms(HOURS * 3_600_000));
    let one = |n: usize| {
        // Any order but the rows'.
        let number = i64::try_from(n).unwrap_or_default() * 1_999 % customers + 1;
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
