//! One request followed into the bill: what it counts as, what it costs and why, the hour it is counted in by both paths,
//! and the line of the invoice that it is in.

mod reason;
mod wire;

pub use wire::{BillHour, RecordBill, RecordInvoice, RecordInvoiceLine, TrafficClassWord};

use super::{in_one_journal, read_place};
use crate::admin::asked::{MissingProblem, PageFields, missing};
use crate::admin::tail::RecordLine;
use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use crate::wire::Counts;
use axum::Json;
use axum::extract::{RawQuery, State};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::invoice::DocumentKind;
use suiftly_schema::price::PriceBook;
use suiftly_schema::record::Record;
use suiftly_schema::usage::TrafficClass;
use suiftly_schema::vault;
use suiftly_settlement::document::{InvoiceDocument, Unit};
use suiftly_settlement::{Settlement, SettlementError};
use suiftly_store::accounts::admin::{RawFilter, RawQuery as Wanted};
use suiftly_store::money::HourQuery;
use utoipa::IntoParams;

/// Documents of a customer's month at most that are looked at for its invoice: notes come after it.
const DOCUMENTS_LOOKED_AT: u32 = 100;
/// Records at one place and instant at most that are looked at: each is of another journal.
const RECORDS_LOOKED_AT: u32 = 16;

/// Which record.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct PlaceQuery {
    /// Its instant, as `/records` tells it.
    #[param(format = DateTime)]
    timestamp: String,
    /// Its place in the journal, likewise.
    #[param(minimum = 0)]
    journal_offset: i64,
    /// The number of its journal, likewise. It must be given where several have a record there at that instant.
    #[param(minimum = 0, maximum = 32_767)]
    journal: Option<i32>,
}

/// One request followed into the bill, while its record is kept: two days.
#[utoipa::path(get, path = "/records/bill", operation_id = "record_bill", tag = "billing", params(PlaceQuery), responses(
    (status = 200, body = RecordBill),
    MissingProblem,
    GuardedProblems,
))]
pub(super) async fn bill(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<RecordBill>, Problem> {
    let wanted = wanted(&query.unwrap_or_default())?;
    let found = app.parts.accounts.store.raw_records(&wanted).await?;
    in_one_journal(&wanted.filter, &found)?;
    let found = found.into_iter().next().ok_or_else(|| missing("record"))?;
    let record = found.record;
    let (customer, books) = (vault::billed(record.customer_id), app.reader.books.current());
    let book = books.in_force(record.timestamp);
    let (is_billable, reason) = reason::of(&record, customer, book);
    let hour = hour(&app, &record).await?;
    let invoice = match customer {
        Some(customer) => invoice(&app.parts.accounts.settlement, customer, &record, book).await?,
        None => None,
    };
    Ok(Json(RecordBill {
        class: TrafficClass::of(record.traffic_type, record.status_code).into(),
        record: RecordLine::from(&found),
        is_attributed: customer.is_some(),
        is_billable,
        reason,
        price_book: book.version,
        amount_micro_usd: amount(&record, is_billable, book),
        hour,
        invoice,
    }))
}

fn wanted(query: &str) -> Result<Wanted, Problem> {
    let mut fields = Fields::read_named(query, &["timestamp", "journal_offset", "journal"]);
    let timestamp = fields.instant("timestamp");
    let timestamp = fields.required("timestamp", timestamp).unwrap_or_default();
    let (journal_offset, journal_no) = read_place(&mut fields);
    let journal_offset = fields.required("journal_offset", journal_offset);
    let filter = RawFilter { journal_offset, journal_no, ..RawFilter::default() };
    let (to, limit) = (timestamp.plus_ms(1), RECORDS_LOOKED_AT);
    fields.finish(Wanted { from: timestamp, to, filter, after: None, limit })
}

/// What it costs by itself; `None` where that depends on the whole month.
fn amount(record: &Record, is_billable: bool, book: &PriceBook) -> Option<i64> {
    let bytes = i64::try_from(record.bytes_sent).unwrap_or(i64::MAX);
    match (is_billable, book.is_linear()) {
        (false, _) => Some(0),
        (true, true) => Some(book.rate(record.service, record.repeat.into(), bytes).0),
        (true, false) => None,
    }
}

async fn hour(app: &App, record: &Record) -> Result<BillHour, Problem> {
    let Record { customer_id: customer, service, network, timestamp, .. } = *record;
    let query = HourQuery { customer, service, network, hour: timestamp.hour() };
    let found = app.parts.accounts.settlement.store().hour_both_ways(&query, app.parts.clock.now()).await?;
    let counts = Counts::from(&found.stored);
    let recounted = found.recounted.as_ref().map(Counts::from);
    Ok(BillHour {
        start: query.hour.rfc3339(),
        counts,
        recounted,
        is_equal: recounted.map(|recounted| recounted == counts),
    })
}

/// The invoice of the month, or what it would be now.
async fn invoice(
    settlement: &Settlement,
    customer: CustomerId,
    record: &Record,
    book: &PriceBook,
) -> Result<Option<RecordInvoice>, Problem> {
    let month = record.timestamp.month();
    let rows = settlement.store().invoices(Some(customer), Some(month), None, DOCUMENTS_LOOKED_AT).await?;
    let number = rows.into_iter().find(|row| row.kind == DocumentKind::Invoice).map(|row| row.number);
    let document = match &number {
        Some(number) => settlement.document(number).await,
        None => settlement.draft_document(customer, month).await,
    };
    let document = document.map_err(|error| match error {
        SettlementError::Store(error) => error.into(),
        other => Problem::internal(&other),
    })?;
    let line = |document: &InvoiceDocument| {
        let of_usage = |line: &&suiftly_settlement::document::DocumentLine| {
            (line.service, line.price_book, line.unit) == (record.service, Some(book.version), Unit::Request)
        };
        let line = document.lines.iter().find(of_usage)?;
        Some(RecordInvoiceLine { description: line.description.clone(), amount_micro_usd: line.amount.0 })
    };
    Ok(document.map(|document| RecordInvoice {
        is_draft: number.is_none(),
        month: month.to_string(),
        line: line(&document),
        number,
    }))
}
