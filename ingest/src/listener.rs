//! The sockets that lines come in by: UDP and TCP on one address, TLS on another, a Unix datagram socket.
//!
//! ```text
//! UDP (one thread a shard), Unix ── datagrams ──┐
//! TCP ── accept ── slots ───────────────────────┼── connection ── frame ──▶ chunks ──▶ sequencer
//! TLS ── accept ── slots ── handshake ──────────┘
//! ```
//!
//! Sockets are bound at once, or were passed by systemd, so that nobody is refused while the journal is opened; reading
//! begins with `Bound::start`. Frames go to the sequencer in chunks over one bounded queue. When it is full, connections are not
//! read, which the senders feel; datagrams wait in the kernel. What it cannot hold of UDP is counted; a Unix socket's
//! sender is told. At the end connections that the kernel has accepted and bytes that it holds are still taken; or, when
//! another process goes on, connections by plain TCP are handed on to it where a frame ends ([`handing`]).

mod accept;
mod chunk;
mod config;
mod connection;
mod datagrams;
mod drops;
mod handing;
mod notices;
mod pace;
mod passed;
mod slots;
mod tls;
mod udp;
mod unix;

pub(crate) use chunk::{Chunk, ChunkPool};
pub use config::*;
pub(crate) use drops::KernelDrops;
pub use handing::HandedConnection;
pub(crate) use handing::Handing;
pub(crate) use pace::Pace;
pub use passed::{PassedError, PassedSockets};
pub use tls::TlsError;

use crate::counters::Counters;
use crate::error::IngestError;
use crate::source::Transport;
use accept::Acceptor;
use notices::Notices;
use rustls::ServerConfig;
use slots::{Limits, Slots};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tls::Tls;
use tokio::sync::{mpsc, watch};
use udp::Shard;
use unix::UnixSocket;

/// So long a connection keeps its slot though it has delivered nothing and another needs it: who connects because there
/// is a line to send has sent it by then. HAProxy's ring, which connects ahead, connects again.
const FIRST_FRAME_GRACE: Duration = Duration::from_secs(10);

/// The addresses that are listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddrs {
    /// By UDP.
    pub udp: SocketAddr,
    /// By TCP.
    pub tcp: SocketAddr,
    /// By TLS, if so.
    pub tls: Option<SocketAddr>,
}

/// The sequencer has ended.
#[derive(Debug)]
pub(crate) struct SequencerGone;

/// What every listener needs.
#[derive(Clone, Debug)]
pub(crate) struct Handover {
    chunks: mpsc::Sender<Chunk>,
    pool: ChunkPool,
    counters: Arc<Counters>,
    notices: Arc<Notices>,
    pace: Arc<Pace>,
    /// True once reading should end.
    stopping: watch::Receiver<bool>,
    /// Where connections go then, if they are to go on.
    handing: Arc<Handing>,
}

impl Handover {
    pub(crate) fn new(
        chunks: mpsc::Sender<Chunk>,
        pool: ChunkPool,
        counters: Arc<Counters>,
        pace: Arc<Pace>,
        stopping: watch::Receiver<bool>,
        handing: Arc<Handing>,
    ) -> Self {
        Self { chunks, pool, counters, notices: Arc::default(), pace, stopping, handing }
    }

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
    udp: Vec<Shard>,
    tcp: TcpListener,
    tls: Option<(TcpListener, Arc<ServerConfig>)>,
    unix: Option<UnixSocket>,
    /// Connections that another process had accepted.
    connections: Vec<HandedConnection>,
    limits: Limits,
    /// Where they are.
    pub(crate) addrs: LocalAddrs,
    /// The UDP sockets' receive buffers as the kernel made them, in bytes, together.
    pub(crate) udp_receive_buffer_bytes: usize,
}

impl Bound {
    /// Takes the sockets that were passed, and binds those that were not.
    pub(crate) fn bind(config: &ListenerConfig, mut passed: PassedSockets) -> Result<Self, IngestError> {
        let (udp, udp_addr) = bind_udp(config, &mut passed)?;
        let (tcp, tcp_addr) = bind_stream(Transport::Tcp, config.listen, &mut passed)?;
        let tls = config.tls.as_ref().map(|tls| bind_tls(tls, &mut passed)).transpose()?;
        let unix = config.unix.as_ref().map(|path| bind_unix(path, &mut passed)).transpose()?;
        let connections = std::mem::take(&mut passed.connections);
        passed.none_left()?;
        let limits = Limits {
            total: config.max_connections,
            per_peer: config.max_connections_per_peer,
            grace: FIRST_FRAME_GRACE,
        };
        let addrs = LocalAddrs { udp: udp_addr, tcp: tcp_addr, tls: tls.as_ref().map(|(_, addr, _)| *addr) };
        let udp_receive_buffer_bytes = udp.iter().map(|shard| shard.receive_buffer_bytes).sum();
        let tls = tls.map(|(listener, _, config)| (listener, config));
        Ok(Self { udp, tcp, tls, unix, connections, limits, addrs, udp_receive_buffer_bytes })
    }

