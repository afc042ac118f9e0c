//! Why usage cannot be counted again.

use crate::journal::{JournalError, JournalId};
use crate::order::ReadError;
use std::path::PathBuf;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// Why usage cannot be counted again.
#[derive(Debug, thiserror::Error)]
pub enum RecountError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What a cluster's order takes in cannot be.
    #[error(transparent)]
    Cluster(#[from] ReadError),
    /// Without the journals that it takes in an order says nothing of usage.
    #[error(
        "the journal in {dir} is a cluster's order, in which no line stands: the ingesters' journals are needed, too"
    )]
    Order {
        /// Where it is.
        dir: PathBuf,
    },
    /// No segments.
    #[error("there is no journal in {dir}")]
    Empty {
        /// Where they should be.
        dir: PathBuf,
    },
    /// Another journal than the one that was counted.
    #[error("this is journal {found}, but {expected} is needed")]
    OtherJournal {
        /// The one that is there.
        found: JournalId,
        /// The one that is needed.
        expected: JournalId,
    },
    /// The oldest blocks that are needed are gone.
    #[error(
        "the journal is not whole: epochs 1 to {} are not there, and those cut since {} are needed; name the archive",
        .first_kept - 1, .since.rfc3339()
    )]
    Pruned {
        /// The oldest epoch that is kept.
        first_kept: Epoch,
        /// From when on blocks are needed.
        since: UnixMillis,
    },
    /// The newest blocks that are needed are not there.
    #[error("the journal is not whole: epochs {} to {through} are not there", .last + 1)]
    Short {
        /// The last epoch that is there.
        last: Epoch,
        /// The last one that is needed.
        through: Epoch,
    },
    /// Blocks that are needed cannot be read.
    #[error("the journal is not whole: epochs {first} to {last} cannot be read: {place}")]
    Damaged {
        /// The first of them.
        first: Epoch,
        /// The last of them.
        last: Epoch,
        /// Where they stand, and what is wrong there.
        place: String,
    },
}
