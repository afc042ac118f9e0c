//! What comes in about accounts: queries and bodies, each checked once.

use super::super::asked::{PageFields, is_plain};
use super::wire::{CreditRequest, LimitRequest, SuspendRequest};
use crate::params::Fields;
use crate::problem::{FieldError, Problem};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::CustomerQuery;
use utoipa::IntoParams;

/// What is looked for has so many characters at most.
const SEARCH_CHARS_MAX: usize = 100;
/// As long as a statement's span may be, in days.
const STATEMENT_DAYS_MAX: i64 = 400;
/// A reason, or what is said of a credit.
pub(super) const WORDS_CHARS_MAX: usize = 500;
/// As long as the ledger lets a reference be.
pub(super) const REFERENCE_CHARS_MAX: usize = 100;
/// The largest credit: a million dollars.
pub(super) const CREDIT_MICRO_USD_MAX: i64 = 1_000_000_000_000;
/// The least limit but 0.
const LIMIT_USD_CENTS_MIN: i64 = 1_000;
/// The largest limit: a hundred million dollars a month.
const LIMIT_USD_CENTS_MAX: i64 = 10_000_000_000;

/// Which customers.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct CustomersQuery {
    /// Who has this in their name or e-mail, whose wallet address begins so, or whose id it is.
    #[param(min_length = 1, max_length = 100)]
    search: Option<String>,
    /// `active`, `suspended` or `closed`.
    #[param(pattern = "^(active|suspended|closed)$")]
    status: Option<String>,
}

/// Which span of a statement.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct StatementQuery {
    /// The first instant. Default: the start of the running UTC month.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, 400 days later at most. Default: the end of that month.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// Reads a list's query; the page's limit beside it.
pub(super) fn customers(query: &str) -> Result<(CustomerQuery, u32), Problem> {
    let mut fields = Fields::read_named(query, &["search", "status", "cursor", "limit"]);
    let search = fields.text("search", SEARCH_CHARS_MAX);
    let known = |text: &str| ["active", "suspended", "closed"].contains(&text).then(|| text.to_owned());
    let status = fields.parsed("status", known, "must be active, suspended or closed");
    let after = fields.cursor(|text| CustomerId::new(text.parse().ok()?));
    let limit = fields.limit();
    fields.finish((CustomerQuery { search, status, after, limit }, limit))
}

/// Reads a statement's span.
pub(super) fn statement(query: &str, now: UnixMillis) -> Result<(UnixMillis, UnixMillis), Problem> {
    let mut fields = Fields::read_named(query, &["from", "to"]);
    let from = fields.instant("from").unwrap_or_else(|| now.month().start());
    let to = fields.instant("to").unwrap_or_else(|| from.month().end());
    let longest_ms = STATEMENT_DAYS_MAX * 86_400_000;
    if to <= from || to.0.saturating_sub(from.0) > longest_ms {
        fields.fail("from", format!("must be before `to`, by {STATEMENT_DAYS_MAX} days at most"));
    }
    fields.finish((from, to))
}

/// Checks a suspension's words.
pub(super) fn suspension(body: &SuspendRequest) -> Result<(), Problem> {
    let is_said = is_plain(body.reason.trim(), WORDS_CHARS_MAX) && is_plain(&body.reason, WORDS_CHARS_MAX);
    checked([(is_said, "reason", format!("must have 1 to {WORDS_CHARS_MAX} characters, and no control characters"))])
}

/// Checks a credit.
pub(super) fn credit(body: &CreditRequest) -> Result<(), Problem> {
    let is_amount = (1..=CREDIT_MICRO_USD_MAX).contains(&body.amount_micro_usd);
    let is_reference = is_plain(&body.reference, REFERENCE_CHARS_MAX) && body.reference.len() <= REFERENCE_CHARS_MAX;
    let is_memo = body.memo.as_deref().is_none_or(|memo| is_plain(memo, WORDS_CHARS_MAX));
    checked([
        (is_amount, "amount_micro_usd", format!("must be 1 to {CREDIT_MICRO_USD_MAX}")),
        (is_reference, "reference", format!("must have 1 to {REFERENCE_CHARS_MAX} bytes, and no control characters")),
        (is_memo, "memo", format!("must have 1 to {WORDS_CHARS_MAX} characters, and no control characters")),
    ])
}

/// Checks a limit.
pub(super) fn limit(body: &LimitRequest) -> Result<(), Problem> {
    let cents = body.max_monthly_usd_cents;
    let is_limit = cents == 0 || (LIMIT_USD_CENTS_MIN..=LIMIT_USD_CENTS_MAX).contains(&cents);
    let must_be = format!("must be 0, for none, or {LIMIT_USD_CENTS_MIN} to {LIMIT_USD_CENTS_MAX}");
    checked([(is_limit, "max_monthly_usd_cents", must_be)])
}

fn checked<const N: usize>(fields: [(bool, &str, String); N]) -> Result<(), Problem> {
    let wrong = fields.into_iter().filter(|(is_fine, ..)| !is_fine);
    let errors: Vec<_> = wrong.map(|(_, field, must_be)| FieldError::new(field, must_be)).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::validation(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T>(checked: Result<T, Problem>) -> String {
        let errors = checked.err().map(|problem| problem.errors).unwrap_or_default();
        errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn queries() {
        let cases = [("", ""), ("status=gone&cursor=0&limit=0", "status cursor limit"), ("search=&id=7", "id search")];
        for (query, fields) in cases {
            assert_eq!(named(customers(query)), fields, "{query}");
        }
        let now = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let (from, to) = statement("", now).unwrap();
        assert_eq!((from.rfc3339().as_str(), to.rfc3339().as_str()), ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"));
        for query in
            ["from=2026-11-02T00:00:00Z&to=2026-11-01T00:00:00Z", "from=2024-01-01T00:00:00Z&to=2026-11-01T00:00:00Z"]
        {
            assert_eq!(named(statement(query, now)), "from", "{query}");
        }
    }

    #[test]
    fn bodies() {
        let reason = |reason: &str| named(suspension(&SuspendRequest { reason: reason.to_owned() }));
        assert_eq!([reason("abuse"), reason(" "), reason("a\nb")], ["", "reason", "reason"]);
        let of = |amount_micro_usd, reference: &str, memo: Option<&str>| {
            let (reference, memo) = (reference.to_owned(), memo.map(ToOwned::to_owned));
            named(credit(&CreditRequest { amount_micro_usd, reference, memo }))
        };
        assert_eq!(of(1, "ticket 7", Some("sorry")), "");
        assert_eq!(of(0, "", Some("")), "amount_micro_usd reference memo");
        assert_eq!(of(CREDIT_MICRO_USD_MAX + 1, &"é".repeat(51), None), "amount_micro_usd reference");
        for (cents, field) in [(0, ""), (999, "max_monthly_usd_cents"), (1_000, ""), (-1, "max_monthly_usd_cents")] {
            assert_eq!(named(limit(&LimitRequest { max_monthly_usd_cents: cents })), field, "{cents}");
        }
    }
}
