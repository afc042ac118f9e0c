//! The manager: one at a time for a database, it runs every job on its schedule.
//!
//! Managers of several processes try for one lock; who has it runs the jobs, and another takes over when its connection
//! is gone. Schedules and runs are in the database. Jobs run beside each other, each once at a time, at least once: one
//! that fails is tried again, later each time, and stops no other. Before each round the clock is set by the database.

mod job;
mod reign;
mod steps;

pub use job::{Job, StepResult, jobs};

use crate::{Clock, ManagerClock, SettlementError};
use job::within;
use reign::Reign;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::money::{DEAD_AFTER, JobRow, ManagerSeat, RunEnd, RunOutcome};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often who has not got the lock tries for it. With what it takes to find a dead holder out ([`DEAD_AFTER`]), another
/// takes over within 15 s.
pub const TRY_EVERY: Duration = Duration::from_secs(3);
/// How often the holder looks which jobs are due, and whether the clock was moved.
pub const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long jobs at hand may take to end, when the manager is told to. What is left then is done by the next one.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);

/// How a manager goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerOptions {
    /// What it is called in the records of runs.
    pub holder: String,
    /// How often it tries for the lock.
    pub try_every: Duration,
    /// How often it looks which jobs are due.
    pub look_every: Duration,
    /// How long jobs at hand may take to end.
    pub drain_timeout: Duration,
}

impl ManagerOptions {
    /// As the program runs it.
    pub fn new(holder: impl Into<String>) -> Self {
        let (try_every, look_every, drain_timeout) = (TRY_EVERY, LOOK_EVERY, DRAIN_TIMEOUT);
        Self { holder: holder.into(), try_every, look_every, drain_timeout }
    }
}

/// What a manager is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagerStatus {
    /// Whether it has the lock.
    pub is_holder: bool,
    /// Its jobs, since the process began.
    pub jobs: BTreeMap<&'static str, JobFigures>,
}

/// What became of a job's runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFigures {
    /// Runs that did what there was to do.
    pub done: u64,
    /// Runs that failed.
    pub failed: u64,
    /// When the last one was done, by the manager's clock.
    pub last_done_at: Option<UnixMillis>,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// Of which job.
    pub job: &'static str,
    /// How.
    pub outcome: RunOutcome,
    /// What it did, or why it failed.
    pub detail: Option<Value>,
}

/// A job whose time has come.
struct Due<'a> {
    job: &'a Job,
    /// How often it has failed in a row.
    failures: i32,
    /// Whether the one that it comes after has failed last.
    waits: bool,
}

/// Runs jobs on a database, or waits to.
pub struct Manager {
    store: StoreConfig,
    clock: Arc<ManagerClock>,
    jobs: Vec<Job>,
    options: ManagerOptions,
    status: watch::Sender<ManagerStatus>,
}

impl Manager {
    /// A manager of [`jobs`] and whatever else is to be done. The clock is the settlement's.
    pub fn new(store: &StoreConfig, clock: Arc<ManagerClock>, jobs: Vec<Job>, options: ManagerOptions) -> Self {
        let status = watch::Sender::new(ManagerStatus {
            is_holder: false,
            jobs: jobs.iter().map(|job| (job.name, JobFigures::default())).collect(),
        });
        Self { store: store.clone(), clock, jobs, options, status }
    }

    /// What it is doing, now and from now on.
    pub fn status(&self) -> watch::Receiver<ManagerStatus> {
        self.status.subscribe()
    }

