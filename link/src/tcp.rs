//! Links by TCP: a door that takes them in, and who knocks.

use crate::error::LinkError;
use crate::hello::Node;
use crate::link::{Link, in_time};
use crate::role::{Purpose, Role};
use crate::tls::Tls;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// Handshakes at a time; who comes then waits in the system's queue, at most [`crate::HANDSHAKE_TIMEOUT`] for a place.
pub const MAX_HANDSHAKES: usize = 64;

/// Links that wait to be taken.
const WAITING_LINKS: usize = 16;
/// A pause after accepting failed: no descriptors left, say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Strangers who knock all the time are told of so often.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What this process says of itself, asked for at each link: its generation is another after a start.
pub type NodeNow = Arc<dyn Fn() -> Node + Send + Sync>;

/// Connects by TCP to somebody who must have this role. Connecting, and then TLS with hello, take at most
/// [`crate::HANDSHAKE_TIMEOUT`] each.
pub async fn connect(
    address: impl ToSocketAddrs,
    tls: &Tls,
    to: &Role,
    purpose: Purpose,
    us: &Node,
) -> Result<Link<TcpStream>, LinkError> {
    let stream = in_time(async { TcpStream::connect(address).await.map_err(LinkError::Connect) }).await?;
    stream.set_nodelay(true).map_err(LinkError::Connect)?;
    Link::dial(stream, tls, to, purpose, us).await
}

/// Takes links in. Shut when dropped: links that were taken go on.
#[derive(Debug)]
pub struct Door {
    links: mpsc::Receiver<Link<TcpStream>>,
    keeper: JoinHandle<()>,
}

impl Door {
    /// Opens at a socket that listens.
    pub fn open(listener: TcpListener, tls: Tls, us: NodeNow) -> Self {
        let (let_in, links) = mpsc::channel(WAITING_LINKS);
        let keeper = Keeper { listener, tls: Arc::new(tls), us, let_in, told: None, untold: 0 };
        Self { links, keeper: tokio::spawn(keeper.run()) }
    }

    /// The next who came in; `None` if the door is broken.
    pub async fn next(&mut self) -> Option<Link<TcpStream>> {
        self.links.recv().await
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Who stands at the door. Handshakes run beside each other, so that a slow one holds nobody up.
struct Keeper {
    listener: TcpListener,
    tls: Arc<Tls>,
    us: NodeNow,
    let_in: mpsc::Sender<Link<TcpStream>>,
    /// When it was last told of one who did not come in, and how many there were since.
    told: Option<Instant>,
    untold: u64,
}

type Handshake = (SocketAddr, Result<Link<TcpStream>, LinkError>);

impl Keeper {
    async fn run(mut self) {
        let mut handshakes: JoinSet<Handshake> = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if handshakes.len() < MAX_HANDSHAKES => match accepted {
                    Ok((stream, from)) => {
                        handshakes.spawn(shake_hands(stream, from, Arc::clone(&self.tls), (self.us)()));
                    }
                    Err(error) => {
                        tracing::warn!("accepting a link failed: {error}");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(done) = handshakes.join_next() => match done {
                    Ok((_, Ok(link))) => {
                        if self.let_in.send(link).await.is_err() {
                            return;
                        }
                    }
                    Ok((from, Err(error))) => self.tell(from, &error),
                    Err(panic) => tracing::error!("a handshake ended by itself: {panic}"),
                },
            }
        }
    }

    fn tell(&mut self, from: SocketAddr, error: &LinkError) {
        if self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            self.untold += 1;
            return;
        }
        tracing::warn!(%from, before = self.untold, "somebody was not linked: {error}");
        (self.told, self.untold) = (Some(Instant::now()), 0);
    }
}

async fn shake_hands(stream: TcpStream, from: SocketAddr, tls: Arc<Tls>, us: Node) -> Handshake {
    let link = match stream.set_nodelay(true) {
        Ok(()) => Link::accept(stream, &tls, &us).await,
        Err(error) => Err(LinkError::Connect(error)),
    };
    (from, link)
}
