//! `cargo xtask cluster faults`: a cluster under load, one of its five processes killed, unplugged, half cut off or paused at a
//! time, by a seed ([`super::fault`]). After each it must serve again by itself. At the end every line that is in a journal is
//! stored and billed once, and what is missing is what no home has.

use super::closing::Closing;
use super::fault::{Fault, Strike, plan};
use super::page::{Page, head, median, row};
use super::recount::Recount;
use super::senders::{Pace, Senders, marked};
use super::setup::{Site, System, VICTIMS, home_of, settle};
use super::told::Told;
use crate::api::Range;
use crate::build;
use crate::kill::{check, line_differences};
use crate::observe::Baseline;
use crate::places::Places;
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use anyhow::{Context as _, ensure};
use nix::sys::signal::Signal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The bar.
const SERVES_WITHIN: Duration = Duration::from_secs(20);
/// What does not serve by then does not come back by itself.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(90);
const MARK_EVERY: Duration = Duration::from_millis(100);
const SETTLE_TIME_MAX: Duration = Duration::from_secs(180);
const ABOUT: &str = "Three processes of the dataflow and two ingesters, each in a network namespace of its own, with the API and \
    PostgreSQL beside\nthem; every line goes to both ingesters. *Serving again*: from the strike (kill) or the heal (else) until \
    the API is ready and a line\nsent after it, of a customer of each third of the shards, is told on the live stream; where an \
    ingester was struck, by way of that one alone.";

/// Of the checks: a build that is not optimised, so fewer lines.
const SMOKE: FaultOptions = FaultOptions { times: 4, seed: 20_261_123, rate: 1_000 };

/// How many, by which seed, under which load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FaultOptions {
    pub(crate) times: u32,
    pub(crate) seed: u64,
    pub(crate) rate: u32,
}

/// A strike, and when it served again.
struct Struck {
    strike: Strike,
    back: Option<Duration>,
}

impl Struck {
    fn line(&self) -> String {
        let Strike { victim, fault, lasts, .. } = self.strike;
        let back = self.back.map_or_else(|| "never".to_owned(), |back| format!("{:.1}", back.as_secs_f64()));
        row([&format!("{victim} {}", fault.words()), &format!("{:.1}", lasts.as_secs_f64()), &back])
    }
}

/// Builds, strikes, tells, and writes the page.
pub(crate) fn faults(options: FaultOptions) -> anyhow::Result<ExitCode> {
    let FaultOptions { times, seed, rate } = options;
    let places = Places::find()?;
    build::suiftly(&places, true)?;
    let interrupt = Interrupt::catch()?;
    let (struck, closing, mut differences) = run(&places, &places.suiftly(true), options, &interrupt)?;
    let late = struck.iter().filter(|one| one.back.is_none_or(|back| back > SERVES_WITHIN)).count();
    if late > 0 {
        differences.push(format!("{late} times it did not serve within {} s", SERVES_WITHIN.as_secs()));
    }
    let verdict = if differences.is_empty() { "PASS" } else { "FAIL" };
    let met = struck.len();
    let mut body = format!("**{verdict}: {met} faults, {}**\n\n{closing}.\n\n", summary(&struck));
    differences.iter().for_each(|difference| body.push_str(&format!("- {difference}\n")));
    body.push_str(&format!("\n{}", head(["what", "for, s", "serving again, s"])));
    struck.iter().for_each(|one| body.push_str(&one.line()));
    println!("{body}");
    let command = format!("faults --times {times} --seed {seed} --rate {rate}");
    Page { file: "cluster-faults.md", title: "Faults of a cluster", command, about: ABOUT, body }.write(&places)?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A few strikes on what was built, and the line that says how it ended; an error where a line is not where it should be.
pub(crate) fn smoke(places: &Places, interrupt: &Interrupt) -> anyhow::Result<String> {
    let (struck, closing, differences) = run(places, &places.suiftly(false), SMOKE, interrupt)?;
    ensure!(struck.iter().all(|one| one.back.is_some()), "it did not come back by itself");
    ensure!(differences.is_empty(), "{closing}\n{}", differences.join("\n"));
    Ok(format!("a cluster struck {} times by seed {}: {closing}", struck.len(), SMOKE.seed))
}

fn run(
    places: &Places,
    suiftly: &Path,
    options: FaultOptions,
    interrupt: &Interrupt,
) -> anyhow::Result<(Vec<Struck>, Closing, Vec<String>)> {
    let (programs, data_dir): ([PathBuf; 1], _) = ([suiftly.to_owned()], places.data_dir("suiftly-cluster"));
    let site = Site { programs: &programs, data_dir: &data_dir, interrupt };
    println!("starting a cluster in {}", data_dir.display());
    let mut system = System::cluster(&site)?;
    let range = Baseline::take(&mut system.api)?.range;
    let senders = Senders::to_all(&system.homes, Pace::PerSecond(options.rate))?;
    let mut run = Run { senders, marks: 0, system, range, interrupt };
    let back = run.serves_again("api")?;
    ensure!(back.is_some(), "it does not serve, with nobody struck");
    let mut struck = Vec::new();
    for strike in plan(options.seed, options.times, &VICTIMS) {
        let back = run.strike(&strike).with_context(|| format!("{} {}", strike.victim, strike.fault.words()))?;
        struck.push(Struck { strike, back });
        let (count, line) = (run.senders.numbered(), struck.last().map(Struck::line).unwrap_or_default());
        print!("{:>3}, {} lines numbered {line}", struck.len(), grouped(count));
        if back.is_none() {
            println!("it does not come back by itself: nobody else is struck");
            break;
        }
    }
    let (closing, differences) = run.account(&site)?;
    Ok((struck, closing, differences))
}

/// Worst and median of the times until it served again.
fn summary(struck: &[Struck]) -> String {
    let times: Vec<f64> = struck.iter().filter_map(|one| one.back).map(|back| back.as_secs_f64()).collect();
    let worst = times.iter().copied().fold(0.0, f64::max);
    format!("serving again after {:.1} s (p50), {worst:.1} s at worst", median(&times))
}

struct Run<'a> {
    senders: Senders,
    /// How often marks were sent: each time of other customers.
    marks: u64,
    system: System,
    range: Range,
    interrupt: &'a Interrupt,
}

