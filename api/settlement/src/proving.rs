//! What a month's bill is proven by, for those who close it and those who draw for it.
//!
//! Parts are made out of the journal, which is none of this crate's business: whoever composes the program hands a
//! [`Sealer`] in. Without one, months are closed as they were before there were proofs.

use crate::{Settlement, SettlementError};
use futures::future::BoxFuture;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::proof::Hash;
use suiftly_schema::time::BillingMonth;

/// Makes the parts of everything that the database holds.
pub trait Sealer: Send + Sync {
    /// Looks at the journal up to where the database holds it, as of now. Done twice it does nothing the second time; two
    /// at once wait for each other.
    fn seal(&self) -> BoxFuture<'_, Result<SealReport, Box<dyn std::error::Error + Send + Sync>>>;
}

/// What a run has sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SealReport {
    /// Epochs that were looked at.
    pub epochs: u64,
    /// Lines in them.
    pub lines: u64,
    /// Parts that were made.
    pub parts: u64,
}

impl Settlement {
    /// What a charge for a month carries: the hash of the month's latest document, which binds its tree and everything else
    /// that it was billed by; while there is none, the root of the month's tree so far, the empty one's to begin with.
    pub async fn bill_root(&self, customer: CustomerId, month: BillingMonth) -> Result<Hash, SettlementError> {
        match self.store.document_hash(customer, month).await? {
            Some(hash) => Ok(hash),
            None => Ok(self.store.month_proof(customer, month).await?.root),
        }
    }

    /// Seals before months are closed. What fails is tried again with the next run, and the months wait.
    pub(crate) async fn seal_first(&self) {
        let Some(sealer) = &self.sealer else { return };
        if let Err(error) = sealer.seal().await {
            tracing::warn!(%error, "what bills are proven by could not be sealed; the months wait");
        }
    }
}
