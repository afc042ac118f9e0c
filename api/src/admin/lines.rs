//! What gateways said, out of the store: raw records of up to an hour, and HAProxy's own messages.

use super::asked::{PageFields, PageQuery, page, pair};
use super::tail::{RECORD_FIELDS, RecordFields, RecordLine, TailQuery};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::{
    RAW_SPAN_MAX_MS, RawPlace, RawQuery as Wanted, SystemLine, SystemPlace, SystemQuery,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The span of records unless it says otherwise.
const RECORDS_MS: i64 = 5 * 60_000;
/// The span of messages unless it says otherwise, and at most: as long as they are kept.
const MESSAGES_MS: i64 = 86_400_000;
const MESSAGES_MAX_MS: i64 = 8 * MESSAGES_MS;
/// What is written now is dated a little ahead, where clocks differ.
const AHEAD_MS: i64 = 60_000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(records)).routes(routes!(system_logs))
}

/// Which span.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct SpanQuery {
    /// The first instant. Default: five minutes before `to` (messages: a day).
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, an hour later at most (messages: eight days). Default: a minute from now.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// Of which key.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct KeyQuery {
    /// Of the key with this fingerprint alone.
    #[param(minimum = 0, maximum = 4_294_967_295_i64)]
    api_key_fp: Option<i64>,
}

/// Of which gateway.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ServerQuery {
    /// Of this gateway alone.
    #[param(minimum = -32_768, maximum = 32_767)]
    server_id: Option<i32>,
}

/// A page of raw records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// The latest first.
    pub items: Vec<RecordLine>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A page of HAProxy's messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SystemLogPage {
    /// The latest first.
    pub items: Vec<SystemLogItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A message of HAProxy's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SystemLogItem {
    /// When it was written, else received.
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// The gateway, where it is known.
    pub server_id: Option<i16>,
    /// The text.
    pub message: String,
    /// How many equal messages of one instant it stands for.
    pub count: i32,
}

impl From<&SystemLine> for SystemLogItem {
    fn from(line: &SystemLine) -> Self {
        let (timestamp, message) = (line.timestamp.rfc3339(), line.message.clone());
        Self { timestamp, server_id: line.server_id, message, count: line.count }
    }
}

/// Raw records of up to an hour, the latest first, while they are kept: from a spike to the requests behind it.
#[utoipa::path(get, path = "/records", tag = "operation", params(SpanQuery, TailQuery, KeyQuery, PageQuery), responses(
    (status = 200, body = RecordPage),
    GuardedProblems,
))]
async fn records(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<RecordPage>, Problem> {
    let (wanted, limit) = wanted(&query.unwrap_or_default(), app.parts.clock.now())?;
    let found = app.parts.accounts.store.raw_records(&wanted).await?;
    let cursor = |record: &Record| format!("{}.{}", record.timestamp.0, record.journal_offset);
    let (found, next_cursor) = page(found, limit, cursor);
    Ok(Json(RecordPage { items: found.iter().map(RecordLine::from).collect(), next_cursor }))
}

fn wanted(query: &str, now: UnixMillis) -> Result<(Wanted, u32), Problem> {
    let names = [&["from", "to", "api_key_fp", "cursor", "limit"][..], &RECORD_FIELDS].concat();
    let mut fields = Fields::read_named(query, &names);
    let (from, to) = span(&mut fields, now, (RECORDS_MS, RAW_SPAN_MAX_MS));
    let filter = fields.record_filter();
    let api_key_fp = fields.parsed("api_key_fp", |text| text.parse().ok(), "must be a fingerprint, 0 to 4294967295");
    let place = |text: &str| {
        let (timestamp, journal_offset) = pair(text)?;
        Some(RawPlace { timestamp: UnixMillis(timestamp), journal_offset })
    };
    let (after, limit) = (fields.cursor(place), fields.limit());
    let wanted = Wanted {
        from,
        to,
        customer: filter.customer_id,
        server_id: filter.server_id,
        service: filter.service,
        network: filter.network,
        status: filter.status,
        event_type: filter.event_type,
        api_key_fp,
        time_total_min_ms: filter.time_total_min_ms,
        after,
        limit: limit + 1,
    };
    fields.finish((wanted, limit))
}

/// HAProxy's own messages (a server that goes down, a reload), the latest first.
#[utoipa::path(get, path = "/system-logs", tag = "operation", params(SpanQuery, ServerQuery, PageQuery), responses(
    (status = 200, body = SystemLogPage),
    GuardedProblems,
))]
async fn system_logs(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<SystemLogPage>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["from", "to", "server_id", "cursor", "limit"]);
    let (from, to) = span(&mut fields, app.parts.clock.now(), (MESSAGES_MS, MESSAGES_MAX_MS));
    let server_id = fields.parsed("server_id", |text| text.parse().ok(), "must be a gateway's number, -32768 to 32767");
    let place = |text: &str| {
        let (timestamp, shown) = pair(text)?;
        Some(SystemPlace { timestamp: UnixMillis(timestamp), shown })
    };
    let (after, limit) = (fields.cursor(place), fields.limit());
    let query = fields.finish(SystemQuery { server_id, from, to, after, limit: limit + 1 })?;
    let lines = app.parts.accounts.store.system_lines(&query).await?;
    let has_more = lines.len() > limit as usize;
    let shown = &lines[..lines.len().min(limit as usize)];
    let next_cursor = if has_more { place_after(shown, after) } else { None };
    Ok(Json(SystemLogPage { items: shown.iter().map(SystemLogItem::from).collect(), next_cursor }))
}

