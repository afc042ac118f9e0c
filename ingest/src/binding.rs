//! Who may speak for which server (SPEC §3.2): each source is bound to servers by the first rule that fits it. Pure and
//! immutable; [`crate::decode`] asks it, once per run of lines of one source.
//!
//! Without any rule everybody may speak for everybody. With some, a line of a source that no rule fits, or of a server
//! that its rule does not list, is none of ours. A rule with exactly one server lends it to lines that do not say
//! theirs.
//!
//! A lookup costs one probe of a hash table per distinct length of prefix, however many rules there are. Rules come
//! from the configuration alone: nobody can fill the table from outside.

use crate::haproxy::Format;
use crate::source::{Fingerprint, Source};
use rustc_hash::FxHashMap;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::str::FromStr;

/// More rules are refused.
pub const MAX_SOURCE_RULES: usize = 4_096;
/// More servers in one rule are refused: a rule without any allows all.
pub const MAX_SERVERS_PER_RULE: usize = 1_024;

/// Addresses that begin alike. One address is a prefix of its full length. IPv4 mapped into IPv6 is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prefix {
    is_v4: bool,
    /// How many bits count.
    length: u8,
    /// The address's bits, those that do not count cleared.
    bits: u128,
}

impl Prefix {
    /// The first `length` bits of an address; `None` if it has not that many.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        let (is_v4, width, bits) = match address {
            IpAddr::V4(v4) => (true, 32, u128::from(v4.to_bits())),
            IpAddr::V6(v6) => (false, 128, v6.to_bits()),
        };
        if length > width {
            return None;
        }
        let bits = if length == 0 { 0 } else { bits >> (width - length) << (width - length) };
        Some(Self { is_v4, length, bits })
    }

    fn of(address: IpAddr, (is_v4, length): (bool, u8)) -> Option<Self> {
        if address.is_ipv4() == is_v4 { Self::new(address, length) } else { None }
    }
}

impl FromStr for Prefix {
    type Err = String;
    /// `10.1.0.0/16`, `2001:db8::/32`, `192.0.2.7`. Bits behind the prefix must be 0: they would be a mistake.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let no_address = || format!("{text:?} is no address and no prefix such as 10.1.0.0/16");
        let given: IpAddr = address.parse().map_err(|_| no_address())?;
        let address = given.to_canonical();
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => width,
            // `::ffff:10.0.0.0/104` counts from the front of the IPv6 address.
            Some(length) => {
                let length: u8 = length.parse().map_err(|_| no_address())?;
                let mapped = if given.is_ipv6() && address.is_ipv4() { 96 } else { 0 };
                length.checked_sub(mapped).ok_or_else(no_address)?
            }
        };
        let prefix = Self::new(address, length).ok_or_else(no_address)?;
        match Self::new(address, width) {
            Some(whole) if whole.bits == prefix.bits => Ok(prefix),
            _ => Err(format!("{text:?} has bits set behind its first {length}")),
        }
    }
}

/// What a rule knows a source by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sender {
    /// By UDP, TCP, or TLS without a client certificate, from one of these addresses.
    Address(Prefix),
    /// By the Unix socket with this path.
    Unix(Fingerprint),
    /// By TLS with this client certificate.
    Certificate(Fingerprint),
}

impl Sender {
    /// By the Unix socket with this path, as configured for listening.
    pub fn unix(path: &Path) -> Self {
        Self::Unix(Fingerprint::of_path(path))
    }

    /// By the certificate whose SHA-256 this is: 64 hexadecimal digits, with colons between them or without, as
    /// `openssl x509 -fingerprint -sha256` prints them. The first 16 bytes are compared.
    pub fn certificate(sha256: &str) -> Result<Self, String> {
        let digits: Vec<u8> = sha256
            .chars()
            .filter(|char| *char != ':')
            .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .filter(|digits: &Vec<u8>| digits.len() == 64)
            .ok_or_else(|| format!("{sha256:?} is no SHA-256 of a certificate: 64 hexadecimal digits"))?;
        Ok(Self::Certificate(Fingerprint(std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1]))))
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRule {
    /// Whom it fits.
    pub from: Sender,
    /// Which servers may speak from there; empty is any.
    pub servers: Vec<i16>,
    /// What its lines are; `None` is the format of all others.
    pub format: Option<Format>,
}

