//! The publisher: takes the vault's deltas, makes versions of them on a thread of its own, and hands each to whoever
//! watches. The thread that brings deltas never waits for it, and it never waits for anything but deltas.

use super::core::{Core, Demand, Start, Updates, Version};
use super::describe::Described;
use super::keep::VERSIONS_WAITING_MAX;
use super::ring::Ring;
use crate::clock::Clock;
use crate::fleet::Fleet;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{AccessId, Head, KeyOfCanary, Root, SigningKeys};
use suiftly_schema::view::{AccessGrant, KeyGrant};
use tokio::sync::watch;

/// A version is made at most so often, unless it is said otherwise; changes within that time are one version.
pub const COALESCE_DEFAULT: Duration = Duration::from_millis(20);

/// How it publishes.
#[derive(Clone)]
pub struct PublisherConfig {
    /// A version is made at most so often.
    pub coalesce: Duration,
    /// Who signs.
    pub keys: SigningKeys,
    /// How many gateways share each region's limits, by region.
    pub regions: BTreeMap<u16, u16>,
    /// The keys of gateways' synthetic requests: they are in every version.
    pub canaries: Vec<KeyOfCanary>,
    /// Tells when versions are issued, and the era.
    pub clock: Arc<dyn Clock>,
}

/// Who holds the vault, and why: gateways keep what they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Since when.
    pub at: UnixMillis,
    /// Whose word.
    pub by: String,
    /// Why, in their words.
    pub reason: String,
}

/// Why the vault is not frozen, thawed or pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreezeRefused {
    /// Another version is in force than the one that was named.
    #[error("version {in_force} is in force")]
    OtherVersion {
        /// The one in force; 0: none is.
        in_force: u64,
    },
    /// It is so already.
    #[error("the vault is frozen")]
    Frozen,
    /// It is not frozen.
    #[error("the vault is not frozen")]
    NotFrozen,
    /// Nothing is published yet.
    #[error("nothing is published yet")]
    NothingYet,
}

/// The publisher's handle. Clones are the same.
#[derive(Clone)]
pub struct Publisher(Arc<Shared>);

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("version", &self.version()).finish_non_exhaustive()
    }
}

struct Shared {
    core: Mutex<Core>,
    state: Mutex<State>,
    /// There may be something to do.
    bell: Condvar,
    current: watch::Sender<Option<Arc<Version>>>,
    fleet: Arc<Fleet>,
    coalesce: Duration,
    clock: Arc<dyn Clock>,
    keys: SigningKeys,
}

/// What is written down of a version: its rows are not held for it.
#[derive(Clone)]
pub(super) struct Unwritten {
    pub(super) head: Head,
    pub(super) described: Described,
}

#[derive(Default)]
struct State {
    updates: Updates,
    epoch: Epoch,
    as_of: UnixMillis,
    /// Whose services' changes are being made into a version, or wait for a thaw.
    under_way: HashSet<AccessId>,
    demand: Demand,
    /// Rows were read anew: whether they make a difference is not known yet.
    is_read_anew: bool,
    is_open: bool,
    is_ended: bool,
    frozen: Option<Freeze>,
    ring: Ring,
    /// Versions that are not written down, oldest first.
    unwritten: VecDeque<Unwritten>,
}

impl State {
    fn has_work(&self) -> bool {
        let has_changed = self.is_read_anew || !self.updates.is_empty();
        self.is_open && self.frozen.is_none() && (self.demand != Demand::default() || has_changed)
    }
}

impl Publisher {
    /// Goes on from `start`. Nothing is published before [`Publisher::open`], and while it is frozen.
    pub fn new(config: PublisherConfig, start: Start, frozen: Option<Freeze>, fleet: Arc<Fleet>) -> Self {
        let PublisherConfig { coalesce, keys, regions, canaries, clock } = config;
        let (epoch, as_of, signs) = (start.epoch, start.cut_at, keys.clone());
        let (core, held) = Core::new(start, keys, regions, &canaries, clock.now());
        let held = held.map(Arc::new);
        let mut state = State { epoch, as_of, frozen, ..State::default() };
        // The first version says who shares what, and in which era.
        state.demand.anyway = true;
        if let Some(held) = &held {
            state.ring.push(Arc::clone(held));
        }
        // Without a freeze a new version comes soon, and what was in force is none of this era.
        let current = held.filter(|_| state.frozen.is_some());
        if let Some(current) = &current {
            fleet.published(current);
        }
        let shared = Shared {
            core: Mutex::new(core),
            state: Mutex::new(state),
            bell: Condvar::new(),
            current: watch::Sender::new(current),
            fleet,
            coalesce,
            clock,
            keys: signs,
        };
        Self(Arc::new(shared))
    }

