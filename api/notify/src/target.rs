//! Where a webhook may be: which addresses (URLs) are taken, and to which of the host's addresses a connection is made.
//!
//! Looked at twice: when a customer names it, as far as that can be said of a text, and at each delivery, after the name
//! is resolved. The connection is made to the addresses that were looked at, not to the name: resolving it once more could
//! give others.

use crate::address::is_public;
use std::net::{IpAddr, SocketAddr};
use url::{Host, Url};

/// Characters of a URL at most.
pub const URL_CHARS_MAX: usize = 500;
/// Addresses of a host that are tried at most.
pub const ADDRESSES_MAX: usize = 4;

/// Names that are never on the public internet.
const LOCAL_NAMES: [&str; 6] = ["localhost", "local", "internal", "home.arpa", "test", "onion"];

/// What is taken beside https to public addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    /// Whether loopback addresses and plain http are: for development and tests alone.
    pub allow_local: bool,
}

/// A place to post to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) is_tls: bool,
    pub(crate) host: TargetHost,
    pub(crate) port: u16,
    /// Host and port as they stand in the URL.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TargetHost {
    Name(String),
    Address(IpAddr),
}

/// Why nothing is posted there. In words for whoever named it: no address that a name resolved to is shown, since it may
/// be known here alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No URL, or too long a one.
    #[error("must be a URL of at most {URL_CHARS_MAX} characters")]
    Url,
    /// Neither https nor, where that is taken, http.
    #[error("must begin with https://")]
    Scheme,
    /// A user name or a password.
    #[error("must hold no user name or password")]
    Credentials,
    /// A part that is never sent.
    #[error("must have no fragment (#…)")]
    Fragment,
    /// Not on the public internet.
    #[error("must be of a host on the public internet")]
    NotPublic,
    /// No host of this name, now.
    #[error("the host's name cannot be resolved")]
    Unresolved,
}

impl Target {
    /// Reads what a customer names.
    pub fn parse(text: &str, policy: TargetPolicy) -> Result<Self, TargetError> {
        if text.chars().count() > URL_CHARS_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(TargetError::Url);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Url)?;
        let is_tls = match url.scheme() {
            "https" => true,
            "http" if policy.allow_local => false,
            _ => return Err(TargetError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(TargetError::Fragment);
        }
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or(TargetError::Url)?;
        let host = host_of(&url, policy)?;
        let path = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        Ok(Self { is_tls, host, port, authority, path })
    }

    /// Which of the addresses that its name was resolved to are connected to: none, if any of them is not public.
    pub fn checked(&self, resolved: &[IpAddr], policy: TargetPolicy) -> Result<Vec<SocketAddr>, TargetError> {
        if resolved.is_empty() {
            return Err(TargetError::Unresolved);
        }
        if !resolved.iter().all(|address| is_taken(*address, policy)) {
            return Err(TargetError::NotPublic);
        }
        Ok(resolved.iter().take(ADDRESSES_MAX).map(|address| SocketAddr::new(*address, self.port)).collect())
    }
}

fn host_of(url: &Url, policy: TargetPolicy) -> Result<TargetHost, TargetError> {
    let host = match url.host().ok_or(TargetError::Url)? {
        Host::Ipv4(address) => TargetHost::Address(address.into()),
        Host::Ipv6(address) => TargetHost::Address(address.into()),
        Host::Domain(name) => TargetHost::Name(name.to_owned()),
    };
    let is_taken = match &host {
        TargetHost::Address(address) => is_taken(*address, policy),
        TargetHost::Name(name) => policy.allow_local || is_public_name(name),
    };
    if is_taken { Ok(host) } else { Err(TargetError::NotPublic) }
}

fn is_taken(address: IpAddr, policy: TargetPolicy) -> bool {
    is_public(address) || (policy.allow_local && address.is_loopback())
}

