//! What was drawn from a customer's escrow, and what is being drawn.

use super::super::asked::{MissingProblem, PageFields, PageQuery, customer_in, missing, number, page};
use crate::app::App;
use crate::params::Fields;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::bill::CENT;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Draw, DrawState};
use utoipa::ToSchema;

/// A page of draws from escrow.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChargePage {
    /// The latest first.
    pub items: Vec<ChargeItem>,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<String>,
}

/// A draw from escrow.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChargeItem {
    /// Its number.
    pub charge_id: i64,
    /// What names it to the escrow: the same never draws twice.
    pub nonce: String,
    /// Why: `threshold`, `subscription`, `close` or `withdrawal`.
    pub kind: String,
    /// For which month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// How much.
    pub amount_micro_usd: i64,
    /// How far it has come.
    pub state: ChargeState,
    /// How often the escrow was asked.
    pub attempts: i32,
    /// The escrow's event; null unless it was drawn.
    pub tx_digest: Option<String>,
    /// Why it was refused.
    pub refusal: Option<String>,
    /// When it was intended, by the manager's clock.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was drawn or refused; null until then.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
}

/// How far a draw has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChargeState {
    /// It was drawn.
    Settled,
    /// The escrow is being asked.
    Pending,
    /// The escrow was asked and nobody knows what it did: its nonce is looked up before anything else is drawn.
    InDoubt,
    /// It was not drawn, and will not be.
    Refused,
}

impl From<DrawState> for ChargeState {
    fn from(state: DrawState) -> Self {
        match state {
            DrawState::Settled => Self::Settled,
            DrawState::Pending => Self::Pending,
            DrawState::InDoubt => Self::InDoubt,
            DrawState::Refused => Self::Refused,
        }
    }
}

impl From<Draw> for ChargeItem {
    fn from(draw: Draw) -> Self {
        Self {
            charge_id: draw.id,
            nonce: draw.nonce,
            kind: draw.reason,
            month: draw.month.to_string(),
            amount_micro_usd: draw.amount_usd_cents.saturating_mul(CENT.0),
            state: draw.state.into(),
            attempts: draw.attempts,
            tx_digest: draw.digest,
            refusal: draw.refusal,
            created_at: draw.intended_at.rfc3339(),
            settled_at: draw.decided_at.map(UnixMillis::rfc3339),
        }
    }
}

/// What was drawn from a customer's escrow, and what is being drawn: the latest first.
#[utoipa::path(get, path = "/customers/{customer_id}/charges", operation_id = "customer_charges", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), PageQuery),
    responses((status = 200, body = ChargePage), MissingProblem, GuardedProblems)
)]
pub(super) async fn charges(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<ChargePage>, Problem> {
    let customer = customer_in(&customer)?;
    let mut fields = Fields::read_named(&query.unwrap_or_default(), &["cursor", "limit"]);
    let (before, limit) = (fields.cursor(number), fields.limit());
    fields.finish(())?;
    let settlement = &app.parts.accounts.settlement;
    if settlement.store().customer(customer).await?.is_none() {
        return Err(missing("customer"));
    }
    let draws = settlement.store().draws(customer, before, limit + 1, settlement.now()).await?;
    let (draws, next_cursor) = page(draws, limit, |draw| draw.id.to_string());
    Ok(Json(ChargePage { items: draws.into_iter().map(ChargeItem::from).collect(), next_cursor }))
}
