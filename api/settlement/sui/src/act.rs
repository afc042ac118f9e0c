//! What is done on the chain: the operator's acts, the owner's, and the terms they are done on.
//!
//! Amounts are units of the house's coin; [`Contract::units`](crate::Contract::units) makes them out of cents. Requests
//! are an account's withdrawals, numbered from 1 on. The contract checks all of it; here nothing is.

use crate::SharedRef;
use sui_sdk_types::{Address, Digest, ObjectReference};

/// What a charge or refund is known by: each is used once in its account.
pub type Nonce = [u8; 32];

/// What the operator does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Draws what a month's usage costs, to the treasury.
    Charge {
        /// From which account.
        account: SharedRef,
        /// How much.
        amount: u64,
        /// Its nonce.
        nonce: Nonce,
        /// Whose usage, as `YYYYMM`.
        month: u32,
        /// The root of the bill that it is for.
        bill_root: [u8; 32],
    },
    /// Gives drawn funds back, out of the operator's address balance.
    Refund {
        /// Into which account.
        account: SharedRef,
        /// How much.
        amount: u64,
        /// Its nonce.
        nonce: Nonce,
        /// The month that may be charged so much again, as `YYYYMM`.
        month: u32,
    },
    /// Pays a withdrawal to the owner before it is due.
    Release {
        /// Out of which account.
        account: SharedRef,
        /// Which.
        request: u64,
    },
    /// Pays a withdrawal that is due to the owner: anybody may.
    Pay {
        /// Out of which account.
        account: SharedRef,
        /// Which.
        request: u64,
    },
    /// Ends an account for good: what is in it goes to the owner.
    Close {
        /// Which.
        account: SharedRef,
    },
}

/// What an owner does, with their own wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnAct {
    /// Opens the sender's account.
    Open {
        /// The first deposit; may be 0.
        first: u64,
        /// What a month may be charged; 0: no limit.
        limit: u64,
    },
    /// Puts funds in.
    Deposit {
        /// The sender's account.
        account: SharedRef,
        /// How much.
        amount: u64,
    },
    /// Asks for funds back.
    Request {
        /// The sender's account.
        account: SharedRef,
        /// How much.
        amount: u64,
    },
    /// Takes a request back.
    Cancel {
        /// The sender's account.
        account: SharedRef,
        /// Which.
        request: u64,
    },
    /// Says what a month may be charged from now on.
    SetLimit {
        /// The sender's account.
        account: SharedRef,
        /// So much; 0: no limit.
        limit: u64,
    },
}

/// What an owner pays with: objects of theirs, each at its newest version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purse {
    /// Coins of the house's type, at least as much as the act takes.
    pub coins: Vec<ObjectReference>,
    /// Coins of SUI, for gas.
    pub gas: Vec<ObjectReference>,
}

/// Who does it, what it may cost, and when and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who signs, and pays the gas.
    pub sender: Address,
    /// MIST a unit of gas: the epoch's reference price at least.
    pub gas_price: u64,
    /// MIST at most.
    pub gas_budget: u64,
    /// The only epoch in which an [`Act`] executes, and the last for an [`OwnAct`].
    pub epoch: u64,
    /// The chain, by the digest of its first checkpoint.
    pub chain: Digest,
    /// Tells transactions apart that are the same in everything else.
    pub salt: u32,
}
