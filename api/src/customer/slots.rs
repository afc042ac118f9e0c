//! What a slot that is not there would cost: the order that a refusal comes with.

use crate::app::App;
use crate::problem::{Problem, ProblemCode};
use crate::scope::Customer;
use serde_json::{Map, Value, json};
use suiftly_schema::ids::Service;
use suiftly_schema::subscription::{Order, Subscription};
use suiftly_store::accounts::{Act, NotNow, Slots};

use super::services::{OrderQuote, Terms, not_active};

/// Why there cannot be one more: `used` and `slots`, and as `order` what it would take, with what it would cost.
pub(super) async fn full(
    app: &App,
    customer: &Customer,
    (code, service, slots): (ProblemCode, Service, Slots),
    wanted: Subscription,
    act: &Act,
) -> Result<Problem, Problem> {
    let problem = Problem::new(code).member("used", slots.used).member("slots", slots.allowed);
    if wanted.check().is_err() {
        return Ok(problem.detail("no more can be had, whatever is ordered"));
    }
    let order = Order::Change(wanted);
    let quoted = app.parts.accounts.store.quote_service(customer.id, service, &order, act).await?;
    Ok(match quoted {
        Ok(quoted) => {
            let quote = OrderQuote::new(&quoted.quote);
            let order = json!({"order": "change", "subscription": Terms::new(&wanted),
                "total_now_micro_usd": quote.total_now_micro_usd,
                "total_next_month_micro_usd": quote.total_next_month_micro_usd});
            problem.detail("order one more, or delete one").member("order", order)
        }
        Err(_) => problem.detail("delete one first"),
    })
}

/// Why nothing new can be had now.
pub(super) fn not_now(refused: NotNow) -> Problem {
    match refused {
        NotNow::NotActive { status } => not_active(status),
        NotNow::NotEnabled { .. } => Problem::new(ProblemCode::NotEnabled).detail(refused.to_string()),
    }
}

/// The problem of a slot that is not there; of other codes without figures.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it documents; handlers answer with Problem itself")]
pub struct SlotProblem {
    #[serde(flatten)]
    problem: Problem,
    /// Slots that are taken.
    used: Option<i64>,
    /// Slots that there are.
    slots: Option<i64>,
    /// What would make room: an order, with `total_now_micro_usd` and `total_next_month_micro_usd`.
    order: Option<Map<String, Value>>,
}
