//! `docs/performance.md`, out of figures alone: nothing in it is written by hand. Pure.

use super::rows::{Kind, Row};
use crate::machine::{Facts, table};
use std::fmt::Write as _;

/// What a benchmark came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    /// As it is typed: `cargo xtask bench …`.
    pub(crate) command: String,
    /// What it measures, in a line.
    pub(crate) about: &'static str,
    pub(crate) took: Took,
    /// The figures; or why there are none.
    pub(crate) outcome: Result<Vec<Row>, String>,
    /// What it said that it did without.
    pub(crate) not_measured: Vec<String>,
}

/// When it ran.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Took {
    /// Now, for so long.
    Seconds(f64),
    /// Before; its figures were kept.
    Earlier { at: String },
}

/// What cannot be had from Debian's or the languages' registries, and so is never measured by us.
const NOT_TO_BE_HAD: [&str; 4] = [
    "Fluentd and Fluent Bit, Vector: not in this Debian's archive. Their parts in the usual chain (receive, parse, forward) \
     come on top of what is measured of rsyslog.",
    "TimescaleDB as a server: not in Debian's archive. It is measured as WebAssembly, out of npm, in one process; \
     compiled natively it is faster by a factor that is not known here.",
    "ClickHouse as a server: the one in Debian is of 2018 (18.16), no fair peer. It is measured as the library chdb, out of \
     PyPI. QuestDB: not in Debian's archive.",
    "Two machines and a network: all is measured on one, over loopback; senders share its cores and are not charged.",
];

/// The whole page.
pub(crate) fn page(all: &[Measured], facts: &[Facts], date: &str) -> String {
    let mut text = format!(
        "# Performance\n\n<!-- Written by `cargo xtask bench all`; do not edit: the next run replaces it. -->\n\nEvery benchmark of this \
         project, run one after the other by `cargo xtask bench all` on {date}, optimised, each\nbeside its peers where it has any: in \
         turns, in the same run, on the same machine. Figures are medians of their\nruns; *spread* is the least and the most of \
         them. *Beside* is how many times as good as the peer Suiftly is: 2.0× CPU means\nthat the peer needs twice as much; \
         below 1 the peer is better. A floor is what does less (only reads, only counts, only copies).\n\n"
    );
    if all.iter().any(|one| matches!(one.took, Took::Earlier { .. })) {
        text.push_str("Some ended well in an earlier run and were not run again: each says below when it was.\n\n");
    }
    text.push_str("## Where\n\n");
    text.push_str(&table(&facts.concat()));
    text.push_str(&summary(all));
    text.push_str(&worse(all));
    text.push_str(&not_measured(all));
    text.push_str("\n## All figures\n");
    for one in all {
        text.push_str(&section(one));
    }
    text
}

/// Each figure beside each peer's.
fn pairs(all: &[Measured], kind: Kind) -> impl Iterator<Item = (&Measured, &Row, &Row, f64)> {
    all.iter().flat_map(move |one| {
        let rows = one.outcome.as_deref().unwrap_or_default();
        let ours = rows.iter().filter(|row| row.kind() == Kind::Ours);
        ours.flat_map(move |ours| {
            let theirs = rows.iter().filter(move |row| row.kind() == kind);
            theirs.filter_map(move |theirs| Some((one, ours, theirs, ours.beside(theirs)?)))
        })
    })
}

fn summary(all: &[Measured]) -> String {
    let mut text = String::from(
        "\n## Beside peers\n\n| what | unit | Suiftly | | peer | | beside |\n|---|---|---|---:|---|---:|---:|\n",
    );
    for (_, ours, theirs, times) in pairs(all, Kind::Peer) {
        let (value, other) = (figure(ours.value), figure(theirs.value));
        let Row { case, unit, subject, .. } = ours;
        let _ =
            writeln!(text, "| {case} | {unit} | {subject} | {value} | {} | {other} | {times:.2}× |", theirs.subject);
    }
    text
}

