//! What things cost: measured on this project's machine where they are, assumed where not. Each says which, and from
//! where; `--inputs` lists them, `--set NAME=VALUE` puts another in its place.
//!
//! Measured figures are those of `docs/performance.md`, run of 2026-11-23, two cores of an AMD EPYC. CPU-seconds per
//! million lines are microseconds a line. What is fitted goes through several of them by least squares.

use super::customers::Customers;
use crate::report::Row;
use anyhow::{Context, bail, ensure};

/// `bench ingest`, TCP octet-counted, saturated: socket, frame, journal, parse, dedup, sums.
const INGEST_US: f64 = 1.69;
/// The same at 14,000 lines/s: a block each 10 ms, full or not.
const INGEST_SLOW_US: f64 = 5.29;
const INGEST_SLOW_LINES_S: f64 = 14_000.0;
/// `bench replay`, SF1: parse, dedup, sums.
const DECODE_US: f64 = 0.529;
/// `bench views`: customers, Zipf's exponent, CPU-s per million lines; epochs of [`VIEWS_LINES`].
pub(super) const VIEWS: [(u32, f64, f64); 3] = [(100_000, 1.0, 1.66), (100_000, 0.0, 2.06), (500, 1.0, 0.985)];
pub(super) const VIEWS_LINES: f64 = 10_000.0;
/// `bench store`: customers by Zipf 1, seconds between commits, records per CPU-second of the database;
/// [`STORE_LINES_S`].
pub(super) const STORE: [(u32, f64, f64); 3] =
    [(1_000, 5.0, 322_581.0), (1_000, 1.0, 220_264.0), (100_000, 5.0, 99_010.0)];
pub(super) const STORE_LINES_S: f64 = 50_000.0;
/// `bench freshness`, suiftly alone: CPU-s per million lines, at so many lines/s of so many customers.
const FRESHNESS_US: f64 = 6.93;
pub(super) const FRESHNESS_LINES_S: u64 = 50_000;
pub(super) const FRESHNESS_CUSTOMERS: u64 = 100_000;
/// `cargo xtask cluster bench`, docs/proof/cluster.md, run of 2026-11-23: CPU-s per million lines of all processes of the
/// dataflow, with two homes and with a home each. Between them lies each line's second copy: received, checked, unpacked,
/// decoded, dropped. The run of 2026-11-24, on a quieter machine, has 2.37 and 1.63: the dearer difference is kept.
const TWO_HOMES_US: f64 = 3.09;
const HOME_EACH_US: f64 = 1.83;
/// `bench vault`: seconds of a refill, of a grant's change; keys and grants that there were.
const REFILL_S: f64 = 0.949;
const GRANT_CHANGE_S: f64 = 0.002_49;
const VAULT_KEYS: f64 = 100_000.0;
const VAULT_GRANTS: f64 = 50_000.0;
/// `bench loop`: bytes of the edge and HAProxy at most, with 100,000 keys.
const EDGE_BYTES: f64 = 197e6 + 121e6;
/// `bench money`: seconds, customers.
const CLOSE_S: f64 = 26.8;
const CLOSE_CUSTOMERS: f64 = 50_000.0;

macro_rules! inputs {
    ($($name:ident = $value:expr, $unit:literal, $source:literal;)+) => {
        /// All inputs, each under its name.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) struct Costs {
            $(#[doc = $source] pub(super) $name: f64,)+
        }

        impl Default for Costs {
            fn default() -> Self {
                Self { $($name: $value,)+ }
            }
        }

        impl Costs {
            fn input(&mut self, name: &str) -> Option<&mut f64> {
                $(if name == stringify!($name) {
                    return Some(&mut self.$name);
                })+
                None
            }

            /// Each with its unit and its source.
            pub(super) fn rows(&self) -> Vec<Row> {
                vec![$(Row::new(stringify!($name), $source, $unit, vec![self.$name]),)+]
            }
        }
    };
}

