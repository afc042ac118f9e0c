//! What was counted over several HAProxy workers: each numbers its lines from 1. Of a worker that left in good order its
//! own last number is known; of one that was killed only what had arrived, and what its clients say. Pure.

use crate::reconcile::{Counted, Figures, Loss};
use crate::traffic::Tally;

/// The edge's own requests since its last report at most, each time it ends: through six doors, two seconds apart.
const UNTOLD_MAX: u64 = 12;

/// A HAProxy worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Worker {
    pub(crate) boot_ms: i64,
    /// Its own counter as far as it could be seen; `None`: it was killed.
    pub(crate) numbered: Option<u64>,
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
    /// The run's figures. Lines that a killed worker had numbered and not delivered are told by its clients: as many as
    /// there are requests without a line, up to `lost_per_kill_max` for each kill.
    pub(crate) fn counted(&self, before: &Figures, after: &Figures, tally: &Tally, lost_per_kill_max: u64) -> Counted {
        // What does not hang on workers is as in any run.
        let mut counted = Counted::between(before, after, tally, 0, 0);
        counted.loss = Loss::default();
        for worker in &self.all {
            let window = after.pipeline.worker(worker.boot_ms);
            let arrived = window.map_or(0, |window| window.highest_seq);
            // Its last lines may have come after it was asked for the last time.
            let numbered = worker.numbered.unwrap_or(0).max(arrived);
            let loss = Loss::of(window, numbered);
            counted.numbered += numbered;
            counted.loss.head += loss.head;
            counted.loss.gaps += loss.gaps;
            counted.loss.tail += loss.tail;
        }
        counted.synthetic_told += self.synthetic_told + UNTOLD_MAX * self.edges_ended;
        let without_line = (counted.answered + counted.synthetic).saturating_sub(counted.numbered);
        let lost_with_killed = without_line.min(lost_per_kill_max * self.killed());
        counted.numbered += lost_with_killed;
        counted.loss.tail += lost_with_killed;
        counted
    }

    /// How many were killed.
    pub(crate) fn killed(&self) -> u64 {
        self.all.iter().filter(|worker| worker.numbered.is_none()).count() as u64
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

    fn workers(all: &[(i64, Option<u64>)]) -> Workers {
        let all = all.iter().map(|(boot_ms, numbered)| Worker { boot_ms: *boot_ms, numbered: *numbered }).collect();
        Workers { all, ..Workers::default() }
    }

    #[test]
    fn workers_add_up() {
        let after = figures(&[(1, 95, 98), (2, 200, 200), (3, 50, 50)]);
        let all = workers(&[(1, Some(100)), (2, Some(200)), (3, Some(50))]);
        let counted = all.counted(&Figures::default(), &after, &tally(350), 0);
        assert_eq!((counted.numbered, counted.loss), (350, Loss { head: 0, gaps: 3, tail: 2 }));
        assert_eq!(counted.differences(), Vec::<String>::new());
        let fewer = all.counted(&Figures::default(), &after, &tally(330), 0);
        assert!(fewer.differences()[0].starts_with("requests and numbered lines differ"), "{:?}", fewer.differences());
    }

    #[test]
    fn what_was_lost_with_a_killed_worker_is_told_by_its_clients_within_bounds() {
        let after = figures(&[(1, 98, 98), (2, 200, 200)]);
        let all = workers(&[(1, None), (2, Some(200))]);
        for (answered, tail, holds) in
            [(298, 0, true), (303, 5, true), (309, 11, true), (290, 0, false), (400, 11, false)]
        {
            let counted = all.counted(&Figures::default(), &after, &tally(answered), 11);
            assert_eq!(counted.loss.tail, tail, "{answered}");
            assert_eq!(counted.differences().is_empty(), holds, "{answered}: {:?}", counted.differences());
        }
    }

    #[test]
    fn the_edges_own_requests_may_be_among_the_lost() {
        let after = figures(&[(1, 90, 100)]);
        let all = Workers { synthetic_told: 8, edges_ended: 1, ..workers(&[(1, Some(100))]) };
        assert!(all.counted(&Figures::default(), &after, &tally(92), 0).differences().is_empty());
        assert!(!all.counted(&Figures::default(), &after, &tally(80), 0).differences().is_empty());
    }
}
