//! Steps of a check: each prints its name and time, keeps its output for when it fails, and leaves its runner's own
//! closing line for the end.

use crate::places::search_path;
use crate::process::run_logged;
use crate::signals::Interrupt;
use anyhow::{Context as _, bail};
use nix::sys::statvfs::statvfs;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// The steps so far.
pub(crate) struct Steps {
    logs: PathBuf,
    interrupt: Interrupt,
    passed: u32,
    closing: Vec<String>,
    started: Instant,
    room: Room,
}

/// What is free on the disk that holds the logs, in bytes: a machine that is shared may run full by what others keep there.
#[derive(Debug, Clone, Copy)]
struct Room {
    at_start: u64,
    /// At the end of some step.
    least: u64,
}

impl Steps {
    /// Begins; the outputs of commands go into files in `logs`.
    pub(crate) fn new(logs: PathBuf, interrupt: Interrupt) -> anyhow::Result<Self> {
        fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
        let free = free_bytes(&logs)?;
        let room = Room { at_start: free, least: free };
        Ok(Self { logs, interrupt, passed: 0, closing: Vec::new(), started: Instant::now(), room })
    }

    pub(crate) const fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// A step of our own.
    pub(crate) fn work(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let since = Instant::now();
        let outcome = work();
        self.told(name, since, outcome.is_ok());
        outcome.with_context(|| format!("{name} failed"))
    }

    /// A step that is a command.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> anyhow::Result<()> {
        self.command_unless(name, command, |_| false, "")
    }

    /// A step that is a command, whose failure counts as "did not run" if its output says so.
    pub(crate) fn command_unless(
        &mut self,
        name: &str,
        command: &mut Command,
        cannot_run: impl Fn(&str) -> bool,
        reason: &str,
    ) -> anyhow::Result<()> {
        let since = Instant::now();
        let log = self.log_of(name);
        let succeeded = run_logged(plain(command), &log, &self.interrupt)?;
        let output = read(&log)?;
        if !succeeded && cannot_run(&output) {
            println!("  not run  {name}: {reason}");
            return Ok(());
        }
        self.ended(name, since, succeeded, &output)
    }

    /// Begins a step that is a command and takes one processor; others run meanwhile, until it is joined.
    pub(crate) fn begin(&self, name: &'static str, mut command: Command) -> Beside {
        let (log, interrupt) = (self.log_of(name), self.interrupt.clone());
        plain(&mut command);
        let into = log.clone();
        let running = thread::spawn(move || run_logged(&mut command, &into, &interrupt));
        Beside { name, since: Instant::now(), log, running }
    }

    /// Waits until it has ended.
    pub(crate) fn join(&mut self, beside: Beside) -> anyhow::Result<()> {
        let Beside { name, since, log, running } = beside;
        let Ok(succeeded) = running.join() else { bail!("{name} panicked") };
        self.ended(name, since, succeeded?, &read(&log)?)
    }

    fn ended(&mut self, name: &str, since: Instant, succeeded: bool, output: &str) -> anyhow::Result<()> {
        self.told(name, since, succeeded);
        self.closing.extend(closing_lines(output).into_iter().map(|line| format!("{name}: {line}")));
        if succeeded {
            return Ok(());
        }
        print!("{output}");
        bail!("{name} failed");
    }

    fn log_of(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{}.log", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")))
    }

    /// A line for the end.
    pub(crate) fn closing_line(&mut self, line: String) {
        self.closing.push(line);
    }

    /// What the runners said last, and how many steps there were.
    pub(crate) fn close(&self, all_passed: bool) {
        println!();
        for line in &self.closing {
            println!("{line}");
        }
        let Room { at_start, least } = self.room;
        println!("disk: {} GiB free at the start, {} at the least after a step", at_start >> 30, least >> 30);
        let failed = u32::from(!all_passed);
        println!("steps: {} passed, {failed} failed, in {:.0} s", self.passed, self.started.elapsed().as_secs_f64());
    }

    fn told(&mut self, name: &str, since: Instant, passed: bool) {
        self.passed += u32::from(passed);
        self.room.least = self.room.least.min(free_bytes(&self.logs).unwrap_or(u64::MAX));
        let word = if passed { "ok    " } else { "FAILED" };
        println!("  {word} {:>6.1} s  {name}", since.elapsed().as_secs_f64());
    }
}

