//! What is built, read and signed, against what the official TypeScript SDK makes of it; nodes, against one of our own.
//!
//! `tests/data` was made by `@mysten/sui` 2.33.1: transactions by its BCS, signatures by its keys, ids by its utilities.
//! `console/web/test/sui-transactions.test.ts` reads the same files with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod asking;
mod building;
mod deciding;
mod fixture;
mod interface;
mod owned;
mod reading;
mod server;
mod signing;
