//! The edges' guard: a token of their own, known by its SHA-256 out of the configuration. It opens the edges' routes and
//! nothing else.

use crate::app::App;
use crate::auth::bearer;
use crate::peer::peer;
use crate::problem::{Problem, ProblemCode};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;

/// A token has at most so many characters.
const TOKEN_CHARS_MAX: usize = 256;

/// An edge that asks.
#[derive(Clone, Copy, Debug)]
pub struct EdgeScope {
    /// Its place among the expected ones.
    pub index: usize,
    /// Where the request came from.
    pub address: IpAddr,
}

/// Lets an edge's request in, or answers with the problem.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let address = peer(request.extensions());
    let found = match bearer(request.headers()) {
        Some(token) => edge(&app, address, token),
        None => Err(Problem::new(ProblemCode::Unauthorized)),
    };
    match found {
        Ok(edge) => {
            request.extensions_mut().insert(edge);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn edge(app: &App, address: IpAddr, token: &str) -> Result<EdgeScope, Problem> {
    let now = app.parts.clock.now();
    // Edges share addresses with whoever guesses behind the same proxy: a right token is always taken.
    if token.len() <= TOKEN_CHARS_MAX
        && let Some(index) = app.parts.vault.fleet.by_token(token)
    {
        return Ok(EdgeScope { index, address });
    }
    Err(app.auth.refused(address, now))
}

/// From the edges' guard.
impl FromRequestParts<App> for EdgeScope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| Problem::new(ProblemCode::Unauthorized))
    }
}
