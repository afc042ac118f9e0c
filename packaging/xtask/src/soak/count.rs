//! What was counted over several HAProxy workers: each numbers its lines from 1, and of each the last number is known, by its
//! own table or by a witness. What a killed one had numbered and handed to nobody is known by its clients alone. Pure.

use crate::reconcile::{Counted, Figures, Loss, grouped};
use crate::traffic::Tally;
use std::fmt;

/// The edge's own requests since its last report at most, each time it ends: through six doors, two seconds apart.
const UNTOLD_MAX: u64 = 12;

/// A HAProxy worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Worker {
    pub(crate) boot_ms: i64,
    /// The last number that it is known to have given.
    pub(crate) numbered: u64,
    pub(crate) is_killed: bool,
}

/// What killed workers took along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) kills: u64,
    /// Lines that were heard and did not arrive, after the last that did.
    pub(crate) heard: u64,
    /// Answered requests without a number that anybody knows of.
    pub(crate) unheard: u64,
    pub(crate) unheard_max: u64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, heard, unheard, unheard_max } = self;
        let what = format!("{kills} killed HAProxies took along");
        let note = format!("lines that were heard, and {unheard} that nobody heard, of {unheard_max} at most");
        writeln!(f, "  {what:<28}{:>14}  {note}", grouped(*heard))
    }
}

/// All workers of a run, and what the edge said.
#[derive(Debug, Clone, Default)]
pub(crate) struct Workers {
    pub(crate) all: Vec<Worker>,
    /// What edges that have ended had told of.
    pub(crate) synthetic_told: u64,
    pub(crate) edges_ended: u64,
}

impl Workers {
    /// The run's figures, and what of the loss is due to kills. Lines that a killed worker had numbered and nobody heard of
    /// are told by its clients: as many as there are answers without a line, up to `unheard_per_kill_max` for each kill.
    pub(crate) fn counted(
        &self,
        before: &Figures,
        after: &Figures,
        tally: &Tally,
        unheard_per_kill_max: u64,
    ) -> (Counted, Taken) {
        // What does not hang on workers is as in any run.
        let mut counted = Counted::between(before, after, tally, 0, 0);
        counted.loss = Loss::default();
        let kills = self.killed();
        let mut taken = Taken { kills, unheard_max: unheard_per_kill_max * kills, ..Taken::default() };
        for worker in &self.all {
            let window = after.pipeline.worker(worker.boot_ms);
            let arrived = window.map_or(0, |window| window.highest_seq);
            // Its last lines may have come after it was asked for the last time.
            let numbered = worker.numbered.max(arrived);
            let loss = Loss::of(window, numbered);
            counted.numbered += numbered;
            counted.loss.head += loss.head;
            counted.loss.gaps += loss.gaps;
            counted.loss.tail += loss.tail;
            taken.heard += if worker.is_killed { loss.tail } else { 0 };
        }
        counted.synthetic_told += self.synthetic_told + UNTOLD_MAX * self.edges_ended;
        let without_line = (counted.answered + counted.synthetic).saturating_sub(counted.numbered);
        taken.unheard = without_line.min(taken.unheard_max);
        counted.numbered += taken.unheard;
        counted.loss.tail += taken.unheard;
        (counted, taken)
    }

    fn killed(&self) -> u64 {
        self.all.iter().filter(|worker| worker.is_killed).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Pipeline, Usage, Worker as Window};

    fn figures(windows: &[(i64, u64, u64)]) -> Figures {
        let workers = windows.iter().map(|(boot_ms, received, highest_seq)| Window {
            boot_ms: *boot_ms,
            missing: highest_seq - received,
            first_seq: 1,
            highest_seq: *highest_seq,
        });
        let lines = windows.iter().map(|(_, received, _)| received).sum();
        let pipeline = Pipeline {
            received: lines,
            accepted: lines,
            stored: lines,
            workers: workers.collect(),
            ..Pipeline::default()
        };
        let usage = Usage { requests: lines, classes: [lines, 0, 0, 0, 0, 0], ..Usage::default() };
        Figures { pipeline, usage, synthetic: 0, synthetic_told: 0 }
    }

    fn tally(answered: u64) -> Tally {
        Tally { by_status: [(200, answered)].into(), ..Tally::default() }
    }

    fn workers(all: &[(i64, u64)], killed: i64) -> Workers {
        let worker = |(boot_ms, numbered): &(i64, u64)| Worker {
            boot_ms: *boot_ms,
            numbered: *numbered,
            is_killed: *boot_ms == killed,
        };
        Workers { all: all.iter().map(worker).collect(), ..Workers::default() }
    }

    #[test]
    fn workers_add_up() {
        let after = figures(&[(1, 95, 98), (2, 200, 200), (3, 50, 50)]);
        let all = workers(&[(1, 100), (2, 200), (3, 50)], 0);
        let (counted, taken) = all.counted(&Figures::default(), &after, &tally(350), 9);
        assert_eq!((counted.numbered, counted.loss), (350, Loss { head: 0, gaps: 3, tail: 2 }));
        assert_eq!(counted.differences(), Vec::<String>::new());
        assert_eq!(taken, Taken::default());
        let (fewer, _) = all.counted(&Figures::default(), &after, &tally(330), 9);
        assert!(fewer.differences()[0].starts_with("requests and numbered lines differ"), "{:?}", fewer.differences());
    }

    #[test]
    fn what_was_lost_with_a_killed_worker_is_told_by_its_clients_within_bounds() {
        let after = figures(&[(1, 98, 98), (2, 200, 200)]);
        // Of the killed one 98 lines arrived, and two more were heard.
        let all = workers(&[(1, 100), (2, 200)], 1);
        for (answered, unheard, holds) in
            [(300, 0, true), (305, 5, true), (311, 11, true), (290, 0, false), (312, 11, false)]
        {
            let (counted, taken) = all.counted(&Figures::default(), &after, &tally(answered), 11);
            assert_eq!(taken, Taken { kills: 1, heard: 2, unheard, unheard_max: 11 }, "{answered}");
            assert_eq!(counted.loss.tail, 2 + unheard, "{answered}");
            assert_eq!(counted.differences().is_empty(), holds, "{answered}: {:?}", counted.differences());
        }
    }

    #[test]
    fn the_edges_own_requests_may_be_among_the_lost() {
        let after = figures(&[(1, 90, 100)]);
        let all = Workers { synthetic_told: 8, edges_ended: 1, ..workers(&[(1, 100)], 0) };
        for (answered, holds) in [(92, true), (80, false)] {
            let (counted, _) = all.counted(&Figures::default(), &after, &tally(answered), 0);
            assert_eq!(counted.differences().is_empty(), holds, "{answered}");
        }
    }
}
