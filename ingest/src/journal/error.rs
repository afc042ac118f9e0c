//! Why the journal cannot be opened or read. Damage is no error: it is passed over and told ([`super::DamagedPlace`]).

use super::JournalId;
use std::io;
use std::path::{Path, PathBuf};
use suiftly_schema::ids::Epoch;

/// Why the journal cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot {action} {path}: {}", reason(.source))]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the journal in {dir} is in use by another process")]
    Locked {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// A file that should be a segment is none that can be read.
    #[error("cannot read journal segment {path}: {reason}")]
    Segment {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A segment of another journal.
    #[error("journal segment {path} belongs to journal {found}, not to {expected}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The journal it belongs to.
        found: JournalId,
        /// The journal of the others.
        expected: JournalId,
    },
    /// Bytes between two segments are missing.
    #[error("journal segment {path} begins at byte {found}, but the one before it ends at {expected}")]
    Gap {
        /// The segment after the gap.
        path: PathBuf,
        /// Where it should begin.
        expected: u64,
        /// Where it begins.
        found: u64,
    },
    /// A whole segment is missing.
    #[error("journal segment {path} follows the one that begins with epoch {previous}, which is not there")]
    Missing {
        /// The segment after it.
        path: PathBuf,
        /// The first epoch of the one that is missing.
        previous: Epoch,
    },
    /// Epochs were asked for that are not kept any more.
    #[error("the journal in {dir} begins with epoch {first}, but epoch {wanted} is needed")]
    Retired {
        /// The journal's directory.
        dir: PathBuf,
        /// The first epoch that is there.
        first: Epoch,
        /// The one that was asked for.
        wanted: Epoch,
    },
    /// No random bytes for a new journal's id.
    #[error("cannot draw a journal id: {0}")]
    Random(getrandom::Error),
    /// A thread could not be started.
    #[error("cannot start the journal's thread: {0}")]
    Thread(io::Error),
}

impl JournalError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The two that an operator meets without the system's numbers.
pub(super) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        _ => error.to_string(),
    }
}
