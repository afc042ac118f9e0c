//! Bodies of requests: JSON, read once into what a handler takes; and the words that many fields are.
//!
//! What is not as documented is named by where it stands (`subscription.tier`), never quoted: it may be a secret.

use crate::problem::{FieldError, Problem, ProblemCode};
use crate::routes::body_problem;
use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::IntoResponses;

/// A name's characters at most.
pub(crate) const NAME_CHARS_MAX: usize = 100;

/// Reads a body.
pub(crate) async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let value = Json::<Value>::from_request(request, &()).await;
    let Json(value) = value.map_err(|error| body_problem(&error, "body", "must be JSON"))?;
    if !value.is_object() {
        // An array would be taken for an object's values in their order.
        return Err(Problem::validation(vec![not_an_object()]));
    }
    of_value(value).map_err(|error| Problem::validation(vec![error]))
}

fn of_value<T: DeserializeOwned>(value: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner().to_string());
        let within = if path == "." { String::new() } else { path };
        match named(&cause, "missing field `") {
            Some(field) if within.is_empty() => FieldError::new(field, "must be given"),
            Some(field) => FieldError::new(&format!("{within}.{field}"), "must be given"),
            None if cause.starts_with("unknown field") => FieldError::new(&within, "is no field here"),
            None if within.is_empty() => not_an_object(),
            None => FieldError::new(&within, "must be as documented"),
        }
    })
}

fn not_an_object() -> FieldError {
    FieldError::new("body", "must be a JSON object as documented")
}

fn named<'a>(cause: &'a str, before: &str) -> Option<&'a str> {
    cause.strip_prefix(before)?.split('`').next()
}

/// Collects what is wrong with a body's fields.
#[derive(Default)]
pub(crate) struct Checks(Vec<FieldError>);

impl Checks {
    pub(crate) fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// A name as it is kept: without what is around it, of at most [`NAME_CHARS_MAX`] characters that can be shown.
    pub(crate) fn name(&mut self, field: &str, name: &str) -> String {
        let name = name.trim();
        if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            self.fail(field, format!("must be at most {NAME_CHARS_MAX} characters, all of which can be shown"));
        }
        name.to_owned()
    }

    /// The value, unless something is wrong.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.0.is_empty() { Ok(value) } else { Err(Problem::validation(self.0)) }
    }
}

/// The number of a row out of a path; what cannot be one names nothing.
pub(crate) fn id(text: &str) -> Result<i64, Problem> {
    let number = text.parse::<i64>().ok().filter(|id| *id > 0 && text.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// The problems that every customer's write may answer with, beside those of every guarded route.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum WriteProblems {
    /// A write that another site asked the browser for (`cross_site`).
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The same is under way (`busy`), or the idempotency key was used for something else or has no answer
    /// (`idempotency_mismatch`, `outcome_unknown`).
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too long (`body_too_long`).
    #[response(status = 413, content_type = "application/problem+json")]
    TooLong(Problem),
    /// The body is not JSON (`unsupported_media_type`).
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        inner: Inner,
        #[serde(default)]
        list: Vec<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        number: u32,
    }

    #[test]
    fn what_is_wrong_is_named_by_where_it_stands() {
        let cases = [
            (json!({}), "inner", "must be given"),
            (json!({"inner": {}}), "inner.number", "must be given"),
            (json!({"inner": {"number": "hunter2"}}), "inner.number", "must be as documented"),
            (json!({"inner": {"number": -1}}), "inner.number", "must be as documented"),
            (json!({"inner": {"number": 1, "odd": 1}}), "inner.odd", "is no field here"),
            (json!({"inner": {"number": 1}, "odd": 1}), "odd", "is no field here"),
            (json!({"inner": {"number": 1}, "list": [1, "2"]}), "list[1]", "must be as documented"),
            (json!("hunter2"), "body", "must be a JSON object as documented"),
        ];
        for (body, field, message) in cases {
            let error = of_value::<Outer>(body.clone()).unwrap_err();
            assert_eq!((error.field.as_str(), error.message.as_str()), (field, message), "{body}");
        }
    }

    #[test]
    fn ids_and_names() {
        for (text, expected) in
            [("7", Some(7)), ("0", None), ("-1", None), ("+7", None), ("x", None), ("9223372036854775808", None)]
        {
            assert_eq!(id(text).ok(), expected, "{text}");
        }
        let checked = |name: &str| {
            let mut checks = Checks::default();
            let kept = checks.name("name", name);
            checks.finish(kept).ok()
        };
        assert_eq!(checked("  Prod  ").as_deref(), Some("Prod"));
        assert_eq!(checked(&"ü".repeat(100)).as_deref(), Some("ü".repeat(100).as_str()));
        assert_eq!(checked(&"x".repeat(101)), None);
        assert_eq!(checked("a\nb"), None);
        assert_eq!(checked("a\0b"), None);
    }
}
