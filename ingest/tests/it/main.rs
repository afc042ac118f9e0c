//! Ingest from the outside: real files, real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod attribution;
mod found;
mod hand_in;
mod httplog;
mod idle;
mod journal;
mod live;
mod log_format;
mod loss;
mod mutate;
mod published;
mod recount;
mod replay;
mod restart;
mod samples;
mod sf1;
mod support;
mod tls;
mod transports;
mod traps;
mod trouble;
mod two_homes;
