//! `cargo xtask cluster bench`: how fast a cluster takes, stores and bills lines, and what CPU each of its processes needs for it,
//! beside one process with every role: in turns, with the same load, behind the same cables.

use super::page::{Page, head, median, row};
use super::senders::{Pace, Senders};
use super::setup::{Site, System};
use crate::build;
use crate::places::Places;
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use anyhow::ensure;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A run that takes longer has failed.
const RUN_TIME_MAX: Duration = Duration::from_secs(600);
const ABOUT: &str = "As many lines as fast as they are taken, until all are stored; medians of the runs, in turns. CPU is that of \
    each process, user\nand kernel, until then; senders share the machine's cores and are not charged. *A home each*: each \
    gateway sends to one of the two\ningesters; *two homes*: each line goes to both. PostgreSQL, HAProxy's stand-ins and all \
    processes are on one machine, so that throughput\nis that of its cores, and what a cluster adds is what its CPU says.";

/// How many times, with how many lines each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    pub(crate) times: u32,
    pub(crate) lines: u64,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Single,
    HomeEach,
    TwoHomes,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Single, Self::HomeEach, Self::TwoHomes];

    const fn words(self) -> &'static str {
        match self {
            Self::Single => "one process",
            Self::HomeEach => "cluster, a home each",
            Self::TwoHomes => "cluster, two homes",
        }
    }
}

/// One run.
#[derive(Debug, Clone, Default)]
struct Measured {
    lines_per_second: f64,
    /// CPU seconds per million lines, by process.
    cpu: Vec<(&'static str, f64)>,
}

/// Builds, measures, tells, and writes the page.
pub(crate) fn bench(options: BenchOptions) -> anyhow::Result<ExitCode> {
    let BenchOptions { times, lines } = options;
    let places = Places::find()?;
    build::suiftly(&places, true)?;
    let (interrupt, programs) = (Interrupt::catch()?, [places.suiftly(true)]);
    let mut all: BTreeMap<Subject, Vec<Measured>> = BTreeMap::new();
    for turn in 1..=times {
        for subject in Subject::ALL {
            let data_dir = places.data_dir("suiftly-cluster");
            let site = Site { programs: &programs, data_dir: &data_dir, interrupt: &interrupt };
            let measured = measure(subject, &site, lines)?;
            println!("{turn} of {times}, {}: {:.0} lines/s", subject.words(), measured.lines_per_second);
            all.entry(subject).or_default().push(measured);
        }
    }
    let body = tables(&all, lines);
    println!("{body}");
    let command = format!("bench --times {times} --lines {lines}");
    Page { file: "cluster.md", title: "A cluster beside one process", command, about: ABOUT, body }.write(&places)?;
    Ok(ExitCode::SUCCESS)
}

fn measure(subject: Subject, site: &Site<'_>, lines: u64) -> anyhow::Result<Measured> {
    let mut system = if subject == Subject::Single { System::single(site, true)? } else { System::cluster(site)? };
    let before = system.cpu_seconds()?;
    let began = Instant::now();
    let pace = Pace::Lines(lines);
    let senders = match subject {
        Subject::Single | Subject::TwoHomes => Senders::to_all(&system.homes, pace)?,
        Subject::HomeEach => Senders::to_one_each(&system.homes, pace)?,
    };
    while system.api.pipeline().map_or(0, |pipeline| pipeline.stored) < lines {
        ensure!(!site.interrupt.wait(LOOK_EVERY), "interrupted");
        ensure!(began.elapsed() < RUN_TIME_MAX, "{}: not all lines are stored in time", subject.words());
        system.check()?;
    }
    let (seconds, after) = (began.elapsed().as_secs_f64(), system.cpu_seconds()?);
    drop(senders);
    let restarts = system.services.iter().filter(|service| service.state().starts != 1).count();
    ensure!(restarts == 0, "{restarts} processes died by themselves");
    let (lines, millions) = (lines as f64, lines as f64 / 1e6);
    let used =
        |((name, after), (_, before)): ((&'static str, f64), (&'static str, f64))| (name, (after - before) / millions);
    Ok(Measured { lines_per_second: lines / seconds, cpu: after.into_iter().zip(before).map(used).collect() })
}

fn tables(all: &BTreeMap<Subject, Vec<Measured>>, lines: u64) -> String {
    let mut text = format!("{} lines a run.\n\n", grouped(lines));
    text.push_str(&head(["", "lines/s", "least", "most", "CPU-s per million lines", "PostgreSQL's of these"]));
    for (subject, runs) in all {
        let speeds: Vec<f64> = runs.iter().map(|run| run.lines_per_second).collect();
        let (least, most) =
            (speeds.iter().copied().fold(f64::MAX, f64::min), speeds.iter().copied().fold(0.0, f64::max));
        let total: f64 = processes(runs).iter().map(|(_, cpu)| cpu).sum();
        let database = processes(runs).last().map_or(0.0, |(_, cpu)| *cpu);
        let whole = |number: f64| format!("{number:.0}");
        let cells =
            [whole(median(&speeds)), whole(least), whole(most), format!("{total:.2}"), format!("{database:.2}")];
        let [speed, least, most, total, database] = &cells;
        text.push_str(&row([subject.words(), speed, least, most, total, database]));
    }
    text.push_str("\n## CPU of each process, s per million lines\n\n");
    text.push_str(&head(["", "process", "CPU-s"]));
    for (subject, runs) in all {
        for (process, cpu) in processes(runs) {
            text.push_str(&row([subject.words(), process, &format!("{cpu:.2}")]));
        }
    }
    text
}

/// The median of each process over the runs.
fn processes(runs: &[Measured]) -> Vec<(&'static str, f64)> {
    let names = runs.first().map(|run| run.cpu.clone()).unwrap_or_default();
    let of = |at: usize| runs.iter().filter_map(|run| Some(run.cpu.get(at)?.1)).collect::<Vec<_>>();
    names.into_iter().enumerate().map(|(at, (name, _))| (name, median(&of(at)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_medians_of_runs() {
        let run = |lines_per_second, server, database| Measured {
            lines_per_second,
            cpu: vec![("server", server), ("PostgreSQL", database)],
        };
        let runs = vec![run(10_000.0, 2.0, 1.0), run(30_000.0, 1.0, 3.0), run(20_000.0, 9.0, 2.0)];
        let text = tables(&[(Subject::Single, runs)].into(), 1_000_000);
        assert!(text.starts_with("1,000,000 lines a run.\n"), "{text}");
        assert!(text.contains("| one process | 20000 | 10000 | 30000 | 4.00 | 2.00 |\n"), "{text}");
        assert!(text.contains("| one process | server | 2.00 |\n"), "{text}");
    }
}
