//! Signing in, going on and signing out: a wallet's signature for a pair of tokens, a refresh token for the next pair.

use super::origin::same_origin;
use super::sui::{self, SIGNATURE_CHARS_MAX, SignatureError, WalletAddress};
use super::token::{Token, TokenKind};
use super::{Auth, NoRandomness, cookies, random};
use crate::app::App;
use crate::problem::{FieldError, Problem, ProblemCode};
use axum::http::{HeaderMap, HeaderValue, header};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::drawn_customer;
use suiftly_store::accounts::{Act, Actor, Challenge, NewSession, Refresh, Refreshed, SignIn};

/// How long a challenge may be signed.
pub(crate) const CHALLENGE_MS: i64 = 10 * 60_000;
/// Ids that are drawn for a new customer: that all of them are taken does not happen below a billion customers.
const IDS_DRAWN: usize = 8;
/// A client's name for itself is cut at so many characters.
const USER_AGENT_CHARS_MAX: usize = 300;

/// A session's tokens as they are handed out.
pub(crate) struct Issued {
    /// The session's public id.
    pub(crate) session: String,
    /// For asking.
    pub(crate) access: Token,
    /// For the next pair; `None` where another answer has given it.
    pub(crate) refresh: Option<Token>,
    /// Whether the customer was made now.
    pub(crate) is_new: bool,
}

/// The challenge that this wallet is to sign.
pub(crate) async fn challenge(app: &App, address: &str) -> Result<Challenge, Problem> {
    let wallet = wallet(address)?;
    let now = app.parts.clock.now();
    let nonce = random_hex::<32>()?;
    let expires_at = now.plus_ms(CHALLENGE_MS);
    let message = message(&app.parts.accounts.mode.domain, wallet, &nonce, now, expires_at);
    let new = Challenge { wallet_address: wallet.to_string(), nonce, message, issued_at: now, expires_at };
    Ok(app.parts.accounts.store.challenge(&new).await?)
}

/// What a wallet shows its owner, and signs.
fn message(domain: &str, wallet: WalletAddress, nonce: &str, issued: UnixMillis, expires: UnixMillis) -> String {
    format!(
        "{domain} asks you to sign in with your Sui wallet.\n\nThis is free, and moves no funds.\n\nAddress: {wallet}\n\
         Nonce: {nonce}\nIssued at: {}\nExpires at: {}",
        issued.rfc3339(),
        expires.rfc3339(),
    )
}

/// Exchanges the signature of a pending challenge for a session.
pub(crate) async fn verify(
    app: &App,
    from: IpAddr,
    headers: &HeaderMap,
    address: &str,
    signature: &str,
) -> Result<Issued, Problem> {
    let now = app.parts.clock.now();
    app.auth.check_attempts(from, now)?;
    let wallet = wallet(address)?;
    if signature.is_empty() || signature.len() > SIGNATURE_CHARS_MAX {
        return Err(bad_signature("must be a Sui signature in base64"));
    }
    let store = &app.parts.accounts.store;
    let pending = store.pending_challenge(&wallet.to_string(), now).await?;
    let Some(challenge) = pending else { return Err(app.auth.failed(from, now, ProblemCode::NoChallenge)) };
    if !app.parts.accounts.mode.mock_auth {
        sui::verify(wallet, challenge.message.as_bytes(), signature).map_err(|error| match error {
            SignatureError::Form | SignatureError::Scheme(_) => bad_signature(&error.to_string()),
            SignatureError::Wrong | SignatureError::OtherWallet => {
                app.auth.failed(from, now, ProblemCode::InvalidSignature).detail(error.to_string())
            }
        })?;
    }
    open(app, from, headers, &challenge, now).await
}

