//! CPU time, user and system, of a child process or of this one.

use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::process::{Command, Stdio};

fn cpu_seconds(who: UsageWho) -> anyhow::Result<f64> {
    let usage = getrusage(who).context("cannot read the CPU time used")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}

/// CPU-seconds of this process so far.
pub fn of_process() -> anyhow::Result<f64> {
    cpu_seconds(UsageWho::RUSAGE_SELF)
}

/// CPU-seconds of this thread so far.
pub fn of_this_thread() -> anyhow::Result<f64> {
    cpu_seconds(UsageWho::RUSAGE_THREAD)
}

/// CPU-seconds of this process while it does `work`.
pub fn of_work<T>(work: impl FnOnce() -> T) -> anyhow::Result<(T, f64)> {
    let before = cpu_seconds(UsageWho::RUSAGE_SELF)?;
    let result = work();
    Ok((result, cpu_seconds(UsageWho::RUSAGE_SELF)? - before))
}

/// CPU-seconds of this thread while it does `work`.
pub fn of_thread<T>(work: impl FnOnce() -> T) -> anyhow::Result<(T, f64)> {
    let before = cpu_seconds(UsageWho::RUSAGE_THREAD)?;
    let result = work();
    Ok((result, cpu_seconds(UsageWho::RUSAGE_THREAD)? - before))
}

/// CPU-seconds of a command, from its start to its end. Its output is thrown away; failing is an error.
pub fn of_command(command: &mut Command) -> anyhow::Result<f64> {
    let before = cpu_seconds(UsageWho::RUSAGE_CHILDREN)?;
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    anyhow::ensure!(status.success(), "{program} ended with {status}");
    Ok(cpu_seconds(UsageWho::RUSAGE_CHILDREN)? - before)
}
