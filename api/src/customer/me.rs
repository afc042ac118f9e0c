//! The account of who is signed in: what they are called, where alerts go, whom invoices are made out to.

mod wire;

use crate::app::App;
use crate::body;
use crate::params;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{Account, AccountChange};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(me, change_me))
}

/// The account.
#[utoipa::path(get, path = "/me", tag = "account", responses((status = 200, body = Account), GuardedProblems))]
async fn me(State(app): State<App>, customer: Customer, RawQuery(query): RawQuery) -> Result<Json<Account>, Problem> {
    params::parse_none(&query.unwrap_or_default())?;
    Ok(Json(app.parts.accounts.store.profile(customer.id).await?.into()))
}

/// Changes the account. What is not named stays.
#[utoipa::path(patch, path = "/me", tag = "account", request_body = AccountChange, responses(
    (status = 200, body = Account),
    (status = 413, description = "`body_too_long`", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn change_me(State(app): State<App>, customer: Customer, request: Request) -> Result<Json<Account>, Problem> {
    let change = body::read::<AccountChange>(request).await?.checked().map_err(Problem::validation)?;
    let act = customer.act(app.parts.clock.now());
    Ok(Json(app.parts.accounts.store.change_profile(customer.id, &change, &act).await?.into()))
}
