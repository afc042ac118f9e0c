//! What a soak tells: a line as each thing happens, and all of it as a document at the end.

use crate::args::SoakOptions;
use crate::machine::{Facts, table};
use crate::reconcile::grouped;
use std::fmt::Write as _;
use std::time::Duration;

/// What a killed or leaving HAProxy's figures rest on.
const KNOWN: &str = "\
*Known for certain*: the last number of every HAProxy that runs or leaves, by its own table or by listening to its ring until the
process had ended (`show events` on its runtime socket); and every number that never arrived, by the gap. Of a HAProxy that is
killed: each line that it had put out on that socket by then. *Not known by number*: lines that it had made and put out to nobody. That
there were any is told by clients who have an answer without a line; each client asks one thing at a time, so that one
line each may be missing at a kill, and more is a failure. Nothing of this is billed: what does not reach the journal is the operator's loss.
";

/// A fault that struck, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Struck {
    /// After the start.
    pub(crate) at: Duration,
    pub(crate) words: &'static str,
    pub(crate) lasted: Duration,
    /// From its end until all was well; `None`: not in time.
    pub(crate) well_after: Option<Duration>,
    /// Lines taken in and stored from its beginning until all was well.
    pub(crate) taken: u64,
    pub(crate) stored: u64,
    /// Requests that their clients got no whole answer to, or could not send.
    pub(crate) noticed: u64,
    /// What was seen of it.
    pub(crate) seen: String,
}

impl Struck {
    /// As a line on the terminal.
    pub(crate) fn line(&self) -> String {
        let Self { at, words, lasted, taken, stored, noticed, seen, .. } = self;
        let well = self.well();
        format!(
            "{:>6.1} s  {words}, for {:.1} s: {well}; {} lines taken, {} stored, {} requests hit; {seen}",
            at.as_secs_f64(),
            lasted.as_secs_f64(),
            grouped(*taken),
            grouped(*stored),
            grouped(*noticed),
        )
    }

    fn row(&self) -> String {
        let Self { at, words, lasted, taken, stored, noticed, seen, .. } = self;
        format!(
            "| {:.1} | {words} | {:.1} | {} | {} | {} | {} | {seen} |\n",
            at.as_secs_f64(),
            lasted.as_secs_f64(),
            self.well(),
            grouped(*taken),
            grouped(*stored),
            grouped(*noticed),
        )
    }

    fn well(&self) -> String {
        self.well_after.map_or_else(|| "NOT WELL".to_owned(), |time| format!("well {:.1} s after", time.as_secs_f64()))
    }
}

/// A whole run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) struck: Vec<Struck>,
    /// What could not be done here, and why.
    pub(crate) left_out: Vec<String>,
    /// The reconciliation as it was printed.
    pub(crate) reconciliation: String,
    /// What was found besides, a line each.
    pub(crate) findings: Vec<String>,
    /// What does not hold.
    pub(crate) differences: Vec<String>,
}

impl Told {
    /// The last line.
    pub(crate) fn verdict(&self) -> String {
        if self.differences.is_empty() {
            format!("PASS: {} faults, no difference", self.struck.len())
        } else {
            format!("FAIL: {} faults, {} differences", self.struck.len(), self.differences.len())
        }
    }

    /// The document.
    pub(crate) fn document(&self, options: &SoakOptions, rate: u32, facts: &[Facts], date: &str) -> String {
        let SoakOptions { minutes, seed } = options;
        let mut text = format!(
            "# Soak\n\n<!-- Written by `cargo xtask soak`; do not edit. -->\n\nThe output of `cargo xtask soak --minutes {minutes} --seed {seed}` on \
             {date}: the whole system with a real HAProxy, a real\nPostgreSQL and the edge, some {rate} requests a second, and faults at the \
             moments of the seed. After each it must come back by\nitself. At the end every request is accounted for.\n\n**{}**\n\n",
            self.verdict()
        );
        text.push_str("## Faults\n\n| at, s | what | for, s | back | lines taken | stored | requests hit | seen |\n");
        text.push_str("|---:|---|---:|---|---:|---:|---:|---|\n");
        text.extend(self.struck.iter().map(Struck::row));
        text.push_str(
            "\n*Back*: ready, the edge in sync, every line that HAProxy had numbered by the fault's end passed, everything taken \
             stored.\n*Requests hit*: those whose client got no whole answer, or no connection.\n",
        );
        let _ = write!(text, "\n## Reconciliation\n\n```\n{}```\n\n{KNOWN}", self.reconciliation);
        for (title, lines) in
            [("Found", &self.findings), ("Does not hold", &self.differences), ("Left out here", &self.left_out)]
        {
            if !lines.is_empty() {
                let _ = write!(text, "\n## {title}\n\n");
                text.extend(lines.iter().map(|line| format!("- {}\n", line.replace('\n', "\n  "))));
            }
        }
        text.push_str("\n## Where\n\n");
        text.push_str(&table(&facts.concat()));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck() -> Struck {
        Struck {
            at: Duration::from_millis(12_340),
            words: "the disk is full",
            lasted: Duration::from_secs(5),
            well_after: Some(Duration::from_millis(1_250)),
            taken: 12_345,
            stored: 12_000,
            noticed: 0,
            seen: "nothing was journaled".to_owned(),
        }
    }

    #[test]
    fn a_fault_is_a_line() {
        let line = "  12.3 s  the disk is full, for 5.0 s: well 1.2 s after; 12,345 lines taken, 12,000 stored, 0 requests \
            hit; nothing was journaled";
        assert_eq!(struck().line(), line);
        assert!(Struck { well_after: None, ..struck() }.line().contains("NOT WELL"));
    }

    #[test]
    fn the_document_says_all_of_it() {
        let told = Told {
            struck: vec![struck()],
            reconciliation: "  requests answered  5\n".to_owned(),
            findings: vec!["audits agree".to_owned()],
            ..Told::default()
        };
        let options = SoakOptions { minutes: 3, seed: 9 };
        let facts = [vec![("CPU", "fast".to_owned())]];
        let text = told.document(&options, 400, &facts, "2026-11-23T03:00:00Z");
        for part in [
            "**PASS: 1 faults, no difference**",
            "--minutes 3 --seed 9",
            "| 12.3 | the disk is full | 5.0 |",
            "requests answered  5",
            "- audits agree",
            "| CPU | fast |",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Does not hold") && !text.contains("Left out"));
        let failed = Told { differences: vec!["a line is missing".to_owned()], ..told };
        let text = failed.document(&options, 400, &facts, "2026-11-23T03:00:00Z");
        assert!(text.contains("**FAIL: 1 faults, 1 differences**") && text.contains("- a line is missing"), "{text}");
    }
}
