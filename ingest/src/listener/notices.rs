//! What listeners say in the log, each kind at most once a second: whoever connects in a loop must not fill the disk.

use crate::rate::LogLimiter;
use crate::source::Transport;
use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// The kinds.
#[derive(Debug, Default)]
pub(super) struct Notices {
    refused: LogLimiter,
    handshakes: LogLimiter,
    broken: LogLimiter,
    closed: LogLimiter,
    receiving: LogLimiter,
}

impl Notices {
    pub(super) fn refused(&self, peer: SocketAddr) {
        if let Some(untold) = self.refused.admit(Instant::now()) {
            tracing::warn!(%peer, untold, "refused a syslog connection: too many are open");
        }
    }

    pub(super) fn handshake_failed(&self, peer: SocketAddr, reason: &dyn Display) {
        if let Some(untold) = self.handshakes.admit(Instant::now()) {
            tracing::warn!(%peer, untold, "a TLS handshake failed: {reason}");
        }
    }

    pub(super) fn broken(&self, peer: SocketAddr, error: &dyn Display) {
        if let Some(untold) = self.broken.admit(Instant::now()) {
            tracing::warn!(%peer, untold, "closing a syslog connection: {error}");
        }
    }

    pub(super) fn closed(&self, peer: SocketAddr, reason: &str) {
        if let Some(untold) = self.closed.admit(Instant::now()) {
            tracing::info!(%peer, untold, reason, "syslog connection closed");
        }
    }

    pub(super) fn receiving_failed(&self, transport: Transport, error: &io::Error) {
        if let Some(untold) = self.receiving.admit(Instant::now()) {
            tracing::warn!(untold, "receiving by {} failed: {error}", transport.word());
        }
    }
}
