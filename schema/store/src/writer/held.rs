//! What a start goes on from beside the views: dedup's windows, what it has folded, open streams, and the reference data.
//!
//! A single process stores it with the commit that it is of. A process of a cluster holds it back until every shard has
//! that epoch: all of them start again from the same place, and a window that knew more would take a line, which a
//! slower shard has yet to get, for one that came again. Two states are kept, whatever the others lag: one that waits,
//! and what has changed since.

use super::Commit;
use super::merge::Merged;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{LossTotals, WorkerId, WorkerWindow};
use suiftly_schema::reference::{EntityId, ReferenceChange};
use suiftly_schema::stream::{OpenStream, StreamId};
use suiftly_schema::time::UnixMillis;

/// What a transaction stores of it.
pub(super) struct Kept<'a> {
    /// As of which epoch, in a cluster. A single process stores it with its watermark.
    pub(super) epoch: Option<Epoch>,
    pub(super) windows: Vec<&'a WorkerWindow>,
    pub(super) folded: &'a BTreeSet<WorkerId>,
    pub(super) folded_totals: &'a BTreeMap<i16, LossTotals>,
    pub(super) streams: Vec<OpenStream>,
    pub(super) ended_streams: &'a BTreeSet<StreamId>,
    pub(super) reference: Vec<(EntityId, &'a ReferenceChange)>,
}

impl<'a> Kept<'a> {
    /// Of a single process.
    pub(super) fn of_commit(merged: &'a Merged<'_>) -> Self {
        Self {
            epoch: None,
            windows: merged.windows.values().copied().collect(),
            folded: &merged.folded,
            folded_totals: &merged.folded_totals,
            streams: merged.streams.values().copied().collect(),
            ended_streams: &merged.ended_streams,
            reference: merged.reference.iter().map(|(id, change)| (*id, *change)).collect(),
        }
    }

    /// Of a process of a cluster.
    pub(super) fn of_state(state: &'a State) -> Self {
        Self {
            epoch: Some(state.epoch),
            windows: state.windows.values().collect(),
            folded: &state.folded,
            folded_totals: &state.folded_totals,
            streams: state.streams.values().copied().collect(),
            ended_streams: &state.ended_streams,
            reference: state.reference.iter().map(|(id, change)| (*id, change)).collect(),
        }
    }
}

/// What has changed of it, as it is after an epoch.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) epoch: Epoch,
    pub(super) cut_at: UnixMillis,
    windows: BTreeMap<WorkerId, WorkerWindow>,
    folded: BTreeSet<WorkerId>,
    folded_totals: BTreeMap<i16, LossTotals>,
    streams: BTreeMap<StreamId, OpenStream>,
    ended_streams: BTreeSet<StreamId>,
    reference: BTreeMap<EntityId, ReferenceChange>,
}

impl State {
    /// As [`Merged`] takes a commit.
    fn add(&mut self, commit: &Commit, with_reference: bool) {
        (self.epoch, self.cut_at) = (commit.epoch, commit.cut_at);
        for window in &commit.folded {
            self.windows.remove(&window.worker);
            self.folded.insert(window.worker);
            self.folded_totals.entry(window.worker.server_id).or_default().add(&LossTotals::of(window));
        }
        self.windows.extend(commit.windows.iter().map(|window| (window.worker, window.clone())));
        for id in &commit.ended {
            self.streams.remove(id);
            self.ended_streams.insert(*id);
        }
        self.streams.extend(commit.streams.iter().map(|stream| (stream.id, *stream)));
        if with_reference {
            self.reference.extend(commit.reference.iter().map(|change| (change.entity.id(), change.clone())));
        }
    }
}

/// What is held back.
#[derive(Debug)]
pub(super) struct Held {
    /// Whether this process stores the reference data: it has shard 0.
    with_reference: bool,
    /// Up to which epoch everything was taken.
    taken: Epoch,
    /// As of an epoch that not every shard has yet, as far as we know.
    ripe: Option<State>,
    /// What has changed since.
    growing: State,
}

impl Held {
    pub(super) fn new(with_reference: bool) -> Self {
        Self { with_reference, taken: 0, ripe: None, growing: State::default() }
    }

    /// Takes what commits change of it; each once, however often it is given.
    pub(super) fn take(&mut self, commits: &[Arc<Commit>]) {
        for commit in commits {
            if commit.epoch > self.taken {
                self.growing.add(commit, self.with_reference);
                self.taken = commit.epoch;
            }
        }
    }

    /// What is to be stored if every shard has its epoch, which is not after `bound`.
    pub(super) fn ripe(&mut self, bound: Epoch) -> Option<&State> {
        if self.ripe.is_none() && self.growing.epoch > 0 {
            self.ripe = Some(std::mem::take(&mut self.growing));
        }
        self.ripe.as_ref().filter(|state| state.epoch <= bound)
    }

    /// What waits.
    pub(super) const fn waiting(&self) -> Option<&State> {
        self.ripe.as_ref()
    }

    /// What is as of this epoch is stored.
    pub(super) fn stored(&mut self, through: Epoch) {
        self.ripe.take_if(|state| state.epoch <= through);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(epoch: Epoch) -> WorkerWindow {
        WorkerWindow {
            worker: WorkerId { server_id: 17, boot: UnixMillis(0) },
            received: epoch,
            duplicates: 0,
            conflicts: 0,
            missing: 0,
            missing_final: 0,
            repaired: 0,
            first_seq: 1,
            highest_seq: epoch,
            heard_at: UnixMillis(0),
            seen: Vec::new(),
            homes: Vec::new(),
        }
    }

    fn commits(epochs: std::ops::RangeInclusive<Epoch>) -> Vec<Arc<Commit>> {
        epochs.map(|epoch| Commit { epoch, windows: vec![window(epoch)], ..Commit::default() }.into()).collect()
    }

    fn ripe(held: &mut Held, bound: Epoch) -> Option<(Epoch, u64)> {
        held.ripe(bound).map(|state| (state.epoch, Kept::of_state(state).windows[0].received))
    }

    #[test]
    fn nothing_is_stored_before_every_shard_has_it() {
        let mut held = Held::new(false);
        assert_eq!(ripe(&mut held, 9), None);
        held.take(&commits(1..=3));
        assert_eq!(ripe(&mut held, 2), None);
        held.take(&commits(4..=6));
        assert_eq!(ripe(&mut held, 5), Some((3, 3)), "as it was when it began to wait");
        held.stored(3);
        assert_eq!(ripe(&mut held, 5), None);
        assert_eq!(ripe(&mut held, 6), Some((6, 6)));
    }

    #[test]
    fn a_commit_given_again_folds_once() {
        let mut held = Held::new(false);
        let folds = Commit { epoch: 1, folded: vec![window(5)], ..Commit::default() };
        let folds = [Arc::new(folds)];
        held.take(&folds);
        held.take(&folds);
        let state = held.ripe(1).unwrap();
        assert_eq!(state.folded_totals[&17].workers, 1);
        held.stored(0);
        assert!(held.ripe(1).is_some(), "what did not come in is stored by the next");
    }
}
