//! What the escrow on Sui leaves with us: transactions that were signed for it, the contract's entries as two nodes have
//! told them, and how far these are known.
//!
//! It stands apart from the money store, as the embedded escrow does: connections and transactions of its own, and nobody
//! else touches its tables. The contract decides what was charged; these tables spare it questions, and see to it that a
//! refusal is never followed by a charge: bytes are written down before they are sent, and nothing else is signed for a
//! nonce while they may still be executed.

mod attempts;
mod entries;
mod rows;

pub use attempts::{Attempt, AttemptState, FAILURE_CHARS_MAX, Purpose};
pub use entries::{EntryKind, Follower, LastEntry, Request, SuiEntry};

use crate::StoreError;
use crate::config::StoreConfig;
use crate::pool;
use deadpool_postgres::{Object, Pool, Transaction};

/// Connections that one opens at most.
pub const CONNECTIONS_MAX: usize = 4;
/// Events that are answered at once at most.
pub const EVENTS_MAX: u32 = 10_000;

/// What is kept of the escrow on Sui, in one database. Clones share its connections.
#[derive(Clone)]
pub struct SuiEscrowStore {
    pool: Pool,
}

impl SuiEscrowStore {
    /// Connects when it is used first.
    pub fn new(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self { pool: pool::pool(config, CONNECTIONS_MAX)? })
    }

    async fn client(&self) -> Result<Object, StoreError> {
        pool::get(&self.pool).await
    }
}

async fn begin(client: &mut Object) -> Result<Transaction<'_>, StoreError> {
    client.transaction().await.map_err(StoreError::database("begin with what is kept of Sui"))
}

async fn commit(transaction: Transaction<'_>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(StoreError::database("commit what is kept of Sui"))
}