/// A first look only: what it resolves to is what counts.
fn is_public_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_local = |local: &&str| name == *local || name.strip_suffix(*local).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && !LOCAL_NAMES.iter().any(is_local)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: TargetPolicy = TargetPolicy { allow_local: false };
    const LOCAL: TargetPolicy = TargetPolicy { allow_local: true };

    #[test]
    fn what_customers_may_name() {
        use TargetError::{Credentials, Fragment, NotPublic, Scheme, Url};
        let taken = |text: &str| Target::parse(text, STRICT).map(|_| ());
        let cases = [
            ("https://example.com/hook?a=b", Ok(())),
            ("https://example.com:8443", Ok(())),
            ("https://8.8.8.8/", Ok(())),
            ("https://[2606:4700::1111]/", Ok(())),
            ("https://bücher.example/", Ok(())),
            ("http://example.com/", Err(Scheme)),
            ("ftp://example.com/", Err(Scheme)),
            ("file:///etc/passwd", Err(Scheme)),
            ("gopher://example.com/", Err(Scheme)),
            ("javascript:alert(1)", Err(Scheme)),
            ("example.com", Err(Url)),
            ("https://", Err(Url)),
            ("https://exa mple.com", Err(Url)),
            ("https://example.com/\r\nHost: other", Err(Url)),
            ("https://example.com:0/", Err(Url)),
            ("https://example.com:99999/", Err(Url)),
            ("https://me@example.com/", Err(Credentials)),
            ("https://me:secret@example.com/", Err(Credentials)),
            ("https://8.8.8.8@127.0.0.1/", Err(Credentials)),
            ("https://example.com/#top", Err(Fragment)),
            // Loopback, in every way that a URL parser reads.
            ("https://127.0.0.1/", Err(NotPublic)),
            ("https://127.1/", Err(NotPublic)),
            ("https://2130706433/", Err(NotPublic)),
            ("https://0x7f000001/", Err(NotPublic)),
            ("https://0x7f.0.0.1/", Err(NotPublic)),
            ("https://0177.0.0.1/", Err(NotPublic)),
            ("https://017700000001/", Err(NotPublic)),
            ("https://１２７.0.0.1/", Err(NotPublic)),
            ("https://0/", Err(NotPublic)),
            ("https://[::1]/", Err(NotPublic)),
            ("https://[::]/", Err(NotPublic)),
            ("https://[::ffff:127.0.0.1]/", Err(NotPublic)),
            ("https://[::ffff:7f00:1]/", Err(NotPublic)),
            ("https://[::ffff:8.8.8.8]/", Err(NotPublic)),
            ("https://[64:ff9b::7f00:1]/", Err(NotPublic)),
            ("https://[2002:7f00:1::]/", Err(NotPublic)),
            ("https://10.0.0.1/", Err(NotPublic)),
            ("https://192.168.1.1/", Err(NotPublic)),
            ("https://100.64.0.1/", Err(NotPublic)),
            ("https://169.254.169.254/latest/meta-data/", Err(NotPublic)),
            ("https://2852039166/latest/meta-data/", Err(NotPublic)),
            ("https://0xa9fea9fe/latest/meta-data/", Err(NotPublic)),
            ("https://[fd00:ec2::254]/latest/meta-data/", Err(NotPublic)),
            ("https://168.63.129.16/", Err(NotPublic)),
            ("https://metadata.google.internal/", Err(NotPublic)),
            ("https://metadata.google.internal./", Err(NotPublic)),
            ("https://localhost/", Err(NotPublic)),
            ("https://LOCALHOST./", Err(NotPublic)),
            ("https://a.localhost/", Err(NotPublic)),
            ("https://printer.local/", Err(NotPublic)),
            ("https://postgres/", Err(NotPublic)),
        ];
        for (text, expected) in cases {
            assert_eq!(taken(text), expected, "{text}");
        }
        let long = |chars: usize| format!("https://example.com/{}", "a".repeat(chars - 20));
        assert_eq!((taken(&long(500)), taken(&long(501))), (Ok(()), Err(Url)));
    }

    #[test]
    fn development_may_name_its_own_machine_and_no_other() {
        let taken = |text: &str| Target::parse(text, LOCAL).map(|_| ());
        for text in ["http://127.0.0.1:8080/x", "http://[::1]/", "http://localhost:1/", "https://example.com/"] {
            assert_eq!(taken(text), Ok(()), "{text}");
        }
        for text in ["http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/"] {
            assert_eq!(taken(text), Err(TargetError::NotPublic), "{text}");
        }
    }

    #[test]
    fn what_a_name_resolves_to_is_what_counts() {
        let target = Target::parse("https://example.com:8443/", STRICT).unwrap();
        let checked = |addresses: &str, policy| {
            let addresses: Vec<IpAddr> = addresses.split_whitespace().map(|address| address.parse().unwrap()).collect();
            target.checked(&addresses, policy).map(|checked| checked.len())
        };
        let cases = [
            ("8.8.8.8", STRICT, Ok(1)),
            ("8.8.8.8 2606:4700::1111", STRICT, Ok(2)),
            ("8.8.8.8 1.1.1.1 9.9.9.9 1.0.0.1 8.8.4.4", STRICT, Ok(4)),
            ("", STRICT, Err(TargetError::Unresolved)),
            ("127.0.0.1", STRICT, Err(TargetError::NotPublic)),
            ("8.8.8.8 10.0.0.1", STRICT, Err(TargetError::NotPublic)),
            ("8.8.8.8 ::ffff:10.0.0.1", STRICT, Err(TargetError::NotPublic)),
            ("8.8.8.8 1.1.1.1 9.9.9.9 1.0.0.1 169.254.169.254", STRICT, Err(TargetError::NotPublic)),
            ("127.0.0.1", LOCAL, Ok(1)),
            ("127.0.0.1 10.0.0.1", LOCAL, Err(TargetError::NotPublic)),
        ];
        for (addresses, policy, expected) in cases {
            assert_eq!(checked(addresses, policy), expected, "{addresses} {policy:?}");
        }
        assert_eq!(target.checked(&["8.8.8.8".parse().unwrap()], STRICT).unwrap()[0].port(), 8443);
    }
}
