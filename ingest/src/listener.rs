//! The sockets that lines come in by: UDP and TCP on one address.
//!
//! Sockets are bound at once, so that nobody is refused while the journal is recovered; reading begins with
//! `Bound::start`. Frames go to the sequencer in chunks over one bounded queue. When it is full, TCP connections are
//! not read, which the senders feel; UDP waits in the kernel's buffer, and what that cannot hold is counted.

mod chunk;
mod drops;
mod tcp;
mod udp;

pub(crate) use chunk::{Chunk, ChunkPool};
pub(crate) use drops::KernelDrops;

use crate::counters::Counters;
use crate::error::IngestError;
use crate::source::Transport;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

/// Where syslog is expected.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5514);
/// What the kernel may hold of datagrams not yet read: some 0.3 s at 100,000 lines a second.
pub const DEFAULT_UDP_RECEIVE_BUFFER_BYTES: usize = 32 << 20;
/// TCP connections at a time.
pub const DEFAULT_MAX_CONNECTIONS: usize = 256;
/// Chunks between listeners and sequencer, each of at most one read: 256 KiB by TCP, 64 datagrams by UDP.
pub const DEFAULT_QUEUE_CHUNKS: usize = 64;

/// How lines come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// The address of both sockets; port 0 lets the system choose, for each. [`DEFAULT_LISTEN`].
    pub listen: SocketAddr,
    /// What the kernel may hold of datagrams; [`DEFAULT_UDP_RECEIVE_BUFFER_BYTES`].
    pub udp_receive_buffer_bytes: usize,
    /// TCP connections at a time; more are refused. [`DEFAULT_MAX_CONNECTIONS`].
    pub max_connections: usize,
    /// Chunks that may wait for the sequencer; [`DEFAULT_QUEUE_CHUNKS`].
    pub queue_chunks: usize,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN,
            udp_receive_buffer_bytes: DEFAULT_UDP_RECEIVE_BUFFER_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            queue_chunks: DEFAULT_QUEUE_CHUNKS,
        }
    }
}

/// The addresses that are listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddrs {
    /// By UDP.
    pub udp: SocketAddr,
    /// By TCP.
    pub tcp: SocketAddr,
}

/// The sequencer has ended.
#[derive(Debug)]
pub(crate) struct SequencerGone;

/// What every listener needs.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    pub(crate) chunks: mpsc::Sender<Chunk>,
    pub(crate) pool: ChunkPool,
    pub(crate) counters: Arc<Counters>,
    /// True once reading should end.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Handover {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    async fn send(&self, transport: Transport, chunk: Chunk) -> Result<(), SequencerGone> {
        let Some(chunk) = self.count(transport, chunk) else { return Ok(()) };
        self.chunks.send(chunk).await.map_err(|_| SequencerGone)
    }

    fn send_blocking(&self, transport: Transport, chunk: Chunk) -> Result<(), SequencerGone> {
        let Some(chunk) = self.count(transport, chunk) else { return Ok(()) };
        self.chunks.blocking_send(chunk).map_err(|_| SequencerGone)
    }

    fn count(&self, transport: Transport, chunk: Chunk) -> Option<Chunk> {
        if chunk.frame_count() == 0 {
            self.pool.give_back(chunk);
            return None;
        }
        self.counters.received(transport, chunk.frame_count() as u64, chunk.frame_bytes() as u64);
        Some(chunk)
    }
}

/// Returns when reading should end.
async fn stop_asked(stopping: &mut watch::Receiver<bool>) {
    // An error means that the handle is gone, which is the same.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Sockets that are bound and not yet read.
#[derive(Debug)]
pub(crate) struct Bound {
    udp: UdpSocket,
    tcp: TcpListener,
    max_connections: usize,
    /// Where they are.
    pub(crate) addrs: LocalAddrs,
    /// The UDP receive buffer as the kernel made it, in bytes.
    pub(crate) udp_receive_buffer_bytes: usize,
}

impl Bound {
    /// Binds both sockets.
    pub(crate) fn bind(config: &ListenerConfig) -> Result<Self, IngestError> {
        let listen = config.listen;
        let udp_error = |error| IngestError::listen(Transport::Udp, listen, error);
        let tcp_error = |error| IngestError::listen(Transport::Tcp, listen, error);
        let udp = UdpSocket::bind(listen).map_err(udp_error)?;
        let tcp = TcpListener::bind(listen).map_err(tcp_error)?;
        tcp.set_nonblocking(true).map_err(tcp_error)?;
        let asked = config.udp_receive_buffer_bytes;
        let got = udp::size_receive_buffer(&udp, asked).map_err(udp_error)?;
        if got < asked {
            tracing::warn!(
                "the UDP receive buffer is {got} bytes, not {asked}: raise net.core.rmem_max or run with CAP_NET_ADMIN"
            );
        }
        let addrs = LocalAddrs { udp: udp.local_addr().map_err(udp_error)?, tcp: tcp.local_addr().map_err(tcp_error)? };
        Ok(Self { udp, tcp, max_connections: config.max_connections, addrs, udp_receive_buffer_bytes: got })
    }

    /// What the kernel drops of the UDP socket.
    pub(crate) fn kernel_drops(&self) -> Result<KernelDrops, IngestError> {
        KernelDrops::of(&self.udp).map_err(|error| IngestError::listen(Transport::Udp, self.addrs.udp, error))
    }

    /// Begins to read: UDP on a thread of its own, TCP on the runtime. They end when told to stop, or when the
    /// sequencer is gone, and let go of `handover`.
    pub(crate) fn start(self, runtime: &tokio::runtime::Handle, handover: Handover) -> io::Result<JoinHandle<()>> {
        let guard = runtime.enter();
        let tcp = tokio::net::TcpListener::from_std(self.tcp)?;
        drop(guard);
        runtime.spawn(tcp::run(tcp, self.max_connections, handover.clone()));
        let udp = self.udp;
        std::thread::Builder::new().name("udp".to_owned()).spawn(move || udp::run(&udp, &handover))
    }
}