    /// Takes an epoch's deltas, in the order of epochs. Costs next to nothing when there are none.
    pub fn apply(
        &self,
        epoch: Epoch,
        cut_at: UnixMillis,
        key_grants: &[(KeyGrant, i8)],
        access_grants: &[(AccessGrant, i8)],
    ) {
        let mut state = self.0.state.lock();
        (state.epoch, state.as_of) = (epoch, cut_at);
        if key_grants.is_empty() && access_grants.is_empty() {
            return;
        }
        state.updates.add(key_grants, access_grants);
        drop(state);
        self.0.bell.notify_one();
    }

    /// The rows of an epoch, whole: they take the place of what deltas have made so far, and later deltas follow them. What
    /// differs is published.
    pub fn read_anew(
        &self,
        epoch: Epoch,
        cut_at: UnixMillis,
        key_grants: Vec<KeyGrant>,
        access_grants: Vec<AccessGrant>,
    ) {
        // Nothing is published meanwhile.
        let mut core = self.0.core.lock();
        let reading = core.read_anew(key_grants, access_grants);
        let mut state = self.0.state.lock();
        state.updates = Updates::after(reading);
        (state.epoch, state.as_of, state.is_read_anew) = (epoch, cut_at, true);
        drop((state, core));
        self.0.bell.notify_one();
    }

    /// The journal's tail has been replayed: from now on there are versions.
    pub fn open(&self) {
        self.0.state.lock().is_open = true;
        self.0.bell.notify_one();
    }

    /// Publishes until [`Publisher::end`]. To be run on a thread of its own.
    pub fn run(&self) {
        let mut last: Option<Instant> = None;
        while let Some((updates, demand, at)) = self.wait(last) {
            last = Some(Instant::now());
            self.publish(updates, demand, at);
        }
    }

    /// Publishes what there is to publish, now. [`Publisher::run`] does it by itself.
    pub fn publish_now(&self) {
        let work = {
            let mut state = self.0.state.lock();
            state.has_work().then(|| begin(&mut state))
        };
        if let Some((updates, demand, at)) = work {
            self.publish(updates, demand, at);
        }
    }

    /// Ends [`Publisher::run`].
    pub fn end(&self) {
        self.0.state.lock().is_ended = true;
        self.0.bell.notify_all();
    }

    /// Until there is work, and its time has come.
    fn wait(&self, last: Option<Instant>) -> Option<(Updates, Demand, (Epoch, UnixMillis))> {
        let not_before = last.map(|last| last + self.0.coalesce);
        let mut state = self.0.state.lock();
        loop {
            if state.is_ended {
                return None;
            }
            match not_before.filter(|at| *at > Instant::now()) {
                _ if !state.has_work() => self.0.bell.wait(&mut state),
                Some(at) => _ = self.0.bell.wait_until(&mut state, at),
                None => return Some(begin(&mut state)),
            }
        }
    }

    fn publish(&self, updates: Updates, demand: Demand, at: (Epoch, UnixMillis)) {
        let mut core = self.0.core.lock();
        core.take(updates);
        let next = core.next(demand, at, self.0.clock.now()).map(Arc::new);
        let mut state = self.0.state.lock();
        if state.frozen.is_some() {
            // Somebody was quicker: the version in force stays. What was taken in is published by a thaw.
            state.demand = Demand { anyway: true, refill: demand.refill || state.demand.refill };
            return;
        }
        if let Some(next) = next {
            core.confirm(&next);
            self.0.fleet.published(&next);
            state.ring.push(Arc::clone(&next));
            if state.unwritten.len() == VERSIONS_WAITING_MAX {
                state.unwritten.pop_front();
            }
            state.unwritten.push_back(Unwritten { head: next.head.clone(), described: next.described.clone() });
            self.0.current.send_replace(Some(next));
        }
        state.under_way.clear();
    }

    /// The version in force.
    pub fn current(&self) -> Option<Arc<Version>> {
        self.0.current.borrow().clone()
    }

    /// The number of the version in force; 0: none.
    pub fn version(&self) -> u64 {
        self.0.current.borrow().as_ref().map_or(0, |current| current.head.version)
    }

