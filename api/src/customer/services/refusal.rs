//! Why an order is refused, over the wire: with the figures that say what would help.

use crate::problem::{FieldError, Problem, ProblemCode};
use serde::Serialize;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::AccountStatus;
use suiftly_schema::subscription::{OrderError, Refusal, SubscriptionError};
use suiftly_store::accounts::ServiceRefused;
use suiftly_store::money::OrderRefused;
use utoipa::ToSchema;

/// Why an order could not be paid for. The problem that ordering it answers has the same members.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct QuoteRefusal {
    /// `insufficient_balance` or `monthly_limit_exceeded`.
    pub code: ProblemCode,
    /// With it.
    #[serde(flatten)]
    pub figures: RefusalFigures,
}

/// The figures of a refusal: of `insufficient_balance` the first three, of `monthly_limit_exceeded` the others and the
/// estimated cost. Dollars with up to six decimals, and the same in micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct RefusalFigures {
    /// What is in escrow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_balance_usd: Option<f64>,
    /// In micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_balance_micro_usd: Option<i64>,
    /// What would be charged.
    pub estimated_cost_usd: f64,
    /// In micro-dollars.
    pub estimated_cost_micro_usd: i64,
    /// What to deposit, in whole cents, so that the same order passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_deposit_usd: Option<f64>,
    /// In micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_deposit_micro_usd: Option<i64>,
    /// What a month may be charged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_monthly_usd: Option<f64>,
    /// In micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_monthly_micro_usd: Option<i64>,
    /// What of it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_month_charged_usd: Option<f64>,
    /// In micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_month_charged_micro_usd: Option<i64>,
    /// What of it is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_authorization_usd: Option<f64>,
    /// In micro-dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_authorization_micro_usd: Option<i64>,
}

/// The problem of an order that cannot be paid for; of `cross_site` without figures.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub struct OrderProblem {
    #[schema(inline = false)]
    #[serde(flatten)]
    problem: Problem,
    /// What is in escrow.
    current_balance_usd: Option<f64>,
    /// In micro-dollars.
    current_balance_micro_usd: Option<i64>,
    /// What would be charged.
    estimated_cost_usd: Option<f64>,
    /// In micro-dollars.
    estimated_cost_micro_usd: Option<i64>,
    /// What to deposit, in whole cents, so that the same order passes.
    required_deposit_usd: Option<f64>,
    /// In micro-dollars.
    required_deposit_micro_usd: Option<i64>,
    /// What a month may be charged.
    max_monthly_usd: Option<f64>,
    /// In micro-dollars.
    max_monthly_micro_usd: Option<i64>,
    /// What of it is used.
    current_month_charged_usd: Option<f64>,
    /// In micro-dollars.
    current_month_charged_micro_usd: Option<i64>,
    /// What of it is left.
    remaining_authorization_usd: Option<f64>,
    /// In micro-dollars.
    remaining_authorization_micro_usd: Option<i64>,
}

impl QuoteRefusal {
    pub(super) fn new(refusal: &Refusal) -> Self {
        Self { code: code(refusal), figures: refusal.into() }
    }
}

const fn code(refusal: &Refusal) -> ProblemCode {
    match refusal {
        Refusal::InsufficientBalance { .. } => ProblemCode::InsufficientBalance,
        Refusal::MonthlyLimitExceeded { .. } => ProblemCode::MonthlyLimitExceeded,
    }
}

/// For reading; the micro-dollars beside it are exact.
#[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53 micro-dollars")]
fn dollars(amount: MicroUsd) -> f64 {
    amount.0 as f64 / 1_000_000.0
}

impl From<&Refusal> for RefusalFigures {
    fn from(refusal: &Refusal) -> Self {
        match *refusal {
            Refusal::InsufficientBalance { current_balance, estimated_cost, required_deposit } => Self {
                current_balance_usd: Some(dollars(current_balance)),
                current_balance_micro_usd: Some(current_balance.0),
                estimated_cost_usd: dollars(estimated_cost),
                estimated_cost_micro_usd: estimated_cost.0,
                required_deposit_usd: Some(dollars(required_deposit)),
                required_deposit_micro_usd: Some(required_deposit.0),
                ..Self::default()
            },
            Refusal::MonthlyLimitExceeded {
                max_monthly,
                current_month_charged,
                estimated_cost,
                remaining_authorization,
            } => Self {
                max_monthly_usd: Some(dollars(max_monthly)),
                max_monthly_micro_usd: Some(max_monthly.0),
                current_month_charged_usd: Some(dollars(current_month_charged)),
                current_month_charged_micro_usd: Some(current_month_charged.0),
                estimated_cost_usd: dollars(estimated_cost),
                estimated_cost_micro_usd: estimated_cost.0,
                remaining_authorization_usd: Some(dollars(remaining_authorization)),
                remaining_authorization_micro_usd: Some(remaining_authorization.0),
                ..Self::default()
            },
        }
    }
}

