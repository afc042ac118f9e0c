//! What is done on a server, step by step, over a seam: the machine. Whatever fails after the first change leads back to the
//! last version, and back is looked after as well as forth.

use super::package::program_version;
use super::plan::Plan;
use super::schema::{self, Change};
use super::status::{Outcome, Status};
use std::path::Path;
use std::time::Duration;

/// How often it is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// What a server says while it waits for the others.
const GATHERING: &str = "installed; the others are waited for";
/// A server that was ready and does not answer so many times running is not healthy: one slow answer is none.
const MISSES_MAX: u32 = 3;

/// A server, as its own root sees it.
pub(super) trait Machine {
    /// The version of the database's schema.
    fn schema(&mut self) -> anyhow::Result<i32>;
    /// Makes a backup, and says where it is; `None`: none is configured.
    fn back_up(&mut self) -> anyhow::Result<Option<String>>;
    /// Puts a package in.
    fn install(&mut self, package: &Path) -> anyhow::Result<()>;
    /// Waits until whoever deploys says that the others have it too; an error if they have not.
    fn gathered(&mut self) -> anyhow::Result<()>;
    /// Which start of the service runs; empty: none does.
    fn run_id(&mut self) -> anyhow::Result<String>;
    /// Starts it anew.
    fn restart(&mut self) -> anyhow::Result<()>;
    /// How it is.
    fn look(&mut self) -> Look;
    /// Lets time pass.
    fn pause(&mut self, time: Duration);
    /// How much has passed.
    fn elapsed(&mut self) -> Duration;
    /// Writes a step down.
    fn told(&mut self, what: &str);
}

/// How a server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The program's version, if it answers.
    pub(super) version: Option<String>,
    /// Why it is not ready; `None`: it is.
    pub(super) trouble: Option<String>,
    /// Lines that count as lost, if it says so.
    pub(super) lost: Option<u64>,
}

/// How it went, and why not well.
pub(super) type Ended = (Outcome, Option<String>);

/// Carries a plan out.
pub(super) fn carry_out(machine: &mut dyn Machine, plan: &Plan) -> Ended {
    let before = machine.look();
    if let (Some(trouble), false) = (&before.trouble, plan.even_if_unhealthy) {
        return (Outcome::Refused, Some(format!("it was not healthy before: {trouble}")));
    }
    machine.told(&format!("version {} is to follow {}", plan.to, plan.from));
    let change = if plan.part.has_database() { schema::before(machine, plan) } else { Ok(Change::None) };
    let change = match change {
        Ok(change) => change,
        Err(reason) => return (Outcome::Refused, Some(reason)),
    };
    let new = Version { package: &plan.package, name: &plan.to, gathers: plan.gathers };
    let forth = put(machine, new, plan.ready_within).and_then(|run| {
        machine.told(&format!("ready; watched for {} s", plan.watch_for.as_secs()));
        watch(machine, plan.watch_for, &run)
    });
    match forth {
        Ok(()) => {
            let lost = machine.look().lost.zip(before.lost).map(|(after, before)| after.saturating_sub(before));
            let lost = lost.filter(|lost| *lost > 0).map(|lost| format!("; {lost} lines count as lost since before"));
            machine.told(&format!("version {} runs{}", plan.to, lost.unwrap_or_default()));
            (Outcome::Done, None)
        }
        Err(reason) => back(machine, plan, change, reason),
    }
}

/// Whether a server waits for the others: nothing has been restarted then.
pub(super) fn is_gathering(status: &Status) -> bool {
    status.steps.last().is_some_and(|step| step.what == GATHERING)
}

/// What is put in.
#[derive(Clone, Copy)]
struct Version<'a> {
    package: &'a Path,
    name: &'a str,
    /// Whether the others are waited for.
    gathers: bool,
}

/// Installs a package, has it run, and waits until it is ready. Which start of the service it is.
fn put(machine: &mut dyn Machine, of: Version<'_>, within: Duration) -> Result<String, String> {
    let Version { package, name: version, gathers } = of;
    let before = machine.run_id().map_err(|error| format!("{error:#}"))?;
    machine.told(&format!("installing {version}"));
    machine.install(package).map_err(|error| format!("{version} could not be installed: {error:#}"))?;
    if gathers {
        machine.told(GATHERING);
        machine.gathered().map_err(|error| format!("{version} was not started: {error:#}"))?;
    }
    // The package may have restarted it.
    if machine.run_id().map_err(|error| format!("{error:#}"))? == before {
        machine.told("restarting");
        machine.restart().map_err(|error| format!("{version} could not be started: {error:#}"))?;
    }
    let began = machine.elapsed();
    loop {
        // First: one that gets ready and ends at once is not the one that was seen.
        let run = machine.run_id().map_err(|error| format!("{error:#}"))?;
        let look = machine.look();
        let runs = look.version.as_deref() == Some(program_version(version));
        match look.trouble {
            None if runs => return Ok(run),
            trouble if machine.elapsed().saturating_sub(began) > within => {
                let answers = look.version.unwrap_or_else(|| "nothing".to_owned());
                let trouble = trouble.unwrap_or_else(|| format!("{answers} answers"));
                return Err(format!("{version} was not ready within {} s: {trouble}", within.as_secs()));
            }
            _ => machine.pause(LOOK_EVERY),
        }
    }
}

fn watch(machine: &mut dyn Machine, watch_for: Duration, run: &str) -> Result<(), String> {
    let (began, mut misses) = (machine.elapsed(), 0);
    while machine.elapsed().saturating_sub(began) < watch_for || misses > 0 {
        machine.pause(LOOK_EVERY);
        match machine.run_id() {
            Ok(now) if now == run => {}
            Ok(_) => return Err("it ended and was started anew while it was watched".to_owned()),
            Err(error) => return Err(format!("{error:#}")),
        }
        misses = if let Some(trouble) = machine.look().trouble {
            if misses + 1 >= MISSES_MAX {
                return Err(format!("it was ready, and is not any more: {trouble}"));
            }
            misses + 1
        } else {
            0
        };
    }
    Ok(())
}

/// The last version again.
fn back(machine: &mut dyn Machine, plan: &Plan, change: Change, reason: String) -> Ended {
    machine.told(&reason);
    if let Some(why) = schema::no_way_back(machine, plan, change) {
        machine.told(&why);
        return (Outcome::Stuck, Some(format!("{reason}; {why}")));
    }
    let Some(last) = &plan.last else {
        return (Outcome::Stuck, Some(format!("{reason}; there is no package of {} to go back to", plan.from)));
    };
    machine.told(&format!("going back to {}", plan.from));
    match put(machine, Version { package: last, name: &plan.from, gathers: false }, plan.ready_within) {
        Ok(_) => {
            machine.told(&format!("version {} runs again", plan.from));
            (Outcome::RolledBack, Some(reason))
        }
        Err(error) => {
            machine.told(&error);
            (Outcome::Stuck, Some(format!("{reason}; and going back failed: {error}")))
        }
    }
}
