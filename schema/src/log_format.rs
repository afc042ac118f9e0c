//! Log formats that operators publish while the system runs: for lines that no configured format can read. They are
//! reference data: told among the lines, in one order with them, so that the journal alone decides what reads a line.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Formats that may be in force at once: a line that nothing can read is tried on each.
pub const MAX_FORMATS_IN_FORCE: usize = 64;
/// Names that there may ever be: a format is retired, never removed.
pub const MAX_FORMAT_NAMES: usize = 1_024;
/// Characters of a name at most.
pub const MAX_FORMAT_NAME: usize = 64;
/// Bytes of a string at most: with its attribution it is journaled as one frame.
pub const MAX_LOG_FORMAT_BYTES: usize = 8 << 10;
/// Bytes of one entry of an attribution at most.
pub const MAX_ATTRIBUTE_BYTES: usize = 256;
/// Entries of an attribution at most: as many as there are names.
pub const MAX_ATTRIBUTES: usize = 15;

/// A published format, as it is from now on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PublishedFormat {
    /// Its number in the database: it stays, whatever is published under its name.
    pub id: i64,
    /// What operators call it.
    pub name: String,
    /// The string, as it stands in haproxy.cfg, or the word of a stock format.
    pub log_format: String,
    /// Which field says what.
    pub attribution: BTreeMap<String, String>,
    /// Its place among all publications: formats are tried in this order.
    pub publication: i64,
    /// Whether it reads lines; else it is retired.
    pub is_in_force: bool,
}

impl PublishedFormat {
    /// How much memory its texts hold, about.
    pub fn text_bytes(&self) -> usize {
        let entry = |(name, from): (&String, &String)| 2 * size_of::<String>() + name.len() + from.len();
        self.name.len() + self.log_format.len() + self.attribution.iter().map(entry).sum::<usize>()
    }
}

/// Whether a format can be called so: 1 to [`MAX_FORMAT_NAME`] letters, digits, `.`, `_` and `-`.
pub fn is_format_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_FORMAT_NAME).contains(&name.len()) && name.bytes().all(plain)
}

/// Why a string or its attribution is not kept, if it is not: too long, or not to be shown.
pub fn unfit(log_format: &str, attribution: &BTreeMap<String, String>) -> Option<String> {
    let is_shown = |text: &str| !text.chars().any(|char| char.is_control() && char != '\t');
    if log_format.is_empty() || log_format.len() > MAX_LOG_FORMAT_BYTES {
        return Some(format!(
            "a published format is 1 to {MAX_LOG_FORMAT_BYTES} bytes long, this one {}",
            log_format.len()
        ));
    }
    if attribution.len() > MAX_ATTRIBUTES {
        return Some(format!("an attribution has at most {MAX_ATTRIBUTES} entries"));
    }
    if attribution.iter().any(|(name, from)| name.len().max(from.len()) > MAX_ATTRIBUTE_BYTES) {
        return Some(format!("an entry of an attribution is at most {MAX_ATTRIBUTE_BYTES} bytes long"));
    }
    let all_shown = is_shown(log_format) && attribution.iter().all(|(name, from)| is_shown(name) && is_shown(from));
    (!all_shown).then(|| "a published format has no control characters but tabs".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{Entity, MAX_CHANGE_BYTES, ReferenceChange};

    #[test]
    fn names() {
        let cases =
            [("edge", true), ("A.b-c_9", true), ("-", true), ("", false), ("a b", false), ("ü", false), ("a/b", false)];
        for (name, expected) in cases {
            assert_eq!(is_format_name(name), expected, "{name}");
        }
        assert!(is_format_name(&"a".repeat(64)) && !is_format_name(&"a".repeat(65)));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let of = |name: &str, from: &str| BTreeMap::from([(name.to_owned(), from.to_owned())]);
        let many = (0..=MAX_ATTRIBUTES).map(|n| (n.to_string(), String::new())).collect();
        let cases = [
            ("%ci\t%ST", of("customer", "hr[1]"), None),
            ("", of("customer", "hr[1]"), Some("1 to 8192 bytes")),
            ("%ci\u{7}", BTreeMap::new(), Some("control characters")),
            ("%ci", of("customer", "\n"), Some("control characters")),
            ("%ci", of("customer", &"x".repeat(257)), Some("256 bytes")),
            ("%ci", many, Some("15 entries")),
        ];
        for (log_format, attribution, expected) in cases {
            let told = unfit(log_format, &attribution);
            assert_eq!(told.is_some(), expected.is_some(), "{log_format:?}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{log_format:?}");
        }
        assert!(unfit(&"x".repeat(MAX_LOG_FORMAT_BYTES + 1), &BTreeMap::new()).is_some());
    }

    #[test]
    fn the_longest_is_one_frame() {
        // A quote takes two bytes of JSON, and so does a tab.
        let entry = |n: usize| (format!("{n:\"<256}"), "\"".repeat(MAX_ATTRIBUTE_BYTES));
        let attribution = (0..MAX_ATTRIBUTES).map(entry).collect();
        let format = PublishedFormat {
            id: i64::MAX,
            name: "x".repeat(MAX_FORMAT_NAME),
            log_format: "\"".repeat(MAX_LOG_FORMAT_BYTES),
            attribution,
            publication: i64::MAX,
            is_in_force: false,
        };
        assert_eq!(unfit(&format.log_format, &format.attribution), None);
        let change = ReferenceChange { seq: u64::MAX, entity: Entity::LogFormat(format) };
        let json = serde_json::to_string(&change).unwrap();
        assert!(json.len() <= MAX_CHANGE_BYTES, "{} bytes", json.len());
        assert_eq!(serde_json::from_str::<ReferenceChange>(&json).unwrap(), change);
    }
}
