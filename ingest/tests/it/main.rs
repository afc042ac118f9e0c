//! Ingest from the outside: real files, real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod attribution;
mod follow;
mod found;
mod hand_in;
mod handing;
mod httplog;
mod idle;
mod journal;
mod live;
mod log_format;
mod loss;
mod mutate;
mod order;
mod order_read;
mod ordered;
mod published;
mod recount;
mod replay;
mod restart;
mod samples;
mod sf1;
mod ship;
mod support;
mod tls;
mod transports;
mod traps;
mod trouble;
mod two_homes;
