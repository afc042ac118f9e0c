//! Everybody's invoices and notes: found by month and status, shown in words, handed out as PDF, CSV and JSON, and drilled
//! down to the hours and records behind a line. And a month's draft, live.

mod params;
mod wire;

pub use wire::{
    InvoiceItem, InvoiceLine, InvoiceNote, InvoicePage, InvoiceParty, InvoicePayment, InvoiceRecord, InvoiceRecords,
    InvoiceSums, InvoiceView, UsageHour, UsageHours,
};

use super::asked::{MissingProblem, PageQuery, customer_in, missing, page, record_cursor};
use crate::app::App;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use params::{DocumentFormat, DocumentQuery, DraftQuery, HoursQuery, InvoicesQuery, RecordsQuery};
use suiftly_settlement::SettlementError;
use suiftly_settlement::document::InvoiceDocument;
use suiftly_store::money::{BilledRecord, RecordQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(of_customer))
        .routes(routes!(draft))
        .routes(routes!(view))
        .routes(routes!(document))
        .routes(routes!(hours))
        .routes(routes!(records))
}

/// Invoices and notes, the latest first: everybody's, or a month's, of one status, of one customer.
#[utoipa::path(get, path = "/invoices", operation_id = "list_invoices", tag = "billing", params(InvoicesQuery, PageQuery), responses(
    (status = 200, body = InvoicePage),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoicePage>, Problem> {
    invoices(&app, params::invoices(&query.unwrap_or_default())?).await
}

/// A customer's invoices and notes, the latest first.
#[utoipa::path(get, path = "/customers/{customer_id}/invoices", operation_id = "customer_invoices", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), PageQuery),
    responses((status = 200, body = InvoicePage), MissingProblem, GuardedProblems)
)]
async fn of_customer(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoicePage>, Problem> {
    let customer = customer_in(&customer)?;
    let mut query = params::of_customer(&query.unwrap_or_default())?;
    if app.parts.accounts.settlement.store().customer(customer).await?.is_none() {
        return Err(missing("customer"));
    }
    query.customer = Some(customer);
    invoices(&app, query).await
}

async fn invoices(app: &App, query: params::Invoices) -> Result<Json<InvoicePage>, Problem> {
    let limit = query.limit - 1;
    let rows = app.parts.accounts.settlement.store().documents(&query).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(InvoicePage { items: rows.iter().map(InvoiceItem::from).collect(), next_cursor }))
}

/// The bill of a customer's month that is open, as it stands now. By default of the running month.
#[utoipa::path(get, path = "/customers/{customer_id}/draft", operation_id = "customer_draft", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), DraftQuery),
    responses((status = 200, body = InvoiceView), MissingProblem, GuardedProblems)
)]
async fn draft(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoiceView>, Problem> {
    let (customer, settlement) = (customer_in(&customer)?, &app.parts.accounts.settlement);
    let month = params::draft(&query.unwrap_or_default())?.unwrap_or_else(|| settlement.now().month());
    let draft = settlement.draft_document(customer, month).await.map_err(problem)?;
    // Closed, or nobody's.
    draft.map(|draft| Json(InvoiceView::from(&draft))).ok_or_else(|| missing("draft"))
}

/// An invoice or a note, with its lines in words and what it was paid by.
#[utoipa::path(get, path = "/invoices/{number}", operation_id = "get_invoice", tag = "billing",
    params(("number" = String, Path, example = "INV-2026-000017")),
    responses((status = 200, body = InvoiceView), MissingProblem, GuardedProblems)
)]
async fn view(
    State(app): State<App>,
    _operator: Operator,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoiceView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    Ok(Json(InvoiceView::from(&found(&app, &number).await?)))
}

