//! What a run saw, on the screen as it goes and as a page of the documentation at its end.

use crate::machine::{self, Facts, table};
use anyhow::Context as _;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// The page.
pub(super) struct Report {
    path: PathBuf,
    text: String,
    began: Instant,
}

impl Report {
    /// Begins with when and on what.
    pub(super) fn new(path: PathBuf, facts: &[Facts]) -> Self {
        let on = table(&facts.concat());
        let text = format!("# Restore, and audit\n\nWritten by `cargo xtask restore` on {}.\n\n{on}", machine::now());
        Self { path, text, began: Instant::now() }
    }

    pub(super) fn section(&mut self, name: &str) {
        println!("\n{name}");
        self.text.push_str(&format!("\n## {name}\n"));
    }

    pub(super) fn line(&mut self, line: &str) {
        println!("{line}");
        let gap = if line.starts_with("- ") && self.text.lines().last().is_some_and(|last| last.starts_with("- ")) {
            ""
        } else {
            "\n"
        };
        self.text.push_str(&format!("{gap}{line}\n"));
    }

    /// A command and what it said; where files are is no part of the page.
    pub(super) fn command(&mut self, command: &str, said: &str) {
        println!("{command}\n{said}");
        let lines = said.lines().map(without_directories).collect::<Vec<_>>().join("\n");
        self.text.push_str(&format!("\n```text\n$ {command}\n{lines}\n```\n"));
    }

    /// Writes the page, if all went well.
    pub(super) fn close(mut self, failed: Option<&anyhow::Error>) -> anyhow::Result<()> {
        let seconds = self.began.elapsed().as_secs();
        if failed.is_some() {
            return Ok(());
        }
        self.text.push_str(&format!("\nAll of it took {seconds} s.\n"));
        let dir = self.path.parent().context("a page stands in a directory")?;
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        fs::write(&self.path, &self.text).with_context(|| format!("cannot write {}", self.path.display()))?;
        println!("\nrestore: PASS in {seconds} s; {}", self.path.display());
        Ok(())
    }
}

/// Words that are absolute paths, by their last part.
fn without_directories(line: &str) -> String {
    let word = |word: &str| match word.rsplit_once('/') {
        Some((before, name)) if before.starts_with('/') => name.to_owned(),
        _ => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_no_directories() {
        assert_eq!(without_directories("PASS: restored into /a/b/whole"), "PASS: restored into whole");
        assert_eq!(without_directories("4 of 5, 1/2"), "4 of 5, 1/2");
    }
}
