//! What is asked of hours and requests.

use crate::admin::asked::{PageFields, number, record_place};
use crate::params::Fields;
use crate::problem::Problem;
use crate::rows::Bucket;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::money::RecordPlace;
use utoipa::IntoParams;

/// Of which service.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct HoursQuery {
    /// This service's alone: its number or word.
    service_type: Option<String>,
}

/// Of which month.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct DraftMonthQuery {
    /// A UTC month, such as `2026-11`. Default: the running one.
    #[param(pattern = "^[0-9]{4}-[0-9]{2}$", example = "2026-11")]
    month: Option<String>,
}

/// Of which hour of an invoice.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct RecordsQuery {
    /// The hour's first instant, within the invoice's month.
    #[param(format = DateTime)]
    hour: String,
    /// The service: its number or word.
    service_type: String,
    /// This network's alone: its number or word.
    network: Option<String>,
}

/// Of which hour, and which requests of it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct DraftRecordsQuery {
    /// The hour's first instant.
    #[param(format = DateTime)]
    hour: String,
    /// This service's alone: its number or word.
    service_type: Option<String>,
    /// This network's alone: its number or word.
    network: Option<String>,
    /// `false`: those that are not billed too. Default: `true`.
    billed_only: Option<bool>,
}

/// Hours that are asked for.
pub(super) struct Hours {
    pub(super) month: Option<BillingMonth>,
    pub(super) service: Option<Service>,
    /// So many before.
    pub(super) skip: usize,
    pub(super) limit: u32,
}

impl Hours {
    pub(super) fn of_invoice(query: &str) -> Result<Self, Problem> {
        Self::parse(Fields::read_named(query, &["service_type", "cursor", "limit"]))
    }

    pub(super) fn of_draft(query: &str) -> Result<Self, Problem> {
        Self::parse(Fields::read_named(query, &["month", "service_type", "cursor", "limit"]))
    }

    fn parse(mut fields: Fields) -> Result<Self, Problem> {
        let (month, service, skip) = (fields.month(), fields.service(), fields.cursor(number));
        let skip = usize::try_from(skip.unwrap_or_default()).unwrap_or(usize::MAX);
        let limit = fields.limit();
        fields.finish(Self { month, service, skip, limit })
    }
}

/// Requests that are asked for.
pub(super) struct Requests {
    pub(super) hour: UnixMillis,
    pub(super) service: Option<Service>,
    pub(super) network: Option<Network>,
    pub(super) billed_only: bool,
    pub(super) after: Option<RecordPlace>,
    pub(super) limit: u32,
}

impl Requests {
    pub(super) fn of_invoice(query: &str) -> Result<Self, Problem> {
        let mut fields = Fields::read_named(query, &["hour", "service_type", "network", "cursor", "limit"]);
        let service = fields.service();
        fields.required("service_type", service);
        Self::parse(fields, service)
    }

    pub(super) fn of_draft(query: &str) -> Result<Self, Problem> {
        const NAMES: [&str; 6] = ["hour", "service_type", "network", "billed_only", "cursor", "limit"];
        let mut fields = Fields::read_named(query, &NAMES);
        let service = fields.service();
        Self::parse(fields, service)
    }

    fn parse(mut fields: Fields, service: Option<Service>) -> Result<Self, Problem> {
        let whole = |text: &str| UnixMillis::parse_rfc3339(text).filter(|at| Bucket::Hour.start_of(*at) == *at);
        let hour =
            fields.parsed("hour", whole, "must be an RFC 3339 time on a whole hour, such as 2026-11-21T22:00:00Z");
        let hour = fields.required("hour", hour).unwrap_or_default();
        let billed_only = fields.parsed("billed_only", |text| text.parse().ok(), "must be true or false");
        let (network, after, limit) = (fields.network(), fields.cursor(place), fields.limit());
        fields.finish(Self { hour, service, network, billed_only: billed_only.unwrap_or(true), after, limit })
    }
}

fn place(text: &str) -> Option<RecordPlace> {
    let (timestamp, journal_offset, journal_no) = record_place(text)?;
    let is_place = (UnixMillis::MIN..=UnixMillis::MAX).contains(&timestamp) && journal_offset >= 0;
    is_place.then_some(RecordPlace { timestamp, journal_offset, journal_no })
}
