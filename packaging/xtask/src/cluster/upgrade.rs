//! `cargo xtask cluster upgrade`: restarts under load that lose nothing. A service manager keeps the sockets and what the program
//! leaves with it; the lines come by real HAProxy rings where there is an HAProxy ([`relay`]), else from gateways of ours. At the
//! end no number is missing, and what was accepted is what was sent.

mod relay;

use super::closing::Closing;
use super::page::{Page, head, row};
use super::recount::Recount;
use super::senders::{Pace, Senders};
use super::setup::{SINGLE, Site, System, VICTIMS, home_of, settle};
use crate::build;
use crate::kill::{check, line_differences};
use crate::observe::Baseline;
use crate::places::Places;
use crate::signals::Interrupt;
use anyhow::ensure;
use relay::Relay;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Between two restarts, once the one before serves.
const CALM: Duration = Duration::from_secs(3);
const READY_TIME_MAX: Duration = Duration::from_secs(90);
const SETTLE_TIME_MAX: Duration = Duration::from_secs(120);
const ABOUT: &str = "The server is restarted under load by a manager that does what systemd does: sockets stay open, and connections \
    that the old process\nleaves with it go to the new one. *Away*: from the order to end until the next one serves. *Handed on*: \
    descriptors that the old\nprocess left. At the end each gateway's numbers must be whole, and what was accepted, stored and \
    billed must be what was numbered.";

/// Of the checks: a build that is not optimised, so fewer lines.
const SMOKE: UpgradeOptions = UpgradeOptions { times: 3, rate: 2_000, other: None, is_cluster: false };

/// How many, under which load, of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpgradeOptions {
    pub(crate) times: u32,
    pub(crate) rate: u32,
    /// The other build, by turns with ours.
    pub(crate) other: Option<PathBuf>,
    /// The ingesters of a cluster instead of the one process.
    pub(crate) is_cluster: bool,
}

/// A restart.
struct Restarted {
    who: &'static str,
    away: Duration,
    handed_on: usize,
}

/// Builds, restarts, tells, and writes the page.
pub(crate) fn upgrade(options: &UpgradeOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    build::suiftly(&places, true)?;
    let interrupt = Interrupt::catch()?;
    let programs: Vec<PathBuf> = [places.suiftly(true)].into_iter().chain(options.other.clone()).collect();
    let data_dir = places.data_dir("suiftly-cluster");
    let site = Site { programs: &programs, data_dir: &data_dir, interrupt: &interrupt };
    let (senders, restarted, closing, differences) = run(options, &places, &site)?;
    let UpgradeOptions { times, rate, other, is_cluster } = options;
    let verdict = if differences.is_empty() { "PASS" } else { "FAIL" };
    let builds = if other.is_some() { "two builds by turns" } else { "the same build each time" };
    let mut body = format!("**{verdict}: {times} restarts at {rate} lines/s, {builds}, {senders}**\n\n{closing}.\n\n");
    differences.iter().for_each(|difference| body.push_str(&format!("- {difference}\n")));
    body.push_str(&format!("\n{}", head(["who", "away, s", "handed on"])));
    for Restarted { who, away, handed_on } in &restarted {
        body.push_str(&row([who, &format!("{:.2}", away.as_secs_f64()), &handed_on.to_string()]));
    }
    println!("{body}");
    let (flag, file) = if *is_cluster { (" --cluster", "upgrade-cluster.md") } else { ("", "upgrade.md") };
    let command = format!("upgrade --times {times} --rate {rate}{flag}");
    Page { file, title: "Upgrades without loss", command, about: ABOUT, body }.write(&places)?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A few restarts of what was built, and the line that says how it ended; an error where a line is missing.
pub(crate) fn smoke(places: &Places, interrupt: &Interrupt) -> anyhow::Result<String> {
    let (programs, data_dir) = ([places.suiftly(false)], places.data_dir("suiftly-cluster"));
    let site = Site { programs: &programs, data_dir: &data_dir, interrupt };
    let (senders, restarted, closing, differences) = run(&SMOKE, places, &site)?;
    ensure!(differences.is_empty(), "{closing}\n{}", differences.join("\n"));
    Ok(format!("{} restarts under load, {senders}: {closing}", restarted.len()))
}

fn run(
    options: &UpgradeOptions,
    places: &Places,
    site: &Site<'_>,
) -> anyhow::Result<(&'static str, Vec<Restarted>, Closing, Vec<String>)> {
    let mut system = if options.is_cluster { System::cluster(site)? } else { System::single(site, false)? };
    let range = Baseline::take(&mut system.api)?.range;
    let (mut relay, to, who) = way(places, site.data_dir, &system.homes, site.interrupt)?;
    let senders = Senders::to_all(&to, Pace::PerSecond(options.rate))?;
    let mut restarted = Vec::new();
    let homes = VICTIMS.into_iter().filter(|victim| home_of(victim).is_some());
    let victims: Vec<&'static str> = if options.is_cluster { homes.collect() } else { vec![SINGLE] };
    for victim in victims.into_iter().cycle().take(options.times as usize) {
        ensure!(!site.interrupt.wait(CALM), "interrupted");
        restarted.push(restart(&mut system, victim, site.interrupt)?);
        relay.iter_mut().try_for_each(Relay::check)?;
    }
    ensure!(!site.interrupt.wait(CALM), "interrupted");
    let dropped = senders.dropped();
    let numbered = senders.stop()?;
    settle(&mut system, SETTLE_TIME_MAX, site.interrupt)?;
    let (pipeline, usage) = (system.api.pipeline()?, system.api.usage(&range, None)?);
    drop(relay);
    system.end_services();
    let journaled = Recount::of(system.journals.iter().map(PathBuf::as_path))?;
    let closing = Closing { numbered, journaled, pipeline, usage };
    let mut differences = closing.differences();
    differences.extend(line_differences(&check(site.suiftly()?, site.data_dir, &system.to_check())?));
    if closing.lost() > 0 {
        differences.push(format!("{} lines are in no journal", closing.lost()));
    }
    let lonely = restarted.iter().filter(|one| one.handed_on == 0).count();
    if lonely > 0 {
        differences.push(format!("{lonely} times no connection was handed on"));
    }
    if dropped > 0 {
        differences.push(format!("{dropped} lines found no room in the rings of the gateways"));
    }
    Ok((who, restarted, closing, differences))
}

/// Has it end and the next one start; how long nobody served.
fn restart(system: &mut System, victim: &'static str, interrupt: &Interrupt) -> anyhow::Result<Restarted> {
    let began = Instant::now();
    let service = system.service(victim)?;
    let starts = service.restart()?;
    let state = service.await_ready(starts, READY_TIME_MAX, interrupt)?;
    let (away, handed_on) = (began.elapsed(), state.given);
    let home = home_of(victim).map_or(String::new(), |home| format!(" (home {home})"));
    println!("{victim}{home}: away for {:.2} s, {handed_on} descriptors handed on", away.as_secs_f64());
    Ok(Restarted { who: victim, away, handed_on })
}

/// Where gateways of ours send, and what is between them and the homes.
fn way(
    places: &Places,
    data_dir: &Path,
    homes: &[SocketAddr],
    interrupt: &Interrupt,
) -> anyhow::Result<(Option<Relay>, Vec<SocketAddr>, &'static str)> {
    match Relay::start(places, data_dir, homes, interrupt)? {
        Some(relay) => {
            let to = vec![relay.here()];
            Ok((Some(relay), to, "by the rings of a real HAProxy"))
        }
        None => Ok((None, homes.to_vec(), "by gateways of ours: there is no HAProxy here")),
    }
}
