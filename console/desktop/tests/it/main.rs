//! The console's link against a server that speaks the stream's contract, and its command line.

mod args;
mod link;
mod server;
