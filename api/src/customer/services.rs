//! A customer's services: what is sold and at which prices, what is subscribed, what an order would cost, and ordering it.
//!
//! A quote is what is charged: an order may name the total that was accepted, and is refused if it is another by now.

mod offer;
mod order;
mod refusal;
mod settings;
mod wire;

pub use offer::{AddOnPrices, Included, Offer, PriceBand, TierOffer, UsagePrice};
pub use order::{
    EffectWord, OrderAnswer, OrderItem, OrderQuote, OrderRequest, OrderWord, PlainOrder, Quotation, QuoteRequest,
    SubscriptionRequest, TierWord,
};
pub(crate) use refusal::not_active;
pub use refusal::{OrderProblem, QuoteRefusal, RefusalFigures};
pub use settings::SettingsRequest;
use wire::Reach;
pub use wire::{Endpoint, Scheduling, ServiceList, ServiceStatus, ServiceView, SlotCount, SubscriptionState, Terms};

use crate::app::App;
use crate::body::{self, WriteProblems};
use crate::fleet::Outage;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::scope::Customer;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::subscription::{Order, SOLD};
use suiftly_store::accounts::{Act, Services};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, all of them guarded.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, configure))
        .routes(routes!(quote))
        .routes(routes!(enable))
        .routes(routes!(change))
        .routes(routes!(disable))
        .routes(routes!(resume))
}

/// A service that is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceWord {
    /// Seal key server.
    Seal,
    /// Sui gRPC.
    Grpc,
    /// Sui GraphQL.
    Graphql,
}

impl ServiceWord {
    /// The service.
    pub(crate) const fn service(self) -> Service {
        match self {
            Self::Seal => Service::Seal,
            Self::Grpc => Service::Grpc,
            Self::Graphql => Service::Graphql,
        }
    }

    /// The word of a service that is sold.
    pub(crate) const fn of(service: Service) -> Option<Self> {
        match service {
            Service::Seal => Some(Self::Seal),
            Service::Grpc => Some(Self::Grpc),
            Service::Graphql => Some(Self::Graphql),
            _ => None,
        }
    }
}

/// The service that a path names; what is not sold is not there.
pub(crate) fn named(word: &str) -> Result<Service, Problem> {
    let sold = Service::from_word(word).filter(|service| ServiceWord::of(*service).is_some());
    sold.ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Every service that is sold: tiers and prices, what of it is subscribed, who may use it, and whether it works.
#[utoipa::path(get, path = "/services", operation_id = "list_services", tag = "services", responses(
    (status = 200, body = ServiceList),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    customer: Customer,
    RawQuery(query): RawQuery,
) -> Result<Json<ServiceList>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let services = app.parts.accounts.store.services(customer.id).await?;
    let now = app.parts.accounts.settlement.now();
    let outages = app.parts.vault.outages(&SOLD, app.parts.clock.now());
    let reach = |service| reach(&app, &customer, service, &outages);
    Ok(Json(ServiceList::new(&services, reach, now)))
}

fn reach(app: &App, customer: &Customer, service: Service, outages: &BTreeMap<Service, Outage>) -> Reach {
    let endpoints = app.deployment.endpoints.iter().filter(|((of, _), _)| *of == service);
    let endpoint =
        |((_, network), url): (&(Service, Network), &String)| Endpoint { network: network.word(), url: url.clone() };
    Reach {
        is_updating: app.parts.vault.is_updating((customer.id, service)),
        outage: outages.get(&service).copied(),
        endpoints: endpoints.map(endpoint).collect(),
    }
}

/// One service, likewise.
#[utoipa::path(get, path = "/services/{service}", operation_id = "get_service", tag = "services",
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = ServiceView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems,
    )
)]
async fn one(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<ServiceView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    view(&app, &customer, service).await.map(Json)
}

/// Says who may use a service: what is given replaces what was. Gateways know it within a second.
#[utoipa::path(patch, path = "/services/{service}", operation_id = "configure_service", tag = "services", request_body = SettingsRequest,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = ServiceView),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`not_enabled`: it never was; and those of every write",
            body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn configure(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<ServiceView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let (settings, act) = (body::read::<SettingsRequest>(request).await?.checked()?, act(&app, &customer));
    if app.parts.accounts.store.configure_service(customer.id, service, &settings, &act).await?.is_none() {
        return Err(Problem::new(ProblemCode::NotEnabled).detail("enable the service once, then say who may use it"));
    }
    view(&app, &customer, service).await.map(Json)
}

