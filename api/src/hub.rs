//! The live hub: the last epochs' deltas, in a bounded ring that readers pull from.
//!
//! It stands between the dataflow and every live answer. The composition thread publishes each epoch once, in order,
//! before the store writer gets it, so that the store's watermark never passes the ring. Publishing takes a short lock
//! and never waits for a reader; a reader that falls off the ring's end is told so and starts over from the store.
//!
//! A reader at epoch `e` is *on the ring* if the ring holds every delta after `e`.

use crate::tail::Tail;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::EpochDeltas;
use tokio::sync::watch;

/// How much the ring holds. The newest epoch is always held, whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubBounds {
    /// Epochs at most. Default 20,000: over three minutes of blocks cut every 10 ms.
    pub epochs: usize,
    /// Memory for their deltas, about. Default 96 MiB.
    pub bytes: usize,
}

impl Default for HubBounds {
    fn default() -> Self {
        Self { epochs: 20_000, bytes: 96 << 20 }
    }
}

/// One epoch, complete.
#[derive(Clone, Debug)]
pub struct Published {
    /// The epoch; higher than any published before.
    pub epoch: Epoch,
    /// The clock when its block was cut.
    pub cut_at: UnixMillis,
    /// What it adds to each view.
    pub deltas: Arc<EpochDeltas>,
}

/// Why the ring cannot carry a reader on from its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Deltas after the epoch were there and are gone.
    FellOff,
    /// The epoch is later than the latest published.
    Ahead,
    /// Nothing has been published, and nothing is known of where the sequence will begin.
    Empty,
}

/// The hub. Shared by `Arc`.
#[derive(Debug)]
pub struct Hub {
    bounds: HubBounds,
    ring: Mutex<Ring>,
    latest: watch::Sender<Epoch>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Published>,
    bytes: usize,
    /// The position before the first entry. `None` until something is known.
    floor: Option<Floor>,
    complete_to: UnixMillis,
}

#[derive(Clone, Copy, Debug)]
struct Floor {
    epoch: Epoch,
    /// When it was cut, where known.
    cut_at: Option<UnixMillis>,
}

impl Hub {
    /// An empty hub.
    pub fn new(bounds: HubBounds) -> Self {
        Self { bounds, ring: Mutex::default(), latest: watch::Sender::new(0) }
    }

    /// Says, before anything is published, which epoch the process resumes after, and when that one was cut.
    ///
    /// Optional: with it a client that was at that epoch goes on without a reset. Panics after a publication.
    pub fn resume_at(&self, epoch: Epoch, cut_at: UnixMillis) {
        let mut ring = self.ring.lock();
        assert!(ring.entries.is_empty(), "epoch {epoch} is resumed after a publication");
        ring.floor = Some(Floor { epoch, cut_at: Some(cut_at) });
        ring.complete_to = ring.complete_to.max(cut_at);
        drop(ring);
        self.latest.send_replace(epoch);
    }

    /// Goes on behind what the store has, which has passed what was published: readers start over from the store.
    ///
    /// Panics if the epoch is before the last one.
    pub fn begin_anew(&self, epoch: Epoch, cut_at: UnixMillis) {
        let mut ring = self.ring.lock();
        let last = ring.latest();
        assert!(last.is_none_or(|last| epoch >= last), "epoch {epoch} is begun at after {last:?}");
        let complete_to = ring.complete_to.max(cut_at);
        *ring = Ring { floor: Some(Floor { epoch, cut_at: Some(cut_at) }), complete_to, ..Ring::default() };
        drop(ring);
        self.latest.send_replace(epoch);
    }

    /// Adds an epoch. Epochs may be left out only if they add nothing to any view.
    ///
    /// Panics if the epoch is not after the last one: the sequence is the journal's, and two orders would be two bills.
    pub fn publish(&self, published: Published) {
        let epoch = published.epoch;
        self.ring.lock().push(published, self.bounds);
        self.latest.send_replace(epoch);
    }

    /// Says that everything received before `until` is in the epochs published so far. Never moves back.
    pub fn idle_until(&self, until: UnixMillis) {
        let mut ring = self.ring.lock();
        ring.complete_to = ring.complete_to.max(until);
    }

    /// Everything after `epoch`, with the latest epoch and what it is complete to, as of one instant.
    pub fn since(&self, epoch: Epoch) -> Result<Tail, Behind> {
        self.ring.lock().since(epoch)
    }

    /// The latest epoch (0 if none is known) and the time up to which it is complete.
    pub fn position(&self) -> (Epoch, UnixMillis) {
        let ring = self.ring.lock();
        (ring.latest().unwrap_or_default(), ring.complete_to)
    }

    /// When an epoch was cut, while the ring knows.
    pub fn cut_at(&self, epoch: Epoch) -> Option<UnixMillis> {
        let ring = self.ring.lock();
        match ring.entries.binary_search_by_key(&epoch, |entry| entry.epoch) {
            Ok(index) => Some(ring.entries[index].cut_at),
            Err(_) => ring.floor.filter(|floor| floor.epoch == epoch)?.cut_at,
        }
    }

    /// The latest epoch, to wait on.
    pub fn watch(&self) -> watch::Receiver<Epoch> {
        self.latest.subscribe()
    }

    /// How full the ring is: epochs held, and bytes of their deltas.
    pub fn held(&self) -> (usize, usize) {
        let ring = self.ring.lock();
        (ring.entries.len(), ring.bytes)
    }
}

