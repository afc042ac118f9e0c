//! `cargo xtask soak`: the whole system under load with faults at moments of a seed ([`fault`]), then every request
//! accounted for.
//!
//! The load is that of `cargo xtask up`. Two things are put in between so that they can fail: a wire from HAProxy to `suiftly`
//! that can be cut ([`wire`]), and a disk of the journal's own that can be filled ([`disk`]). After each fault the system has
//! to come back by itself ([`strike`]), and the fault has to have been one ([`seen`]). At the end the counts of clients, of
//! every HAProxy worker ([`count`], [`witness`]), of the journal and of the views are held against each other, the gateway's maps against the
//! publisher's ([`vault`]), live bills against closed ones and audits ([`month`]), the journal against the database line by line.

mod count;
mod disk;
mod fault;
mod month;
mod seen;
mod strike;
mod told;
mod vault;
mod wire;
mod witness;

use crate::args::SoakOptions;
use crate::build;
use crate::end_to_end::clear;
use crate::gateway::socket_path;
use crate::install;
use crate::kill::{check, line_differences};
use crate::machine;
use crate::observe::Baseline;
use crate::places::Places;
use crate::plan::Random;
use crate::ports::Ports;
use crate::settle::settle;
use crate::signals::Interrupt;
use crate::stack::{AS_OFTEN_AS_THEY_LIKE, Shape, Stack};
use crate::traffic::{CLIENTS, Traffic};
use anyhow::{Context as _, ensure};
use count::{Worker, Workers};
use disk::SmallDisk;
use fault::{Fault, Strike};
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use told::Told;
use wire::Wire;

/// Requests per second, around which there are waves and bursts.
const RATE: u32 = 400;
/// Answers at a kill whose lines the worker took along without anybody having heard of them: each client has one request
/// under way at a time, and so is owed one line at most.
const UNHEARD_PER_KILL_MAX: u64 = CLIENTS as u64;
/// A line of progress so often.
const TELL_EVERY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Where the document goes, below the checkout.
const DOCUMENT: &str = "docs/proof/soak.md";
/// Small segments without any made in advance: a full disk is then felt at the next line, and not a segment later.
const SETTINGS: [(&str, &str); 4] = [
    AS_OFTEN_AS_THEY_LIKE[0],
    AS_OFTEN_AS_THEY_LIKE[1],
    ("SUIFTLY_JOURNAL__SEGMENT_BYTES", "8388608"),
    ("SUIFTLY_JOURNAL__SPARE_SEGMENTS", "0"),
];

