//! Suiftly's nouns: ids, time, money, the record, usage, the price book and rating, the API key, the grant.
//!
//! Every other crate speaks in these types. Nothing here touches a clock, a socket, a database or a runtime:
//! rating and classification are pure functions, so that the live bill, the closed bill, a what-if and an audit
//! are made by the same code.

pub mod activity;
pub mod allowlist;
pub mod api_key;
pub mod batch;
pub mod bill;
pub mod charge;
pub mod fleet;
pub mod histogram;
pub mod ids;
pub mod infra;
pub mod invoice;
pub mod ledger;
pub mod log_format;
pub mod loss;
pub mod money;
pub mod partial;
pub mod price;
pub mod proof;
pub mod quarantine;
pub mod record;
pub mod reference;
pub mod seal_key;
pub mod sealed;
pub mod shard;
pub mod spend;
pub mod stream;
pub mod subscription;
pub mod time;
pub mod usage;
pub mod vault;
pub mod view;
