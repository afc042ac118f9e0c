//! The edge and the shipped configuration against a real HAProxy.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's exception reaches `#[test]` functions alone"
)]

mod allow;
mod change;
mod config;
mod decide;
mod directory;
mod doors;
mod follow;
mod gateway;
mod grants;
mod headers;
mod kill;
mod meter;
mod publisher;
mod recover;
mod reload;
mod repair;
mod running;
mod sf1;
mod streams;
mod swap;
