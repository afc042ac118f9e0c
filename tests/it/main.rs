//! The program from outside: its processes, its sockets, its database; and its parts under a seeded simulation.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod activation;
mod backup;
mod config;
// The disk and the line that fail as told, of the tests of the parts.
#[path = "../../ingest/tests/it/support/disk.rs"]
#[expect(dead_code, reason = "the journal's own tests use more of it")]
mod disk;
mod formats;
mod life;
mod money;
mod operate;
mod program;
mod proof;
#[path = "../../schema/store/tests/it/proxy.rs"]
#[expect(dead_code, reason = "the store's own tests use more of it")]
mod proxy;
mod quarantine;
mod reference;
mod rotate;
mod sim;