fn worse(all: &[Measured]) -> String {
    let mut text =
        String::from("\n## Where we are worse than a peer\n\nComputed from the figures: every pair below 1.\n\n");
    let lines: Vec<String> = pairs(all, Kind::Peer).filter(|(.., times)| *times < 1.0).map(worse_line).collect();
    if lines.is_empty() {
        text.push_str("Nowhere in this run.\n");
    }
    let failed: Vec<&str> = all.iter().filter(|one| one.outcome.is_err()).map(|one| one.command.as_str()).collect();
    if !failed.is_empty() {
        let _ = writeln!(text, "- Not known of what has failed: `{}`.", failed.join("`, `"));
    }
    text.extend(lines);
    let floors: Vec<String> = pairs(all, Kind::Floor).filter(|(.., times)| *times < 1.0).map(worse_line).collect();
    if !floors.is_empty() {
        text.push_str("\nBeside a floor, which does less, and shows what is left to gain:\n\n");
        text.extend(floors);
    }
    text
}

fn worse_line((_, ours, theirs, times): (&Measured, &Row, &Row, f64)) -> String {
    let chance = if ours.overlaps(theirs) { " The runs overlap: it may be chance." } else { "" };
    format!(
        "- {}: {} {} of {}, {} of {}: {times:.2}×.{chance}\n",
        ours.case,
        figure(ours.value),
        ours.unit,
        ours.subject,
        figure(theirs.value),
        theirs.subject
    )
}

fn not_measured(all: &[Measured]) -> String {
    let mut text = String::from("\n## Not measured here and why\n\n");
    for one in all {
        if let Err(why) = &one.outcome {
            let _ = writeln!(text, "- `{}`: {}", one.command, one_line(why));
        }
        for what in &one.not_measured {
            let _ = writeln!(text, "- `{}`: {}", one.command, one_line(what));
        }
    }
    text.extend(NOT_TO_BE_HAD.iter().map(|what| format!("- {what}\n")));
    text
}

fn section(one: &Measured) -> String {
    let Measured { command, about, took, outcome, .. } = one;
    let took = match took {
        Took::Seconds(seconds) => format!("It took {seconds:.0} s."),
        Took::Earlier { at } => format!("It ended at {at}, in an earlier run."),
    };
    let mut text = format!("\n### {command}\n\n{about} {took}\n\n");
    let rows = match outcome {
        Ok(rows) => rows,
        Err(why) => {
            let _ = writeln!(text, "It failed: {}", one_line(why));
            return text;
        }
    };
    text.push_str("| case | subject | median | unit | spread | runs | beside |\n|---|---|---:|---|---|---:|---:|\n");
    for row in rows {
        let (least, most) = row.spread();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} – {} | {} | {} |",
            row.case,
            row.subject,
            figure(row.value),
            row.unit,
            figure(least),
            figure(most),
            row.runs.len(),
            beside_ours(row, rows)
        );
    }
    text
}

/// How the first of ours in the same case stands beside this peer or floor.
fn beside_ours(row: &Row, rows: &[Row]) -> String {
    if !matches!(row.kind(), Kind::Peer | Kind::Floor) {
        return String::new();
    }
    let ours = rows.iter().filter(|ours| ours.kind() == Kind::Ours);
    let times = ours.filter_map(|ours| ours.beside(row)).next();
    times.map(|times| format!("{times:.2}×")).unwrap_or_default()
}

