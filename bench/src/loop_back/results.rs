//! The figures, and the rows that they become.

use super::fleet::Applied;
use super::player::MICRO_USD_A_REQUEST;
use crate::report::{Distribution, Row};
use std::collections::BTreeMap;

/// The histogram's upper bounds.
const BOUNDS_MS: [f64; 8] = [50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1_000.0];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Issue,
    Revoke,
    Limit,
    Empty,
    Deposit,
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Self::Issue => "issue key → first 200",
            Self::Revoke => "revoke → first refusal",
            Self::Limit => "limit reached → first refusal",
            Self::Empty => "escrow empty → first refusal",
            Self::Deposit => "deposit → first 200",
        }
    }
}

/// One time, and where it went. In milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) took: f64,
    /// Until the API had answered.
    pub(super) api: Option<f64>,
    /// Until the version was published.
    pub(super) published: f64,
    pub(super) version: Applied,
}

/// Everything that was measured.
#[derive(Default)]
pub(super) struct Results {
    acts: BTreeMap<Kind, Vec<Measured>>,
    overshoot: Vec<f64>,
    refills: Vec<Applied>,
    notes: Vec<Row>,
}

impl Results {
    pub(super) fn act(&mut self, kind: Kind, measured: Measured) {
        self.acts.entry(kind).or_default().push(measured);
    }

    /// Requests served past the limit, or the balance.
    pub(super) fn overshoot(&mut self, requests: u64) {
        self.overshoot.push(requests as f64);
    }

    pub(super) fn refill(&mut self, applied: &Applied) {
        self.refills.push(*applied);
    }

    /// A single figure of `suiftly`.
    pub(super) fn note(&mut self, what: &str, unit: &str, value: f64) {
        self.of(what, "suiftly", unit, value);
    }

    /// The same of another.
    pub(super) fn of(&mut self, what: &str, subject: &str, unit: &str, value: f64) {
        self.notes.push(Row::new(what, subject, unit, vec![value]));
    }

    pub(super) fn rows(self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (kind, measured) in &self.acts {
            let took = Distribution::of(measured.iter().map(|one| one.took).collect());
            rows.extend(took.rows(kind.words(), "% of acts", &BOUNDS_MS));
            rows.extend(stages(kind.words(), measured));
        }
        if !self.overshoot.is_empty() {
            rows.extend(overshoot(&self.overshoot));
        }
        if !self.refills.is_empty() {
            let all = |of: fn(&Applied) -> f64| self.refills.iter().map(of).collect();
            let row = |what: &str, values| Row::new(what, "suiftly", "ms", values);
            rows.push(row("whole set into HAProxy (bar: 5000)", all(|of| of.change)));
            rows.push(row("whole set read back from HAProxy", all(|of| of.confirm)));
        }
        rows.extend(self.notes);
        rows
    }
}

/// Medians of the steps on the way.
fn stages(case: &str, measured: &[Measured]) -> Vec<Row> {
    let row = |step: &str, of: &dyn Fn(&Measured) -> Option<f64>| {
        let values: Vec<f64> = measured.iter().filter_map(of).collect();
        (!values.is_empty()).then(|| Row::new(&format!("{case}: {step}"), "suiftly", "ms", values))
    };
    let steps = [
        row("until the API answered", &|one| one.api),
        row("until the version was published", &|one| Some(one.published)),
        row("publication → heard that it is applied", &|one| Some(one.version.took)),
        row("of that, at the edge", &|one| Some(one.version.edge)),
        row("of that, checking signature and root", &|one| Some(one.version.verify)),
        row("of that, changing the maps (bar: 50)", &|one| Some(one.version.change)),
        row("of that, reading back", &|one| Some(one.version.confirm)),
    ];
    steps.into_iter().flatten().collect()
}

fn overshoot(requests: &[f64]) -> [Row; 4] {
    let all = Distribution::of(requests.to_vec());
    let usd = |requests: f64| requests * MICRO_USD_A_REQUEST as f64 / 1e6;
    let row = |what: &str, unit: &str, value| Row::new(what, "suiftly", unit, vec![value]);
    [
        row("overshoot, p50", "requests", all.quantile(50)),
        row("overshoot, p99", "requests", all.quantile(99)),
        row("overshoot, max", "requests", all.quantile(100)),
        row("overshoot, max, waived", "$", usd(all.quantile(100))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_histogram_and_its_steps() {
        let mut results = Results::default();
        for took in [10.0, 30.0, 20.0] {
            let version = Applied { change: 5.0, ..Applied::default() };
            results.act(Kind::Limit, Measured { took, api: None, published: 4.0, version });
            results.overshoot(7);
        }
        let rows = results.rows();
        let value = |case: &str| rows.iter().find(|row| row.case == case).map(|row| row.value);
        assert_eq!(value("limit reached → first refusal, p50"), Some(20.0));
        assert_eq!(value("limit reached → first refusal, within 50 ms"), Some(100.0));
        assert_eq!(value("limit reached → first refusal: of that, changing the maps (bar: 50)"), Some(5.0));
        assert_eq!(value("limit reached → first refusal: until the API answered"), None);
        assert_eq!(value("overshoot, max, waived"), Some(0.0007));
    }
}
