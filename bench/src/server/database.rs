//! The private PostgreSQL of a data directory: started and stopped by `suiftly db`, its CPU time as the kernel tells it.

use anyhow::{Context, ensure};
use nix::unistd::{SysconfVar, sysconf};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server. Stopped when dropped, and when this process dies.
pub(super) struct Database {
    /// A shell that stops it when our end of a pipe is closed.
    lifeline: Child,
    pid: u32,
    ticks_a_second: f64,
}

impl Database {
    pub(super) fn start(suiftly: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        ask(suiftly, "start", data_dir)?;
        let lifeline = Command::new("sh")
            .args(["-c", "read -r never; \"$@\"", "lifeline"])
            .arg(suiftly)
            .args(["db", "stop", "--data-dir"])
            .arg(data_dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot run `sh`")?;
        let pid = postmaster(&data_dir.join("postgres/data/postmaster.pid"))?;
        let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().context("the kernel does not tell its clock tick")?;
        Ok(Self { lifeline, pid, ticks_a_second: ticks as f64 })
    }

    /// Of the server and all its processes, those that have ended included.
    pub(super) fn cpu_seconds(&self) -> anyhow::Result<f64> {
        let mut ticks = 0;
        for entry in std::fs::read_dir("/proc").context("cannot read /proc")? {
            let path: PathBuf = entry?.path().join("stat");
            let Some(times) = std::fs::read_to_string(path).ok().and_then(|stat| Times::read(&stat)) else { continue };
            if times.pid == self.pid {
                ticks += times.own + times.ended_children;
            } else if times.parent == self.pid {
                ticks += times.own;
            }
        }
        ensure!(ticks > 0, "PostgreSQL has ended");
        Ok(ticks as f64 / self.ticks_a_second)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        drop(self.lifeline.stdin.take());
        // Fails only if it is gone already.
        let _ = self.lifeline.wait();
    }
}

/// `suiftly db VERB --data-dir DIR`: what it prints.
pub(super) fn ask(suiftly: &Path, verb: &str, data_dir: &Path) -> anyhow::Result<Vec<u8>> {
    let mut command = Command::new(suiftly);
    command.args(["db", verb, "--data-dir"]).arg(data_dir).stdin(Stdio::null());
    let output = command.output().with_context(|| format!("cannot run {}", suiftly.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "`suiftly db {verb}` failed: {} {}", said.trim(), printed.trim());
    Ok(output.stdout)
}

fn postmaster(pid_file: &Path) -> anyhow::Result<u32> {
    let text = std::fs::read_to_string(pid_file).with_context(|| format!("cannot read {}", pid_file.display()))?;
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
    pid.with_context(|| format!("{} names no process", pid_file.display()))
}

/// A process's CPU time, in clock ticks, user and system.
#[derive(Debug, PartialEq)]
struct Times {
    pid: u32,
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Times {
    /// Out of `/proc/PID/stat`: the name stands in brackets and may contain anything.
    fn read(stat: &str) -> Option<Self> {
        let (pid, _) = stat.split_once(' ')?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            parent: u32::try_from(number(1)?).ok()?,
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_kernels_words() {
        let stat = "812 (postgres: a) b) S 7 812 812 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99 5 6";
        assert_eq!(Times::read(stat), Some(Times { pid: 812, parent: 7, own: 120, ended_children: 7 }));
        assert_eq!(Times::read("812 (x"), None);
    }
}
