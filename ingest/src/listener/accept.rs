//! Accepts connections, by TCP and by TLS, and gives each a slot and a task.

use super::connection::{self, Ending, Party};
use super::slots::{Slot, Slots};
use super::tls::Tls;
use super::{HandedConnection, Handover, stop_asked};
use crate::frame::{Framer, Framing};
use crate::source::{Source, Transport};
use socket2::{SockRef, TcpKeepalive};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};

/// A ring may be silent for days, so there is no idle timeout; a peer that is gone is found out by keepalive.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;
/// A pause after accepting failed: no descriptors left, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections taken out of the kernel's queue at the end: as many as it holds.
const MAX_LAST_ACCEPTS: usize = 4_096;

/// A listening socket and what its connections need.
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) slots: Slots,
    /// `None` is plain TCP.
    pub(super) tls: Option<Arc<Tls>>,
    /// Connections of plain TCP that another process had accepted.
    pub(super) passed: Vec<HandedConnection>,
    pub(super) handover: Handover,
}

impl Acceptor {
    /// Takes over those that were passed, accepts until it is told to stop, then takes those whom the kernel has accepted
    /// already.
    pub(super) async fn run(mut self) {
        for passed in std::mem::take(&mut self.passed) {
            self.adopt(passed);
        }
        let mut stopping = self.handover.stopping.clone();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop_asked(&mut stopping) => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, None),
                Err(error) => {
                    tracing::warn!("accepting a syslog connection failed: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        self.take_queued().await;
    }

    async fn take_queued(&self) {
        let mut has_looked = false;
        for _ in 0..MAX_LAST_ACCEPTS {
            match self.accept_at_hand().await {
                Some(Ok((stream, peer))) => self.admit(stream, peer, None),
                // The runtime asks the kernel before it goes on.
                None if !has_looked => {
                    has_looked = true;
                    tokio::task::yield_now().await;
                }
                Some(Err(_)) | None => return,
            }
        }
    }

    /// One that is there; does not wait.
    async fn accept_at_hand(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        poll_fn(|context| match self.listener.poll_accept(context) {
            Poll::Ready(accepted) => Poll::Ready(Some(accepted)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    fn adopt(&self, passed: HandedConnection) {
        let HandedConnection { stream, framing, .. } = passed;
        let adopted = stream.peer_addr().and_then(|peer| {
            stream.set_nonblocking(true)?;
            Ok((TcpStream::from_std(stream)?, peer))
        });
        match adopted {
            Ok((stream, peer)) => self.admit(stream, peer, framing),
            Err(error) => tracing::warn!("a syslog connection was lost while it was handed on: {error}"),
        }
    }

    /// Gives it a slot and a task. Its framing is known if it was read before.
    fn admit(&self, stream: TcpStream, peer: SocketAddr, framing: Option<Framing>) {
        let transport = if self.tls.is_some() { Transport::Tls } else { Transport::Tcp };
        let counters = self.handover.counters.by(transport);
        let Some(slot) = self.slots.admit(peer.ip(), Instant::now()) else {
            counters.connections_refused.add(1);
            self.handover.notices.refused(peer);
            return;
        };
        if framing.is_some() {
            slot.delivers();
        }
        counters.connections_accepted.add(1);
        let (tls, handover) = (self.tls.clone(), self.handover.clone());
        tokio::spawn(async move {
            if let Err(error) = keep_alive(&stream) {
                tracing::debug!(%peer, "cannot turn on keepalive: {error}");
            }
            let framer = framing.map_or_else(Framer::detect, Framer::of);
            let ending = serve((stream, framer), peer, tls.as_deref(), &slot, &handover).await;
            let counters = handover.counters.by(transport);
            counters.connections_displaced.add(u64::from(ending == Some(Ending::Displaced)));
            counters.connections_closed.add(1);
            if let Some(ending) = ending {
                handover.notices.closed(peer, ending.word());
            }
        });
    }
}

/// Reads a connection to its end; `None` if its handshake failed, which is told already.
async fn serve(
    (stream, framer): (TcpStream, Framer),
    peer: SocketAddr,
    tls: Option<&Tls>,
    slot: &Slot,
    handover: &Handover,
) -> Option<Ending> {
    let Some(tls) = tls else {
        let party = Party { source: Source::tcp(peer), peer, slot, handover };
        return Some(connection::read(stream, framer, party).await);
    };
    let mut stopping = handover.stopping.clone();
    let shaken = tokio::select! {
        biased;
        // Without a handshake nothing was received that could be lost.
        () = stop_asked(&mut stopping) => return Some(Ending::Stopping),
        () = slot.displaced() => return Some(Ending::Displaced),
        shaken = tls.shake_hands(stream, peer) => shaken,
    };
    match shaken {
        Ok((stream, source)) => Some(connection::read(stream, framer, Party { source, peer, slot, handover }).await),
        Err(error) => {
            handover.counters.by(Transport::Tls).handshakes_failed.add(1);
            handover.notices.handshake_failed(peer, &error);
            None
        }
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
