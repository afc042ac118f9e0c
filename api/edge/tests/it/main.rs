//! The edge and the shipped configuration against a real HAProxy.
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's exception reaches `#[test]` functions alone"
)]

mod config;
mod gateway;
mod meter;
mod sf1;
