//! Why shipping on a link ended. Each is one clear line for an operator.

use crate::journal::{Ended, JournalError, JournalId};
use suiftly_link::{FrameError, Kind, LinkError};
use suiftly_schema::ids::Epoch;

/// Why shipping on a link ended.
#[derive(Debug, thiserror::Error)]
pub enum ShipError {
    /// The link is over, or what came is no frame of its kind.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The journal cannot be read, or has not any more what is wanted.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal is closed: its process ends.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// Reading the journal failed in a way that nobody has thought of.
    #[error("reading the journal ended by itself: {0}")]
    Reading(#[from] tokio::task::JoinError),
    /// Another journal is wanted.
    #[error("journal {wanted} is wanted, but this one is {found}")]
    OtherJournal {
        /// The one that was asked for.
        wanted: JournalId,
        /// The one that is here.
        found: JournalId,
    },
    /// The journal has lost epochs that were shipped: they would be taken in again as others.
    #[error(
        "journal {journal} ends with epoch {durable}, but {received} was received of it: it is not the whole journal"
    )]
    Shortened {
        /// Which.
        journal: JournalId,
        /// Its last epoch.
        durable: Epoch,
        /// The last that came of it.
        received: Epoch,
    },
    /// Something is missing, or comes twice.
    #[error("epoch {found} does not follow epoch {received}")]
    OutOfOrder {
        /// The last that came.
        received: Epoch,
        /// What came after it.
        found: Epoch,
    },
    /// A frame at the wrong time.
    #[error("a frame of kind {0:?} cannot come now")]
    OutOfTurn(Kind),
    /// More came, or was allowed to come, than there is room for.
    #[error("more is sent, or allowed to be sent, than there is room for")]
    OverCredit,
}

impl From<FrameError> for ShipError {
    fn from(error: FrameError) -> Self {
        Self::Link(error.into())
    }
}