/// A step that runs beside others.
pub(crate) struct Beside {
    name: &'static str,
    since: Instant,
    log: PathBuf,
    running: JoinHandle<anyhow::Result<bool>>,
}

/// Without colours, and with what was installed for us.
fn plain(command: &mut Command) -> &mut Command {
    command.env("PATH", search_path()).env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never").env_remove("FORCE_COLOR")
}

fn read(log: &Path) -> anyhow::Result<String> {
    fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))
}

fn free_bytes(dir: &Path) -> anyhow::Result<u64> {
    let found = statvfs(dir).with_context(|| format!("cannot ask how full the disk of {} is", dir.display()))?;
    Ok(found.blocks_available() * found.fragment_size())
}

/// A test that failed, and then passed: nextest's line, or vitest's.
fn is_flaky(line: &str) -> bool {
    line.starts_with("FLAKY ") || (line.starts_with('✓') && line.contains("(retry x"))
}

/// What runners close with: nextest's summary, vitest's tests, node's counts, the dashboard's size; and what passed only
/// when it was tried again, so that it is seen.
fn closing_lines(output: &str) -> Vec<String> {
    let counts = |line: &str| {
        let line = line.trim_start_matches(['#', 'ℹ', ' ']);
        line.starts_with("pass ") || line.starts_with("fail ")
    };
    let is_closing = |line: &str| {
        line.starts_with("Summary [")
            || is_flaky(line)
            || line.starts_with("first load: ")
            || line.starts_with("move: ")
            || line.strip_prefix("Tests ").is_some_and(|rest| rest.contains("passed") || rest.contains("failed"))
            || (line.starts_with(['#', 'ℹ']) && counts(line))
    };
    output.lines().map(str::trim).filter(|line| is_closing(line)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runners_close_with_these() {
        let output = "   Compiling x\n     Summary [   0.412s] 16 tests run: 16 passed, 0 skipped\n\
            \n Test Files  2 passed (2)\n      Tests  12 passed (12)\n# tests 4\n# pass 4\n# fail 0\nℹ pass 3\npass the salt\n\
            first load: 118.0 KB of JavaScript\nmove: 137 passed, 0 failed\nmove over\n\
            \x20  FLAKY 2/2 [   0.5s] store it::late\n ✓ e2e/a.ts > a page 90ms (retry x1)\n ✓ e2e/a.ts > another 80ms\n";
        assert_eq!(
            closing_lines(output),
            [
                "Summary [   0.412s] 16 tests run: 16 passed, 0 skipped",
                "Tests  12 passed (12)",
                "# pass 4",
                "# fail 0",
                "ℹ pass 3",
                "first load: 118.0 KB of JavaScript",
                "move: 137 passed, 0 failed",
                "FLAKY 2/2 [   0.5s] store it::late",
                "✓ e2e/a.ts > a page 90ms (retry x1)",
            ]
        );
    }

    #[test]
    fn a_failing_step_stops_and_one_that_cannot_run_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let mut steps = Steps::new(dir.path().to_owned(), Interrupt::catch().unwrap()).unwrap();
        let sh = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert!(steps.command("fine", &mut sh("echo '# pass 1'")).is_ok());
        let error = steps.command("broken", &mut sh("echo no; exit 1")).unwrap_err().to_string();
        assert_eq!(error, "broken failed");
        let offline = |said: &str| said.contains("offline");
        assert!(steps.command_unless("away", &mut sh("echo offline >&2; exit 1"), offline, "no network").is_ok());
        assert!(steps.command_unless("away", &mut sh("echo bad; exit 1"), offline, "no network").is_err());
        assert!(steps.work("own", || bail!("bad")).is_err());
        assert_eq!((steps.passed, steps.closing.clone()), (1, vec!["fine: # pass 1".to_owned()]));
        let (fine, broken) = (steps.begin("beside", sh("echo '# pass 2'")), steps.begin("and not", sh("exit 1")));
        steps.join(fine).unwrap();
        assert_eq!(steps.join(broken).unwrap_err().to_string(), "and not failed");
        assert_eq!((steps.passed, steps.closing.len()), (2, 2));
    }
}
