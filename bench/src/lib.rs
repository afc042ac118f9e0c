//! Suiftly's benches: each runs the real thing beside its peers on the same input and reports CPU time as a ratio of
//! the work done. Machines differ and are shared: figures are medians with their spread, and what counts is the ratio.

pub mod api;
pub mod archive;
pub mod child;
pub mod cpu;
pub mod freshness;
pub mod gateway;
pub mod ingest;
pub mod lines;
pub mod loadgen;
pub mod loop_back;
pub mod money;
pub mod proof;
pub mod query;
pub mod recovery;
pub mod replay;
pub mod report;
pub mod scale;
pub mod server;
pub mod store;
pub mod usage_rows;
pub mod vault;
pub mod views;

mod haproxy;
mod postgres;
