//! A customer's API keys. In full a key is shown when it is made and on an explicit reveal, which is on record; lists have
//! its first eight characters.

mod wire;

pub use wire::{
    IssuedKeyView, KeyDay, KeyHourUse, KeyList, KeyState, KeyUsage, KeyView, NetworkWord, NewKeyRequest,
    RegenerateRequest, RenameRequest,
};

use super::services::{ServiceWord, act};
use super::slots::{SlotProblem, full, not_now};
use crate::app::App;
use crate::body::{self, Checks, WriteProblems};
use crate::params::{Fields, parse_none};
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::read::ReadError;
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use suiftly_schema::subscription::{INCLUDED_API_KEYS, Subscription};
use suiftly_store::accounts::{Act, KEYS_PAGE_MAX, KeyListQuery, KeyMaker, KeyRefused, KeyRow, NewKey};
use suiftly_store::reader::KeyQuery;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::KeysDid;

/// Keys of a page unless it says otherwise.
const PAGE_KEYS: u32 = 50;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, rename, delete))
        .routes(routes!(reveal))
        .routes(routes!(regenerate))
        .routes(routes!(revoke))
        .routes(routes!(enable))
}

/// Which keys.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct KeysQuery {
    /// Of this service alone.
    #[param(inline)]
    service: Option<ServiceWord>,
    /// `next_cursor` of the page before.
    #[param(max_length = 20)]
    cursor: Option<String>,
    /// At most so many. Default 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
}

fn parse(query: &str) -> Result<KeyListQuery, Problem> {
    let mut fields = Fields::read_named(query, &["service", "cursor", "limit"]);
    let service = fields.parsed("service", |word| super::services::named(word).ok(), "must be seal, grpc or graphql");
    let after = fields.parsed("cursor", |text| body::id(text).ok(), "must be next_cursor of a page");
    let in_range = |text: &str| text.parse().ok().filter(|limit| (1..=KEYS_PAGE_MAX).contains(limit));
    let limit = fields.parsed("limit", in_range, &format!("must be 1 to {KEYS_PAGE_MAX}")).unwrap_or(PAGE_KEYS);
    fields.finish(KeyListQuery { service, after, limit })
}

/// Keys in the order they were made, with what each did. Deleted ones are left out.
#[utoipa::path(get, path = "/keys", operation_id = "list_keys", tag = "keys", params(KeysQuery), responses(
    (status = 200, body = KeyList),
    GuardedProblems,
))]
async fn list(State(app): State<App>, customer: Customer, RawQuery(query): RawQuery) -> Result<Json<KeyList>, Problem> {
    let query = parse(&query.unwrap_or_default())?;
    // One more tells whether there is a page after this one.
    let asked = KeyListQuery { limit: query.limit + 1, ..query };
    let mut rows = app.parts.accounts.store.keys(customer.id, &asked).await?;
    let has_more = rows.len() > query.limit as usize;
    rows.truncate(query.limit as usize);
    let usage = usage(&app, &customer).await?;
    let next_cursor = rows.last().filter(|_| has_more).map(|last| last.id.to_string());
    Ok(Json(KeyList { items: rows.iter().map(|row| KeyView::new(row, &usage)).collect(), next_cursor }))
}

/// One key.
#[utoipa::path(get, path = "/keys/{id}", operation_id = "get_key", tag = "keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = KeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<KeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let row = app.parts.accounts.store.key(customer.id, body::id(&id)?).await?;
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(Json(KeyView::new(&row, &usage(&app, &customer).await?)))
}

/// Makes a key and answers it in full. It is in the vault within a second.
///
/// At most five an hour; at most as many as the service includes, revoked ones too: `order` of `key_limit_reached` says
/// what one more would cost.
#[utoipa::path(post, path = "/keys", operation_id = "create_key", tag = "keys", request_body = NewKeyRequest, responses(
    (status = 201, body = IssuedKeyView),
    GuardedProblems, WriteProblems,
    (status = 409, description = "`key_limit_reached`, `not_enabled`, `account_not_active`; and those of every write",
        body = SlotProblem, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_creations`; and those of every request", body = Problem,
        content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<IssuedKeyView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let NewKeyRequest { service, network, name } = body::read(request).await?;
    let mut checks = Checks::default();
    let name = checks.name("name", &name);
    let new = checks.finish(NewKey { service: service.service(), network: network.network(), name })?;
    let act = act(&app, &customer);
    let issued = app.parts.accounts.store.create_key(customer.id, maker(&app), &new, &act).await?;
    match issued {
        Ok(issued) => {
            Ok((StatusCode::CREATED, Json(IssuedKeyView::new(&issued, &KeysDid::nothing(app.parts.clock.now())))))
        }
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Shows a key in full. It is on record that it was shown, each time: no idempotency key is looked at.
#[utoipa::path(post, path = "/keys/{id}/reveal", operation_id = "reveal_key", tag = "keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = IssuedKeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`key_not_kept`", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn reveal(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<IssuedKeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    match app.parts.accounts.store.reveal_key(customer.id, maker(&app), id, &act).await? {
        Ok(issued) => Ok(Json(IssuedKeyView::new(&issued, &usage(&app, &customer).await?))),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Replaces a key by a new one of the same service, network and name, and answers the new one in full.
///
/// The old one is revoked at once, or goes on for `overlap_s` seconds beside it. The two share a slot; a revoked key that
/// the old one had replaced is deleted. It counts as making a key.
#[utoipa::path(post, path = "/keys/{id}/regenerate", operation_id = "regenerate_key", tag = "keys", request_body = RegenerateRequest,
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 201, body = IssuedKeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`key_replaced`, `key_overlapping`, `not_enabled`, `account_not_active`; and those of \
            every write", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_creations`; and those of every request", body = Problem,
            content_type = "application/problem+json"),
    )
)]
async fn regenerate(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<IssuedKeyView>), Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    let overlap_s = body::read::<RegenerateRequest>(request).await?.checked()?;
    let issued = app.parts.accounts.store.regenerate_key(customer.id, maker(&app), id, overlap_s, &act).await?;
    match issued {
        Ok(issued) => {
            Ok((StatusCode::CREATED, Json(IssuedKeyView::new(&issued, &KeysDid::nothing(app.parts.clock.now())))))
        }
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

/// Revokes a key: gateways refuse it within a second. It keeps its slot, and can be enabled again.
#[utoipa::path(post, path = "/keys/{id}/revoke", operation_id = "revoke_key", tag = "keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = KeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn revoke(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<KeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    let changed = app.parts.accounts.store.revoke_key(customer.id, id, &act).await?;
    answer(&app, &customer, changed, &act).await
}

