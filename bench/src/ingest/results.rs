//! Turns, made rows of the table.

use super::case::{Case, Kind};
use super::subject::{Kind as Who, Subject};
use super::turn::Turn;
use crate::report::Row;

const PER_MILLION: &str = "CPU-s per million lines";

/// All figures so far, in the order in which they first came.
#[derive(Default)]
pub(super) struct Results {
    figures: Vec<(Figure, Vec<f64>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Figure {
    case: &'static str,
    subject: String,
    unit: &'static str,
}

impl Results {
    pub(super) fn add(&mut self, case: &Case, subject: &Subject, turn: &Turn) {
        let mut note = |unit, value| self.note(case.name(), &subject.name, unit, value);
        let per_million = turn.cpu_seconds / (turn.lines as f64 / 1e6);
        note(PER_MILLION, per_million);
        match case.kind {
            Kind::Tcp => note("million lines/s", turn.lines as f64 / 1e6 / turn.seconds),
            Kind::Ring => note("% of a core", 100.0 * turn.cpu_seconds / turn.sent.seconds),
            Kind::Udp => {}
        }
        note("lines lost", (turn.sent.lines - turn.lines) as f64);
        if matches!(subject.kind, Who::Suiftly) {
            note("MB at the most", turn.peak_megabytes);
        }
    }

    fn note(&mut self, case: &'static str, subject: &str, unit: &'static str, value: f64) {
        let figure = Figure { case, subject: subject.to_owned(), unit };
        match self.figures.iter_mut().find(|(known, _)| *known == figure) {
            Some((_, values)) => values.push(value),
            None => self.figures.push((figure, vec![value])),
        }
    }

    /// The rows by case, and how Suiftly compares with rsyslog, turn by turn.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut figures = self.figures.clone();
        let cases: Vec<_> = figures.iter().map(|(figure, _)| figure.case).collect();
        figures.sort_by_key(|(figure, _)| cases.iter().position(|case| *case == figure.case));
        let mut rows: Vec<_> = figures
            .into_iter()
            .map(|(figure, values)| Row::new(figure.case, &figure.subject, figure.unit, values))
            .collect();
        rows.extend(self.ratios());
        rows
    }

    fn ratios(&self) -> impl Iterator<Item = Row> {
        let per_million = |name: &'static str| {
            let wanted = move |figure: &Figure| figure.unit == PER_MILLION && figure.subject.starts_with(name);
            self.figures.iter().filter(move |(figure, _)| wanted(figure))
        };
        per_million("suiftly").flat_map(move |(own, own_runs)| {
            per_million("rsyslog").filter(|(peer, _)| peer.case == own.case).map(|(peer, peer_runs)| {
                let runs = own_runs.iter().zip(peer_runs).map(|(own, peer)| own / peer).collect();
                Row::new(own.case, &own.subject, &format!("of the CPU of {}", peer.subject), runs)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_by_case_and_ratios_by_turn() {
        let mut results = Results::default();
        for (case, subject, value) in [
            ("a", "suiftly", 1.0),
            ("a", "rsyslog 8 x", 2.0),
            ("b", "suiftly", 7.0),
            ("a", "suiftly", 3.0),
            ("a", "rsyslog 8 x", 4.0),
            ("b", "suiftly", 8.0),
        ] {
            results.note(case, subject, PER_MILLION, value);
        }
        let rows = results.rows();
        let shown: Vec<_> =
            rows.iter().map(|row| (row.case.as_str(), row.subject.as_str(), row.runs.clone())).collect();
        assert_eq!(
            shown,
            [
                ("a", "suiftly", vec![1.0, 3.0]),
                ("a", "rsyslog 8 x", vec![2.0, 4.0]),
                ("b", "suiftly", vec![7.0, 8.0]),
                ("a", "suiftly", vec![0.5, 0.75]),
            ]
        );
    }
}
