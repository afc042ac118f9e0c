//! Closing the account: services end and keys are revoked at once; the manager winds it up.

use crate::app::App;
use crate::body::{self, Checks, WriteProblems};
use crate::customer::services::{act, not_active};
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde::{Deserialize, Serialize};
use suiftly_schema::reference::AccountStatus;
use suiftly_store::money::ClosureRefused;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(close)).routes(routes!(cancel))
}

/// That it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// The address of the wallet that the account is of.
    #[schema(min_length = 66, max_length = 66, pattern = "^0x[0-9a-f]{64}$")]
    confirm: String,
}

/// Nothing is to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {}

/// Whether the account is being closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClosureView {
    /// Since when it is being closed; `null`: it is not.
    #[schema(format = DateTime)]
    pub closing_at: Option<String>,
}

/// Closes the account.
///
/// At once services end, and keys are revoked; nothing is given back for the days left. What is accrued is charged, and ten
/// minutes later what is left in escrow goes back to the owner's wallet; then the account is closed: it can be looked at,
/// and nothing else. The month's invoice comes at its end. Unused credits lapse. Until it is closed it can be cancelled.
#[utoipa::path(post, path = "/account/close", operation_id = "close_account", tag = "account", request_body = CloseRequest, responses(
    (status = 200, body = ClosureView),
    GuardedProblems, WriteProblems,
    (status = 403, description = "`account_closed`, `cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`account_not_active`: it is suspended; and those of every write", body = Problem,
        content_type = "application/problem+json"),
))]
async fn close(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<ClosureView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let CloseRequest { confirm } = body::read(request).await?;
    let profile = app.parts.accounts.store.profile(customer.id).await?;
    let mut checks = Checks::default();
    if confirm != profile.wallet_address {
        checks.fail("confirm", "must be the address of the account's wallet");
    }
    checks.finish(())?;
    let settlement = app.parts.accounts.settlement.for_customer(customer.id);
    let closing_at = settlement.begin_closure(customer.id, &act(&app, &customer)).await?.map_err(problem)?;
    Ok(Json(ClosureView { closing_at: Some(closing_at.rfc3339()) }))
}

/// Keeps an account that was to be closed, while it is not. What has ended stays ended.
#[utoipa::path(post, path = "/account/close/cancel", operation_id = "cancel_closure", tag = "account", request_body = CancelRequest, responses(
    (status = 200, body = ClosureView),
    GuardedProblems, WriteProblems,
    (status = 403, description = "`account_closed`, `cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`account_not_active`: it is suspended; and those of every write", body = Problem,
        content_type = "application/problem+json"),
))]
async fn cancel(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<ClosureView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let CancelRequest {} = body::read(request).await?;
    let settlement = app.parts.accounts.settlement.for_customer(customer.id);
    settlement.cancel_closure(customer.id, &act(&app, &customer)).await?.map_err(problem)?;
    Ok(Json(ClosureView { closing_at: None }))
}

fn problem(refused: ClosureRefused) -> Problem {
    match refused {
        ClosureRefused::NoCustomer => Problem::new(ProblemCode::NotFound),
        ClosureRefused::Suspended => not_active(AccountStatus::Suspended),
        ClosureRefused::Closed => Problem::new(ProblemCode::AccountClosed),
    }
}
