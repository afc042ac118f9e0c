//! Findings for people and for programs.

use super::check::{Findings, Outcome};
use super::hours::{Difference, Figures};
use crate::table::{Side, table};
use serde_json::{Value, json};

/// Differing hours that are listed for people; programs get them all.
const LISTED_HOURS: usize = 100;

impl Outcome {
    const fn sign(self) -> &'static str {
        match self {
            Self::Holds => "✓",
            Self::Differs | Self::Failed => "✗",
            Self::Unconfirmed => "–",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Differs => "differs",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

pub(super) fn as_text(findings: &Findings) -> String {
    let Findings { number, customer_id, month, steps, hours, gross, lines: _ } = findings;
    let mut out = format!("{number}: customer {customer_id}, {month}\n");
    for step in steps {
        out.push_str(&format!("{} {}\n", step.outcome.sign(), step.says));
    }
    if hours.is_empty() {
        return out;
    }
    let head = ["hour", "service", "network"].map(|name| (name, Side::Left));
    let figures = ["requests billed", "by the journal", "bytes billed", "by the journal", "charged", "by the journal"];
    let head: Vec<_> = head.into_iter().chain(figures.map(|name| (name, Side::Right))).collect();
    let rows: Vec<_> = hours.iter().take(LISTED_HOURS).map(as_row).collect();
    out.push_str(&table(&head, &rows));
    if let more @ 1.. = hours.len().saturating_sub(LISTED_HOURS) {
        out.push_str(&format!("and {more} hours more\n"));
    }
    if let Some((billed, journal)) = gross {
        let over = *billed - *journal;
        let (over, word) = if over.0 < 0 { (-over, "little") } else { (over, "much") };
        out.push_str(&format!(
            "subscriptions and usage: {billed} billed, {journal} by the journal: {over} too {word}\n"
        ));
    }
    out
}

fn as_row(difference: &Difference) -> Vec<String> {
    let Difference { key: (hour, service, network), billed, journal } = difference;
    let service = service.map_or("-", |service| service.word());
    let network = network.map_or("-", |network| network.word());
    let beside = |of: fn(&Figures) -> String| [of(billed), of(journal)];
    let figures = [
        beside(|figures| figures.requests.to_string()),
        beside(|figures| figures.bytes.to_string()),
        beside(|figures| figures.charged.to_string()),
    ];
    [hour.rfc3339(), service.to_owned(), network.to_owned()].into_iter().chain(figures.into_iter().flatten()).collect()
}

pub(super) fn as_json(findings: &Findings) -> Value {
    let Findings { number, customer_id, month, steps, hours, gross, lines } = findings;
    let steps: Vec<_> = steps
        .iter()
        .map(|step| json!({"step": step.name, "outcome": step.outcome.word(), "says": step.says}))
        .collect();
    let figures = |figures: &Figures| json!({"requests": figures.requests, "bytes": figures.bytes, "charged_micro_usd": figures.charged});
    let hour = |difference: &Difference| {
        let (hour, service, network) = difference.key;
        json!({
            "hour": hour.rfc3339(),
            "service": service.map(|service| service.word()),
            "network": network.map(|network| network.word()),
            "billed": figures(&difference.billed),
            "journal": figures(&difference.journal),
        })
    };
    json!({
        "number": number,
        "customer_id": customer_id,
        "month": month,
        "holds": findings.verdict().is_ok(),
        "steps": steps,
        "hours": hours.iter().map(hour).collect::<Vec<_>>(),
        "gross_micro_usd": gross.map(|(billed, journal)| json!({"billed": billed, "journal": journal})),
        "lines": lines,
    })
}
