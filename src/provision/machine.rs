//! The seam to the machine: the commands that are run, and the root that all paths are under. Tests put another behind it.

use super::ProvisionArgs;
use crate::place::{self, Deployment, SYSTEM_CONF};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a command may take that only looks or changes little.
const SHORT: Duration = Duration::from_secs(60);
/// How long one may take that fetches and installs, or migrates.
const LONG: Duration = Duration::from_secs(1_800);
/// What is left of time to a command that was told to end.
const KILL_AFTER: &str = "--kill-after=10";
/// What `timeout` ends with when time was up.
const TIMED_OUT: i32 = 124;
/// So much of what a failed command said is told.
const TOLD_CHARS_MAX: usize = 400;

/// A command.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
    pub(crate) limit: Duration,
}

impl Call {
    pub(crate) fn new(program: &str, args: &[&str]) -> Self {
        Self { program: program.to_owned(), args: args.iter().map(|&arg| arg.to_owned()).collect(), limit: SHORT }
    }

    /// One that may take its time.
    pub(crate) fn long(self) -> Self {
        Self { limit: LONG, ..self }
    }

    /// Program and arguments, as they would be typed.
    pub(crate) fn line(&self) -> String {
        [std::slice::from_ref(&self.program), self.args.as_slice()].concat().join(" ")
    }
}

/// What a command answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) const fn is_success(&self) -> bool {
        self.code == 0
    }

    /// The end of what it said.
    pub(crate) fn told(&self) -> String {
        let said = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let said = said.trim();
        let from = said.char_indices().rev().nth(TOLD_CHARS_MAX).map_or(0, |(at, _)| at);
        said[from..].to_owned()
    }
}

/// What the steps work on.
pub(crate) trait Machine {
    /// What all paths are under.
    fn root(&self) -> &Path;
    /// Whether whoever runs this may do everything.
    fn is_root(&self) -> bool;
    /// The program that runs, as others start it.
    fn own_program(&self) -> &str;
    /// Runs a command to its end.
    fn run(&self, call: &Call) -> anyhow::Result<Answer>;
}

/// This machine.
#[derive(Debug)]
pub(crate) struct Here {
    own_program: String,
}

impl Here {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let own = std::env::current_exe().context("cannot find this program's own file")?;
        let own_program = own.to_str().context("this program's path is no text")?.to_owned();
        Ok(Self { own_program })
    }
}

impl Machine for Here {
    fn root(&self) -> &Path {
        Path::new("/")
    }

    fn is_root(&self) -> bool {
        nix::unistd::geteuid().is_root()
    }

    fn own_program(&self) -> &str {
        &self.own_program
    }

    fn run(&self, call: &Call) -> anyhow::Result<Answer> {
        let mut command = Command::new("timeout");
        command.args([KILL_AFTER, &call.limit.as_secs().to_string(), &call.program]).args(&call.args);
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
        // What was set for this call alone would not be there when the server starts.
        let own = std::env::vars_os().map(|(name, _)| name);
        for name in own.filter(|name| name.to_string_lossy().starts_with("SUIFTLY_")) {
            command.env_remove(name);
        }
        let output = command.output().context("cannot run `timeout`, of coreutils")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        if code == TIMED_OUT {
            bail!("`{}` did not end within {} s", call.line(), call.limit.as_secs());
        }
        Ok(Answer { code, stdout: text(&output.stdout), stderr: text(&output.stderr) })
    }
}

/// The machine, and what was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    machine: &'a dyn Machine,
    pub(crate) args: &'a ProvisionArgs,
}

impl<'a> Server<'a> {
    pub(crate) const fn new(machine: &'a dyn Machine, args: &'a ProvisionArgs) -> Self {
        Self { machine, args }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.machine.is_root()
    }

    pub(crate) fn own_program(&self) -> &str {
        self.machine.own_program()
    }

    /// Where an absolute path is.
    pub(crate) fn path(&self, absolute: &str) -> PathBuf {
        self.machine.root().join(absolute.trim_start_matches('/'))
    }

    /// A file's text; none if it is not there.
    pub(crate) fn text(&self, absolute: &str) -> anyhow::Result<Option<String>> {
        match std::fs::read_to_string(self.path(absolute)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {absolute}")),
        }
    }

    /// Runs a command, whatever it answers.
    pub(crate) fn answer(&self, call: &Call) -> anyhow::Result<Answer> {
        self.machine.run(call)
    }

    /// What a command prints; an error that says what it said if it fails.
    pub(crate) fn said_by(&self, call: &Call) -> anyhow::Result<String> {
        let answer = self.answer(call)?;
        if !answer.is_success() {
            bail!("`{}` failed ({}): {}", call.line(), answer.code, answer.told());
        }
        Ok(answer.stdout)
    }

    /// The same of a program and arguments.
    pub(crate) fn ask(&self, program: &str, args: &[&str]) -> anyhow::Result<String> {
        self.said_by(&Call::new(program, args))
    }

    /// Whether a command succeeds.
    pub(crate) fn succeeds(&self, program: &str, args: &[&str]) -> anyhow::Result<bool> {
        Ok(self.answer(&Call::new(program, args))?.is_success())
    }

    /// What this server is: as it says, else as it was asked to be.
    pub(crate) fn deployment(&self) -> anyhow::Result<Deployment> {
        let asked = || self.args.deployment_type.as_deref().and_then(super::deployment);
        place::of_server(&self.path(SYSTEM_CONF))?.or_else(asked).context("it is not said what this server is")
    }

    /// Whether systemd runs this machine: not in a chroot, nor in most containers.
    pub(crate) fn has_systemd(&self) -> bool {
        self.path("/run/systemd/system").is_dir()
    }
}
