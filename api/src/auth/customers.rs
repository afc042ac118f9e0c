//! The customers' guard: the access token of an open session, as Bearer or in a cookie.

use super::origin::{same_origin, writes};
use super::token::{ACCESS_S, TokenKind};
use super::{Auth, bearer, cookies};
use crate::app::App;
use crate::idempotency;
use crate::limits::{Level, told};
use crate::peer::peer;
use crate::problem::{Problem, ProblemCode};
use crate::scope::Customer;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::accounts::LiveSession;

/// How long a session that was known is taken while the database does not answer: as long as its access token.
const STALE_MS: i64 = ACCESS_S * 1000;

/// Lets a customer's request in, or answers with the problem.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    match admit(&app, &head).await {
        Ok((customer, level)) => {
            head.extensions.insert(customer.clone());
            let request = Request::from_parts(head, body);
            told(idempotency::around(&app, &customer, request, next).await, level)
        }
        Err(refused) => *refused,
    }
}

/// What a request is refused with.
type Refused = Box<Response>;

async fn admit(app: &App, head: &Parts) -> Result<(Customer, Option<Level>), Refused> {
    let now = app.parts.clock.now();
    let (open, by) = app.auth.open_session(app, &head.headers, now).await.map_err(refused)?;
    let level =
        app.rates.of_customer(open.session.customer, now).map_err(|refusal| Box::new(refusal.into_response()))?;
    if writes(&head.method) {
        check_write(&open, by, &head.headers).map_err(refused)?;
    }
    let customer = Customer { id: open.session.customer, session: open.id.into(), address: peer(&head.extensions) };
    Ok((customer, level))
}

fn refused(problem: Problem) -> Refused {
    Box::new(problem.into_response())
}

fn check_write(open: &OpenSession, by: By, headers: &HeaderMap) -> Result<(), Problem> {
    if by == By::Cookie && same_origin(headers) != Some(true) {
        return Err(Problem::new(ProblemCode::CrossSite));
    }
    if open.session.is_closed {
        return Err(Problem::new(ProblemCode::AccountClosed));
    }
    Ok(())
}

/// How a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Bearer,
    Cookie,
}

/// A session that is open.
pub(super) struct OpenSession {
    /// Its public id.
    pub(super) id: String,
    pub(super) session: LiveSession,
}

impl Auth {
    /// The open session that a request's access token names. A Bearer is looked at alone: who sends one means it.
    pub(super) async fn open_session(
        &self,
        app: &App,
        headers: &HeaderMap,
        now: UnixMillis,
    ) -> Result<(OpenSession, By), Problem> {
        let (id, by) = match bearer(headers) {
            Some(token) => (self.tokens.session(TokenKind::Access, token, now), By::Bearer),
            None => {
                let mut tokens = cookies::ACCESS.values(headers);
                (tokens.find_map(|token| self.tokens.session(TokenKind::Access, token, now)), By::Cookie)
            }
        };
        let id = id.ok_or_else(|| Problem::new(ProblemCode::Unauthorized))?;
        let session = self.live_session(app, &id, now).await?;
        let session = session.ok_or_else(|| Problem::new(ProblemCode::Unauthorized))?;
        Ok((OpenSession { id, session }, by))
    }

    /// An open session by its public id, looked up unless it was lately.
    pub(super) async fn live_session(
        &self,
        app: &App,
        id: &str,
        now: UnixMillis,
    ) -> Result<Option<LiveSession>, StoreError> {
        let is_open = |session: &LiveSession| session.expires_at > now;
        let key = id.to_owned();
        let asked = match self.sessions.fresh(&key, now) {
            Ok(session) => return Ok(Some(session).filter(is_open)),
            Err(asked) => asked,
        };
        match app.parts.accounts.store.live_session(id, now).await {
            Ok(Some(session)) => {
                self.sessions.put(asked, key, session.clone(), now);
                Ok(Some(session))
            }
            Ok(None) => {
                self.sessions.drop_entry(&key);
                Ok(None)
            }
            Err(error) if error.is_unavailable() => {
                self.sessions.stale(&key, now, STALE_MS).filter(is_open).map(Some).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Sessions that were ended: none of their tokens is taken from now on.
    pub(crate) fn forget_sessions<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
        ids.into_iter().for_each(|id| self.sessions.forget(id));
    }

    /// Refuses an address with too many failures behind it.
    pub(super) fn check_attempts(&self, address: IpAddr, now: UnixMillis) -> Result<(), Problem> {
        self.attempts.check(address, now)
    }
}
