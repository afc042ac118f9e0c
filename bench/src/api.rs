//! `cargo xtask bench api`: what customers' questions cost, and what a thousand of them who look on cost. The real
//! `suiftly up` with PostgreSQL on the same machine, ten million rows of `usage_per_hour` in it.
//!
//! Questions come open loop: each is due at its moment, whatever became of those before, and its time counts from
//! there. A delta's lag is its arrival less its `complete_to`: the age of the newest that it tells of; deltas come ten
//! times a second at most, so up to that interval is in it.
//!
//! Bars: p99 20 ms at 300 requests a second; 1,000 streams within 200 MB, p99 lag 500 ms. Nothing is asserted of times: the
//! machine is shared.

mod open_loop;
mod streams;

use crate::cpu;
use crate::report::{Row, load_average};
use crate::server::{Connection, Server};
use crate::usage_rows::{self, CUSTOMERS, HOURS};
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use open_loop::Plan;
use serde_json::json;
use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_ingest::simulate::gateway::customer_id;
use suiftly_schema::time::UnixMillis;
use suiftly_store::testing;

const RATE: u64 = 300;
const SECONDS: u64 = 20;
const STREAMS: usize = 1_000;
/// What customers ask: the dashboard's summary, and its charts; with times, for which every row's histogram is read, and
/// without.
const PATHS: [(&str, &str); 5] = [
    ("summary, 30 days", "/api/v1/usage/summary?range=30d&percentiles=false"),
    ("series, 30 days by day", "/api/v1/usage/series?range=30d&bucket=day&percentiles=false"),
    ("series, 7 days by hour, percentiles", "/api/v1/usage/series?range=7d&bucket=hour&percentiles=true"),
    ("summary, 30 days, percentiles", "/api/v1/usage/summary?range=30d&percentiles=true"),
    ("series, 30 days by day, percentiles", "/api/v1/usage/series?range=30d&bucket=day&percentiles=true"),
];
/// Their wallet, by mock sign-in.
const WALLET: &str = "0x00000000000000000000000000000000000000000000000000000000000000b1";
/// The wallet of the one whose requests come in while streams are watched.
const BUSY_WALLET: &str = "0x00000000000000000000000000000000000000000000000000000000000000b2";

struct Options {
    rate: u64,
    seconds: u64,
    streams: usize,
    /// With usage.
    customers: i64,
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut options = Self { rate: RATE, seconds: SECONDS, streams: STREAMS, customers: CUSTOMERS };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("rate") => options.rate = parser.value()?.parse()?,
                Long("seconds") => options.seconds = parser.value()?.parse()?,
                Long("streams") => options.streams = parser.value()?.parse()?,
                Long("customers") => options.customers = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((1..=100_000).contains(&options.rate), "--rate must be 1 to 100000");
        ensure!((1..=3_600).contains(&options.seconds), "--seconds must be 1 to 3600");
        ensure!((1..=5_000).contains(&options.streams), "--streams must be 1 to 5000");
        ensure!((2..=CUSTOMERS).contains(&options.customers), "--customers must be 2 to {CUSTOMERS}");
        Ok(options)
    }
}

/// CPU-ms a request, quantiles, memory and lag.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = Options::parse(arguments)?;
    let mut server = Server::prepare("api")?;
    server.start_database()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    runtime.block_on(fill(&server, options.customers)).context("cannot fill the database")?;
    eprintln!("all rows are there; load average {}", load_average());
    server.start_with(&limits(&options).each_ref().map(|(name, value)| (*name, value.as_str())))?;
    server.wait_ready()?;
    // First what memory is measured of: what questions leave behind would be in it.
    let token = sign_in(&server, BUSY_WALLET)?;
    let mut rows = streams::measure(&mut server, &runtime, &token, options.streams, options.seconds)?;
    let token = sign_in(&server, WALLET)?;
    for (name, path) in PATHS {
        rows.extend(questions(&mut server, &options, name, path, &token)?);
    }
    Ok(rows)
}

/// One customer at one address asks for all here, and that is more than one may.
fn limits(options: &Options) -> [(&'static str, String); 3] {
    [
        ("SUIFTLY_API__MAX_STREAMS", (options.streams + 10).to_string()),
        ("SUIFTLY_API__RATE_LIMIT_ADDRESS", "0".to_owned()),
        ("SUIFTLY_API__RATE_LIMIT_CUSTOMER", "0".to_owned()),
    ]
}

/// The rows, and both customers.
async fn fill(server: &Server, count: i64) -> anyhow::Result<()> {
    let client = testing::connect(&server.database()?).await;
    let customers = [(count / 2, WALLET), (customer_id(GENERATOR_SEED, 0), BUSY_WALLET)];
    for (id, wallet) in customers {
        let insert = "INSERT INTO customers (id, display_name, wallet_address) VALUES ($1, 'Bench', $2)";
        client.execute(insert, &[&id, &wallet]).await.context("cannot make a customer")?;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    let hour = UnixMillis(i64::try_from(now.as_millis())?).hour();
    usage_rows::fill(&client, hour.plus_ms(-HOURS * 3_600_000), count).await
}

const GENERATOR_SEED: u64 = 1;

/// An access token, by a mock wallet.
fn sign_in(server: &Server, wallet: &str) -> anyhow::Result<String> {
    let mut connection = Connection::open(server.customers())?;
    connection.post("/api/v1/auth/challenge", &json!({"address": wallet}))?;
    let signed = json!({"address": wallet, "signature": "AA==", "tokens": "body"});
    let session = connection.post("/api/v1/auth/verify", &signed)?;
    session["access_token"].as_str().map(str::to_owned).context("a session has no access token")
}

fn questions(server: &mut Server, options: &Options, name: &str, path: &str, token: &str) -> anyhow::Result<Vec<Row>> {
    let plan = |seconds| Plan { address: server.customers(), path, token, rate: options.rate, seconds };
    let (warm_up, real) = (plan(1), plan(options.seconds));
    open_loop::run(&warm_up)?;
    let own = cpu::of_process()?;
    let (suiftly, database) = (server.process()?.cpu_seconds()?, server.database_cpu_seconds()?);
    let took = open_loop::run(&real)?;
    let used = [
        ("suiftly", server.process()?.cpu_seconds()? - suiftly),
        ("PostgreSQL", server.database_cpu_seconds()? - database),
        ("this benchmark, which asks", cpu::of_process()? - own),
    ];
    eprintln!("{name}: done; load average {}", load_average());
    let case = format!("{name}, {} requests/s", options.rate);
    let mut rows: Vec<Row> = [(50, "p50"), (99, "p99 (bar: 20)"), (100, "max")]
        .map(|(percent, word)| Row::new(&format!("{case}: {word}"), "suiftly", "ms", vec![quantile(&took, percent)]))
        .into();
    for (who, seconds) in used {
        let each = seconds * 1_000.0 / took.len() as f64;
        rows.push(Row::new(&format!("{case}: CPU"), who, "CPU-ms a request", vec![each]));
    }
    Ok(rows)
}

/// Of ascending values.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!([50, 99, 100].map(|percent| quantile(&sorted, percent)), [100.0, 198.0, 200.0]);
        assert!(quantile(&[], 50).is_nan());
    }
}