    /// Until it is told to stop: waits for the lock, runs jobs. When the database is away it waits for that, too.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut is_told = false;
        while !stop.is_cancelled() {
            let served = self.serve(stop, &mut is_told).await;
            self.status.send_modify(|status| status.is_holder = false);
            let Err(error) = served else { continue };
            if !is_told {
                tracing::warn!(%error, "the manager is out of work; it tries again");
                is_told = true;
            }
            stop.run_until_cancelled(tokio::time::sleep(self.options.try_every)).await;
        }
    }

    /// Runs every job that is due, in their order, once each.
    pub async fn run_due_once(&self) -> Result<Vec<RunReport>, SettlementError> {
        let seat = self.seat().await?;
        if !within(DEAD_AFTER, TAKE, seat.try_take()).await? {
            let database = self.store.database().to_owned();
            return Err(SettlementError::ManagedElsewhere { database });
        }
        let ran = self.run_due(&seat).await;
        // Whoever comes next need not wait until the server has seen the connection end.
        within(DEAD_AFTER, RELEASE, seat.release()).await?;
        Ok(ran?)
    }

    async fn run_due(&self, seat: &ManagerSeat) -> Result<Vec<RunReport>, StoreError> {
        self.take_over(seat).await?;
        let due = self.due(seat).await?;
        let mut reports = Vec::with_capacity(due.len());
        for Due { job, failures, waits } in due {
            let before = reports.iter().find(|report: &&RunReport| Some(report.job) == job.after);
            if before.map_or(waits, |before| before.outcome == RunOutcome::Failed) {
                continue;
            }
            let run = self.begin(seat, job).await?;
            let ended = (job.step)().await;
            reports.push(self.end(seat, job, (run, failures), ended).await?);
        }
        Ok(reports)
    }

    async fn serve(&self, stop: &CancellationToken, is_told: &mut bool) -> Result<(), SettlementError> {
        let Some(seat) = stop.run_until_cancelled(self.seat()).await else { return Ok(()) };
        let seat = seat?;
        *is_told = false;
        while !within(DEAD_AFTER, TAKE, seat.try_take()).await? {
            if stop.run_until_cancelled(tokio::time::sleep(self.options.try_every)).await.is_none() {
                return Ok(());
            }
        }
        self.take_over(&seat).await?;
        tracing::info!(holder = self.options.holder, "manager");
        self.status.send_modify(|status| status.is_holder = true);
        Reign::new(self, &seat).run(stop).await?;
        Ok(within(DEAD_AFTER, RELEASE, seat.release()).await?)
    }

    async fn seat(&self) -> Result<ManagerSeat, StoreError> {
        within(DEAD_AFTER, "connect to the database as manager", ManagerSeat::open(&self.store)).await
    }

    /// Ends what a dead manager has left, and sees to it that every job is there.
    async fn take_over(&self, seat: &ManagerSeat) -> Result<(), StoreError> {
        self.look(seat).await?;
        let now = self.clock.now();
        let abandoned = within(DEAD_AFTER, "mark abandoned runs", seat.abandon_runs(now)).await?;
        if abandoned > 0 {
            tracing::warn!(abandoned, "the manager before this one left runs without an end");
        }
        let names: Vec<_> = self.jobs.iter().map(|job| job.name).collect();
        within(DEAD_AFTER, "add the manager's jobs", seat.add_jobs(&names, now)).await
    }

    /// Sets the clock, and answers when jobs are due.
    async fn look(&self, seat: &ManagerSeat) -> Result<Vec<JobRow>, StoreError> {
        let round = within(DEAD_AFTER, "read the manager's jobs", seat.round()).await?;
        self.clock.set_offset_ms(round.offset_ms);
        Ok(round.jobs)
    }

    /// The jobs that are due, in their order.
    async fn due(&self, seat: &ManagerSeat) -> Result<Vec<Due<'_>>, StoreError> {
        let rows: BTreeMap<_, _> = self.look(seat).await?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let now = self.clock.now();
        let mut due = Vec::new();
        for job in &self.jobs {
            let Some(row) = rows.get(job.name).filter(|row| job.is_due(row.next_at, now)) else { continue };
            let waits = job.after.and_then(|after| rows.get(after)).is_some_and(|row| row.failures > 0);
            due.push(Due { job, failures: row.failures, waits });
        }
        Ok(due)
    }

    async fn begin(&self, seat: &ManagerSeat, job: &Job) -> Result<i64, StoreError> {
        let begun = seat.begin(job.name, &self.options.holder, self.clock.now());
        within(DEAD_AFTER, "record the beginning of a run", begun).await
    }

    async fn end(
        &self,
        seat: &ManagerSeat,
        job: &Job,
        (run, failures): (i64, i32),
        ended: StepResult,
    ) -> Result<RunReport, StoreError> {
        let at = self.clock.now();
        let (outcome, detail, next_at) = match ended {
            Ok(detail) => (RunOutcome::Done, detail, job.next_at(at, None)),
            Err(error) => {
                tracing::warn!(job = job.name, %error, "a job failed; it is tried again");
                let detail = Some(serde_json::json!({"error": error.to_string()}));
                (RunOutcome::Failed, detail, job.next_at(at, Some(failures)))
            }
        };
        self.count(job, outcome, at);
        let end = RunEnd { run, outcome, detail: detail.clone(), at, next_at };
        within(DEAD_AFTER, "record the end of a run", seat.end(&end)).await?;
        Ok(RunReport { job: job.name, outcome, detail })
    }

    fn count(&self, job: &Job, outcome: RunOutcome, at: UnixMillis) {
        self.status.send_modify(|status| {
            let figures = status.jobs.entry(job.name).or_default();
            match outcome {
                RunOutcome::Done => {
                    figures.done += 1;
                    figures.last_done_at = Some(at);
                }
                RunOutcome::Failed => figures.failed += 1,
                RunOutcome::Abandoned => {}
            }
        });
    }
}

const TAKE: &str = "take the manager's lock";
const RELEASE: &str = "give the manager's lock back";
