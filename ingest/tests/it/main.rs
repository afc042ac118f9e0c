//! Ingest from the outside: real files, real sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod httplog;
mod journal;
mod live;
mod log_format;
mod mutate;
mod replay;
mod samples;
mod sf1;
mod support;
mod trouble;