/// Three digits that count, whole numbers whole.
fn figure(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        value if value.fract() == 0.0 || value.abs() >= 100.0 => format!("{value:.0}"),
        value if value.abs() >= 10.0 => format!("{value:.1}"),
        value if value.abs() >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::rows::of;
    use super::*;

    const CPU: &str = "CPU-s per million lines";

    fn measured(outcome: Result<Vec<Row>, String>) -> Measured {
        Measured {
            command: "ingest".into(),
            about: "Receiving.",
            took: Took::Seconds(61.4),
            outcome,
            not_measured: Vec::new(),
        }
    }

    fn fabricated() -> Vec<Measured> {
        vec![
            measured(Ok(vec![
                of("TCP", "suiftly", CPU, &[1.0, 1.1, 1.2]),
                of("TCP", "rsyslog 8", CPU, &[2.2, 2.3, 2.1]),
                of("TCP", "syslog-ng 3", CPU, &[0.5, 0.6, 0.55]),
                of("UDP", "suiftly", CPU, &[2.0]),
                of("UDP", "rsyslog 8", CPU, &[1.9, 2.1, 1.95]),
                of("TCP", "count only", CPU, &[0.11]),
                of("TCP", "PostgreSQL", CPU, &[9.0]),
            ])),
            Measured { command: "web".into(), ..measured(Err("no\n  browser".into())) },
        ]
    }

    fn written() -> String {
        page(&fabricated(), &[vec![("CPU", "fast".into())]], "2026-11-23T03:00:00Z")
    }

    /// What stands below a heading, up to the next.
    fn below(text: &str, heading: &str) -> String {
        let (_, rest) = text.split_once(heading).unwrap();
        rest.split("\n## ").next().unwrap().to_owned()
    }

    #[test]
    fn the_page_says_that_it_is_written_by_a_program_where_and_when() {
        let text = written();
        for part in ["<!-- Written by `cargo xtask bench all`; do not edit", "| CPU | fast |", "2026-11-23T03:00:00Z"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn figures_of_an_earlier_run_are_told_as_such() {
        let earlier = "Some ended well in an earlier run";
        assert!(!written().contains(earlier));
        let mut all = fabricated();
        all[0].took = Took::Earlier { at: "2026-11-23T01:00:00Z".into() };
        let text = page(&all, &[], "2026-11-23T03:00:00Z");
        assert!(
            text.contains(earlier) && text.contains("It ended at 2026-11-23T01:00:00Z, in an earlier run."),
            "{text}"
        );
    }

    #[test]
    fn who_is_better_is_computed() {
        let text = written();
        let worse = below(&text, "## Where we are worse than a peer");
        assert!(
            worse.contains("- TCP: 1.10 CPU-s per million lines of suiftly, 0.550 of syslog-ng 3: 0.50×.\n"),
            "{worse}"
        );
        assert!(
            worse.contains("- UDP: 2 CPU-s per million lines of suiftly, 1.95 of rsyslog 8: 0.97×. The runs overlap")
        );
        let (peers, floors) = worse.split_once("Beside a floor").unwrap();
        assert!(!peers.contains("TCP: 1.10 CPU-s per million lines of suiftly, 2.20") && !peers.contains("count only"));
        assert!(floors.contains("count only: 0.10×"), "{floors}");
        assert!(below(&text, "## Beside peers").contains("| suiftly | 1.10 | rsyslog 8 | 2.20 | 2.00× |"));
        assert!(!worse.contains("PostgreSQL"), "a part is no peer");
    }

    #[test]
    fn where_nobody_is_better_that_is_said() {
        let all = [measured(Ok(vec![of("a", "suiftly", CPU, &[1.0]), of("a", "rsyslog 8", CPU, &[2.0])]))];
        assert!(below(&page(&all, &[], "now"), "## Where we are worse").contains("Nowhere in this run."));
    }

    #[test]
    fn what_failed_is_told_and_every_figure_is_there() {
        let text = written();
        assert!(below(&text, "## Not measured here and why").contains("- `web`: no browser\n"));
        assert!(below(&text, "## Where we are worse").contains("- Not known of what has failed: `web`.\n"));
        assert!(text.contains("### web\n\nReceiving. It took 61 s.\n\nIt failed: no browser\n"), "{text}");
        assert!(
            text.contains("| TCP | rsyslog 8 | 2.20 | CPU-s per million lines | 2.10 – 2.30 | 3 | 2.00× |"),
            "{text}"
        );
        assert!(text.contains("| TCP | PostgreSQL | 9 | CPU-s per million lines | 9 – 9 | 1 |  |"), "{text}");
    }

    #[test]
    fn figures_have_three_digits() {
        for (value, shown) in
            [(0.0, "0"), (0.0543, "0.054"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (5_000_000.0, "5000000")]
        {
            assert_eq!(figure(value), shown);
        }
        assert_eq!(figure(f64::NAN), "–");
    }
}
