//! Ingesters: what they take from the rings, how it becomes durable, what dies with them.

use super::super::events::{Event, micros, whole};
use super::super::lines::Span;
use super::super::sizing::Plan;
use super::super::tally::Loss;
use super::System;
use std::collections::VecDeque;

/// Lines that are on the disk.
pub(super) struct Block {
    pub(super) synced_us: u64,
    pub(super) spans: Vec<Span>,
}

pub(super) struct Ingester {
    pub(super) region: usize,
    /// How many faults keep it away.
    pub(super) away: u32,
    /// What is sent to it from each region, and when it arrives; what it has not taken is in the ring yet, or on the
    /// way.
    pub(super) links: Vec<VecDeque<(u64, Span)>>,
    /// On its disk, in no epoch yet.
    pub(super) durable: VecDeque<Block>,
    /// Lines.
    pub(super) taken: u64,
    /// Its run: what was begun in an earlier one does not end.
    generation: u32,
    last_cut_us: u64,
    /// The link that is first in turn.
    turn: usize,
    /// Cut, and waiting for the disk; on its way there.
    open: Vec<Span>,
    syncing: Vec<Span>,
    is_syncing: bool,
}

impl Ingester {
    pub(super) fn new(number: usize, plan: &Plan, regions: usize) -> Self {
        Self {
            region: number / plan.ingesters as usize,
            away: 0,
            links: vec![VecDeque::new(); regions],
            durable: VecDeque::new(),
            taken: 0,
            generation: 0,
            last_cut_us: 0,
            turn: 0,
            open: Vec::new(),
            syncing: Vec::new(),
            is_syncing: false,
        }
    }

    /// All that it has, or is to have.
    pub(super) fn spans(&self) -> impl Iterator<Item = &Span> {
        let sent = self.links.iter().flatten().map(|(_, span)| span);
        let durable = self.durable.iter().flat_map(|block| &block.spans);
        sent.chain(&self.open).chain(&self.syncing).chain(durable)
    }
}

impl System<'_> {
    /// Takes what has come, as far as there is time, and gives it to the disk.
    pub(super) fn cut(&mut self, number: usize) {
        self.calendar.note(self.now + self.pace.cut, Event::Cut(number));
        let ingester = &mut self.ingesters[number];
        let elapsed_s = (self.now - ingester.last_cut_us) as f64 / 1e6;
        ingester.last_cut_us = self.now;
        if ingester.away > 0 {
            return;
        }
        ingester.turn += 1;
        let (first, links) = (ingester.turn, ingester.links.len());
        let mut room = whole((self.asked.costs.ingester_lines_s * elapsed_s).floor());
        for link in 0..links {
            room = self.take(number, (first + link) % links, room);
        }
        self.sync(number);
    }

    /// Takes of a link what there is room for; how much room is left.
    fn take(&mut self, number: usize, link: usize, mut room: u64) -> u64 {
        let ingester = &mut self.ingesters[number];
        while room > 0
            && let Some((arrives, span)) = ingester.links[link].pop_front()
        {
            if arrives > self.now {
                ingester.links[link].push_front((arrives, span));
                break;
            }
            let (taken, rest) = span.split(span.lines().min(room));
            if rest.lines() > 0 {
                ingester.links[link].push_front((arrives, rest));
            }
            let gateway = &mut self.gateways[span.gateway];
            let home = gateway.home(number);
            gateway.waiting[home] -= taken.lines();
            ingester.taken += taken.lines();
            room -= taken.lines();
            ingester.open.push(taken);
        }
        room
    }

    /// The disk takes all that waits, as soon as it is done with what was before.
    fn sync(&mut self, number: usize) {
        let sync_us = self.sync_us();
        let ingester = &mut self.ingesters[number];
        if ingester.is_syncing || ingester.open.is_empty() {
            return;
        }
        ingester.is_syncing = true;
        std::mem::swap(&mut ingester.open, &mut ingester.syncing);
        let lines: u64 = ingester.syncing.iter().map(Span::lines).sum();
        let writes_s = lines as f64 * self.asked.costs.line_bytes / (self.asked.costs.disk_mb_s * 1e6);
        let event = Event::Synced(number, ingester.generation);
        self.calendar.note(self.now + sync_us + micros(writes_s), event);
    }

    pub(super) fn synced(&mut self, number: usize, generation: u32) {
        let ingester = &mut self.ingesters[number];
        if ingester.generation != generation {
            return;
        }
        ingester.is_syncing = false;
        let spans = std::mem::take(&mut ingester.syncing);
        ingester.durable.push_back(Block { synced_us: self.now, spans });
        self.sync(number);
        if self.asked.size.is_alone {
            self.order();
        }
    }

    /// It dies: what it had not synced, and what was on its way to it, it will never have.
    pub(super) fn die(&mut self, number: usize, why: Loss) {
        let ingester = &mut self.ingesters[number];
        ingester.generation += 1;
        ingester.is_syncing = false;
        let mut unsynced = std::mem::take(&mut ingester.syncing);
        unsynced.append(&mut ingester.open);
        for span in unsynced {
            let home = self.gateways[span.gateway].home(number);
            self.lose(span, home, why);
        }
        for link in 0..self.regions.len() {
            self.drop_link(number, link, self.now, why);
        }
    }

    /// Drops what is to arrive after a time.
    pub(super) fn drop_link(&mut self, number: usize, link: usize, after_us: u64, why: Loss) {
        while let Some((arrives, span)) = self.ingesters[number].links[link].pop_back() {
            if arrives <= after_us {
                self.ingesters[number].links[link].push_back((arrives, span));
                return;
            }
            let gateway = &mut self.gateways[span.gateway];
            let home = gateway.home(number);
            gateway.waiting[home] -= span.lines();
            self.lose(span, home, why);
        }
    }
}
