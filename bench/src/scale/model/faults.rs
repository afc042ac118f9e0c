//! What a fault takes away, and what brings it back.

use super::super::events::{Event, Fault, Part, micros};
use super::super::tally::Loss;
use super::System;

impl System<'_> {
    pub(super) fn strike(&mut self, number: usize) {
        self.struck = Some(number);
        let Fault { part, lasts_us, .. } = self.asked.size.faults[number];
        let restart_us = micros(self.asked.costs.restart_s);
        match part {
            Part::Region(region) => {
                self.lose_region(region);
                if let Some(lasts_us) = lasts_us {
                    self.calendar.note(self.now + lasts_us, Event::Heal(number));
                }
            }
            Part::Ingester(ingester) => {
                self.ingesters[ingester].away += 1;
                self.die(ingester, Loss::Ingester);
                self.calendar.note(self.now + lasts_us.unwrap_or(restart_us), Event::Heal(number));
            }
            Part::Process => self.strike_process(lasts_us),
            Part::Database => {
                self.database.away += 1;
                self.fail_commit();
                self.calendar.note(self.now + lasts_us.unwrap_or(restart_us), Event::Heal(number));
            }
        }
    }

    /// One that is silent for a while holds up the others; for longer, or killed, it brings them all down.
    fn strike_process(&mut self, silent_us: Option<u64>) {
        let silence_us = micros(self.asked.costs.silence_s);
        self.dataflow.away += 1;
        match silent_us {
            Some(silent_us) if silent_us < silence_us => {
                self.dataflow.generation += 1;
                self.calendar.note(self.now + silent_us, Event::Started);
            }
            Some(silent_us) => {
                self.stop();
                self.note_start(silent_us.max(silence_us));
            }
            None => {
                self.stop();
                self.note_start(0);
            }
        }
    }

    /// Its unit starts a process again after a while, and it reads its state.
    fn note_start(&mut self, after_us: u64) {
        let costs = &self.asked.costs;
        let rows = self.asked.size.customers as f64 * costs.rated_rows;
        let seed_s = rows * costs.seed_row_us / 1e6 / self.plan.writers();
        self.calendar.note(self.now + after_us + micros(costs.restart_s + seed_s), Event::Started);
    }

    fn lose_region(&mut self, region: usize) {
        self.regions[region].away += 1;
        for number in 0..self.ingesters.len() {
            if self.ingesters[number].region == region {
                self.ingesters[number].away += 1;
                self.die(number, Loss::Region);
            }
            // The rings of its gateways are gone, with what no ingester was there to take. Those of others hold what they have.
            if self.ingesters[number].away > 0 {
                self.drop_link(number, region, 0, Loss::Region);
            }
        }
        self.calendar.note(self.now + micros(self.asked.costs.move_s), Event::Moved(region));
        if self.dataflow.region == region && self.regions[region].away == 1 {
            self.dataflow.away += 1;
            self.database.away += 1;
            self.stop();
            self.fall_back_to_replica();
            self.calendar.note(self.now + micros(self.asked.costs.promote_s), Event::Promoted);
        }
    }

    /// Where there is no other region to move to, nothing moves.
    pub(super) fn moved(&mut self, region: usize) {
        self.regions[region].has_moved = self.regions[region].away > 0 && self.regions.len() > 1;
    }

    /// The first region that is there does the work now; if there is none, this is looked at again.
    pub(super) fn promoted(&mut self) {
        let Some(region) = self.regions.iter().position(|region| region.away == 0) else {
            self.calendar.note(self.now + micros(self.asked.costs.promote_s.max(1.0)), Event::Promoted);
            return;
        };
        self.dataflow.region = region;
        self.database.away -= 1;
        self.note_start(0);
    }

    pub(super) fn heal(&mut self, number: usize) {
        match self.asked.size.faults[number].part {
            Part::Region(region) => {
                let of_region = &mut self.regions[region];
                of_region.away -= 1;
                of_region.has_moved &= of_region.away > 0;
                let there = self.ingesters.iter_mut().filter(|ingester| ingester.region == region);
                there.for_each(|ingester| ingester.away -= 1);
            }
            Part::Ingester(ingester) => self.ingesters[ingester].away -= 1,
            Part::Process => {}
            Part::Database => {
                self.database.away -= 1;
                if self.database.away == 0 && self.database.was_passed_by {
                    // What passed it by is made again by all, from what it has.
                    self.dataflow.away += 1;
                    self.stop();
                    self.note_start(0);
                }
            }
        }
    }
}