async fn open(
    app: &App,
    from: IpAddr,
    headers: &HeaderMap,
    challenge: &Challenge,
    now: UnixMillis,
) -> Result<Issued, Problem> {
    let session = random_hex::<16>()?;
    let (access, refresh) =
        (app.auth.token(TokenKind::Access, &session, now)?, app.auth.token(TokenKind::Refresh, &session, now)?);
    let new = NewSession {
        id: session.clone(),
        refresh_sha256: sha256(&refresh.text),
        expires_at: refresh.expires_at,
        user_agent: user_agent(headers),
    };
    let sign_in = SignIn {
        wallet_address: &challenge.wallet_address,
        nonce: &challenge.nonce,
        ids: &drawn_ids()?,
        display_name: &short(&challenge.wallet_address),
        session: &new,
        address: from,
        at: now,
    };
    let signed_in = app.parts.accounts.store.sign_in(&sign_in).await?;
    let Some(signed_in) = signed_in else { return Err(app.auth.failed(from, now, ProblemCode::NoChallenge)) };
    app.auth.forget_sessions(&signed_in.replaced);
    Ok(Issued { session, access, refresh: Some(refresh), is_new: signed_in.is_new })
}

/// Exchanges a refresh token for the next pair.
pub(crate) async fn refresh(app: &App, from: IpAddr, token: &str) -> Result<Issued, Problem> {
    let now = app.parts.clock.now();
    app.auth.check_attempts(from, now)?;
    let Some(session) = app.auth.tokens.session(TokenKind::Refresh, token, now) else {
        return Err(app.auth.failed(from, now, ProblemCode::Unauthorized));
    };
    let next = app.auth.token(TokenKind::Refresh, &session, now)?;
    let (sha256, next_sha256) = (sha256(token), sha256(&next.text));
    let order = Refresh {
        session: &session,
        sha256: &sha256,
        next_sha256: &next_sha256,
        next_expires_at: next.expires_at,
        address: from,
        at: now,
    };
    let refresh = match app.parts.accounts.store.refresh(&order).await? {
        Refreshed::Rotated => Some(next),
        Refreshed::Again => None,
        Refreshed::Reused => {
            app.auth.forget_sessions([&session]);
            tracing::warn!(%session, "a refresh token was used again: its session is revoked");
            return Err(app.auth.failed(from, now, ProblemCode::Unauthorized));
        }
        Refreshed::Ended => return Err(app.auth.failed(from, now, ProblemCode::Unauthorized)),
    };
    let access = app.auth.token(TokenKind::Access, &session, now)?;
    Ok(Issued { session, access, refresh, is_new: false })
}

/// Ends the session that a request is of: by its access token, or where that has ended by the refresh cookie.
pub(crate) async fn log_out(app: &App, from: IpAddr, headers: &HeaderMap) -> Result<(), Problem> {
    let now = app.parts.clock.now();
    let (session, by_cookie) = app.auth.named_session(headers, now).ok_or_else(unauthorized)?;
    if by_cookie && same_origin(headers) != Some(true) {
        return Err(Problem::new(ProblemCode::CrossSite));
    }
    let customer = app.auth.live_session(app, &session, now).await?.ok_or_else(unauthorized)?.customer;
    let act = Act { actor: Actor::Customer { session: session.clone() }, address: Some(from), at: now };
    let ended = app.parts.accounts.store.log_out(customer, &session, &act).await;
    app.auth.forget_sessions([&session]);
    ended?;
    Ok(())
}

fn unauthorized() -> Problem {
    Problem::new(ProblemCode::Unauthorized)
}

impl Auth {
    fn token(&self, kind: TokenKind, session: &str, now: UnixMillis) -> Result<Token, Problem> {
        let jti = random_hex::<16>()?;
        self.tokens.make(kind, session, &jti, now).map_err(|error| Problem::internal(&error))
    }

    /// Counts a failure, and says it.
    fn failed(&self, from: IpAddr, now: UnixMillis, code: ProblemCode) -> Problem {
        self.attempts.failed(from, now);
        Problem::new(code)
    }

    /// The session that any of a request's tokens is of, and whether a cookie says so.
    fn named_session(&self, headers: &HeaderMap, now: UnixMillis) -> Option<(String, bool)> {
        if let Some(token) = super::bearer(headers) {
            return self.tokens.session(TokenKind::Access, token, now).map(|session| (session, false));
        }
        let of = |jar: cookies::Jar, kind| jar.values(headers).find_map(|token| self.tokens.session(kind, token, now));
        let session = of(cookies::ACCESS, TokenKind::Access).or_else(|| of(cookies::REFRESH, TokenKind::Refresh))?;
        Some((session, true))
    }
}

