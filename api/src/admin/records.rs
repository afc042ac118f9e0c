//! What gateways logged of requests, out of the store: raw records of up to an hour, one by one, counted by group, and
//! followed into the bill.

mod bill;
mod place;
mod summary;

pub use bill::{BillHour, RecordBill, RecordInvoice, RecordInvoiceLine, TrafficClassWord};
pub use summary::{RecordGroup, RecordLabels, RecordSummary};

use super::asked::{PageFields, PageQuery, page, record_cursor, record_place};
use super::tail::{RECORD_FIELDS, RecordFields, RecordLine, TailQuery};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use place::{PLACE_FIELDS, RecordPlaceQuery, in_one_journal, read_place};
use serde::Serialize;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::admin::{RAW_SPAN_MAX_MS, RawFilter, RawPlace, RawQuery as Wanted, RawRecord};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The span of records unless it says otherwise.
const RECORDS_MS: i64 = 5 * 60_000;
/// What is written now is dated a little ahead, where clocks differ.
const AHEAD_MS: i64 = 60_000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(records)).routes(routes!(summary::summary)).routes(routes!(bill::bill))
}

/// Which span.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct SpanQuery {
    /// The first instant. Default: five minutes before `to` (messages: a day).
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, an hour later at most (messages: eight days). Default: a minute from now.
    #[param(format = DateTime)]
    to: Option<String>,
}

/// A page of raw records.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// The latest first.
    pub items: Vec<RecordLine>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// Raw records of up to an hour, the latest first, while they are kept: from a spike to the requests behind it.
#[utoipa::path(get, path = "/records", tag = "operation", params(SpanQuery, TailQuery, RecordPlaceQuery, PageQuery), responses(
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
    in_one_journal(&wanted.filter, &found)?;
    let cursor = |of: &RawRecord| record_cursor(of.record.timestamp, of.record.journal_offset, of.journal_no);
    let (found, next_cursor) = page(found, limit, cursor);
    Ok(Json(RecordPage { items: found.iter().map(RecordLine::from).collect(), next_cursor }))
}

fn wanted(query: &str, now: UnixMillis) -> Result<(Wanted, u32), Problem> {
    let names = [&["from", "to", "cursor", "limit"][..], &PLACE_FIELDS, &RECORD_FIELDS].concat();
    let mut fields = Fields::read_named(query, &names);
    let (from, to) = span(&mut fields, now, (RECORDS_MS, RAW_SPAN_MAX_MS));
    let filter = record_filter(&mut fields);
    let place = |text: &str| {
        let (timestamp, journal_offset, journal_no) = record_place(text)?;
        Some(RawPlace { timestamp, journal_offset, journal_no })
    };
    let (after, limit) = (fields.cursor(place), fields.limit());
    fields.finish((Wanted { from, to, filter, after, limit: limit + 1 }, limit))
}

/// What the tail is narrowed by, and the place in the journal.
fn record_filter(fields: &mut Fields) -> RawFilter {
    let filter = fields.record_filter();
    let (journal_offset, journal_no) = read_place(fields);
    RawFilter {
        customer: filter.customer_id,
        server_id: filter.server_id,
        service: filter.service,
        network: filter.network,
        status: filter.status,
        event_type: filter.event_type,
        traffic_type: filter.traffic_type,
        api_key_fp: filter.api_key_fp,
        backend_id: filter.backend_id,
        termination: filter.termination,
        client_ip: filter.client_ip,
        path_prefix: filter.path_prefix,
        time_total_min_ms: filter.time_total_min_ms,
        journal_offset,
        journal_no,
    }
}

/// A span of the past: so long unless it says otherwise, and at most.
pub(super) fn span(
    fields: &mut Fields,
    now: UnixMillis,
    (usual_ms, longest_ms): (i64, i64),
) -> (UnixMillis, UnixMillis) {
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
            ("journal_offset=9223372036854775808", "journal_offset"),
            ("journal_offset=0&journal=32768", "journal"),
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
}
