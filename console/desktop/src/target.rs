//! Which server the console follows, and the token that opens it. Raw words become checked types once, here.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use reqwest::Url;
use reqwest::header::HeaderValue;

use crate::Error;
use crate::api_path::ApiPath;

/// Longest address accepted, in bytes.
pub const MAX_ADDRESS_BYTES: usize = 1024;
/// Longest token accepted, in bytes: a header's line has to stay well under what servers take.
pub const MAX_TOKEN_BYTES: usize = 4096;

const SCHEME: &str = "Bearer ";

/// A server's base address, such as `http://127.0.0.1:3001/` or `https://gate.example.org/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Reads an address. Where the scheme is left out, plain HTTP is meant.
    ///
    /// # Errors
    /// If it is no HTTP address, or carries more than an address (user, query, fragment).
    pub fn parse(given: &str) -> Result<Self, Error> {
        let given = given.trim();
        let refuse = |reason| Error::Address { given: given.chars().take(80).collect(), reason };
        if given.is_empty() || given.len() > MAX_ADDRESS_BYTES {
            return Err(refuse("write it like http://127.0.0.1:3001"));
        }
        let full = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
        let mut url = Url::parse(&full).map_err(|_| refuse("write it like http://127.0.0.1:3001"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // Not repeated: it may hold a secret.
            return Err(Error::Address { given: "…@…".into(), reason: "leave out user and password" });
        }
        match url.scheme() {
            "http" | "https" => {}
            _ => return Err(refuse("it must begin with http:// or https://")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("leave out everything after ? and #"));
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self(url))
    }

    /// The live stream's address.
    #[must_use]
    pub fn stream(&self) -> Url {
        self.below("api/v1/stream")
    }

    /// The address of a path of its API.
    #[must_use]
    pub fn api(&self, path: &ApiPath) -> Url {
        let mut url = self.below(&path.below_address());
        url.set_query(path.query());
        url
    }

    /// Where it says whether it serves.
    #[must_use]
    pub fn ready(&self) -> Url {
        self.below("ready")
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path()));
        url
    }

    /// Whether the token would leave this machine unencrypted.
    #[must_use]
    pub fn is_unencrypted(&self) -> bool {
        self.0.scheme() != "https" && self.leaves_machine()
    }

    fn leaves_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        !(loopback || host == "localhost")
    }
}

/// Without the closing slash, as people write it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// The token, ready to be sent. It is shown nowhere, not even by `Debug`.
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// Reads a token; blanks and the newline around it are dropped.
    ///
    /// # Errors
    /// If it is empty, too long, or holds what a header cannot.
    pub fn parse(given: &str) -> Result<Self, Error> {
        let given = given.trim();
        if given.is_empty() {
            return Err(Error::Token { reason: "it is empty" });
        }
        if given.len() > MAX_TOKEN_BYTES {
            return Err(Error::Token { reason: "it is longer than 4,096 bytes" });
        }
        if !given.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Token { reason: "it holds blanks or characters outside ASCII" });
        }
        let mut value = HeaderValue::try_from(format!("{SCHEME}{given}"))
            .map_err(|_| Error::Token { reason: "it cannot stand in a header" })?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Reads the token out of a file, without reading more of it than a token can be.
    ///
    /// # Errors
    /// If the file cannot be read or holds no token.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |source| Error::TokenFile { path: path.to_owned(), source };
        let limit = MAX_TOKEN_BYTES as u64 + 1;
        let mut text = String::new();
        File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)).map_err(refuse)?;
        Self::parse(&text)
    }

    /// The token itself, for the system's keychain alone.
    pub(crate) fn secret(&self) -> &str {
        // It was made of ASCII.
        self.0.to_str().ok().and_then(|value| value.strip_prefix(SCHEME)).unwrap_or_default()
    }

    /// The value of the `Authorization` header.
    #[must_use]
    pub fn header(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A server and the token for it.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where it is.
    pub address: Address,
    /// What opens it.
    pub token: Token,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("http://127.0.0.1:3001", Ok("http://127.0.0.1:3001/api/v1/stream")),
            ("127.0.0.1:3001", Ok("http://127.0.0.1:3001/api/v1/stream")),
            (" localhost ", Ok("http://localhost/api/v1/stream")),
            ("http://[::1]:3001/", Ok("http://[::1]:3001/api/v1/stream")),
            ("http://gate/suiftly", Ok("http://gate/suiftly/api/v1/stream")),
            ("", Err("write it like")),
            ("http://", Err("write it like")),
            ("https://gate", Ok("https://gate/api/v1/stream")),
            ("HTTPS://Gate:3443/x", Ok("https://gate:3443/x/api/v1/stream")),
            ("ftp://gate", Err("must begin with http://")),
            ("http://u:secret@gate", Err("leave out user")),
            ("http://gate/?token=secret", Err("after ? and #")),
        ];
        for (given, expected) in cases {
            match (Address::parse(given), expected) {
                (Ok(address), Ok(stream)) => assert_eq!(address.stream().as_str(), *stream),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{given}: {error}"),
                (got, _) => panic!("{given}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        let error = Address::parse("http://u:secret@gate").expect_err("refused");
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn only_loopback_and_tls_keep_the_token_to_themselves() {
        let cases = [
            ("127.0.0.1:3001", false),
            ("127.9.9.9", false),
            ("[::1]:3001", false),
            ("localhost:3001", false),
            ("10.0.0.1", true),
            ("https://10.0.0.1", false),
            ("https://gate.example.org", false),
            ("https://127.0.0.1", false),
            ("localhost.example.org", true),
        ];
        for (given, unencrypted) in cases {
            assert_eq!(Address::parse(given).expect(given).is_unencrypted(), unencrypted, "{given}");
        }
    }

    #[test]
    fn tokens_are_read_or_refused_and_never_shown() {
        let token = Token::parse(" dev_abc\n").expect("a token");
        assert_eq!(token.header().to_str().expect("ASCII"), "Bearer dev_abc");
        assert_eq!(token.secret(), "dev_abc");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(!format!("{:?}", token.header()).contains("abc"));
        for bad in ["", "  ", "a b", "a\nb", "é", &"x".repeat(MAX_TOKEN_BYTES + 1)] {
            assert!(Token::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_missing_token_file_is_named() {
        let error = Token::read(Path::new("/nowhere/token")).expect_err("refused");
        assert!(error.to_string().starts_with("could not read the token file /nowhere/token: "));
    }
}
