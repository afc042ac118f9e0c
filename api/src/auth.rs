//! Who asks: the guards around both APIs, and what they go by. They put who acts into the request ([`crate::scope`]), or
//! answer 401.
//!
//! A customer is who a session says: its access token names it, and it is looked up, at most [`recent::FRESH_MS`] ago. An
//! operator is who has a token. While the database does not answer, those who were known lately still are.

mod attempts;
mod cookies;
mod customers;
mod hs256;
mod operators;
pub(crate) mod origin;
mod recent;
pub(crate) mod sign_in;
pub(crate) mod sui;
mod token;

pub(crate) use customers::guard as guard_customer;
pub use operators::Operators;
pub(crate) use operators::guard as guard_operator;

use crate::app::{Accounts, ApiLimits};
use attempts::Attempts;
use axum::http::{HeaderMap, header};
use recent::Recent;
use suiftly_store::accounts::{LiveSession, OperatorRow};
pub use token::REFRESH_S;
use token::Tokens;

/// The cookie that carries a customer's access token.
pub(crate) const ACCESS_COOKIE: &str = "suiftly_access";
/// The cookie that carries a customer's refresh token.
pub(crate) const REFRESH_COOKIE: &str = "suiftly_refresh";
/// What operators' tokens begin with.
pub const OPERATOR_TOKEN_PREFIX: &str = "sop_";

/// What the guards keep.
pub(crate) struct Auth {
    tokens: Tokens,
    attempts: Attempts,
    /// By public id.
    sessions: Recent<String, LiveSession>,
    /// By the token's SHA-256.
    operators: Recent<String, OperatorRow>,
}

impl Auth {
    pub(crate) fn new(limits: &ApiLimits, accounts: &Accounts) -> Self {
        Self {
            tokens: Tokens::new(accounts.jwt.clone(), &accounts.mode.domain),
            attempts: Attempts::new(limits.failed_attempts),
            sessions: Recent::new(),
            operators: Recent::new(),
        }
    }

    /// After a customer's account was closed or opened again, or an operator's role or token changed: look it up again.
    pub(crate) fn forget_all(&self) {
        self.sessions.forget_all();
        self.operators.forget_all();
    }
}

/// The machine has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("making a random id: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

/// Random bytes.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], NoRandomness> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
