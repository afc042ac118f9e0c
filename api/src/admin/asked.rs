//! What operators' requests have in common: pages, customers in paths, and the problems of writes.

use crate::body;
use crate::params::Fields;
use crate::problem::{Problem, ProblemCode};
use std::fmt::Display;
use std::str::FromStr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::accounts::admin::ActRefused;
use utoipa::{IntoParams, IntoResponses};

/// Items on a page unless it says otherwise.
pub(crate) const PAGE_ITEMS: u32 = 50;
/// Items on a page at most.
pub(crate) const PAGE_ITEMS_MAX: u32 = 200;

/// Which page.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(crate) struct PageQuery {
    /// Where the page before ended: its `next_cursor`.
    #[param(max_length = 100)]
    cursor: Option<String>,
    /// At most so many items. Default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
}

/// What reads a page's fields out of a query.
pub(crate) trait PageFields {
    /// At most so many.
    fn limit(&mut self) -> u32;

    /// Where the page begins.
    fn cursor<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Option<T>;

    /// A month, `2026-11`.
    fn month(&mut self) -> Option<BillingMonth>;

    /// An instant.
    fn instant(&mut self, name: &str) -> Option<UnixMillis>;

    /// A text of so many characters at most, without control characters.
    fn text(&mut self, name: &str, chars_max: usize) -> Option<String>;
}

impl PageFields for Fields {
    fn limit(&mut self) -> u32 {
        let in_range = |text: &str| text.parse().ok().filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit));
        self.parsed("limit", in_range, &format!("must be 1 to {PAGE_ITEMS_MAX}")).unwrap_or(PAGE_ITEMS)
    }

    fn cursor<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.parsed("cursor", parse, "must be the next_cursor of a page before")
    }

    fn month(&mut self) -> Option<BillingMonth> {
        self.parsed("month", BillingMonth::parse, "must be a month such as 2026-11")
    }

    fn instant(&mut self, name: &str) -> Option<UnixMillis> {
        self.parsed(name, UnixMillis::parse_rfc3339, "must be an instant, RFC 3339")
    }

    fn text(&mut self, name: &str, chars_max: usize) -> Option<String> {
        let plain = |text: &str| is_plain(text, chars_max).then(|| text.to_owned());
        self.parsed(name, plain, &format!("must have 1 to {chars_max} characters, and no control characters"))
    }
}

/// Whether a text is something to be shown.
pub(crate) fn is_plain(text: &str, chars_max: usize) -> bool {
    (1..=chars_max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// A number as a cursor.
pub(crate) fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| *number >= 0)
}

/// Two numbers as a cursor.
pub(crate) fn pair<A: FromStr, B: FromStr>(text: &str) -> Option<(A, B)> {
    let (first, second) = text.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// Where a page of raw records goes on, as a cursor: the last one's instant and place in its journal, and in a cluster which
/// journal that is.
pub(crate) fn record_cursor(timestamp: UnixMillis, journal_offset: impl Display, journal_no: u16) -> String {
    let cursor = format!("{}.{journal_offset}", timestamp.0);
    if journal_no == 0 { cursor } else { format!("{cursor}.{journal_no}") }
}

/// A journal's number as it is told with a record: none for the only one.
pub(crate) fn told_journal(journal_no: u16) -> Option<u16> {
    (journal_no != 0).then_some(journal_no)
}

/// What [`record_cursor`] wrote. Without a journal it is the only one's, as in every cursor of before there were several.
pub(crate) fn record_place<T: FromStr>(text: &str) -> Option<(UnixMillis, T, u16)> {
    let (timestamp, place) = pair::<i64, String>(text)?;
    let (journal_offset, journal_no) = place.split_once('.').unwrap_or((place.as_str(), "0"));
    Some((UnixMillis(timestamp), journal_offset.parse().ok()?, journal_no.parse().ok()?))
}

/// The items of a page out of one item more than it has, and the cursor to the next.
pub(crate) fn page<T>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(cursor);
    (items, next)
}

/// A customer in a path; what cannot be one is none.
pub(crate) fn customer_in(path: &str) -> Result<CustomerId, Problem> {
    CustomerId::new(body::id(path)?).ok_or_else(|| missing("customer"))
}

/// There is none.
pub(crate) fn missing(what: &str) -> Problem {
    Problem::new(ProblemCode::NotFound).detail(format!("there is no such {what}"))
}

impl From<ActRefused> for Problem {
    fn from(refused: ActRefused) -> Self {
        match refused {
            ActRefused::Missing { what } => missing(what),
            ActRefused::Closed => Self::new(ProblemCode::AccountClosed),
            ActRefused::Deleted => Self::new(ProblemCode::KeyDeleted),
        }
    }
}

/// The problems that writes may answer with beside those of every guarded route.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum WriteProblems {
    /// The operator's role does not allow it (`forbidden`), or the customer's account is closed (`account_closed`).
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

/// The problems of bodies.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum BodyProblems {
    /// `body_too_long`
    #[response(status = 413, content_type = "application/problem+json")]
    TooLong(Problem),
    /// `unsupported_media_type`
    #[response(status = 415, content_type = "application/problem+json")]
    MediaType(Problem),
}

/// There is no such thing.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub(crate) enum MissingProblem {
    /// `not_found`
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_know_whether_there_is_more() {
        let cases = [
            (vec![1, 2, 3], 2, (vec![1, 2], Some("2"))),
            (vec![1, 2], 2, (vec![1, 2], None)),
            (vec![], 2, (vec![], None)),
        ];
        for (items, limit, (kept, cursor)) in cases {
            let found = page(items, limit, |item: &i32| item.to_string());
            assert_eq!((found.0, found.1.as_deref()), (kept, cursor));
        }
    }

    #[test]
    fn fields_of_pages() {
        const NAMES: [&str; 6] = ["cursor", "limit", "month", "from", "name", "other"];
        let cases = [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=-1", "cursor"),
            ("month=2026-13", "month"),
            ("from=yesterday", "from"),
            ("name=", "name"),
            ("name=a%00b", "name"),
            ("name=toolong", "name"),
        ];
        for (query, field) in cases {
            let mut fields = Fields::read_named(query, &NAMES);
            fields.limit();
            fields.cursor(number);
            fields.month();
            fields.instant("from");
            fields.text("name", 6);
            assert_eq!(fields.finish(()).unwrap_err().errors[0].field, field, "{query}");
        }
        assert_eq!(Fields::read_named("", &NAMES).limit(), PAGE_ITEMS);
        assert_eq!(pair::<i64, u32>("7.9"), Some((7, 9)));
        assert_eq!(pair::<i64, u32>("7"), None);
    }

    #[test]
    fn places_of_records() {
        let at = UnixMillis(7);
        assert_eq!([record_cursor(at, 9, 0), record_cursor(at, 9, 2)], ["7.9", "7.9.2"]);
        assert_eq!(record_place::<u64>("7.9"), Some((at, 9, 0)), "one of before there were several journals");
        assert_eq!(record_place::<u64>("7.9.2"), Some((at, 9, 2)));
        for text in ["7", "7.", "7.9.", "7.9.x", "7.9.2.1", "7.9.65536"] {
            assert_eq!(record_place::<u64>(text), None, "{text}");
        }
    }
}
