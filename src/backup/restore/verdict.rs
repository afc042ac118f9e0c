//! What a restore found, step by step, and whether all of it is as it should be.

use crate::backup::manifest::Manifest;
use std::path::{Path, PathBuf};

/// Of a step's differences so many are shown.
const SHOWN_MAX: usize = 20;

/// The verdict.
#[derive(Debug)]
pub(crate) struct Verdict {
    head: String,
    into: PathBuf,
    lines: Vec<(Sign, String)>,
    is_trial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Holds,
    Differs,
    /// Neither: something to know.
    Note,
}

impl Verdict {
    pub(super) fn begin(manifest: &Manifest, into: &Path) -> Self {
        let head = format!(
            "backup of {} ({}), made {} by suiftly {}",
            manifest.database,
            manifest.deployment,
            manifest.created_at.rfc3339(),
            manifest.program
        );
        Self { head, into: into.to_owned(), lines: Vec::new(), is_trial: false }
    }

    /// What was restored is gone again.
    pub(super) fn of_a_trial(self) -> Self {
        Self { is_trial: true, ..self }
    }

    /// A step: what it says if it holds, and the differences if not.
    pub(super) fn step(&mut self, holds: bool, said: String, differences: &[String]) {
        if holds {
            self.lines.push((Sign::Holds, said));
            return;
        }
        let shown = differences.iter().take(SHOWN_MAX).cloned();
        self.lines.extend(shown.map(|difference| (Sign::Differs, difference)));
        if differences.len() > SHOWN_MAX {
            self.lines.push((Sign::Differs, format!("and {} more", differences.len() - SHOWN_MAX)));
        }
    }

    /// Something to know.
    pub(super) fn note(&mut self, said: String) {
        self.lines.push((Sign::Note, said));
    }

    fn count(&self, sign: Sign) -> usize {
        self.lines.iter().filter(|(of, _)| *of == sign).count()
    }

    /// In words.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}\n", self.head);
        for (sign, said) in &self.lines {
            let sign = match sign {
                Sign::Holds => '✓',
                Sign::Differs => '✗',
                Sign::Note => '–',
            };
            text.push_str(&format!("{sign} {said}\n"));
        }
        text.push_str(&match (self.outcome(), self.is_trial) {
            (Ok(()), true) => "PASS: this backup can be restored\n".to_owned(),
            (Ok(()), false) => format!("PASS: restored into {}\n", self.into.display()),
            (Err(error), _) => format!("FAIL: {error}\n"),
        });
        text
    }

    /// An error if anything differs.
    pub(crate) fn outcome(&self) -> anyhow::Result<()> {
        match self.count(Sign::Differs) {
            0 => Ok(()),
            count => anyhow::bail!("what was restored is not what was: {count} differences"),
        }
    }
}
