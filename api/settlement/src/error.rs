//! What can go wrong with money. Each variant says what was attempted.

use crate::escrow::EscrowError;
use suiftly_store::StoreError;
use suiftly_store::money::OrderRefused;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum SettlementError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The escrow.
    #[error(transparent)]
    Escrow(#[from] EscrowError),
    /// An order that is not taken: nothing was changed.
    #[error(transparent)]
    Order(#[from] OrderRefused),
    /// A price book that bills other requests than those counted.
    #[error(
        "the book bills other requests than book {version}, whose counts are stored: what it would cost is not known"
    )]
    OtherRule {
        /// The book that was in force.
        version: u32,
    },
    /// Another manager runs the jobs of this database.
    #[error("another process is the manager of database {database}: it runs the jobs")]
    ManagedElsewhere {
        /// The database.
        database: String,
    },
}
