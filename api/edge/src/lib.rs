//! Suiftly's edge: vault in, HAProxy maps and runtime socket out.
//!
//! ```text
//! grants → maps (pure) → files: keys.map, grants.map → HAProxy, at its next start
//! HAProxy ← runtime socket ← runtime: how many lines were numbered, by which worker, how it fares
//! ```
//!
//! The maps go in two steps, so that a change of a customer's state touches a small one: key hash → key and customer,
//! then customer and service → state and limits. Following the grant set and changing a running HAProxy will stand on
//! [`runtime::RuntimeSocket`] too.

pub mod error;
pub mod files;
pub mod maps;
pub mod runtime;

pub use error::EdgeError;
