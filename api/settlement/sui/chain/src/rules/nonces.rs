//! What each nonce of an account has done, for ever: it charges or refunds once.

use super::{Stop, check};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_sui::{Abort, EntryKind, Nonce};

/// What a nonce has done. Its account is the field's parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) kind: EntryKind,
    pub(crate) seq: u64,
    pub(crate) amount: u64,
    pub(crate) month: u32,
    pub(crate) bill_root: Vec<u8>,
    pub(crate) at_ms: u64,
}

/// That it is a nonce, and has done nothing yet.
pub(super) fn check_nonce(done: &BTreeMap<Nonce, Done>, nonce: &[u8]) -> Result<Nonce, Stop> {
    let nonce = Nonce::try_from(nonce).map_err(|_| Abort::Nonce)?;
    check(!done.contains_key(&nonce), Abort::NonceUsed)?;
    Ok(nonce)
}
