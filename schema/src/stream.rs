//! An answer that stays open for long: its bytes are told while it is under way, and its line, at its end, brings the rest.
//!
//! What is told comes in lines of their own, of the gateway's edge: traffic type [`STREAM_DELTA`] with so many bytes more,
//! [`STREAM_CLOSE`] where the worker is gone. They are no requests. In whatever order all of them come, the bytes that count
//! add up to those of the answer's own line.

use crate::time::UnixMillis;

/// The traffic type of a line that tells of more bytes of an open stream.
pub const STREAM_DELTA: u8 = 7;
/// That of a line by which a stream's worker is told to be gone.
pub const STREAM_CLOSE: u8 = 8;
/// Streams that are known at a time; in a cluster, of each shard. Of further ones nothing counts before their own lines come.
pub const STREAMS_MAX: usize = 65_536;

/// What a line that is told of a stream is billed as: the answer's bytes, as those of any within the guaranteed rate. All others
/// are what they are.
pub const fn billed_as(traffic_type: u8) -> u8 {
    if traffic_type == STREAM_DELTA { 1 } else { traffic_type }
}

/// Which answer: as its own line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// The gateway.
    pub server_id: i16,
    /// The birth of its worker.
    pub boot: UnixMillis,
    /// `%rt`: which of the worker's requests.
    pub rt: u32,
}

/// What is known of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenStream {
    /// Which.
    pub id: StreamId,
    /// Bytes that were told and count.
    pub told_bytes: u64,
    /// Whether its own line has come.
    pub is_final: bool,
    /// The clock of the epoch in which it was last heard of.
    pub heard_at: UnixMillis,
}
