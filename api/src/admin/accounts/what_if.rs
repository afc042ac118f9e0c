//! What a customer's month would come to with another tier, by the same prices and the same usage.

use super::super::asked::{MissingProblem, customer_in, missing};
use crate::app::App;
use crate::params::{Fields, SummaryParams};
use crate::path::Path;
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::rows::{Filter, range_of};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::bill::BillLine;
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, OrderError, SOLD, Subscription, Tier};
use suiftly_settlement::{Settlement, SettlementError};
use suiftly_store::money::{OrderRefused, ServiceSubscription};
use utoipa::{IntoParams, ToSchema};

/// Which tier instead.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct TierQuery {
    /// Of which service: its number or word (1 seal, 2 grpc, 3 graphql).
    service_type: String,
    /// `starter`, `pro` or `enterprise`.
    #[param(pattern = "^(starter|pro|enterprise)$")]
    tier: String,
    /// With burst or without. Default: as it is; starter has none.
    burst: Option<bool>,
}

/// A customer's month with another tier.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TierWhatIf {
    /// The running month.
    #[schema(example = "2026-11")]
    pub month: String,
    /// Its usage so far, and the subscriptions in force for a whole month.
    pub before_micro_usd: i64,
    /// The same with the other tier.
    pub after_micro_usd: i64,
    /// After less before.
    pub delta_micro_usd: i64,
    /// What is due at once if it is ordered now, for the days left; 0 if it would take effect at the month's end.
    pub now_micro_usd: i64,
    /// Requests to the service that the gateway refused this month, for their rate or otherwise: so many more would have
    /// been served at most.
    pub served_more: i64,
}

/// What a customer's month would come to with another tier of a service. Nothing is ordered.
#[utoipa::path(get, path = "/customers/{customer_id}/what-if", operation_id = "customer_what_if", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), TierQuery),
    responses(
        (status = 200, body = TierWhatIf),
        (status = 409, description = "`account_not_active`: nothing can be ordered", body = Problem,
            content_type = "application/problem+json"),
        MissingProblem, GuardedProblems,
    )
)]
pub(super) async fn what_if(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<TierWhatIf>, Problem> {
    let customer = customer_in(&customer)?;
    let (service, tier, burst) = asked(&query.unwrap_or_default())?;
    let settlement = &app.parts.accounts.settlement;
    let month = settlement.now().month();
    let draft = settlement.draft(customer, month).await.map_err(problem)?.ok_or_else(|| missing("customer"))?;
    let had = settlement.subscriptions(customer).await.map_err(problem)?;
    let wanted = instead(&had, service, tier, burst);
    let books = settlement.store().price_books().await?;
    let prices = &books.in_force(settlement.now()).subscriptions;
    let usage = draft.bill.lines.iter().filter(|line| matches!(line, BillLine::Usage(_)));
    let usage = usage.fold(MicroUsd(0), |sum, line| sum + line.amount());
    let monthly = |of: &Subscription| of.monthly(prices);
    let others = in_force(&had).filter(|(of, _)| *of != service);
    let others = others.fold(usage, |sum, (_, subscription)| sum + monthly(subscription));
    let own = in_force(&had).find(|(of, _)| *of == service).map(|(_, own)| own);
    let (before, after) = (others + own.map_or(MicroUsd(0), monthly), others + monthly(&wanted));
    let order = if own.is_some() { Order::Change(wanted) } else { Order::Enable(wanted) };
    Ok(Json(TierWhatIf {
        month: month.to_string(),
        before_micro_usd: before.0,
        after_micro_usd: after.0,
        delta_micro_usd: (after - before).0,
        now_micro_usd: due_now(settlement, customer, service, order).await?.0,
        served_more: refused(&app, customer, service).await?,
    }))
}

fn asked(query: &str) -> Result<(Service, Tier, Option<bool>), Problem> {
    let mut fields = Fields::read_named(query, &["service_type", "tier", "burst"]);
    let service = fields.service();
    let service = fields.required("service_type", service);
    if service.is_some_and(|service| !SOLD.contains(&service)) {
        fields.fail("service_type", "must be a service that customers can have: seal, grpc or graphql");
    }
    let tier = fields.parsed("tier", Tier::from_word, "must be starter, pro or enterprise");
    let tier = fields.required("tier", tier);
    let burst = fields.parsed("burst", |text| text.parse().ok(), "must be true or false");
    if burst == Some(true) && tier.is_some_and(|tier| !tier.may_burst()) {
        fields.fail("burst", "starter has none");
    }
    let given = service.zip(tier);
    let given = fields.finish(given)?;
    let (service, tier) = given.ok_or_else(|| Problem::validation(vec![FieldError::new("tier", "must be given")]))?;
    Ok((service, tier, burst))
}

fn in_force(had: &[ServiceSubscription]) -> impl Iterator<Item = (Service, &Subscription)> {
    had.iter().filter_map(|of| Some((of.service, of.state.in_force()?)))
}

/// What there is of the service, with the other tier.
fn instead(had: &[ServiceSubscription], service: Service, tier: Tier, burst: Option<bool>) -> Subscription {
    let own = in_force(had).find(|(of, _)| *of == service).map(|(_, own)| *own);
    let base = own.unwrap_or_else(|| Subscription::of(tier));
    Subscription { tier, burst: burst.unwrap_or(base.burst && tier.may_burst()), ..base }
}

async fn due_now(
    settlement: &Settlement,
    customer: CustomerId,
    service: Service,
    order: Order,
) -> Result<MicroUsd, Problem> {
    match settlement.quote(customer, service, order).await {
        Ok(quoted) => Ok(quoted.quote.total_now),
        Err(SettlementError::Order(OrderRefused::Order(OrderError::AlreadySo))) => Ok(MicroUsd(0)),
        Err(error) => Err(problem(error)),
    }
}

/// Requests to the service that were refused in the running month.
async fn refused(app: &App, customer: CustomerId, service: Service) -> Result<i64, Problem> {
    let filter = Filter { customer_id: Some(customer), service: Some(service), network: None };
    let range = range_of(app.parts.clock.now().month());
    let summary = app.reader.summary(&SummaryParams { filter, range, percentiles: false }).await?;
    Ok(summary.counts.rejected)
}

fn problem(error: SettlementError) -> Problem {
    match error {
        SettlementError::Store(error) => error.into(),
        SettlementError::Order(OrderRefused::NoCustomer { .. }) => missing("customer"),
        SettlementError::Order(OrderRefused::NotActive { .. }) => Problem::new(ProblemCode::AccountNotActive),
        other => Problem::internal(&other),
    }
}
