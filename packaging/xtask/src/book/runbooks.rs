//! Whoever is woken by an alert finds what to do under its name: each alert that is shipped has a section of the runbooks.

use crate::places::Places;
use anyhow::{Context as _, ensure};
use std::fs;

const ALERTS: &str = "packaging/prometheus/alerts.yml";
const RUNBOOKS: &str = "docs/book/src/operations.md";

/// As which it stands in the book.
const PAGE: &str = "/operations.html#";

/// An error names the alerts without a section.
pub(super) fn hold(places: &Places) -> anyhow::Result<()> {
    let read = |file: &str| fs::read_to_string(places.root.join(file)).with_context(|| format!("cannot read {file}"));
    let alerts = read(ALERTS)?;
    let missing = without_section(&alerts, &read(RUNBOOKS)?);
    ensure!(missing.is_empty(), "{RUNBOOKS} has no section for {}", missing.join(", "));
    let astray: Vec<&str> = links(&alerts).filter(|link| !link.contains(PAGE)).collect();
    ensure!(astray.is_empty(), "{ALERTS} leads to pages that are no runbook: {}", astray.join(", "));
    Ok(())
}

fn links(alerts: &str) -> impl Iterator<Item = &str> {
    alerts.lines().filter_map(|line| line.trim().strip_prefix("runbook_url: "))
}

fn without_section(alerts: &str, runbooks: &str) -> Vec<String> {
    let sections: Vec<String> = runbooks
        .lines()
        .filter(|line| line.starts_with("##"))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let names = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    names.map(|name| dashed(name.trim())).filter(|name| !sections.contains(name)).collect()
}

/// As a heading's anchor is: what stands in `{#…}`, else its words in small letters with dashes between.
fn anchor(heading: &str) -> String {
    if let Some((_, given)) = heading.split_once("{#") {
        return given.trim_end_matches([' ', '}']).to_owned();
    }
    heading.trim().to_lowercase().replace(' ', "-")
}

/// `JournalIsFull` as `journal-is-full`.
fn dashed(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 && !out.ends_with('-') {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alert_has_its_section() {
        let alerts =
            "groups:\n  - rules:\n      - alert: SuiftlyDown\n      - alert: DiskIsFull\n      - alert: Other\n";
        assert_eq!(without_section(alerts, "## Suiftly down\n### The disk {#disk-is-full}\n"), ["other"]);
    }
}
