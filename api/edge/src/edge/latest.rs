//! The newest grant set that is believed, for those who bring it somewhere. Each takes what is newest when it gets to
//! it: versions that pile up are one change.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Instant;
use suiftly_schema::vault::{GrantSet, Head, SignedHead};

/// A grant set that gateways are to have.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) head: Head,
    pub(super) signed: SignedHead,
    pub(super) set: GrantSet,
}

/// Why a wait is over.
pub(super) enum Woken {
    /// There is a newer one, with its number.
    Newer(u64, Arc<Target>),
    /// The time has come.
    Time,
    /// The edge ends.
    Stopped,
}

#[derive(Default)]
pub(super) struct Latest {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Rises with each target; 0: there is none yet.
    serial: u64,
    target: Option<Arc<Target>>,
    is_stopped: bool,
}

impl Latest {
    pub(super) fn set(&self, target: Target) {
        let mut state = self.state.lock();
        state.serial += 1;
        state.target = Some(Arc::new(target));
        drop(state);
        self.changed.notify_all();
    }

    pub(super) fn get(&self) -> Option<Arc<Target>> {
        self.state.lock().target.clone()
    }

    /// Wakes everybody for the last time.
    pub(super) fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().is_stopped
    }

    /// Waits for something newer than `seen`, until then.
    pub(super) fn wait(&self, seen: u64, until: Instant) -> Woken {
        let mut state = self.state.lock();
        let mut is_time = false;
        loop {
            match &state.target {
                _ if state.is_stopped => return Woken::Stopped,
                Some(target) if state.serial > seen => return Woken::Newer(state.serial, Arc::clone(target)),
                _ if is_time => return Woken::Time,
                _ => {}
            }
            is_time = self.changed.wait_until(&mut state, until).timed_out();
        }
    }

    /// Waits until then, whatever comes, but for the end. Whether the edge goes on.
    pub(super) fn rest(&self, until: Instant) -> bool {
        let mut state = self.state.lock();
        while !state.is_stopped && !self.changed.wait_until(&mut state, until).timed_out() {}
        !state.is_stopped
    }
}

/// Stops whoever waits when it is dropped, also when the edge's task is.
pub(super) struct StopOnDrop(pub(super) Arc<Latest>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
