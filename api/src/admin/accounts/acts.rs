//! What operators do to an account.

use super::super::asked::{BodyProblems, MissingProblem, WriteProblems, customer_in, missing};
use super::params;
use super::wire::{
    CreditGranted, CreditRequest, CustomerStatus, KeyRevoked, LimitRequest, LimitSet, SessionsRevoked, SuspendRequest,
};
use crate::app::App;
use crate::body;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde_json::json;
use suiftly_schema::bill::CENT;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::AccountStatus;
use suiftly_settlement::SettlementError;
use suiftly_settlement::escrow::EscrowError;
use suiftly_store::StoreError;
use suiftly_store::accounts::{Act, OperatorRole};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(suspend))
        .routes(routes!(activate))
        .routes(routes!(credit))
        .routes(routes!(limit))
        .routes(routes!(revoke_key))
        .routes(routes!(revoke_sessions))
}

/// Suspends a customer: their keys are refused within a second. Said again with another reason, that is on record too.
#[utoipa::path(post, path = "/customers/{customer_id}/suspend", operation_id = "suspend_customer", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)), request_body = SuspendRequest,
    responses(
        (status = 200, body = CustomerStatus),
        MissingProblem, WriteProblems, BodyProblems, GuardedProblems,
    )
)]
async fn suspend(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<CustomerStatus>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let customer = bare(query, &customer)?;
    let asked: SuspendRequest = body::read(request).await?;
    params::suspension(&asked)?;
    let act = operator.act(app.parts.clock.now());
    let change = app.parts.accounts.store.suspend_customer(customer, &asked.reason, &act).await??;
    Ok(Json(CustomerStatus { customer_id: customer.get(), status: change.to, was: change.from }))
}

/// Takes a suspension back. Whether the customer may be served then follows from their balance and limit.
#[utoipa::path(post, path = "/customers/{customer_id}/activate", operation_id = "activate_customer", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = CustomerStatus),
        MissingProblem, WriteProblems, GuardedProblems,
    )
)]
async fn activate(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<CustomerStatus>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let customer = bare(query, &customer)?;
    let act = operator.act(app.parts.clock.now());
    let change = app.parts.accounts.store.activate_customer(customer, &act).await??;
    Ok(Json(CustomerStatus { customer_id: customer.get(), status: change.to, was: change.from }))
}

/// Grants a credit, once per reference: asked again just so, nothing is granted again.
#[utoipa::path(post, path = "/customers/{customer_id}/credit", operation_id = "credit_customer", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)), request_body = CreditRequest,
    responses(
        (status = 200, body = CreditGranted),
        (status = 409, description = "`reference_used`: for another customer or amount", body = Problem, content_type = "application/problem+json"),
        MissingProblem, WriteProblems, BodyProblems, GuardedProblems,
    )
)]
async fn credit(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<CreditGranted>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let customer = bare(query, &customer)?;
    let asked: CreditRequest = body::read(request).await?;
    params::credit(&asked)?;
    let CreditRequest { amount_micro_usd, reference, memo } = asked;
    let (now, act) = (app.parts.accounts.settlement.now(), operator.act(app.parts.clock.now()));
    let said = (reference.as_str(), memo.as_deref());
    let granted = app.parts.accounts.store.grant_credit(customer, MicroUsd(amount_micro_usd), said, now, &act).await;
    let granted = granted.map_err(|error| match error {
        StoreError::Unfit { cause, .. } => Problem::new(ProblemCode::ReferenceUsed).detail(cause),
        other => other.into(),
    })??;
    Ok(Json(CreditGranted { customer_id: customer.get(), amount_micro_usd, reference, is_new: granted.is_new }))
}

