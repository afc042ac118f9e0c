//! Shipping: how the lines of a journal come to the processes of the dataflow, each to the one that has their shard.
//!
//! ```text
//! journal ─ durable ─▶ Tail ─┐                                   (ingester)            (process of the dataflow)
//!    └──── older, off the disk ┴▶ Part::cut by Placement ── Shipper ══ link ══ Following ──▶ Held ──▶ order, decoder
//! ```
//!
//! A [`Part`] is what a block has of some shards. It is a function of the block, the [`Placement`] and the shards, so
//! what is shipped again is the same, and a process that was cut off goes on behind the last epoch that it holds. Each
//! epoch is told: by a part, as passed (no frame of these shards), or as lost (its block is damaged); what does not
//! follow what came before is refused, so nothing can be missing unnoticed. Only durable blocks are shipped.
//!
//! At most [`WINDOW_BYTES`] of a journal are under way or held at a process: whoever decodes gives room back by
//! [`Held::take`]. Process 0 says what need not be kept any more ([`Following::release`]), and gives quarantined lines
//! again ([`Following::give`]), which come to it by other links ([`give_to`], [`given`]).

mod client;
mod disk;
mod error;
mod held;
mod part;
mod place;
mod sending;
mod server;
mod tail;
mod wire;

pub use client::{Dial, FollowState, Following};
pub use error::ShipError;
pub use held::Held;
pub use part::Part;
pub use place::Placement;
pub use server::{Ingester, Shipped, Shipper};
pub use tail::{TAIL_BYTES, Tail};
pub use wire::{Mark, WINDOW_BYTES, give_to, given, read_give_to, read_given};
