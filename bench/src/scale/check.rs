//! `scale --check`: the model at sizes that were measured here, beside the figures of other benchmarks as their last
//! runs have left them. What the model was fitted to says so: it shows how far the fit is off, or that this machine is
//! another one. And beside a cluster ([`cluster`]): there it fails if the model is too far off.

use super::cluster;
use super::costs::{Costs, FRESHNESS_CUSTOMERS, FRESHNESS_LINES_S, STORE, STORE_LINES_S, VIEWS, VIEWS_LINES};
use super::customers::Customers;
use super::model::simulate;
use super::report::MODEL;
use super::sizing::{Asked, Size};
use super::tally::Outcome;
use crate::report::{self, Row};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::fs;

pub(super) const CPU: &str = "CPU-s per million lines";
const FITTED: &str = "the model, fitted to it";
/// How `bench chain` and `bench recovery` are measured.
const CHAIN_LINES_S: u64 = 50_000;
const CHAIN_CUSTOMERS: u64 = 1_000;
const CHAIN_SECONDS: u64 = 10;
const RECOVERY_LINES: f64 = 5e6;
const RECOVERY_CUSTOMERS: u64 = 100_000;
/// A block is cut at this, where lines come at full speed.
const BLOCK_BYTES: f64 = 1_048_576.0;
const FRESHNESS_SECONDS: u64 = 20;
/// So long is simulated: it was measured warm, and commits come into their step by and by.
const WARM_SECONDS: u64 = 60;

/// A figure of the model, and where the measured one is.
struct Foretold {
    /// `target/bench/FILE.json`.
    file: &'static str,
    /// Of the case, where it begins.
    case: String,
    /// Of the subject, likewise.
    subject: &'static str,
    unit: &'static str,
    value: f64,
    is_fitted: bool,
}

/// Measured, the model's, and the difference, of each figure that is there; and of the cluster, which must be.
pub(super) fn rows(costs: &Costs) -> anyhow::Result<Vec<Row>> {
    let of_cluster = cluster::foretold(costs)?;
    let mut rows = of_benchmarks(costs)?;
    if rows.is_empty() {
        eprintln!("no benchmark has left its figures: run `cargo xtask bench all`, or ingest, views, store, freshness");
    }
    rows.extend(of_cluster.iter().flat_map(cluster::rows));
    let far: Vec<String> = of_cluster.iter().flat_map(cluster::too_far).collect();
    ensure!(far.is_empty(), "the model is too far from the cluster\n{}{}", report::table(&rows), far.join("\n"));
    Ok(rows)
}

fn of_benchmarks(costs: &Costs) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut foretold = fitted(costs);
    foretold.extend(simulated(costs));
    for one in foretold {
        match measured(&one)? {
            Some(value) => rows.extend(beside(&one, value)),
            None => eprintln!("{}.json, {}: not measured", one.file, one.case),
        }
    }
    Ok(rows)
}

fn beside(one: &Foretold, measured: f64) -> [Row; 3] {
    let subject = if one.is_fitted { FITTED } else { MODEL };
    let row = |subject, unit, value| Row::new(&format!("{}: {}", one.file, one.case), subject, unit, vec![value]);
    [
        row("measured", one.unit, measured),
        row(subject, one.unit, one.value),
        row("difference", "% of what was measured", (one.value / measured - 1.0) * 100.0),
    ]
}

/// The figure, if there is such a file and such a row in it.
fn measured(one: &Foretold) -> anyhow::Result<Option<f64>> {
    let path = report::dir()?.join(format!("{}.json", one.file));
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    let rows: Value = serde_json::from_str(&text).with_context(|| format!("{} holds no figures", path.display()))?;
    Ok(found(&rows, one))
}

fn found(rows: &Value, one: &Foretold) -> Option<f64> {
    rows.as_array()?.iter().find(|row| is_it(row, one))?["value"].as_f64()
}

fn is_it(row: &Value, one: &Foretold) -> bool {
    let begins = |name: &str, with: &str| row[name].as_str().is_some_and(|text| text.starts_with(with));
    begins("case", &one.case) && begins("subject", one.subject) && row["unit"].as_str() == Some(one.unit)
}

fn fitted(costs: &Costs) -> Vec<Foretold> {
    let of = |file, case: String, subject, unit, value| Foretold { file, case, subject, unit, value, is_fitted: true };
    let mut all = vec![of("ingest", "TCP octet-counted, saturated".into(), "suiftly", CPU, costs.ingest_us)];
    for (customers, exponent, _) in VIEWS {
        let us = costs.bare_views_us(&Customers::new(customers.into(), exponent), VIEWS_LINES);
        all.push(of("views", format!("{customers} customers, Zipf {exponent},"), "suiftly", CPU, us));
    }
    for (customers, seconds, _) in STORE {
        let us = costs.store_us(&Customers::new(customers.into(), 1.0), STORE_LINES_S * seconds, true);
        let case = format!("{STORE_LINES_S} lines/s of {customers} customers, Zipf 1, a commit each {seconds} s");
        all.push(of("store", case, "suiftly, all views", "records per CPU-second of the database", 1e6 / us));
    }
    all
}

