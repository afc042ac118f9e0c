//! How much is measured.

use super::case::{Case, Kind};
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;

/// What the command line says. The defaults take some five minutes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct IngestOptions {
    /// Turns per case and subject.
    pub(super) runs: usize,
    /// Lines of the saturated case.
    pub(super) lines: u64,
    /// Length of the UDP case.
    pub(super) udp_seconds: u64,
    /// Length of the ring case.
    pub(super) ring_seconds: u64,
    /// These cases alone.
    cases: Vec<Kind>,
    /// Subjects whose name begins so alone.
    pub(super) subjects: Vec<String>,
}

impl Default for IngestOptions {
    fn default() -> Self {
        Self {
            runs: 3,
            lines: 3_000_000,
            udp_seconds: 8,
            ring_seconds: 5,
            cases: Kind::ALL.to_vec(),
            subjects: Vec::new(),
        }
    }
}

impl IngestOptions {
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut options = Self::default();
        let mut cases = Vec::new();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("runs") => options.runs = parser.value()?.parse()?,
                Long("lines") => options.lines = parser.value()?.parse()?,
                Long("udp-seconds") => options.udp_seconds = parser.value()?.parse()?,
                Long("ring-seconds") => options.ring_seconds = parser.value()?.parse()?,
                Long("case") => cases.push(parser.value()?.parse_with(kind)?),
                Long("subject") => options.subjects.push(parser.value()?.string()?),
                other => return Err(other.unexpected().into()),
            }
        }
        if !cases.is_empty() {
            options.cases = cases;
        }
        ensure!((1..=100).contains(&options.runs), "--runs must be 1 to 100");
        ensure!((10_000..=50_000_000).contains(&options.lines), "--lines must be 10000 to 50000000");
        ensure!((1..=600).contains(&options.udp_seconds), "--udp-seconds must be 1 to 600");
        ensure!((1..=600).contains(&options.ring_seconds), "--ring-seconds must be 1 to 600");
        Ok(options)
    }

    pub(super) fn cases(&self) -> impl Iterator<Item = Case> {
        self.cases.iter().map(|kind| Case::new(*kind, self))
    }

    /// Whether nothing is left out.
    pub(super) fn is_whole(&self) -> bool {
        self.subjects.is_empty() && self.cases.len() == Kind::ALL.len()
    }

    pub(super) fn wants(&self, subject: &str) -> bool {
        self.subjects.is_empty() || self.subjects.iter().any(|wanted| subject.starts_with(wanted.as_str()))
    }
}

fn kind(text: &str) -> anyhow::Result<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.word() == text).context("--case is tcp, udp or ring")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> anyhow::Result<IngestOptions> {
        IngestOptions::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn options() {
        assert_eq!(parsed("").unwrap(), IngestOptions::default());
        let options = parsed("--runs 1 --lines 20000 --case udp --case ring --subject suiftly").unwrap();
        assert_eq!(options.cases().map(|case| case.kind).collect::<Vec<_>>(), [Kind::Udp, Kind::Ring]);
        assert!(!options.is_whole() && parsed("--runs 1").unwrap().is_whole());
        assert!(options.wants("suiftly 0.1.0") && !options.wants("rsyslog 8"));
        for (line, message) in [("--runs 0", "--runs"), ("--case quic", "tcp, udp or ring"), ("--lines 5", "--lines")] {
            let error = format!("{:#}", parsed(line).unwrap_err());
            assert!(error.contains(message), "{line}: {error}");
        }
    }
}