/// Builds, soaks, tells, and writes the document.
pub(crate) fn soak(options: SoakOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    build::web(&places)?;
    build::suiftly(&places, false)?;
    let interrupt = Interrupt::catch()?;
    let told = run(&places, options, &interrupt)?;
    for line in told.findings.iter().chain(&told.differences).chain(&told.left_out) {
        println!("  {line}");
    }
    let document = places.root.join(DOCUMENT);
    write(&document, &told.document(&options, RATE, &facts(&places), &machine::now()))?;
    println!("written to {}\n{}", document.display(), told.verdict());
    Ok(if told.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn facts(places: &Places) -> [machine::Facts; 3] {
    [machine::machine(places), machine::versions(places, &places.suiftly(false)), busyness()]
}

/// How busy the machine was, whoever else made it so.
fn busyness() -> machine::Facts {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').nth(2).map(|load| ("load average, 15 minutes", load.to_owned())).into_iter().collect()
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// One run on a fresh data directory.
fn run(places: &Places, options: SoakOptions, interrupt: &Interrupt) -> anyhow::Result<Told> {
    let (suiftly, data_dir) = (places.suiftly(false), places.data_dir("suiftly-soak"));
    let journal = data_dir.join("journal");
    SmallDisk::unmount_leftover(&journal)?;
    clear(&suiftly, &data_dir)?;
    let mut ports = Ports::free()?;
    let wire = Wire::lay(ports.syslog)?;
    ports.logs = wire.here();
    let mut told = Told::default();
    let disk = SmallDisk::mount(&journal);
    let disk = disk.map_err(|error| told.left_out.push(format!("a full disk: {error:#}"))).ok();
    let mut faults = Fault::ALL.to_vec();
    faults.retain(|fault| disk.is_some() || *fault != Fault::DiskFull);
    let shape = Shape { suiftly, data_dir, ports, udp: false, past: false, settings: &SETTINGS };
    let (stack, baseline) = Stack::start(places, &shape, interrupt)?;
    let traffic = Some(Traffic::start(ports, stack.keys()?, RATE)?);
    let (started, workers, interrupt) = (Instant::now(), Workers::default(), interrupt.clone());
    let mut soak = Soak { traffic, stack, disk, wire, baseline: &baseline, workers, told, started, interrupt };
    let time = Duration::from_secs(u64::from(options.minutes) * 60);
    let strikes = fault::plan(options.seed, time, &faults);
    println!("{} faults in {} minutes, by seed {}", strikes.len(), options.minutes, options.seed);
    soak.strikes(&strikes, time)?;
    soak.account(&mut Random::seeded(options.seed))?;
    Ok(soak.told)
}

/// The running system and what is known of it. Dropped, and so stopped, in this order.
struct Soak<'a> {
    /// Until it is stopped.
    traffic: Option<Traffic>,
    stack: Stack,
    disk: Option<SmallDisk>,
    wire: Wire,
    baseline: &'a Baseline,
    /// HAProxy's workers that have ended.
    workers: Workers,
    told: Told,
    started: Instant,
    interrupt: Interrupt,
}

impl Soak<'_> {
    /// All of them, each at its moment or as soon as the one before is over; then the rest of the time.
    fn strikes(&mut self, strikes: &[Strike], time: Duration) -> anyhow::Result<()> {
        for strike in strikes {
            self.watch_until(strike.at)?;
            let struck = self.strike(strike).with_context(|| format!("{} failed", strike.fault.words()))?;
            println!("{}", struck.line());
            self.told.struck.push(struck);
        }
        self.watch_until(time)
    }

    /// Tells how it goes, and looks after who may die by themselves.
    fn watch_until(&mut self, at: Duration) -> anyhow::Result<()> {
        let mut next = self.started.elapsed();
        while self.started.elapsed() < at {
            self.stack.look_after()?;
            if let Some(traffic) = self.traffic.as_ref().filter(|_| self.started.elapsed() >= next) {
                println!("{}", self.baseline.line(&mut self.stack, traffic, self.started.elapsed()));
                next += TELL_EVERY;
            }
            let left = at.saturating_sub(self.started.elapsed());
            ensure!(!self.interrupt.wait(left.min(LOOK_EVERY)), "interrupted");
        }
        Ok(())
    }

    /// Ends the traffic, lets everything arrive, and holds everything against everything.
    fn account(&mut self, random: &mut Random) -> anyhow::Result<()> {
        let tally = self.traffic.take().context("the traffic ends once")?.stop();
        println!("waiting until all lines are in");
        let socket = socket_path(self.stack.data_dir())?;
        let agreed = vault::must_agree(self.stack.data_dir(), &socket, &self.interrupt);
        self.found("the vault", agreed.map(|found| vec![found]));
        // Nobody asks any more, not even on the edge's behalf: what is counted stands still.
        self.stack.stop_edge();
        let Baseline { figures: before, range } = self.baseline;
        let (after, numbered) = settle(&mut self.stack, before, range, &self.interrupt)?;
        self.workers.all.push(Worker { boot_ms: self.stack.gateway().boot_ms(), numbered, is_killed: false });
        let (counted, taken) = self.workers.counted(before, &after, &tally, UNHEARD_PER_KILL_MAX);
        self.told.reconciliation = format!("  {} HAProxy workers\n{counted}{taken}", self.workers.all.len());
        print!("reconciliation\n{}", self.told.reconciliation);
        self.told.differences.extend(counted.differences());
        if counted.answered == 0 || counted.journaled == 0 {
            self.told.differences.push("nothing was asked, or nothing came".to_owned());
        }
        let closed = month::close(&mut self.stack, random, &self.interrupt);
        self.found("the end of the month", closed);
        let deaths = self.stack.unexpected_deaths();
        if deaths > 0 {
            self.told.differences.push(format!("something died by itself, times: {deaths}"));
        }
        self.check_lines()
    }

    /// The journal against the database, line by line, with nothing running but PostgreSQL.
    fn check_lines(&mut self) -> anyhow::Result<()> {
        if !self.stack.stop_suiftly() {
            self.told.differences.push("suiftly does not end by itself".to_owned());
        }
        let lines = check(self.stack.suiftly(), self.stack.data_dir(), &[])?;
        let differences = line_differences(&lines);
        if differences.is_empty() {
            let (frames, stored) = (&lines["frames"], &lines["stored"]);
            let found =
                format!("of {frames} journaled frames each line is stored once, {stored} in all, and counted once");
            self.told.findings.push(found);
        }
        self.told.differences.extend(differences);
        Ok(())
    }

    fn found(&mut self, what: &str, found: anyhow::Result<Vec<String>>) {
        match found {
            Ok(lines) => self.told.findings.extend(lines),
            Err(error) => self.told.differences.push(format!("{what}: {error:#}")),
        }
    }
}
