//! Two threads join ingest, dataflow and their takers: one feeds batches in, one meets each batch with its deltas.

use super::live::Live;
use super::vault::Telling;
use super::writing::Queue;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::thread::JoinHandle;
use suiftly_api::{Hub, LiveBooks, Published, Tap};
use suiftly_dataflow::{Dataflow, EpochInput, MAX_QUEUED_EPOCHS};
use suiftly_schema::batch::Batch;
use suiftly_schema::ids::Epoch;
use suiftly_schema::reference::Entity;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use suiftly_store::writer::Commit;

/// The running threads. Both end when the batches do, after everything has reached the store's queue.
pub(super) struct Joining {
    feeder: JoinHandle<anyhow::Result<()>>,
    joiner: JoinHandle<anyhow::Result<()>>,
}

/// Starts both threads. Each batch is shown with its deltas before the store gets it.
pub(super) fn start(
    batches: Receiver<Batch>,
    (dataflow, deltas): (Dataflow, Receiver<EpochDeltas>),
    live: &Arc<Live>,
    show: impl FnMut(&Batch, &Arc<EpochDeltas>) -> anyhow::Result<()> + Send + 'static,
    store: Queue,
) -> anyhow::Result<Joining> {
    let (waiting, meeting) = bounded(MAX_QUEUED_EPOCHS);
    let (of_feeder, of_joiner) = (Arc::clone(live), Arc::clone(live));
    let feeder = thread("feeder", move || feed(&batches, dataflow, &of_feeder, &waiting))?;
    let joiner = thread("joiner", move || join(&deltas, &meeting, &of_joiner, show, &store))?;
    Ok(Joining { feeder, joiner })
}

/// What the API shows.
pub(super) struct Shown {
    pub(super) hub: Arc<Hub>,
    pub(super) tap: Arc<Tap>,
    pub(super) books: Arc<LiveBooks>,
}

impl Shown {
    /// Shows each epoch, and tells it to the vault.
    pub(super) fn with_vault(
        self,
        live: Arc<Live>,
        mut vault: Telling,
    ) -> impl FnMut(&Batch, &Arc<EpochDeltas>) -> anyhow::Result<()> + Send + 'static {
        move |batch, deltas| {
            self.tell_books(batch.reference.iter().map(|change| &change.entity));
            self.show(&live, &mut vault, (batch.epoch, batch.cut_at), (deltas, deltas));
            // Nobody listens, most of the time: then it costs nothing.
            self.tap.offer(batch.cut_at, &batch.records);
            Ok(())
        }
    }

    /// Price books that were told: before an epoch is shown that they are told by.
    pub(super) fn tell_books<'a>(&self, told: impl IntoIterator<Item = &'a Entity>) {
        for entity in told {
            if let Entity::PriceBook(book) = entity {
                self.books.publish(book);
            }
        }
    }

    /// Shows an epoch's deltas, and tells the vault those that it does not have.
    pub(super) fn show(
        &self,
        live: &Live,
        vault: &mut Telling,
        (epoch, cut_at): (Epoch, UnixMillis),
        (deltas, of_vault): (&Arc<EpochDeltas>, &EpochDeltas),
    ) {
        self.hub.publish(Published { epoch, cut_at, deltas: Arc::clone(deltas) });
        vault.tell(live, (epoch, cut_at), &of_vault.key_grants, &of_vault.access_grants);
    }
}

impl Joining {
    /// Whether one of them has ended, which neither does before the batches do.
    pub(super) fn has_ended(&self) -> bool {
        self.feeder.is_finished() || self.joiner.is_finished()
    }

    /// Whether both have: everything has reached the store's queue.
    pub(super) fn are_over(&self) -> bool {
        self.feeder.is_finished() && self.joiner.is_finished()
    }

    /// Waits for both to end.
    pub(super) fn join(self) -> anyhow::Result<()> {
        let ended = |thread: JoinHandle<anyhow::Result<()>>, name: &str| {
            thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("the {name} thread panicked")))
        };
        let (feeder, joiner) = (ended(self.feeder, "feeder"), ended(self.joiner, "joiner"));
        feeder.and(joiner)
    }
}

fn thread(
    name: &str,
    work: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<JoinHandle<anyhow::Result<()>>> {
    let spawned = std::thread::Builder::new().name(name.into()).spawn(work);
    spawned.map_err(|error| anyhow::anyhow!("cannot start the {name} thread: {error}"))
}

fn feed(batches: &Receiver<Batch>, mut dataflow: Dataflow, live: &Live, waiting: &Sender<Batch>) -> anyhow::Result<()> {
    let fed = feed_all(batches, &mut dataflow, live, waiting);
    dataflow.leave();
    fed
}

fn feed_all(
    batches: &Receiver<Batch>,
    dataflow: &mut Dataflow,
    live: &Live,
    waiting: &Sender<Batch>,
) -> anyhow::Result<()> {
    for mut batch in batches {
        let input = EpochInput::of(&mut batch);
        live.entered(&batch);
        // The batch waits before its deltas can come.
        if waiting.send(batch).is_err() {
            anyhow::bail!("the joiner thread has ended");
        }
        dataflow.send(input)?;
    }
    Ok(())
}

fn join(
    deltas: &Receiver<EpochDeltas>,
    meeting: &Receiver<Batch>,
    live: &Live,
    mut show: impl FnMut(&Batch, &Arc<EpochDeltas>) -> anyhow::Result<()>,
    store: &Queue,
) -> anyhow::Result<()> {
    for batch in meeting {
        let deltas = deltas.recv().map_err(|_| anyhow::anyhow!("the dataflow has ended"))?;
        let deltas = Arc::new(deltas);
        show(&batch, &deltas)?;
        // Nothing has changed, most of the time: then it costs nothing.
        live.rated(&deltas.rated);
        // Only now: what is not pending any more must be in the hub.
        live.published(&batch);
        anyhow::ensure!(store.send(Arc::new(Commit::new(batch, deltas))), "the store takes no more");
    }
    Ok(())
}
