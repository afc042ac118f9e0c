//! Suiftly's store: PostgreSQL, with TimescaleDB where it is to be had. The only SQL.
//!
//! Where it stands: the dataflow's deltas and a batch's records come in by [`writer::Writer`], with the watermark of the
//! journal, in one transaction; the API reads by [`reader::Reader`], rows and watermark in one snapshot. What both rely
//! on is made by [`migrate`]; [`cluster::Cluster`] is the private PostgreSQL server that needs no setting up. Where several
//! processes write, [`shards`] says how far each is.
//!
//! It promises: what one commit holds is in the database wholly or not at all; a commit answered, or whose answer was
//! lost, is never applied twice; and every view row equals the sum of the deltas up to the watermark beside it.

pub mod accounts;
pub mod backup;
pub mod cluster;
pub mod config;
pub mod embedded_escrow;
pub mod firehose;
pub mod maintenance;
pub mod migrate;
pub mod money;
pub mod outbox;
pub mod price;
pub mod probe;
pub mod reader;
pub mod role;
pub mod seed;
pub mod shards;
pub mod sui_escrow;
pub mod writer;

mod codec;
mod error;
mod pool;
#[cfg(feature = "testing")]
pub mod testing;
mod vault;

pub use error::StoreError;
