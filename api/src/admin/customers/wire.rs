//! Customers over the wire.

use super::top::Pair;
use crate::wire::{Counts, Stand};
use serde::Serialize;
use suiftly_schema::activity::KeyRef;
use suiftly_schema::ids::CustomerId;
use suiftly_store::reader::{KeyDid, SpendChange};
use utoipa::ToSchema;

/// What one key did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KeyUse {
    /// The key's fingerprint.
    #[schema(value_type = i64)]
    pub api_key_fp: u32,
    /// Requests made with it.
    pub requests: i64,
    /// Of them, client and server errors and rejections.
    pub errors: i64,
    /// The latest request's instant.
    #[schema(format = DateTime)]
    pub last_used_at: String,
}

impl KeyUse {
    pub(super) fn of((key, KeyDid { all: did, .. }): &(KeyRef, KeyDid)) -> Self {
        let last_used_at = did.last_used_at.rfc3339();
        Self { api_key_fp: key.api_key_fp, requests: did.requests, errors: did.errors, last_used_at }
    }
}

/// What a customer's keys did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerKeys {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The customer.
    pub customer_id: i64,
    /// The latest used first.
    pub keys: Vec<KeyUse>,
}

/// A customer's spend when its state changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpendAt {
    /// When: the clock of the epoch that changed it.
    #[schema(format = DateTime)]
    pub at: String,
    /// The UTC month then.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Rated in that month, then.
    pub rated_this_month_micro_usd: i64,
    /// Rated in all, then.
    pub rated_in_all_micro_usd: i64,
}

impl SpendAt {
    pub(super) fn of(change: &SpendChange) -> Self {
        Self {
            at: change.changed_at.rfc3339(),
            month: change.spend.month.to_string(),
            rated_this_month_micro_usd: change.spend.used.rated_this_month.0,
            rated_in_all_micro_usd: change.spend.used.rated_in_all.0,
        }
    }
}

/// Where a customer's account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerSpend {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The customer.
    pub customer_id: i64,
    /// The running UTC month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Rated in it so far.
    pub rated_this_month_micro_usd: i64,
    /// `active`, `monthly_limit`, `insufficient_balance`, `suspended` or `closed`; `null` while there is no account.
    pub state: Option<&'static str>,
    /// The state's last change; `null` while there is no account.
    pub changed: Option<SpendAt>,
}

/// What a ranking goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopBy {
    /// Requests.
    Requests,
    /// Rejections, client and server errors.
    Errors,
    /// Bytes to clients.
    Bytes,
    /// What was rated.
    Money,
}

impl TopBy {
    pub(super) fn of_word(word: &str) -> Option<Self> {
        match word {
            "requests" => Some(Self::Requests),
            "errors" => Some(Self::Errors),
            "bytes" => Some(Self::Bytes),
            "money" => Some(Self::Money),
            _ => None,
        }
    }
}

/// A customer of a ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TopCustomer {
    /// The customer.
    pub customer_id: i64,
    /// What they are ranked by, in the range.
    pub value: i64,
    /// The same in the range before.
    pub value_before: i64,
    /// The difference.
    pub change: i64,
    /// Their usage in the range.
    pub counts: Counts,
    /// Its price.
    pub rated_micro_usd: i64,
}

impl TopCustomer {
    pub(super) fn new(customer_id: CustomerId, (now, before): &Pair, by: TopBy) -> Self {
        let (value, value_before) = (now.value(by), before.value(by));
        Self {
            customer_id: customer_id.get(),
            value,
            value_before,
            change: value.saturating_sub(value_before),
            counts: (&now.sums).into(),
            rated_micro_usd: now.rated.0,
        }
    }
}

/// Rankings of customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TopCustomers {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The range's first instant.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after it.
    #[schema(format = DateTime)]
    pub to: String,
    /// Where the range before begins; it ends where the range begins.
    #[schema(format = DateTime)]
    pub before_from: String,
    /// What they are ranked by.
    pub by: TopBy,
    /// Those with the most in the range, the most first.
    pub top: Vec<TopCustomer>,
    /// Those whose use rose or fell most, the most first.
    pub movers: Vec<TopCustomer>,
}
