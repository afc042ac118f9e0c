//! The store on a real PostgreSQL: a private cluster out of the distribution's packages, a database per test.

// Clippy's leave for tests ends at the functions marked #[test]; their helpers are tests too.
#![allow(clippy::unwrap_used)]

mod accounts;
mod cluster;
mod copy;
mod loss;
mod migrate;
mod model;
mod partitions;
mod proxy;
mod quarantine;
mod reader;
mod recovery;
mod seed;
mod views;
mod writer;

#[test]
fn says_where_the_suite_runs() {
    match std::env::var_os(suiftly_store::testing::TIMESCALE_URL) {
        Some(_) => println!("the suite runs on plain PostgreSQL and on the server that TEST_TIMESCALE_URL names"),
        None => println!("TEST_TIMESCALE_URL is not set: the suite runs on plain PostgreSQL alone"),
    }
}
