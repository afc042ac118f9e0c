//! The books held against each other, on demand; and the manager's clock, which development and tests may move.

use super::asked::{BodyProblems, WriteProblems};
use crate::app::App;
use crate::body;
use crate::params::{Fields, parse_none};
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde::{Deserialize, Serialize};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::{Finding, Reconciliation, SettlementError};
use suiftly_store::StoreError;
use suiftly_store::accounts::OperatorRole;
use suiftly_store::money::{Difference, LedgerCheck};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The clock is moved ahead by ten years at most.
const AHEAD_MS_MAX: i64 = 10 * 366 * 86_400_000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(reconciliation)).routes(routes!(clock)).routes(routes!(move_clock))
}

/// How much is held against what.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ReconciliationQuery {
    /// Whether the escrow is asked too: every account and every event. Default: false.
    escrow: Option<bool>,
}

/// What was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReconciliationView {
    /// Whether nothing differs.
    pub is_clean: bool,
    /// When, by the manager's clock.
    #[schema(format = DateTime)]
    pub at: String,
    /// The ledger against what is kept beside it.
    pub ledger: LedgerFindings,
    /// The escrow against what is written down of it; null if it was not asked.
    pub escrow: Option<EscrowFindings>,
}

/// The ledger against customers, months and charges.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerFindings {
    /// How many differences there are.
    #[schema(value_type = i64)]
    pub count: u64,
    /// The first hundred.
    pub items: Vec<LedgerDifference>,
}

/// Two figures that should be equal, or the first not above the second.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerDifference {
    /// What was compared: `escrow`, `receivable`, `cap`, …
    pub check: String,
    /// Whose.
    pub customer_id: i64,
    /// Of which month.
    pub month: Option<String>,
    /// What the ledger says.
    pub expected_micro_usd: i64,
    /// What is kept beside it.
    pub found_micro_usd: i64,
}

/// The escrow against what is written down of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EscrowFindings {
    /// Accounts compared.
    #[schema(value_type = i64)]
    pub accounts: u64,
    /// Events compared.
    #[schema(value_type = i64)]
    pub events: u64,
    /// How many findings there are.
    #[schema(value_type = i64)]
    pub count: u64,
    /// The first hundred.
    pub items: Vec<EscrowFinding>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EscrowFinding {
    /// What was compared.
    pub check: &'static str,
    /// Of what.
    pub of: String,
    /// In words.
    pub difference: String,
}

impl From<LedgerCheck> for LedgerFindings {
    fn from(check: LedgerCheck) -> Self {
        let item = |of: Difference| LedgerDifference {
            check: of.check,
            customer_id: of.customer_id.get(),
            month: of.month.map(|month| month.to_string()),
            expected_micro_usd: of.expected.0,
            found_micro_usd: of.found.0,
        };
        Self { count: check.count, items: check.differences.into_iter().map(item).collect() }
    }
}

impl From<Reconciliation> for EscrowFindings {
    fn from(found: Reconciliation) -> Self {
        let item = |Finding { check, of, difference }| EscrowFinding { check, of, difference };
        let Reconciliation { accounts, events, count, findings } = found;
        Self { accounts, events, count, items: findings.into_iter().map(item).collect() }
    }
}

/// Holds the ledger against everything that is kept beside it, now; and the escrow against what is written down of it.
#[utoipa::path(get, path = "/billing/reconciliation", tag = "billing", params(ReconciliationQuery), responses(
    (status = 200, body = ReconciliationView),
    (status = 409, description = "`busy`: another is being answered", body = Problem, content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn reconciliation(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<ReconciliationView>, Problem> {
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["escrow"]);
    let with_escrow = fields.parsed("escrow", |text| text.parse().ok(), "must be true or false").unwrap_or(false);
    let with_escrow: bool = fields.finish(with_escrow)?;
    // It reads every customer: one at a time.
    let busy = |_| Problem::new(ProblemCode::Busy).detail("another reconciliation is under way").retry_after_s(5);
    let _turn = app.reconciling.try_acquire().map_err(busy)?;
    let settlement = &app.parts.accounts.settlement;
    let ledger = settlement.ledger_check().await.map_err(problem)?;
    let escrow = match with_escrow {
        true => Some(settlement.reconcile().await.map_err(problem)?),
        false => None,
    };
    Ok(Json(ReconciliationView {
        is_clean: ledger.count == 0 && escrow.as_ref().is_none_or(|found| found.count == 0),
        at: settlement.now().rfc3339(),
        ledger: ledger.into(),
        escrow: escrow.map(EscrowFindings::from),
    }))
}

fn problem(error: SettlementError) -> Problem {
    match error {
        SettlementError::Store(error) => error.into(),
        SettlementError::Escrow(_) => {
            tracing::warn!(%error, "a request needs the escrow");
            Problem::new(ProblemCode::EscrowUnavailable).retry_after_s(1)
        }
        other => Problem::internal(&other),
    }
}

/// The manager's clock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// Now, by the manager's clock.
    #[schema(format = DateTime)]
    pub now: String,
    /// How far it is ahead of the machine's.
    pub offset_ms: i64,
}

/// Where the clock is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockRequest {
    /// The instant that is now: later than by the clock as it is.
    #[schema(format = DateTime)]
    pub now: String,
}

/// The manager's clock.
#[utoipa::path(get, path = "/clock", tag = "operation", responses((status = 200, body = ClockView), GuardedProblems))]
async fn clock(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<ClockView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let offset_ms = app.parts.accounts.settlement.store().clock_offset().await?;
    Ok(Json(ClockView { now: app.parts.clock.now().plus_ms(offset_ms).rfc3339(), offset_ms }))
}

/// Moves the manager's clock ahead: months end. Development and test only, and never back.
#[utoipa::path(put, path = "/clock", tag = "operation", request_body = ClockRequest, responses(
    (status = 200, body = ClockView),
    (status = 409, description = "`clock_refused`: it would go back, or the database is no development's or test's", body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn move_clock(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<ClockView>, Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let asked: ClockRequest = body::read(request).await?;
    let machine = app.parts.clock.now();
    let wrong = || Problem::validation(vec![FieldError::new("now", "must be an instant, RFC 3339, within ten years")]);
    let to = UnixMillis::parse_rfc3339(&asked.now).ok_or_else(wrong)?;
    let offset_ms = to.0.saturating_sub(machine.0);
    if offset_ms > AHEAD_MS_MAX {
        return Err(wrong());
    }
    let refused = |error: StoreError| match error {
        StoreError::Protected { .. } | StoreError::ClockBackwards { .. } => {
            Problem::new(ProblemCode::ClockRefused).detail(error.to_string())
        }
        other => other.into(),
    };
    app.parts.accounts.store.move_clock(offset_ms, &operator.act(machine)).await.map_err(refused)?;
    Ok(Json(ClockView { now: to.rfc3339(), offset_ms }))
}
