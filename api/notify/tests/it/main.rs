//! Alerts, webhooks and mail, over a real PostgreSQL, a receiver and a mail server of the tests' own, and a clock that is
//! moved by hand.

// Clippy's leave for tests ends at the functions marked #[test]; their helpers are tests too.
#![allow(clippy::unwrap_used)]

mod alerts;
mod answers;
mod events;
mod mail;
mod receiver;
mod retries;
mod secrets;
mod ssrf;
mod world;