inputs! {
    // CPU.
    ingest_us = INGEST_US, "CPU-µs a line", "measured: bench ingest, TCP saturated; socket to sums, decode_us among it";
    ingester_lines_s = 915_000.0, "lines/s", "measured: bench ingest, TCP saturated; on two cores, shared with the sender";
    wake_cores = (INGEST_SLOW_US - INGEST_US) * INGEST_SLOW_LINES_S / 1e6, "cores an ingester",
        "measured: bench ingest, 14,000 lines/s above saturated; waking up each few lines";
    archive_us = 0.884, "CPU-µs a line", "measured: bench ingest, archiving by zstd 1";
    decode_us = DECODE_US, "CPU-µs a line", "measured: bench replay, SF1; of a second copy, too";
    view_line_us = views().0, "CPU-µs a line", "fitted: bench views, three figures; decode_us among it";
    view_row_us = views().1, "CPU-µs a customer and epoch", "fitted: bench views, three figures";
    rest_row_us = rest(), "CPU-µs a customer and epoch",
        "fitted: bench freshness less its parts; COPY's encoding, hub, vault, small epochs";
    part_us = TWO_HOMES_US - HOME_EACH_US - DECODE_US, "CPU-µs a copy",
        "measured: cluster bench, dataflow, two homes less a home each, less decode_us; parts through TLS";
    store_record_us = store().0, "CPU-µs a record", "fitted: bench store, three figures";
    store_row_us = store().1, "CPU-µs a customer and commit", "fitted: bench store, three figures; minute, hour, rated, keys";
    seed_row_us = 2.0, "µs a row of rated", "assumed: four times what PostgreSQL needs to sum a row (bench query)";
    close_us = CLOSE_S / CLOSE_CUSTOMERS * 1e6, "µs a customer", "measured: bench money, closed and charged, by the clock";
    refill_us = REFILL_S / VAULT_KEYS * 1e6, "µs a key", "measured: bench vault, refill of all maps";
    grant_change_us = GRANT_CHANGE_S / VAULT_GRANTS * 1e6, "µs a change and grant",
        "measured: bench vault, one grant's state; HAProxy walks over the whole map";
    // Time.
    cut_ms = 10.0, "ms", "as built: a block of the journal under load";
    order_ms = 20.0, "ms", "as designed: a block of the order";
    hub_ms = 100.0, "ms", "as built: ten deltas a second";
    sync_min_ms = 0.5, "ms", "measured: fdatasync, least";
    sync_max_ms = 3.0, "ms", "measured: fdatasync, most without a stall";
    stall_max_ms = 380.0, "ms", "measured: fdatasync, longest stall";
    stall_share = 0.000_1, "of all syncs", "assumed: how often it stalls";
    near_ms = 0.5, "ms", "assumed: one way within a region";
    far_ms = 35.0, "ms", "assumed: one way between regions";
    pauses = 4.0, "times", "as built: rest after a commit, of its own time";
    rest_s = 5.0, "s", "as built: longest rest after a commit";
    silence_s = 5.0, "s", "as designed: a silent process is given up";
    restart_s = 1.0, "s", "as designed: its unit starts it again";
    promote_s = 60.0, "s", "assumed: until another region's replica is made the database, by hand or not";
    replica_s = 1.0, "s", "assumed: what the replica had not yet";
    move_s = 60.0, "s", "assumed: until clients of a lost region go to the others; names live so long";
    day_swing = 0.5, "of the mean", "assumed: a region's busiest hour above its mean hour";
    // Bytes.
    line_bytes = 250.0, "bytes", "docs/book, capacity: a line, raw";
    packed_bytes = 50.0, "bytes", "docs/book, capacity: a line, compressed";
    record_bytes = 360.0, "bytes", "docs/book, capacity: a raw record with indexes";
    row_bytes = 250.0, "bytes", "assumed: a row of usage with its histogram and index";
    row_memory_bytes = 400.0, "bytes", "reckoned: a customer's rows of an epoch, by their types";
    record_memory_bytes = 176.0, "bytes", "reckoned: a record, by its type";
    waiting_mib = 128.0, "MiB a process", "as built: what may wait for the database";
    credit_mib = 64.0, "MiB a process", "as designed: parts that may be under way";
    ring_lines = 60_000.0, "lines", "docs/book, runbooks: a ring of 16 MiB";
    disk_mb_s = 1_000.0, "MB/s", "assumed: an ingester's disk";
    database_disk_mb_s = 2_000.0, "MB/s", "assumed: the database's disk";
    database_writes = 2.0, "times", "assumed: a page and the log, for each byte stored";
    link_gbit_s = 25.0, "Gbit/s", "assumed: a machine's network";
    // Sizes of machines and of what is kept.
    database_cores_max = 64.0, "cores", "assumed: the largest database server";
    aim_share = 0.5, "of a core", "docs/book, capacity: plan with half of it";
    full_share = 0.9, "of what it can", "assumed: how full an ingester may be in its worst hour, with a region lost";
    edge_memory_gb = 32.0, "GB", "assumed: memory of a gateway for HAProxy and edge";
    edge_key_bytes = EDGE_BYTES / VAULT_KEYS, "bytes a key", "measured: bench loop, HAProxy and edge at most; all of it";
    keys_a_customer = 1.2, "keys", "assumed: 12 M keys of 10 M customers";
    rated_rows = 3.0, "rows a customer", "assumed: open months, by service and price book";
    changes_a_month = 2.0, "a customer", "assumed: limit reached, funds empty, deposit";
    map_entries_max = 8e6, "keys", "as built: MAP_ENTRIES_MAX";
    refill_max_s = 60.0, "s", "as built: WHOLE_MAP_TIME_MAX";
    serving_max_s = 20.0, "s", "wanted: serving again";
    close_max_s = 86_400.0, "s", "as built: grace after a month";
    archive_days = 100.0, "days", "as built: archive_keep_days";
    raw_days = 2.0, "days", "as built: raw records";
    minutes_hours = 24.0, "hours", "as built: usage by minute";
    hours_days = 90.0, "days", "as built: usage by hour";
    // Dollars: round figures of the order of a large cloud's list; nobody's offer.
    core_usd = 25.0, "$ a core and month", "assumed: with 4 GB, taken for a year";
    block_gb_usd = 0.08, "$ a GB and month", "assumed: block storage";
    object_gb_usd = 0.021, "$ a GB and month", "assumed: object storage";
    between_gb_usd = 0.02, "$ a GB", "assumed: traffic between regions";
}

