//! What sign-in takes and answers.

use crate::auth::sign_in::Issued;
use serde::{Deserialize, Serialize};
use suiftly_store::accounts::{self, SessionRow};
use utoipa::{IntoParams, ToSchema};

/// Whose challenge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeRequest {
    /// The wallet's Sui address.
    #[schema(pattern = "^0x[0-9a-fA-F]{64}$", min_length = 66, max_length = 66)]
    pub(super) address: String,
}

/// A message to sign.
#[derive(Serialize, ToSchema)]
pub(super) struct Challenge {
    /// The wallet's Sui address.
    address: String,
    /// To be signed as a personal message, byte for byte.
    message: String,
    /// What is in it once: 64 hexadecimal digits.
    nonce: String,
    /// Since when it is pending.
    #[schema(format = DateTime)]
    issued_at: String,
    /// Until when it may be used.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl From<accounts::Challenge> for Challenge {
    fn from(challenge: accounts::Challenge) -> Self {
        Self {
            address: challenge.wallet_address,
            message: challenge.message,
            nonce: challenge.nonce,
            issued_at: challenge.issued_at.rfc3339(),
            expires_at: challenge.expires_at.rfc3339(),
        }
    }
}

/// Where tokens go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokensBy {
    /// Into cookies that pages cannot read.
    #[default]
    Cookie,
    /// Into the answer.
    Body,
}

/// A signed challenge.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyRequest {
    /// The wallet's Sui address.
    #[schema(pattern = "^0x[0-9a-fA-F]{64}$", min_length = 66, max_length = 66)]
    pub(super) address: String,
    /// The wallet's signature of the challenge's message: base64 of flag, signature and public key. Ed25519, Secp256k1 or
    /// Secp256r1.
    #[schema(min_length = 1, max_length = 132)]
    pub(super) signature: String,
    /// Where the tokens go.
    #[serde(default)]
    #[schema(inline, default = "cookie")]
    pub(super) tokens: TokensBy,
}

/// A refresh token, where it does not come by cookie.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefreshRequest {
    /// The token.
    #[serde(default)]
    #[schema(format = Password, min_length = 1, max_length = 1024)]
    pub(super) refresh_token: Option<String>,
    /// Where the next ones go. Default: where this one came from.
    #[serde(default)]
    #[schema(inline)]
    pub(super) tokens: Option<TokensBy>,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// The session's id.
    session_id: String,
    /// Whether the account was made now.
    is_new: bool,
    /// Until when the access token is taken.
    #[schema(format = DateTime)]
    access_expires_at: String,
    /// Until when the refresh token is taken; absent where another answer has handed it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    refresh_expires_at: Option<String>,
    /// To be sent as Bearer; absent where it went into a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    access_token: Option<String>,
    /// For the next pair, once; absent where it went into a cookie, or another answer has handed it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    refresh_token: Option<String>,
}

impl SignedIn {
    pub(super) fn without_tokens(issued: Issued) -> Self {
        Self { access_token: None, refresh_token: None, ..Self::with_tokens(issued) }
    }

    pub(super) fn with_tokens(issued: Issued) -> Self {
        Self {
            session_id: issued.session,
            is_new: issued.is_new,
            access_expires_at: issued.access.expires_at.rfc3339(),
            refresh_expires_at: issued.refresh.as_ref().map(|token| token.expires_at.rfc3339()),
            access_token: Some(issued.access.text),
            refresh_token: issued.refresh.map(|token| token.text),
        }
    }
}

/// An open session.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    /// Its id.
    id: String,
    /// Whether it is the one that asks.
    is_current: bool,
    /// When it was opened.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was opened or refreshed last.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends, if it is not refreshed.
    #[schema(format = DateTime)]
    expires_at: String,
    /// From where it was opened or refreshed last.
    address: String,
    /// What the client called itself when it was opened.
    user_agent: String,
}

impl Session {
    pub(super) fn of(row: SessionRow, current: &str) -> Self {
        Self {
            is_current: row.id == current,
            id: row.id,
            created_at: row.created_at.rfc3339(),
            last_used_at: row.last_used_at.rfc3339(),
            expires_at: row.expires_at.rfc3339(),
            address: row.address.to_string(),
            user_agent: row.user_agent,
        }
    }
}

/// Sessions: 50 at most, so that one page holds them.
#[derive(Serialize, ToSchema)]
pub(super) struct Sessions {
    /// The one used last first.
    pub(super) items: Vec<Session>,
    /// Always null.
    pub(super) next_cursor: Option<String>,
}

/// Which session.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it documents; the path is read by the handler")]
pub(super) struct SessionId {
    /// The session's id: 32 hexadecimal digits.
    #[param(min_length = 1, max_length = 100)]
    id: String,
}

/// Whether a text has the form of a session's id.
pub(super) fn is_session_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What was ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Revoked {
    /// Sessions.
    pub(super) revoked: u32,
}
