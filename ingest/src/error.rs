//! Why ingest cannot start or go on.

use crate::dedup::DedupError;
use crate::journal::{JournalError, JournalId};
use crate::listener::{PassedError, TlsError};
use crate::source::Transport;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_schema::ids::Epoch;

/// Why ingest cannot start or go on. Each is one clear line for an operator.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A socket could not be had.
    #[error("cannot listen for syslog on {} {addr}: {}", .transport.word(), reason(.source))]
    Listen {
        /// By which transport.
        transport: Transport,
        /// Where.
        addr: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// A Unix socket could not be had.
    #[error("cannot listen for syslog on the Unix socket {}: {}", .path.display(), reason(.source))]
    ListenUnix {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What was passed does not fit what is configured.
    #[error(transparent)]
    Passed(#[from] PassedError),
    /// TLS cannot be offered.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The journal cannot be opened or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Views and journal do not belong together: the watermark is of another journal.
    #[error(
        "the journal is {found}, but the database's watermark is of journal {expected}: wrong directory or database"
    )]
    OtherJournal {
        /// The journal that is there.
        found: JournalId,
        /// The one whose watermark was given.
        expected: JournalId,
    },
    /// Views and journal do not belong together: the journal ends before the watermark.
    #[error("the database is at epoch {resume}, but the journal ends at epoch {last}: part of the journal is missing")]
    JournalBehind {
        /// The watermark's epoch.
        resume: Epoch,
        /// The journal's last.
        last: Epoch,
    },
    /// The stored dedup windows cannot be gone on from.
    #[error("cannot go on from the stored dedup state: {0}")]
    Windows(#[from] DedupError),
    /// A thread or a runtime could not be had.
    #[error("cannot start ingest's {what}: {source}")]
    Start {
        /// Of what.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It ended by itself.
    #[error("ingest has stopped: {0}")]
    Stopped(String),
    /// It did not become live in time.
    #[error("ingest is still recovering after {0:?}")]
    StillRecovering(Duration),
    /// What was read could not be journaled and delivered in time.
    #[error("ingest could not drain within {waited:?}: durable up to epoch {durable_epoch}{}", with_reason(.write_error))]
    ShutdownTimedOut {
        /// How long it was waited.
        waited: Duration,
        /// The last epoch that is on the disk.
        durable_epoch: Epoch,
        /// Why the disk refused, if it did.
        write_error: Option<String>,
    },
}

impl IngestError {
    pub(crate) const fn listen(transport: Transport, addr: SocketAddr, source: io::Error) -> Self {
        Self::Listen { transport, addr, source }
    }

    pub(crate) fn listen_unix(path: &Path, source: io::Error) -> Self {
        Self::ListenUnix { path: path.to_owned(), source }
    }
}

/// The usual reasons without the system's numbers.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "address in use".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn with_reason(error: &Option<String>) -> String {
    error.as_ref().map_or_else(String::new, |error| format!(" ({error})"))
}
