//! The command lines of `cargo xtask cluster`, read. Pure.

use super::bench::BenchOptions;
use super::faults::FaultOptions;
use super::upgrade::UpgradeOptions;
use crate::args::number;
use anyhow::{bail, ensure};
use lexopt::prelude::*;

/// What to do with a cluster.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClusterTask {
    Bench(BenchOptions),
    Faults(FaultOptions),
    Upgrade(UpgradeOptions),
    Repair,
}

/// As the bar has them.
const BENCH: BenchOptions = BenchOptions { times: 5, lines: 1_000_000 };
const FAULTS: FaultOptions = FaultOptions { times: 50, seed: 1, rate: 10_000 };
const UPGRADE: UpgradeOptions = UpgradeOptions { times: 20, rate: 20_000, other: None, is_cluster: false };

/// Reads the arguments after `cluster`.
pub(crate) fn parse(parser: &mut lexopt::Parser) -> anyhow::Result<ClusterTask> {
    let Some(Value(task)) = parser.next()? else { bail!("`cargo xtask cluster` knows bench, faults, upgrade, repair") };
    match task.string()?.as_str() {
        "bench" => bench(parser),
        "faults" => faults(parser),
        "upgrade" => upgrade(parser),
        "repair" => match parser.next()? {
            None => Ok(ClusterTask::Repair),
            Some(argument) => Err(argument.unexpected().into()),
        },
        other => bail!("`cargo xtask cluster` knows bench, faults, upgrade, repair, and no {other}"),
    }
}

fn bench(parser: &mut lexopt::Parser) -> anyhow::Result<ClusterTask> {
    let mut options = BENCH;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("times") => options.times = number(parser, "times")?,
            Long("lines") => options.lines = number(parser, "lines")?,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.times > 0 && options.lines > 0, "--times and --lines must be at least 1");
    Ok(ClusterTask::Bench(options))
}

fn faults(parser: &mut lexopt::Parser) -> anyhow::Result<ClusterTask> {
    let mut options = FAULTS;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("times") => options.times = number(parser, "times")?,
            Long("seed") => options.seed = number(parser, "seed")?,
            Long("rate") => options.rate = number(parser, "rate")?,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.times > 0 && options.rate > 0, "--times and --rate must be at least 1");
    Ok(ClusterTask::Faults(options))
}

fn upgrade(parser: &mut lexopt::Parser) -> anyhow::Result<ClusterTask> {
    let mut options = UPGRADE;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("times") => options.times = number(parser, "times")?,
            Long("rate") => options.rate = number(parser, "rate")?,
            Long("other") => options.other = Some(std::path::absolute(parser.value()?)?),
            Long("cluster") => options.is_cluster = true,
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(options.times > 0 && options.rate > 0, "--times and --rate must be at least 1");
    Ok(ClusterTask::Upgrade(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<ClusterTask> {
        parse(&mut lexopt::Parser::from_args(line.split_whitespace()))
    }

    #[test]
    fn tasks() {
        let cases = [
            ("bench", ClusterTask::Bench(BENCH)),
            ("bench --times 1 --lines 9", ClusterTask::Bench(BenchOptions { times: 1, lines: 9 })),
            ("faults", ClusterTask::Faults(FAULTS)),
            ("faults --times 3 --seed 9 --rate 5", ClusterTask::Faults(FaultOptions { times: 3, seed: 9, rate: 5 })),
            ("upgrade", ClusterTask::Upgrade(UPGRADE)),
            (
                "upgrade --times 2 --rate 5 --other /b/suiftly --cluster",
                ClusterTask::Upgrade(UpgradeOptions {
                    times: 2,
                    rate: 5,
                    other: Some("/b/suiftly".into()),
                    is_cluster: true,
                }),
            ),
            ("repair", ClusterTask::Repair),
        ];
        for (line, task) in cases {
            assert_eq!(parsed(line).unwrap(), task, "{line}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (line, says) in [
            ("", "bench, faults, upgrade, repair"),
            ("dance", "no dance"),
            ("bench --lines 0", "at least 1"),
            ("faults --rate 0", "at least 1"),
            ("upgrade --times many", "--times needs a number"),
            ("repair now", "now"),
        ] {
            let error = format!("{:#}", parsed(line).unwrap_err());
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
