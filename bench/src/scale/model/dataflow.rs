//! The order and the workers: what is durable becomes an epoch, each worker does its share, the views have it when all
//! have.

use super::super::events::{Event, whole};
use super::{LATE_US, System};
use std::collections::VecDeque;

/// Epochs that workers are given before the first of them is done.
const EPOCHS_AT_ONCE: usize = 16;

/// Lines that are counted at once.
pub(super) struct Epoch {
    /// Without second copies.
    pub(super) lines: u64,
    /// Memory that it takes while it waits for the database, if nothing is added up.
    pub(super) bytes: f64,
    /// The writer had no room for it: it is made again out of the journal.
    pub(super) has_passed: bool,
    /// The views have told of it: they do not do so again.
    pub(super) is_told: bool,
    /// When how many were made.
    made: Vec<(u64, u64)>,
    /// Of each worker.
    work_us: Vec<u64>,
}

pub(super) struct Dataflow {
    pub(super) region: usize,
    /// How many faults keep it away.
    pub(super) away: u32,
    /// Its run: what was begun in an earlier one does not end.
    pub(super) generation: u32,
    /// Given to the workers, the eldest first.
    pub(super) ordered: VecDeque<Epoch>,
    /// What each worker has done.
    pub(super) busy_us: Vec<u64>,
    /// When each worker is done with what it was given, and the order's disk with its last sync.
    free_us: Vec<u64>,
    synced_us: u64,
}

impl Dataflow {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            region: 0,
            away: 0,
            generation: 0,
            ordered: VecDeque::new(),
            busy_us: vec![0; workers],
            free_us: vec![0; workers],
            synced_us: 0,
        }
    }

    /// Lines that are in an epoch and that nobody was told of.
    pub(super) fn not_told(&self) -> u64 {
        self.ordered.iter().filter(|epoch| !epoch.is_told).map(|epoch| epoch.lines).sum()
    }
}

/// What an epoch takes in.
struct Taken {
    lines: u64,
    copies: u64,
    made: Vec<(u64, u64)>,
    /// Copies that each worker decodes.
    decodes: Vec<u64>,
}

impl Taken {
    fn add(&mut self, made_us: u64, lines: u64) {
        self.lines += lines;
        // Those of a tick come together.
        match self.made.iter_mut().rev().find(|(made, _)| *made == made_us) {
            Some((_, all)) => *all += lines,
            None => self.made.push((made_us, lines)),
        }
    }
}

impl System<'_> {
    /// Makes an epoch of all that is durable and has come, and gives it to the workers.
    pub(super) fn order(&mut self) {
        if self.dataflow.away > 0 || self.dataflow.ordered.len() >= EPOCHS_AT_ONCE {
            return;
        }
        let decodes = vec![0; self.dataflow.busy_us.len()];
        let mut taken = Taken { lines: 0, copies: 0, made: Vec::new(), decodes };
        for number in 0..self.ingesters.len() {
            self.take_durable(number, &mut taken);
        }
        if taken.copies == 0 {
            return;
        }
        let ready_us = if self.asked.size.is_alone { self.now } else { self.sync_order() };
        let epoch = self.epoch(taken);
        self.dataflow.ordered.push_back(epoch);
        self.work(self.dataflow.ordered.len() - 1, ready_us);
    }

    /// Blocks of an ingester that all processes have by now; at most as many as there may be under way.
    fn take_durable(&mut self, number: usize, taken: &mut Taken) {
        let most =
            self.asked.costs.credit_mib * 1_048_576.0 * f64::from(self.plan.processes) / self.asked.costs.line_bytes;
        let link_us = self.link_us(self.ingesters[number].region, self.dataflow.region);
        let ingester = &mut self.ingesters[number];
        while ingester.away == 0
            && (taken.copies as f64) < most
            && let Some(block) = ingester.durable.pop_front_if(|block| block.synced_us + link_us <= self.now)
        {
            for span in block.spans {
                let gateway = &mut self.gateways[span.gateway];
                taken.copies += span.lines();
                taken.decodes[gateway.worker] += span.lines();
                let new = gateway.seen.add(span.from, span.to);
                if new > 0 {
                    taken.add(span.made_us, new);
                }
            }
        }
    }

    /// The order's own journal: nobody sees a block before it is durable. When it is.
    fn sync_order(&mut self) -> u64 {
        let begins_us = self.dataflow.synced_us.max(self.now + self.pace.near);
        self.dataflow.synced_us = begins_us + self.sync_us();
        self.dataflow.synced_us
    }

    fn epoch(&self, taken: Taken) -> Epoch {
        let (costs, lines) = (&self.asked.costs, taken.lines as f64);
        let met = self.asked.customers.met_in(lines);
        let of_lines = lines * (costs.view_line_us - costs.decode_us);
        let of_rows = met * (costs.view_row_us + costs.rest_row_us);
        let of_parts = taken.copies as f64 * self.asked.part_us();
        let even = (of_lines + of_rows + of_parts) / taken.decodes.len() as f64;
        let work = |copies: &u64| whole(even + *copies as f64 * costs.decode_us);
        let record = if self.asked.size.keeps_raw { costs.record_memory_bytes } else { 0.0 };
        Epoch {
            lines: taken.lines,
            bytes: lines * record + met * costs.row_memory_bytes,
            has_passed: false,
            is_told: false,
            work_us: taken.decodes.iter().map(work).collect(),
            made: taken.made,
        }
    }

    /// Each worker does its share after what it has; the last one done ends the epoch.
    fn work(&mut self, number: usize, ready_us: u64) {
        let Dataflow { ordered, free_us, generation, .. } = &mut self.dataflow;
        let mut done_us = ready_us;
        for (free, work) in free_us.iter_mut().zip(&ordered[number].work_us) {
            *free = ready_us.max(*free) + work;
            done_us = done_us.max(*free);
        }
        self.calendar.note(done_us, Event::Counted(*generation));
    }

    /// The views have the eldest epoch.
    pub(super) fn counted(&mut self, generation: u32) {
        if self.dataflow.generation != generation {
            return;
        }
        let Some(mut epoch) = self.dataflow.ordered.pop_front() else { return };
        for (busy, work) in self.dataflow.busy_us.iter_mut().zip(&epoch.work_us) {
            *busy += work;
        }
        if !epoch.is_told {
            self.tell(&epoch);
            epoch.is_told = true;
        }
        self.await_commit(epoch);
    }

    fn tell(&mut self, epoch: &Epoch) {
        let shown_us = self.now.next_multiple_of(self.pace.hub);
        let mut eldest_us = self.now;
        for (made_us, lines) in &epoch.made {
            self.outcome.counted.add(self.now - made_us, *lines);
            self.outcome.shown.add(shown_us - made_us, *lines);
            eldest_us = eldest_us.min(*made_us);
        }
        self.on_the_way -= epoch.lines;
        self.told_us = self.now;
        if self.now - eldest_us > LATE_US
            && let Some(fault) = self.struck
        {
            self.late_us[fault] = self.now;
        }
    }

    /// All processes end. What is not stored is made again when they start.
    pub(super) fn stop(&mut self) {
        self.dataflow.generation += 1;
        let mut again = self.give_back();
        again.append(&mut self.dataflow.ordered);
        self.dataflow.ordered = again;
    }

    /// One thing fewer keeps them away; with the last they begin, with what they had not stored.
    pub(super) fn started(&mut self) {
        self.dataflow.away -= 1;
        if self.dataflow.away > 0 {
            return;
        }
        self.dataflow.free_us.fill(self.now);
        for number in 0..self.dataflow.ordered.len() {
            self.work(number, self.now);
        }
    }
}