impl SourceRule {
    /// Whether this server may speak from there.
    #[inline]
    pub fn allows(&self, server_id: i16) -> bool {
        self.servers.is_empty() || self.servers.contains(&server_id)
    }

    /// The server of lines that do not say theirs.
    pub const fn only_server(&self) -> Option<i16> {
        match self.servers.as_slice() {
            [server_id] => Some(*server_id),
            _ => None,
        }
    }
}

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// More than [`MAX_SOURCE_RULES`].
    #[error("{0} sources are too many, there may be {MAX_SOURCE_RULES}")]
    TooManyRules(usize),
    /// More than [`MAX_SERVERS_PER_RULE`].
    #[error("source {rule} has {servers} servers, there may be {MAX_SERVERS_PER_RULE}; without any it has all")]
    TooManyServers {
        /// Which, counted from 1.
        rule: usize,
        /// How many.
        servers: usize,
    },
    /// A rule that never counts.
    #[error("source {rule} never counts: source {first} fits the same senders")]
    Shadowed {
        /// Which, counted from 1.
        rule: usize,
        /// The one before it.
        first: usize,
    },
}

/// What the rules say of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// There are no rules.
    Free,
    /// This rule counts.
    By(&'a SourceRule),
    /// No rule fits.
    Stranger,
}

/// All rules, ready to be asked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SourceRules {
    rules: Vec<SourceRule>,
    /// The first rule with each matcher.
    first: FxHashMap<Sender, usize>,
    /// The lengths of prefix that occur: family and bits.
    lengths: Vec<(bool, u8)>,
    /// The rules' own formats, each once.
    formats: Vec<Format>,
}

impl SourceRules {
    /// Checks the rules. Their order is kept: the first that fits counts.
    pub fn new(rules: Vec<SourceRule>) -> Result<Self, BindingError> {
        if rules.len() > MAX_SOURCE_RULES {
            return Err(BindingError::TooManyRules(rules.len()));
        }
        let mut checked = Self::default();
        for (at, rule) in rules.iter().enumerate() {
            if rule.servers.len() > MAX_SERVERS_PER_RULE {
                return Err(BindingError::TooManyServers { rule: at + 1, servers: rule.servers.len() });
            }
            if let Some(first) = checked.first.insert(rule.from, at) {
                return Err(BindingError::Shadowed { rule: at + 1, first: first + 1 });
            }
            if let Sender::Address(prefix) = rule.from
                && !checked.lengths.contains(&(prefix.is_v4, prefix.length))
            {
                checked.lengths.push((prefix.is_v4, prefix.length));
            }
            checked.formats.extend(rule.format.filter(|format| !checked.formats.contains(format)));
        }
        Ok(Self { rules, ..checked })
    }

    /// The formats that they name, each once, in their order.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// In their order.
    pub fn rules(&self) -> &[SourceRule] {
        &self.rules
    }

    /// What counts for a source. Files and the quarantine are an operator's own, the outbox is ours: they are bound to nothing.
    pub fn find(&self, source: &Source) -> Bound<'_> {
        if self.rules.is_empty() {
            return Bound::Free;
        }
        let first = match source {
            Source::Udp(peer) | Source::Tcp(peer) | Source::Tls(peer) => self.find_address(peer.ip()),
            Source::TlsClient(known_by) => self.first.get(&Sender::Certificate(*known_by)).copied(),
            Source::Unix(known_by) => self.first.get(&Sender::Unix(*known_by)).copied(),
            Source::File | Source::Quarantine { .. } | Source::Outbox => return Bound::Free,
            Source::Cut { .. } => return Bound::Stranger,
        };
        first.and_then(|at| self.rules.get(at)).map_or(Bound::Stranger, Bound::By)
    }

    fn find_address(&self, address: IpAddr) -> Option<usize> {
        let prefixes = self.lengths.iter().filter_map(|length| Prefix::of(address, *length));
        prefixes.filter_map(|prefix| self.first.get(&Sender::Address(prefix)).copied()).min()
    }
}

impl fmt::Debug for SourceRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourceRules").field(&self.rules).finish()
    }
}

#[cfg(test)]
mod tests;
