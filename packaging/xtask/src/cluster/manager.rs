//! A service manager, of which there is one beside each process: what systemd does for `suiftly.service`, as far as it matters
//! here. It opens the sockets (so that they stay while nobody reads them), starts the program with them, keeps the
//! descriptors that the program leaves with it, gives them to the next one, and starts that when the program has ended.
//!
//! It is this very program, `xtask cluster-manage`, in the network namespace of its process. SIGHUP has the program end in good
//! order and the next one started; SIGTERM ends both. After each change it writes its state into a file ([`State`]).

mod notified;
mod slots;

use crate::process::Lifeline;
use crate::signals::Interrupt;
use anyhow::Context as _;
use lexopt::prelude::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use notified::Notified;
use signal_hook::consts::SIGHUP;
use slots::Slots;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// As our units have it: `RestartSec`, `TimeoutStopSec`.
const RESTART_AFTER: Duration = Duration::from_secs(1);
const STOP_TIME_MAX: Duration = Duration::from_secs(35);
const WATCHDOG_US: &str = "300000";
/// What the sockets' units are called, which is what their descriptors are.
const STREAM: &str = "suiftly.socket";
const DATAGRAM: &str = "suiftly-udp.socket";

/// What to run, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ManageOptions {
    /// What it is called: its files begin so.
    pub(crate) name: String,
    /// Where its state, its log and the socket for its messages are.
    pub(crate) dir: PathBuf,
    /// By turns, one at each start that was wished for.
    pub(crate) programs: Vec<PathBuf>,
    pub(crate) streams: Vec<SocketAddr>,
    pub(crate) datagrams: Vec<SocketAddr>,
    pub(crate) arguments: Vec<OsString>,
}

impl ManageOptions {
    /// As a command line has them, after the task's name.
    pub(crate) fn parse(parser: &mut lexopt::Parser) -> anyhow::Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("name") => options.name = parser.value()?.string()?,
                Long("dir") => options.dir = parser.value()?.into(),
                Long("program") => options.programs.push(parser.value()?.into()),
                Long("stream") => options.streams.push(parser.value()?.parse()?),
                Long("datagram") => options.datagrams.push(parser.value()?.parse()?),
                Value(first) => {
                    options.arguments.push(first);
                    options.arguments.extend(parser.raw_args()?);
                }
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    /// The same, as a command line.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let pair = |name: &str, value: OsString| [OsString::from(name), value];
        let mut words = Vec::from(pair("--name", self.name.clone().into()));
        words.extend(pair("--dir", self.dir.clone().into()));
        words.extend(self.programs.iter().flat_map(|program| pair("--program", program.clone().into())));
        words.extend(self.streams.iter().flat_map(|address| pair("--stream", address.to_string().into())));
        words.extend(self.datagrams.iter().flat_map(|address| pair("--datagram", address.to_string().into())));
        words.push("--".into());
        words.extend(self.arguments.iter().cloned());
        words
    }

    fn file(&self, what: &str) -> PathBuf {
        self.dir.join(format!("{}.{what}", self.name))
    }

    /// Where its state is.
    pub(crate) fn state_file(&self) -> PathBuf {
        self.file("state")
    }
}

/// How it stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The program's process; the last one's, where none runs.
    pub(crate) pid: u32,
    /// How often it was started.
    pub(crate) starts: u32,
    /// Descriptors that the program before had left, given to this one.
    pub(crate) given: usize,
    /// It serves.
    pub(crate) is_ready: bool,
}

impl State {
    /// As it stands in the file.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (pid, starts) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (given, is_ready) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { pid, starts, given, is_ready })
    }

    fn line(self) -> String {
        let Self { pid, starts, given, is_ready } = self;
        format!("{pid} {starts} {given} {is_ready}\n")
    }
}

/// Runs until SIGTERM.
pub(crate) fn manage(options: &ManageOptions) -> anyhow::Result<ExitCode> {
    // First of all, while its places are free.
    let slots = Slots::reserve()?;
    let stop = Interrupt::catch()?;
    let restart = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGHUP, Arc::clone(&restart)).context("cannot catch signals")?;
    let sockets = open(options)?;
    let notified = Notified::listen(&options.file("notify"))?;
    let (state, wished) = (State::default(), 0);
    Manager { options, slots, sockets, notified, stop, restart, state, written: None, wished }.run()?;
    Ok(ExitCode::SUCCESS)
}

/// The sockets, each with its name.
fn open(options: &ManageOptions) -> anyhow::Result<Vec<(&'static str, OwnedFd)>> {
    let mut sockets = Vec::new();
    for address in &options.streams {
        let socket = TcpListener::bind(address).with_context(|| format!("cannot listen at {address}"))?;
        sockets.push((STREAM, socket.into()));
    }
    for address in &options.datagrams {
        let socket = UdpSocket::bind(address).with_context(|| format!("cannot open {address} for datagrams"))?;
        sockets.push((DATAGRAM, socket.into()));
    }
    Ok(sockets)
}

struct Manager<'a> {
    options: &'a ManageOptions,
    slots: Slots,
    sockets: Vec<(&'static str, OwnedFd)>,
    notified: Notified,
    stop: Interrupt,
    restart: Arc<AtomicBool>,
    state: State,
    written: Option<State>,
    /// Starts that were wished for.
    wished: usize,
}

