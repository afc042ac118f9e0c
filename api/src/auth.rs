//! Sign-in until there is sign-in: one development token, as Bearer or exchanged for a session cookie.
//!
//! The cookie holds a random id that lives in memory for twelve hours, never the token. Failed attempts are counted per
//! address. A write that comes by cookie must come from our own pages.

mod attempts;
mod session;

pub(crate) use session::SESSION_COOKIE;

use crate::app::{ApiLimits, App};
use crate::problem::{FieldError, Problem, ProblemCode};
use attempts::Attempts;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use session::Sessions;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use subtle::ConstantTimeEq;
use suiftly_schema::time::UnixMillis;

/// The shortest development token, in bytes.
pub const DEV_TOKEN_MIN_BYTES: usize = 16;

/// The development token. Its `Debug` does not show it.
#[derive(Clone)]
pub struct DevToken(String);

/// Why a text is no development token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DevTokenError {
    /// It could be guessed.
    #[error("a development token has at least {DEV_TOKEN_MIN_BYTES} characters")]
    TooShort,
    /// It could not be sent in a header.
    #[error("a development token is of visible ASCII characters")]
    NotVisible,
}

impl DevToken {
    /// Takes a token.
    pub fn new(token: &str) -> Result<Self, DevTokenError> {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(DevTokenError::NotVisible);
        }
        if token.len() < DEV_TOKEN_MIN_BYTES { Err(DevTokenError::TooShort) } else { Ok(Self(token.to_owned())) }
    }

    /// Compares, in a time that tells nothing but the length.
    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for DevToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevToken(…)")
    }
}

/// Lets a request in, or answers with the problem.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.auth.admit(&request, app.parts.clock.now()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// What sign-in keeps.
#[derive(Debug)]
pub(crate) struct Auth {
    dev_token: DevToken,
    sessions: Sessions,
    attempts: Attempts,
}

impl Auth {
    pub(crate) fn new(dev_token: DevToken, limits: &ApiLimits) -> Self {
        let (sessions, attempts) = (Sessions::new(limits.sessions), Attempts::new(limits.failed_attempts));
        Self { dev_token, sessions, attempts }
    }

    /// Whether a request may come in.
    fn admit(&self, request: &Request, now: UnixMillis) -> Result<(), Problem> {
        let headers = request.headers();
        if let Some(token) = bearer(headers) {
            return self.check_token(peer(request), token, now);
        }
        if !session_cookies(headers).any(|id| self.sessions.is_open(id, now)) {
            return Err(Problem::new(ProblemCode::Unauthorized));
        }
        if writes(request.method()) && !same_origin(headers).unwrap_or(false) {
            return Err(Problem::new(ProblemCode::CrossSite));
        }
        Ok(())
    }

    /// Exchanges the token for a session: the cookie's whole `Set-Cookie` value.
    pub(crate) fn open_session(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        token: &str,
        now: UnixMillis,
    ) -> Result<String, Problem> {
        // No browser may be signed in by another site's form; programs send neither header.
        if same_origin(headers) == Some(false) {
            return Err(Problem::new(ProblemCode::CrossSite));
        }
        if token.is_empty() {
            return Err(Problem::validation(vec![FieldError::new("token", "must not be empty")]));
        }
        self.check_token(peer, token, now)?;
        let id = self.sessions.open(now).map_err(|error| Problem::internal(&error))?;
        Ok(session::set_cookie(&id))
    }

    fn check_token(&self, peer: IpAddr, token: &str, now: UnixMillis) -> Result<(), Problem> {
        // Before the comparison, else the limit would not slow a guesser down.
        if let Some(wait_s) = self.attempts.wait_s(peer, now) {
            return Err(Problem::new(ProblemCode::TooManyAttempts).retry_after_s(wait_s));
        }
        if self.dev_token.is(token) {
            return Ok(());
        }
        self.attempts.failed(peer, now);
        Err(Problem::new(ProblemCode::Unauthorized))
    }
}

/// Whose connection it is; unspecified where a test made the request.
pub(crate) fn peer(request: &Request) -> IpAddr {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn session_cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value)
    })
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the browser says that the request comes from our own origin; `None` if it says nothing.
fn same_origin(headers: &HeaderMap) -> Option<bool> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return Some(site == "same-origin");
    }
    let origin = text(header::ORIGIN)?;
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    Some(authority.is_some() && authority == text(header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers<'a> = &'a [(&'static str, &'a str)];

    #[test]
    fn what_is_no_token_is_refused_and_none_is_shown() {
        assert_eq!(DevToken::new("short").err(), Some(DevTokenError::TooShort));
        assert_eq!(DevToken::new("sixteen characters").err(), Some(DevTokenError::NotVisible));
        let token = DevToken::new("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "DevToken(…)");
        assert!(token.is("0123456789abcdef"));
        for other in ["", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0"] {
            assert!(!token.is(other), "{other}");
        }
    }

    #[test]
    fn writes_by_cookie_come_from_our_own_pages() {
        const TOKEN: &str = "0123456789abcdef";
        let auth = Auth::new(DevToken::new(TOKEN).unwrap(), &ApiLimits::default());
        let now = UnixMillis(0);
        let cookie = auth.open_session(Ipv4Addr::LOCALHOST.into(), &HeaderMap::new(), TOKEN, now).unwrap();
        let cookie = ("cookie", cookie.split(';').next().unwrap());
        let bearer = format!("Bearer {TOKEN}");
        let cases: [(Method, Headers<'_>, Option<ProblemCode>); 8] = [
            (Method::POST, &[cookie], Some(ProblemCode::CrossSite)),
            (Method::POST, &[cookie, ("sec-fetch-site", "cross-site")], Some(ProblemCode::CrossSite)),
            (Method::DELETE, &[cookie, ("host", "a"), ("origin", "http://b")], Some(ProblemCode::CrossSite)),
            (Method::POST, &[cookie, ("sec-fetch-site", "same-origin")], None),
            (Method::POST, &[cookie, ("host", "a"), ("origin", "http://a")], None),
            (Method::POST, &[("authorization", &bearer)], None),
            (Method::GET, &[cookie], None),
            (Method::POST, &[], Some(ProblemCode::Unauthorized)),
        ];
        for (method, headers, problem) in cases {
            let mut request = Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let admitted = auth.admit(&request.body(axum::body::Body::empty()).unwrap(), now);
            assert_eq!(admitted.err().map(|problem| problem.code), problem, "{headers:?}");
        }
    }

    #[test]
    fn origins() {
        let cases: [(Headers<'_>, Option<bool>); 8] = [
            (&[("host", "a:3000")], None),
            (&[("host", "a:3000"), ("sec-fetch-site", "same-origin")], Some(true)),
            (&[("host", "a:3000"), ("sec-fetch-site", "same-site")], Some(false)),
            (&[("host", "a:3000"), ("sec-fetch-site", "cross-site"), ("origin", "http://a:3000")], Some(false)),
            (&[("host", "a:3000"), ("origin", "http://a:3000")], Some(true)),
            (&[("host", "a:3000"), ("origin", "http://a:3001")], Some(false)),
            (&[("host", "a:3000"), ("origin", "null")], Some(false)),
            (&[("origin", "http://a:3000")], Some(false)),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(same_origin(&headers), expected, "{given:?}");
        }
    }
}
