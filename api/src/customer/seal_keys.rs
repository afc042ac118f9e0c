//! A customer's seal keys and their packages. Of a seal key its public part is shown, and never another.

mod packages;
mod wire;

pub use wire::{
    ChangeRequest, NewPackageRequest, NewSealKeyRequest, PackageList, PackageView, SealKeyList, SealKeyView,
};

use super::services::act;
use super::slots::{SlotProblem, full, not_now};
use crate::app::App;
use crate::body::{self, Checks, WriteProblems};
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_schema::ids::Service;
use suiftly_schema::subscription::{INCLUDED_SEAL_KEYS, Subscription};
use suiftly_store::accounts::{Act, SealKeyRefused};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(one, change, delete)).merge(packages::routes())
}

/// Seal keys in the order they were made, all of them. Deleted ones are left out.
#[utoipa::path(get, path = "/seal-keys", operation_id = "list_seal_keys", tag = "seal keys", responses(
    (status = 200, body = SealKeyList),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<SealKeyList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.seal_keys(customer.id).await?;
    Ok(Json(SealKeyList { items: rows.iter().map(SealKeyView::new).collect(), next_cursor: None }))
}

/// One seal key.
#[utoipa::path(get, path = "/seal-keys/{id}", operation_id = "get_seal_key", tag = "seal keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = SealKeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<SealKeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let row = app.parts.accounts.store.seal_key(customer.id, body::id(&id)?).await?;
    row.map(|row| Json(SealKeyView::new(&row))).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Makes a seal key. Its private part stays here, sealed; its index is never given to another.
#[utoipa::path(post, path = "/seal-keys", operation_id = "create_seal_key", tag = "seal keys", request_body = NewSealKeyRequest, responses(
    (status = 201, body = SealKeyView),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`seal_key_limit_reached`, `not_enabled`, `account_not_active`; and those of every write",
        body = SlotProblem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<SealKeyView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let NewSealKeyRequest { name } = body::read(request).await?;
    let mut checks = Checks::default();
    let name = checks.name("name", &name);
    let (name, act) = (checks.finish(name)?, act(&app, &customer));
    let at_rest = &app.parts.accounts.at_rest;
    match app.parts.accounts.store.create_seal_key(customer.id, at_rest, &name, &act).await? {
        Ok(row) => Ok((StatusCode::CREATED, Json(SealKeyView::new(&row)))),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Gives a seal key another name, or says whether it may be used.
#[utoipa::path(patch, path = "/seal-keys/{id}", operation_id = "change_seal_key", tag = "seal keys", request_body = ChangeRequest,
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = SealKeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn change(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<SealKeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    let change = body::read::<ChangeRequest>(request).await?.checked()?;
    match app.parts.accounts.store.change_seal_key(customer.id, id, &change, &act).await? {
        Ok(row) => Ok(Json(SealKeyView::new(&row))),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Deletes a seal key with its packages. What was encrypted for it cannot be opened any more.
#[utoipa::path(delete, path = "/seal-keys/{id}", operation_id = "delete_seal_key", tag = "seal keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn delete(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    match app.parts.accounts.store.delete_seal_key(customer.id, id, &act).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

async fn problem(app: &App, customer: &Customer, refused: SealKeyRefused, act: &Act) -> Problem {
    match refused {
        SealKeyRefused::None => Problem::new(ProblemCode::NotFound),
        SealKeyRefused::NotNow(refused) => not_now(refused),
        SealKeyRefused::Full { slots, subscription } => {
            let extra_seal_keys = (slots.used + 1).saturating_sub(INCLUDED_SEAL_KEYS);
            let wanted = Subscription { extra_seal_keys, ..subscription };
            let of = (ProblemCode::SealKeyLimitReached, Service::Seal, slots);
            full(app, customer, of, wanted, act).await.unwrap_or_else(|problem| problem)
        }
    }
}