impl Run<'_> {
    /// How long after it, or after its end, the cluster served again.
    fn strike(&mut self, strike: &Strike) -> anyhow::Result<Option<Duration>> {
        let Strike { victim, fault, calm, lasts } = *strike;
        ensure!(!self.interrupt.wait(calm), "interrupted");
        match fault {
            Fault::Killed => self.system.service(victim)?.strike(Signal::SIGKILL)?,
            Fault::Unplugged => {
                self.system.net()?.pull(victim)?;
                self.last(lasts)?;
                self.system.net()?.plug(victim)?;
            }
            Fault::Blocked(way) => {
                self.system.net()?.block(victim, way)?;
                self.last(lasts)?;
                self.system.net()?.unblock(victim, way)?;
            }
            Fault::Paused => {
                self.system.service(victim)?.strike(Signal::SIGSTOP)?;
                self.last(lasts)?;
                self.system.service(victim)?.strike(Signal::SIGCONT)?;
            }
        }
        self.serves_again(victim)
    }

    fn last(&mut self, lasts: Duration) -> anyhow::Result<()> {
        ensure!(!self.interrupt.wait(lasts), "interrupted");
        self.system.check()
    }

    /// How long it takes from now on, if it does at all.
    fn serves_again(&mut self, victim: &str) -> anyhow::Result<Option<Duration>> {
        let began = Instant::now();
        let of = marked(self.marks);
        self.marks += 1;
        let (api, token) = (self.system.ports.admin, &self.system.token);
        let told = of.map(|customer| Told::of(api, token, customer));
        let told = told.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        while began.elapsed() < GIVEN_UP_AFTER {
            self.senders.mark(home_of(victim), &of);
            ensure!(!self.interrupt.wait(MARK_EVERY), "interrupted");
            self.system.check()?;
            if told.iter().all(|told| told.requests() > 0) && self.system.api.is_ready() {
                return Ok(Some(began.elapsed()));
            }
        }
        Ok(None)
    }

    /// Ends the load, lets all arrive, and holds everything against everything.
    fn account(self, site: &Site<'_>) -> anyhow::Result<(Closing, Vec<String>)> {
        let Self { mut system, senders, range, .. } = self;
        let dropped = senders.dropped();
        let numbered = senders.stop()?;
        println!("waiting until all lines are in; the rings of homes that were away lost {dropped} lines");
        settle(&mut system, SETTLE_TIME_MAX, site.interrupt)?;
        let (pipeline, usage) = (system.api.pipeline()?, system.api.usage(&range, None)?);
        system.end_services();
        let journaled = Recount::of(system.journals.iter().map(PathBuf::as_path))?;
        let closing = Closing { numbered, journaled, pipeline, usage };
        let mut differences = closing.differences();
        differences.extend(line_differences(&check(site.suiftly()?, site.data_dir, &system.to_check())?));
        Ok((closing, differences))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::net::Way;

    #[test]
    fn the_worst_and_the_median_are_told() {
        let struck = |back: Option<u64>| {
            let fault = Fault::Blocked(Way::In);
            let (calm, lasts) = (Duration::ZERO, Duration::from_millis(2_500));
            let strike = Strike { victim: "ingest-a", fault, calm, lasts };
            Struck { strike, back: back.map(Duration::from_secs) }
        };
        let all = [struck(Some(2)), struck(Some(9)), struck(None), struck(Some(4))];
        assert_eq!(summary(&all), "serving again after 4.0 s (p50), 9.0 s at worst");
        assert_eq!(all[0].line(), "| ingest-a hears nobody: what is sent to it is lost | 2.5 | 2.0 |\n");
        assert!(all[2].line().ends_with("| never |\n"));
    }
}
