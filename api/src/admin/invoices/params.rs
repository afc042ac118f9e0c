//! Which invoices, and which part of one.

use super::super::asked::{PageFields, number, record_place};
use crate::params::Fields;
use crate::problem::Problem;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::invoice::DocumentStatus;
use suiftly_schema::time::{BillingMonth, UnixMillis};
pub(super) use suiftly_store::money::DocumentQuery as Invoices;
use suiftly_store::money::RecordPlace;
use utoipa::IntoParams;

/// Which invoices.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct InvoicesQuery {
    /// For this month alone.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11")]
    month: Option<String>,
    /// Of this status alone.
    #[param(pattern = "^(open|paid|failed|void)$")]
    status: Option<String>,
    /// This customer's alone.
    #[param(minimum = 1)]
    customer_id: Option<i64>,
}

/// Which month.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct DraftQuery {
    /// Default: the running one.
    #[param(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11")]
    month: Option<String>,
}

/// Which file.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct DocumentQuery {
    /// `pdf`, `csv` or `json`. Default: `pdf`.
    #[param(pattern = "^(pdf|csv|json)$")]
    format: Option<String>,
}

/// Which hours.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct HoursQuery {
    /// Of this service alone: its number or word.
    service_type: Option<String>,
}

/// Which records.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct RecordsQuery {
    /// Of this hour: any instant in it.
    #[param(format = DateTime)]
    hour: String,
    /// Of this service: its number or word.
    service_type: String,
    /// Of this network alone: its number or word.
    network: Option<String>,
}

/// What an invoice is handed out as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentFormat {
    Pdf,
    Csv,
    Json,
}

impl DocumentFormat {
    fn of_word(word: &str) -> Option<Self> {
        match word {
            "pdf" => Some(Self::Pdf),
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

/// Reads a list's query; one item more than the page has is asked for.
pub(super) fn invoices(query: &str) -> Result<Invoices, Problem> {
    let mut fields = Fields::read_named(query, &["month", "status", "customer_id", "cursor", "limit"]);
    let recorded = |text: &str| DocumentStatus::from_word(text).filter(|status| *status != DocumentStatus::Draft);
    let invoices = Invoices {
        customer: fields.customer_id(),
        month: fields.month(),
        status: fields.parsed("status", recorded, "must be open, paid, failed or void"),
        before: fields.cursor(number),
        limit: fields.limit() + 1,
    };
    fields.finish(invoices)
}

/// Reads the query of a customer's list.
pub(super) fn of_customer(query: &str) -> Result<Invoices, Problem> {
    let mut fields = Fields::read_named(query, &["cursor", "limit"]);
    let (before, limit) = (fields.cursor(number), fields.limit() + 1);
    fields.finish(Invoices { before, limit, ..Invoices::default() })
}

pub(super) fn draft(query: &str) -> Result<Option<BillingMonth>, Problem> {
    let mut fields = Fields::read_named(query, &["month"]);
    let month = fields.month();
    fields.finish(month)
}

pub(super) fn document(query: &str) -> Result<DocumentFormat, Problem> {
    let mut fields = Fields::read_named(query, &["format"]);
    let format = fields.parsed("format", DocumentFormat::of_word, "must be pdf, csv or json");
    fields.finish(format.unwrap_or(DocumentFormat::Pdf))
}

/// Which hours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hours {
    pub(super) service: Option<Service>,
    pub(super) skip: usize,
    pub(super) limit: u32,
}

pub(super) fn hours(query: &str) -> Result<Hours, Problem> {
    let mut fields = Fields::read_named(query, &["service_type", "cursor", "limit"]);
    let skip =
        fields.cursor(|text| number(text).and_then(|skip| usize::try_from(skip).ok()).filter(|skip| *skip < 1 << 30));
    let (service, limit) = (fields.service(), fields.limit());
    fields.finish(Hours { service, skip: skip.unwrap_or(0), limit })
}

/// Which records.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) hour: UnixMillis,
    pub(super) service: Service,
    pub(super) network: Option<Network>,
    pub(super) after: Option<RecordPlace>,
    pub(super) limit: u32,
}

pub(super) fn records(query: &str) -> Result<Records, Problem> {
    let mut fields = Fields::read_named(query, &["hour", "service_type", "network", "cursor", "limit"]);
    let (hour, service) = (fields.instant("hour"), fields.service());
    let (hour, service) = (fields.required("hour", hour), fields.required("service_type", service));
    let network = fields.network();
    let place = |text: &str| {
        let (timestamp, journal_offset, journal_no) = record_place(text)?;
        Some(RecordPlace { timestamp, journal_offset, journal_no })
    };
    let (after, limit) = (fields.cursor(place), fields.limit());
    let found = hour.zip(service).map(|(hour, service)| Records { hour: hour.hour(), service, network, after, limit });
    // Without either, a field is wrong.
    fields.finish(found)?.ok_or_else(|| Problem::validation(Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let named = |problem: Option<Problem>| {
            let errors = problem.map(|problem| problem.errors).unwrap_or_default();
            errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>().join(" ")
        };
        let cases = [
            (named(invoices("month=2026-11&status=failed").err()), ""),
            (named(invoices("month=11&status=draft&cursor=x&limit=0").err()), "month status cursor limit"),
            (named(of_customer("customer_id=7").err()), "customer_id"),
            (named(draft("month=x").err()), "month"),
            (named(document("format=doc").err()), "format"),
            (named(hours("service_type=9&cursor=-1").err()), "cursor service_type"),
            (named(records("").err()), "hour service_type"),
            (named(records("hour=x&service_type=seal&network=9").err()), "hour network"),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
        let found = records("hour=2026-11-22T10:59:59Z&service_type=seal").unwrap();
        assert_eq!(
            (found.hour.rfc3339().as_str(), found.service, found.limit),
            ("2026-11-22T10:00:00Z", Service::Seal, 50)
        );
    }
}
