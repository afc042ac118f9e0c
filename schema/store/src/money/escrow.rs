//! The escrow's nouns, as the store and the escrow trait share them: what is asked of an escrow, and what it says it did.

use std::fmt;
use suiftly_schema::time::{BillingMonth, UnixMillis};

/// What an escrow did to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EscrowEventKind {
    /// Funds came in.
    Deposit,
    /// The owner asks for funds back.
    WithdrawalRequested,
    /// A request was paid, or settled unpaid.
    Withdrawal,
    /// Funds were drawn.
    Charge,
    /// Drawn funds were given back.
    Refund,
    /// The owner changed the limit; the amount is the new one.
    Limit,
}

impl EscrowEventKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Deposit, Self::WithdrawalRequested, Self::Withdrawal, Self::Charge, Self::Refund, Self::Limit];

    /// Its word in tables and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::WithdrawalRequested => "withdrawal_requested",
            Self::Withdrawal => "withdrawal",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Limit => "limit",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// An event of an escrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowEvent {
    /// Its place in the escrow's order.
    pub seq: i64,
    /// Names it.
    pub digest: String,
    /// The account.
    pub account: String,
    /// What was done.
    pub kind: EscrowEventKind,
    /// How much, in cents.
    pub amount_usd_cents: i64,
    /// A charge's or a refund's nonce.
    pub nonce: Option<String>,
    /// A withdrawal's request.
    pub request_digest: Option<String>,
    /// When.
    pub at: UnixMillis,
}

/// What names a charge or a refund: 32 random bytes as lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub String);

impl Nonce {
    /// A new one.
    ///
    /// # Panics
    /// If the system has no randomness.
    pub fn random() -> Self {
        Self(random_hex())
    }

    /// Whether it has the form of one.
    pub fn is_well_formed(&self) -> bool {
        self.0.len() == 64 && self.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 32 random bytes as lower-case hex.
pub(crate) fn random_hex() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    data_encoding::HEXLOWER.encode(&bytes)
}

/// Funds to be drawn from an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeOrder {
    /// Names it.
    pub nonce: Nonce,
    /// Whose: `customers.escrow_contract_id`.
    pub account: String,
    /// How much, in cents; greater than zero.
    pub amount_usd_cents: i64,
    /// The month of the usage: what is charged for it never passes what the account has authorised for it.
    pub month: BillingMonth,
    /// The root of the bill that it is for ([`suiftly_schema::proof`]): who pays can hold the bill against it.
    pub root: [u8; 32],
}

/// An account as the escrow has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscrowAccount {
    /// Its name.
    pub id: String,
    /// What is in it, in cents.
    pub balance_usd_cents: i64,
    /// What a month may be charged, in cents; 0 is unlimited.
    pub limit_usd_cents: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_of_one_form_and_never_the_same() {
        let (one, other) = (Nonce::random(), Nonce::random());
        assert!(one.is_well_formed() && other.is_well_formed() && one != other);
        for malformed in ["", "ab", &"A".repeat(64), &"g".repeat(64), &"0".repeat(65)] {
            assert!(!Nonce(malformed.to_owned()).is_well_formed(), "{malformed}");
        }
    }

    #[test]
    fn words_and_back() {
        for kind in EscrowEventKind::ALL {
            assert_eq!(EscrowEventKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(EscrowEventKind::from_word("gift"), None);
    }
}
