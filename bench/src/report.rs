//! A benchmark's result: a table for people, and `target/bench/NAME.json` for later comparison.

use anyhow::Context;
use serde::Serialize;
use std::path::PathBuf;

/// One measured figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was measured.
    pub case: String,
    /// Who was measured: `suiftly`, or a peer's name and version.
    pub subject: String,
    /// The value's unit.
    pub unit: String,
    /// The median of the runs.
    pub value: f64,
    /// Every run, in the order they were made.
    pub runs: Vec<f64>,
}

impl Row {
    /// A row out of its runs; there must be one at least.
    pub fn new(case: &str, subject: &str, unit: &str, runs: Vec<f64>) -> Self {
        assert!(!runs.is_empty(), "a figure comes from at least one run");
        Self { case: case.into(), subject: subject.into(), unit: unit.into(), value: median(&runs), runs }
    }
}

/// The middle value, or the mean of the two in the middle.
pub fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

/// Measured times, ascending, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(Vec<f64>);

impl Distribution {
    /// Of these, in whatever order.
    pub fn of(mut ms: Vec<f64>) -> Self {
        ms.sort_by(f64::total_cmp);
        Self(ms)
    }

    /// The least value that so many percent are not above; not a number if there is none.
    pub fn quantile(&self, percent: usize) -> f64 {
        let at = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }

    /// How many of a hundred are not above this.
    pub fn within(&self, bound_ms: f64) -> f64 {
        self.0.partition_point(|ms| *ms <= bound_ms) as f64 * 100.0 / self.0.len() as f64
    }

    /// p50, p90, p99, max, and the histogram by these bounds; `share` is the unit of the latter.
    pub fn rows(&self, case: &str, share: &str, bounds_ms: &[f64]) -> Vec<Row> {
        let quantiles = [(50, "p50"), (90, "p90"), (99, "p99"), (100, "max")];
        let quantiles = quantiles.map(|(percent, name)| (format!("{case}, {name}"), "ms", self.quantile(percent)));
        let bounds = bounds_ms.iter().map(|bound| (format!("{case}, within {bound} ms"), share, self.within(*bound)));
        let rows = quantiles.into_iter().chain(bounds);
        rows.map(|(case, unit, value)| Row::new(&case, "suiftly", unit, vec![value])).collect()
    }
}

/// The rows as an aligned table: case, subject, median, unit, spread of the runs.
pub fn table(rows: &[Row]) -> String {
    let header = ["case", "subject", "median", "unit", "min – max", "runs"].map(String::from);
    let cells = rows.iter().map(|row| {
        let min = row.runs.iter().copied().fold(f64::INFINITY, f64::min);
        let max = row.runs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = format!("{min:.3} – {max:.3}");
        let (case, subject, unit) = (row.case.clone(), row.subject.clone(), row.unit.clone());
        [case, subject, format!("{:.3}", row.value), unit, spread, row.runs.len().to_string()]
    });
    let lines: Vec<_> = std::iter::once(header).chain(cells).collect();
    let widths: Vec<_> = (0..6).map(|i| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for line in &lines {
        let padded: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(padded.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// `target/bench` (below `CARGO_TARGET_DIR` where that is set), made if it is not there: results, and what peers need.
pub fn dir() -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let dir = target.join("bench");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// Writes `target/bench/NAME.json` and says where.
pub fn write(name: &str, rows: &[Row]) -> anyhow::Result<PathBuf> {
    let path = dir()?.join(format!("{name}.json"));
    let json = serde_json::to_string_pretty(rows).context("cannot encode the result")?;
    std::fs::write(&path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The machine's load average of one, five and fifteen minutes: whether it was quiet.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0]), 3.0);
        assert_eq!(median(&[3.0, 1.0]), 2.0);
        assert_eq!(median(&[9.0, 1.0, 5.0]), 5.0);
    }

    #[test]
    fn quantiles_and_shares() {
        let times = Distribution::of(vec![50.0, 20.0, 40.0, 40.0, 50.0]);
        assert_eq!([50, 60, 61, 100].map(|percent| times.quantile(percent)), [40.0, 40.0, 50.0, 50.0]);
        assert_eq!([10.0, 20.0, 40.0, 50.0].map(|bound| times.within(bound)), [0.0, 20.0, 60.0, 100.0]);
        assert!(Distribution::of(Vec::new()).quantile(50).is_nan());
        let rows = times.rows("x", "% of acts", &[40.0]);
        assert_eq!((rows.len(), rows[4].case.as_str(), rows[4].value), (5, "x, within 40 ms", 60.0));
    }

    #[test]
    fn the_table_shows_the_spread() {
        let shown = table(&[Row::new("replay", "suiftly", "CPU-s/M lines", vec![0.5, 0.25, 0.75])]);
        assert!(
            shown.lines().nth(1).is_some_and(|line| line.contains("0.500") && line.contains("0.250 – 0.750")),
            "{shown}"
        );
    }
}
