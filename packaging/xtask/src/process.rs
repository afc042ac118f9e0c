//! Child processes: run to the end, or supervised and surely ended.
//!
//! Each supervised child has its own process group, so that Ctrl-C reaches us alone and we choose the order of the end.
//! A [`Lifeline`] ends it even if we are killed: a shell that waits for our end of a pipe to close.

use crate::signals::Interrupt;
use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a dying process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of a log that are shown when its process failed.
const TAIL_LINES: usize = 40;

/// A process's program, to be run again. By way of the kernel, which has it even where its file was replaced since: a build
/// of the whole workspace does that to ours.
pub(crate) fn program_of(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// Runs a command to its end with our own terminal; an error if it fails.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| cannot_run(command))?;
    if status.success() { Ok(()) } else { bail!("`{}` failed: {status}", shown(command)) }
}

/// Runs a command to its end; what it says goes into the error if it fails, else it is dropped.
pub(crate) fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_run(command))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    bail!("`{}` failed: {}", shown(command), last_lines(&said).trim_end());
}

/// Runs a command to its end in a process group of its own, its output into a file; says whether it succeeded. When
/// interrupted the whole group is ended.
pub(crate) fn run_logged(command: &mut Command, log: &Path, interrupt: &Interrupt) -> anyhow::Result<bool> {
    Ok(run_bounded(command, log, None, interrupt)? == Some(true))
}

/// The same within a time; `None` if it took longer, and was ended.
pub(crate) fn run_bounded(
    command: &mut Command,
    log: &Path,
    time_max: Option<Duration>,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<bool>> {
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = output.try_clone()?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
    let mut child = command.spawn().with_context(|| cannot_run(command))?;
    let group = format!("-{}", child.id());
    let mut lifeline = Lifeline::tie(["kill", "-s", "TERM", "--", &group])?;
    let began = Instant::now();
    while !interrupt.wait(LOOK_EVERY) {
        if let Some(status) = child.try_wait()? {
            lifeline.cut();
            return Ok(Some(status.success()));
        }
        if time_max.is_some_and(|most| began.elapsed() > most) {
            lifeline.pull();
            child.wait()?;
            return Ok(None);
        }
    }
    lifeline.pull();
    child.wait()?;
    bail!("interrupted")
}

fn cannot_run(command: &Command) -> String {
    format!("cannot run `{}`", command.get_program().display())
}

/// A command as one would type it; only its program's file name and arguments.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// A long-running child with its log file. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Supervised {
    name: &'static str,
    child: Child,
    log: PathBuf,
    farewell: Vec<(Signal, Duration)>,
    lifeline: Lifeline,
}

impl Supervised {
    /// Starts `command` with its output appended to `log`. At the end the signals of `farewell` are sent one after
    /// another, each with the time it may take; then SIGKILL.
    pub(crate) fn spawn(
        name: &'static str,
        command: &mut Command,
        log: &Path,
        farewell: &[(Signal, Duration)],
    ) -> anyhow::Result<Self> {
        if let Some(dir) = log.parent() {
            fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        }
        let output = OpenOptions::new().create(true).append(true).open(log);
        let output = output.with_context(|| format!("cannot write {}", log.display()))?;
        let errors: File = output.try_clone()?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors).process_group(0);
        let child = command.spawn().with_context(|| cannot_run(command))?;
        let lifeline = Lifeline::tie(["kill", "-s", "TERM", &child.id().to_string()])?;
        Ok(Self { name, child, log: log.to_owned(), farewell: farewell.to_vec(), lifeline })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot look after {}", self.name))
    }

    /// An error with the end of its log, if it has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                bail!("{} ended by itself ({status}); its last words:\n{}", self.name, last_lines(&log));
            }
        }
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill_at_once(&mut self) {
        self.lifeline.cut();
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends it as politely as it lets us; says whether politeness sufficed.
    pub(crate) fn stop(&mut self) -> bool {
        self.lifeline.cut();
        for (signal, patience) in self.farewell.clone() {
            if self.gone_within(Duration::ZERO) {
                return true;
            }
            self.signal(signal);
            if self.gone_within(patience) {
                return true;
            }
        }
        self.kill_at_once();
        false
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Fails only if it is gone already: it has not been waited for, so the id is still its own.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    fn gone_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK_EVERY),
                Ok(None) => return false,
                Ok(Some(_)) | Err(_) => return true,
            }
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Runs a command if this process ends without having cut it. A shell does, whose own `kill` needs no package.
#[derive(Debug)]
pub(crate) struct Lifeline(Child);