    /// The version in force, as it changes: for streams, and for whoever writes it to a directory.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<Version>>> {
        self.0.current.subscribe()
    }

    /// The version with this root, if it is remembered.
    pub fn remembered(&self, root: Root) -> Option<Arc<Version>> {
        self.0.state.lock().ring.of_root(root)
    }

    /// The version of this number, if it is remembered.
    pub fn remembered_number(&self, version: u64) -> Option<Arc<Version>> {
        self.0.state.lock().ring.of_number(version)
    }

    /// The numbers of the first and the last version that are remembered.
    pub fn remembered_span(&self) -> Option<(u64, u64)> {
        self.0.state.lock().ring.span()
    }

    /// Versions that are to be written down, oldest first.
    pub(super) fn unwritten(&self) -> Vec<Unwritten> {
        self.0.state.lock().unwritten.iter().cloned().collect()
    }

    /// Whether there are such.
    pub(super) fn has_unwritten(&self) -> bool {
        !self.0.state.lock().unwritten.is_empty()
    }

    /// Those up to this number have been.
    pub(super) fn written_through(&self, version: u64) {
        self.0.state.lock().unwritten.retain(|of| of.head.version > version);
    }

    /// Who holds it.
    pub fn frozen(&self) -> Option<Freeze> {
        self.0.state.lock().frozen.clone()
    }

    /// Rows that have changed and are in no version yet.
    pub fn waiting(&self) -> usize {
        let state = self.0.state.lock();
        state.updates.len() + state.under_way.len()
    }

    /// Whether something of this customer's service has changed that is in no version yet.
    pub fn is_waiting(&self, id: AccessId) -> bool {
        let state = self.0.state.lock();
        state.updates.touched.contains(&id) || state.under_way.contains(&id)
    }

    /// The number of the key that signs.
    pub fn key_id(&self) -> u16 {
        self.0.keys.current_id()
    }

    /// Holds the version in force, which must be `confirm`.
    pub fn freeze(&self, freeze: Freeze, confirm: u64) -> Result<(), FreezeRefused> {
        let mut state = self.0.state.lock();
        if state.frozen.is_some() {
            return Err(FreezeRefused::Frozen);
        }
        // Under the lock, which versions are published under.
        self.confirmed(confirm)?;
        state.frozen = Some(freeze);
        Ok(())
    }

    /// Publishes what has changed meanwhile; the version in force must be `confirm` (0: none is).
    pub fn thaw(&self, confirm: u64) -> Result<Freeze, FreezeRefused> {
        let mut state = self.0.state.lock();
        if state.frozen.is_none() {
            return Err(FreezeRefused::NotFrozen);
        }
        self.confirmed(confirm)?;
        let frozen = state.frozen.take().ok_or(FreezeRefused::NotFrozen);
        drop(state);
        self.0.bell.notify_one();
        frozen
    }

    /// Whether it could be thawed.
    pub fn may_thaw(&self, confirm: u64) -> Result<(), FreezeRefused> {
        let state = self.0.state.lock();
        if state.frozen.is_none() { Err(FreezeRefused::NotFrozen) } else { self.confirmed(confirm) }
    }

    fn confirmed(&self, confirm: u64) -> Result<(), FreezeRefused> {
        let in_force = self.version();
        if in_force == confirm { Ok(()) } else { Err(FreezeRefused::OtherVersion { in_force }) }
    }

    /// Another key signs from now on: what is in force is published anew, signed by it. While somebody holds the vault it
    /// waits for them.
    pub fn sign_anew(&self) {
        self.0.state.lock().demand.anyway = true;
        self.0.bell.notify_one();
    }

    /// Whether it could be pushed.
    pub fn may_push(&self) -> Result<(), FreezeRefused> {
        pushable(&self.0.state.lock())
    }

    /// Has a version made with which every gateway is filled anew. It comes soon, see [`Publisher::watch`].
    pub fn push(&self) -> Result<(), FreezeRefused> {
        let mut state = self.0.state.lock();
        pushable(&state)?;
        state.demand.refill = true;
        drop(state);
        self.0.bell.notify_one();
        Ok(())
    }
}

const fn pushable(state: &State) -> Result<(), FreezeRefused> {
    if state.frozen.is_some() {
        return Err(FreezeRefused::Frozen);
    }
    if state.is_open { Ok(()) } else { Err(FreezeRefused::NothingYet) }
}

fn begin(state: &mut State) -> (Updates, Demand, (Epoch, UnixMillis)) {
    let fresh = Updates::after(state.updates.reading);
    let updates = std::mem::replace(&mut state.updates, fresh);
    state.is_read_anew = false;
    state.under_way.extend(updates.touched.iter().copied());
    (updates, std::mem::take(&mut state.demand), (state.epoch, state.as_of))
}

#[cfg(test)]
mod tests;