/// The refresh token in a request's cookie.
pub(crate) fn refresh_cookie(headers: &HeaderMap) -> Option<&str> {
    cookies::REFRESH.values(headers).next()
}

/// The cookies that hand a pair of tokens to a browser.
pub(crate) fn handed_out(app: &App, issued: &Issued) -> Vec<HeaderValue> {
    let is_secure = app.parts.accounts.mode.secure_cookies;
    let refresh = issued.refresh.as_ref().map(|token| cookies::REFRESH.put(token, is_secure));
    [cookies::ACCESS.put(&issued.access, is_secure)].into_iter().chain(refresh).collect()
}

/// The cookies that take them back.
pub(crate) fn taken_back(app: &App) -> [HeaderValue; 2] {
    let is_secure = app.parts.accounts.mode.secure_cookies;
    [cookies::ACCESS.clear(is_secure), cookies::REFRESH.clear(is_secure)]
}

/// What puts cookies into a browser is not asked for by another site's page. Programs send neither header.
pub(crate) fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    if same_origin(headers) == Some(false) { Err(Problem::new(ProblemCode::CrossSite)) } else { Ok(()) }
}

/// What comes by cookie comes from our own pages.
pub(crate) fn check_own_origin(headers: &HeaderMap) -> Result<(), Problem> {
    if same_origin(headers) == Some(true) { Ok(()) } else { Err(Problem::new(ProblemCode::CrossSite)) }
}

fn wallet(address: &str) -> Result<WalletAddress, Problem> {
    let message = "must be a Sui address: 0x and 64 hexadecimal digits";
    WalletAddress::parse(address).ok_or_else(|| Problem::validation(vec![FieldError::new("address", message)]))
}

fn bad_signature(message: &str) -> Problem {
    Problem::validation(vec![FieldError::new("signature", message)])
}

fn random_hex<const BYTES: usize>() -> Result<String, Problem> {
    random::<BYTES>().map(|bytes| HEXLOWER.encode(&bytes)).map_err(|error| Problem::internal(&error))
}

/// Ids for a new customer: 31 bits, which tell nothing of how many there are.
fn drawn_ids() -> Result<Vec<CustomerId>, Problem> {
    let draw = || -> Result<CustomerId, NoRandomness> {
        loop {
            if let Some(id) = drawn_customer(u32::from_be_bytes(random()?)) {
                return Ok(id);
            }
        }
    };
    (0..IDS_DRAWN).map(|_| draw()).collect::<Result<_, _>>().map_err(|error| Problem::internal(&error))
}

fn sha256(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// `0x1234…cdef`.
fn short(address: &str) -> String {
    format!("{}…{}", &address[..6], &address[address.len() - 4..])
}

fn user_agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.chars().filter(|character| !character.is_control()).take(USER_AGENT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::vault::CANARY_BASE;

    #[test]
    fn a_message_names_everything_that_is_asked() {
        let wallet = WalletAddress::parse(&format!("0x{}", "ab".repeat(32))).unwrap();
        let at = |text| UnixMillis::parse_rfc3339(text).unwrap();
        let message = message("example.org", wallet, "00ff", at("2026-11-22T10:00:00Z"), at("2026-11-22T10:10:00Z"));
        let expected = format!(
            "example.org asks you to sign in with your Sui wallet.\n\nThis is free, and moves no funds.\n\nAddress: {wallet}\n\
             Nonce: 00ff\nIssued at: 2026-11-22T10:00:00Z\nExpires at: 2026-11-22T10:10:00Z"
        );
        assert_eq!(message, expected);
    }

    #[test]
    fn ids_have_31_bits_and_names_are_short() {
        for _ in 0..100 {
            assert!(drawn_ids().unwrap().iter().all(|id| (1..CANARY_BASE).contains(&id.get())));
        }
        assert_eq!(short(&format!("0x{}", "ab".repeat(32))), "0xabab…abab");
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, "a".repeat(1_000).parse().unwrap());
        assert_eq!(user_agent(&headers).len(), USER_AGENT_CHARS_MAX);
    }
}