fn simulated(costs: &Costs) -> Vec<Foretold> {
    let alone = |rate, customers, seconds| simulate(&Asked::new(Size::alone(rate, customers, seconds), costs.clone()));
    let mut all = freshness(&alone(FRESHNESS_LINES_S, FRESHNESS_CUSTOMERS, WARM_SECONDS));
    let chain = alone(CHAIN_LINES_S, CHAIN_CUSTOMERS, CHAIN_SECONDS);
    let (suiftly, database) = cpu(&chain);
    all.push(Foretold {
        file: "chain",
        case: "from the socket by TCP to usage".into(),
        subject: "suiftly",
        unit: CPU,
        value: suiftly + database,
        is_fitted: false,
    });
    let block_lines = BLOCK_BYTES / costs.line_bytes;
    let recovers = costs.views_us(&Customers::new(RECOVERY_CUSTOMERS, 1.0), block_lines) * RECOVERY_LINES / 1e6;
    all.push(Foretold {
        file: "recovery",
        case: format!("kill -9, {RECOVERY_LINES} lines that the database has not: until the answer has all lines"),
        subject: "suiftly",
        unit: "CPU-s",
        value: recovers,
        is_fitted: false,
    });
    all
}

fn freshness(outcome: &Outcome) -> Vec<Foretold> {
    let of = |case: String, subject, unit, value, is_fitted| Foretold {
        file: "freshness",
        case,
        subject,
        unit,
        value,
        is_fitted,
    };
    let size = format!("{FRESHNESS_LINES_S} lines/s by TCP for {FRESHNESS_SECONDS} s, {FRESHNESS_CUSTOMERS} customers");
    let mut all: Vec<_> = [50, 90, 99]
        .map(|percent| {
            let case = format!("{size}: socket to SSE delta, p{percent}");
            of(case, "suiftly", "ms", outcome.shown.quantile(percent), false)
        })
        .into();
    let (suiftly, database) = cpu(outcome);
    all.push(of("CPU in that time".into(), "suiftly", CPU, suiftly, true));
    all.push(of("CPU in that time".into(), "PostgreSQL", CPU, database, false));
    all
}

/// CPU-seconds per million lines: of suiftly, of the database by what it has stored.
fn cpu(outcome: &Outcome) -> (f64, f64) {
    let millions = |lines: u64| lines as f64 / 1e6 / outcome.seconds;
    let suiftly = (outcome.cores.ingest + outcome.cores.dataflow) / millions(outcome.counted.lines());
    (suiftly, outcome.cores.database / millions(outcome.stored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn foretold() -> Foretold {
        Foretold { file: "x", case: "a".into(), subject: "suiftly", unit: "ms", value: 12.0, is_fitted: false }
    }

    #[test]
    fn a_figure_is_found_by_where_its_names_begin() {
        let row = |case: &str, subject: &str, unit: &str| json!({"case": case, "subject": subject, "unit": unit, "value": 8.0});
        let rows = json!([row("b", "suiftly", "ms"), row("a, p50", "suiftly, all", "ms"), row("a", "suiftly", "s")]);
        assert_eq!(found(&rows, &foretold()), Some(8.0));
        for other in [json!([]), json!({}), json!([row("a", "peer", "ms")]), json!([row("a", "suiftly", "s")])] {
            assert_eq!(found(&other, &foretold()), None, "{other}");
        }
    }

    #[test]
    fn the_difference_is_told() {
        let [measured, model, difference] = beside(&foretold(), 8.0);
        assert_eq!((measured.value, model.value, model.subject.as_str()), (8.0, 12.0, MODEL));
        assert!((difference.value - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_small_system_is_near_what_was_measured() {
        // docs/performance.md. Bar of the design: 30 %.
        let all = simulated(&Costs::default());
        let value = |case: &str, subject: &str| {
            let one =
                all.iter().find(|one| one.case.ends_with(case) && one.subject == subject && one.file == "freshness");
            one.unwrap().value
        };
        for (case, measured) in [("p50", 62.6), ("p99", 116.0), ("time", 6.93)] {
            let value = value(case, "suiftly");
            assert!((value / measured - 1.0).abs() < 0.3, "{case}: {value} instead of {measured}");
        }
        let times = value("time", "PostgreSQL") / 8.19;
        assert!((1.0..1.6).contains(&times), "its live commits cost less than those of bench store: {times}");
    }
}
