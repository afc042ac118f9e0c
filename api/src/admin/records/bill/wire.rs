//! A request's way into the bill, over the wire.

use crate::admin::tail::RecordLine;
use crate::wire::Counts;
use serde::Serialize;
use suiftly_schema::usage::TrafficClass;
use utoipa::ToSchema;

/// How a request is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrafficClassWord {
    /// Within the guaranteed rate, status 2xx.
    Guaranteed,
    /// Above it, status 2xx.
    Burst,
    /// Refused by the gateway.
    Rejected,
    /// 4xx, not refused by the gateway.
    ClientError,
    /// 5xx, not refused by the gateway.
    ServerError,
    /// The rest.
    Other,
}

impl From<TrafficClass> for TrafficClassWord {
    fn from(class: TrafficClass) -> Self {
        match class {
            TrafficClass::Guaranteed => Self::Guaranteed,
            TrafficClass::Burst => Self::Burst,
            TrafficClass::Rejected => Self::Rejected,
            TrafficClass::ClientError => Self::ClientError,
            TrafficClass::ServerError => Self::ServerError,
            TrafficClass::Other => Self::Other,
        }
    }
}

/// One request followed into the bill.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordBill {
    /// As the gateway logged it.
    pub record: RecordLine,
    /// How it is counted.
    pub class: TrafficClassWord,
    /// Whether there is somebody to bill.
    pub is_attributed: bool,
    /// Whether it is billed.
    pub is_billable: bool,
    /// Why, in plain words, by the price book's rule.
    pub reason: String,
    /// The price book in force.
    #[schema(value_type = i64)]
    pub price_book: u32,
    /// What it comes to by itself, rounded down; 0 if it is not billed; null while prices depend on the whole month.
    pub amount_micro_usd: Option<i64>,
    /// The hour that it is counted in.
    pub hour: BillHour,
    /// The invoice of its month; null if it is nobody's bill.
    pub invoice: Option<RecordInvoice>,
}

/// An hour of a customer's requests to a service on a network, by both paths.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BillHour {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// As the view has it: what is billed.
    pub counts: Counts,
    /// Counted again out of the raw records; null where they are no longer kept, or it is nobody's hour.
    pub recounted: Option<Counts>,
    /// Whether both are the same; null if it was not counted again.
    pub is_equal: Option<bool>,
}

/// The invoice of a request's month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordInvoice {
    /// Its number; null of a draft.
    #[schema(example = "INV-2026-000017")]
    pub number: Option<String>,
    /// Which month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Whether the month is open still: nothing of it is final.
    pub is_draft: bool,
    /// The line that requests like it are in; null if there is none.
    pub line: Option<RecordInvoiceLine>,
}

/// A line of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordInvoiceLine {
    /// What it is, in words.
    pub description: String,
    /// What it comes to.
    pub amount_micro_usd: i64,
}
