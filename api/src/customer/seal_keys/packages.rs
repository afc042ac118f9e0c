//! Packages of a seal key.

use super::super::services::act;
use super::super::slots::{SlotProblem, full, not_now};
use super::wire::{ChangeRequest, NewPackageRequest, PackageList, PackageView};
use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_schema::ids::Service;
use suiftly_schema::subscription::Subscription;
use suiftly_store::accounts::{Act, PackageRefused};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change, delete))
}

/// The packages of a seal key in the order they were added, all of them. Deleted ones are left out.
#[utoipa::path(get, path = "/seal-keys/{id}/packages", operation_id = "list_packages", tag = "seal keys",
    params(("id" = i64, Path, minimum = 1, description = "Of which seal key")),
    responses(
        (status = 200, body = PackageList),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn list(
    State(app): State<App>,
    customer: Customer,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<PackageList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.packages(customer.id, body::id(&key)?).await?;
    let rows = rows.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(Json(PackageList { items: rows.iter().map(PackageView::new).collect(), next_cursor: None }))
}

/// Adds a package to a seal key: what its policies allow may ask for keys derived from it.
#[utoipa::path(post, path = "/seal-keys/{id}/packages", operation_id = "add_package", tag = "seal keys", request_body = NewPackageRequest,
    params(("id" = i64, Path, minimum = 1, description = "To which seal key")),
    responses(
        (status = 201, body = PackageView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`package_exists`, `package_limit_reached`, `not_enabled`, `account_not_active`; and \
            those of every write", body = SlotProblem, content_type = "application/problem+json"),
    )
)]
async fn add(
    State(app): State<App>,
    customer: Customer,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<PackageView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (key, act) = (body::id(&key)?, act(&app, &customer));
    let new = body::read::<NewPackageRequest>(request).await?.checked()?;
    match app.parts.accounts.store.add_package(customer.id, key, &new, &act).await? {
        Ok(row) => Ok((StatusCode::CREATED, Json(PackageView::new(&row)))),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Gives a package another name, or says whether it may be used.
#[utoipa::path(patch, path = "/seal-keys/{id}/packages/{package_id}", operation_id = "change_package", tag = "seal keys", request_body = ChangeRequest,
    params(
        ("id" = i64, Path, minimum = 1, description = "Of which seal key"),
        ("package_id" = i64, Path, minimum = 1, description = "Which"),
    ),
    responses(
        (status = 200, body = PackageView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn change(
    State(app): State<App>,
    customer: Customer,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<PackageView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (key, id, act) = (body::id(&key)?, body::id(&id)?, act(&app, &customer));
    let change = body::read::<ChangeRequest>(request).await?.checked()?;
    match app.parts.accounts.store.change_package(customer.id, (key, id), &change, &act).await? {
        Ok(row) => Ok(Json(PackageView::new(&row))),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Takes a package off a seal key.
#[utoipa::path(delete, path = "/seal-keys/{id}/packages/{package_id}", operation_id = "delete_package", tag = "seal keys",
    params(
        ("id" = i64, Path, minimum = 1, description = "Of which seal key"),
        ("package_id" = i64, Path, minimum = 1, description = "Which"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn delete(
    State(app): State<App>,
    customer: Customer,
    Path((key, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (key, id, act) = (body::id(&key)?, body::id(&id)?, act(&app, &customer));
    match app.parts.accounts.store.delete_package(customer.id, (key, id), &act).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

async fn problem(app: &App, customer: &Customer, refused: PackageRefused, act: &Act) -> Problem {
    match refused {
        PackageRefused::None => Problem::new(ProblemCode::NotFound),
        PackageRefused::NotNow(refused) => not_now(refused),
        PackageRefused::Exists { id } => {
            Problem::new(ProblemCode::PackageExists).detail(refused.to_string()).member("package_id", id)
        }
        PackageRefused::KeyFull => Problem::new(ProblemCode::PackageLimitReached).detail(refused.to_string()),
        PackageRefused::Full { slots, subscription } => {
            let wanted = Subscription { extra_packages: slots.used + 1, ..subscription };
            let of = (ProblemCode::PackageLimitReached, Service::Seal, slots);
            full(app, customer, of, wanted, act).await.unwrap_or_else(|problem| problem)
        }
    }
}
