//! `suiftly simulate` (MOCK_HAPROXY): realistic SF1 traffic at a rate, without HAProxy.
//!
//! [`gateway`] makes the lines, purely and the same for the same seed; here they are sent, paced, as datagrams or as a
//! TCP ring would. It serves demos and tests; a load generator for measurements belongs to the bench.

pub mod gateway;
mod outcome;
mod random;
mod send;
mod stream;

pub use gateway::{GatewayOptions, SimulatedGateway};
pub use random::Random;

use crate::clock;
use send::Sender;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use suiftly_link::PemError;

/// Lines are sent in bundles, this far apart.
const TICK: Duration = Duration::from_millis(5);
/// A bundle is at most so many lines; a sender that fell behind catches up over several.
const MAX_BUNDLE_LINES: u64 = 2_000;

/// Where to send to: `udp://127.0.0.1:5514`, `tcp://…`, `tls://logs.example.org:6514` or `unix:///run/suiftly/log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A datagram per line, with a newline at its end.
    Udp(SocketAddr),
    /// One connection, octet-counted.
    Tcp(SocketAddr),
    /// The same within TLS, to a host whose certificate is checked for this name.
    Tls {
        /// A name or an address.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A datagram per line to the socket at this path, with a newline at its end.
    Unix(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(addr) => write!(f, "udp://{addr}"),
            Self::Tcp(addr) => write!(f, "tcp://{addr}"),
            Self::Tls { host, port } if host.contains(':') => write!(f, "tls://[{host}]:{port}"),
            Self::Tls { host, port } => write!(f, "tls://{host}:{port}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// The text names no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no target; expected udp://ADDRESS:PORT, tcp://ADDRESS:PORT, tls://HOST:PORT or unix:///PATH")]
pub struct NoTarget(String);

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let no_target = || NoTarget(text.to_owned());
        let (transport, place) = text.split_once("://").ok_or_else(no_target)?;
        let addr = || place.parse().map_err(|_| no_target());
        match transport {
            "udp" => Ok(Self::Udp(addr()?)),
            "tcp" => Ok(Self::Tcp(addr()?)),
            "tls" => host_and_port(place).map(|(host, port)| Self::Tls { host, port }).ok_or_else(no_target),
            "unix" if place.starts_with('/') => Ok(Self::Unix(place.into())),
            _ => Err(no_target()),
        }
    }
}

fn host_and_port(place: &str) -> Option<(String, u16)> {
    if let Ok(addr) = place.parse::<SocketAddr>() {
        return Some((addr.ip().to_string(), addr.port()));
    }
    let (host, port) = place.rsplit_once(':')?;
    let is_name = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if is_name { Some((host.to_owned(), port.parse().ok()?)) } else { None }
}

/// Who is trusted by TLS, and who we are. PEM files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CA that the server's certificate is checked by. Nobody is trusted without.
    pub ca: Option<PathBuf>,
    /// Our certificate, if the server asks for one, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// What to send, and until when.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateOptions {
    /// Where to.
    pub to: Target,
    /// Lines per second; at least 1.
    pub rate_per_second: u32,
    /// Ends after so many lines.
    pub max_lines: Option<u64>,
    /// Ends after so long.
    pub max_duration: Option<Duration>,
    /// For [`Target::Tls`].
    pub tls: TlsFiles,
    /// The gateway that is simulated. Its worker is born when sending begins.
    pub gateway: GatewayOptions,
}

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines made. The gateway's numbers run from 1 to this.
    pub lines: u64,
    /// Of those, lines in writes that failed: some may have arrived.
    pub lines_in_failed_writes: u64,
    /// Connections made again after one was lost.
    pub reconnects: u64,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// No connection, no socket.
    #[error("cannot send to {to}: {source}")]
    Open {
        /// Where to.
        to: Target,
        /// Why not.
        source: io::Error,
    },
    /// TLS files that cannot be used.
    #[error(transparent)]
    Tls(#[from] PemError),
    /// A server that nobody says how to trust.
    #[error("cannot send to {0} without the certificate of its CA")]
    NoCa(Target),
}

/// Sends until a limit is reached or `stop` is set. A connection that is lost is made again, as a ring does; only the
/// first must succeed.
pub fn run(options: &SimulateOptions, stop: &AtomicBool) -> Result<Summary, SimulateError> {
    let mut sender = Sender::open(options)?;
    let mut gateway = SimulatedGateway::new(&options.gateway, clock::now());
    let (mut summary, mut line) = (Summary::default(), Vec::new());
    let began = Instant::now();
    while !stop.load(Relaxed) {
        let elapsed = began.elapsed();
        let due = lines_due(options, elapsed);
        let bundle_end = due.min(summary.lines + MAX_BUNDLE_LINES);
        while summary.lines < bundle_end {
            line.clear();
            gateway.line(clock::now(), &mut line);
            sender.push(&line, &mut summary);
            summary.lines += 1;
        }
        sender.flush(&mut summary);
        if is_over(options, &summary, elapsed) {
            break;
        }
        if bundle_end == due {
            std::thread::sleep(TICK);
        }
    }
    sender.flush(&mut summary);
    sender.finish();
    Ok(summary)
}

fn lines_due(options: &SimulateOptions, elapsed: Duration) -> u64 {
    let elapsed = options.max_duration.map_or(elapsed, |max| elapsed.min(max));
    let due = elapsed.as_micros() * u128::from(options.rate_per_second.max(1)) / 1_000_000;
    let due = u64::try_from(due).unwrap_or(u64::MAX);
    options.max_lines.map_or(due, |max| due.min(max))
}

fn is_over(options: &SimulateOptions, summary: &Summary, elapsed: Duration) -> bool {
    let all_sent = options.max_lines.is_some_and(|max| summary.lines >= max);
    let too_long = options.max_duration.is_some_and(|max| elapsed >= max);
    all_sent || (too_long && summary.lines >= lines_due(options, elapsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        let good = [
            "udp://127.0.0.1:5514",
            "tcp://[::1]:6514",
            "tls://logs.example.org:6514",
            "tls://[2001:db8::7]:6514",
            "tls://192.0.2.7:6514",
            "unix:///run/suiftly/log",
        ];
        for text in good {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        let bad = [
            "",
            "127.0.0.1:5514",
            "http://127.0.0.1:1",
            "udp://localhost",
            "tcp://127.0.0.1",
            "tls://host",
            "tls://:1",
            "tls://ho st:1",
            "tls://host:65536",
            "unix://relative",
            "unix:/one/slash",
        ];
        for text in bad {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.contains("udp://ADDRESS:PORT"), "{error}");
        }
    }

    #[test]
    fn lines_become_due_at_the_rate_and_up_to_the_limits() {
        let options = |max_lines, max_duration| SimulateOptions {
            to: Target::Udp(([127, 0, 0, 1], 1).into()),
            rate_per_second: 2_000,
            max_lines,
            max_duration,
            tls: TlsFiles::default(),
            gateway: GatewayOptions::default(),
        };
        let seconds = Duration::from_secs;
        let cases = [
            (options(None, None), Duration::ZERO, 0),
            (options(None, None), Duration::from_micros(499), 0),
            (options(None, None), Duration::from_micros(500), 1),
            (options(None, None), seconds(3), 6_000),
            (options(Some(50), None), seconds(3), 50),
            (options(None, Some(seconds(2))), seconds(3), 4_000),
        ];
        for (options, elapsed, due) in cases {
            assert_eq!(lines_due(&options, elapsed), due, "{elapsed:?} {options:?}");
        }
    }
}
