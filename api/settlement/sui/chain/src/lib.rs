//! A chain of our own that speaks Sui's gRPC, for development and tests: the escrow contract's rules in Rust, real
//! transactions, signatures, objects, effects, events and checkpoints in BCS, several endpoints with faults of their own.
//! It stands in for a network wherever there is none. Never in production.
//!
//! ```text
//! clients ─gRPC─▶ Endpoint ┐                       ┌▶ admit ─▶ machine ─▶ rules        one transaction
//!         ─gRPC─▶ Endpoint ┼▶ Network ─▶ journal ─▶ Chain ─▶ settle: effects, objects, checkpoints
//!  a line ─────▶ Control  ┘   (a file, synced)
//! ```
//!
//! What it does not do: validators and their signatures, packages and their bytecode, any Move call but the contract's and
//! those that move funds, gas as metered (it charges the least there is, and storage by the byte). Address balances
//! change at once, not at the end of a checkpoint.

mod admit;
mod checkpoint;
mod control;
mod execute;
mod faults;
mod genesis;
mod journal;
mod machine;
mod network;
mod objects;
mod rules;
mod serve;
mod state;

pub use admit::Refusal;
pub use control::Control;
pub use faults::{Fault, FaultError, Faults, Lie};
pub use genesis::{Cutting, Genesis, Published};
pub use network::{Network, NetworkError};
pub use serve::Endpoint;
pub use state::{Chain, Executed};
