//! Where QuestDB is, and as whom to use it: what the operator says, checked.

use super::PAGE_RECORDS;
use crate::StoreError;
use data_encoding::BASE64;
use std::fmt;
use std::time::Duration;
use ureq::http::Uri;
use ureq::http::uri::Authority;

/// The table's name in QuestDB.
pub const TABLE: &str = "haproxy_raw_logs";
/// QuestDB's port for HTTP, when the address names none.
const DEFAULT_PORT: u16 = 9000;
/// How long QuestDB may take to answer, beside the time for what is sent to it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Where QuestDB is, and as whom to use it.
#[derive(Clone, Debug)]
pub struct FirehoseConfig {
    /// `http://host:port`.
    pub url: String,
    /// As whom; without, as nobody.
    pub credentials: Option<Credentials>,
    /// How long the table keeps records (its TTL); 0: that is not ours to say.
    pub keep_days: u32,
    /// The table; [`TABLE`].
    pub table: String,
    /// Records that are read and sent together; [`PAGE_RECORDS`].
    pub page_records: usize,
    /// How long an answer may take, beside a second for every 100 KiB.
    pub request_timeout: Duration,
}

impl FirehoseConfig {
    /// The defaults, for an address.
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            credentials: None,
            keep_days: 0,
            table: TABLE.to_owned(),
            page_records: PAGE_RECORDS,
            request_timeout: REQUEST_TIMEOUT,
        }
    }
}

/// What proves who we are. `Debug` shows no secret.
#[derive(Clone)]
pub enum Credentials {
    /// HTTP basic authentication.
    Password {
        /// The user.
        user: String,
        /// Its password.
        password: String,
    },
    /// A bearer token (QuestDB Enterprise).
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { user, .. } => write!(f, "Password({user})"),
            Self::Token(_) => write!(f, "Token"),
        }
    }
}

impl Credentials {
    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self) -> String {
        match self {
            Self::Password { user, password } => {
                format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
            }
            Self::Token(token) => format!("Bearer {token}"),
        }
    }
}

/// Of `http://host:port`. The error does not repeat it: there may be a password in it.
pub(super) fn host_and_port(url: &str) -> Result<(String, u16), StoreError> {
    let uri: Uri = url.parse().map_err(|_| settings("the address is not of the form http://host:port"))?;
    if uri.scheme_str() != Some("http") {
        return Err(settings("the address must begin with http://; for TLS put a proxy before QuestDB"));
    }
    let authority = uri.authority().map_or("", Authority::as_str);
    if authority.contains('@') {
        return Err(settings("the address must hold no user and no password; they have keys of their own"));
    }
    if !["", "/"].contains(&uri.path()) || uri.query().is_some() {
        return Err(settings("the address must end with the port"));
    }
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| settings("the address names no host"))?;
    Ok((host.to_owned(), uri.port_u16().unwrap_or(DEFAULT_PORT)))
}

pub(super) fn settings(cause: impl Into<String>) -> StoreError {
    StoreError::FirehoseSettings { cause: cause.into() }
}
