//! What a check found: what was seen, how bad it is, and what to do about it.

use serde_json::{Value, json};
use std::fmt::Write as _;

/// The widest name of a check.
const NAME_CHARS: usize = 14;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Nothing is to be done.
    Fine,
    /// It could not be looked at, or there is nothing to look at.
    Skipped,
    /// Somebody should look at it.
    Look,
    /// It is wrong.
    Wrong,
}

impl Mark {
    const fn sign(self) -> char {
        match self {
            Self::Fine => '✓',
            Self::Skipped => '–',
            Self::Look => '!',
            Self::Wrong => '✗',
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Skipped => "skipped",
            Self::Look => "look",
            Self::Wrong => "wrong",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// What was checked, in a word or two.
    pub(super) check: &'static str,
    pub(super) mark: Mark,
    /// What was seen.
    pub(super) seen: String,
    /// What to do; none where nothing is to be done.
    pub(super) todo: Option<String>,
}

impl Finding {
    pub(super) fn fine(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, mark: Mark::Fine, seen: seen.into(), todo: None }
    }

    pub(super) fn skipped(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, mark: Mark::Skipped, seen: seen.into(), todo: None }
    }

    pub(super) fn look(check: &'static str, seen: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, mark: Mark::Look, seen: seen.into(), todo: Some(todo.into()) }
    }

    pub(super) fn wrong(check: &'static str, seen: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { check, mark: Mark::Wrong, seen: seen.into(), todo: Some(todo.into()) }
    }

    fn text(&self) -> String {
        let mut lines = self.seen.lines();
        let first = lines.next().unwrap_or_default();
        let mut out = format!("{} {:<NAME_CHARS$}  {first}\n", self.mark.sign(), self.check);
        for more in lines {
            let _ = writeln!(out, "  {:NAME_CHARS$}  {more}", "");
        }
        for todo in self.todo.iter().flat_map(|todo| todo.lines()) {
            let _ = writeln!(out, "  {:NAME_CHARS$}  → {todo}", "");
        }
        out
    }

    fn json(&self) -> Value {
        json!({"check": self.check, "state": self.mark.word(), "seen": self.seen, "todo": self.todo})
    }
}

/// All of them, a paragraph each, and how many there are.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut out: String = findings.iter().map(Finding::text).collect();
    let count = |mark| findings.iter().filter(|finding| finding.mark == mark).count();
    let _ = writeln!(
        out,
        "\n{} fine, {} to look at, {} wrong, {} skipped",
        count(Mark::Fine),
        count(Mark::Look),
        count(Mark::Wrong),
        count(Mark::Skipped)
    );
    out
}

/// The same for programs.
pub(super) fn json(findings: &[Finding]) -> Value {
    let findings_json: Vec<Value> = findings.iter().map(Finding::json).collect();
    json!({"is_well": is_well(findings), "findings": findings_json})
}

/// Whether nothing is wrong. What somebody should look at is no reason to fail.
pub(super) fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.mark < Mark::Wrong)
}

#[cfg(test)]
pub(super) mod testing {
    use super::{Finding, Mark};

    /// The mark, and that something is to be done exactly where something is wrong.
    pub(in super::super) fn assert_mark(finding: &Finding, mark: Mark) {
        assert_eq!(finding.mark, mark, "{finding:?}");
        assert_eq!(finding.todo.is_some(), mark >= Mark::Look, "{finding:?}");
        assert!(!finding.seen.is_empty(), "{finding:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_people_and_for_programs() {
        let findings = [
            Finding::fine("disk", "half is free"),
            Finding::look("clock", "no time service", "install one"),
            Finding::skipped("loss", "the server is down"),
        ];
        let text = text(&findings);
        assert!(text.contains("✓ disk            half is free\n! clock           no time service\n"), "{text}");
        assert!(text.contains("→ install one\n") && text.ends_with("1 fine, 1 to look at, 0 wrong, 1 skipped\n"));
        assert!(is_well(&findings));
        let wrong = [Finding::wrong("disk", "it is full", "make room")];
        let json = json(&wrong);
        assert_eq!((json["is_well"].as_bool(), json["findings"][0]["state"].as_str()), (Some(false), Some("wrong")));
    }
}
