//! Every bill of a system: what each customer's open months come to, and every document that was issued.

use crate::books::Books;
use crate::database::Database;
use anyhow::Context as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Bills by what names them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Bills {
    /// Customer and month.
    drafts: BTreeMap<(i64, String), Bill>,
    /// By number.
    documents: BTreeMap<String, Bill>,
}

/// What a bill says but for what was paid of it: its lines and sums, letter by letter.
type Bill = String;

/// Documents that are listed at most.
const LISTED_MAX: &str = "1000";

/// The numbers of all documents.
pub(super) fn invoices(suiftly: &Path, data_dir: &Path) -> anyhow::Result<Vec<String>> {
    let books = Books { suiftly: suiftly.to_owned(), data_dir: data_dir.to_owned() };
    let listed = books.ask(&["invoices", "--limit", LISTED_MAX])?;
    let number = |one: &Value| one["number"].as_str().map(str::to_owned).context("a document has no number");
    listed.as_array().into_iter().flatten().map(number).collect()
}

impl Bills {
    /// Of a running system.
    pub(super) fn of(suiftly: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let books = Books { suiftly: suiftly.to_owned(), data_dir: data_dir.to_owned() };
        let mut bills = Self::default();
        for number in invoices(suiftly, data_dir)? {
            let document = books.billing(&["invoice", &number, "--format", "json"])?;
            bills.documents.insert(number, bill(&serde_json::from_str(&document).context("a document is not JSON")?));
        }
        for customer in books.ask(&["balance"])?.as_array().into_iter().flatten() {
            let id = customer["customer_id"].as_i64().context("a customer has no number")?;
            for month in customer["unsettled_months"].as_array().into_iter().flatten() {
                let month = month["month"].as_str().context("a month has no name")?;
                let draft = books.ask(&["draft", &id.to_string(), "--month", month]);
                // One that is closed has a document.
                if let Ok(draft) = draft {
                    bills.drafts.insert((id, month.to_owned()), bill(&draft));
                }
            }
        }
        Ok(bills)
    }

    /// Of a system whose database does not run: it is started for it.
    pub(super) fn of_stopped(suiftly: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let _database = Database::start(suiftly, data_dir)?;
        Self::of(suiftly, data_dir)
    }

    /// What is not the same, in words.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let drafts = compare(&self.drafts, &other.drafts, |(customer, month)| format!("customer {customer}, {month}"));
        let documents = compare(&self.documents, &other.documents, Clone::clone);
        drafts.into_iter().chain(documents).collect()
    }
}

fn compare<K: Ord>(ours: &BTreeMap<K, Bill>, others: &BTreeMap<K, Bill>, name: impl Fn(&K) -> String) -> Vec<String> {
    let mut found = Vec::new();
    for (key, bill) in ours {
        match others.get(key) {
            Some(other) if other == bill => {}
            Some(other) => found.push(format!("{}: {bill} became {other}", name(key))),
            None => found.push(format!("{}: it is gone", name(key))),
        }
    }
    found.extend(others.keys().filter(|key| !ours.contains_key(key)).map(|key| format!("{}: it is new", name(key))));
    found
}

/// Its lines and sums. What was drawn for it is no part of it: money that moved after a backup is not in it.
fn bill(document: &Value) -> Bill {
    let of = |name: &str| document["bill"][name].to_string();
    ["lines", "gross", "waiver", "total", "carried_in", "payable", "carried_out"].map(of).join(" ")
}

impl fmt::Display for Bills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bills of open months, {} closed documents", self.drafts.len(), self.documents.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn bills(total: i64) -> Bills {
        let document = json!({"bill": {"lines": [], "total": total}, "payments": []});
        Bills {
            drafts: [((7, "2026-11".to_owned()), bill(&document))].into(),
            documents: [("INV-2026-000001".to_owned(), bill(&document))].into(),
        }
    }

    #[test]
    fn a_micro_dollar_is_a_difference() {
        assert_eq!(bills(5).differences(&bills(5)), Vec::<String>::new());
        let found = bills(5).differences(&bills(6));
        assert!(found.len() == 2 && found[0].starts_with("customer 7, 2026-11: "), "{found:?}");
        let found = bills(5).differences(&Bills::default());
        assert_eq!(found, ["customer 7, 2026-11: it is gone", "INV-2026-000001: it is gone"]);
        assert_eq!(Bills::default().differences(&bills(5)).len(), 2);
    }
}
