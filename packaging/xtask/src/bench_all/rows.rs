//! The figures of a benchmark as it has written them, and how one's stand beside another's. Pure but for reading the file.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// One measured figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) unit: String,
    /// The median of the runs.
    pub(crate) value: f64,
    pub(crate) runs: Vec<f64>,
}

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ours,
    /// Somebody else's program, for the same work or a part of it.
    Peer,
    /// What does less, as a floor to measure from.
    Floor,
    /// A part of the system or of the measuring.
    Part,
}

/// Who begins so is a peer.
const PEERS: [&str; 7] = ["rsyslog", "syslog-ng", "halog", "DuckDB", "ClickHouse", "dbsp", "TimescaleDB"];
/// Who begins so only reads, counts or copies.
const FLOORS: [&str; 3] = ["wc -l", "count only", "bare COPY"];
/// Of units that begin so, more is better; of all others less is.
const MORE_IS_BETTER: [&str; 6] =
    ["million lines/s", "lines/s", "requests/s", "records per", "times smaller", "% of lines"];
/// Units that tell a share or a ratio already: nothing is compared by them.
const RATIOS: [&str; 3] = ["ratio", "of the CPU of", "% of acts"];

impl Row {
    pub(crate) fn kind(&self) -> Kind {
        let begins = |names: &[&str]| names.iter().any(|name| self.subject.starts_with(name));
        match () {
            () if self.subject.contains(" / ") => Kind::Part,
            () if self.subject.starts_with("suiftly") => Kind::Ours,
            () if begins(&PEERS) => Kind::Peer,
            () if begins(&FLOORS) => Kind::Floor,
            () => Kind::Part,
        }
    }

    fn is_compared(&self) -> bool {
        !RATIOS.iter().any(|unit| self.unit.starts_with(unit))
    }

    fn more_is_better(&self) -> bool {
        MORE_IS_BETTER.iter().any(|unit| self.unit.starts_with(unit))
    }

    /// The least and the most of the runs.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let least = self.runs.iter().copied().fold(f64::INFINITY, f64::min);
        (least, self.runs.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    }

    /// How many times as good as `other` this is, by the medians: above 1, this is better. `None` where that means nothing:
    /// not the same case, or a figure of zero.
    pub(crate) fn beside(&self, other: &Self) -> Option<f64> {
        let is_same = self.case == other.case && self.unit == other.unit && self.is_compared();
        let (ours, theirs) = if self.more_is_better() { (other, self) } else { (self, other) };
        let both = ours.value > 0.0 && theirs.value > 0.0;
        (is_same && both).then(|| theirs.value / ours.value)
    }

    /// Whether the runs of both lie in one another's way, so that the medians may be chance.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let ((least, most), (other_least, other_most)) = (self.spread(), other.spread());
        least <= other_most && other_least <= most
    }
}

/// Those of `target/bench/NAME.json`.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text).with_context(|| format!("{} holds no figures", path.display()))
}

pub(crate) fn parse(text: &str) -> anyhow::Result<Vec<Row>> {
    let json: Value = serde_json::from_str(text).context("it is not JSON")?;
    let rows: Vec<Row> = json.as_array().context("it is no list")?.iter().map(row).collect::<anyhow::Result<_>>()?;
    ensure!(!rows.is_empty(), "the list is empty");
    Ok(rows)
}

fn row(json: &Value) -> anyhow::Result<Row> {
    let text =
        |name: &str| json[name].as_str().map(str::to_owned).with_context(|| format!("a row has no {name}: {json}"));
    // What is not a number was not measured, and is written as null.
    let runs = json["runs"].as_array().with_context(|| format!("a row has no runs: {json}"))?;
    let runs = runs.iter().map(|run| run.as_f64().unwrap_or(f64::NAN)).collect();
    let value = json["value"].as_f64().unwrap_or(f64::NAN);
    Ok(Row { case: text("case")?, subject: text("subject")?, unit: text("unit")?, value, runs })
}

#[cfg(test)]
pub(super) fn of(case: &str, subject: &str, unit: &str, runs: &[f64]) -> Row {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let value = sorted[sorted.len() / 2];
    Row { case: case.into(), subject: subject.into(), unit: unit.into(), value, runs: runs.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: &str = "CPU-s per million lines";

    #[test]
    fn figures_are_read() {
        let text = r#"[{"case": "a", "subject": "suiftly", "unit": "ms", "value": 2.0, "runs": [1.0, 2.0, 3.5]},
            {"case": "a", "subject": "x", "unit": "ms", "value": null, "runs": [null]}]"#;
        let rows = parse(text).unwrap();
        assert_eq!((rows[0].value, rows[0].spread()), (2.0, (1.0, 3.5)));
        assert!(rows[1].value.is_nan());
        for (bad, message) in [("[]", "empty"), ("{}", "no list"), ("x", "not JSON"), (r#"[{"case": "a"}]"#, "no runs")]
        {
            assert!(format!("{:#}", parse(bad).unwrap_err()).contains(message), "{bad}");
        }
    }

    #[test]
    fn who_is_who() {
        for (subject, kind) in [
            ("suiftly", Kind::Ours),
            ("suiftly, zstd 3", Kind::Ours),
            ("suiftly and PostgreSQL", Kind::Ours),
            ("suiftly / bare COPY", Kind::Part),
            ("rsyslog 8.2302.0 imtcp or imudp", Kind::Peer),
            ("halog -st 2.6.12", Kind::Peer),
            ("wc -l", Kind::Floor),
            ("count only, paced 2 ms", Kind::Floor),
            ("PostgreSQL", Kind::Part),
            ("this benchmark", Kind::Part),
        ] {
            assert_eq!(of("a", subject, CPU, &[1.0]).kind(), kind, "{subject}");
        }
    }

    #[test]
    fn one_beside_another() {
        let cases = [
            (of("a", "suiftly", CPU, &[2.0]), of("a", "rsyslog 8", CPU, &[5.0]), Some(2.5)),
            (of("a", "suiftly", "million lines/s", &[2.0]), of("a", "rsyslog 8", "million lines/s", &[1.0]), Some(2.0)),
            (of("a", "suiftly", CPU, &[2.0]), of("b", "rsyslog 8", CPU, &[5.0]), None),
            (of("a", "suiftly", CPU, &[2.0]), of("a", "rsyslog 8", "ms", &[5.0]), None),
            (of("a", "suiftly", "lines lost", &[0.0]), of("a", "rsyslog 8", "lines lost", &[5.0]), None),
            (of("a", "suiftly", "ratio", &[2.0]), of("a", "rsyslog 8", "ratio", &[5.0]), None),
        ];
        for (ours, theirs, times) in cases {
            assert_eq!(ours.beside(&theirs), times, "{ours:?} {theirs:?}");
        }
        assert!(of("a", "s", CPU, &[1.0, 3.0]).overlaps(&of("a", "r", CPU, &[2.0, 5.0])));
        assert!(!of("a", "s", CPU, &[1.0, 1.5]).overlaps(&of("a", "r", CPU, &[2.0, 5.0])));
    }
}
