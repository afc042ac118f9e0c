//! Proofs: that a request stands in a month's bill, and that what was drawn was drawn for that bill.
//!
//! ```text
//! records ─leaves─▶ a part's tree ─root─▶ part ─leaf─▶ the month's tree ─root─▶ the invoice's inputs ─▶ their hash
//!  one customer, one hour, some epochs                       └──────────────▶ what a charge carries ◀──────┘
//! ```
//!
//! A part is sealed when its epochs were looked at, and never changed: lines that come late are another part of their
//! hour. So the month's tree grows at its end alone, and a charge made while the month runs carries the root of a
//! beginning of it. A [`ProofFile`] holds one record, its path to the month's root, and the anchors of that root;
//! [`verify()`] needs nothing else. Of other records it has hashes alone, of the invoice's inputs too, of other customers
//! nothing.
//!
//! What it does not show: that the records beside it are real, and that the sums of a part are its records'. For these
//! there is the recount from the journal.

mod bytes;
mod file;
mod hex;
mod inputs;
mod making;
mod part;
mod record;
pub mod subtrees;
mod text;
pub mod tree;
mod verify;

#[cfg(test)]
mod tests;

pub use file::{Charge, FORMAT, Invoice, Place, ProofFile};
pub use hex::Hex;
pub use inputs::{InputsTree, inputs_hash};
pub use making::{ChargeRoot, Found, MakeError, SealedPart, make};
pub use part::{ACCOUNT_BYTES_MAX, Journal, Part};
pub use record::{Line, REQUEST_BYTES_MAX, RecordLeaf};
pub use subtrees::Subtrees;
pub use tree::{Frontier, Hash, Tree};
pub use verify::{Anchor, AnchorKind, Verified, verify};

use crate::time::{BillingMonth, UnixMillis};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// A file is no longer than this, in bytes.
pub const FILE_BYTES_MAX: usize = 16 << 20;
/// Charges that a file names at most.
pub const CHARGES_MAX: usize = 1_024;
/// Leaves that a tree has at most, which bounds every path.
pub const LEAVES_MAX: u64 = 1 << 40;
/// The largest number in a file: all readers of JSON read it exactly.
pub const NUMBER_MAX: u64 = (1 << 53) - 1;
/// Statuses that a record may have.
const STATUSES: RangeInclusive<i16> = -1..=999;

/// So long before a month's beginning a journal must have been looked at, by its clock: a line may be dated ten minutes
/// after its receipt (SPEC §3.2), and a machine's clock may have been set back by up to an hour.
const BEFORE_MONTH_MS: i64 = 70 * 60_000;

/// From when on, by its clock, a journal can have lines of a month.
pub fn lines_from(month: BillingMonth) -> UnixMillis {
    month.start().plus_ms(-BEFORE_MONTH_MS)
}

/// Whether a journal that was looked at from some instant of its clock on (`None`: from its first block) was looked at
/// wherever a line of this month can be.
pub fn covers(whole_from: Option<UnixMillis>, month: BillingMonth) -> bool {
    whole_from.is_none_or(|from| from <= lines_from(month))
}

/// A month's tree, as the inputs of a bill name it in their last field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthProof {
    /// Parts in it.
    pub parts: u64,
    /// Its root.
    pub root: Hash,
}

/// Why a file proves nothing. Each is fit for a customer's eyes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Too long.
    #[error("the file has more than {FILE_BYTES_MAX} bytes: it is no proof")]
    Size,
    /// It begins otherwise.
    #[error("this is no proof: a proof begins with {{\"suiftly_proof\":")]
    NoProof,
    /// Of a format that this program does not read.
    #[error("the proof has format {found}, and this program reads format {FORMAT}")]
    Format {
        /// Which.
        found: String,
    },
    /// It does not end with the checksum of what is before.
    #[error("the file does not end with the checksum of what is before: it was changed, cut or added to")]
    Checksum,
    /// No JSON of this form.
    #[error("the proof cannot be read: {cause}")]
    Unreadable {
        /// Why.
        cause: String,
    },
    /// Written otherwise than this program writes it.
    #[error("the proof is not written in the one form that it has")]
    Form,
    /// A value that none can have.
    #[error("the proof's {what} is out of bounds")]
    Bounds {
        /// Which.
        what: &'static str,
    },
    /// The path does not lead from its place to a root.
    #[error("the path of the {what} does not fit its place")]
    Path {
        /// The record, or the part.
        what: &'static str,
    },
    /// The record is of another hour than its part.
    #[error("the record is not of its part's hour")]
    Hour,
    /// The invoice's hash is not that of the month's root and the rest of its inputs.
    #[error("the invoice's hash is not of this month, or not of the root that the proof comes to")]
    Invoice,
    /// A charge's root is not that of a beginning of the month's tree, nor the invoice's hash.
    #[error("what charge {digest} carries is neither the root of a beginning of this month nor the invoice's hash")]
    Charge {
        /// Its transaction.
        digest: String,
    },
}
