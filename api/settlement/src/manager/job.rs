//! Jobs: what the manager does, and how often.

use super::steps;
use crate::Settlement;
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;

/// What a run answers: what it did, or `None` if there was nothing to do.
pub type StepResult = Result<Option<Value>, Box<dyn std::error::Error + Send + Sync>>;

/// After a failure a job waits this long, twice as long after each one more, and no longer than the second.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// Something to be done again and again. Its step is idempotent: it may be ended at any await, and is done again.
#[derive(Clone)]
pub struct Job {
    pub(super) name: &'static str,
    period: Duration,
    is_at_months_turn: bool,
    pub(super) after: Option<&'static str>,
    pub(super) step: Arc<dyn Fn() -> BoxFuture<'static, StepResult> + Send + Sync>,
}

impl Job {
    /// A job that runs that long after its last run has ended. Its name has small letters and underscores only.
    pub fn new<F>(name: &'static str, period: Duration, step: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = StepResult> + Send + 'static,
    {
        let step = Arc::new(move || -> BoxFuture<'static, StepResult> { Box::pin(step()) });
        Self { name, period, is_at_months_turn: false, after: None, step }
    }

    /// It runs at the 1st of a month too.
    #[must_use]
    pub fn at_months_turn(mut self) -> Self {
        self.is_at_months_turn = true;
        self
    }

    /// It does not begin while another job runs, is due or has failed. That one stands before it in the list.
    #[must_use]
    pub fn after(mut self, other: &'static str) -> Self {
        self.after = Some(other);
        self
    }

    /// Whether it is due. A time too far ahead is of a machine whose clock went back.
    pub(super) fn is_due(&self, next_at: UnixMillis, now: UnixMillis) -> bool {
        next_at <= now || next_at > later(now, self.period.max(RETRY_MAX))
    }

    /// When it runs again, having ended now; after so many failures in a row before this one, if it has failed.
    pub(super) fn next_at(&self, now: UnixMillis, failures: Option<i32>) -> UnixMillis {
        let wait = failures.map_or(self.period, |failures| {
            let doubled = 2u32.saturating_pow(failures.unsigned_abs());
            RETRY_FIRST.saturating_mul(doubled).min(RETRY_MAX)
        });
        let next_at = later(now, wait);
        if self.is_at_months_turn { next_at.min(now.month().end()) } else { next_at }
    }
}

/// Every job of a settlement, in the order in which they are run when all are due.
pub fn jobs(settlement: &Settlement) -> Vec<Job> {
    vec![
        of(settlement, "escrow_events", 1, |on| async move { done(&on.poll_events().await?) }),
        of(settlement, "escrow_accounts", 60, |on| async move { done(&on.open_accounts().await?) }),
        of(settlement, "renew", 60, |on| async move { done(&on.renew_due().await?) }).at_months_turn(),
        // A month's subscriptions are charged before it is closed, however long nobody was there to do it.
        of(settlement, "close", 60, |on| async move { steps::closed(&on.close_due().await?) }).after("renew"),
        of(settlement, "notes", 3_600, |on| async move { steps::closed(&on.notes_due().await?) }).after("close"),
        of(settlement, "charge", 5, |on| async move { on.charge_step().await }),
        of(settlement, "ledger_check", 600, |on| async move { on.ledger_check_step().await }),
        of(settlement, "reconcile", 86_400, |on| async move { on.reconcile_step().await }),
        of(settlement, "shadow", 900, |on| async move { on.shadow_step().await }),
        of(settlement, crate::closure::JOB, 10, |on| async move { done(&on.close_accounts().await?) }),
        of(settlement, "runs_retention", 86_400, |on| async move { done(&on.remove_old_runs().await?) }),
    ]
}

fn of<F>(settlement: &Settlement, name: &'static str, period_s: u64, step: fn(Settlement) -> F) -> Job
where
    F: Future<Output = StepResult> + Send + 'static,
{
    let settlement = settlement.clone();
    Job::new(name, Duration::from_secs(period_s), move || step(settlement.clone()))
}

/// What was done, unless it is nothing.
pub(super) fn done<R: Default + PartialEq + Serialize>(report: &R) -> StepResult {
    if *report == R::default() { Ok(None) } else { Ok(Some(serde_json::to_value(report)?)) }
}

fn later(at: UnixMillis, by: Duration) -> UnixMillis {
    at.plus_ms(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

/// Ends what takes too long: the connection is taken for lost.
pub(super) async fn within<T>(
    timeout: Duration,
    attempted: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError::Unavailable { attempted, cause: format!("no answer within {timeout:?}") };
    tokio::time::timeout(timeout, call).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn when_a_job_runs_again() {
        let plain = Job::new("plain", Duration::from_secs(600), async || Ok(None));
        let monthly = plain.clone().at_months_turn();
        let cases = [
            (&plain, "2026-11-30T23:55:00Z", None, "2026-12-01T00:05:00Z"),
            (&monthly, "2026-11-30T23:55:00Z", None, "2026-12-01T00:00:00Z"),
            (&monthly, "2026-11-30T23:45:00Z", None, "2026-11-30T23:55:00Z"),
            (&plain, "2026-11-30T12:00:00Z", Some(0), "2026-11-30T12:00:01Z"),
            (&plain, "2026-11-30T12:00:00Z", Some(3), "2026-11-30T12:00:08Z"),
            (&plain, "2026-11-30T12:00:00Z", Some(6), "2026-11-30T12:01:00Z"),
            (&plain, "2026-11-30T12:00:00Z", Some(i32::MAX), "2026-11-30T12:01:00Z"),
        ];
        for (job, now, failures, expected) in cases {
            assert_eq!(job.next_at(at(now), failures), at(expected), "{now} {failures:?}");
        }
    }

    #[test]
    fn what_is_due() {
        let job = Job::new("job", Duration::from_secs(600), async || Ok(None));
        let now = at("2026-11-30T12:00:00Z");
        let cases = [(-1, true), (0, true), (1, false), (600_000, false), (600_001, true)];
        for (ms, is_due) in cases {
            assert_eq!(job.is_due(now.plus_ms(ms), now), is_due, "{ms} ms");
        }
    }

    #[test]
    fn nothing_done_is_told_as_nothing() {
        assert_eq!(done(&0u64).unwrap(), None);
        assert_eq!(done(&3u64).unwrap(), Some(Value::from(3)));
    }
}
