//! What ingest says about itself.

use crate::dedup::Forgotten;
use crate::journal::JournalId;
use crate::source::Transport;
use suiftly_schema::ids::Epoch;

/// What ingest is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading the journal's tail; senders wait.
    Recovering,
    /// Reading the sockets.
    Live,
    /// Nothing any more: asked to, or because of the failure.
    Stopped {
        /// What went wrong.
        failure: Option<String>,
    },
}

/// Lines of one transport since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportStats {
    /// Lines.
    pub lines: u64,
    /// Their bytes, without framing.
    pub bytes: u64,
}

/// Ingest at one moment. Counts are since the process started.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestStats {
    /// What it is doing.
    pub phase: Phase,
    /// Lines received per second, over the last whole seconds.
    pub lines_per_second: f64,
    /// By transport, in the order of [`Transport::ALL`].
    pub received: [TransportStats; Transport::ALL.len()],
    /// Streams closed because they made no sense, and lines longer than a frame may be.
    pub framing_errors: u64,
    /// What the bounds of dedup have cost.
    pub forgotten: Forgotten,
    /// TCP connections open now.
    pub connections: u64,
    /// TCP connections refused because there were too many.
    pub connections_refused: u64,
    /// Datagrams the kernel dropped because the receive buffer was full.
    pub udp_kernel_drops: u64,
    /// The UDP receive buffer as the kernel made it, in bytes.
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
    /// How long the oldest block that is not yet on the disk has waited, in milliseconds; 0 if none waits.
    pub sync_age_ms: u64,
    /// The 99th percentile of the journal's last syncs, in milliseconds.
    pub sync_p99_ms: u64,
    /// Why the disk refuses, while it does; senders wait.
    pub write_error: Option<String>,
}

impl IngestStats {
    /// What a transport took in.
    pub const fn by(&self, transport: Transport) -> TransportStats {
        self.received[transport.index()]
    }

    /// Lines by all transports.
    pub fn lines(&self) -> u64 {
        self.received.iter().map(|received| received.lines).sum()
    }
}
