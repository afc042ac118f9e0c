//! `suiftly loss`: which numbered lines did not come, asked of the running `suiftly up`.

use crate::cli::LossArgs;
use crate::client::Client;
use crate::commands::unless_broken_pipe;
use anyhow::Context;
use serde_json::Value;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use suiftly_schema::time::UnixMillis;

/// Prints the report: a line a worker, and its missing ranges.
pub(crate) async fn loss(args: LossArgs) -> anyhow::Result<()> {
    let LossArgs { place, server, json } = args;
    let path = server.map_or_else(|| "/api/v1/loss".to_owned(), |server| format!("/api/v1/loss?server_id={server}"));
    let report = Client::of(&place)?.get(&path).await?;
    let text = if json { format!("{report:#}\n") } else { table(&report)? };
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write the report"))
}

fn table(report: &Value) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let columns = ["received", "duplicates", "conflicts", "missing_pending", "missing_final", "repaired"];
    writeln!(
        out,
        "{:<8} {:<26} {:>12} {:>10} {:>9} {:>8} {:>8} {:>8} {:>10}",
        "SERVER", "BOOT", "RECEIVED", "DUPLICATE", "CONFLICT", "PENDING", "LOST", "REPAIRED", "PPM"
    )?;
    for worker in report["workers"].as_array().into_iter().flatten() {
        let counts: Vec<u64> = columns.iter().map(|name| worker["counts"][name].as_u64().unwrap_or_default()).collect();
        let boot = UnixMillis(worker["boot_ms"].as_i64().unwrap_or_default()).rfc3339();
        let server = worker["server_id"].to_string();
        let [received, duplicates, conflicts, pending, lost, repaired] = counts[..] else { continue };
        let ppm = worker["counts"]["ppm"].as_f64().unwrap_or_default();
        writeln!(
            out,
            "{server:<8} {boot:<26} {received:>12} {duplicates:>10} {conflicts:>9} {pending:>8} {lost:>8} {repaired:>8} \
             {ppm:>10.3}"
        )?;
        // Of one home alone there is nothing to tell apart.
        for home in worker["homes"].as_array().into_iter().flatten().filter(|_| is_of_several(worker)) {
            let count = |name: &str| home[name].as_u64().unwrap_or_default();
            let (received, missing, behind) = (count("received"), count("missing"), count("behind"));
            let [name, heard_at] = ["home", "heard_at"].map(|name| home[name].as_str().unwrap_or_default());
            writeln!(
                out,
                "{:<8} by {name}: {received} received, {missing} missing, {behind} behind; heard at {heard_at}",
                ""
            )?;
        }
        for range in worker["ranges"].as_array().into_iter().flatten() {
            let state = if range["is_final"] == Value::Bool(true) { "lost" } else { "pending" };
            writeln!(out, "{:<8} {} to {} {state}", "", range["first_seq"], range["last_seq"])?;
        }
        if let Some(more @ 1..) = worker["ranges_left_out"].as_u64() {
            writeln!(out, "{:<8} and {more} ranges before them", "")?;
        }
    }
    if let Some(more @ 1..) = report["workers_left_out"].as_u64() {
        writeln!(out, "and {more} workers that were heard of longer ago")?;
    }
    Ok(out)
}

fn is_of_several(worker: &Value) -> bool {
    worker["homes"].as_array().is_some_and(|homes| homes.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_worker_a_line_and_its_ranges() {
        let counts = json!({"received": 96, "duplicates": 3, "conflicts": 1, "missing": 4, "missing_pending": 1,
            "missing_final": 3, "repaired": 2, "ppm": 30_303.03});
        let ranges = json!([{"first_seq": 99, "last_seq": 99, "lines": 1, "is_final": false},
            {"first_seq": 7, "last_seq": 9, "lines": 3, "is_final": true}]);
        let at = "2026-11-22T00:00:05Z";
        let home = |home: &str, behind: u64| json!({"home": home, "received": 90, "missing": 6, "behind": behind, "heard_at": at});
        let homes = [home("tcp 192.0.2.7 (1)", 0), home("tcp 192.0.2.7 (2)", 5)];
        let worker = json!({"server_id": 17, "boot_ms": 1_795_305_600_000i64, "counts": counts, "homes": homes,
            "ranges": ranges, "ranges_left_out": 4});
        let report = json!({"workers": [worker], "workers_left_out": 0});
        let text = table(&report).unwrap();
        let by = |line: usize| text.lines().nth(line).unwrap_or_default().trim();
        assert_eq!(by(2), "by tcp 192.0.2.7 (1): 90 received, 6 missing, 0 behind; heard at 2026-11-22T00:00:05Z");
        assert!(by(3).contains("5 behind"));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["17", "2026-11-22T00:00:00Z", "96", "3", "1", "1", "3", "2", "30303.030"]);
        assert_eq!(
            lines[4..],
            [
                vec!["99", "to", "99", "pending"],
                vec!["7", "to", "9", "lost"],
                vec!["and", "4", "ranges", "before", "them"],
            ]
        );
    }
}
