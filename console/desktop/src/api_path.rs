//! A path of the API, checked: whatever the page asks for stays under `/api/v1/` of the server followed.

use std::fmt;

use crate::Error;

/// What all paths begin with.
pub const ROOT: &str = "/api/v1/";
/// Longest path accepted, with its query, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;

/// A path under [`ROOT`], with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPath {
    /// What follows [`ROOT`].
    path: String,
    query: Option<String>,
}

impl ApiPath {
    /// Checks a path as it would stand in a request line.
    ///
    /// # Errors
    /// If it is not under [`ROOT`], is too long, or holds what some server on the way could read as another path: dot
    /// segments, empty segments, slashes in disguise, a fragment, anything that should have been percent-encoded.
    pub fn parse(given: &str) -> Result<Self, Error> {
        let refuse = |reason| Error::Path { given: given.chars().take(80).collect(), reason };
        if given.len() > MAX_BYTES {
            return Err(refuse("it is longer than 8 KiB"));
        }
        let rest = given.strip_prefix(ROOT).ok_or_else(|| refuse("it is not under /api/v1/"))?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        if !path.split('/').all(is_segment) {
            return Err(refuse("it is not a plain path"));
        }
        if query.is_some_and(|query| !is_encoded(query, b"/?", |_| true)) {
            return Err(refuse("its query is not percent-encoded"));
        }
        Ok(Self { path: path.to_owned(), query: query.map(str::to_owned) })
    }

    /// The live tail of what this query asks for.
    ///
    /// # Errors
    /// As [`ApiPath::parse`].
    pub fn tail(query: &str) -> Result<Self, Error> {
        if query.is_empty() { Self::parse("/api/v1/tail") } else { Self::parse(&format!("/api/v1/tail?{query}")) }
    }

    /// What follows the server's own address, without the leading slash.
    pub(crate) fn below_address(&self) -> String {
        format!("{}{}", &ROOT[1..], self.path)
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

/// Without the query, which may name people.
impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ROOT}{}", self.path)
    }
}

fn is_segment(segment: &str) -> bool {
    let plain = |byte: u8| !byte.is_ascii_control() && !b"./\\".contains(&byte);
    !matches!(segment, "" | "." | "..") && is_encoded(segment, b"", plain)
}

/// Whether the text holds only what may stand in a URL (RFC 3986 §3.3), and of encoded bytes only those allowed.
fn is_encoded(text: &str, also: &[u8], allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = if byte == b'%' {
            let decoded = hex(bytes.next()).zip(hex(bytes.next()));
            decoded.is_some_and(|(high, low)| allowed(high << 4 | low))
        } else {
            byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) || also.contains(&byte)
        };
        if !fits {
            return false;
        }
    }
    true
}

fn hex(digit: Option<u8>) -> Option<u8> {
    let digit = char::from(digit?).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Address;
    use proptest::prelude::*;

    #[test]
    fn paths_are_taken_as_they_are_or_refused() {
        let address = Address::parse("http://gate:3001/suiftly").expect("an address");
        for given in [
            "/api/v1/fleet",
            "/api/v1/customers/7/keys/12/revoke",
            "/api/v1/records?customer_id=7&from=2026-01-01T00:00:00Z&q=a%20b%2Fc",
            "/api/v1/operators/J%C3%B8rgen",
            "/api/v1/a..b",
        ] {
            let path = ApiPath::parse(given).expect(given);
            assert_eq!(address.api(&path).as_str(), format!("http://gate:3001/suiftly{given}"));
        }
        for given in [
            "",
            "/",
            "/api/v1",
            "/api/v1/",
            "/metrics",
            "//evil.example/api/v1/fleet",
            "http://evil.example/api/v1/fleet",
            "@evil.example/api/v1/fleet",
            "/api/v1/../../metrics",
            "/api/v1/fleet/..",
            "/api/v1/./fleet",
            "/api/v1/%2e%2e/metrics",
            "/api/v1/a/.%2E/b",
            "/api/v1/a%2fb",
            "/api/v1/a%5Cb",
            "/api/v1/a\\..\\b",
            "/api/v1//evil.example",
            "/api/v1/a%00",
            "/api/v1/a%0d%0ahost:%20evil",
            "/api/v1/a b",
            "/api/v1/a\r\nb",
            "/api/v1/a\tb",
            "/api/v1/fleet#x",
            "/api/v1/fleet?a=b#x",
            "/api/v1/fleet?a=b c",
            "/api/v1/fleet?a=%",
            "/api/v1/fleet?a=%4",
            "/api/v1/fleet?a=%g0",
            "/api/v1/ø",
            "/API/v1/fleet",
        ] {
            assert!(ApiPath::parse(given).is_err(), "{given:?}");
        }
        assert!(ApiPath::parse(&format!("/api/v1/{}", "x".repeat(MAX_BYTES))).is_err());
    }

    #[test]
    fn a_tail_has_a_query_or_none() {
        let address = Address::parse("gate").expect("an address");
        let url = |query| address.api(&ApiPath::tail(query).expect(query)).to_string();
        assert_eq!(url(""), "http://gate/api/v1/tail");
        assert_eq!(url("customer_id=7&status=5xx"), "http://gate/api/v1/tail?customer_id=7&status=5xx");
        assert!(ApiPath::tail("a=b#c").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_stays_under_the_root_of_the_server(given in "/api/v1/[-./%\\\\#?@:a-f0-9 \r\n]{0,16}") {
            let address = Address::parse("http://gate:3001/suiftly").expect("an address");
            if let Ok(path) = ApiPath::parse(&given) {
                let url = address.api(&path);
                prop_assert_eq!((url.host_str(), url.port()), (Some("gate"), Some(3001)));
                prop_assert_eq!(url.as_str(), format!("http://gate:3001/suiftly{given}"));
            }
        }
    }
}
