//! What ingest says about itself.

use crate::decode::Uncounted;
use crate::dedup::Forgotten;
use crate::journal::JournalId;
use crate::source::Transport;
use serde::{Deserialize, Serialize};
use suiftly_schema::ids::Epoch;

/// What ingest is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Decoding the journal's tail; what comes is journaled meanwhile.
    Recovering,
    /// Decoding what comes.
    Live,
    /// Nothing any more: asked to, or because of the failure.
    Stopped {
        /// What went wrong.
        failure: Option<String>,
    },
}

/// One transport since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransportStats {
    /// Lines.
    pub lines: u64,
    /// Their bytes, without framing.
    pub bytes: u64,
    /// Lines and datagrams thrown away because they were longer than a frame may be.
    pub oversize_frames: u64,
    /// Streams closed because they made no sense, or that were torn within a frame.
    pub broken_streams: u64,
    /// Connections open now.
    pub connections: u64,
    /// Connections refused because there were too many.
    pub connections_refused: u64,
    /// Connections that had delivered nothing and were closed because another needed the slot.
    pub connections_displaced: u64,
    /// TLS handshakes that failed.
    pub handshakes_failed: u64,
    /// Datagrams the kernel dropped because the receive buffer was full. By UDP only: a Unix socket's sender is told.
    pub kernel_drops: u64,
}

impl TransportStats {
    /// Whatever could not be framed.
    pub const fn framing_errors(&self) -> u64 {
        self.oversize_frames + self.broken_streams
    }

    /// Whoever was not let in, or not let stay.
    pub const fn turned_away(&self) -> u64 {
        self.connections_refused + self.connections_displaced + self.handshakes_failed
    }
}

/// Ingest at one moment. Counts are since the process started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IngestStats {
    /// What it is doing.
    pub phase: Phase,
    /// Lines received per second, over the last whole seconds.
    pub lines_per_second: f64,
    /// By transport, in the order of [`Transport::ALL`].
    pub transports: [TransportStats; Transport::ALL.len()],
    /// What the bounds of dedup have cost.
    pub forgotten: Forgotten,
    /// What was told of open streams and counts nothing.
    #[serde(default)]
    pub uncounted: Uncounted,
    /// The UDP sockets' receive buffers as the kernel made them, in bytes, together.
    pub udp_receive_buffer_bytes: usize,
    /// Chunks that wait for the sequencer now.
    pub queue_depth: usize,
    /// Chunks that may wait for it.
    pub queue_bound: usize,
    /// The journal's name.
    pub journal_id: JournalId,
    /// The last epoch that is on the disk.
    pub durable_epoch: Epoch,
    /// Where it ends in the journal, in bytes.
    pub journal_offset: u64,
    /// Length of the journal's files in bytes.
    pub journal_disk_bytes: u64,
    /// Blocks of the journal that were durable and were found damaged; each is an epoch that is left out.
    pub journal_damaged_blocks: u64,
    /// Their bytes.
    pub journal_damaged_bytes: u64,
    /// Why closed segments of the journal are not compressed, archived or deleted, while they are not.
    pub journal_upkeep_error: Option<String>,
    /// How long the oldest block that is not yet on the disk has waited, in milliseconds; 0 if none waits.
    pub sync_age_ms: u64,
    /// The 99th percentile of the journal's last syncs, in milliseconds.
    pub sync_p99_ms: u64,
    /// Why the disk refuses, while it does; senders wait.
    pub write_error: Option<String>,
}

impl IngestStats {
    /// One transport's.
    pub const fn by(&self, transport: Transport) -> TransportStats {
        self.transports[transport.index()]
    }

    /// Lines by all transports.
    pub fn lines(&self) -> u64 {
        self.sum(|by| by.lines)
    }

    /// Streams closed because they made no sense, and lines longer than a frame may be.
    pub fn framing_errors(&self) -> u64 {
        self.sum(TransportStats::framing_errors)
    }

    /// Connections open now.
    pub fn connections(&self) -> u64 {
        self.sum(|by| by.connections)
    }

    fn sum(&self, of: impl Fn(&TransportStats) -> u64) -> u64 {
        self.transports.iter().map(of).sum()
    }
}
