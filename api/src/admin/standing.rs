//! Where everybody's money stands together: what is accrued, what is in doubt, whether the books agree, what closes next.

use crate::app::App;
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::GRACE_MS;
use suiftly_store::StoreError;
use suiftly_store::money::{MoneyStore, RunOutcome, RunRow};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(standing))
}

/// Everybody's money.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BillingStanding {
    /// The manager's clock, which all of this goes by.
    #[schema(format = DateTime)]
    pub now: String,
    /// What is owed and not yet drawn, of all customers.
    pub accrued_micro_usd: i64,
    /// Draws that are not decided.
    pub in_flight_micro_usd: i64,
    /// How many of them are in doubt: the escrow was asked, and nobody knows what it did.
    #[schema(value_type = i64)]
    pub draws_in_doubt: u64,
    /// When the first of those was intended; null if there is none.
    #[schema(format = DateTime)]
    pub oldest_in_doubt_at: Option<String>,
    /// The ledger against what is kept beside it: the job `ledger_check`.
    pub ledger: BooksCheck,
    /// The escrow against what is written down of it: the job `reconcile`.
    pub escrow: BooksCheck,
    /// When the first month that is open may be closed: a day after its end.
    #[schema(format = DateTime)]
    pub next_close_at: String,
    /// Months that somebody has open, ascending, the running one with them.
    #[schema(example = json!(["2026-10", "2026-11"]))]
    pub open_months: Vec<String>,
}

/// How books agreed when they were held against each other last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BooksCheck {
    /// Whether nothing differed; null if it was never found out, or failed.
    pub is_clean: Option<bool>,
    /// When; null if it never was.
    #[schema(format = DateTime)]
    pub checked_at: Option<String>,
}

impl BooksCheck {
    /// A check that finds nothing has nothing to tell.
    fn of(runs: &[RunRow]) -> Self {
        let last = runs.iter().find_map(|run| Some((run, run.ended?)));
        let Some((run, (at, outcome))) = last else { return Self { is_clean: None, checked_at: None } };
        let is_clean = (outcome == RunOutcome::Done).then_some(run.detail.is_none());
        Self { is_clean, checked_at: Some(at.rfc3339()) }
    }
}

/// Where everybody's money stands: accrued and in doubt, whether the books agreed when they were checked last, and which
/// months are open.
#[utoipa::path(get, path = "/billing/standing", operation_id = "billing_standing", tag = "billing", responses(
    (status = 200, body = BillingStanding),
    GuardedProblems,
))]
async fn standing(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<BillingStanding>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let (store, now) = (app.parts.accounts.settlement.store(), app.parts.accounts.settlement.now());
    let money = store.standing(now).await?;
    let open = open_months(store, now).await?;
    let first = open.first().copied().unwrap_or_else(|| now.month());
    Ok(Json(BillingStanding {
        now: now.rfc3339(),
        accrued_micro_usd: money.accrued.0,
        in_flight_micro_usd: money.in_flight.0,
        draws_in_doubt: money.in_doubt,
        oldest_in_doubt_at: money.oldest_in_doubt_at.map(UnixMillis::rfc3339),
        ledger: last_check(store, "ledger_check").await?,
        escrow: last_check(store, "reconcile").await?,
        next_close_at: first.end().plus_ms(GRACE_MS).rfc3339(),
        open_months: open.iter().map(ToString::to_string).collect(),
    }))
}

async fn last_check(store: &MoneyStore, job: &str) -> Result<BooksCheck, StoreError> {
    // One may be running.
    Ok(BooksCheck::of(&store.runs(Some(job), 2).await?))
}

/// A month with usage is looked for among those that are over; of these, somebody has to be open in it.
async fn open_months(store: &MoneyStore, now: UnixMillis) -> Result<Vec<BillingMonth>, StoreError> {
    let mut open = Vec::new();
    for month in store.months_to_close(now.month()).await? {
        if !store.customers_to_close(month, None, 1).await?.is_empty() {
            open.push(month);
        }
    }
    open.push(now.month());
    Ok(open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_check_that_ended_counts() {
        let at = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let run = |ended, detail| RunRow {
            id: 1,
            job: "ledger_check".to_owned(),
            holder: "a".to_owned(),
            started_at: at,
            ended,
            detail,
        };
        let (running, done) = (run(None, None), run(Some((at, RunOutcome::Done)), None));
        let differs = run(Some((at, RunOutcome::Done)), Some(json!({"differences": 1})));
        let failed = run(Some((at, RunOutcome::Failed)), Some(json!({"error": "x"})));
        let cases = [
            (vec![], None, false),
            (vec![running.clone()], None, false),
            (vec![running, done.clone()], Some(true), true),
            (vec![differs, done], Some(false), true),
            (vec![failed], None, true),
        ];
        for (runs, is_clean, is_told) in cases {
            let check = BooksCheck::of(&runs);
            assert_eq!((check.is_clean, check.checked_at.is_some()), (is_clean, is_told), "{runs:?}");
        }
    }
}
