//! The cookies that carry a browser's tokens, which its pages cannot read.

use super::token::{ACCESS_S, REFRESH_S, Token};
use super::{ACCESS_COOKIE, REFRESH_COOKIE};
use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie's name, the only paths it is sent to, and how long it is kept: as long as its token is taken.
#[derive(Clone, Copy)]
pub(crate) struct Jar {
    name: &'static str,
    path: &'static str,
    seconds: i64,
}

/// Everything of the API.
pub(crate) const ACCESS: Jar = Jar { name: ACCESS_COOKIE, path: "/api", seconds: ACCESS_S };
/// Sign-in alone.
pub(crate) const REFRESH: Jar = Jar { name: REFRESH_COOKIE, path: "/api/v1/auth", seconds: REFRESH_S };

impl Jar {
    /// The values that a request carries under this name.
    pub(crate) fn values(self, headers: &HeaderMap) -> impl Iterator<Item = &str> {
        let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        cookies.flat_map(|value| value.split(';')).filter_map(move |pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.name).then_some(value)
        })
    }

    /// The `Set-Cookie` value that puts a new token in.
    pub(crate) fn put(self, token: &Token, is_secure: bool) -> HeaderValue {
        self.set(&token.text, self.seconds, is_secure)
    }

    /// The one that takes it out.
    pub(crate) fn clear(self, is_secure: bool) -> HeaderValue {
        self.set("", 0, is_secure)
    }

    fn set(self, value: &str, seconds: i64, is_secure: bool) -> HeaderValue {
        let Self { name, path, .. } = self;
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Max-Age={seconds}; Path={path}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::try_from(cookie).expect("a token is of base64url and dots")
    }
}