    /// What the kernel drops of the UDP sockets.
    pub(crate) fn kernel_drops(&self) -> Result<KernelDrops, IngestError> {
        let drops = KernelDrops::of(self.udp.iter().map(|shard| &shard.socket));
        drops.map_err(|error| IngestError::listen(Transport::Udp, self.addrs.udp, error))
    }

    /// Begins to read: datagrams on threads of their own, which are returned, connections on the runtime. They end when
    /// told to stop, or when the sequencer is gone, and let go of `handover`.
    pub(crate) fn start(
        self,
        runtime: &tokio::runtime::Handle,
        handover: &Handover,
    ) -> io::Result<Vec<JoinHandle<()>>> {
        let slots = Slots::new(self.limits);
        let guard = runtime.enter();
        let plain = (self.tcp, None, self.connections);
        let tls = self.tls.map(|(listener, config)| (listener, Some(config), Vec::new()));
        for (listener, tls, passed) in [plain].into_iter().chain(tls) {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let (slots, tls) = (slots.clone(), tls.map(|config| Arc::new(Tls::new(config))));
            runtime.spawn(Acceptor { listener, slots, tls, passed, handover: handover.clone() }.run());
        }
        drop(guard);
        let mut threads = Vec::with_capacity(self.udp.len() + 1);
        for (at, shard) in self.udp.into_iter().enumerate() {
            threads.push(receive(format!("udp-{at}"), shard, handover.clone())?);
        }
        if let Some(unix) = self.unix {
            threads.push(receive("unix".to_owned(), unix, handover.clone())?);
        }
        Ok(threads)
    }
}

fn receive<S>(name: String, socket: S, handover: Handover) -> io::Result<JoinHandle<()>>
where
    S: datagrams::DatagramSocket + Send + 'static,
{
    std::thread::Builder::new().name(name).spawn(move || datagrams::run(socket, &handover))
}

fn bind_udp(config: &ListenerConfig, passed: &mut PassedSockets) -> Result<(Vec<Shard>, SocketAddr), IngestError> {
    let error = |error| IngestError::listen(Transport::Udp, config.listen, error);
    let given = passed.take_udp(config.listen, config.udp_shards)?;
    let shards = if given.is_empty() { udp::bind(config) } else { udp::adopt(given, config) };
    let shards = shards.map_err(error)?;
    let (asked, got) = (config.udp_receive_buffer_bytes, shards[0].receive_buffer_bytes);
    if got < asked {
        tracing::warn!(
            "the UDP receive buffer is {got} bytes, not {asked}: raise net.core.rmem_max or run with CAP_NET_ADMIN"
        );
    }
    let addr = shards[0].socket.local_addr().map_err(error)?;
    Ok((shards, addr))
}

fn bind_stream(
    transport: Transport,
    listen: SocketAddr,
    passed: &mut PassedSockets,
) -> Result<(TcpListener, SocketAddr), IngestError> {
    let bind = |given: Option<TcpListener>| {
        let listener = given.map_or_else(|| TcpListener::bind(listen), Ok)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    };
    bind(passed.take_tcp(listen)).map_err(|error| IngestError::listen(transport, listen, error))
}

fn bind_tls(
    config: &TlsConfig,
    passed: &mut PassedSockets,
) -> Result<(TcpListener, SocketAddr, Arc<ServerConfig>), IngestError> {
    let server = tls::server_config(config)?;
    let (listener, addr) = bind_stream(Transport::Tls, config.listen, passed)?;
    Ok((listener, addr, server))
}

fn bind_unix(path: &Path, passed: &mut PassedSockets) -> Result<UnixSocket, IngestError> {
    let given = passed.take_unix(path);
    let socket = given.map_or_else(|| UnixSocket::bind(path), |socket| UnixSocket::adopt(socket, path));
    socket.map_err(|error| IngestError::listen_unix(path, error))
}
