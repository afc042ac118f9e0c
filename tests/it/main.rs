//! The program from outside: its processes, its sockets, its database.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod program;
mod quarantine;
