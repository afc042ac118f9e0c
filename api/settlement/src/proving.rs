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
    /// What a charge for a month carries: the hash of its latest document, or the root of its tree so far
    /// ([`suiftly_store::money::MoneyStore::bill_root`]).
    pub async fn bill_root(&self, customer: CustomerId, month: BillingMonth) -> Result<Hash, SettlementError> {
        Ok(self.store.bill_root(customer, month).await?)
    }

    /// Seals before months are closed. What fails is tried again with the next run, and the months wait.
    pub(crate) async fn seal_first(&self) {
        let Some(sealer) = &self.sealer else { return };
        if let Err(error) = sealer.seal().await {
            tracing::warn!(%error, "what bills are proven by could not be sealed; the months wait");
        }
    }
}
