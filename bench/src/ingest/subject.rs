//! Who is measured.

use super::case::Case;
use super::options::IngestOptions;
use super::ours;
use super::peers::{Peer, Rsyslog, SyslogNg, TcpInput};
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Milliseconds that the paced floor sleeps between two looks at its socket.
const FLOOR_PACE_MS: u64 = 2;

/// Someone to send to.
pub(super) struct Subject {
    /// As the table names it, with version, codec and what is synced.
    pub(super) name: String,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// The whole way, in a process of its own.
    Suiftly,
    /// Receives, finds the frames and counts; by UDP with a pause between two looks, if given.
    Count {
        pace_ms: Option<u64>,
    },
    Rsyslog {
        peer: Rsyslog,
        input: TcpInput,
    },
    SyslogNg {
        peer: SyslogNg,
        split: bool,
    },
}

/// All that are there and wanted; says of a peer that is missing.
pub(super) fn all(options: &IngestOptions) -> anyhow::Result<Vec<Subject>> {
    let mut subjects = vec![
        subject("suiftly".to_owned(), Kind::Suiftly),
        subject("count only".to_owned(), Kind::Count { pace_ms: None }),
        subject(format!("count only, paced {FLOOR_PACE_MS} ms"), Kind::Count { pace_ms: Some(FLOOR_PACE_MS) }),
    ];
    match Rsyslog::find()? {
        Some(peer) => {
            for input in [TcpInput::Imtcp, TcpInput::Imptcp] {
                let name = format!("rsyslog {} {} or imudp", peer.0.version, input.word());
                subjects.push(subject(name, Kind::Rsyslog { peer: peer.clone(), input }));
            }
        }
        None => eprintln!("rsyslog is neither installed nor fetched (`cargo xtask bench ingest` does): not measured"),
    }
    match SyslogNg::find()? {
        Some(peer) => {
            let version = peer.0.version.clone();
            let name = |what| format!("syslog-ng {version} {what}");
            subjects.push(subject(name("raw"), Kind::SyslogNg { peer: peer.clone(), split: false }));
            subjects.push(subject(name("split fields"), Kind::SyslogNg { peer, split: true }));
        }
        None => eprintln!("syslog-ng is neither installed nor fetched (`cargo xtask bench ingest` does): not measured"),
    }
    subjects.retain(|subject| options.wants(&subject.name));
    anyhow::ensure!(!subjects.is_empty(), "no subject of these names is there");
    Ok(subjects)
}

const fn subject(name: String, kind: Kind) -> Subject {
    Subject { name, kind }
}

impl Subject {
    /// Whether it has a part in this case.
    pub(super) const fn takes(&self, case: &Case) -> bool {
        match self.kind {
            Kind::Count { pace_ms: Some(_) } => case.kind.is_udp(),
            Kind::SyslogNg { split: true, .. } | Kind::Rsyslog { input: TcpInput::Imptcp, .. } => case.is_saturated(),
            _ => true,
        }
    }

    /// Of the lines it gets one in so many: the slowest gets fewer, so that a run ends in time.
    pub(super) const fn divisor(&self) -> u64 {
        if matches!(self.kind, Kind::SyslogNg { split: true, .. }) { 3 } else { 1 }
    }

    /// The file it writes lines to; `None` if it tells by itself.
    pub(super) fn file(&self, dir: &Path) -> Option<PathBuf> {
        match self.kind {
            Kind::Suiftly | Kind::Count { .. } => None,
            Kind::Rsyslog { .. } | Kind::SyslogNg { .. } => Some(dir.join("lines.log")),
        }
    }

    /// Whether its file holds each line as it came, a newline behind it.
    pub(super) const fn writes_raw(&self) -> bool {
        matches!(self.kind, Kind::Rsyslog { .. } | Kind::SyslogNg { split: false, .. })
    }

    /// The program, and what to add to its command so that it listens there and expects so many lines.
    pub(super) fn command(&self, case: &Case, listen: SocketAddr, lines: u64, dir: &Path) -> anyhow::Result<Start> {
        match &self.kind {
            Kind::Suiftly => Start::ours(ours::SUIFTLY, listen, lines, &["--journal", path(&dir.join("journal"))?]),
            Kind::Count { pace_ms } => {
                let transport = if case.kind.is_udp() { "udp" } else { "tcp" };
                let pace = pace_ms.unwrap_or_default().to_string();
                Start::ours(ours::COUNT, listen, lines, &["--transport", transport, "--pace-ms", &pace])
            }
            Kind::Rsyslog { peer, input } => peer.start(listen, *input, dir),
            Kind::SyslogNg { peer, split } => peer.start(listen, *split, dir),
        }
    }
}

/// A program and its arguments, before it is started.
pub(super) struct Start {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Where a peer that is not installed finds its libraries.
    pub(super) ld_library_path: Option<String>,
}

impl Start {
    fn ours(name: &str, listen: SocketAddr, lines: u64, more: &[&str]) -> anyhow::Result<Self> {
        let (listen, lines) = (listen.to_string(), lines.to_string());
        let arguments = [name, "--listen", &listen, "--lines", &lines].into_iter().chain(more.iter().copied());
        let arguments = arguments.map(str::to_owned).collect();
        let program = std::env::current_exe().context("cannot find this program")?;
        Ok(Self { program, arguments, ld_library_path: None })
    }

    pub(super) fn peer(peer: &Peer, arguments: Vec<String>) -> Self {
        Self { program: peer.program.clone(), arguments, ld_library_path: peer.ld_library_path.clone() }
    }

    pub(super) fn configure(&self, command: &mut Command) {
        command.args(&self.arguments);
        if let Some(path) = &self.ld_library_path {
            command.env("LD_LIBRARY_PATH", path);
        }
    }
}

/// As text, which command lines and configurations are.
pub(super) fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{} is not UTF-8", path.display()))
}
