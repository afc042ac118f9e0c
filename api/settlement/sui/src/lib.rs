//! The escrow contract on Sui, as we call it and as we read it. Its sources and its README are in `packaging/escrow`.
//!
//! ```text
//! Act ─build─▶ Transaction ─Key::sign─▶ Signed ─Node::submit─▶ Executed ─Contract::outcome─▶ done, refused, spent …
//!                                          two nodes ─Pair─▶ what both say, or a doubt      └─entry─▶ Entry
//! ```
//!
//! What is built and read is pure: no clock, no node is asked for it. Of what a node answers, digests of effects, events
//! and objects are computed here; and of what one node answers, nothing is money until another says the same. No SQL, and
//! no escrow trait: how a charge is driven to its end stands in `suiftly-settlement`.

mod abort;
mod account;
mod act;
mod build;
mod contract;
mod entry;
mod house;
mod node;
mod outcome;
mod pair;
mod sign;

pub use abort::Abort;
pub use account::Account;
pub use act::{Act, Nonce, OwnAct, Purse, Terms};
pub use build::{BuildError, to_bcs};
pub use contract::{Contract, SharedRef, billing_month, month_number, sui};
pub use entry::{Entry, EntryKind, ReadError};
pub use house::House;
pub use node::{
    At, Balance, CALL_TIMEOUT, CHECKPOINT_EVENTS_MAX, Coin, Coins, EVENTS_MAX, Emitted, Epoch, Executed, Failure, Head,
    INPUTS_MAX, Listed, MESSAGE_BYTES_MAX, Node, NodeError, Simulated,
};
pub use outcome::Outcome;
pub use pair::{Doubt, Joined, Joint, LACKS_FOR, LAG_CHECKPOINTS, LAG_MS, Lasting, Pair, agree};
pub use sign::{Key, KeyError, Signed, SignedError};
pub use sui_sdk_types::{Address, Digest, Object, ObjectReference};
