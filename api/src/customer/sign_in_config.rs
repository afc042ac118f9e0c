//! How one signs in at this server: what a sign-in page needs to know before anybody is known.

use crate::app::App;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn open_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in_config))
}

/// How one signs in here.
#[derive(Debug, Serialize, ToSchema)]
struct SignInConfig {
    /// Any signature is taken: a development or test server.
    mock: bool,
    /// The domain that stands in the message to sign.
    domain: String,
}

/// How one signs in at this server.
#[utoipa::path(get, path = "/auth/config", tag = "sign-in", security(()), responses(
    (status = 200, body = SignInConfig),
))]
async fn sign_in_config(State(app): State<App>) -> Json<SignInConfig> {
    let mode = &app.parts.accounts.mode;
    Json(SignInConfig { mock: mode.mock_auth, domain: mode.domain.clone() })
}