impl Ring {
    fn push(&mut self, published: Published, bounds: HubBounds) {
        let last = self.latest();
        assert!(last.is_none_or(|last| published.epoch > last), "epoch {} after {last:?}", published.epoch);
        if self.floor.is_none() {
            self.floor = Some(Floor { epoch: published.epoch.saturating_sub(1), cut_at: None });
        }
        self.bytes += published.deltas.memory_bytes();
        self.complete_to = self.complete_to.max(published.cut_at);
        self.entries.push_back(published);
        while self.entries.len() > 1 && (self.entries.len() > bounds.epochs || self.bytes > bounds.bytes) {
            self.evict();
        }
    }

    fn evict(&mut self) {
        if let Some(oldest) = self.entries.pop_front() {
            self.bytes -= oldest.deltas.memory_bytes();
            self.floor = Some(Floor { epoch: oldest.epoch, cut_at: Some(oldest.cut_at) });
        }
    }

    fn latest(&self) -> Option<Epoch> {
        self.entries.back().map(|entry| entry.epoch).or(self.floor.map(|floor| floor.epoch))
    }

    fn since(&self, epoch: Epoch) -> Result<Tail, Behind> {
        let floor = self.floor.ok_or(Behind::Empty)?.epoch;
        let latest = self.latest().unwrap_or(floor);
        if epoch < floor {
            return Err(Behind::FellOff);
        }
        if epoch > latest {
            return Err(Behind::Ahead);
        }
        let first = self.entries.partition_point(|entry| entry.epoch <= epoch);
        let epochs = self.entries.range(first..).cloned().collect();
        Ok(Tail { epoch: latest, complete_to: self.complete_to, epochs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(epochs: usize, bytes: usize) -> Hub {
        Hub::new(HubBounds { epochs, bytes })
    }

    fn publish(hub: &Hub, epoch: Epoch) {
        let deltas = Arc::new(EpochDeltas { epoch, ..EpochDeltas::default() });
        hub.publish(Published { epoch, cut_at: UnixMillis(epoch.cast_signed() * 10), deltas });
    }

    fn seen(hub: &Hub, epoch: Epoch) -> Result<Vec<Epoch>, Behind> {
        hub.since(epoch).map(|tail| tail.epochs.iter().map(|published| published.epoch).collect())
    }

    #[test]
    fn the_sequence_may_begin_anywhere_and_falls_off_its_end() {
        let hub = hub(3, 100);
        assert_eq!(seen(&hub, 0), Err(Behind::Empty));
        for epoch in 812..=815 {
            publish(&hub, epoch);
        }
        let cases = [
            (810, Err(Behind::FellOff)),
            (811, Err(Behind::FellOff)),
            (812, Ok(vec![813, 814, 815])),
            (814, Ok(vec![815])),
            (815, Ok(vec![])),
            (816, Err(Behind::Ahead)),
        ];
        for (epoch, expected) in cases {
            assert_eq!(seen(&hub, epoch), expected, "{epoch}");
        }
        assert_eq!(hub.position(), (815, UnixMillis(8150)));
        assert_eq!(hub.cut_at(812), Some(UnixMillis(8120)), "the floor's cut is kept");
        assert_eq!(hub.cut_at(811), None);
    }

    #[test]
    fn memory_is_bounded_but_the_newest_epoch_is_held() {
        let row = (
            suiftly_schema::view::RatedKey {
                customer_id: suiftly_schema::ids::CustomerId::new(1).unwrap(),
                service: None,
                month: UnixMillis(0).month(),
                price_book: 1,
            },
            suiftly_schema::view::RatedSums::default(),
        );
        let row_bytes = size_of_val(&row);
        let hub = hub(100, 4 * row_bytes);
        for (epoch, rows, held) in [(1, 2, (1, 2)), (2, 2, (2, 4)), (3, 1, (2, 3)), (4, 9, (1, 9)), (5, 0, (1, 0))] {
            let deltas = Arc::new(EpochDeltas { epoch, rated: vec![row; rows], ..EpochDeltas::default() });
            hub.publish(Published { epoch, cut_at: UnixMillis(0), deltas });
            assert_eq!(hub.held(), (held.0, held.1 * row_bytes), "{epoch}");
        }
    }

    #[test]
    fn a_resumed_hub_knows_its_epoch_and_completeness_never_moves_back() {
        let hub = hub(3, 3);
        hub.resume_at(7, UnixMillis(70));
        assert_eq!(seen(&hub, 7), Ok(vec![]));
        assert_eq!(seen(&hub, 6), Err(Behind::FellOff));
        hub.idle_until(UnixMillis(500));
        hub.idle_until(UnixMillis(400));
        publish(&hub, 8);
        assert_eq!(hub.position(), (8, UnixMillis(500)));
        assert_eq!(seen(&hub, 7), Ok(vec![8]));
    }

    #[test]
    fn who_was_on_the_ring_starts_over_when_it_begins_anew() {
        let hub = hub(3, 3);
        (1..=3).for_each(|epoch| publish(&hub, epoch));
        hub.begin_anew(7, UnixMillis(65));
        assert!([2, 3, 6].into_iter().all(|epoch| seen(&hub, epoch) == Err(Behind::FellOff)));
        assert_eq!((seen(&hub, 7), hub.held()), (Ok(vec![]), (0, 0)));
        assert_eq!((hub.cut_at(7), *hub.watch().borrow()), (Some(UnixMillis(65)), 7));
        publish(&hub, 8);
        assert_eq!((seen(&hub, 7), seen(&hub, 6)), (Ok(vec![8]), Err(Behind::FellOff)));
    }

    #[test]
    #[should_panic(expected = "epoch 3 after Some(3)")]
    fn an_epoch_twice_is_a_broken_invariant() {
        let hub = hub(3, 3);
        publish(&hub, 3);
        publish(&hub, 3);
    }
}
