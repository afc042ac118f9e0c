//! What happened to accounts: the event `account::Entry<T>`, field by field.

use crate::{Contract, Nonce};
use serde::{Deserialize, Serialize};
use sui_sdk_types::{Address, StructTag};
use suiftly_schema::time::UnixMillis;

/// What an entry says was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[repr(u8)]
pub enum EntryKind {
    /// The account was opened; `amount` is its limit.
    Opened = 1,
    /// Funds were put in.
    Deposit = 2,
    /// Funds were asked for.
    WithdrawalRequested = 3,
    /// A request was paid; 0: it was taken back, or found nothing.
    Withdrawal = 4,
    /// Usage was charged.
    Charge = 5,
    /// A charge was given back.
    Refund = 6,
    /// The limit was set, to `amount`.
    Limit = 7,
    /// The account was closed.
    Closed = 8,
}

impl EntryKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Opened,
        Self::Deposit,
        Self::WithdrawalRequested,
        Self::Withdrawal,
        Self::Charge,
        Self::Refund,
        Self::Limit,
        Self::Closed,
    ];
}

impl From<EntryKind> for u8 {
    fn from(kind: EntryKind) -> Self {
        kind as Self
    }
}

impl TryFrom<u8> for EntryKind {
    type Error = String;
    fn try_from(number: u8) -> Result<Self, String> {
        let of = |kind: &Self| u8::from(*kind) == number;
        Self::ALL.into_iter().find(of).ok_or_else(|| format!("{number} is no kind of entry"))
    }
}

/// An entry. An account's are numbered from 1 on without a gap. Amounts are units of the house's coin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account.
    pub account: Address,
    /// Its owner.
    pub owner: Address,
    /// The entry's number in its account.
    pub seq: u64,
    /// What was done.
    pub kind: EntryKind,
    /// Moved or asked for; the limit, where it is set.
    pub amount: u64,
    /// The withdrawal that is asked for, paid or taken back; else 0.
    pub request: u64,
    /// A charge's or refund's.
    #[serde(with = "maybe")]
    pub nonce: Option<Nonce>,
    /// The month that is charged or refunded; else the one that ran. As `YYYYMM`.
    pub month: u32,
    /// The root of the bill that a charge is for.
    #[serde(with = "maybe")]
    pub bill_root: Option<[u8; 32]>,
    /// What is in the account after it.
    pub balance: u64,
    /// What `month` was charged after it, less refunds.
    pub month_charged: u64,
    /// The limit in force after it; 0: none.
    pub limit: u64,
    /// The chain's clock, milliseconds.
    pub at_ms: u64,
}

impl Entry {
    /// When it was made, by the chain's clock.
    pub fn at(&self) -> UnixMillis {
        i64::try_from(self.at_ms).map_or(UnixMillis::MAX, |ms| UnixMillis(ms).min(UnixMillis::MAX))
    }
}

/// Why an event of the contract cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry of the contract cannot be read: {cause}")]
pub struct ReadError {
    /// Why.
    pub cause: String,
}

impl Contract {
    /// The entry in an event, if it is one of this contract and of its coin: anybody can publish a package that looks
    /// alike.
    pub fn entry(&self, event_type: &StructTag, contents: &[u8]) -> Result<Option<Entry>, ReadError> {
        if *event_type != self.entry_type() {
            return Ok(None);
        }
        bcs::from_bytes(contents).map(Some).map_err(|error| ReadError { cause: error.to_string() })
    }
}

/// 32 bytes, or none, in a vector of bytes.
mod maybe {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<[u8; 32]>, to: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map_or(&[][..], |bytes| &bytes[..]).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 32]>, D::Error> {
        let bytes = Vec::<u8>::deserialize(from)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let wrong =
            |bytes: Vec<u8>| D::Error::custom(format!("{} bytes where there should be 32, or none", bytes.len()));
        bytes.try_into().map(Some).map_err(wrong)
    }
}
