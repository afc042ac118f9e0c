//! A process that is measured: its CPU time and memory as the kernel tells them, and its sure end, whatever becomes of
//! this one.

use anyhow::Context;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::time::{ClockId, clock_getcpuclockid};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The hidden subcommand that [`Measured::spawn`] goes through.
pub const TIED: &str = "tied";

/// A running process. Killed when dropped.
#[derive(Debug)]
pub struct Measured {
    /// The process. Its standard input and output are pipes.
    pub child: Child,
    clock: ClockId,
}

impl Measured {
    /// Starts a program; its standard error goes to `log`. It is killed with the thread that starts it.
    pub fn spawn(program: &Path, configure: impl FnOnce(&mut Command), log: &Path) -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program")?;
        let errors = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(own);
        command.arg(TIED).arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        configure(&mut command);
        let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
        let pid = i32::try_from(child.id()).context("a process id is an int")?;
        match clock_getcpuclockid(Pid::from_raw(pid)) {
            Ok(clock) => Ok(Self { child, clock }),
            Err(error) => {
                let _ = child.kill();
                Err(error).context("cannot find the process's CPU clock")
            }
        }
    }

    /// CPU-seconds it has used, user and system, all threads, of this and earlier programs in the process.
    pub fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let time = self.clock.now().context("cannot read the process's CPU clock: it has ended")?;
        Ok(std::time::Duration::from(time).as_secs_f64())
    }

    /// The most memory it has held so far, in MB.
    pub fn peak_megabytes(&self) -> anyhow::Result<f64> {
        megabytes_of(&self.child.id().to_string(), PEAK)
    }

    /// The memory that it holds now, in MB.
    pub fn resident_megabytes(&self) -> anyhow::Result<f64> {
        megabytes_of(&self.child.id().to_string(), RESIDENT)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        // Either fails only if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The most memory that this process has held so far, in MB.
pub fn own_peak_megabytes() -> anyhow::Result<f64> {
    megabytes_of("self", PEAK)
}

/// What the kernel calls the most memory held so far, and that held now.
const PEAK: &str = "VmHWM:";
const RESIDENT: &str = "VmRSS:";

fn megabytes_of(process: &str, what: &str) -> anyhow::Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    megabytes_in(&status, what).with_context(|| format!("{path} tells no {what}"))
}

fn megabytes_in(status: &str, what: &str) -> Option<f64> {
    let told = status.lines().find_map(|line| line.strip_prefix(what))?;
    let kibibytes: f64 = told.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

/// The hidden subcommand: becomes the program named, tied to the parent's life. Returns only if that fails.
pub fn become_tied(arguments: Vec<OsString>) -> anyhow::Result<String> {
    set_pdeathsig(Signal::SIGKILL).context("cannot tie this process to its parent")?;
    let mut arguments = arguments.into_iter();
    let program = arguments.next().context("name a program")?;
    let error = Command::new(&program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_the_kernels_words() {
        let status = "Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t   12500 kB\nVmRSS:\t  6250 kB\nThreads:\t3\n";
        assert_eq!(megabytes_in(status, PEAK), Some(12.8));
        assert_eq!(megabytes_in(status, RESIDENT), Some(6.4));
        assert_eq!(megabytes_in("Name:\tx\n", PEAK), None);
    }
}
