//! Says when a part of the dataflow is lost: a worker that panicked, a process of the mesh that has ended. timely cannot go
//! on without it and does not say so to whoever waits; so everybody who could wait for ever waits for this, too.

use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Told once, heard by all who hold a clone.
#[derive(Clone, Debug)]
pub struct Watch {
    state: Arc<Mutex<State>>,
    over: Receiver<()>,
}

#[derive(Debug)]
struct State {
    /// Nothing is ever sent: its end wakes all who listen.
    open: Option<Sender<()>>,
    lost: Option<String>,
    is_closing: bool,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let (open, over) = bounded(0);
        let state = State { open: Some(open), lost: None, is_closing: false };
        Self { state: Arc::new(Mutex::new(state)), over }
    }

    /// What was lost, if something was: the process must end, and start again from the watermarks.
    pub fn lost(&self) -> Option<String> {
        self.state().lost.clone()
    }

    /// Waits until something is lost, and says what; `None` once the dataflow has ended as it should.
    pub fn wait(&self) -> Option<String> {
        // It only ever ends.
        let _ = self.over.recv();
        self.lost()
    }

    /// Ready once something is lost, or the dataflow has ended.
    pub(crate) const fn over(&self) -> &Receiver<()> {
        &self.over
    }

    /// Something is lost. The first reason counts: others follow from it.
    pub(crate) fn tell(&self, what: String) {
        let mut state = self.state();
        if state.open.take().is_some() {
            tracing::error!(what, "the dataflow cannot go on");
            state.lost = Some(what);
        }
    }

    /// The dataflow has ended as it should.
    pub(crate) fn end(&self) {
        self.state().open = None;
    }

    /// From here on, peers that end are no loss.
    pub(crate) fn close(&self) {
        self.state().is_closing = true;
    }

    /// Whether a peer may end now. Not once something is lost: what is left of the dataflow then stays as it is.
    pub(crate) fn may_end(&self) -> bool {
        let state = self.state();
        state.is_closing && state.lost.is_none()
    }

    /// Tells when it is dropped by a panic.
    pub(crate) fn over_panics(&self, who: String) -> OverPanics {
        OverPanics { watch: self.clone(), who }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct OverPanics {
    watch: Watch,
    who: String,
}

impl Drop for OverPanics {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.watch.tell(format!("{} has panicked", self.who));
        }
    }
}
