//! The writer and the database: what the views have waits, and is committed many epochs at once.

use super::super::events::{Event, micros};
use super::super::sizing::{COMMIT_MIN_S, EPOCHS_A_COMMIT};
use super::System;
use super::dataflow::Epoch;
use std::collections::VecDeque;

const MIB: f64 = 1_048_576.0;

#[derive(Default)]
pub(super) struct Database {
    /// How many faults keep it away.
    pub(super) away: u32,
    /// Lines had no room while they waited, so they are to be made again.
    pub(super) was_passed_by: bool,
    /// Lines.
    pub(super) stored: u64,
    /// Of all its cores; of its disk.
    pub(super) busy_us: f64,
    pub(super) disk_us: f64,
    /// What was begun before a fault does not end.
    generation: u32,
    /// Of what is planned, the last counts.
    turn: u32,
    /// Counted and not stored, the eldest first; those that a commit is under way with are at the head.
    waiting: VecDeque<Epoch>,
    commit: Option<Commit>,
    /// Of what waits behind them.
    bytes: f64,
    lines: u64,
    /// What its replica may not have yet, and when it was stored.
    recent: VecDeque<(u64, Epoch)>,
}

/// A commit under way.
struct Commit {
    epochs: usize,
    /// Memory that it holds.
    bytes: f64,
    lines: u64,
    took_us: u64,
    busy_us: f64,
    disk_us: f64,
}

impl System<'_> {
    /// An epoch waits for the database, or passes it by if there is no room.
    pub(super) fn await_commit(&mut self, mut epoch: Epoch) {
        let bound = self.asked.costs.waiting_mib * MIB * f64::from(self.plan.processes);
        let (bytes, lines) = (self.database.bytes + epoch.bytes, self.database.lines + epoch.lines);
        let held = self.database.commit.as_ref().map_or(0.0, |commit| commit.bytes) + self.memory(bytes, lines);
        epoch.has_passed = held > bound;
        if epoch.has_passed {
            self.database.was_passed_by = true;
            self.outcome.passed_by += epoch.lines;
        } else {
            (self.database.bytes, self.database.lines) = (bytes, lines);
        }
        self.database.waiting.push_back(epoch);
        let not_stored = self.outcome.counted.lines() - self.database.stored;
        self.outcome.most_not_stored = self.outcome.most_not_stored.max(not_stored);
        if held > bound / 2.0 && self.database.away == 0 {
            self.begin_commit();
        }
    }

    /// What so much takes while it waits.
    fn memory(&self, bytes: f64, lines: u64) -> f64 {
        let (size, costs) = (&self.asked.size, &self.asked.costs);
        if !size.adds_up {
            return bytes;
        }
        let record = if size.keeps_raw { costs.record_memory_bytes } else { 0.0 };
        lines as f64 * record + self.asked.customers.met_in(lines as f64) * costs.row_memory_bytes
    }

    pub(super) fn commit(&mut self, turn: u32) {
        if turn == self.database.turn {
            self.begin_commit();
        }
    }

    fn begin_commit(&mut self) {
        if self.database.commit.is_some() {
            return;
        }
        let most = if self.asked.size.adds_up { usize::MAX } else { EPOCHS_A_COMMIT };
        let epochs = self.database.waiting.len().min(most);
        if self.database.away > 0 || epochs == 0 {
            self.look_again();
            return;
        }
        let commit = self.price(epochs);
        let (bytes, lines) = self.held(epochs);
        self.database.bytes = (self.database.bytes - bytes).max(0.0);
        self.database.lines -= lines;
        self.calendar.note(self.now + commit.took_us, Event::Committed(self.database.generation));
        self.database.commit = Some(commit);
    }

    /// In a while, whether there is something to store.
    fn look_again(&mut self) {
        self.database.turn += 1;
        self.calendar.note(self.now + micros(COMMIT_MIN_S), Event::Commit(self.database.turn));
    }

    /// Bytes and lines of the first so many epochs that are held in memory.
    fn held(&self, epochs: usize) -> (f64, u64) {
        let held = self.database.waiting.range(..epochs).filter(|epoch| !epoch.has_passed);
        held.fold((0.0, 0), |(bytes, lines), epoch| (bytes + epoch.bytes, lines + epoch.lines))
    }

    /// What storing so many epochs takes: a transaction a process, each on a core, or the disk, whichever is slower.
    fn price(&self, epochs: usize) -> Commit {
        let Self { asked, plan, .. } = self;
        let lines: u64 = self.database.waiting.range(..epochs).map(|epoch| epoch.lines).sum();
        let rows = asked.customers.met_in(lines as f64);
        let (record_us, record_bytes) =
            if asked.size.keeps_raw { (asked.costs.store_record_us, asked.costs.record_bytes) } else { (0.0, 0.0) };
        let busy_us = lines as f64 * record_us + rows * asked.costs.store_row_us;
        let written = (lines as f64 * record_bytes + rows * asked.costs.row_bytes) * asked.costs.database_writes;
        let disk_us = written / asked.costs.database_disk_mb_s;
        let took_us = (busy_us / plan.writers()).max(disk_us);
        let (held, held_lines) = self.held(epochs);
        let bytes = self.memory(held, held_lines);
        // It ends with a sync.
        let took_us = micros((took_us / 1e6).max(asked.costs.sync_max_ms / 1e3));
        Commit { epochs, bytes, lines, took_us, busy_us, disk_us }
    }

    pub(super) fn committed(&mut self, generation: u32) {
        if generation != self.database.generation {
            return;
        }
        let Some(commit) = self.database.commit.take() else { return };
        self.database.stored += commit.lines;
        self.database.busy_us += commit.busy_us;
        self.database.disk_us += commit.disk_us;
        let stored = self.database.waiting.drain(..commit.epochs);
        self.database.recent.extend(stored.map(|epoch| (self.now, epoch)));
        self.forget_replicated();
        let pause = (commit.took_us as f64 * self.asked.costs.pauses / 1e6).min(self.asked.costs.rest_s);
        self.database.turn += 1;
        self.calendar.note(self.now + micros(pause.max(COMMIT_MIN_S)), Event::Commit(self.database.turn));
    }

    /// A commit that is under way fails.
    pub(super) fn fail_commit(&mut self) {
        self.database.generation += 1;
        if let Some(commit) = self.database.commit.take() {
            let (bytes, lines) = self.held(commit.epochs);
            self.database.bytes += bytes;
            self.database.lines += lines;
        }
        self.look_again();
    }

    /// All that waits, to be made again; of a commit under way nobody knows, so it counts as failed.
    pub(super) fn give_back(&mut self) -> VecDeque<Epoch> {
        self.fail_commit();
        (self.database.bytes, self.database.lines, self.database.was_passed_by) = (0.0, 0, false);
        std::mem::take(&mut self.database.waiting)
    }

    /// What the replica has by now.
    fn forget_replicated(&mut self) {
        let since_us = self.now.saturating_sub(micros(self.asked.costs.replica_s));
        while self.database.recent.pop_front_if(|(at, _)| *at < since_us).is_some() {}
    }

    /// The replica takes its place: what it had not yet is made again.
    pub(super) fn fall_back_to_replica(&mut self) {
        self.forget_replicated();
        let recent = std::mem::take(&mut self.database.recent);
        for (_, epoch) in recent.into_iter().rev() {
            self.database.stored -= epoch.lines;
            self.dataflow.ordered.push_front(epoch);
        }
    }
}
