//! Drafts, invoices and notes: listed, shown, and as files.

use super::document::DocumentView;
use super::of;
use crate::admin::asked::{PageFields, PageQuery, number, page};
use crate::app::App;
use crate::customer::download;
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::document::InvoiceDocument;
use suiftly_store::money::DocumentRow;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest number of a document.
const NUMBER_CHARS_MAX: usize = 40;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(draft)).routes(routes!(list)).routes(routes!(one)).routes(routes!(file))
}

/// Which month.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct MonthQuery {
    /// A UTC month, such as `2026-11`. Default: the running one, or every one.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-11")]
    month: Option<String>,
}

/// As what.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct FormatQuery {
    /// `pdf`, `csv`, `json` or `text`. Default: `pdf`.
    #[param(pattern = "^(pdf|csv|json|text)$")]
    format: Option<String>,
}

/// A page of documents.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoicePage {
    /// The latest first.
    pub items: Vec<InvoiceRow>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// An invoice, or a note that corrects one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceRow {
    /// Its number.
    #[schema(example = "INV-2026-000017")]
    pub number: String,
    /// `invoice`, `credit_note` or `debit_note`.
    pub kind: &'static str,
    /// A note: the invoice it corrects.
    pub corrects: Option<String>,
    /// The month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// `open`, `paid`, `failed` or `void`.
    pub status: &'static str,
    /// When it was issued.
    #[schema(format = DateTime)]
    pub issued_at: String,
    /// What is owed; of a note, the difference.
    pub total_micro_usd: i64,
    /// What is asked for, in whole cents; by a credit note, given.
    pub payable_micro_usd: i64,
    /// When nothing was due any more.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
}

impl From<DocumentRow> for InvoiceRow {
    fn from(row: DocumentRow) -> Self {
        Self {
            number: row.number,
            kind: row.kind.word(),
            corrects: row.corrects,
            month: row.month.to_string(),
            status: row.status.word(),
            issued_at: row.issued_at.rfc3339(),
            total_micro_usd: row.total.0,
            payable_micro_usd: row.payable.0,
            settled_at: row.settled_at.map(UnixMillis::rfc3339),
        }
    }
}

/// The bill of a month that is not closed, as of now. Nothing in it is final.
#[utoipa::path(get, path = "/billing/draft", tag = "billing", params(MonthQuery), responses(
    (status = 200, body = DocumentView),
    (status = 404, description = "`not_found`: the month is closed, and has an invoice", body = Problem,
        content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn draft(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<DocumentView>, Problem> {
    let settlement = of(&app, &customer);
    let month = month_of(&query.unwrap_or_default())?.unwrap_or(settlement.now().month());
    let document = settlement.draft_document(customer.id, month).await?;
    document.as_ref().map(|document| Json(document.into())).ok_or_else(missing)
}

fn month_of(query: &str) -> Result<Option<BillingMonth>, Problem> {
    let mut fields = Fields::read_named(query, &["month"]);
    let month = fields.month();
    fields.finish(month)
}

/// Invoices and notes.
#[utoipa::path(get, path = "/billing/invoices", operation_id = "list_invoices", tag = "billing", params(MonthQuery, PageQuery), responses(
    (status = 200, body = InvoicePage),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<InvoicePage>, Problem> {
    let query = query.unwrap_or_default();
    let mut fields = Fields::read_named(&query, &["month", "cursor", "limit"]);
    let (month, before, limit) = (fields.month(), fields.cursor(number), fields.limit());
    fields.finish(())?;
    let settlement = of(&app, &customer);
    let rows = settlement.store().invoices(Some(customer.id), month, before, limit + 1).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.id.to_string());
    Ok(Json(InvoicePage { items: rows.into_iter().map(InvoiceRow::from).collect(), next_cursor }))
}

/// An invoice or a note: lines, sums, payments.
#[utoipa::path(get, path = "/billing/invoices/{number}", operation_id = "get_invoice", tag = "billing",
    params(("number" = String, Path, description = "Its number", max_length = 40, example = "INV-2026-000017")),
    responses(
        (status = 200, body = DocumentView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<DocumentView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    Ok(Json((&document(&app, &customer, &number).await?).into()))
}

/// An invoice or a note as a file.
#[utoipa::path(get, path = "/billing/invoices/{number}/document", operation_id = "invoice_document", tag = "billing",
    params(FormatQuery, ("number" = String, Path, description = "Its number", max_length = 40, example = "INV-2026-000017")),
    responses(
        (status = 200, description = "PDF, CSV, JSON (DocumentView) or text", content(
            (String = "application/pdf"), (String = "text/csv"), (DocumentView = "application/json"), (String = "text/plain"))),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn file(
    State(app): State<App>,
    customer: Customer,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let format = format_of(&query.unwrap_or_default())?;
    let document = document(&app, &customer, &number).await?;
    let name = format!("{number}.{}", format.extension());
    let headers = download::headers(format.content_type(), &name)?;
    // A long bill takes a while to draw.
    let bytes = tokio::task::spawn_blocking(move || format.draw(&document)).await;
    Ok((headers, bytes.map_err(|error| Problem::internal(&error))??).into_response())
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Pdf,
    Csv,
    Json,
    Text,
}

fn format_of(query: &str) -> Result<Format, Problem> {
    let mut fields = Fields::read_named(query, &["format"]);
    let of_word = |word: &str| match word {
        "pdf" => Some(Format::Pdf),
        "csv" => Some(Format::Csv),
        "json" => Some(Format::Json),
        "text" => Some(Format::Text),
        _ => None,
    };
    let format = fields.parsed("format", of_word, "must be pdf, csv, json or text").unwrap_or(Format::Pdf);
    fields.finish(format)
}

impl Format {
    const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Text => "txt",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
        }
    }

    fn draw(self, document: &InvoiceDocument) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Pdf => document.to_pdf().map_err(|error| Problem::internal(&error)),
            Self::Csv => Ok(document.to_csv().into_bytes()),
            Self::Json => {
                serde_json::to_vec_pretty(&DocumentView::from(document)).map_err(|error| Problem::internal(&error))
            }
            Self::Text => Ok(document.to_text().into_bytes()),
        }
    }
}

async fn document(app: &App, customer: &Customer, number: &str) -> Result<InvoiceDocument, Problem> {
    check_number(number)?;
    let document = of(app, customer).document(number).await?;
    document.map(InvoiceDocument::for_customer).ok_or_else(missing)
}

/// What cannot be a number names nothing.
pub(super) fn check_number(number: &str) -> Result<(), Problem> {
    let is_number =
        number.len() <= NUMBER_CHARS_MAX && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_number { Ok(()) } else { Err(missing()) }
}

pub(super) fn missing() -> Problem {
    Problem::new(ProblemCode::NotFound)
}
