//! Problem documents (RFC 9457): every error of the API, with a stable code that programs can go by.
//!
//! What went wrong inside is logged and never shown: [`Problem::internal`] takes the error for the log alone.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::error::Error;
use utoipa::{IntoResponses, ToSchema};

/// What kind of error it is. Codes are never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// 400: a parameter or the body is not as it must be; see `errors`.
    Validation,
    /// 400: the answer would have too many parts; ask for less.
    TooBroad,
    /// 401: no token or session, or none that is valid.
    Unauthorized,
    /// 403: a write that another site asked the browser for.
    CrossSite,
    /// 404: there is no such path.
    NotFound,
    /// 405: there is, but not by this method.
    MethodNotAllowed,
    /// 409: another request does the same; try again.
    Busy,
    /// 413: the body is too long.
    BodyTooLong,
    /// 415: the body is not JSON.
    UnsupportedMediaType,
    /// 429: too many failed attempts; `Retry-After` says how long to wait.
    TooManyAttempts,
    /// 500: our fault.
    Internal,
    /// 503: the journal's tail is being replayed after a start.
    Recovering,
    /// 503: the server is about to end.
    Stopping,
    /// 503: what comes in has no room: the disk or the database is slow.
    Overloaded,
    /// 503: the database does not answer.
    StoreUnavailable,
    /// 503: the database is further behind than the live deltas reach back.
    CatchingUp,
    /// 503: as many streams are open as may be.
    TooManyStreams,
    /// 503: it took too long.
    Timeout,
}

impl ProblemCode {
    const fn status(self) -> StatusCode {
        match self {
            Self::Validation | Self::TooBroad => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy => StatusCode::CONFLICT,
            Self::BodyTooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Recovering
            | Self::Stopping
            | Self::Overloaded
            | Self::StoreUnavailable
            | Self::CatchingUp
            | Self::TooManyStreams
            | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Validation => "The request is not valid",
            Self::TooBroad => "The answer would be too long",
            Self::Unauthorized => "Sign in first",
            Self::CrossSite => "The request comes from another site",
            Self::NotFound => "There is nothing here",
            Self::MethodNotAllowed => "Not by this method",
            Self::Busy => "Another request does the same",
            Self::BodyTooLong => "The body is too long",
            Self::UnsupportedMediaType => "The body must be JSON",
            Self::TooManyAttempts => "Too many failed attempts",
            Self::Internal => "Something went wrong on the server",
            Self::Recovering => "Starting: the journal is being replayed",
            Self::Stopping => "The server is about to end",
            Self::Overloaded => "There is no room for more",
            Self::StoreUnavailable => "The database does not answer",
            Self::CatchingUp => "The database is catching up",
            Self::TooManyStreams => "Too many streams are open",
            Self::Timeout => "It took too long",
        }
    }
}

/// What is wrong with one parameter or field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What it must be.
    pub message: String,
}

impl FieldError {
    /// An error of a field.
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), message: message.into() }
    }
}

/// A problem document, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says which kind it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    #[schema(value_type = i64)]
    pub status: u16,
    /// The kind, for programs.
    pub code: ProblemCode,
    /// More about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub detail: Option<String>,
    /// What is wrong with which field; for `validation`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before another try: the `Retry-After` header.
    #[serde(skip)]
    pub retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(code: ProblemCode) -> Self {
        let status = code.status().as_u16();
        Self {
            kind: "about:blank",
            title: code.title(),
            status,
            code,
            detail: None,
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// With more about it.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// With the time to wait.
    pub fn retry_after_s(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// Parameters or fields that are not valid.
    pub fn validation(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::Validation) }
    }

    /// Our fault: `error` and what it came from go to the log, not to the client.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a request failed");
        Self::new(ProblemCode::Internal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An error and what it came from, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        line.push_str(": ");
        line.push_str(&inner.to_string());
        source = inner.source();
    }
    line
}

/// The problems that every guarded route may answer with.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum GuardedProblems {
    /// A parameter is not valid (`validation`), or the answer would be too long (`too_broad`).
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// No valid token or session (`unauthorized`).
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(Problem),
    /// Too many failed attempts (`too_many_attempts`).
    #[response(status = 429, content_type = "application/problem+json")]
    TooManyAttempts(Problem),
    /// Our fault (`internal`).
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Not now: `recovering`, `stopping`, `overloaded`, `store_unavailable`, `catching_up`,
    /// `too_many_streams`, `timeout`.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}
