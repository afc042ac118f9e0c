//! The leaf of a part: one customer's billed records of one usage hour, in one range of a journal's epochs.
//!
//! | bytes | what |
//! |---|---|
//! | 14 | `suiftly/part/1` |
//! | 1 + n | account: its length, at most 100, and its bytes |
//! | 16 | journal |
//! | 8 | hour, milliseconds |
//! | 8, 8 | first and last epoch |
//! | 8, 8, 8 | records, requests, bytes |
//! | 32 | root of the records' tree |
//!
//! Numbers are little-endian. The journal is named because epochs are a journal's: a month may be counted from several.

use super::bytes::Bytes;
use super::hex::Hex;
use super::text::{self, is_name, whole};
use super::tree::{Hash, Tree};
use super::{LEAVES_MAX, NUMBER_MAX};
use crate::ids::Epoch;
use crate::record::ShortText;
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

const DOMAIN: &[u8; 14] = b"suiftly/part/1";
/// An account's name has at most so many bytes.
pub const ACCOUNT_BYTES_MAX: usize = 100;
const BYTES_MAX: usize = 111 + ACCOUNT_BYTES_MAX;

/// A journal's id.
pub type Journal = Hex<16>;

/// A part, without its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The escrow account that the hour is charged to; empty where the customer had none yet.
    #[serde(with = "text")]
    pub account: ShortText<ACCOUNT_BYTES_MAX>,
    /// The journal.
    pub journal: Journal,
    /// The hour's first instant.
    pub hour: UnixMillis,
    /// The first epoch that was looked at.
    pub first_epoch: Epoch,
    /// The last.
    pub last_epoch: Epoch,
    /// Requests that are billed.
    pub requests: u64,
    /// Bytes of those requests.
    pub bytes: u64,
}

impl Part {
    /// An account's name, if it can be one.
    pub fn account_of(name: &str) -> Option<ShortText<ACCOUNT_BYTES_MAX>> {
        whole(name).filter(|_| is_name(name))
    }

    fn bytes(&self, records: Tree) -> Bytes<BYTES_MAX> {
        let mut to = Bytes::new();
        to.put(DOMAIN);
        to.put_text(self.account.as_str());
        to.put(&self.journal.0);
        to.put(&self.hour.0.to_le_bytes());
        for number in [self.first_epoch, self.last_epoch, records.count, self.requests, self.bytes] {
            to.put(&number.to_le_bytes());
        }
        to.put(&records.root.0);
        to
    }

    /// What is hashed, with the tree of its records.
    pub fn encoded(&self, records: Tree) -> Vec<u8> {
        self.bytes(records).as_slice().to_vec()
    }

    /// Its leaf.
    pub fn hash(&self, records: Tree) -> Hash {
        Hash::leaf(self.bytes(records).as_slice())
    }

    /// Whether it can be a part's.
    pub(super) fn is_in_bounds(&self, count: u64) -> bool {
        is_name(self.account.as_str())
            && (UnixMillis::MIN..=UnixMillis::MAX).contains(&self.hour)
            && self.hour == self.hour.hour()
            && self.first_epoch <= self.last_epoch
            && (1..=LEAVES_MAX).contains(&count)
            && [self.last_epoch, self.requests, self.bytes].iter().all(|number| *number <= NUMBER_MAX)
    }
}
