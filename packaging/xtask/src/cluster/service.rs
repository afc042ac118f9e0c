//! A process of a cluster, by way of its manager: struck, restarted, looked at.

use super::manager::{ManageOptions, State};
use super::net::Net;
use crate::process::{Supervised, program_of};
use crate::signals::Interrupt;
use anyhow::{Context as _, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::{self, Command};
use std::time::{Duration, Instant};

/// A manager ends its program within 35 s.
const STOP_TIME_MAX: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What the kernel counts CPU in, for programs on every architecture that there is a package for.
const TICKS_A_SECOND: f64 = 100.0;
/// Which fields of `/proc/PID/stat` those are, counted after the name: in user mode and in the kernel, of itself and of its
/// children that have ended.
const TICKS_AT: usize = 11;

/// What to run.
pub(crate) struct Unit {
    pub(crate) options: ManageOptions,
    pub(crate) environment: Vec<(String, String)>,
    /// Behind a cable of its own, by that name; else on this machine.
    pub(crate) is_behind_cable: bool,
}

/// A running process and its manager; both end when dropped.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    options: ManageOptions,
    manager: Supervised,
}

impl Service {
    /// Starts both.
    pub(crate) fn start(name: &'static str, unit: Unit) -> anyhow::Result<Self> {
        let Unit { options, environment, is_behind_cable } = unit;
        let state = options.state_file();
        if state.exists() {
            fs::remove_file(&state).with_context(|| format!("cannot remove {}", state.display()))?;
        }
        let enter = if is_behind_cable { "nsenter --net=\"$0\"" } else { "" };
        // What we may have been given ourselves does not concern it: those places are for its own.
        let script = format!("exec {enter} \"$@\" 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(Net::namespace(name));
        command.arg(program_of(process::id())).arg("cluster-manage");
        command.args(options.words()).envs(environment);
        let log = options.dir.join(format!("{name}.manager.log"));
        let manager = Supervised::spawn(name, &mut command, &log, &[(Signal::SIGTERM, STOP_TIME_MAX)])?;
        Ok(Self { name, options, manager })
    }

    /// As its manager wrote it last.
    pub(crate) fn state(&self) -> State {
        let text = fs::read_to_string(self.options.state_file()).unwrap_or_default();
        State::parse(&text).unwrap_or_default()
    }

    /// An error if its manager has ended: that never ends by itself.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.manager.check()
    }

    /// Sends a signal to the process itself.
    pub(crate) fn strike(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = self.state().pid;
        ensure!(pid > 0, "{} was not started yet", self.name);
        kill(Pid::from_raw(pid.try_into()?), signal).with_context(|| format!("cannot strike {}", self.name))
    }

    /// Has it end in good order and the next one start; gives how often it had been started.
    pub(crate) fn restart(&self) -> anyhow::Result<u32> {
        let starts = self.state().starts;
        let manager = Pid::from_raw(self.manager.id().try_into()?);
        kill(manager, Signal::SIGHUP).with_context(|| format!("cannot have {} restarted", self.name))?;
        Ok(starts)
    }

    /// Until one serves that was started after so many; what its manager says then.
    pub(crate) fn await_ready(&mut self, after: u32, within: Duration, interrupt: &Interrupt) -> anyhow::Result<State> {
        let deadline = Instant::now() + within;
        loop {
            let state = self.state();
            if state.is_ready && state.starts > after {
                return Ok(state);
            }
            self.check()?;
            let log = self.options.dir.join(format!("{}.log", self.name));
            let (name, seconds) = (self.name, within.as_secs());
            ensure!(Instant::now() < deadline, "{name} does not serve after {seconds} s: see {}", log.display());
            ensure!(!interrupt.wait(LOOK_EVERY), "interrupted");
        }
    }

    /// CPU that the process has used so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        cpu_seconds(self.state().pid)
    }
}

/// CPU that a process has used so far, its ended children's included, in seconds; 0 if there is none.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()).unwrap_or(0) as f64 / TICKS_A_SECOND
}

/// The name, in parentheses, may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(TICKS_AT).take(4).map(str::parse::<u64>);
    ticks.sum::<Result<u64, _>>().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_found_behind_any_name() {
        let stat = "812 (a) b) S 7 812 812 0 -1 4194560 100 0 0 0 250 50 20 3 20 0 9 0";
        assert_eq!(ticks(stat), Some(323));
        assert_eq!(ticks(""), None);
        assert!(cpu_seconds(std::process::id()) < 1e6);
        assert!(cpu_seconds(0).abs() < f64::EPSILON);
    }
}