impl Costs {
    /// `NAME=VALUE`, as it is typed.
    pub(super) fn set(&mut self, text: &str) -> anyhow::Result<()> {
        let (name, value) = text.split_once('=').context("--set is NAME=VALUE")?;
        let value: f64 = value.parse().with_context(|| format!("{value} is no number"))?;
        ensure!(value.is_finite() && value >= 0.0, "{name} must be a number, 0 or more");
        let Some(input) = self.input(name) else { bail!("there is no input {name}; `--inputs` lists them") };
        *input = value;
        Ok(())
    }

    /// CPU of the views, decoding and all else that the process spends: of so many lines in one epoch, in µs a line.
    pub(super) fn views_us(&self, customers: &Customers, lines: f64) -> f64 {
        self.view_line_us + (self.view_row_us + self.rest_row_us) * customers.met_in(lines) / lines
    }

    /// The same as `bench views` has it: the views alone.
    pub(super) fn bare_views_us(&self, customers: &Customers, lines: f64) -> f64 {
        self.view_line_us + self.view_row_us * customers.met_in(lines) / lines
    }

    /// CPU of the database, in µs a line, if so many lines are stored at once.
    pub(super) fn store_us(&self, customers: &Customers, lines: f64, keeps_raw: bool) -> f64 {
        let record = if keeps_raw { self.store_record_us } else { 0.0 };
        record + self.store_row_us * customers.met_in(lines) / lines
    }
}

