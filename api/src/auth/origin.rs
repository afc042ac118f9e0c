//! Where a browser says that a request comes from. What another site asks a browser for comes with our cookies all the
//! same, but for these headers, which its pages cannot forge.

use axum::http::{HeaderMap, Method, header};

/// Whether a request changes something.
pub(crate) fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the browser says that the request comes from our own origin; `None` if it says nothing.
pub(crate) fn same_origin(headers: &HeaderMap) -> Option<bool> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
        return Some(site == "same-origin");
    }
    let origin = text(header::ORIGIN)?;
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    Some(authority.is_some() && authority == text(header::HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers<'a> = &'a [(&'static str, &'a str)];

    #[test]
    fn origins() {
        let cases: [(Headers<'_>, Option<bool>); 8] = [
            (&[("host", "a:3000")], None),
            (&[("host", "a:3000"), ("sec-fetch-site", "same-origin")], Some(true)),
            (&[("host", "a:3000"), ("sec-fetch-site", "same-site")], Some(false)),
            (&[("host", "a:3000"), ("sec-fetch-site", "cross-site"), ("origin", "http://a:3000")], Some(false)),
            (&[("host", "a:3000"), ("origin", "http://a:3000")], Some(true)),
            (&[("host", "a:3000"), ("origin", "http://a:3001")], Some(false)),
            (&[("host", "a:3000"), ("origin", "null")], Some(false)),
            (&[("origin", "http://a:3000")], Some(false)),
        ];
        for (given, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in given {
                headers.insert(*name, value.parse().unwrap());
            }
            assert_eq!(same_origin(&headers), expected, "{given:?}");
        }
    }
}
