//! The record: one request that a gateway logged, as a fixed-size value.

use crate::ids::{CustomerId, Frontend, Network, Service};
use crate::time::UnixMillis;
use std::net::IpAddr;

/// A short text kept in place: at most `N` bytes of valid UTF-8, the rest cut off at a character's edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShortText<const N: usize> {
    len: u8,
    bytes: [u8; N],
}

impl<const N: usize> ShortText<N> {
    /// The first `N` bytes of `text`, or fewer, so that no character is split.
    pub fn new(text: &str) -> Self {
        let mut len = text.len().min(N).min(usize::from(u8::MAX));
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        let mut bytes = [0; N];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self { len: u8::try_from(len).unwrap_or(u8::MAX), bytes }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl<const N: usize> std::fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// What identifies a line for ever: which server and worker wrote it, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId {
    /// `(region << 4) | number`.
    pub server_id: i16,
    /// The worker's birth.
    pub boot: UnixMillis,
    /// The line's number as logged, 1, 2, …; 32 bits, wraps.
    pub seq: u32,
}

/// The HAProxy timers, in milliseconds; `None` where the phase was not reached (`-1` in the line).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers {
    /// `%TR`: the client sends its request.
    pub request_ms: Option<i32>,
    /// `%Tw`: waits in queues.
    pub queue_ms: Option<i32>,
    /// `%Tc`: connects to the server.
    pub connect_ms: Option<i32>,
    /// `%Tr`: the server answers.
    pub response_ms: Option<i32>,
    /// `%Ta`: all of it.
    pub total_ms: i32,
}

/// One request. See SPEC §4 for each field's meaning; `None` is SQL's NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When the request began, else when its line was written.
    pub timestamp: UnixMillis,
    /// Whose key it was.
    pub customer_id: Option<CustomerId>,
    /// First characters of the path, without the leading slash.
    pub path_prefix: Option<ShortText<10>>,
    /// The config word, 16 hexadecimal digits, its bits taken as they are.
    pub config_hex: Option<i64>,
    /// The Sui network.
    pub network: Option<Network>,
    /// The gateway.
    pub server_id: Option<i16>,
    /// The service.
    pub service: Option<Service>,
    /// The key's fingerprint; 0 = none.
    pub api_key_fp: u32,
    /// The kind of frontend.
    pub frontend: Option<Frontend>,
    /// 0 n/a, 1 guaranteed, 2 burst, 3 denied, 4 dropped, 5 ip_dropped, 6 unavailable, 7 stream_delta, 8 stream_close.
    pub traffic_type: u8,
    /// 0 success; see SPEC §4 for the others.
    pub event_type: u8,
    /// The client's address.
    pub client_ip: Option<IpAddr>,
    /// The key's metadata.
    pub key_metadata: Option<i32>,
    /// HTTP status; −1 when the client left before one was known.
    pub status_code: i16,
    /// `%B`: bytes to the client, headers included.
    pub bytes_sent: u64,
    /// HAProxy's timers.
    pub timers: Timers,
    /// 0 none, 1–9 local, 10–19 backup.
    pub backend_id: i16,
    /// HAProxy's termination state, 2 or 4 characters.
    pub termination: ShortText<4>,
    /// How many requests this stands for; 1 but for pre-aggregated lines, and 0 for what is told of a stream ([`crate::stream`]).
    pub repeat: u32,
    /// Present in lines that carry worker and number (SF1).
    pub line_id: Option<LineId>,
    /// Where the line's frame begins in the journal, in bytes; 0 outside a journal.
    pub journal_offset: u64,
}

#[cfg(test)]
mod tests {
    use super::ShortText;

    #[test]
    fn short_text_never_splits_a_character() {
        let cases = [("", ""), ("v1/fetch_key", "v1/fetch_k"), ("123456789é", "123456789"), ("日本語文", "日本語")];
        for (text, kept) in cases {
            assert_eq!(ShortText::<10>::new(text).as_str(), kept);
        }
    }
}
