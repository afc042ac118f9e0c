//! The local chain as clients see it: through `suiftly-sui`, which knows nothing of it, and through `sui-rpc`'s own client.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod aborts;
mod control;
mod durable;
mod faults;
mod life;
mod programs;
mod reading;
mod refusals;
mod world;
