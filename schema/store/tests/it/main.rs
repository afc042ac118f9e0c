//! The store on a real PostgreSQL: a private cluster out of the distribution's packages, a database per test. And on
//! TimescaleDB: `node schema/store/tests/timescale/front.mjs cargo nextest run -p suiftly-store`.

// Clippy's leave for tests ends at the functions marked #[test]; their helpers are tests too.
#![allow(clippy::unwrap_used)]

mod accounts;
mod cluster;
mod copy;
mod firehose;
mod formats;
mod holdings;
mod late;
mod loss;
mod migrate;
mod model;
mod partitions;
mod prices;
mod proofs;
mod proxy;
mod quarantine;
mod reader;
mod recovery;
mod rls;
mod roles;
mod seam;
mod seed;
mod shards;
mod shards_read;
mod streams;
mod sui_escrow;
mod vault_file;
mod vault_versions;
mod views;
mod writer;

#[test]
fn says_where_the_suite_runs() {
    use suiftly_store::testing::{TIMESCALE_URL, is_timescale_alone};
    match std::env::var_os(TIMESCALE_URL) {
        Some(_) if is_timescale_alone() => println!("the suite runs on the TimescaleDB that {TIMESCALE_URL} names"),
        Some(_) => println!("the suite runs on plain PostgreSQL and on the TimescaleDB that {TIMESCALE_URL} names"),
        None => println!("{TIMESCALE_URL} is not set: the suite runs on plain PostgreSQL alone"),
    }
}
