//! Process 0's links to the other processes: they join, are told of the start once all have, and then of the order. What
//! they say is how far they have received each journal.

use super::run::{Run, end_of, pulse};
use anyhow::{Context, ensure};
use std::collections::{BTreeSet, btree_set};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use suiftly_ingest::block::Block;
use suiftly_ingest::order::{Follower, Intake, OrderError, Start, Tail, received_from_bytes};
use suiftly_link::{Frame, Kind, Link, LinkReceiver, LinkSender, Received};
use suiftly_schema::ids::Epoch;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, watch};

/// Bytes of the order that may be under way to a process, or wait there: some 100,000 of its usual blocks.
pub(super) const ORDER_WINDOW_BYTES: u32 = 32 << 20;
/// Blocks that wait for a link.
const WAITING_BLOCKS: usize = 64;
/// How often it is looked whether a link still wants blocks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is told who is waited for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The order as others are told of it.
pub(super) struct Order {
    pub(super) dir: PathBuf,
    pub(super) tail: Arc<Tail>,
    pub(super) intake: Arc<Intake>,
}

impl Order {
    /// Reads from the block of epoch `after` on, which says which cuts are in force there.
    pub(super) fn follow_from(&self, after: Epoch) -> Follower {
        Follower::new(&self.dir, Arc::clone(&self.tail), after.saturating_sub(1))
    }
}

/// Who has joined.
pub(super) struct Members {
    run: Arc<Run>,
    order: Order,
    /// The links that wait, each by its process and its number. A process that came again may have one that is dead.
    present: watch::Sender<BTreeSet<(u16, u64)>>,
    links: AtomicU64,
    start: watch::Sender<Option<Arc<Start>>>,
}

impl Members {
    pub(super) fn new(run: &Arc<Run>, order: Order) -> Arc<Self> {
        let (present, start) = (watch::Sender::default(), watch::Sender::default());
        Arc::new(Self { run: Arc::clone(run), order, present, links: AtomicU64::new(0), start })
    }

    pub(super) const fn order(&self) -> &Order {
        &self.order
    }

    /// Waits for all others, however long, and lets them begin.
    pub(super) async fn start(&self, start: Start) {
        let processes = self.run.seat.processes();
        let mut present = self.present.subscribe();
        loop {
            let all = present.wait_for(|present| absent(present, processes).is_empty());
            if let Ok(Ok(_)) = tokio::time::timeout(TELL_EVERY, all).await {
                break;
            }
            let missing = absent(&self.present.borrow(), processes);
            tracing::warn!(?missing, "processes of the dataflow are waited for");
        }
        tracing::info!(generation = start.generation, replay_after = start.replay_after, "all have joined");
        self.start.send_replace(Some(Arc::new(start)));
    }

    /// A process's link, from its joining to its end.
    pub(super) async fn serve(self: Arc<Self>, link: Link<TcpStream>) {
        let (who, process) = (link.peer().role.clone(), link.peer().hello.node.process);
        let (to, mut from) = link.start(pulse);
        if self.start.borrow().is_some() {
            // Whoever comes now has missed the beginning. That the one before is gone will be noticed at once.
            let _ = to.say_goodbye("the cluster has started without this process: it will start again").await;
            return;
        }
        tracing::info!(%who, "joined");
        let number = self.links.fetch_add(1, Ordering::Relaxed);
        self.present.send_modify(|present| {
            present.insert((process, number));
        });
        let start = match self.wait(&mut from).await {
            Ok(start) if self.is_last(process, number) => start,
            Ok(_) => return,
            Err(why) => {
                tracing::warn!(%who, "not joined any more: {why}");
                return self.present.send_modify(|present| {
                    present.remove(&(process, number));
                });
            }
        };
        self.run.remember(&to);
        let why = self.follow(process, &start, &to, &mut from).await;
        self.run.lost(&who, &why).await;
    }

    fn is_last(&self, process: u16, number: u64) -> bool {
        links_of(&self.present.borrow(), process).next_back() == Some(&(process, number))
    }

