//! A customer's money: where it stands, what the month comes to, invoices down to single requests, what was moved, and what
//! a customer may do with their funds.
//!
//! All of it is read by a settlement that acts for the customer. Live numbers (usage, its price, the state) come across the
//! seam, as the stream's do; everything else is one snapshot of the store, so that it agrees with the ledger and the draft.

mod document;
mod drill;
mod forecast;
mod funds;
mod invoices;
mod proof;
mod signing;
mod statement;
mod wire;

pub use document::{DocumentView, LineView, NoteView, PartyView, PaymentView, SumsView};
pub use drill::{HourPage, HourRow, RecordPage, RecordRow};
pub use funds::{AmountRequest, FundsMoved, LimitRequest};
pub use invoices::{InvoicePage, InvoiceRow};
pub use signing::{
    ActWord, SignatureRequest, TransactionRequest, TransactionStand, TransactionToSign, TransactionWord,
};
pub use statement::{StatementRow, StatementView, TransactionPage, TransactionRow};
pub use wire::{Billing, DraftTotals, Forecast, NextSubscription};

use crate::app::App;
use crate::params::{SummaryParams, parse_none};
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::rows::{Filter, TimeRange};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, State};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::EscrowError;
use suiftly_settlement::{Settlement, SettlementError};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(billing))
        .merge(invoices::routes())
        .merge(drill::routes())
        .merge(proof::routes())
        .merge(statement::routes())
        .merge(funds::routes())
        .merge(signing::routes())
}

/// Where the money stands: balance, what is accrued, this month so far and as it is expected to end.
#[utoipa::path(get, path = "/billing", tag = "billing", responses(
    (status = 200, body = Billing),
    GuardedProblems,
))]
async fn billing(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<Billing>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let settlement = of(&app, &customer);
    let now = settlement.now();
    let reader = app.reader.for_customer(customer.id);
    // Live first: what the store has then is no less.
    let live = reader.customer_spend(customer.id, now).await?;
    let last_day = reader.summary(&last_day(customer.id, now)).await?;
    let overview = settlement.store().overview(customer.id, now.month()).await?;
    let overview = overview.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let services = app.parts.accounts.store.services(customer.id).await?;
    Ok(Json(Billing::new(&overview, &services, &live, MicroUsd(last_day.rated_micro_usd), now)))
}

/// The last 24 hours, the running one included.
fn last_day(customer: CustomerId, now: UnixMillis) -> SummaryParams {
    let filter = Filter { customer_id: Some(customer), ..Filter::default() };
    SummaryParams {
        filter,
        range: TimeRange::new(forecast::rate_from(now), now.hour().plus_ms(3_600_000)),
        percentiles: false,
    }
}

/// What acts for a customer.
fn of(app: &App, customer: &Customer) -> Settlement {
    app.parts.accounts.settlement.for_customer(customer.id)
}

impl From<SettlementError> for Problem {
    fn from(error: SettlementError) -> Self {
        match error {
            SettlementError::Store(error) => crate::read::ReadError::Store(error).into(),
            SettlementError::Escrow(EscrowError::Refused { cause, .. }) => {
                Self::new(ProblemCode::EscrowRefused).detail(cause)
            }
            SettlementError::Escrow(error @ EscrowError::InDoubt { .. }) => {
                tracing::warn!(%error, "a customer's request is in doubt");
                Self::new(ProblemCode::EscrowUnavailable).retry_after_s(5)
            }
            error => Self::internal(&error),
        }
    }
}