/// What a line costs, and what a customer of an epoch does.
fn views() -> (f64, f64) {
    line_through(VIEWS.map(|(customers, exponent, us)| {
        let met = Customers::new(customers.into(), exponent).met_in(VIEWS_LINES);
        (met / VIEWS_LINES, us)
    }))
}

/// What a record costs, and what a customer of a commit does.
fn store() -> (f64, f64) {
    line_through(STORE.map(|(customers, seconds, records)| {
        let lines = STORE_LINES_S * seconds;
        (Customers::new(customers.into(), 1.0).met_in(lines) / lines, 1e6 / records)
    }))
}

/// What `bench freshness` took above what its parts are known to take, for each customer of an epoch; its blocks are cut
/// each 10 ms. Not for each line: one process in `cargo xtask cluster bench`, whose epochs meet few customers in many
/// lines, has nothing left for it (1.9 CPU-s per million lines in all).
fn rest() -> f64 {
    let ((line, row), rate) = (views(), FRESHNESS_LINES_S as f64);
    let lines = rate / 100.0;
    let met = Customers::new(FRESHNESS_CUSTOMERS, 1.0).met_in(lines);
    let wakes = (INGEST_SLOW_US - INGEST_US) * INGEST_SLOW_LINES_S / rate;
    (FRESHNESS_US - (INGEST_US - DECODE_US) - wakes - line) * lines / met - row
}

/// Where it begins and how steep it is, by least squares.
fn line_through<const N: usize>(points: [(f64, f64); N]) -> (f64, f64) {
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / N as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let rise: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let run: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (y - rise / run * x, rise / run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_set_by_their_names() {
        let mut costs = Costs::default();
        costs.set("core_usd=12.5").unwrap();
        assert_eq!(costs, Costs { core_usd: 12.5, ..Costs::default() });
        for text in ["core_usd", "core_usd=", "core_usd=-1", "core_usd=inf", "cores=1", ""] {
            assert!(costs.set(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_input_says_where_it_is_from() {
        let known = ["measured: ", "fitted: ", "as built: ", "as designed: ", "docs/book, ", "reckoned: ", "assumed: "];
        for row in Costs::default().rows() {
            let source = row.subject.as_str();
            assert!(source.starts_with("wanted: ") || known.iter().any(|word| source.starts_with(word)), "{row:?}");
            assert!(row.value.is_finite() && row.value >= 0.0, "{row:?}");
        }
    }

    #[test]
    fn what_is_fitted_is_near_what_was_measured() {
        let costs = Costs::default();
        for (count, exponent, us) in VIEWS {
            let fitted = costs.bare_views_us(&Customers::new(count.into(), exponent), VIEWS_LINES);
            assert!((fitted / us - 1.0).abs() < 0.15, "{count} {exponent}: {fitted} instead of {us}");
        }
        for (count, seconds, records) in STORE {
            let fitted = costs.store_us(&Customers::new(count.into(), 1.0), STORE_LINES_S * seconds, true);
            assert!((fitted * records / 1e6 - 1.0).abs() < 0.15, "{count} {seconds}: {fitted} µs");
        }
        assert!((3.0..6.0).contains(&costs.rest_row_us), "{}", costs.rest_row_us);
        let lines = FRESHNESS_LINES_S as f64 / 100.0;
        let views = costs.views_us(&Customers::new(FRESHNESS_CUSTOMERS, 1.0), lines);
        let all = views + costs.ingest_us - costs.decode_us + costs.wake_cores * 1e6 / FRESHNESS_LINES_S as f64;
        assert!((all - FRESHNESS_US).abs() < 1e-9, "{all}");
        assert!((0.5..1.0).contains(&costs.part_us), "{}", costs.part_us);
    }

    #[test]
    fn a_line_through_points_on_a_line_is_that_line() {
        let (begins, steep) = line_through([(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]);
        assert!((begins - 3.0).abs() < 1e-9 && (steep - 2.0).abs() < 1e-9);
    }
}
