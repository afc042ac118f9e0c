//! What the processes of the dataflow tell, joined by epoch: one is complete once each process has told it. Pure.
//!
//! Each epoch is given once and in order, whatever is told twice: after a link's end, or by another start of the cluster,
//! which tells it alike. What is not told any more is a gap, and so is what the views gained before a start: the rows are
//! read out of the database then, and it goes on behind them.

use crate::up::deltas::{Snapshot, Told};
use std::collections::VecDeque;
use suiftly_schema::ids::Epoch;

/// All processes' streams.
#[derive(Debug)]
pub(super) struct Joined {
    /// Which start of the cluster it is; 0 before the first that was heard of.
    generation: u64,
    /// What was given, or read, goes so far.
    done: Epoch,
    sides: Vec<Side>,
    bytes: usize,
    bytes_max: usize,
}

/// One process's stream.
#[derive(Debug, Default)]
struct Side {
    /// Where it begins; `None` until that was heard in this start.
    begins: Option<Begins>,
    /// The last epoch that was told.
    last: Epoch,
    /// Told, and not complete yet; with about how many bytes.
    waiting: VecDeque<(Told, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Begins {
    /// What is told comes after this epoch.
    after: Epoch,
    /// What it tells is whole after this one.
    stored: Epoch,
    /// Who has this one is up to date.
    until: Epoch,
}

/// Whose word a link's beginning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// Of a start before: nothing of it counts.
    Old,
    /// Of the start that is known.
    Same,
    /// The cluster has started anew.
    Anew,
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// More must be told first.
    Wait,
    /// An epoch, as each process tells it.
    Epoch(Vec<Told>),
    /// Rows must be read: of a database in which every shard has this epoch.
    Gap(Epoch),
}

impl Joined {
    /// Of so many processes, after this epoch. What waits takes about so many bytes at most.
    pub(super) fn new(processes: usize, done: Epoch, bytes_max: usize) -> Self {
        let sides = (0..processes).map(|_| Side::default()).collect();
        Self { generation: 0, done, sides, bytes: 0, bytes_max }
    }

    /// A process's link begins, or goes on behind a gap of its own.
    pub(super) fn begin(&mut self, snapshot: &Snapshot) -> Begun {
        let Snapshot { generation, process, after, until, ref shards } = *snapshot;
        if generation < self.generation || usize::from(process) >= self.sides.len() {
            return Begun::Old;
        }
        let is_new = generation > self.generation;
        if is_new {
            self.generation = generation;
            self.sides.iter_mut().for_each(|side| *side = Side::default());
            self.bytes = 0;
        }
        let stored = shards.iter().map(|(_, epoch)| *epoch).max().unwrap_or(0);
        let side = &mut self.sides[usize::from(process)];
        side.begins = Some(match side.begins {
            // What it tells again is there.
            Some(before) if after <= side.last => before,
            before => {
                self.bytes -= side.waiting.drain(..).map(|(_, bytes)| bytes).sum::<usize>();
                side.last = after;
                before.map_or(Begins { after, stored, until }, |before| Begins { after, ..before })
            }
        });
        if is_new { Begun::Anew } else { Begun::Same }
    }

    /// What a process tells, in a start of the cluster. What is known, and what is of another start, is dropped.
    pub(super) fn take(&mut self, generation: u64, told: Told) {
        let is_of_now = generation == self.generation;
        let side = self.sides.get_mut(usize::from(told.process)).filter(|side| is_of_now && side.begins.is_some());
        let Some(side) = side.filter(|side| told.epoch > side.last) else { return };
        side.last = told.epoch;
        if told.epoch <= self.done {
            return;
        }
        let bytes = size_of::<Told>() + told.deltas.memory_bytes();
        self.bytes += bytes;
        side.waiting.push_back((told, bytes));
        while self.bytes > self.bytes_max {
            self.drop_oldest();
        }
    }

    /// The next epoch, once it is complete.
    pub(super) fn next(&mut self) -> Next {
        let begins: Option<Vec<Begins>> = self.sides.iter().map(|side| side.begins).collect();
        let whole_after = begins.into_iter().flatten().map(|begins| begins.after.max(begins.stored)).max();
        match whole_after {
            None => return Next::Wait,
            Some(whole_after) if whole_after > self.done => return Next::Gap(whole_after),
            Some(_) => {}
        }
        let heads = self.sides.iter().map(|side| side.waiting.front().map(|(told, _)| told.epoch));
        let Some(heads) = heads.collect::<Option<Vec<Epoch>>>() else { return Next::Wait };
        let (least, most) = heads.iter().fold((Epoch::MAX, 0), |(least, most), at| (least.min(*at), most.max(*at)));
        if least < most {
            // One of them has left an epoch out.
            return Next::Gap(most);
        }
        self.done = most;
        Next::Epoch(self.pop_fronts(|_| true))
    }

    /// Rows were read in which every shard has this epoch: it goes on behind them.
    pub(super) fn read_to(&mut self, epoch: Epoch) {
        self.done = self.done.max(epoch);
        let done = self.done;
        while !self.pop_fronts(|at| at <= done).is_empty() {}
    }

    /// The start of the cluster that is followed.
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether all is there that the order held when the processes were linked, in this start.
    pub(super) fn is_up_to_date(&self) -> bool {
        self.until().is_some_and(|until| until <= self.done)
    }

    /// The epoch from which on that is so; `None` before all were heard.
    pub(super) fn until(&self) -> Option<Epoch> {
        let begins: Option<Vec<Begins>> = self.sides.iter().map(|side| side.begins).collect();
        begins?.iter().map(|begins| begins.until).max()
    }

    /// Takes the first of each queue if its epoch is wanted.
    fn pop_fronts(&mut self, wanted: impl Fn(Epoch) -> bool) -> Vec<Told> {
        let firsts = self.sides.iter_mut().filter_map(|side| {
            let is_wanted = side.waiting.front().is_some_and(|(told, _)| wanted(told.epoch));
            if is_wanted { side.waiting.pop_front() } else { None }
        });
        let (told, bytes): (Vec<_>, Vec<_>) = firsts.unzip();
        self.bytes -= bytes.iter().sum::<usize>();
        told
    }

    /// Gives the oldest epoch up, of all processes: it must be read.
    fn drop_oldest(&mut self) {
        let heads = self.sides.iter().filter_map(|side| side.waiting.front().map(|(told, _)| told.epoch));
        let Some(oldest) = heads.min() else { return };
        self.pop_fronts(|epoch| epoch == oldest);
        for begins in self.sides.iter_mut().filter_map(|side| side.begins.as_mut()) {
            begins.after = begins.after.max(oldest);
        }
    }
}

#[cfg(test)]
mod tests;