impl Lifeline {
    /// Ties a command to our life.
    pub(crate) fn tie<S: AsRef<OsStr>>(command: impl IntoIterator<Item = S>) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", "read -r never; \"$@\"", "lifeline"]).args(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        Ok(Self(shell.spawn().context("cannot run `sh`")?))
    }

    /// Runs the command now.
    fn pull(mut self) {
        drop(self.0.stdin.take());
        // Fails only if it is gone already.
        let _ = self.0.wait();
    }

    /// It is no longer needed.
    pub(crate) fn cut(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        self.cut();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn a_program_is_run_again_though_its_file_was_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shell");
        fs::copy("/bin/sh", &file).unwrap();
        let mut child = Command::new(&file).args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
        fs::remove_file(&file).unwrap();
        fs::write(&file, "another").unwrap();
        // From a shell, as what a cluster runs is started: the program is another process's by then.
        let script = r#"exec "$0" -c 'echo again'"#;
        let output = Command::new("sh").args(["-c", script]).arg(program_of(child.id())).output();
        drop(child.stdin.take());
        let _ = child.wait();
        assert_eq!(String::from_utf8_lossy(&output.unwrap().stdout), "again\n");
    }

    #[test]
    fn a_polite_child_is_ended_politely() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Supervised::spawn(
            "sleeper",
            &mut sh("exec sleep 600"),
            &dir.path().join("log"),
            &[(Signal::SIGTERM, PATIENCE)],
        );
        let child = child.as_mut().unwrap();
        assert!(child.check().is_ok());
        assert!(child.stop());
        assert!(child.check().is_err());
    }

    #[test]
    fn a_deaf_child_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let script = "trap '' TERM; echo deaf; while :; do sleep 600; done";
        let farewell = [(Signal::SIGTERM, Duration::from_millis(50))];
        let mut child = Supervised::spawn("deaf", &mut sh(script), &log, &farewell).unwrap();
        while !fs::read_to_string(&log).unwrap().contains("deaf") {
            thread::yield_now();
        }
        assert!(!child.stop());
    }

    #[test]
    fn last_words_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let mut child =
            Supervised::spawn("clumsy", &mut sh("echo oh no; exit 3"), &dir.path().join("log"), &[]).unwrap();
        while child.ended().unwrap().is_none() {
            thread::yield_now();
        }
        let error = child.check().unwrap_err().to_string();
        assert!(error.contains("clumsy") && error.contains("exit status: 3") && error.contains("oh no"), "{error}");
        let error = run_quietly(&mut sh("echo bad >&2; exit 1")).unwrap_err().to_string();
        assert_eq!(error, "`sh -c echo bad >&2; exit 1` failed: bad");
    }

    #[test]
    fn an_interrupted_command_goes_with_its_whole_group() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        // Had the group not been ended, `wait` would last for the child's ten minutes.
        let error = run_logged(&mut sh("sleep 600 & wait"), &log, &Interrupt::already()).unwrap_err().to_string();
        assert_eq!(error, "interrupted");
        assert!(run_logged(&mut sh("echo said; echo more >&2"), &log, &Interrupt::catch().unwrap()).unwrap());
        assert_eq!(fs::read_to_string(&log).unwrap(), "said\nmore\n");
        assert!(!run_logged(&mut sh("exit 1"), &log, &Interrupt::catch().unwrap()).unwrap());
        let short = Some(Duration::from_millis(50));
        let ended = run_bounded(&mut sh("sleep 600 & wait"), &log, short, &Interrupt::catch().unwrap());
        assert_eq!(ended.unwrap(), None, "what takes too long is ended");
    }

    #[test]
    fn a_lifeline_pulls_when_we_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let pulled = dir.path().join("pulled");
        let lifeline = Lifeline::tie([OsStr::new("touch"), pulled.as_os_str()]).unwrap();
        lifeline.pull();
        assert!(pulled.exists());
        Lifeline::tie([OsStr::new("touch"), dir.path().join("cut").as_os_str()]).unwrap().cut();
        assert!(!dir.path().join("cut").exists());
    }
}
