//! What operators ask for, and what they are answered.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a customer is suspended.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendRequest {
    /// In words: it goes into the activity log, which the customer sees.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

/// What an operator says of a customer now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerStatus {
    /// Who.
    pub customer_id: i64,
    /// `active` or `suspended`.
    pub status: &'static str,
    /// What it was before.
    pub was: String,
}

/// A credit.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditRequest {
    /// How much.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64)]
    pub amount_micro_usd: i64,
    /// What names it: the same is granted once, whoever asks.
    #[schema(min_length = 1, max_length = 100)]
    pub reference: String,
    /// What is said of it.
    #[schema(min_length = 1, max_length = 500)]
    pub memo: Option<String>,
}

/// A credit granted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditGranted {
    /// To whom.
    pub customer_id: i64,
    /// How much.
    pub amount_micro_usd: i64,
    /// What names it.
    pub reference: String,
    /// Whether it was granted now; else it was before.
    pub is_new: bool,
}

/// A limit.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRequest {
    /// What a month may be charged: 0 is no limit, else at least 1,000.
    #[schema(minimum = 0, maximum = 10_000_000_000_i64)]
    pub max_monthly_usd_cents: i64,
}

/// A limit that holds from now on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LimitSet {
    /// Whose.
    pub customer_id: i64,
    /// What a month may be charged; 0 is no limit.
    pub max_monthly_usd_cents: i64,
}

/// A key that is revoked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyRevoked {
    /// Its number.
    pub key_id: i64,
    /// Whether it was active before.
    pub was_active: bool,
}

/// Sessions that were ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionsRevoked {
    /// How many.
    pub sessions: i64,
}
