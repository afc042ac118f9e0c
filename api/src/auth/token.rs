//! Access and refresh tokens: JWTs by HS256 under the key that their header names. They say which session they are of, and
//! no customer. One kind is never taken for the other.
//!
//! Times are the API's own clock's, so that a token's end and its session's are told by one.

use super::hs256;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;

/// Who issues them.
pub(crate) const ISSUER: &str = "suiftly";
/// How long an access token is taken.
pub(crate) const ACCESS_S: i64 = 15 * 60;
/// How long a refresh token is taken.
pub const REFRESH_S: i64 = 30 * 86_400;
/// How far the clocks of two servers may be apart.
const LEEWAY_S: i64 = 5;
/// A token's length at most; ours have half of that.
pub(crate) const TOKEN_CHARS_MAX: usize = 1_024;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TokenKind {
    /// Asking.
    Access,
    /// The next pair of tokens.
    Refresh,
}

impl TokenKind {
    const fn lifetime_s(self) -> i64 {
        match self {
            Self::Access => ACCESS_S,
            Self::Refresh => REFRESH_S,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    typ: TokenKind,
    /// The session's public id.
    sub: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// A token, and until when it is taken.
#[derive(Clone)]
pub(crate) struct Token {
    /// As it is sent.
    pub(crate) text: String,
    /// Its end.
    pub(crate) expires_at: UnixMillis,
}

/// Why a token could not be made: never the client's fault.
#[derive(Debug, thiserror::Error)]
#[error("signing a token: {0}")]
pub(crate) struct CannotSign(#[from] jsonwebtoken::errors::Error);

/// Makes and reads tokens.
pub(crate) struct Tokens {
    ring: Keyring,
    audience: String,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new(ring: Keyring, audience: &str) -> Self {
        hs256::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // By our own clock instead.
        validation.validate_exp = false;
        Self { ring, audience: audience.to_owned(), validation }
    }

    /// A token of a session, by the ring's first key; `jti` is random.
    pub(crate) fn make(&self, kind: TokenKind, session: &str, jti: &str, now: UnixMillis) -> Result<Token, CannotSign> {
        let (id, key) = self.ring.current();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(id.to_string());
        let iat = now.0.div_euclid(1000);
        let exp = iat + kind.lifetime_s();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: self.audience.clone(),
            typ: kind,
            sub: session.to_owned(),
            jti: jti.to_owned(),
            iat,
            exp,
        };
        let text = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key))?;
        Ok(Token { text, expires_at: UnixMillis(exp * 1000) })
    }

    /// The session that a token of this kind is of; `None` whatever is wrong with it.
    pub(crate) fn session(&self, kind: TokenKind, token: &str, now: UnixMillis) -> Option<String> {
        if token.len() > TOKEN_CHARS_MAX {
            return None;
        }
        let id = jsonwebtoken::decode_header(token).ok()?.kid?.parse().ok()?;
        let key = DecodingKey::from_secret(&self.ring.key(id)?);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &self.validation).ok()?.claims;
        let now_s = now.0.div_euclid(1000);
        let is_of_now = claims.iat <= now_s + LEEWAY_S && now_s < claims.exp + LEEWAY_S;
        (claims.typ == kind && is_of_now).then_some(claims.sub)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64URL_NOPAD;
    use serde_json::{Value, json};

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn ring(ids: &[u16]) -> Keyring {
        Keyring::of(ids.iter().map(|id| (*id, [u8::try_from(*id).unwrap(); 32])).collect()).unwrap()
    }

    fn tokens(ids: &[u16]) -> Tokens {
        Tokens::new(ring(ids), "example.org")
    }

    fn later(seconds: i64) -> UnixMillis {
        NOW.plus_ms(seconds * 1000)
    }

    #[test]
    fn a_token_is_of_one_kind_and_time() {
        let tokens = tokens(&[1]);
        for (kind, other) in [(TokenKind::Access, TokenKind::Refresh), (TokenKind::Refresh, TokenKind::Access)] {
            let token = tokens.make(kind, "a-session", "1", NOW).unwrap();
            assert_eq!(token.expires_at, later(kind.lifetime_s()));
            assert_eq!(tokens.session(kind, &token.text, NOW).as_deref(), Some("a-session"));
            assert_eq!(tokens.session(other, &token.text, NOW), None, "as the other kind");
            let end = kind.lifetime_s() + LEEWAY_S;
            assert!(tokens.session(kind, &token.text, later(end - 1)).is_some());
            assert!(tokens.session(kind, &token.text, later(end)).is_none(), "expired");
            assert!(tokens.session(kind, &token.text, later(-LEEWAY_S - 1)).is_none(), "of the future");
        }
    }

    #[test]
    fn keys_rotate() {
        let token = tokens(&[1]).make(TokenKind::Access, "s", "1", NOW).unwrap().text;
        assert!(tokens(&[2, 1]).session(TokenKind::Access, &token, NOW).is_some(), "by the old key");
        assert!(tokens(&[2]).session(TokenKind::Access, &token, NOW).is_none(), "a key that was taken out");
        let other = Tokens::new(Keyring::of(vec![(1, [9; 32])]).unwrap(), "example.org");
        assert!(other.session(TokenKind::Access, &token, NOW).is_none(), "another key of that number");
    }

    /// A token of these parts, signed by key 1.
    fn forged(header: &Value, claims: &Value) -> String {
        use hmac::{Hmac, KeyInit, Mac};
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let mac = Hmac::<sha2::Sha256>::new_from_slice(&[1; 32]).unwrap().chain_update(message.as_bytes());
        format!("{message}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let (tokens, now_s) = (tokens(&[1]), NOW.0 / 1000);
        let header = json!({"typ": "JWT", "alg": "HS256", "kid": "1"});
        let claims = json!({"iss": ISSUER, "aud": "example.org", "typ": "access", "sub": "s", "jti": "1",
            "iat": now_s, "exp": now_s + 60});
        let session = |header: &Value, claims: &Value| tokens.session(TokenKind::Access, &forged(header, claims), NOW);
        assert_eq!(session(&header, &claims).as_deref(), Some("s"), "the forger can sign");
        let with = |value: &Value, name: &str, to: Value| {
            let mut changed = value.clone();
            changed[name] = to;
            changed
        };
        for (name, to) in [
            ("alg", json!("none")),
            ("alg", json!("HS512")),
            ("alg", json!("RS256")),
            ("kid", json!("2")),
            ("kid", json!("01x")),
            ("kid", Value::Null),
        ] {
            assert_eq!(session(&with(&header, name, to.clone()), &claims), None, "{name} {to}");
        }
        for (name, to) in [
            ("iss", json!("another")),
            ("aud", json!("another.org")),
            ("typ", json!("refresh")),
            ("typ", json!("any")),
            ("exp", json!(now_s - 60)),
            ("iat", json!(now_s + 60)),
            ("sub", Value::Null),
            ("iss", Value::Null),
            ("more", json!(1)),
        ] {
            assert_eq!(session(&header, &with(&claims, name, to.clone())), None, "{name} {to}");
        }
        let token = forged(&header, &claims);
        let unsigned = format!("{}.", &token[..token.rfind('.').unwrap()]);
        for text in ["", ".", "..", "a.b.c", &unsigned, &format!("{token}A"), &format!("{token}.{token}")] {
            assert_eq!(tokens.session(TokenKind::Access, text, NOW), None, "{text}");
        }
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(tokens.session(TokenKind::Access, &changed, NOW), None, "character {at}");
        }
    }
}
