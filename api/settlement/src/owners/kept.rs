//! The transactions that owners are to sign, or have signed: one for each, for a while.

use super::{OwnerOrder, OwnersError, Unsigned};
use std::collections::HashMap;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_sui::{Digest, Signed};

/// How long a transaction waits for its signature, and how long one that was signed is known.
pub const KEPT_MS: i64 = 10 * 60 * 1_000;
/// Transactions that are kept at most.
pub const KEPT_MAX: usize = 10_000;
/// One that neither node has is handed on again after so long.
const AGAIN_MS: i64 = 2_000;

/// How a transaction stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is not known, or not any more.
    Unknown,
    /// It is to be signed.
    Waiting,
    /// It is signed and handed on.
    Sent {
        /// The last epoch in which it can be executed.
        until_epoch: u64,
    },
}

/// A transaction.
pub(super) struct OfOwner {
    pub(super) transaction: Vec<u8>,
    pub(super) order: OwnerOrder,
    digest: String,
    epoch: u64,
    until: UnixMillis,
    /// When it was handed on last.
    sent: Option<(Signed, UnixMillis)>,
}

impl OfOwner {
    /// It is handed on now.
    pub(super) fn signed_at(&mut self, signed: &Signed, now: UnixMillis) {
        self.sent = Some((signed.clone(), now));
        self.until = now.plus_ms(KEPT_MS);
    }
}

/// Those of all owners.
#[derive(Default)]
pub(super) struct Kept(HashMap<CustomerId, OfOwner>);

impl Kept {
    /// Keeps one, in place of the owner's last: unless that was handed on meanwhile.
    pub(super) fn put(
        &mut self,
        customer: CustomerId,
        order: OwnerOrder,
        unsigned: &Unsigned,
        now: UnixMillis,
    ) -> Result<(), OwnersError> {
        self.0.retain(|_, kept| kept.until > now);
        match self.0.get(&customer) {
            Some(last) if last.sent.is_some() => return Err(OwnersError::UnderWay { digest: last.digest.clone() }),
            None if self.0.len() >= KEPT_MAX => return Err(OwnersError::Full),
            _ => {}
        }
        let kept = OfOwner {
            transaction: unsigned.transaction.clone(),
            order,
            digest: unsigned.digest.clone(),
            epoch: unsigned.epoch,
            until: unsigned.until,
            sent: None,
        };
        self.0.insert(customer, kept);
        Ok(())
    }

    pub(super) fn find(&self, customer: CustomerId, digest: &str, now: UnixMillis) -> Option<&OfOwner> {
        self.0.get(&customer).filter(|kept| kept.until > now && kept.digest == digest)
    }

    pub(super) fn find_mut(&mut self, customer: CustomerId, digest: &str, now: UnixMillis) -> Option<&mut OfOwner> {
        self.0.get_mut(&customer).filter(|kept| kept.until > now && kept.digest == digest)
    }

    pub(super) fn standing(&self, customer: CustomerId, digest: &str, now: UnixMillis) -> Standing {
        match self.find(customer, digest, now) {
            None => Standing::Unknown,
            Some(OfOwner { sent: None, .. }) => Standing::Waiting,
            Some(kept) => Standing::Sent { until_epoch: kept.epoch },
        }
    }

    /// The owner's transaction that was handed on.
    pub(super) fn sent(&self, customer: CustomerId, now: UnixMillis) -> Option<Digest> {
        let kept = self.0.get(&customer).filter(|kept| kept.until > now)?;
        kept.sent.as_ref().map(|(signed, _)| signed.digest)
    }

    /// The one to be handed on again, if it is time to.
    pub(super) fn again(&mut self, customer: CustomerId, now: UnixMillis) -> Option<Signed> {
        let (signed, at) = self.0.get_mut(&customer)?.sent.as_mut()?;
        if now.0.saturating_sub(at.0) < AGAIN_MS {
            return None;
        }
        *at = now;
        Some(signed.clone())
    }

    /// What was handed on is through: another may take its place.
    pub(super) fn settled(&mut self, customer: CustomerId, digest: &str) {
        if self.0.get(&customer).is_some_and(|kept| kept.digest == digest) {
            self.0.remove(&customer);
        }
    }

    /// The network does not take it: it is as if nobody had signed it.
    pub(super) fn take_back(&mut self, customer: CustomerId, digest: &str) {
        if let Some(kept) = self.0.get_mut(&customer).filter(|kept| kept.digest == digest) {
            kept.sent = None;
        }
    }
}
