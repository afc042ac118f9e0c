//! `cargo xtask bench loop`: how long the loop back takes, from what a customer does, or uses, to what the gateway answers.
//! A real HAProxy, a real PostgreSQL, the real `suiftly up` and `suiftly edge` on one machine, 100,000 other keys in the
//! vault, and 2,000 requests a second of theirs through the same gateway by kept connections.
//!
//! Each round has a customer of its own, who acts by the customers' API. All times end with an answer of the gateway:
//!
//! - issue key → first 200, revoke → first refusal, deposit → first 200: from just before the request to the API is
//!   sent, the API's own time included;
//! - limit reached → first refusal, escrow empty → first refusal: from the answer to the request whose price reached the
//!   limit, or the balance; the prices are the price book's, the amounts what the API tells before. The customer asks at
//!   `--speed` all along.
//!
//! Whoever is measured asks every 2 ms, so up to that is in each figure. Overshoot is what was served after the crossing
//! request; it is waived on the invoice.
//!
//! Bar: each p99 1 s (aim 0.3 s). First load of 100,000 keys into HAProxy 5 s. Nothing is asserted of times: the machine is
//! shared. `--fast` is a smoke test: 1,000 keys, 5 rounds.

mod acts;
mod background;
mod edge;
mod fleet;
mod gateway;
mod player;
mod probe;
mod results;

use crate::report::{Row, load_average};
use crate::server::Server;
use acts::Round;
use anyhow::{Context, ensure};
use background::{Background, Tally};
use edge::Edge;
use fleet::Fleet;
use gateway::{Doors, Gateway};
use lexopt::prelude::*;
use results::Results;
use std::ffi::OsString;
use std::time::{Duration, Instant};

const KEYS: u32 = 100_000;
const ROUNDS: u32 = 100;
const RATE: u32 = 2_000;
/// What the smallest tier guarantees.
const SPEED: u32 = 500;
const FAST_KEYS: u32 = 1_000;
const FAST_ROUNDS: u32 = 5;
const FAST_RATE: u32 = 200;
/// Times that the whole set is put into the running HAProxy.
const REFILLS: u32 = 5;
/// Before the first round.
const WARM_UP: Duration = Duration::from_secs(3);

struct Options {
    keys: u32,
    rounds: u32,
    rate: u32,
    speed: u32,
    is_smoke: bool,
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut options = Self { keys: KEYS, rounds: ROUNDS, rate: RATE, speed: SPEED, is_smoke: false };
        while let Some(argument) = parser.next()? {
            match argument {
                Long("fast") => {
                    let (keys, rounds, rate) = (FAST_KEYS, FAST_ROUNDS, FAST_RATE);
                    options = Self { keys, rounds, rate, is_smoke: true, ..options };
                }
                Long("keys") => options.keys = parser.value()?.parse()?,
                Long("rounds") => options.rounds = parser.value()?.parse()?,
                Long("rate") => options.rate = parser.value()?.parse()?,
                Long("speed") => options.speed = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((1..=1_000_000).contains(&options.keys), "--keys must be 1 to 1000000");
        ensure!((1..=10_000).contains(&options.rounds), "--rounds must be 1 to 10000");
        ensure!((1..=20_000).contains(&options.rate), "--rate must be 1 to 20000");
        ensure!((50..=5_000).contains(&options.speed), "--speed must be 50 to 5000");
        Ok(options)
    }
}

/// Under what name to tell of it: quantiles and histograms of each time, where it goes, overshoot, first loads.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<(&'static str, Vec<Row>)> {
    let options = Options::parse(arguments)?;
    let mut results = Results::default();
    let mut server = Server::prepare("loop")?;
    server.start_database()?;
    seed(&server, options.keys, &mut results)?;
    server.start_with(&[("SUIFTLY_API__RATE_LIMIT_ADDRESS", "0"), ("SUIFTLY_API__RATE_LIMIT_CUSTOMER", "0")])?;
    server.wait_ready()?;
    let began = Instant::now();
    let keys = u64::from(options.keys);
    server.wait("all keys published", |api| {
        Some(api.json("/api/v1/vault/status").ok()?.pointer("/version/keys")?.as_u64()? >= keys)
    })?;
    results.note("from ready until the vault has all keys", "s", began.elapsed().as_secs_f64());
    let doors = Doors::free()?;
    let began = Instant::now();
    let edge = Edge::start(&server, &doors)?;
    edge.await_maps(keys)?;
    results.note("from the edge's start until HAProxy's map files are whole", "s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let gateway = Gateway::start(&server, &doors)?;
    let mut fleet = Fleet::of(&server)?;
    fleet.await_in_sync()?;
    results.note("from HAProxy's start, from the files, until all is in sync", "s", began.elapsed().as_secs_f64());
    eprintln!("{} keys are in the gateway; load average {}", options.keys, load_average());
    measure(&server, &mut fleet, &doors, &options, &mut results)?;
    results.note("memory at most", "MB", server.process()?.peak_megabytes()?);
    results.of("memory at most", "the edge", "MB", edge.peak_megabytes()?);
    results.of("memory at most", "HAProxy", "MB", gateway.peak_megabytes()?);
    Ok((if options.is_smoke { "loop-fast" } else { "loop" }, results.rows()))
}

fn seed(server: &Server, keys: u32, results: &mut Results) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start tokio")?;
    let began = Instant::now();
    runtime.block_on(suiftly_store::seed::fill(&server.database()?, keys)).context("cannot make the keys")?;
    results.note("making the keys in the database", "s", began.elapsed().as_secs_f64());
    eprintln!("{keys} keys are in the database");
    Ok(())
}

fn measure(
    server: &Server,
    fleet: &mut Fleet,
    doors: &Doors,
    options: &Options,
    results: &mut Results,
) -> anyhow::Result<()> {
    let background = Background::start(doors.mseal(), options.keys, options.rate)?;
    std::thread::sleep(WARM_UP);
    for _ in 0..REFILLS {
        results.refill(&fleet.push()?);
    }
    for number in 1..=options.rounds {
        let round = Round { server, fleet, door: doors.mseal(), speed: options.speed, number };
        round.play(results).with_context(|| format!("round {number}"))?;
        if number.is_multiple_of(10) || number == options.rounds {
            eprintln!("{number} rounds; load average {}", load_average());
        }
    }
    let Tally { asked, served, seconds } = background.stop();
    results.of("background requests", "this benchmark", "requests/s", asked as f64 / seconds);
    // They have keys that are good throughout: a refusal is an error of a swap.
    results.note("background requests that were not served", "requests", (asked - served) as f64);
    Ok(())
}