/// Why nothing was ordered.
pub(super) fn problem(refused: ServiceRefused) -> Problem {
    match refused {
        ServiceRefused::InUse { .. } => Problem::new(ProblemCode::InUse).detail(refused.to_string()),
        ServiceRefused::Order(refused) => order_problem(&refused),
    }
}

fn order_problem(refused: &OrderRefused) -> Problem {
    let code = match refused {
        OrderRefused::NoCustomer { .. } => return Problem::new(ProblemCode::NotFound),
        OrderRefused::NotActive { status } => return not_active(*status),
        OrderRefused::Refusal(refusal) => return refusal_problem(refusal),
        OrderRefused::Order(OrderError::Subscription(error)) => {
            return Problem::validation(vec![field_error(error)]);
        }
        OrderRefused::QuoteChanged { expected, total } => {
            return Problem::new(ProblemCode::QuoteChanged)
                .detail(refused.to_string())
                .member("expected_total_micro_usd", expected.0)
                .member("total_now_micro_usd", total.0);
        }
        OrderRefused::Order(OrderError::AlreadyEnabled) => ProblemCode::AlreadyEnabled,
        OrderRefused::Order(OrderError::NotEnabled) => ProblemCode::NotEnabled,
        OrderRefused::Order(OrderError::AlreadySo) => ProblemCode::AlreadySo,
        OrderRefused::Order(OrderError::NothingScheduled) => ProblemCode::NothingScheduled,
    };
    Problem::new(code).detail(refused.to_string())
}

/// Of an account that may not have new things.
pub(crate) fn not_active(status: AccountStatus) -> Problem {
    let is = if status == AccountStatus::Closed { "closed or closing" } else { "suspended" };
    Problem::new(ProblemCode::AccountNotActive).detail(format!("the account is {is}"))
}

fn refusal_problem(refusal: &Refusal) -> Problem {
    let mut problem = Problem::new(code(refusal)).detail(refusal.to_string());
    if let Ok(serde_json::Value::Object(members)) = serde_json::to_value(RefusalFigures::from(refusal)) {
        problem.members = members;
    }
    problem
}

/// What is wrong with a subscription.
pub(super) fn field_error(error: &SubscriptionError) -> FieldError {
    match error {
        SubscriptionError::NoBurst { .. } => {
            FieldError::new("subscription.burst", "must be false: the tier has no burst")
        }
        SubscriptionError::TooMany { what, max, .. } => {
            let field = format!("subscription.extra_{}", what.replace(' ', "_").to_lowercase());
            FieldError::new(&field, format!("must be at most {max}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn refusals_have_the_figures_of_the_specification() {
        let refusal = Refusal::InsufficientBalance {
            current_balance: MicroUsd(5_000_000),
            estimated_cost: MicroUsd(6_666_666),
            required_deposit: MicroUsd(1_670_000),
        };
        let body = serde_json::to_value(refusal_problem(&refusal)).unwrap();
        assert_eq!((&body["status"], &body["code"]), (&json!(402), &json!("insufficient_balance")));
        let figures = (&body["current_balance_usd"], &body["estimated_cost_usd"], &body["required_deposit_usd"]);
        assert_eq!(figures, (&json!(5.0), &json!(6.666666), &json!(1.67)));
        assert!(body.get("max_monthly_usd").is_none(), "{body}");

        let refusal = Refusal::MonthlyLimitExceeded {
            max_monthly: MicroUsd(10_000_000),
            current_month_charged: MicroUsd(4_000_000),
            estimated_cost: MicroUsd(6_666_666),
            remaining_authorization: MicroUsd(6_000_000),
        };
        let body = serde_json::to_value(refusal_problem(&refusal)).unwrap();
        assert_eq!((&body["status"], &body["code"]), (&json!(403), &json!("monthly_limit_exceeded")));
        assert_eq!((&body["max_monthly_usd"], &body["current_month_charged_usd"]), (&json!(10.0), &json!(4.0)));
        assert_eq!(body["remaining_authorization_micro_usd"], 6_000_000);
    }
}
