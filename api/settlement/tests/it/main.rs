//! Money over PostgreSQL: the program's own functions, as the role that runs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod accounts;
mod charging;
mod closing;
mod closure;
mod crash;
mod desk;
mod documents;
mod escrow;
mod manager;
mod proving;
mod random;
mod renewal;
mod subscribing;
mod sui;
mod usage;
