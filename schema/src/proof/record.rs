//! The leaf of a billed record. Each has one encoding, and no other has the same.
//!
//! Numbers are little-endian, negative ones in two's complement. What is not there is zeros.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 16 | `suiftly/record/1` |
//! | 16 | 1 | what is there: bit 0 server, 1 line, 2 service, 3 network, 4 path, 5 request |
//! | 17 | 8 | timestamp, milliseconds |
//! | 25 | 2 | server |
//! | 27 | 8 | line: the worker's birth, milliseconds |
//! | 35 | 4 | line: its number |
//! | 39 | 4 | service, network, traffic type, event type: a byte each |
//! | 43 | 2 | status |
//! | 45 | 8 | bytes sent |
//! | 53 | 4 | how many requests it stands for |
//! | 57 | 4 | the key's fingerprint |
//! | 61 | 11 | path: its length, its bytes, zeros |
//! | 72 | 1 + n | request: its length, at most 64, and its bytes |
//!
//! No customer's number and no client's address: whoever is shown a leaf learns nothing of either. With a request's
//! name of at most 45 bytes, SHA-256 has two blocks to do.

use super::bytes::Bytes;
use super::text::{self, is_name, whole};
use super::tree::Hash;
use super::{NUMBER_MAX, STATUSES};
use crate::ids::{Network, Service};
use crate::record::{Record, ShortText};
use crate::time::UnixMillis;
use crate::usage::MAX_TRAFFIC_TYPE;
use serde::{Deserialize, Serialize};

const DOMAIN: &[u8; 16] = b"suiftly/record/1";
/// A request's name has at most so many bytes.
pub const REQUEST_BYTES_MAX: usize = 64;
const PATH_BYTES: usize = 10;
/// The longest encoding.
const BYTES_MAX: usize = 73 + REQUEST_BYTES_MAX;

/// What of a record is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordLeaf {
    /// When the request began.
    pub timestamp: UnixMillis,
    /// The gateway.
    pub server_id: Option<i16>,
    /// Which line of the gateway's.
    pub line: Option<Line>,
    /// The service.
    pub service: Option<Service>,
    /// The Sui network.
    pub network: Option<Network>,
    /// SPEC §4.
    pub traffic_type: u8,
    /// SPEC §4.
    pub event_type: u8,
    /// HTTP status.
    pub status_code: i16,
    /// Bytes to the client.
    pub bytes_sent: u64,
    /// How many requests it stands for.
    pub repeat: u32,
    /// The key's fingerprint; 0 = none.
    pub api_key_fp: u32,
    /// First characters of the path.
    #[serde(with = "text::optional")]
    pub path_prefix: Option<ShortText<PATH_BYTES>>,
    /// HAProxy's `%ID`.
    #[serde(with = "text::optional")]
    pub request_id: Option<ShortText<REQUEST_BYTES_MAX>>,
}

/// A line's place among its gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The worker's birth.
    pub boot: UnixMillis,
    /// Its number there.
    pub seq: u32,
}

impl RecordLeaf {
    /// A record's, with the `%ID` of its line. A name that is empty, longer than [`REQUEST_BYTES_MAX`] or not of
    /// visible ASCII is left out: such a record is found by its line.
    pub fn of(record: &Record, request_id: Option<&[u8]>) -> Self {
        let request_id = request_id.and_then(|bytes| std::str::from_utf8(bytes).ok());
        Self {
            timestamp: record.timestamp,
            // A line's server is the record's: whoever reads lines takes one from the other.
            server_id: record.line_id.map(|line| line.server_id).or(record.server_id),
            line: record.line_id.map(|line| Line { boot: line.boot, seq: line.seq }),
            service: record.service,
            network: record.network,
            traffic_type: record.traffic_type,
            event_type: record.event_type,
            status_code: record.status_code,
            bytes_sent: record.bytes_sent,
            repeat: record.repeat,
            api_key_fp: record.api_key_fp,
            path_prefix: record.path_prefix,
            request_id: request_id.filter(|name| !name.is_empty() && is_name(name)).and_then(whole),
        }
    }

    fn bytes(&self) -> Bytes<BYTES_MAX> {
        let mut to = Bytes::new();
        to.put(DOMAIN);
        to.put(&[self.presence()]);
        to.put(&self.timestamp.0.to_le_bytes());
        to.put(&self.server_id.unwrap_or_default().to_le_bytes());
        to.put(&self.line.map_or(0, |line| line.boot.0).to_le_bytes());
        to.put(&self.line.map_or(0, |line| line.seq).to_le_bytes());
        let (service, network) = (self.service.map_or(0, Service::number), self.network.map_or(0, Network::number));
        to.put(&[service, network, self.traffic_type, self.event_type]);
        to.put(&self.status_code.to_le_bytes());
        to.put(&self.bytes_sent.to_le_bytes());
        to.put(&self.repeat.to_le_bytes());
        to.put(&self.api_key_fp.to_le_bytes());
        let path = self.path_prefix.as_ref().map_or("", ShortText::as_str);
        to.put_text(path);
        to.put(&[0; PATH_BYTES][path.len()..]);
        to.put_text(self.request_id.as_ref().map_or("", ShortText::as_str));
        to
    }

    fn presence(&self) -> u8 {
        let there = [
            self.server_id.is_some(),
            self.line.is_some(),
            self.service.is_some(),
            self.network.is_some(),
            self.path_prefix.is_some(),
            self.request_id.is_some(),
        ];
        there.iter().rev().fold(0, |bits, is_there| bits << 1 | u8::from(*is_there))
    }

    /// What is hashed.
    pub fn encoded(&self) -> Vec<u8> {
        self.bytes().as_slice().to_vec()
    }

    /// Its leaf.
    pub fn hash(&self) -> Hash {
        Hash::leaf(self.bytes().as_slice())
    }

    /// Whether it can be a record's: what cannot be is in no tree, and is refused before it is hashed.
    pub(super) fn is_in_bounds(&self) -> bool {
        let is_time = |at: UnixMillis| (UnixMillis::MIN..=UnixMillis::MAX).contains(&at);
        is_time(self.timestamp)
            && self.line.is_none_or(|line| is_time(line.boot) && self.server_id.is_some())
            && self.traffic_type <= MAX_TRAFFIC_TYPE
            && STATUSES.contains(&self.status_code)
            && self.bytes_sent <= NUMBER_MAX
            && self.request_id.is_none_or(|name| !name.as_str().is_empty() && is_name(name.as_str()))
    }
}
