//! A page of proof: what was run, on what, and what came of it. Nothing in it is written by hand.

use crate::machine::{machine, now, table, versions};
use crate::places::Places;
use anyhow::Context as _;
use std::fs;

/// What there is to tell.
pub(super) struct Page {
    /// Its file, in `docs/proof`.
    pub(super) file: &'static str,
    pub(super) title: &'static str,
    /// As it was typed after `cargo xtask cluster`.
    pub(super) command: String,
    /// What was done and how it is judged.
    pub(super) about: &'static str,
    pub(super) body: String,
}

impl Page {
    /// Writes it, and says where.
    pub(super) fn write(&self, places: &Places) -> anyhow::Result<()> {
        let facts = [machine(places), versions(places, &places.suiftly(true))].concat();
        let path = places.root.join("docs/proof").join(self.file);
        fs::write(&path, self.text(&table(&facts), &now()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("written to {}", path.display());
        Ok(())
    }

    fn text(&self, facts: &str, date: &str) -> String {
        let Self { title, command, about, body, .. } = self;
        format!(
            "# {title}\n\n<!-- Written by `cargo xtask cluster {command}`; do not edit. -->\n\nThe output of `cargo xtask cluster \
             {command}` on {date}. {about}\n\n{}\n\n## Where\n\n{facts}",
            body.trim_end()
        )
    }
}

/// A table's row.
pub(super) fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Its head: the first column is words, the others are numbers.
pub(super) fn head<const N: usize>(cells: [&str; N]) -> String {
    let rule: String = (0..N).map(|at| if at == 0 { "---|" } else { "---:|" }).collect();
    format!("{}|{rule}\n", row(cells))
}

/// What is in the middle of the lower half and the upper half; 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        even if even.is_multiple_of(2) => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
        odd => sorted[odd / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_was_run_and_where() {
        let body = format!("{}{}", head(["who", "n"]), row(["a", "1"]));
        let page = Page { file: "x.md", title: "X", command: "x --times 3".to_owned(), about: "All is well.", body };
        let text = page.text("| | |\n", "2026-11-23T15:04:38Z");
        assert!(
            text.starts_with("# X\n")
                && text.contains("`cargo xtask cluster x --times 3` on 2026-11-23T15:04:38Z. All")
        );
        assert!(text.ends_with("\n\n| who | n |\n|---|---:|\n| a | 1 |\n\n## Where\n\n| | |\n"), "{text}");
    }

    #[test]
    fn medians() {
        for (values, middle) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![1.0, 4.0, 2.0, 9.0], 3.0)]
        {
            assert!((median(&values) - middle).abs() < f64::EPSILON, "{values:?}");
        }
    }
}
