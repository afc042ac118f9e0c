//! The views against a plain recount that shares no code with them but the schema's types.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod generate;
mod integrate;
mod mesh;
mod oracle;
mod seed;
mod standing;
mod views;
