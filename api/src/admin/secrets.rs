//! The secrets that rotate: which keys are in force, by number, and taking over what their files hold. No key is ever told.

use super::asked::WriteProblems;
use crate::app::App;
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use crate::secrets::RingLive;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::{Map, Value, json};
use suiftly_store::accounts::OperatorRole;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(secrets)).routes(routes!(reload))
}

/// The keyrings in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecretsView {
    /// Each of them.
    pub rings: Vec<SecretRing>,
    /// The number of the key that the grant set in force is signed by; null while none is in force.
    #[schema(value_type = Option<i64>)]
    pub signed_by: Option<u16>,
}

/// A keyring.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SecretRing {
    /// What its file is called: `jwt-keys`, `at-rest-keys`, `vault-keys`, `vault-signing-keys`.
    pub name: String,
    /// The numbers of its keys, the one that is used first.
    #[schema(value_type = Vec<i64>)]
    pub ids: Vec<u16>,
}

impl SecretsView {
    fn of(app: &App, rings: Vec<RingLive>) -> Self {
        let ring = |RingLive { name, ids }| SecretRing { name: name.to_owned(), ids };
        let signed_by = app.parts.vault.publisher.current().map(|version| version.signed.key_id);
        Self { rings: rings.into_iter().map(ring).collect(), signed_by }
    }
}

/// Which keys are in force, by number.
#[utoipa::path(get, path = "/secrets", operation_id = "secrets", tag = "operation", responses(
    (status = 200, body = SecretsView),
    GuardedProblems,
))]
async fn secrets(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<SecretsView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let rings = app.parts.secrets.rings();
    Ok(Json(SecretsView::of(&app, rings)))
}

/// Takes over what the files of keys hold now, without a restart: of all of them, or, if one cannot be read, of none.
/// Answered once it is so: keys that sign and seal from now on are the new ones.
#[utoipa::path(post, path = "/secrets/reload", operation_id = "reload_secrets", tag = "operation", responses(
    (status = 200, body = SecretsView),
    (status = 409, description = "`secrets_refused`: a file cannot be used; the keys in force stay", body = Problem,
        content_type = "application/problem+json"),
    WriteProblems, GuardedProblems,
))]
async fn reload(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<SecretsView>, Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let refused =
        |error: crate::secrets::SecretsRefused| Problem::new(ProblemCode::SecretsRefused).detail(error.to_string());
    let before = app.parts.secrets.rings();
    let rings = app.parts.secrets.reload().await.map_err(refused)?;
    let act = operator.act(app.parts.clock.now());
    app.parts.accounts.store.record(None, &act, "secrets.reload", None, changed(&before, &rings)).await?;
    Ok(Json(SecretsView::of(&app, rings)))
}

/// Which keyrings have other keys than before, by number, as it goes on record.
pub fn changed(before: &[RingLive], rings: &[RingLive]) -> Value {
    let others = rings.iter().filter(|ring| !before.contains(ring));
    Value::Object(others.map(|ring| (ring.name.to_owned(), json!(ring.ids))).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_record_is_what_changed() {
        let ring = |name, ids: &[u16]| RingLive { name, ids: ids.to_vec() };
        let before = [ring("jwt-keys", &[1]), ring("vault-keys", &[1])];
        assert_eq!(changed(&before, &before), json!({}));
        let after = [ring("jwt-keys", &[2, 1]), ring("vault-keys", &[1])];
        assert_eq!(changed(&before, &after), json!({"jwt-keys": [2, 1]}));
    }
}
