//! `cargo xtask up`: the whole loop on this machine, driven, watched, reconciled.

use crate::args::{Escrow, UpOptions};
use crate::build;
use crate::chain;
use crate::end_to_end;
use crate::install;
use crate::money::Demonstration;
use crate::observe::Baseline;
use crate::places::Places;
use crate::ports::Ports;
use crate::reconcile::Counted;
use crate::settle::settle;
use crate::signals::Interrupt;
use crate::stack::{Shape, Stack};
use crate::traffic::Traffic;
use anyhow::{Context as _, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The data directory unless told otherwise.
pub(crate) const DATA_DIR: &str = "suiftly-dev";

/// The same of a timed run.
const TIMED_DATA_DIR: &str = "suiftly-timed";

/// A run that has to show money lasts so much longer at most.
const SHOW_SECONDS_MAX: u32 = 120;
/// A run this long, at this rate, costs the customer with most of the requests more than a dollar.
pub(crate) const SHOWS_MONEY_SECONDS: u32 = 45;
pub(crate) const SHOWS_MONEY_RATE: u32 = 1_000;

/// Installs, builds, runs.
pub(crate) fn up(options: &UpOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    if options.install {
        install::install(&places, install::TO_RUN)?;
    }
    build::web(&places)?;
    build::suiftly(&places, options.release)?;
    let data_dir = options.data_dir.clone().unwrap_or_else(|| places.data_dir(&data_dir_of(options)));
    // A timed run moves the clock at its end: it begins anew each time, unless told where.
    if options.seconds.is_some() && options.data_dir.is_none() {
        end_to_end::clear(&places.suiftly(options.release), &data_dir)?;
    }
    if options.escrow == Escrow::Sui {
        chain::choose(&data_dir)?;
    }
    let interrupt = Interrupt::catch()?;
    let shape = Shape {
        suiftly: places.suiftly(options.release),
        data_dir: std::path::absolute(data_dir)?,
        ports: if options.free_ports { Ports::free()? } else { Ports::well_known() },
        udp: options.udp,
        past: options.seconds.is_none(),
        settings: &[],
    };
    let mut session = match Session::start(&places, &shape, options.rate, &interrupt) {
        Err(_) if interrupt.is_set() => return Ok(stopped()),
        session => session?,
    };
    session.stack.tell_where()?;
    if options.seconds.is_none_or(|seconds| seconds >= SHOWS_MONEY_SECONDS && options.rate >= SHOWS_MONEY_RATE) {
        session.show_money(options.seconds.is_some(), &interrupt)?;
    }
    session.watch(options.seconds, options.kills, &interrupt)?;
    session.see_the_show_out(&interrupt)?;
    if interrupt.is_set() {
        drop(session);
        ensure!(options.seconds.is_none(), "interrupted before the reconciliation");
        return Ok(stopped());
    }
    let holds = session.reconcile(&interrupt)?;
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Unless another is named.
fn data_dir_of(options: &UpOptions) -> String {
    let name = if options.seconds.is_some() { TIMED_DATA_DIR } else { DATA_DIR };
    match options.escrow {
        Escrow::Embedded => name.to_owned(),
        Escrow::Sui => format!("{name}-sui"),
    }
}

fn stopped() -> ExitCode {
    println!("stopped");
    ExitCode::SUCCESS
}

/// A driven system and what it is counted from. Traffic goes first when dropped, then the system.
pub(crate) struct Session {
    traffic: Traffic,
    pub(crate) stack: Stack,
    baseline: Baseline,
    money: Option<Demonstration>,
    started: Instant,
    /// Where others write down what they ask the gateway, see [`Tally::add_written`].
    ///
    /// [`Tally::add_written`]: crate::traffic::Tally::add_written
    asked_by_others: Option<PathBuf>,
}

impl Session {
    /// Starts the system and the traffic.
    pub(crate) fn start(places: &Places, shape: &Shape, rate: u32, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let (stack, baseline) = Stack::start(places, shape, interrupt)?;
        let traffic = Traffic::start(shape.ports, stack.keys()?, rate)?;
        Ok(Self { traffic, stack, baseline, money: None, started: Instant::now(), asked_by_others: None })
    }

    /// Somebody else asks the gateway too, and writes it down there.
    pub(crate) fn count_others(&mut self, written: &Path) -> anyhow::Result<()> {
        std::fs::write(written, "").with_context(|| format!("cannot write {}", written.display()))?;
        self.asked_by_others = Some(written.to_owned());
        Ok(())
    }

    /// A customer is to go over their limit, another is to run out of funds; the reconciliation of a timed run closes the
    /// month.
    pub(crate) fn show_money(&mut self, is_timed: bool, interrupt: &Interrupt) -> anyhow::Result<()> {
        self.money = Demonstration::begin(&self.stack, is_timed, interrupt)?;
        Ok(())
    }

    /// Goes on until what is shown of money has been seen.
    pub(crate) fn see_the_show_out(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        for _ in 0..SHOW_SECONDS_MAX {
            if interrupt.is_set() || self.money.as_ref().is_none_or(Demonstration::is_over) {
                break;
            }
            self.watch(Some(1), 0, interrupt)?;
        }
        Ok(())
    }

    /// Prints a line per second for so long, or until interrupted, and kills `suiftly` so many times meanwhile.
    pub(crate) fn watch(&mut self, seconds: Option<u32>, kills: u32, interrupt: &Interrupt) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut due = kill_seconds(seconds.unwrap_or(0), kills).into_iter().peekable();
        for second in 1.. {
            if interrupt.wait_until(started + Duration::from_secs(u64::from(second))) {
                return Ok(());
            }
            self.stack.look_after()?;
            println!("{}", self.baseline.line(&mut self.stack, &self.traffic, self.started.elapsed()));
            if let Some(money) = &mut self.money {
                money.look(&self.traffic)?;
            }
            if due.next_if(|&due| due <= second).is_some() {
                println!("kill -9 suiftly, and start it again");
                self.stack.kill_suiftly()?;
            }
            if seconds.is_some_and(|seconds| second >= seconds) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends the traffic, lets everything arrive, compares, prints; says whether it adds up.
    pub(crate) fn reconcile(self, interrupt: &Interrupt) -> anyhow::Result<bool> {
        let Self { traffic, mut stack, baseline, money, asked_by_others, .. } = self;
        let mut tally = traffic.stop();
        if let Some(path) = asked_by_others {
            let written = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            tally.add_written(&written)?;
        }
        // Nobody asks any more, not even on the edge's behalf: what is counted stands still.
        stack.stop_edge();
        println!("waiting until all lines are in");
        let (after, numbered) = settle(&mut stack, &baseline.figures, &baseline.range, interrupt)?;
        let counted = Counted::between(&baseline.figures, &after, &tally, numbered, stack.gateway().boot_ms());
        let statuses: Vec<String> =
            tally.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        println!("answers by status: {}; {} could not be sent", statuses.join(", "), tally.not_sent);
        print!("reconciliation\n{counted}");
        let mut differences = counted.differences();
        if counted.answered == 0 {
            differences.push("no request was answered".to_owned());
        }
        if counted.answered > 0 && counted.journaled == 0 {
            differences.push("not one line arrived".to_owned());
        }
        if stack.unexpected_deaths() > 0 {
            differences.push(format!("something died by itself, times: {}", stack.unexpected_deaths()));
        }
        for difference in &differences {
            println!("  {difference}");
        }
        if let Some(money) = money.filter(|_| differences.is_empty()) {
            money.finish(interrupt)?;
        }
        println!("{}", if differences.is_empty() { "PASS: no difference" } else { "FAIL" });
        Ok(differences.is_empty())
    }
}

/// The same, as an error if it does not add up.
pub(crate) fn must_hold(holds: bool) -> anyhow::Result<()> {
    if holds { Ok(()) } else { bail!("the reconciliation does not hold") }
}

/// After which seconds to kill, evenly over the run, its end left alone.
fn kill_seconds(seconds: u32, kills: u32) -> Vec<u32> {
    (1..=kills).map(|kill| (seconds * kill / (kills + 1)).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::kill_seconds;

    #[test]
    fn kills_are_spread() {
        for (seconds, kills, at) in
            [(30, 5, vec![5, 10, 15, 20, 25]), (10, 1, vec![5]), (10, 0, vec![]), (2, 1, vec![1])]
        {
            assert_eq!(kill_seconds(seconds, kills), at);
        }
    }
}
