//! Writes that are done once however often they are asked for: `Idempotency-Key` on any customer's write.
//!
//! The key is claimed before the handler runs. Its answer is kept for a day, sealed: it may hold a secret. What a handler
//! refused (4xx) was not done, so the key is given back. What failed (5xx) or was cut off may have been done: the key
//! stays claimed, and says so.
//!
//! The handler runs in a task of its own, so that a client that goes away leaves no write half known.

use crate::app::App;
use crate::auth::origin::writes;
use crate::auth::random;
use crate::problem::{FieldError, Problem, ProblemCode};
use crate::scope::Customer;
use crate::server::{BODY_BYTES_MAX, HANDLER_TIMEOUT};
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::sealed::NONCE_BYTES;
use suiftly_store::accounts::{Claim, answer_place};

/// The header that names a write.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// On answers that were kept.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// A key's length at most.
pub(crate) const KEY_CHARS_MAX: usize = 100;
/// The longest answer that is kept. A longer one is given, but not again.
const ANSWER_BYTES_MAX: u64 = 256 * 1024;
/// When to ask again about a write that is under way.
const BUSY_S: u64 = 1;
/// When to ask again if there is no room for more keys.
const FULL_S: u64 = 3_600;

/// What is done anew however often it is asked for, and on record each time: a kept answer would show a key unseen.
pub(crate) const NEVER_KEPT: [&str; 1] = ["/api/v1/keys/{id}/reveal"];

/// Runs the handler, once for each key.
pub(crate) async fn around(app: &App, customer: &Customer, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_kept = writes(request.method()) && !NEVER_KEPT.contains(&path);
    let Some(given) = request.headers().get(IDEMPOTENCY_KEY).filter(|_| is_kept) else {
        return next.run(request).await;
    };
    match key_of(given) {
        Ok(key) => once(app, customer.id, key, request, next).await.unwrap_or_else(Problem::into_response),
        Err(problem) => problem.into_response(),
    }
}

fn key_of(given: &HeaderValue) -> Result<String, Problem> {
    let key = given.to_str().unwrap_or_default();
    if (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(key.to_owned());
    }
    let message = format!("must be 1 to {KEY_CHARS_MAX} visible ASCII characters");
    Err(Problem::validation(vec![FieldError::new("Idempotency-Key", message)]))
}

async fn once(app: &App, customer: CustomerId, key: String, request: Request, next: Next) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::new(ProblemCode::BodyTooLong))?;
    let target = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let sha256 = sha256_of(&[head.method.as_str().as_bytes(), target.as_bytes(), &body]);
    let store = &app.parts.accounts.store;
    match store.claim_write(customer, &key, &sha256, app.parts.clock.now()).await? {
        Claim::Ours => {}
        Claim::Answered { status, sealed } => return replayed(app, customer, &key, status, &sealed),
        Claim::Mismatch => return Err(Problem::new(ProblemCode::IdempotencyMismatch)),
        Claim::UnderWay => return Err(Problem::new(ProblemCode::Busy).retry_after_s(BUSY_S)),
        Claim::CutOff => return Err(Problem::new(ProblemCode::OutcomeUnknown)),
        Claim::TooMany => {
            let problem = Problem::new(ProblemCode::RateLimited).detail("too many idempotency keys within a day");
            return Err(problem.retry_after_s(FULL_S));
        }
    }
    let run = run(app.clone(), customer, key, next, Request::from_parts(head, Body::from(body)));
    tokio::spawn(run).await.map_err(|error| Problem::internal(&error))
}

/// Of parts that cannot run into each other.
fn sha256_of(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

/// Runs the handler and keeps what it answers.
async fn run(app: App, customer: CustomerId, key: String, next: Next, request: Request) -> Response {
    let Ok(response) = tokio::time::timeout(HANDLER_TIMEOUT, next.run(request)).await else {
        return Problem::new(ProblemCode::Timeout).into_response();
    };
    let store = &app.parts.accounts.store;
    if response.status().is_client_error() {
        if let Err(error) = store.release_claim(customer, &key).await {
            tracing::warn!(%error, "a claimed write that was refused stays claimed");
        }
        return response;
    }
    if response.status().is_server_error() {
        return response;
    }
    if response.body().size_hint().exact().is_none_or(|bytes| bytes > ANSWER_BYTES_MAX) {
        return response;
    }
    keep(&app, customer, &key, response).await.unwrap_or_else(Problem::into_response)
}

async fn keep(app: &App, customer: CustomerId, key: &str, response: Response) -> Result<Response, Problem> {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|error| Problem::internal(&error))?;
    let sealed = sealed(app, customer, key, &head.headers, &body)?;
    let kept = app.parts.accounts.store.answer_claim(customer, key, head.status.as_u16(), &sealed).await;
    if let Err(error) = kept {
        tracing::warn!(%error, "the answer of a write was given and is not kept");
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

/// The content type, a zero byte, and the body.
fn sealed(app: &App, customer: CustomerId, key: &str, headers: &HeaderMap, body: &Bytes) -> Result<Vec<u8>, Problem> {
    let nonce = random::<NONCE_BYTES>().map_err(|error| Problem::internal(&error))?;
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let plain = [content_type, &[0], body].concat();
    Ok(app.parts.accounts.at_rest.seal(&plain, &answer_place(customer, key), nonce))
}

fn replayed(app: &App, customer: CustomerId, key: &str, status: u16, sealed: &[u8]) -> Result<Response, Problem> {
    let at_rest = &app.parts.accounts.at_rest;
    let mut plain = at_rest.open(sealed, &answer_place(customer, key)).map_err(|error| Problem::internal(&error))?;
    let zero = plain.iter().position(|byte| *byte == 0).unwrap_or_default();
    let body = plain.split_off((zero + 1).min(plain.len()));
    plain.truncate(zero);
    let status = StatusCode::from_u16(status).map_err(|error| Problem::internal(&error))?;
    let mut response = (status, [(REPLAYED, HeaderValue::from_static("true"))], body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    if let Ok(content_type) = HeaderValue::from_bytes(&plain)
        && !plain.is_empty()
    {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_request_do_not_run_into_each_other() {
        let digests =
            [sha256_of(&[b"POST", b"/a", b"b"]), sha256_of(&[b"POST", b"/", b"ab"]), sha256_of(&[b"POST/a", b"b"])];
        assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
    }

    #[test]
    fn keys_are_visible_and_short() {
        let long = "k".repeat(KEY_CHARS_MAX + 1);
        for (text, is_one) in [("a-key", true), ("", false), ("two words", false), (&long, false), (&long[1..], true)] {
            assert_eq!(key_of(&HeaderValue::from_str(text).unwrap()).is_ok(), is_one, "{text}");
        }
        assert!(key_of(&HeaderValue::from_bytes(b"\xff").unwrap()).is_err());
    }
}
