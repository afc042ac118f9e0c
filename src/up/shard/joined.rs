//! The link of a process to process 0: it joins, hears of the start and then of the order, and says how far it has received
//! each journal.

use super::members::ORDER_WINDOW_BYTES;
use super::orders::Source;
use super::run::{Run, pulse};
use anyhow::{Context, bail};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use suiftly_ingest::block::Block;
use suiftly_ingest::order::{Start, received_to_bytes};
use suiftly_ingest::ship::Held;
use suiftly_link::{Frame, Kind, LinkReceiver, LinkSender, Purpose, Received, Role, connect};
use tokio::sync::{mpsc, oneshot};

/// Before process 0 is dialled again.
const DIAL_EVERY: Duration = Duration::from_secs(1);
/// How far journals were received is told at most so often.
const RECEIVED_EVERY: Duration = Duration::from_millis(5);
/// Room is given back by so much at once.
const GIVE_BACK_BYTES: u32 = ORDER_WINDOW_BYTES / 16;

/// What a process begins with that has joined.
pub(super) struct Joined {
    pub(super) start: Start,
    pub(super) source: Source,
    /// What it receives is to be put here.
    pub(super) holds: oneshot::Sender<Arc<Held>>,
}

/// Joins, however long it takes until process 0 and all others are there. From then on its end is a loss.
pub(super) async fn join(run: &Arc<Run>) -> Joined {
    let mut told = String::new();
    loop {
        let (start, to, from) = match try_join(run).await {
            Ok(joined) => joined,
            Err(error) => {
                let trouble = format!("{error:#}");
                if told != trouble {
                    tracing::warn!("waiting for the cluster's start: {trouble}");
                    told = trouble;
                }
                tokio::time::sleep(DIAL_EVERY).await;
                continue;
            }
        };
        tracing::info!(generation = start.generation, replay_after = start.replay_after, "the cluster starts");
        run.remember(&to);
        // The window bounds it.
        let (into, blocks) = crossbeam_channel::unbounded();
        let (taken, given_back) = mpsc::unbounded_channel();
        let (holds, held) = oneshot::channel();
        let run = Arc::clone(run);
        tokio::spawn(async move {
            let why = follow(&to, from, &into, given_back, held).await;
            run.lost(&Role::ORDER, &why).await;
        });
        return Joined { start, source: Source::Linked(blocks, taken), holds };
    }
}

async fn try_join(run: &Run) -> anyhow::Result<(Start, LinkSender, LinkReceiver)> {
    let address = run.seat.members.address(&Role::ORDER).context("nobody says where process 0 is")?.to_owned();
    let link = connect(address, &run.seat.tls, &Role::ORDER, Purpose::Order, &run.seat.node(0)).await?;
    let (to, mut from) = link.start(pulse);
    tracing::info!("joined: the others are waited for");
    loop {
        let Received::Frame(frame) = from.recv().await? else { continue };
        if frame.kind != Kind::Start {
            bail!("process 0 began with a frame of kind {:?}", frame.kind);
        }
        let start = Start::from_bytes(&frame.payload).context("the start that process 0 told cannot be")?;
        return Ok((start, to, from));
    }
}

/// Why it ended.
async fn follow(
    to: &LinkSender,
    mut from: LinkReceiver,
    into: &crossbeam_channel::Sender<Block>,
    given_back: mpsc::UnboundedReceiver<u32>,
    held: oneshot::Receiver<Arc<Held>>,
) -> anyhow::Error {
    let ended = tokio::select! {
        ended = listen(&mut from, into) => ended,
        () = give_credit(to, given_back) => Ok(()),
        () = tell_received(to, held) => Ok(()),
    };
    ended.err().unwrap_or_else(|| anyhow::anyhow!("the link is over"))
}

async fn listen(from: &mut LinkReceiver, into: &crossbeam_channel::Sender<Block>) -> anyhow::Result<()> {
    loop {
        let Received::Frame(frame) = from.recv().await? else { continue };
        match frame.kind {
            // Who takes blocks may have ended; this goes on until the process does.
            Kind::Order => drop(into.send(Block::from_bytes(frame.payload.to_vec())?)),
            kind => bail!("a frame of kind {kind:?} came out of turn"),
        }
    }
}

/// Says how much more may come, as blocks are taken.
async fn give_credit(to: &LinkSender, mut given_back: mpsc::UnboundedReceiver<u32>) {
    let mut owed = ORDER_WINDOW_BYTES;
    loop {
        if owed >= GIVE_BACK_BYTES {
            if to.send(&Frame::new(Kind::Credit, owed.to_le_bytes().to_vec())).await.is_err() {
                break;
            }
            owed = 0;
        }
        match given_back.recv().await {
            Some(bytes) => owed += bytes,
            None => break,
        }
    }
    // The receiving end knows why.
    pending::<()>().await;
}

/// Says how far each journal was received, as it changes.
async fn tell_received(to: &LinkSender, held: oneshot::Receiver<Arc<Held>>) {
    let Ok(held) = held.await else { return pending().await };
    let (mut changes, mut told) = (held.changes(), Vec::new());
    loop {
        changes.borrow_and_update();
        let received = held.received();
        if received != told {
            if to.send(&Frame::new(Kind::Received, received_to_bytes(received.iter().copied()))).await.is_err() {
                break;
            }
            told = received;
        }
        if changes.changed().await.is_err() {
            break;
        }
        tokio::time::sleep(RECEIVED_EVERY).await;
    }
    pending::<()>().await;
}
