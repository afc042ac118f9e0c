//! What stands behind an invoice: its hours, and the requests of an hour while they are kept.

use super::invoices::{check_number, missing};
use super::of;
use crate::admin::asked::{PageFields, PageQuery, number, page, pair};
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::rows::Bucket;
use crate::scope::Customer;
use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Serialize;
use suiftly_schema::bill::UsageRecord;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{BilledRecord, RecordPlace};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(hours)).routes(routes!(records))
}

/// Of which service.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct HoursQuery {
    /// This service's alone: its number or word.
    service_type: Option<String>,
}

/// Of which hour.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct RecordsQuery {
    /// The hour's first instant, within the invoice's month.
    #[param(format = DateTime)]
    hour: String,
    /// The service: its number or word.
    service_type: String,
    /// This network's alone: its number or word.
    network: Option<String>,
}

/// A page of hours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HourPage {
    /// Ascending by hour, service and network.
    pub items: Vec<HourRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// What an hour was charged. All hours of a document add up to its lines of usage, to the micro-dollar.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HourRow {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub hour: String,
    /// The service, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub service: Option<&'static str>,
    /// The network, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub network: Option<&'static str>,
    /// Billed requests.
    pub billable_requests: i64,
    /// Their bytes.
    pub billable_bytes: i64,
    /// The price book in force.
    #[schema(value_type = i64)]
    pub price_book: u32,
    /// What it adds to the month.
    pub charged_micro_usd: i64,
}

impl From<&UsageRecord> for HourRow {
    fn from(record: &UsageRecord) -> Self {
        let UsageRecord { usage, price_book, charged } = *record;
        Self {
            hour: usage.hour.rfc3339(),
            service: usage.service.map(Service::word),
            network: usage.network.map(Network::word),
            billable_requests: usage.requests,
            billable_bytes: usage.bytes,
            price_book,
            charged_micro_usd: charged.0,
        }
    }
}

/// What each hour of an invoice was charged.
#[utoipa::path(get, path = "/billing/invoices/{number}/hours", operation_id = "invoice_hours", tag = "billing",
    params(HoursQuery, PageQuery, ("number" = String, Path, description = "Its number", max_length = 40)),
    responses(
        (status = 200, body = HourPage),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn hours(
    State(app): State<App>,
    customer: Customer,
    Path(document): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<HourPage>, Problem> {
    let query = query.unwrap_or_default();
    let mut fields = Fields::read_named(&query, &["service_type", "cursor", "limit"]);
    let (service, skip, limit) = (fields.service(), fields.cursor(number), fields.limit());
    fields.finish(())?;
    check_number(&document)?;
    let hours = of(&app, &customer).store().invoice_hours(&document, service.map(Some)).await?.ok_or_else(missing)?;
    // What is recorded of an invoice does not change: a place in it is a number.
    let skip = usize::try_from(skip.unwrap_or_default()).unwrap_or(usize::MAX);
    let rest: Vec<_> = hours.iter().enumerate().skip(skip).take(limit as usize + 1).collect();
    let (rest, next_cursor) = page(rest, limit, |(at, _)| (at + 1).to_string());
    Ok(Json(HourPage { items: rest.into_iter().map(|(_, hour)| hour.into()).collect(), next_cursor }))
}

/// A page of requests.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordPage {
    /// Ascending by time.
    pub items: Vec<RecordRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A billed request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordRow {
    /// When it began.
    #[schema(format = DateTime)]
    pub at: String,
    /// The network, by its word; `null` is the unknown.
    #[schema(value_type = Option<String>)]
    pub network: Option<&'static str>,
    /// The API key's fingerprint; 0: none.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// The answer's status.
    #[schema(value_type = i64)]
    pub status_code: i16,
    /// Bytes of the answer.
    pub bytes_sent: i64,
    /// How many requests it stands for.
    #[schema(value_type = i64)]
    pub repeat: i32,
}

impl From<&BilledRecord> for RecordRow {
    fn from(record: &BilledRecord) -> Self {
        Self {
            at: record.timestamp.rfc3339(),
            network: record.network.map(Network::word),
            api_key_fp: record.api_key_fp,
            status_code: record.status_code,
            bytes_sent: record.bytes_sent,
            repeat: record.repeat,
        }
    }
}

/// The billed requests of an hour of an invoice, while they are kept: two days.
#[utoipa::path(get, path = "/billing/invoices/{number}/records", operation_id = "invoice_records", tag = "billing",
    params(RecordsQuery, PageQuery, ("number" = String, Path, description = "Its number", max_length = 40)),
    responses(
        (status = 200, body = RecordPage),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn records(
    State(app): State<App>,
    customer: Customer,
    Path(document): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<RecordPage>, Problem> {
    let asked = parse(&query.unwrap_or_default())?;
    check_number(&document)?;
    let settlement = of(&app, &customer);
    // Raw records have no row-level security: only what is of the customer's own invoice is looked for, by their id.
    let document = settlement.store().invoice(&document).await?.ok_or_else(missing)?;
    if asked.hour.month() != document.row.month {
        let mut fields = Fields::read_named("", &[]);
        fields.fail("hour", format!("must lie within {}", document.row.month));
        return fields.finish(Json(RecordPage { items: Vec::new(), next_cursor: None }));
    }
    let wanted = (asked.service, asked.network.map(Some));
    let rows = settlement.store().records_of(customer.id, wanted, asked.hour, asked.after, asked.limit + 1).await?;
    let (rows, next_cursor) = page(rows, asked.limit, |row| format!("{}.{}", row.timestamp.0, row.journal_offset));
    Ok(Json(RecordPage { items: rows.iter().map(RecordRow::from).collect(), next_cursor }))
}

struct Asked {
    hour: UnixMillis,
    service: Option<Service>,
    network: Option<Network>,
    after: Option<RecordPlace>,
    limit: u32,
}

fn parse(query: &str) -> Result<Asked, Problem> {
    let mut fields = Fields::read_named(query, &["hour", "service_type", "network", "cursor", "limit"]);
    let whole = |text: &str| UnixMillis::parse_rfc3339(text).filter(|at| Bucket::Hour.start_of(*at) == *at);
    let hour = fields.parsed("hour", whole, "must be an RFC 3339 time on a whole hour, such as 2026-11-21T22:00:00Z");
    let hour = fields.required("hour", hour).unwrap_or_default();
    let service = fields.service();
    let service = fields.required("service_type", service);
    let place = |text: &str| {
        let (timestamp, journal_offset) = pair(text)?;
        let timestamp = UnixMillis(timestamp);
        let is_place = (UnixMillis::MIN..=UnixMillis::MAX).contains(&timestamp) && journal_offset >= 0;
        is_place.then_some(RecordPlace { timestamp, journal_offset })
    };
    let (network, after, limit) = (fields.network(), fields.cursor(place), fields.limit());
    fields.finish(Asked { hour, service, network, after, limit })
}
