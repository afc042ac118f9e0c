//! What is told, as a line and as it stands in the spool.

use std::fmt::Write as _;
use suiftly_schema::time::UnixMillis;

/// A key is no longer than the table's, in bytes.
const NAME_BYTES_MAX: usize = 160;
/// Of a record in the spool, little-endian: birth, `%rt`, count, whether it is the end, how long the name is.
const HEAD_BYTES: usize = 8 + 4 + 8 + 1 + 1;

/// What the key of the table says: `rt;t;network;service;frontend;customer;fingerprint;metadata;client;path;status`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name<'a> {
    pub(super) rt: u32,
    /// From the network to the path, as tokens of a line.
    tokens: [&'a str; 8],
    status: &'a str,
}

impl<'a> Name<'a> {
    pub(super) fn of(key: &'a str) -> Option<Self> {
        let is_plain = key.len() <= NAME_BYTES_MAX && key.bytes().all(|byte| byte.is_ascii_graphic());
        let mut parts = key.split(';').filter(|_| is_plain);
        let (rt, _began) = (parts.next()?.parse().ok()?, parts.next()?);
        let mut tokens = [""; 8];
        for token in &mut tokens {
            // What a rule did not set is nothing here, and `-` in a line.
            *token = Some(parts.next()?).filter(|part| !part.is_empty()).unwrap_or("-");
        }
        let status = parts.next()?;
        let is_status = !status.is_empty() && status.len() <= 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        (is_status && parts.next().is_none()).then_some(Self { rt, tokens, status })
    }
}

/// A line that tells of a stream, but for the stream's name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) server_id: i16,
    /// The edge's own birth, and its number.
    pub(super) birth: UnixMillis,
    pub(super) seq: u32,
    /// That of HAProxy's worker.
    pub(super) boot: UnixMillis,
    pub(super) traffic_type: u8,
    pub(super) bytes: u64,
}

impl Told {
    /// The line with its syslog header, written now: what is told counts when it is told, not when the stream began.
    pub(super) fn message(&self, name: &str, now: UnixMillis) -> String {
        let Self { server_id, birth, seq, boot, traffic_type, bytes } = *self;
        let mut line = String::with_capacity(256);
        let Some(Name { rt, tokens, status }) = Name::of(name) else { return line };
        let [network, service, frontend, customer, fingerprint, metadata, client, path] = tokens;
        // Writing to a String cannot fail.
        let _ = write!(
            line,
            "<134>1 - - suiftly-edge - - - SF1 {0} {0} {1} {rt} {seq} {server_id} {network} {service} {frontend} \
             {traffic_type} 0 {customer} {fingerprint} {metadata} - {client} {path} {status} {bytes} 0 -1 -1 -1 -1 0 -- \
             -/<NOSRV> - {2}-{rt}",
            now.0, birth.0, boot.0
        );
        line
    }
}

/// A record of the spool: a line, and what it brings its stream to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written<'a> {
    pub(super) boot: UnixMillis,
    pub(super) rt: u32,
    pub(super) name: &'a str,
    /// Up to where was told with it.
    pub(super) told: u64,
    /// Whether it is the last of its stream.
    pub(super) is_end: bool,
    pub(super) message: &'a [u8],
}

impl<'a> Written<'a> {
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.name.len() + self.message.len());
        bytes.extend_from_slice(&self.boot.0.to_le_bytes());
        bytes.extend_from_slice(&self.rt.to_le_bytes());
        bytes.extend_from_slice(&self.told.to_le_bytes());
        // A name is no longer than the table's key.
        bytes.extend_from_slice(&[u8::from(self.is_end), u8::try_from(self.name.len()).unwrap_or(u8::MAX)]);
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.extend_from_slice(self.message);
        bytes
    }

    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        let (boot, rest) = bytes.split_first_chunk::<8>()?;
        let (rt, rest) = rest.split_first_chunk::<4>()?;
        let (told, rest) = rest.split_first_chunk::<8>()?;
        let ([is_end, length], rest) = rest.split_first_chunk::<2>()?;
        let (name, message) = rest.split_at_checked(usize::from(*length))?;
        Some(Self {
            boot: UnixMillis(i64::from_le_bytes(*boot)),
            rt: u32::from_le_bytes(*rt),
            name: std::str::from_utf8(name).ok()?,
            told: u64::from_le_bytes(*told),
            is_end: *is_end != 0,
            message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "7;1795456916401;1;3;2;5;99;77;127.0.0.1;graphql/x;200";

    #[test]
    fn a_key_is_what_the_configuration_makes() {
        let name = Name::of(KEY).unwrap();
        assert_eq!((name.rt, name.status), (7, "200"));
        assert_eq!(name.tokens.join(" "), "1 3 2 5 99 77 127.0.0.1 graphql/x");
        let unset = Name::of("0;1;0;2;2;5;;;2001:db8::1;;101").unwrap();
        assert_eq!(unset.tokens.join(" "), "0 2 2 5 - - 2001:db8::1 -");
        let long = format!("{KEY}{}", "0".repeat(NAME_BYTES_MAX));
        let short = ["", "x", "7;1;1;3;2;5;99;77;a;b", "7;1;1;3;2;5;99;77;a;b;2x0", "7;1;1;3;2;5;99;77;a b;c;200"];
        for odd in short.into_iter().chain([long.as_str(), "7;1;1;3;2;5;99;77;a;b;200;1"]) {
            assert_eq!(Name::of(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_line_has_thirty_tokens() {
        let told =
            Told { server_id: 17, birth: UnixMillis(9), seq: 4, boot: UnixMillis(8), traffic_type: 7, bytes: 1_000 };
        let line = told.message(KEY, UnixMillis(20));
        let expected = "SF1 20 20 9 7 4 17 1 3 2 7 0 5 99 77 - 127.0.0.1 graphql/x 200 1000 0 -1 -1 -1 -1 0 -- -/<NOSRV> - \
            8-7";
        assert_eq!(line.split_once("<134>1 - - suiftly-edge - - - "), Some(("", expected)));
        assert_eq!(expected.split(' ').count(), 30);
    }

    #[test]
    fn a_record_comes_back() {
        let written = Written { boot: UnixMillis(8), rt: 7, name: KEY, told: u64::MAX, is_end: true, message: b"line" };
        let bytes = written.bytes();
        assert_eq!(Written::of(&bytes), Some(written));
        assert!((0..HEAD_BYTES + KEY.len()).all(|length| Written::of(&bytes[..length]).is_none()));
    }
}
