//! What stands behind a bill, an invoice's or the running month's: its hours, and the requests of an hour while they are
//! kept.

mod asked;
mod wire;

pub use wire::{HourPage, HourRow, RecordPage, RecordRow};

use super::invoices::{check_number, missing};
use super::of;
use crate::admin::asked::{PageQuery, page, record_cursor};
use crate::app::App;
use crate::params::Fields;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Customer;
use asked::{DraftMonthQuery, DraftRecordsQuery, Hours, HoursQuery, RecordsQuery, Requests};
use axum::Json;
use axum::extract::{RawQuery, State};
use suiftly_schema::bill::UsageRecord;
use suiftly_store::money::{BilledRecord, RecordQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(draft_hours))
        .routes(routes!(draft_records))
        .routes(routes!(hours))
        .routes(routes!(records))
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
    let asked = Hours::of_invoice(&query.unwrap_or_default())?;
    check_number(&document)?;
    let hours = of(&app, &customer).store().invoice_hours(&document, asked.service.map(Some)).await?;
    Ok(Json(page_of(&hours.ok_or_else(missing)?, &asked)))
}

/// What each hour of a month that is not closed comes to, as of now. Nothing in it is final.
#[utoipa::path(get, path = "/billing/draft/hours", tag = "billing", params(DraftMonthQuery, HoursQuery, PageQuery), responses(
    (status = 200, body = HourPage),
    (status = 404, description = "`not_found`: the month is closed, and has an invoice", body = Problem,
        content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn draft_hours(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<HourPage>, Problem> {
    let asked = Hours::of_draft(&query.unwrap_or_default())?;
    let settlement = of(&app, &customer);
    let month = asked.month.unwrap_or(settlement.now().month());
    let draft = settlement.draft(customer.id, month).await?.ok_or_else(missing)?;
    let mut hours = draft.inputs.records();
    hours.retain(|hour| asked.service.is_none_or(|service| hour.usage.service == Some(service)));
    Ok(Json(page_of(&hours, &asked)))
}

/// A place among hours is a number: what is recorded of an invoice does not change, and a draft's hours come in order.
fn page_of(hours: &[UsageRecord], asked: &Hours) -> HourPage {
    let rest: Vec<_> = hours.iter().enumerate().skip(asked.skip).take(asked.limit as usize + 1).collect();
    let (rest, next_cursor) = page(rest, asked.limit, |(at, _)| (at + 1).to_string());
    HourPage { items: rest.into_iter().map(|(_, hour)| hour.into()).collect(), next_cursor }
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
    let asked = Requests::of_invoice(&query.unwrap_or_default())?;
    check_number(&document)?;
    let document = of(&app, &customer).store().invoice(&document).await?.ok_or_else(missing)?;
    if asked.hour.month() != document.row.month {
        let mut fields = Fields::read_named("", &[]);
        fields.fail("hour", format!("must lie within {}", document.row.month));
        return fields.finish(Json(RecordPage { items: Vec::new(), next_cursor: None }));
    }
    requests(&app, &customer, &asked).await
}

/// The requests of an hour, while they are kept: two days. Whether its month is closed does not matter.
#[utoipa::path(get, path = "/billing/draft/records", tag = "billing", params(DraftRecordsQuery, PageQuery), responses(
    (status = 200, body = RecordPage),
    GuardedProblems,
))]
async fn draft_records(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<RecordPage>, Problem> {
    requests(&app, &customer, &Requests::of_draft(&query.unwrap_or_default())?).await
}

/// Raw records have no row-level security: they are looked for by the customer's own id.
async fn requests(app: &App, customer: &Customer, asked: &Requests) -> Result<Json<RecordPage>, Problem> {
    let query = RecordQuery {
        customer: customer.id,
        service: asked.service.map(Some),
        network: asked.network.map(Some),
        hour: asked.hour,
        billed_only: asked.billed_only,
        after: asked.after,
        limit: asked.limit + 1,
    };
    let rows = of(app, customer).store().records_of(&query).await?;
    let cursor = |row: &BilledRecord| record_cursor(row.timestamp, row.journal_offset, row.journal_no);
    let (rows, next_cursor) = page(rows, asked.limit, cursor);
    let books = app.reader.books.current();
    Ok(Json(RecordPage { items: rows.iter().map(|row| RecordRow::new(row, &books)).collect(), next_cursor }))
}