/// Makes a key usable again, without an end. One that another has replaced takes a slot of its own.
#[utoipa::path(post, path = "/keys/{id}/enable", operation_id = "enable_key", tag = "keys",
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = KeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`key_limit_reached`, `not_enabled`, `account_not_active`; and those of every write",
            body = SlotProblem, content_type = "application/problem+json"),
    )
)]
async fn enable(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<KeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    let changed = app.parts.accounts.store.enable_key(customer.id, id, &act).await?;
    answer(&app, &customer, changed, &act).await
}

/// Gives a key another name.
#[utoipa::path(patch, path = "/keys/{id}", operation_id = "rename_key", tag = "keys", request_body = RenameRequest,
    params(("id" = i64, Path, minimum = 1, description = "Which")),
    responses(
        (status = 200, body = KeyView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn rename(
    State(app): State<App>,
    customer: Customer,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<KeyView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (id, act) = (body::id(&id)?, act(&app, &customer));
    let RenameRequest { name } = body::read(request).await?;
    let mut checks = Checks::default();
    let name = checks.name("name", &name);
    let name = checks.finish(name)?;
    let changed = app.parts.accounts.store.rename_key(customer.id, id, &name, &act).await?;
    answer(&app, &customer, changed, &act).await
}

/// Deletes a key for good: gateways no longer know it, and its slot is free.
#[utoipa::path(delete, path = "/keys/{id}", operation_id = "delete_key", tag = "keys",
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
    match app.parts.accounts.store.delete_key(customer.id, id, &act).await? {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(refused) => Err(problem(&app, &customer, refused, &act).await),
    }
}

fn maker(app: &App) -> KeyMaker<'_> {
    KeyMaker { secret: &app.parts.accounts.api_key_secret, at_rest: &app.parts.accounts.at_rest }
}

async fn answer(
    app: &App,
    customer: &Customer,
    changed: Result<KeyRow, KeyRefused>,
    act: &Act,
) -> Result<Json<KeyView>, Problem> {
    match changed {
        Ok(row) => Ok(Json(KeyView::new(&row, &usage(app, customer).await?))),
        Err(refused) => Err(problem(app, customer, refused, act).await),
    }
}

/// What keys did. Keys are managed while the live deltas and the store do not meet, too: then nothing is known of it.
async fn usage(app: &App, customer: &Customer) -> Result<KeysDid, Problem> {
    let now = app.parts.clock.now();
    let query = KeyQuery { customer_id: customer.id, hours_from: Some(KeysDid::hours_from(now)) };
    let known = match app.reader.for_customer(customer.id).keys_did(&query).await {
        Ok((keys, _)) => Some(keys.into_iter().map(|(key, did)| (key.api_key_fp, did)).collect()),
        Err(ReadError::Store(error)) if error.is_unavailable() => return Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "API keys are shown without their usage");
            None
        }
    };
    Ok(KeysDid { known, now })
}

async fn problem(app: &App, customer: &Customer, refused: KeyRefused, act: &Act) -> Problem {
    let code = match refused {
        KeyRefused::None => return Problem::new(ProblemCode::NotFound),
        KeyRefused::NotNow(refused) => return not_now(refused),
        KeyRefused::Full { service, slots, subscription } => {
            let extra_api_keys = (slots.used + 1).saturating_sub(INCLUDED_API_KEYS);
            let wanted = Subscription { extra_api_keys, ..subscription };
            let of = (ProblemCode::KeyLimitReached, service, slots);
            return full(app, customer, of, wanted, act).await.unwrap_or_else(|problem| problem);
        }
        KeyRefused::TooMany { wait_s } => {
            return Problem::new(ProblemCode::TooManyCreations).detail(refused.to_string()).retry_after_s(wait_s);
        }
        KeyRefused::Replaced { by } => {
            return Problem::new(ProblemCode::KeyReplaced).detail(refused.to_string()).member("replaced_by", by);
        }
        KeyRefused::Overlapping { replaced, .. } => {
            let detail = format!("{refused}: revoke or delete it first");
            return Problem::new(ProblemCode::KeyOverlapping).detail(detail).member("replaced", replaced);
        }
        KeyRefused::NotKept => ProblemCode::KeyNotKept,
    };
    Problem::new(code).detail("it was made before keys were kept: regenerate it")
}
