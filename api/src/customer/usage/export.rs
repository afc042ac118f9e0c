//! Usage as CSV: a row for each hour or day, service and network, with its classes and what it costs. Made a few days at a
//! time, each across the seam like any answer, so that the rows add up to the summary of the same range.

use crate::app::App;
use crate::customer::download::{self, Pieces};
use crate::params::{Fields, RangeQuery, SUMMARY_DAYS_MAX, ServiceQuery};
use crate::priced::Priced;
use crate::problem::{GuardedProblems, Problem};
use crate::read::{ReadError, Reader};
use crate::rows::{Bucket, Filter, TimeRange};
use crate::scope::Customer;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::PriceBooks;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::UsageSums;
use suiftly_settlement::document::words::decimal;
use suiftly_store::reader::{Cell, CellQuery};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Days that are read at once: a few thousand rows at most.
const DAYS_AT_ONCE: i64 = 7;
const DAY_MS: i64 = 24 * 3_600_000;
/// The first row. Texts are words and instants of ours, none of which a spreadsheet takes for a formula.
const HEADER: &str = "start,service,network,requests,guaranteed,burst,rejected,client_error,server_error,other,\
    billable_requests,bytes_sent,billable_bytes,rated_micro_usd,rated_usd\r\n";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export))
}

/// How wide the rows are.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ExportQuery {
    /// `hour` or `day` (UTC). Default: `hour`.
    #[param(pattern = "^(hour|day)$")]
    bucket: Option<String>,
}

/// Usage as CSV (RFC 4180): a row for each hour or day, service and network. By default of this month, by hour.
///
/// Columns: `start`, `service`, `network`, `requests`, the six classes that add up to it, `billable_requests`,
/// `bytes_sent`, `billable_bytes`, `rated_micro_usd`, `rated_usd`. A row's price is what it adds to the range's, so that
/// rows add up to the summary to the micro-dollar. Hours are kept 90 days. An answer that breaks off ends the connection.
#[utoipa::path(get, path = "/usage/export.csv", operation_id = "export_usage", tag = "usage", params(ExportQuery, RangeQuery, ServiceQuery), responses(
    (status = 200, description = "A header row, then rows ascending", body = String, content_type = "text/csv"),
    GuardedProblems,
))]
async fn export(State(app): State<App>, customer: Customer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let export = parse(&query.unwrap_or_default(), &customer, app.parts.clock.now())?;
    let ExportParams { range, .. } = export;
    let day = |at: UnixMillis| at.rfc3339().chars().take(10).collect::<String>();
    let name = format!("suiftly-usage-{}-{}.csv", day(range.from), day(range.to.plus_ms(-1)));
    let reader = app.reader.for_customer(customer.id);
    let rows = Rows::new(reader, export);
    download::begin(&app, rows, "text/csv; charset=utf-8; header=present", &name).await
}

#[derive(Clone, Copy)]
struct ExportParams {
    filter: Filter,
    range: TimeRange,
    bucket: Bucket,
}

fn parse(query: &str, customer: &Customer, now: UnixMillis) -> Result<ExportParams, Problem> {
    let mut fields = Fields::read_named(query, &["range", "from", "to", "bucket", "service_type", "network"]);
    let filter = fields.own_filter(customer.id);
    let range = fields.hours(now, now.month().start(), SUMMARY_DAYS_MAX);
    let of_word = |text: &str| [Bucket::Hour, Bucket::Day].into_iter().find(|bucket| bucket.word() == text);
    let bucket = fields.parsed("bucket", of_word, "must be hour or day").unwrap_or(Bucket::Hour);
    fields.finish(ExportParams { filter, range, bucket })
}

/// The rows that are left to be made.
struct Rows {
    reader: Reader,
    params: ExportParams,
    books: Arc<PriceBooks>,
    /// What was made up to here; `None`: not even the header.
    made_to: Option<UnixMillis>,
    priced: Priced,
}

impl Rows {
    fn new(reader: Reader, params: ExportParams) -> Self {
        let books = reader.books.current();
        Self { reader, params, books, made_to: None, priced: Priced::default() }
    }

    /// The next days' rows, in a text.
    async fn days(&mut self, span: TimeRange, out: &mut String) -> Result<(), ReadError> {
        let query = CellQuery { filter: self.params.filter, span };
        let (rows, tail) = self.reader.seam(|| self.reader.rows.cells(&query)).await?;
        let mut rows_of: BTreeMap<Cell, (UsageSums, MicroUsd)> = BTreeMap::new();
        for (cell, sums) in tail.join(rows) {
            let rated = self.priced.add(&self.books, &cell, &sums);
            let row = rows_of.entry(Cell { hour: self.params.bucket.start_of(cell.hour), ..cell }).or_default();
            row.0 += &sums;
            row.1 += rated;
        }
        rows_of.iter().filter(|(_, (sums, _))| !sums.is_zero()).for_each(|(cell, row)| write_row(out, cell, row));
        Ok(())
    }
}

impl Pieces for Rows {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let mut out = String::new();
        let mut from = match self.made_to {
            None => {
                out += HEADER;
                self.params.range.from
            }
            Some(made_to) => made_to,
        };
        // An empty piece would say nothing; time without usage is passed over.
        while from < self.params.range.to && (out.is_empty() || self.made_to.is_none()) {
            let to = from.day().plus_ms(DAYS_AT_ONCE * DAY_MS).min(self.params.range.to);
            self.days(TimeRange::new(from, to), &mut out).await?;
            (from, self.made_to) = (to, Some(to));
        }
        Ok(Some(out).filter(|out| !out.is_empty()).map(Bytes::from))
    }
}

fn write_row(out: &mut String, cell: &Cell, (sums, rated): &(UsageSums, MicroUsd)) {
    let service = cell.service.map_or("unknown", Service::word);
    let network = cell.network.map_or("unknown", Network::word);
    let UsageSums { guaranteed, burst, rejected, client_error, server_error, other, .. } = *sums;
    let written = write!(
        out,
        "{},{service},{network},{},{guaranteed},{burst},{rejected},{client_error},{server_error},{other},{},{},{},{},{}\r\n",
        cell.hour.rfc3339(),
        sums.requests(),
        sums.billable_requests,
        sums.bytes_sent,
        sums.billable_bytes,
        rated.0,
        decimal(*rated),
    );
    // Writing to a text cannot fail.
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_cost_what_they_add_and_no_text_begins_a_formula() {
        let (books, mut priced) = (PriceBooks::v1(), Priced::default());
        let cell = |hour: i64, service, network| Cell { hour: UnixMillis(hour * 3_600_000), service, network };
        let sums =
            |billable_requests| UsageSums { billable_requests, guaranteed: billable_requests, ..UsageSums::default() };
        let mut all = (0, MicroUsd(0));
        for (hour, requests) in [(0, 3), (1, 1), (2, 7), (800, 5)] {
            let of = cell(hour, Some(Service::Grpc), Some(Network::Testnet));
            all.0 += requests;
            all.1 += priced.add(&books, &of, &sums(requests));
        }
        assert_eq!(all, (16, MicroUsd(1_600)), "100 micro-dollars a request");
        for service in (1..=6).map(Service::from_number).chain([None]) {
            for network in (0..=3).map(Network::from_number).chain([None]) {
                let mut row = String::new();
                write_row(&mut row, &cell(1, service, network), &(sums(1), MicroUsd(100)));
                assert!(row.ends_with("\r\n") && row.matches(',').count() == HEADER.matches(',').count(), "{row}");
                assert!(row.split(',').all(|field| field.starts_with(|c: char| c.is_ascii_alphanumeric())), "{row}");
            }
        }
    }
}
