//! `cargo xtask bench views`: from the journal's blocks to all views' deltas, CPU time of the whole process but for the
//! making of the lines. Accounts, services and keys of all customers are there, so spend and the vault have work.
//!
//! `--case rate` (the default): lines at 100,000 a second. Bar: 1.5 CPU-s per million lines for 100,000 customers by Zipf's
//! law; the other rows have none. `--peers` adds `--case peers`: usage_per_hour by others ([`peers`]). `--case flat
//! [--lines N]`: whether cost and memory stay the same over 90 days ([`flat`]). `--fast`: that it runs.

pub mod feed;
mod flat;
mod peers;

use crate::report::{Row, load_average};
use anyhow::ensure;
use feed::{EPOCH_MS, Feed, LINES_AN_EPOCH};
use lexopt::prelude::*;
use std::ffi::OsString;
use suiftly_ingest::simulate::GatewayOptions;

const EPOCHS: u64 = 200;
const RUNS: usize = 3;
/// Of `--fast`, which shows that it runs, once.
const FAST_EPOCHS: u64 = 10;
/// The name of their results.
const FLAT: &str = "views-flat";
const PEERS: &str = "views-peers";
const FAST: &str = "views-fast";

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Rate { with_peers: bool },
    Flat { lines: u64 },
    Peers,
    Fast,
}

/// Measures; says under which name the rows are to be kept, too.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<(&'static str, Vec<Row>)> {
    let case = parse(arguments)?;
    eprintln!("load average {}", load_average());
    let result = match case {
        Case::Rate { with_peers } => {
            let mut rows = rates()?;
            if with_peers {
                rows.extend(peers::rows()?);
            }
            ("views", rows)
        }
        Case::Flat { lines } => (FLAT, flat::rows(lines)?),
        Case::Peers => (PEERS, peers::rows()?),
        Case::Fast => (FAST, vec![rate(500, 1.0, FAST_EPOCHS, 1)?]),
    };
    eprintln!("load average {}", load_average());
    Ok(result)
}

fn parse(arguments: Vec<OsString>) -> anyhow::Result<Case> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut case, mut lines, mut with_peers) = (String::from("rate"), None, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("case") => case = parser.value()?.string()?,
            Long("lines") => lines = Some(parser.value()?.parse()?),
            Long("peers") => with_peers = true,
            Long("fast") => case = String::from("fast"),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(lines.is_none() || case == "flat", "--lines belongs to --case flat");
    match case.as_str() {
        "rate" => Ok(Case::Rate { with_peers }),
        "flat" => flat::checked(lines).map(|lines| Case::Flat { lines }),
        "peers" => Ok(Case::Peers),
        "fast" => Ok(Case::Fast),
        _ => anyhow::bail!("--case is rate, flat or peers"),
    }
}

/// CPU-seconds per million lines, for customers as they come in life and for evenly spread ones.
fn rates() -> anyhow::Result<Vec<Row>> {
    [(100_000, 1.0), (100_000, 0.0), (500, 1.0)]
        .into_iter()
        .map(|(n, exponent)| rate(n, exponent, EPOCHS, RUNS))
        .collect()
}

fn rate(customers: u32, zipf_exponent: f64, epochs: u64, times: usize) -> anyhow::Result<Row> {
    let gateway = GatewayOptions { customers, zipf_exponent, ..GatewayOptions::default() };
    let what = Feed::at_rate(gateway, epochs);
    let mut runs = Vec::new();
    for _ in 0..times {
        feed::feed(&what, drop, |cpu, _| {
            runs.push(cpu / (what.lines() as f64 / 1e6));
            Ok(())
        })?;
    }
    let case = format!(
        "{customers} customers, Zipf {zipf_exponent}, {EPOCH_MS} ms epochs of {LINES_AN_EPOCH} lines, 1 worker"
    );
    Ok(Row::new(&case, "suiftly", "CPU-s per million lines", runs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        let parsed = |line: &str| parse(line.split_whitespace().map(OsString::from).collect());
        assert_eq!(parsed("").unwrap(), Case::Rate { with_peers: false });
        assert_eq!(parsed("--peers").unwrap(), Case::Rate { with_peers: true });
        assert_eq!(parsed("--case peers").unwrap(), Case::Peers);
        assert_eq!(parsed("--fast").unwrap(), Case::Fast);
        assert_eq!(parsed("--case flat").unwrap(), Case::Flat { lines: 100_000_000 });
        assert_eq!(parsed("--case flat --lines 1000000").unwrap(), Case::Flat { lines: 1_000_000 });
        for line in ["--case other", "--lines 1000000", "--case flat --lines 0", "--case flat --lines 1000001"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
