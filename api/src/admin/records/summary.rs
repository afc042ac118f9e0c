//! Raw records of up to an hour, counted by group: what a spike is made of, and what it was not billed.

mod wire;

pub use wire::{RecordGroup, RecordLabels, RecordSummary};

use super::{PLACE_FIELDS, RECORDS_MS, RecordPlaceQuery, SpanQuery, record_filter, span};
use crate::admin::tail::{RECORD_FIELDS, TailQuery};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::read::ReadError;
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault;
use suiftly_store::accounts::admin::{
    RAW_DIMENSIONS_MAX, RAW_GROUPS_MAX, RAW_SPAN_MAX_MS, RawDimension, RawPart, RawSummaryQuery,
};
use utoipa::IntoParams;

/// Groups unless it says otherwise.
const GROUPS: u32 = 20;

/// By what.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct GroupsQuery {
    /// What to tell apart: up to four of `server_id`, `backend_id`, `status_code`, `event_type`, `termination_state`,
    /// `customer_id`, `api_key_fp`, with commas between them. Default: none, and no groups.
    #[param(example = "server_id,termination_state")]
    group_by: Option<String>,
    /// At most so many groups, those with the most requests. Default 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
}

/// Raw records of up to an hour, counted by group, while they are kept. Many records take the database long: what it does
/// not count in time is `store_unavailable`, and a narrower question finds more.
#[utoipa::path(get, path = "/records/summary", operation_id = "records_summary", tag = "operation",
    params(SpanQuery, TailQuery, RecordPlaceQuery, GroupsQuery),
    responses((status = 200, body = RecordSummary), GuardedProblems)
)]
pub(super) async fn summary(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<RecordSummary>, Problem> {
    let wanted = wanted(&query.unwrap_or_default(), app.parts.clock.now())?;
    let found = app.parts.accounts.store.raw_summary(&wanted).await.map_err(ReadError::from)?;
    let customers: BTreeSet<_> = found.parts.iter().filter_map(|part| vault::billed(part.customer)).collect();
    let left_out = found.groups_in_all - i64::try_from(found.groups.len()).unwrap_or(i64::MAX);
    Ok(Json(RecordSummary {
        from: wanted.from.rfc3339(),
        to: wanted.to.rfc3339(),
        requests: found.parts.iter().fold(0, |sum: i64, part| sum.saturating_add(part.requests)),
        customers: customers.len(),
        not_billed_micro_usd: not_billed(&found.parts, &app.reader.books.current()).0,
        groups: found.groups.into_iter().map(RecordGroup::from).collect(),
        groups_left_out: left_out,
    }))
}

fn wanted(query: &str, now: UnixMillis) -> Result<RawSummaryQuery, Problem> {
    let names = [&["from", "to", "group_by", "limit"][..], &PLACE_FIELDS, &RECORD_FIELDS].concat();
    let mut fields = Fields::read_named(query, &names);
    let (from, to) = span(&mut fields, now, (RECORDS_MS, RAW_SPAN_MAX_MS));
    let filter = record_filter(&mut fields);
    let words = RawDimension::ALL.map(RawDimension::word).join(", ");
    let must_be = format!("must be up to {RAW_DIMENSIONS_MAX} of {words}, each once");
    let group_by = fields.parsed("group_by", dimensions_of, &must_be).unwrap_or_default();
    let in_range = |text: &str| text.parse().ok().filter(|limit| (1..=RAW_GROUPS_MAX).contains(limit));
    let limit = fields.parsed("limit", in_range, &format!("must be 1 to {RAW_GROUPS_MAX}")).unwrap_or(GROUPS);
    fields.finish(RawSummaryQuery { from, to, filter, group_by, limit })
}

fn dimensions_of(text: &str) -> Option<Vec<RawDimension>> {
    let of_word = |word: &str| RawDimension::ALL.into_iter().find(|dimension| dimension.word() == word);
    let found: Vec<_> = text.split(',').map(of_word).collect::<Option<_>>()?;
    let is_once = found.iter().enumerate().all(|(at, dimension)| !found[..at].contains(dimension));
    (is_once && found.len() <= RAW_DIMENSIONS_MAX).then_some(found)
}

/// What is rated together is one customer's, of one service, by one book. What is nobody's is nobody's bill.
fn not_billed(parts: &[RawPart], books: &PriceBooks) -> MicroUsd {
    let mut together = BTreeMap::<_, (i64, i64)>::new();
    for part in parts {
        let Some(customer) = vault::billed(part.customer) else { continue };
        let (requests, bytes) =
            together.entry((customer, part.service, books.in_force(part.hour).version)).or_default();
        *requests = requests.saturating_add(part.failed_requests);
        *bytes = bytes.saturating_add(part.failed_bytes);
    }
    together.iter().fold(MicroUsd(0), |sum, ((_, service, version), (requests, bytes))| {
        let rated = books.version(*version).map_or(MicroUsd(0), |book| book.rate(*service, *requests, *bytes));
        MicroUsd(sum.0.saturating_add(rated.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::ids::{CustomerId, Service};

    #[test]
    fn every_bad_field_is_named() {
        let now = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let all = "server_id,backend_id,status_code,event_type,termination_state";
        let cases = [
            ("group_by=server_id,customer_id,api_key_fp,status_code&limit=100", ""),
            ("group_by=server_id,server_id", "group_by"),
            (&*format!("group_by={all}"), "group_by"),
            ("group_by=moon&limit=101&cursor=7", "cursor group_by limit"),
            ("from=2026-11-22T08:00:00Z", "from"),
            (
                "backend_id=x&client_ip=1.2.3&termination_state=&path_prefix=%2F&traffic_type=9",
                "backend_id termination_state traffic_type client_ip path_prefix",
            ),
        ];
        for (query, fields) in cases {
            let errors = wanted(query, now).err().map(|problem| problem.errors).unwrap_or_default();
            let named: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), fields, "{query}");
        }
    }

    #[test]
    fn what_was_not_billed_is_each_customers_by_themselves() {
        let part = |customer, failed_requests| RawPart {
            customer: CustomerId::new(customer),
            service: Some(Service::Seal),
            hour: UnixMillis(3_600_000),
            requests: 1_000,
            failed_requests,
            failed_bytes: 1 << 30,
        };
        let canary = vault::CANARY_BASE;
        let parts = [part(1, 10), part(1, 5), part(2, 3), part(0, 100), part(canary, 100)];
        assert_eq!(not_billed(&parts, &PriceBooks::v1()), MicroUsd(1_800));
    }
}