/// Where the page after these begins: messages have no number, so those of the last instant are counted, with those of
/// the pages before.
fn place_after(shown: &[SystemLine], before: Option<SystemPlace>) -> Option<String> {
    let last = shown.last()?.timestamp;
    let here = shown.iter().rev().take_while(|line| line.timestamp == last).count();
    let earlier = before.filter(|place| place.timestamp == last && here == shown.len()).map_or(0, |place| place.shown);
    Some(format!("{}.{}", last.0, here + earlier as usize))
}

fn span(fields: &mut Fields, now: UnixMillis, (usual_ms, longest_ms): (i64, i64)) -> (UnixMillis, UnixMillis) {
    let to = fields.instant("to").unwrap_or_else(|| now.plus_ms(AHEAD_MS));
    let from = fields.instant("from").unwrap_or_else(|| to.plus_ms(-usual_ms));
    if to <= from || to.0.saturating_sub(from.0) > longest_ms {
        fields.fail("from", format!("must be before `to`, by {} minutes at most", longest_ms / 60_000));
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> UnixMillis {
        UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap()
    }

    #[test]
    fn spans_are_bounded() {
        let (found, limit) = wanted("", now()).unwrap();
        assert_eq!((found.from.rfc3339().as_str(), limit), ("2026-11-22T09:56:00Z", 50));
        let cases = [
            ("from=2026-11-22T09:00:00Z&to=2026-11-22T10:00:00Z", ""),
            ("from=2026-11-22T08:59:59Z&to=2026-11-22T10:00:00Z", "from"),
            ("from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z", "from"),
            ("api_key_fp=4294967296&cursor=7", "api_key_fp cursor"),
        ];
        for (query, fields) in cases {
            let errors = wanted(query, now()).err().map(|problem| problem.errors).unwrap_or_default();
            assert_eq!(
                errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>().join(" "),
                fields,
                "{query}"
            );
        }
    }

    #[test]
    fn the_place_after_a_page_counts_the_messages_of_its_last_instant() {
        let line = |ms| SystemLine { timestamp: now().plus_ms(ms), server_id: None, message: String::new(), count: 1 };
        let at = |ms: i64, shown| SystemPlace { timestamp: now().plus_ms(ms), shown };
        let of = |ms: i64, shown| Some(format!("{}.{shown}", now().plus_ms(ms).0));
        let cases = [
            (vec![2, 1, 1], None, of(1, 2)),
            // All of them of the instant that the page before ended in.
            (vec![1, 1], Some(at(1, 2)), of(1, 4)),
            (vec![1, 0], Some(at(1, 2)), of(0, 1)),
            (vec![], Some(at(1, 2)), None),
        ];
        for (shown, before, expected) in cases {
            let lines: Vec<_> = shown.iter().map(|ms| line(*ms)).collect();
            assert_eq!(place_after(&lines, before), expected, "{shown:?}");
        }
    }
}
