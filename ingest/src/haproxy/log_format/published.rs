//! A format as operators publish it: texts alone, no maps. Compiled the same way wherever it is tried, checked or used.

use super::{Attribute, Attribution, FormatError, LogFormat, RecordFormat, by_word};
use std::collections::BTreeMap;

/// Why a published format cannot be used, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {error}", .attribute.as_deref().unwrap_or("log_format"))]
pub struct PublishedError {
    /// The entry of the attribution; `None`: it is the string.
    pub attribute: Option<String>,
    /// What is wrong. Of an attribution's entry the position says nothing.
    pub error: FormatError,
}

/// Compiles a string, or the word of a stock format.
pub fn compile_text(log_format: &str) -> Result<LogFormat, PublishedError> {
    let text = by_word(log_format).unwrap_or(log_format);
    LogFormat::compile(text).map_err(|error| PublishedError { attribute: None, error })
}

/// Ties a format to an attribution by the names of [`Attribution::NAMES`].
pub fn attribute(format: LogFormat, entries: &BTreeMap<String, String>) -> Result<RecordFormat, PublishedError> {
    let mut attribution = Attribution::default();
    for (name, from) in entries {
        let mut alone = Attribution::default();
        let found = entry(&mut alone, name, from).and_then(|()| RecordFormat::new(format.clone(), &alone));
        // Alone, so that the error is known to be of this entry.
        found.map_err(|error| PublishedError { attribute: Some(name.clone()), error })?;
        entry(&mut attribution, name, from).map_err(|error| PublishedError { attribute: Some(name.clone()), error })?;
    }
    RecordFormat::new(format, &attribution).map_err(|error| PublishedError { attribute: None, error })
}

fn entry(attribution: &mut Attribution, name: &str, from: &str) -> Result<(), FormatError> {
    let wrong = |reason: String| FormatError { position: 1, reason };
    let unknown = || wrong(format!("there is no {name:?}; there are {}", Attribution::NAMES.join(", ")));
    let slot = attribution.entry(name).ok_or_else(unknown)?;
    *slot = Some(from.parse::<Attribute>().map_err(wrong)?);
    Ok(())
}

/// Both in one.
pub fn compile_published(
    log_format: &str,
    attribution: &BTreeMap<String, String>,
) -> Result<RecordFormat, PublishedError> {
    attribute(compile_text(log_format)?, attribution)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|(name, from)| ((*name).to_owned(), (*from).to_owned())).collect()
    }

    #[test]
    fn what_can_be_published() {
        let all = entries(&[("customer", "hr[1]"), ("traffic", "=1"), ("service", "var(txn.s)")]);
        assert!(compile_published("%ci %ST %B %hr %[var(txn.s)]", &all).unwrap().names_customer());
        let stock = compile_published("httplog", &entries(&[("customer", "hr[1]")])).unwrap();
        assert_eq!(stock.format().text(), LogFormat::compile(super::super::HTTPLOG).unwrap().text());
    }

    #[test]
    fn what_is_wrong_says_of_what() {
        let cases = [
            ("%ci %zz", entries(&[]), None, 5, "zz"),
            ("%ci %ST", entries(&[("custmer", "hr[1]")]), Some("custmer"), 1, "there are customer, key"),
            ("%ci %ST", entries(&[("seq", "ID"), ("boot", "=1")]), Some("seq"), 1, "the format has no \"ID\""),
            ("%ci %ST", entries(&[("customer", "hr[0]")]), Some("customer"), 1, "counted from 1"),
        ];
        for (text, attribution, attribute, position, reason) in cases {
            let error = compile_published(text, &attribution).unwrap_err();
            assert_eq!((error.attribute.as_deref(), error.error.position), (attribute, position), "{error}");
            assert!(error.error.reason.contains(reason), "{error}");
        }
    }
}
