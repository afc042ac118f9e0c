//! The operators' guard: a token, kept hashed, and the role that goes with it.

use super::{Auth, OPERATOR_TOKEN_PREFIX, bearer};
use crate::app::App;
use crate::peer::peer;
use crate::problem::{Problem, ProblemCode};
use crate::scope::Operator;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::accounts::{AccountStore, OperatorRow};

/// A token: the prefix and 43 characters of base64url.
const TOKEN_CHARS: usize = OPERATOR_TOKEN_PREFIX.len() + 43;
/// How long a token that was known is taken while the database does not answer: who runs the system must be able to look
/// at it then.
const STALE_MS: i64 = 3_600_000;
/// Who is known waits no longer for a database: one that stands still keeps its connections open and says nothing.
const LOOK_UP_WAIT: Duration = Duration::from_secs(1);

/// Who operates: the seam at which tests answer from memory; [`AccountStore`] is the real one.
pub trait Operators: Send + Sync + 'static {
    /// As [`AccountStore::operator_by_token`].
    fn by_token<'a>(
        &'a self,
        sha256: &'a str,
        now: UnixMillis,
    ) -> BoxFuture<'a, Result<Option<OperatorRow>, StoreError>>;
}

impl Operators for AccountStore {
    fn by_token<'a>(
        &'a self,
        sha256: &'a str,
        now: UnixMillis,
    ) -> BoxFuture<'a, Result<Option<OperatorRow>, StoreError>> {
        Box::pin(self.operator_by_token(sha256, now))
    }
}

/// Lets an operator's request in, or answers with the problem.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let (address, token) = (peer(request.extensions()), bearer(request.headers()).map(str::to_owned));
    match app.auth.operator(&app, address, token.as_deref()).await {
        Ok(operator) => {
            request.extensions_mut().insert(operator);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

impl Auth {
    async fn operator(&self, app: &App, address: IpAddr, token: Option<&str>) -> Result<Operator, Problem> {
        let token = token.ok_or_else(|| Problem::new(ProblemCode::Unauthorized))?;
        let now = app.parts.clock.now();
        // Before the look-up, else the limit would not slow a guesser down.
        self.attempts.check(address, now)?;
        if token.len() == TOKEN_CHARS && token.starts_with(OPERATOR_TOKEN_PREFIX) {
            let sha256 = HEXLOWER.encode(&Sha256::digest(token.as_bytes()));
            if let Some(row) = self.operator_row(app, sha256, now).await? {
                return Ok(Operator { name: row.name.into(), role: row.role, address });
            }
        }
        self.attempts.failed(address, now);
        Err(Problem::new(ProblemCode::Unauthorized))
    }

    /// Counts a token that is none, which is known already; the answer is always a problem.
    pub(crate) fn refused(&self, address: IpAddr, now: UnixMillis) -> Problem {
        if let Err(problem) = self.attempts.check(address, now) {
            return problem;
        }
        self.attempts.failed(address, now);
        Problem::new(ProblemCode::Unauthorized)
    }

    async fn operator_row(
        &self,
        app: &App,
        sha256: String,
        now: UnixMillis,
    ) -> Result<Option<OperatorRow>, StoreError> {
        let asked = match self.operators.fresh(&sha256, now) {
            Ok(row) => return Ok(Some(row)),
            Err(asked) => asked,
        };
        let known = self.operators.stale(&sha256, now, STALE_MS);
        let look_up = app.parts.operators.by_token(&sha256, now);
        let found = match &known {
            Some(_) => tokio::time::timeout(LOOK_UP_WAIT, look_up).await.unwrap_or_else(|_| Err(no_answer())),
            None => look_up.await,
        };
        match found {
            Ok(Some(row)) => {
                self.operators.put(asked, sha256, row.clone(), now);
                Ok(Some(row))
            }
            Ok(None) => {
                self.operators.drop_entry(&sha256);
                Ok(None)
            }
            Err(error) if error.is_unavailable() => known.map(Some).ok_or(error),
            Err(error) => Err(error),
        }
    }
}

fn no_answer() -> StoreError {
    let cause = format!("no answer within {} s", LOOK_UP_WAIT.as_secs());
    StoreError::Unavailable { attempted: "look an operator up", cause }
}
