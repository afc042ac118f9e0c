//! The time that a manager has the lock: jobs run beside each other as they are due.

use super::job::{Job, StepResult};
use super::{Due, Manager};
use crate::SettlementError;
use std::collections::BTreeMap;
use suiftly_store::StoreError;
use suiftly_store::money::ManagerSeat;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// What runs. When it is dropped, so is every job at hand, between two steps.
pub(super) struct Reign<'a> {
    manager: &'a Manager,
    seat: &'a ManagerSeat,
    tasks: JoinSet<StepResult>,
    at_hand: BTreeMap<Id, AtHand<'a>>,
}

/// A job that runs.
struct AtHand<'a> {
    job: &'a Job,
    run: i64,
    /// How often it failed in a row before.
    failures: i32,
}

type Joined = Result<(Id, StepResult), JoinError>;

impl<'a> Reign<'a> {
    pub(super) fn new(manager: &'a Manager, seat: &'a ManagerSeat) -> Self {
        Self { manager, seat, tasks: JoinSet::new(), at_hand: BTreeMap::new() }
    }

    /// Runs jobs until it is told to stop, or the connection is lost, which is an error.
    pub(super) async fn run(mut self, stop: &CancellationToken) -> Result<(), SettlementError> {
        let mut look = tokio::time::interval(self.manager.options.look_every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(self.drain().await?),
                _ = look.tick() => self.start_due().await?,
                Some(joined) = self.tasks.join_next_with_id() => self.record(joined).await?,
            }
        }
    }

    async fn start_due(&mut self) -> Result<(), StoreError> {
        for Due { job, failures, waits } in self.manager.due(self.seat).await? {
            let runs = |name| self.at_hand.values().any(|at_hand| at_hand.job.name == name);
            if waits || runs(job.name) || job.after.is_some_and(runs) {
                continue;
            }
            let run = self.manager.begin(self.seat, job).await?;
            let id = self.tasks.spawn((job.step)()).id();
            self.at_hand.insert(id, AtHand { job, run, failures });
        }
        Ok(())
    }

    async fn record(&mut self, joined: Joined) -> Result<(), StoreError> {
        let (id, ended) = match joined {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Box::from(error.to_string()))),
        };
        let Some(AtHand { job, run, failures }) = self.at_hand.remove(&id) else { return Ok(()) };
        self.manager.end(self.seat, job, (run, failures), ended).await.map(drop)
    }

    /// Lets jobs at hand end, for a while. The next manager ends the records of those that did not.
    async fn drain(&mut self) -> Result<(), StoreError> {
        let timeout = self.manager.options.drain_timeout;
        let draining = async {
            while let Some(joined) = self.tasks.join_next_with_id().await {
                self.record(joined).await?;
            }
            Ok(())
        };
        let Ok(drained) = tokio::time::timeout(timeout, draining).await else {
            let jobs: Vec<_> = self.at_hand.values().map(|at_hand| at_hand.job.name).collect();
            tracing::warn!(?jobs, "jobs did not end in time; the next manager goes on with them");
            return Ok(());
        };
        drained
    }
}