/// What an order would charge now and each month, and when it takes effect. Nothing is ordered by it.
///
/// `refusal` says so if the order could not be paid for.
#[utoipa::path(post, path = "/services/{service}/quote", operation_id = "quote_service", tag = "services", request_body = QuoteRequest,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = Quotation),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_enabled`, `not_enabled`, `already_so`, `nothing_scheduled`, `in_use`, \
            `account_not_active`; and those of every write", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
    )
)]
async fn quote(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<Quotation>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let order = body::read::<QuoteRequest>(request).await?.checked(service)?;
    let quoted = app.parts.accounts.store.quote_service(customer.id, service, &order, &act(&app, &customer)).await?;
    Ok(Json(Quotation::new(&quoted.map_err(refusal::problem)?)))
}

/// Enables a service, at once: the rest of the month is charged by days, then each month on the 1st.
#[utoipa::path(post, path = "/services/{service}/enable", operation_id = "enable_service", tag = "services", request_body = OrderRequest,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = OrderAnswer),
        (status = 402, description = "`insufficient_balance`", body = OrderProblem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 403, description = "`monthly_limit_exceeded`; `cross_site`", body = OrderProblem,
            content_type = "application/problem+json"),
        (status = 409, description = "`already_enabled`, `quote_changed`, `in_use`, `account_not_active`; and those of \
            every write", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn enable(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<OrderAnswer>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let OrderRequest { subscription, expected_total_micro_usd } = body::read(request).await?;
    let order = Order::Enable(subscription.checked(service)?);
    ordered(&app, &customer, service, &order, expected_total_micro_usd).await
}

/// Changes what a service is subscribed with: what is more at once, for the difference by days; what is less at the month's end.
///
/// What is left out of the subscription is none.
#[utoipa::path(post, path = "/services/{service}/change", operation_id = "change_service", tag = "services", request_body = OrderRequest,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = OrderAnswer),
        (status = 402, description = "`insufficient_balance`", body = OrderProblem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 403, description = "`monthly_limit_exceeded`; `cross_site`", body = OrderProblem,
            content_type = "application/problem+json"),
        (status = 409, description = "`not_enabled`, `already_so`, `quote_changed`, `in_use`, `account_not_active`; and \
            those of every write", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn change(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<OrderAnswer>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let OrderRequest { subscription, expected_total_micro_usd } = body::read(request).await?;
    let order = Order::Change(subscription.checked(service)?);
    ordered(&app, &customer, service, &order, expected_total_micro_usd).await
}

/// Ends a service at the month's end. Until then it can be resumed.
#[utoipa::path(post, path = "/services/{service}/disable", operation_id = "disable_service", tag = "services", request_body = PlainOrder,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = OrderAnswer),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`not_enabled`, `already_so`, `quote_changed`, `account_not_active`; and those of \
            every write", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn disable(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<OrderAnswer>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let PlainOrder { expected_total_micro_usd } = body::read(request).await?;
    ordered(&app, &customer, service, &Order::Disable, expected_total_micro_usd).await
}

/// Takes back what is scheduled for the month's end.
#[utoipa::path(post, path = "/services/{service}/resume", operation_id = "resume_service", tag = "services", request_body = PlainOrder,
    params(("service" = inline(ServiceWord), Path, description = "Which")),
    responses(
        (status = 200, body = OrderAnswer),
        (status = 404, description = "`not_found`", body = Problem, content_type = "application/problem+json"),
        GuardedProblems, WriteProblems,
        (status = 409, description = "`not_enabled`, `nothing_scheduled`, `quote_changed`, `account_not_active`; and \
            those of every write", body = Problem, content_type = "application/problem+json"),
    )
)]
async fn resume(
    State(app): State<App>,
    customer: Customer,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<OrderAnswer>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let service = named(&word)?;
    let PlainOrder { expected_total_micro_usd } = body::read(request).await?;
    ordered(&app, &customer, service, &Order::Resume, expected_total_micro_usd).await
}

async fn ordered(
    app: &App,
    customer: &Customer,
    service: Service,
    order: &Order,
    expected_total_micro_usd: Option<i64>,
) -> Result<Json<OrderAnswer>, Problem> {
    let (store, expected) = (&app.parts.accounts.store, expected_total_micro_usd.map(MicroUsd));
    let ordered = store.order_service(customer.id, service, order, expected, &act(app, customer)).await?;
    let quote = ordered.map_err(refusal::problem)?.quote;
    let service = view(app, customer, service).await?;
    Ok(Json(OrderAnswer { charged: OrderQuote::new(&quote), service }))
}

async fn view(app: &App, customer: &Customer, service: Service) -> Result<ServiceView, Problem> {
    let services: Services = app.parts.accounts.store.services(customer.id).await?;
    let now = app.parts.accounts.settlement.now();
    let found = services.services.iter().find(|one| one.service == service);
    let reach = reach(app, customer, service, &app.parts.vault.outages(&[service], app.parts.clock.now()));
    found.map(|one| ServiceView::new(&services, one, reach, now)).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// By the manager's clock, as orders and months are.
pub(crate) fn act(app: &App, customer: &Customer) -> Act {
    customer.act(app.parts.accounts.settlement.now())
}
