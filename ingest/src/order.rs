//! The order: which blocks of which journals come next, for all processes of a cluster alike.
//!
//! ```text
//! journals ─what every process has received─▶ Intake ─▶ Cutter ─▶ order journal (synced) ─▶ Tail ─▶ Follower
//! outbox ───────────reference changes──────────▲                                     a process, a link
//! ```
//!
//! Process 0 keeps it, as a journal of its own. A block of it ([`OrderBlock`]) is the cluster's epoch: reference changes,
//! and of each journal how far it is taken in ([`Cut`]). A journal that brings nothing holds nobody up. Who has a block
//! and the parts that it takes in ([`take_parts`]) decodes the epoch ([`crate::decode::OrderedDecoder`]).
//!
//! Whoever counts again reads both from outside, of all shards ([`read()`]).
//!
//! Nobody sees a block before it is on the disk. Who begins anew reads it again from the epoch on that every shard has
//! ([`Replay`]); if the journal is lost, its tail is in the database, and the journal is made again of it ([`restore`]).

mod before;
mod block;
mod cutter;
mod follow;
mod intake;
mod parts;
mod read;
mod replay;
mod restore;
mod wire;

pub use before::reference_before;
pub use block::{CUT_BYTES, Change, Cut, MAX_JOURNAL_NO, OrderBlock, Sequence};
pub use cutter::{Cutter, OpenOrder, OrderStart, Pace, Step};
pub use follow::{Follower, TAIL_BLOCKS, TAIL_BYTES, Tail};
pub use intake::{Intake, IntakeFull, MAX_CHANGES_WAITING_BYTES, MAX_CUT_BLOCKS, Reach};
pub use parts::take_parts;
pub use read::{ClusterDirs, OrderedReader, ReadEpoch, ReadError, is_order, read};
pub use replay::Replay;
pub use restore::restore;
pub use wire::{START_BYTES, Start, received_from_bytes, received_to_bytes};

use crate::block::BlockError;
use crate::journal::JournalError;
use suiftly_schema::ids::Epoch;

/// Why the order cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The journal that it stands in cannot be opened or read.
    #[error("the order's journal: {0}")]
    Journal(#[from] JournalError),
    /// Bytes that should be a block of it are none.
    #[error("the order: {0}")]
    Block(#[from] BlockError),
    /// A block that is none of an order.
    #[error("the order's epoch {epoch} cannot be: {what}")]
    Content {
        /// Which.
        epoch: Epoch,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An epoch is not there.
    #[error("epoch {epoch} of the order is missing")]
    Missing {
        /// Which.
        epoch: Epoch,
    },
    /// The database has more than the order.
    #[error("the database is at epoch {wanted} of the order, which ends at {last}: wrong directory, or it was lost")]
    Behind {
        /// What the database has.
        wanted: Epoch,
        /// The order's last.
        last: Epoch,
    },
    /// Who cuts it has ended.
    #[error("the order has ended")]
    Over,
}
