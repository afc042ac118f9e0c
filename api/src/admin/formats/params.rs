//! What comes in, checked once: a format to publish must compile; one to try need not, that is told in the answer.

use super::wire::{FormatRequest, TryFormatRequest};
use crate::admin::quarantine::is_reason;
use crate::body::Checks;
use crate::problem::Problem;
use suiftly_ingest::haproxy::log_format::{PublishedError, compile_published};
use suiftly_schema::log_format::{is_format_name, unfit};

/// Lines that a format is tried on at most, and unless it says otherwise.
pub(super) const TRIED_MAX: usize = 100;
const TRIED: usize = 20;

/// Which quarantined lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that stand there.
    At(Vec<u64>),
    /// So many of a reason that have not become anything, the newest.
    Of(String, usize),
    /// None: the format alone is looked at.
    Nothing,
}

/// Reads what is to be tried, on which lines, and of which journal.
pub(super) fn tried(request: TryFormatRequest) -> Result<(FormatRequest, Which, Option<String>), Problem> {
    let TryFormatRequest { log_format, attribution, offsets, reason, limit, journal } = request;
    let mut checks = Checks::default();
    let in_range = |count: &usize| (1..=TRIED_MAX).contains(count);
    let limit = limit.map_or(Some(TRIED), |limit| usize::try_from(limit).ok()).filter(in_range).unwrap_or_else(|| {
        checks.fail("limit", format!("must be 1 to {TRIED_MAX}"));
        TRIED
    });
    if reason.as_deref().is_some_and(|reason| !is_reason(reason)) {
        checks.fail("reason", "must be a reason's word, such as unknown_format");
    }
    if let Some(why) = unfit(&log_format, &attribution) {
        checks.fail("log_format", why);
    }
    let which = match (offsets, reason) {
        (Some(_), Some(_)) => {
            checks.fail("offsets", "must not be given with `reason`");
            Which::Nothing
        }
        (Some(offsets), None) => {
            if offsets.len() > TRIED_MAX {
                checks.fail("offsets", format!("must be at most {TRIED_MAX}"));
            }
            Which::At(offsets)
        }
        (None, Some(reason)) => Which::Of(reason, limit),
        (None, None) => Which::Nothing,
    };
    checks.finish((FormatRequest { log_format, attribution }, which, journal))
}

/// Reads what is to be published. What does not compile is told with its place.
pub(super) fn published(name: &str, request: FormatRequest) -> Result<FormatRequest, Problem> {
    let mut checks = Checks::default();
    if !is_format_name(name) {
        checks.fail("name", "must be 1 to 64 letters, digits, `.`, `_` and `-`");
    }
    match (
        unfit(&request.log_format, &request.attribution),
        compile_published(&request.log_format, &request.attribution),
    ) {
        (Some(why), _) => checks.fail("log_format", why),
        (None, Err(error)) => {
            let PublishedError { attribute, error } = &error;
            match attribute {
                Some(_) => checks.fail(&field(attribute.as_deref()), error.reason.clone()),
                None => checks.fail("log_format", error.to_string()),
            }
        }
        (None, Ok(_)) => {}
    }
    checks.finish(request)
}

/// A field of the body: the string, or an entry of the attribution.
pub(super) fn field(attribute: Option<&str>) -> String {
    attribute.map_or_else(|| "log_format".to_owned(), |name| format!("attribution.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn fields_of<T: std::fmt::Debug>(answer: Result<T, Problem>) -> String {
        let errors = answer.err().map(|problem| problem.errors).unwrap_or_default();
        errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_can_be_tried() {
        let read = |body: Value| tried(serde_json::from_value(body).unwrap());
        let which = |more: Value| {
            let mut body = json!({"log_format": "%zz"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            read(body)
        };
        assert_eq!(which(json!({})).unwrap().1, Which::Nothing);
        assert_eq!(which(json!({"offsets": [7, 1]})).unwrap().1, Which::At(vec![7, 1]));
        assert_eq!(which(json!({"reason": "sf1_version"})).unwrap().1, Which::Of("sf1_version".to_owned(), TRIED));
        let cases = [
            (json!({"offsets": [7], "reason": "x"}), "offsets"),
            (json!({"offsets": (0..=100).collect::<Vec<_>>()}), "offsets"),
            (json!({"reason": "X", "limit": 101}), "limit reason"),
            (json!({"limit": 0}), "limit"),
            (json!({"log_format": ""}), "log_format"),
            (json!({"log_format": "x".repeat(8193)}), "log_format"),
        ];
        for (more, fields) in cases {
            assert_eq!(fields_of(which(more.clone())), fields, "{more}");
        }
    }

    #[test]
    fn what_can_be_published() {
        let read = |name: &str, body: Value| published(name, serde_json::from_value(body).unwrap());
        let fine = json!({"log_format": "%ci %ST %B %hr", "attribution": {"customer": "hr[1]"}});
        assert!(read("edge-2", fine.clone()).is_ok());
        let cases = [
            ("a b", fine, "name"),
            ("a", json!({"log_format": "%ci %zz"}), "log_format"),
            ("a", json!({"log_format": "%ci", "attribution": {"custmer": "ci"}}), "attribution.custmer"),
            ("a", json!({"log_format": "%ci", "attribution": {"customer": "hr[1]"}}), "attribution.customer"),
            ("a", json!({"log_format": "%ci\u{1}"}), "log_format"),
        ];
        for (name, body, fields) in cases {
            assert_eq!(fields_of(read(name, body.clone())), fields, "{body}");
        }
        let told = read("a", json!({"log_format": "%ci %zz"})).unwrap_err().errors;
        assert!(told[0].message.starts_with("at character 5: "), "{told:?}");
    }
}
