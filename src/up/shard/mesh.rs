//! The mesh: a link to each other process, which carries timely's bytes. The higher number dials. Each link is pumped into
//! a pair of sockets, whose other end is the dataflow's: it reads and writes on threads of its own, and knows no links.

use super::run::{Run, pulse};
use anyhow::Context;
use std::future::pending;
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;
use suiftly_link::{Frame, Kind, Link, LinkReceiver, LinkSender, Purpose, Received, Role, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How long all may take to be linked, once the cluster starts: each has just heard of it.
const MESH_TIMEOUT: Duration = Duration::from_secs(30);
/// Before one is dialled again.
const DIAL_EVERY: Duration = Duration::from_millis(100);
/// A frame carries so much at most.
const FRAME_BYTES: usize = 256 << 10;

/// A link of the mesh, which beats already.
pub(super) struct MeshLink {
    process: u16,
    generation: u64,
    to: LinkSender,
    from: LinkReceiver,
}

impl MeshLink {
    pub(super) fn begin(link: Link<TcpStream>) -> Self {
        let node = link.peer().hello.node;
        let (to, from) = link.start(pulse);
        Self { process: node.process, generation: node.generation, to, from }
    }
}

/// A stream to each other process, by its number: those below are dialled, those above come in.
pub(super) async fn connect_all(
    run: &Arc<Run>,
    came: &mut mpsc::Receiver<MeshLink>,
) -> anyhow::Result<Vec<Option<UnixStream>>> {
    let linked = tokio::time::timeout(MESH_TIMEOUT, link_all(run, came)).await;
    linked.with_context(|| format!("not all processes are linked within {MESH_TIMEOUT:?}"))?
}

async fn link_all(run: &Arc<Run>, came: &mut mpsc::Receiver<MeshLink>) -> anyhow::Result<Vec<Option<UnixStream>>> {
    let mut peers: Vec<_> = (0..run.seat.processes()).map(|_| None).collect();
    let mut dialling = JoinSet::new();
    for lower in 0..run.process() {
        dialling.spawn(dial(Arc::clone(run), lower));
    }
    while peers.iter().filter(|peer| peer.is_none()).count() > 1 {
        let link = tokio::select! {
            Some(dialled) = dialling.join_next() => dialled.context("dialling panicked")?,
            link = came.recv() => link.context("the door for links is broken")?,
        };
        let is_of_now = link.generation == run.generation();
        match peers.get_mut(usize::from(link.process)).filter(|_| is_of_now && link.process != run.process()) {
            Some(peer) => *peer = Some(pump(run, link).context("cannot make a pair of sockets")?),
            None => tracing::warn!(process = link.process, generation = link.generation, "left over from a run before"),
        }
    }
    Ok(peers)
}

async fn dial(run: Arc<Run>, process: u16) -> MeshLink {
    let role = Role::Dataflow(process);
    let address = run.seat.members.address(&role).unwrap_or_default().to_owned();
    loop {
        let node = run.seat.node(run.generation());
        match connect(address.clone(), &run.seat.tls, &role, Purpose::Mesh, &node).await {
            Ok(link) => return MeshLink::begin(link),
            Err(error) => tracing::debug!(%role, %error, "not linked yet"),
        }
        tokio::time::sleep(DIAL_EVERY).await;
    }
}

/// The dataflow's end of a link.
fn pump(run: &Arc<Run>, link: MeshLink) -> io::Result<UnixStream> {
    let (dataflows, ours) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let (mut read, mut write) = tokio::net::UnixStream::from_std(ours)?.into_split();
    let (run, MeshLink { process, to, mut from, .. }) = (Arc::clone(run), link);
    run.remember(&to);
    tokio::spawn(async move {
        let why = tokio::select! {
            end = outwards(&mut read, &to) => end,
            end = inwards(&mut from, &mut write) => end,
        };
        // Our end stays open as long as the process lives: to the dataflow its end would be a loss, too.
        run.lost(&Role::Dataflow(process), &why).await;
    });
    Ok(dataflows)
}

/// Why there is nothing more to send.
async fn outwards(read: &mut OwnedReadHalf, to: &LinkSender) -> anyhow::Error {
    let mut buffer = vec![0; FRAME_BYTES];
    loop {
        match read.read(&mut buffer).await {
            Ok(0) => return anyhow::anyhow!("the dataflow has closed its stream"),
            Ok(count) => {
                if to.send(&Frame::new(Kind::Mesh, buffer[..count].to_vec())).await.is_err() {
                    // The receiving end knows why.
                    return pending().await;
                }
            }
            Err(error) => return error.into(),
        }
    }
}

/// Why nothing more comes.
async fn inwards(from: &mut LinkReceiver, write: &mut OwnedWriteHalf) -> anyhow::Error {
    loop {
        let frame = match from.recv().await {
            Ok(Received::Beat(_)) => continue,
            Ok(Received::Frame(frame)) => frame,
            Err(error) => return error.into(),
        };
        if let Err(error) = write.write_all(&frame.payload).await {
            return error.into();
        }
    }
}
