//! What comes in: queries and bodies, each checked once.

use super::wire::{DiscardRequest, ReplayRequest};
use crate::params::Fields;
use crate::problem::{FieldError, Problem};
use crate::routes::body_problem;
use axum::Json;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use suiftly_schema::quarantine::MAX_GIVEN_LINES;
use suiftly_store::reader::{PAGE_LINES_MAX, QuarantineQuery, QuarantineSelection};
use utoipa::IntoParams;

/// Lines on a page unless it says otherwise.
const PAGE_LINES: u32 = 100;
/// As long as the store lets a reason be.
const REASON_BYTES_MAX: usize = 64;
/// As long as the store lets a source be.
const SOURCE_BYTES_MAX: usize = 200;

const REASON_MUST_BE: &str = "must be a reason's word, such as unknown_format";

/// Which lines, and how many.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct PageQuery {
    /// Of this reason alone.
    reason: Option<String>,
    /// Of sources that begin so alone: `udp 192.0.2.7`.
    source: Option<String>,
    /// In a cluster: of the journal of this ingester; without it of the first.
    journal: Option<String>,
    /// Only those before this place: `next_before` of the page before.
    #[param(minimum = 0)]
    before: Option<i64>,
    /// At most so many. Default 100.
    #[param(minimum = 1, maximum = 1_000)]
    limit: Option<i32>,
}

/// Reads a page's query: which lines, of which journal.
pub(super) fn page(query: &str) -> Result<(QuarantineQuery, Option<String>), Problem> {
    let mut fields = Fields::read_named(query, &["reason", "source", "journal", "before", "limit"]);
    let journal = fields.value("journal").map(str::to_owned);
    let reason = fields.parsed("reason", |text| is_reason(text).then(|| text.to_owned()), REASON_MUST_BE);
    let source = fields.parsed(
        "source",
        |text| is_source(text).then(|| text.to_owned()),
        "must be how a source begins, such as `udp 192.0.2.7`",
    );
    let before = fields.parsed("before", place, "must be a place in the journal, 0 or more");
    let in_range = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_LINES_MAX).contains(limit));
    let limit = fields.parsed("limit", in_range, &format!("must be 1 to {PAGE_LINES_MAX}")).unwrap_or(PAGE_LINES);
    fields.finish((QuarantineQuery { reason, source, before, limit }, journal))
}

/// Reads a line's query: of which journal.
pub(super) fn journal(query: &str) -> Result<Option<String>, Problem> {
    let fields = Fields::read_named(query, &["journal"]);
    let journal = fields.value("journal").map(str::to_owned);
    fields.finish(journal)
}

/// Reads a path's offset.
pub(super) fn offset(text: &str) -> Result<u64, Problem> {
    let must_be = || Problem::validation(vec![FieldError::new("offset", "must be a place in the journal, 0 or more")]);
    place(text).ok_or_else(must_be)
}

/// What to give again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replay {
    pub(super) selection: QuarantineSelection,
    pub(super) again: bool,
    pub(super) limit: usize,
}

/// Reads a replay's body: which lines, of which journal.
pub(super) async fn replay(request: Request) -> Result<(Replay, Option<String>), Problem> {
    let ReplayRequest { reason, offsets, again, limit, journal } = body(request).await?;
    let mut errors = Vec::new();
    if limit.is_some_and(|limit| limit == 0 || limit as usize > MAX_GIVEN_LINES) {
        errors.push(FieldError::new("limit", format!("must be 1 to {MAX_GIVEN_LINES}")));
    }
    let selection = selection(reason, offsets, errors)?;
    let limit = limit.map_or(MAX_GIVEN_LINES, |limit| limit as usize);
    Ok((Replay { selection, again, limit }, journal))
}

/// Reads a discard's body: never all at once. Which lines, of which journal.
pub(super) async fn discard(request: Request) -> Result<(QuarantineSelection, Option<String>), Problem> {
    let DiscardRequest { reason, offsets, journal } = body(request).await?;
    let mut errors = Vec::new();
    if reason.is_none() && offsets.is_none() {
        errors.push(FieldError::new("reason", "must be given, or `offsets`"));
    }
    Ok((selection(reason, offsets, errors)?, journal))
}

async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let body = Json::<T>::from_request(request, &()).await;
    body.map(|Json(body)| body).map_err(|error| body_problem(&error, "body", "must be a JSON object as documented"))
}

fn selection(
    reason: Option<String>,
    offsets: Option<Vec<u64>>,
    mut errors: Vec<FieldError>,
) -> Result<QuarantineSelection, Problem> {
    if reason.as_deref().is_some_and(|reason| !is_reason(reason)) {
        errors.push(FieldError::new("reason", REASON_MUST_BE));
    }
    if offsets.as_ref().is_some_and(|offsets| offsets.len() > MAX_GIVEN_LINES) {
        errors.push(FieldError::new("offsets", format!("must be at most {MAX_GIVEN_LINES}")));
    }
    if errors.is_empty() { Ok(QuarantineSelection { reason, offsets }) } else { Err(Problem::validation(errors)) }
}

/// Whether a reason can be called so.
pub(crate) fn is_reason(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=REASON_BYTES_MAX).contains(&text.len()) && text.bytes().all(word)
}

fn is_source(text: &str) -> bool {
    let shown = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
    (1..=SOURCE_BYTES_MAX).contains(&text.len()) && text.bytes().all(shown)
}

fn place(text: &str) -> Option<u64> {
    text.parse::<i64>().ok().and_then(|place| u64::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages() {
        let plain = QuarantineQuery { limit: 100, ..QuarantineQuery::default() };
        assert_eq!(page("").unwrap(), (plain, None));
        let all = page("reason=sf1_number&source=udp+192.0.2.7&before=10&limit=1000&journal=a").unwrap();
        let (reason, source) = (Some("sf1_number".to_owned()), Some("udp 192.0.2.7".to_owned()));
        let wanted = QuarantineQuery { reason, source, before: Some(10), limit: 1_000 };
        assert_eq!(all, (wanted, Some("a".to_owned())));
        let cases = [
            ("reason=SF1", "reason"),
            ("reason=", "reason"),
            ("source=%00", "source"),
            ("source=", "source"),
            ("before=-1", "before"),
            ("before=9223372036854775808", "before"),
            ("limit=0", "limit"),
            ("limit=1001&customer_id=1", "customer_id limit"),
        ];
        for (query, fields) in cases {
            let errors = page(query).unwrap_err().errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), fields, "{query}");
        }
    }

    #[test]
    fn places() {
        let cases = [("0", Some(0)), ("12", Some(12)), ("-1", None), ("x", None), ("9223372036854775808", None)];
        for (text, expected) in cases {
            assert_eq!(offset(text).ok(), expected, "{text}");
        }
    }
}