    /// Until the start, or until the link is over.
    async fn wait(&self, from: &mut LinkReceiver) -> anyhow::Result<Arc<Start>> {
        let mut started = self.start.subscribe();
        let start = async {
            let start = started.wait_for(Option::is_some).await;
            start.ok().and_then(|start| start.clone())
        };
        tokio::select! {
            start = start => start.context("nobody starts any more"),
            end = end_of(from) => Err(end.into()),
        }
    }

    /// Why it ended.
    async fn follow(&self, process: u16, start: &Start, to: &LinkSender, from: &mut LinkReceiver) -> anyhow::Error {
        if let Err(error) = to.send(&Frame::new(Kind::Start, start.to_bytes())).await {
            return error.into();
        }
        let credit = Semaphore::new(0);
        let ended = tokio::select! {
            ended = self.listen(process, from, &credit) => ended,
            ended = self.tell(start.replay_after, process, to, &credit) => ended,
        };
        ended.err().unwrap_or_else(|| anyhow::anyhow!("its link is over"))
    }

    /// Takes what it says, to the link's end.
    async fn listen(&self, process: u16, from: &mut LinkReceiver, credit: &Semaphore) -> anyhow::Result<()> {
        loop {
            let Received::Frame(frame) = from.recv().await? else { continue };
            match frame.kind {
                Kind::Received => {
                    let received = received_from_bytes(&frame.payload).context("what it received cannot be")?;
                    for (journal, through) in received {
                        self.order.intake.received(usize::from(process), journal, through);
                    }
                }
                Kind::Credit => {
                    let bytes = u32_of(&frame).context("no credit")?;
                    let is_within = credit.available_permits() + bytes as usize <= ORDER_WINDOW_BYTES as usize;
                    ensure!(is_within, "it gives more credit than there is");
                    credit.add_permits(bytes as usize);
                }
                kind => anyhow::bail!("a frame of kind {kind:?} came out of turn"),
            }
        }
    }

    /// Sends the order.
    async fn tell(&self, after: Epoch, process: u16, to: &LinkSender, credit: &Semaphore) -> anyhow::Result<()> {
        let mut blocks = blocks_of(self.order.follow_from(after), &format!("order-{process}"))?;
        while let Some(block) = blocks.recv().await {
            let bytes = block.bytes();
            credit.acquire_many(u32::try_from(bytes.len())?).await?.forget();
            to.send(&Frame::new(Kind::Order, bytes.to_vec())).await?;
        }
        // While this process ends the order does too; the link goes on for what is under way.
        ensure!(self.run.is_ending(), "the order cannot be read any further");
        std::future::pending().await
    }
}

/// A process's links, the last one last.
fn links_of(present: &BTreeSet<(u16, u64)>, process: u16) -> btree_set::Range<'_, (u16, u64)> {
    present.range((process, 0)..=(process, u64::MAX))
}

/// Processes that have no link.
fn absent(present: &BTreeSet<(u16, u64)>, processes: usize) -> Vec<u16> {
    (1..).take(processes - 1).filter(|process| links_of(present, *process).next().is_none()).collect()
}

/// What a frame says that is one number.
fn u32_of(frame: &Frame) -> Option<u32> {
    frame.payload[..].try_into().ok().map(u32::from_le_bytes)
}

/// The order's blocks, read on a thread until nobody takes them, or nobody cuts it any more.
pub(super) fn blocks_of(mut follower: Follower, name: &str) -> anyhow::Result<mpsc::Receiver<Arc<Block>>> {
    let (into, blocks) = mpsc::channel(WAITING_BLOCKS);
    let read = move || {
        while !into.is_closed() {
            match follower.next_within(LOOK_EVERY) {
                Ok(Some(block)) => drop(into.blocking_send(block)),
                Ok(None) => {}
                Err(OrderError::Over) => return,
                Err(error) => return tracing::error!("the order is not read any further: {error}"),
            }
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(read).context("cannot start a thread")?;
    Ok(blocks)
}
