//! Sign-in: `challenge`, `verify`, `refresh`, `logout`, and the sessions of who is signed in.

mod wire;

use crate::app::App;
use crate::auth::sign_in::{self, Issued};
use crate::body;
use crate::params;
use crate::path::Path;
use crate::peer::peer;
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::{
    Challenge, ChallengeRequest, RefreshRequest, Revoked, Session, SessionId, Sessions, SignedIn, TokensBy,
    VerifyRequest,
};

/// For those who are not signed in.
pub(crate) fn open_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(challenge))
        .routes(routes!(verify))
        .routes(routes!(refresh))
        .routes(routes!(log_out))
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sessions, revoke_others)).routes(routes!(revoke))
}

/// A message for a wallet to sign: first step of signing in.
///
/// The wallet signs `message`, byte for byte, as a Sui personal message. While a challenge is pending for an address it is
/// handed out again.
#[utoipa::path(post, path = "/auth/challenge", tag = "sign-in", request_body = ChallengeRequest, security(()), responses(
    (status = 200, body = Challenge),
    (status = 400, description = "`validation`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`body_too_long`", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`, `timeout`", body = Problem, content_type = "application/problem+json"),
))]
async fn challenge(State(app): State<App>, request: Request) -> Result<Json<Challenge>, Problem> {
    let body: ChallengeRequest = body::read(request).await?;
    let challenge = sign_in::challenge(&app, &body.address).await?;
    Ok(Json(challenge.into()))
}

/// Signs in by a signed challenge. Who comes for the first time gets an account.
///
/// By default the tokens come as httpOnly cookies (`suiftly_access`, `suiftly_refresh`); programs ask for
/// `"tokens": "body"`.
#[utoipa::path(post, path = "/auth/verify", tag = "sign-in", request_body = VerifyRequest, security(()), responses(
    (status = 200, body = SignedIn),
    (status = 400, description = "`validation`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`invalid_signature`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "`no_challenge`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`body_too_long`", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, `too_many_attempts`", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`, `timeout`", body = Problem, content_type = "application/problem+json"),
))]
async fn verify(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (from, headers) = (peer(request.extensions()), request.headers().clone());
    let body: VerifyRequest = body::read(request).await?;
    check_cookies(body.tokens, &headers)?;
    let issued = sign_in::verify(&app, from, &headers, &body.address, &body.signature).await?;
    Ok(signed_in(&app, issued, body.tokens))
}

