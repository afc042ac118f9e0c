//! Suiftly's edge: the vault in, HAProxy's maps and runtime socket out.
//!
//! ```text
//! publisher ─http, stream─▶ edge ─┬▶ haproxy ─runtime─▶ a running HAProxy's maps; read back
//!   ◀─report─                     ├▶ files: the same maps, for HAProxy's next start
//!                                 └▶ directory: the grant set, for the edge's own
//!   ─lines that are missing─▶ edge ─▶ repair: out of HAProxy's ring, kept in a spool, to an ingester
//! HAProxy's open streams ─▶ edge ─▶ streams: their bytes so far, by way of a spool, to an ingester
//! maps (pure): grants → entries; plan: in which order entries change
//! ```
//!
//! The maps go in two steps, so that a change of a customer's state touches a small one: key hash → key and customer,
//! then customer and service → state and limits.

pub mod directory;
pub mod edge;
pub mod error;
pub mod files;
pub mod haproxy;
pub mod http;
pub mod maps;
pub mod repair;
pub mod runtime;
pub mod spool;
pub mod stream;
pub mod streams;

pub use error::EdgeError;

#[cfg(test)]
mod testing;
