//! Who operates: added, given a new token, disabled. A token is shown once.

mod token;

pub use token::{operator_token, operator_token_sha256};

use super::asked::{BodyProblems, MissingProblem, WriteProblems, missing};
use crate::app::App;
use crate::body;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{FieldError, GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{OperatorRole, OperatorRow};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// An operator's name at most, in characters.
const NAME_CHARS_MAX: usize = 64;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(put)).routes(routes!(disable))
}

/// Everybody who operates.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OperatorList {
    /// By name.
    pub items: Vec<OperatorItem>,
}

/// An operator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OperatorItem {
    /// The name.
    pub name: String,
    /// `viewer`, `operator`, `admin`.
    pub role: &'static str,
    /// Since when.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When they were last seen, to the minute.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
    /// Since when the token is refused.
    #[schema(format = DateTime)]
    pub disabled_at: Option<String>,
}

impl From<OperatorRow> for OperatorItem {
    fn from(row: OperatorRow) -> Self {
        Self {
            name: row.name,
            role: row.role.word(),
            created_at: row.created_at.rfc3339(),
            last_used_at: row.last_used_at.map(UnixMillis::rfc3339),
            disabled_at: row.disabled_at.map(UnixMillis::rfc3339),
        }
    }
}

/// An operator to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorRequest {
    /// Small letters, digits, `.`, `_`, `-`.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,63}$")]
    pub name: String,
    /// `viewer`, `operator` or `admin`.
    #[schema(pattern = "^(viewer|operator|admin)$")]
    pub role: String,
}

/// An operator's new token.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OperatorToken {
    /// The name.
    pub name: String,
    /// `viewer`, `operator`, `admin`.
    pub role: &'static str,
    /// Shown this once.
    #[schema(format = Password)]
    pub token: String,
    /// Whether they are new; else the token before is refused from now on.
    pub is_new: bool,
}

/// Everybody who operates, by name.
#[utoipa::path(get, path = "/operators", operation_id = "list_operators", tag = "operators", responses((status = 200, body = OperatorList), GuardedProblems))]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<OperatorList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.operators().await?;
    Ok(Json(OperatorList { items: rows.into_iter().map(OperatorItem::from).collect() }))
}

/// Adds an operator, or gives the one of this name another role and a new token. The answer shows the token this once.
#[utoipa::path(post, path = "/operators", operation_id = "put_operator", tag = "operators", request_body = OperatorRequest, responses(
    (status = 200, description = "They have a new token", body = OperatorToken),
    (status = 201, description = "They are new", body = OperatorToken),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn put(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<OperatorToken>), Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let (name, role) = checked(body::read(request).await?)?;
    let token = operator_token(crate::auth::random().map_err(|error| Problem::internal(&error))?);
    let act = operator.act(app.parts.clock.now());
    let is_new = app.parts.accounts.store.put_operator(&name, role, &operator_token_sha256(&token), &act).await?;
    app.auth.forget_all();
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(OperatorToken { name, role: role.word(), token, is_new })))
}

fn checked(request: OperatorRequest) -> Result<(String, OperatorRole), Problem> {
    let role = OperatorRole::from_word(&request.role);
    let mut errors = Vec::new();
    if !is_name(&request.name) {
        let must_be = "must be 1 to 64 small letters, digits, `.`, `_` and `-`, a letter or a digit first";
        errors.push(FieldError::new("name", must_be));
    }
    if role.is_none() {
        errors.push(FieldError::new("role", "must be viewer, operator or admin"));
    }
    role.filter(|_| errors.is_empty()).map(|role| (request.name, role)).ok_or_else(|| Problem::validation(errors))
}

/// Whether somebody can be called so.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let first = name.bytes().next().is_some_and(plain);
    first && name.len() <= NAME_CHARS_MAX && name.bytes().all(|byte| plain(byte) || b"._-".contains(&byte))
}

/// Disables an operator: their token is refused from now on, here at once and by other processes within seconds.
#[utoipa::path(delete, path = "/operators/{name}", operation_id = "disable_operator", tag = "operators",
    params(("name" = String, Path, min_length = 1, max_length = 64)),
    responses((status = 204, description = "They are disabled"), MissingProblem, WriteProblems, GuardedProblems)
)]
async fn disable(
    State(app): State<App>,
    operator: Operator,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let act = operator.act(app.parts.clock.now());
    let was_there = is_name(&name) && app.parts.accounts.store.disable_operator(&name, &act).await?;
    app.auth.forget_all();
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(missing("operator")) }
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn names() {
        let cases = [("local", true), ("a.b-c_9", true), ("", false), (".a", false), ("Ann", false), ("a b", false)];
        for (name, expected) in cases {
            assert_eq!(is_name(name), expected, "{name}");
        }
        assert!(is_name(&"a".repeat(64)) && !is_name(&"a".repeat(65)));
    }
}
