//! Links from the outside: real TLS, over pipes in memory with a clock that tests move, and over TCP.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking; clippy's exception reaches `#[test]` functions alone"
)]

mod door;
mod frames;
mod hello;
mod links;
mod silence;
mod support;
mod tls;
