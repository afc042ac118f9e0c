//! What a customer does with their funds: deposits, withdrawals, the limit.
//!
//! These are the owner's acts, done through us for the embedded escrow alone: where a chain holds the funds, the owner signs
//! them ([`super::signing`]), and `not_by_api` says so. The escrow acts first, then the activity row is written: an act without a row is on record
//! as a transaction all the same.

use crate::app::App;
use crate::body::{self, Checks, WriteProblems};
use crate::customer::services::{act, not_active};
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use suiftly_schema::reference::AccountStatus;
use suiftly_settlement::escrow::EscrowEvent;
use suiftly_store::money::Closure;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The least limit but 0, in cents.
pub(super) const LIMIT_MIN_USD_CENTS: i64 = 1_000;
/// The largest amount and limit, in cents: a billion dollars.
pub(super) const AMOUNT_MAX_USD_CENTS: i64 = 100_000_000_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(set_limit)).routes(routes!(deposit)).routes(routes!(withdraw))
}

/// What a month may be charged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitRequest {
    /// In cents: 0 for no limit, else at least 1,000.
    #[schema(minimum = 0, maximum = 100_000_000_000i64)]
    max_monthly_usd_cents: i64,
}

/// An amount.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmountRequest {
    /// In cents.
    #[schema(minimum = 1, maximum = 100_000_000_000i64)]
    amount_usd_cents: i64,
}

/// What the escrow did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FundsMoved {
    /// The transaction.
    pub digest: String,
    /// `deposit`, `withdrawal_requested` or `limit`.
    pub kind: &'static str,
    /// How much; of a limit, the new one.
    pub amount_usd_cents: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// What is in escrow now.
    pub balance_usd_cents: i64,
}

/// Changes what a month may be charged, from now on. What was used above a lower limit stays owed.
#[utoipa::path(put, path = "/billing/limit", tag = "billing", request_body = LimitRequest, responses(
    (status = 200, body = FundsMoved),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`account_not_active`, `not_by_api`, `escrow_refused`; and those of every write",
        body = Problem, content_type = "application/problem+json"),
))]
async fn set_limit(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<FundsMoved>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let LimitRequest { max_monthly_usd_cents: cents } = body::read(request).await?;
    let mut checks = Checks::default();
    if cents != 0 && !(LIMIT_MIN_USD_CENTS..=AMOUNT_MAX_USD_CENTS).contains(&cents) {
        let must_be = format!("must be 0, for no limit, or {LIMIT_MIN_USD_CENTS} to {AMOUNT_MAX_USD_CENTS}");
        checks.fail("max_monthly_usd_cents", must_be);
    }
    checks.finish(())?;
    may_act(&app, &customer).await?;
    let event = app.parts.accounts.settlement.set_limit(customer.id, cents).await?;
    moved(&app, &customer, &event, "billing.limit", json!({"max_monthly_usd_cents": cents})).await
}

/// Puts funds in. With the embedded escrow alone: it stands for the transaction that the owner would sign.
#[utoipa::path(post, path = "/billing/deposit", tag = "billing", request_body = AmountRequest, responses(
    (status = 200, body = FundsMoved),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`account_not_active`, `not_by_api`, `escrow_refused`; and those of every write",
        body = Problem, content_type = "application/problem+json"),
))]
async fn deposit(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<FundsMoved>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let cents = amount(request).await?;
    may_act(&app, &customer).await?;
    let event = app.parts.accounts.settlement.deposit(customer.id, cents).await?;
    moved(&app, &customer, &event, "billing.deposit", json!({"amount_usd_cents": cents})).await
}

/// Asks for funds back, to the owner's wallet. Paid once what is accrued is charged, within a day; then at most what is left.
#[utoipa::path(post, path = "/billing/withdraw", tag = "billing", request_body = AmountRequest, responses(
    (status = 200, body = FundsMoved),
    (status = 402, description = "`insufficient_balance`", body = Problem, content_type = "application/problem+json"),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`account_not_active`, `not_by_api`, `escrow_refused`; and those of every write",
        body = Problem, content_type = "application/problem+json"),
))]
async fn withdraw(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<FundsMoved>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let cents = amount(request).await?;
    may_act(&app, &customer).await?;
    check_withdrawable(&app, &customer, cents).await?;
    let event = app.parts.accounts.settlement.request_withdrawal(customer.id, cents).await?;
    moved(&app, &customer, &event, "billing.withdraw", json!({"amount_usd_cents": cents})).await
}

async fn amount(request: Request) -> Result<i64, Problem> {
    let AmountRequest { amount_usd_cents } = body::read(request).await?;
    let mut checks = Checks::default();
    if !(1..=AMOUNT_MAX_USD_CENTS).contains(&amount_usd_cents) {
        checks.fail("amount_usd_cents", format!("must be 1 to {AMOUNT_MAX_USD_CENTS}"));
    }
    checks.finish(amount_usd_cents)
}

/// Through us, with the embedded escrow; and not of an account that is being closed.
async fn may_act(app: &App, customer: &Customer) -> Result<(), Problem> {
    if !app.parts.accounts.settlement.acts_for_owners() {
        let detail = "the owner signs it with their wallet (POST /billing/transactions), and it shows here when the chain has it";
        return Err(Problem::new(ProblemCode::NotByApi).detail(detail));
    }
    check_open(app, customer).await
}

/// An account that is being closed takes nothing more.
pub(super) async fn check_open(app: &App, customer: &Customer) -> Result<(), Problem> {
    match app.parts.accounts.settlement.store().for_customer(customer.id).closure(customer.id).await? {
        Some(Closure::None) => Ok(()),
        _ => Err(not_active(AccountStatus::Closed)),
    }
}

/// No more can be asked for than is in escrow, as mirrored, and not asked for already.
pub(super) async fn check_withdrawable(app: &App, customer: &Customer, usd_cents: i64) -> Result<(), Problem> {
    let store = app.parts.accounts.settlement.store().for_customer(customer.id);
    let available = balance(app, customer).await? - store.withdrawing(customer.id).await?;
    if usd_cents > available { Err(too_little(available, usd_cents)) } else { Ok(()) }
}

/// What is in escrow, in cents.
async fn balance(app: &App, customer: &Customer) -> Result<i64, Problem> {
    let money = app.parts.accounts.settlement.store().for_customer(customer.id).customer(customer.id).await?;
    let money = money.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(money.balance.0 / suiftly_schema::bill::CENT.0)
}

fn too_little(available: i64, asked: i64) -> Problem {
    let usd = |cents: i64| cents as f64 / 100.0;
    Problem::new(ProblemCode::InsufficientBalance)
        .detail("there is less in escrow that is not asked for already")
        .member("current_balance_usd", usd(available))
        .member("estimated_cost_usd", usd(asked))
        .member("required_deposit_usd", usd(asked - available))
}

async fn moved(
    app: &App,
    customer: &Customer,
    event: &EscrowEvent,
    action: &str,
    change: Value,
) -> Result<Json<FundsMoved>, Problem> {
    let recorded = app
        .parts
        .accounts
        .store
        .record(Some(customer.id), &act(app, customer), action, Some(&event.digest), change)
        .await;
    if let Err(error) = recorded {
        // It is done: saying that it failed would have it done twice.
        tracing::error!(%error, digest = event.digest, "what an owner did is not in the activity log");
    }
    Ok(Json(FundsMoved {
        digest: event.digest.clone(),
        kind: event.kind.word(),
        amount_usd_cents: event.amount_usd_cents,
        at: event.at.rfc3339(),
        balance_usd_cents: balance(app, customer).await?,
    }))
}