/// Changes what a customer's month may be charged, as the customer would: with the escrow.
#[utoipa::path(put, path = "/customers/{customer_id}/limit", operation_id = "set_customer_limit", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)), request_body = LimitRequest,
    responses(
        (status = 200, body = LimitSet),
        (status = 409, description = "`escrow_refused`", body = Problem, content_type = "application/problem+json"),
        MissingProblem, WriteProblems, BodyProblems, GuardedProblems,
    )
)]
async fn limit(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<LimitSet>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let customer = bare(query, &customer)?;
    let asked: LimitRequest = body::read(request).await?;
    params::limit(&asked)?;
    let act = operator.act(app.parts.clock.now());
    // On a task of its own: a client that goes away leaves no half of it.
    let set = tokio::spawn(set_limit(app, customer, asked.max_monthly_usd_cents, act)).await;
    set.map_err(|error| Problem::internal(&error))?.map(Json)
}

/// The escrow's word comes outside any transaction of ours: the act is on record before it, and its refusal after it.
async fn set_limit(app: App, customer: CustomerId, cents: i64, act: Act) -> Result<LimitSet, Problem> {
    let (store, settlement) = (&app.parts.accounts.store, &app.parts.accounts.settlement);
    let before = settlement.store().customer(customer).await?.ok_or_else(|| missing("customer"))?;
    if before.status == AccountStatus::Closed {
        return Err(Problem::new(ProblemCode::AccountClosed));
    }
    let from = before.max_monthly.map_or(0, |limit| limit.0 / CENT.0);
    let change = json!({"from_usd_cents": from, "to_usd_cents": cents});
    store.record(Some(customer), &act, "customer.limit", None, change).await?;
    let set = settlement.set_limit(customer, cents).await;
    if let Err(error) = set {
        let told = json!({"to_usd_cents": cents, "error": error.to_string()});
        store.record(Some(customer), &act, "customer.limit_failed", None, told).await?;
        return Err(escrow_problem(error));
    }
    Ok(LimitSet { customer_id: customer.get(), max_monthly_usd_cents: cents })
}

fn escrow_problem(error: SettlementError) -> Problem {
    match error {
        SettlementError::Store(error) => error.into(),
        SettlementError::Escrow(EscrowError::Refused { .. }) => {
            Problem::new(ProblemCode::EscrowRefused).detail(error.to_string())
        }
        SettlementError::Escrow(_) => {
            tracing::warn!(%error, "a request needs the escrow");
            Problem::new(ProblemCode::EscrowUnavailable).retry_after_s(1)
        }
        other => Problem::internal(&other),
    }
}

/// Revokes one of a customer's keys. Its owner can enable it again.
#[utoipa::path(post, path = "/customers/{customer_id}/keys/{key_id}/revoke", operation_id = "revoke_customer_key", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), ("key_id" = i64, Path, minimum = 1)),
    responses(
        (status = 200, body = KeyRevoked),
        (status = 409, description = "`key_deleted`", body = Problem, content_type = "application/problem+json"),
        MissingProblem, WriteProblems, GuardedProblems,
    )
)]
async fn revoke_key(
    State(app): State<App>,
    operator: Operator,
    Path((customer, key)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<KeyRevoked>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let (customer, key) = (bare(query, &customer)?, body::id(&key)?);
    let act = operator.act(app.parts.clock.now());
    let was_active = app.parts.accounts.store.revoke_key_of(customer, key, &act).await??;
    Ok(Json(KeyRevoked { key_id: key, was_active }))
}

/// Ends every session of a customer: they sign in anew.
#[utoipa::path(post, path = "/customers/{customer_id}/sessions/revoke", operation_id = "revoke_customer_sessions", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)),
    responses((status = 200, body = SessionsRevoked), MissingProblem, WriteProblems, GuardedProblems)
)]
async fn revoke_sessions(
    State(app): State<App>,
    operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<SessionsRevoked>, Problem> {
    operator.may(OperatorRole::Operator)?;
    let customer = bare(query, &customer)?;
    let act = operator.act(app.parts.clock.now());
    let sessions = app.parts.accounts.store.end_sessions_of(customer, &act).await??;
    app.auth.forget_all();
    Ok(Json(SessionsRevoked { sessions: sessions.try_into().unwrap_or(i64::MAX) }))
}

/// The customer in the path of a request that has no query.
fn bare(query: Option<String>, customer: &str) -> Result<CustomerId, Problem> {
    parse_none(&query.unwrap_or_default())?;
    customer_in(customer)
}
