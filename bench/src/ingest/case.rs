//! What is sent: three ways in which a receiver is busy.

use super::options::IngestOptions;
use crate::loadgen::LoadOptions;
use std::net::SocketAddr;
use suiftly_ingest::simulate::Target;

/// The cases' names say so.
const _: () = assert!(suiftly_ingest::live::DEFAULT_CUT_INTERVAL.as_millis() == 10);

const UDP_RATE: u64 = 50_000;
const RING_RATE: u64 = 14_000;
/// Below this part of the rate it is another case.
const MIN_RATE_SHARE: f64 = 0.97;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One connection, octet-counted, as fast as it is read.
    Tcp,
    /// Datagrams at 50,000 a second.
    Udp,
    /// One connection, octet-counted, at 14,000 lines a second, as a busy gateway's ring sends.
    Ring,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Ring];

    /// Its name on the command line.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Ring => "ring",
        }
    }

    pub(super) const fn is_udp(self) -> bool {
        matches!(self, Self::Udp)
    }

    const fn rate(self) -> Option<u64> {
        match self {
            Self::Tcp => None,
            Self::Udp => Some(UDP_RATE),
            Self::Ring => Some(RING_RATE),
        }
    }
}

/// A way, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) kind: Kind,
    lines: u64,
}

impl Case {
    pub(super) const fn new(kind: Kind, options: &IngestOptions) -> Self {
        let lines = match kind {
            Kind::Tcp => options.lines,
            Kind::Udp => UDP_RATE * options.udp_seconds,
            Kind::Ring => RING_RATE * options.ring_seconds,
        };
        Self { kind, lines }
    }

    /// For the table.
    pub(super) const fn name(&self) -> &'static str {
        match self.kind {
            Kind::Tcp => "TCP octet-counted, saturated; all write raw, suiftly syncs each 10 ms block, peers never",
            Kind::Udp => "UDP at 50,000 lines/s; all write raw, suiftly syncs each 10 ms block, peers never",
            Kind::Ring => {
                "TCP octet-counted, 14,000 lines/s; all write raw, suiftly syncs each 10 ms block, peers never"
            }
        }
    }

    /// What to send: all of it, or a part (a slow subject's figure per line comes from fewer lines).
    pub(super) fn load(&self, to: SocketAddr, divisor: u64) -> LoadOptions {
        let to = if self.kind.is_udp() { Target::Udp(to) } else { Target::Tcp(to) };
        LoadOptions { rate: self.kind.rate(), ..LoadOptions::new(to, self.lines / divisor) }
    }

    /// Whether the receiver alone decides how fast it goes.
    pub(super) const fn is_saturated(&self) -> bool {
        matches!(self.kind, Kind::Tcp)
    }

    /// Whether what was sent is what the case says.
    pub(super) fn holds_at(&self, lines_per_second: f64) -> bool {
        self.kind.rate().is_none_or(|rate| lines_per_second >= rate as f64 * MIN_RATE_SHARE)
    }
}