impl Manager<'_> {
    fn run(mut self) -> anyhow::Result<()> {
        while !self.stop.is_set() {
            let mut child = self.start()?;
            let mut lifeline = Lifeline::tie(["kill", "-s", "KILL", &child.id().to_string()])?;
            let was_told = self.until_its_end(&mut child)?;
            lifeline.cut();
            // What it said last may not have been heard yet.
            self.notified.drain()?;
            if was_told {
                self.restart.store(false, Ordering::Relaxed);
                self.wished += 1;
            } else {
                self.stop.wait(RESTART_AFTER);
            }
        }
        Ok(())
    }

    fn start(&mut self) -> anyhow::Result<Child> {
        let sockets = self.sockets.iter().map(|(name, socket)| (*name, socket));
        let stored = self.notified.stored.iter().map(|(name, stored)| (name.as_str(), stored));
        let (names, descriptors): (Vec<&str>, Vec<&OwnedFd>) = sockets.chain(stored).unzip();
        let mut command = self.options.command(self.wished)?;
        command.env("LISTEN_FDS", descriptors.len().to_string()).env("LISTEN_FDNAMES", names.join(":"));
        let child = self.slots.giving(&descriptors, || command.spawn().context("cannot run `sh`"))?;
        self.notified.is_ready = false;
        let (starts, given) = (self.state.starts + 1, self.notified.stored.len());
        self.state = State { pid: child.id(), starts, given, is_ready: false };
        self.tell()?;
        Ok(child)
    }

    /// Whether it ended because it was told to.
    fn until_its_end(&mut self, child: &mut Child) -> anyhow::Result<bool> {
        let pid = Pid::from_raw(child.id().try_into().context("no such process")?);
        let mut told: Option<Instant> = None;
        loop {
            self.notified.wait()?;
            self.state.is_ready = self.notified.is_ready;
            self.tell()?;
            if child.try_wait().context("cannot look after the program")?.is_some() {
                return Ok(told.is_some());
            }
            let is_to_end = self.stop.is_set() || self.restart.load(Ordering::Relaxed);
            if is_to_end && told.is_none() {
                told = Some(Instant::now());
                // Not waited for yet, so the process is still its own; and one that stands still hears nothing.
                kill(pid, Signal::SIGTERM)
                    .and_then(|()| kill(pid, Signal::SIGCONT))
                    .context("cannot end the program")?;
            }
            if told.is_some_and(|told| told.elapsed() > STOP_TIME_MAX) {
                child.kill().context("cannot end the program")?;
            }
        }
    }

    /// Writes the state, if it has changed, whole or not at all.
    fn tell(&mut self) -> anyhow::Result<()> {
        if self.written.replace(self.state) == Some(self.state) {
            return Ok(());
        }
        let (new, file) = (self.options.file("state.new"), self.options.state_file());
        let written = fs::write(&new, self.state.line()).and_then(|()| fs::rename(&new, &file));
        written.with_context(|| format!("cannot write {}", file.display()))
    }
}

impl ManageOptions {
    /// The program of this turn. A shell says what its process is, since only it knows: it becomes the program.
    fn command(&self, turn: usize) -> anyhow::Result<Command> {
        let program = self.programs.get(turn % self.programs.len().max(1)).context("there is no program to run")?;
        let file = self.file("log");
        let log = OpenOptions::new().create(true).append(true).open(&file);
        let log = log.with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", "LISTEN_PID=$$ WATCHDOG_PID=$$ exec \"$@\"", "sh"]).arg(program).args(&self.arguments);
        command.env("NOTIFY_SOCKET", std::path::absolute(self.file("notify"))?);
        // A program that is watched says often how it is: so it is soon known that it serves.
        command.env("WATCHDOG_USEC", WATCHDOG_US);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_said_and_read() {
        let options = ManageOptions {
            name: "ingest-a".into(),
            dir: "/d".into(),
            programs: vec!["/a/suiftly".into(), "/b/suiftly".into()],
            streams: vec!["198.18.77.11:5514".parse().unwrap()],
            datagrams: vec!["198.18.77.11:5514".parse().unwrap()],
            arguments: vec!["serve".into(), "--role".into(), "ingest".into()],
        };
        let mut parser = lexopt::Parser::from_args(options.words());
        assert_eq!(ManageOptions::parse(&mut parser).unwrap(), options);
        let mut parser = lexopt::Parser::from_args(["--nme", "x"]);
        assert!(ManageOptions::parse(&mut parser).is_err());
    }

    #[test]
    fn a_state_is_written_and_read() {
        let state = State { pid: 812, starts: 3, given: 4, is_ready: true };
        assert_eq!(State::parse(&state.line()), Some(state));
        for broken in ["", "812", "812 3 4", "812 3 4 1", "x 3 4 true"] {
            assert_eq!(State::parse(broken), None, "{broken}");
        }
    }

    #[test]
    fn programs_come_by_turns_and_there_must_be_one() {
        let dir = tempfile::tempdir().unwrap();
        let programs = vec![PathBuf::from("/a"), PathBuf::from("/b")];
        let options = ManageOptions { name: "x".into(), dir: dir.path().into(), programs, ..ManageOptions::default() };
        let program = |turn| options.command(turn).unwrap().get_args().nth(3).unwrap().to_owned();
        assert_eq!([program(0), program(1), program(2)], ["/a", "/b", "/a"]);
        assert!(ManageOptions { programs: Vec::new(), ..options }.command(0).is_err());
    }
}
