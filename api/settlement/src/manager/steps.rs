//! What jobs do that is more than one call, and what their records say of it.

use super::job::{StepResult, done};
use crate::{ChargeReport, CloseReport, PayoutReport, RecoverReport, Settlement, SettlementError};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Difference, Notice, Severity, ShadowSummary};

/// Runs are kept so long; those that had nothing to do, and would fill the table, shorter.
const RUNS_KEPT: Duration = Duration::from_secs(30 * 86_400);
const IDLE_RUNS_KEPT: Duration = Duration::from_secs(86_400);
/// What the escrow has signed is kept so long: it was decided within days, and the chain and its mirror have it for good.
const ESCROW_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// Runs that are removed at once at most: more than a day makes, with ten jobs a second.
const RUNS_REMOVED_AT_ONCE: u32 = 1_000_000;
/// Differences of the ledger that a notification shows.
const DIFFERENCES_SHOWN: usize = 10;

/// Months that wait are no work: they are looked at again.
pub(super) fn closed(report: &CloseReport) -> StepResult {
    let CloseReport { changed, documents, waiting, alarms, .. } = *report;
    let is_idle = (changed, documents, alarms) == (0, 0, 0);
    Ok((!is_idle).then(|| json!({"changed": changed, "documents": documents, "waiting": waiting, "alarms": alarms})))
}

impl Settlement {
    /// What is in doubt is decided first; then whoever is due is charged, and withdrawals are paid. What fails of it does
    /// not keep the rest from being done.
    pub(super) async fn charge_step(&self) -> StepResult {
        let recovered = self.recover().await;
        let charged = self.charge_due().await;
        let paid = self.pay_withdrawals().await;
        let (recovered, charged, paid): (RecoverReport, ChargeReport, PayoutReport) = (recovered?, charged?, paid?);
        // Who was looked at and is not due is no work.
        let charged = ChargeReport { customers: 0, ..charged };
        let mut detail = serde_json::Map::new();
        put(&mut detail, "recovered", &recovered)?;
        put(&mut detail, "charged", &charged)?;
        put(&mut detail, "withdrawals", &paid)?;
        Ok((!detail.is_empty()).then_some(Value::Object(detail)))
    }

    /// Holds the ledger against what is kept beside it.
    pub(super) async fn ledger_check_step(&self) -> StepResult {
        let check = self.ledger_check().await?;
        let first = check.differences.iter().take(DIFFERENCES_SHOWN).map(shown).collect();
        self.differ("ledger_check", "ledger_differs", check.count, first).await
    }

    /// Holds the escrow against what is kept here.
    pub(super) async fn reconcile_step(&self) -> StepResult {
        let found = self.reconcile().await?;
        let first = found.findings.iter().take(DIFFERENCES_SHOWN).map(|finding| json!(finding)).collect();
        self.differ("reconcile", "escrow_differs", found.count, first).await
    }

    /// Differences are told once a day, as critical.
    async fn differ(&self, job: &str, kind: &'static str, differences: u64, first: Vec<Value>) -> StepResult {
        if differences == 0 {
            return Ok(None);
        }
        let now = self.clock.now();
        let body = json!({"differences": differences, "first": first});
        tracing::error!(job, differences, "what should be equal differs");
        let key = format!("{job}:{}", day(now));
        let notice = Notice { key, customer: None, severity: Severity::Critical, kind, body: body.clone() };
        self.store.note(&notice, now).await?;
        Ok(Some(body))
    }

    /// Rates somebody again, whoever it is.
    pub(super) async fn shadow_step(&self) -> StepResult {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed)?;
        let summary = self.shadow_check(u64::from_be_bytes(seed), self.clock.now()).await?.summary;
        let ShadowSummary { customers, hours, mismatches, .. } = summary;
        let figures = || json!({"customers": customers, "hours": hours, "mismatches": mismatches});
        Ok((customers > 0).then(figures))
    }

    /// Removes records of old runs, which are counted, and what the escrow needs no more.
    pub(super) async fn remove_old_runs(&self) -> Result<u64, SettlementError> {
        let before = |kept: Duration| self.clock.now().plus_ms(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        let forgotten = self.escrow.forget(before(ESCROW_KEPT)).await?;
        if forgotten > 0 {
            tracing::info!(forgotten, "what the escrow had signed long ago is removed");
        }
        Ok(self.store.remove_runs(before(RUNS_KEPT), before(IDLE_RUNS_KEPT), RUNS_REMOVED_AT_ONCE).await?)
    }
}

fn put<R: Default + PartialEq + Serialize>(
    detail: &mut serde_json::Map<String, Value>,
    name: &str,
    report: &R,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    detail.extend(done(report)?.map(|value| (name.to_owned(), value)));
    Ok(())
}

fn shown(difference: &Difference) -> Value {
    let Difference { check, customer_id, month, expected, found } = difference;
    let month = month.map(|month| month.to_string());
    json!({"check": check, "customer_id": customer_id.get(), "month": month, "ledger_micro_usd": expected.0, "kept_micro_usd": found.0})
}

fn day(at: UnixMillis) -> String {
    at.rfc3339().chars().take(10).collect()
}