/// Exchanges a refresh token for the next pair of tokens.
///
/// The token comes in the cookie, and the next ones go there; or in the body, and the next ones come in the body. Each is
/// used once: one that comes again ends its session. Where two requests come at once, the second gets an access token
/// alone.
#[utoipa::path(post, path = "/auth/refresh", tag = "sign-in", request_body = Option<RefreshRequest>, security(()), responses(
    (status = 200, body = SignedIn),
    (status = 400, description = "`validation`", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "`unauthorized`: sign in again", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "`body_too_long`", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "`unsupported_media_type`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`, `too_many_attempts`", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`, `timeout`", body = Problem, content_type = "application/problem+json"),
))]
async fn refresh(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (from, headers) = (peer(request.extensions()), request.headers().clone());
    let body = if headers.contains_key(header::CONTENT_TYPE) {
        body::read::<RefreshRequest>(request).await?
    } else {
        RefreshRequest::default()
    };
    if let Some(token) = body.refresh_token {
        let tokens = body.tokens.unwrap_or(TokensBy::Body);
        check_cookies(tokens, &headers)?;
        return Ok(signed_in(&app, sign_in::refresh(&app, from, &token).await?, tokens));
    }
    // A page that may not read the cookie may not have it read out either.
    if body.tokens == Some(TokensBy::Body) {
        let message = "must be given where tokens come in the body";
        return Err(Problem::validation(vec![FieldError::new("refresh_token", message)]));
    }
    let token = sign_in::refresh_cookie(&headers).ok_or_else(|| Problem::new(ProblemCode::Unauthorized))?;
    sign_in::check_own_origin(&headers)?;
    match sign_in::refresh(&app, from, token).await {
        Ok(issued) => Ok(signed_in(&app, issued, TokensBy::Cookie)),
        Err(problem) if problem.code == ProblemCode::Unauthorized => {
            Ok(with_cookies(problem.into_response(), sign_in::taken_back(&app)))
        }
        Err(problem) => Err(problem),
    }
}

/// Signs out: ends this session.
#[utoipa::path(post, path = "/auth/logout", tag = "sign-in", responses(
    (status = 204, description = "Signed out"),
    (status = 401, description = "`unauthorized`", body = Problem, content_type = "application/problem+json"),
    (status = 403, description = "`cross_site`", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "`rate_limited`", body = Problem, content_type = "application/problem+json"),
    (status = 500, description = "`internal`", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`store_unavailable`, `timeout`", body = Problem, content_type = "application/problem+json"),
))]
async fn log_out(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    sign_in::log_out(&app, peer(request.extensions()), request.headers()).await?;
    Ok(with_cookies(StatusCode::NO_CONTENT.into_response(), sign_in::taken_back(&app)))
}

/// The open sessions of the account, the one used last first.
#[utoipa::path(get, path = "/auth/sessions", operation_id = "list_sessions", tag = "sign-in", responses(
    (status = 200, body = Sessions),
    GuardedProblems,
))]
async fn sessions(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<Sessions>, Problem> {
    params::parse_none(&query.unwrap_or_default())?;
    let rows = app.parts.accounts.store.sessions(customer.id, app.parts.clock.now()).await?;
    let items = rows.into_iter().map(|row| Session::of(row, &customer.session)).collect();
    Ok(Json(Sessions { items, next_cursor: None }))
}

/// Ends one of the account's sessions.
#[utoipa::path(delete, path = "/auth/sessions/{id}", operation_id = "revoke_session", tag = "sign-in", params(SessionId), responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn revoke(State(app): State<App>, customer: Customer, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    // Only our own form is looked up: no byte of a stranger's reaches the database.
    if !wire::is_session_id(&id) {
        return Err(Problem::new(ProblemCode::NotFound));
    }
    let act = customer.act(app.parts.clock.now());
    let was_open = app.parts.accounts.store.revoke_session(customer.id, &id, &act).await?;
    if !was_open {
        return Err(Problem::new(ProblemCode::NotFound));
    }
    app.auth.forget_sessions([&id]);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the account's sessions but this one.
#[utoipa::path(delete, path = "/auth/sessions", operation_id = "revoke_other_sessions", tag = "sign-in", responses(
    (status = 200, body = Revoked),
    GuardedProblems,
))]
async fn revoke_others(State(app): State<App>, customer: Customer) -> Result<Json<Revoked>, Problem> {
    let act = customer.act(app.parts.clock.now());
    let ended = app.parts.accounts.store.revoke_other_sessions(customer.id, &customer.session, &act).await?;
    app.auth.forget_sessions(&ended);
    Ok(Json(Revoked { revoked: u32::try_from(ended.len()).unwrap_or(u32::MAX) }))
}

/// No browser may be signed in by another site's page: that would put the visitor into a stranger's account.
fn check_cookies(tokens: TokensBy, headers: &HeaderMap) -> Result<(), Problem> {
    if tokens == TokensBy::Cookie { sign_in::check_origin(headers) } else { Ok(()) }
}

/// The answer to who has signed in: tokens in cookies or in the body, never in both.
fn signed_in(app: &App, issued: Issued, tokens: TokensBy) -> Response {
    match tokens {
        TokensBy::Body => Json(SignedIn::with_tokens(issued)).into_response(),
        TokensBy::Cookie => {
            let cookies = sign_in::handed_out(app, &issued);
            with_cookies(Json(SignedIn::without_tokens(issued)).into_response(), cookies)
        }
    }
}

fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