/// An invoice or a note as a file: PDF, CSV (its lines), or JSON (all of it, as an audit reads it).
#[utoipa::path(get, path = "/invoices/{number}/document", operation_id = "invoice_document", tag = "billing",
    params(("number" = String, Path, example = "INV-2026-000017"), DocumentQuery),
    responses(
        (status = 200, description = "The file", content(
            (Vec<u8> = "application/pdf"), (String = "text/csv"), (Object = "application/json"),
        )),
        MissingProblem, GuardedProblems,
    )
)]
async fn document(
    State(app): State<App>,
    _operator: Operator,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let format = params::document(&query.unwrap_or_default())?;
    let document = found(&app, &number).await?;
    let content = match format {
        DocumentFormat::Json => document.to_json().into_bytes(),
        DocumentFormat::Csv => document.to_csv().into_bytes(),
        DocumentFormat::Pdf => {
            // Fonts and lines take the processor for a while.
            let drawn = tokio::task::spawn_blocking(move || document.to_pdf()).await;
            drawn.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?
        }
    };
    let name = format!("attachment; filename=\"{number}.{}\"", format.extension());
    let head = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((head, content).into_response())
}

/// What each hour of an invoice was charged: they add up to its lines of usage.
#[utoipa::path(get, path = "/invoices/{number}/hours", operation_id = "invoice_hours", tag = "billing",
    params(("number" = String, Path, example = "INV-2026-000017"), HoursQuery, PageQuery),
    responses((status = 200, body = UsageHours), MissingProblem, GuardedProblems)
)]
async fn hours(
    State(app): State<App>,
    _operator: Operator,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<UsageHours>, Problem> {
    let params::Hours { service, skip, limit } = params::hours(&query.unwrap_or_default())?;
    let number = known(&number)?;
    let hours = app.parts.accounts.settlement.store().invoice_hours(number, service.map(Some)).await?;
    let hours = hours.ok_or_else(|| missing("invoice"))?;
    let left: Vec<_> = hours.into_iter().skip(skip).take(limit as usize + 1).collect();
    let (hours, has_more) = page(left, limit, |_| String::new());
    let next_cursor = has_more.map(|_| (skip + limit as usize).to_string());
    Ok(Json(UsageHours { items: hours.iter().map(UsageHour::from).collect(), next_cursor }))
}

/// The billable records of an hour of an invoice, while they are kept.
#[utoipa::path(get, path = "/invoices/{number}/records", operation_id = "invoice_records", tag = "billing",
    params(("number" = String, Path, example = "INV-2026-000017"), RecordsQuery, PageQuery),
    responses((status = 200, body = InvoiceRecords), MissingProblem, GuardedProblems)
)]
async fn records(
    State(app): State<App>,
    _operator: Operator,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoiceRecords>, Problem> {
    let params::Records { hour, service, network, after, limit } = params::records(&query.unwrap_or_default())?;
    let (number, store) = (known(&number)?, app.parts.accounts.settlement.store());
    let invoice = store.document_row(number).await?.ok_or_else(|| missing("invoice"))?;
    if hour.month() != invoice.month {
        return Ok(Json(InvoiceRecords { items: Vec::new(), next_cursor: None }));
    }
    let query = RecordQuery {
        customer: invoice.customer_id,
        service: Some(Some(service)),
        network: network.map(Some),
        hour,
        billed_only: true,
        after,
        limit: limit + 1,
    };
    let found = store.records_of(&query).await?;
    let cursor = |record: &BilledRecord| record_cursor(record.timestamp, record.journal_offset, record.journal_no);
    let (found, next_cursor) = page(found, limit, cursor);
    Ok(Json(InvoiceRecords { items: found.iter().map(InvoiceRecord::from).collect(), next_cursor }))
}

async fn found(app: &App, number: &str) -> Result<InvoiceDocument, Problem> {
    let document = app.parts.accounts.settlement.document(known(number)?).await.map_err(problem)?;
    document.ok_or_else(|| missing("invoice"))
}

/// What is no number of a document (a zero byte, say) need not be looked for.
fn known(number: &str) -> Result<&str, Problem> {
    let is_number = number.len() <= 40 && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_number { Ok(number) } else { Err(missing("invoice")) }
}

fn problem(error: SettlementError) -> Problem {
    match error {
        SettlementError::Store(error) => error.into(),
        other => Problem::internal(&other),
    }
}
