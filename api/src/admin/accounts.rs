//! Customers' accounts as operators see them, and what they may do to one: look from all sides, suspend, take up again,
//! credit, change the limit, revoke keys and sessions.
//!
//! What is the database's alone is one transaction with its row in the activity log. The limit is the escrow's: what is
//! asked for is on record before it is asked, and a refusal after it.

mod acts;
mod draws;
mod names;
mod note;
mod params;
mod what_if;
mod wire;

pub use draws::{ChargeItem, ChargePage, ChargeState};
pub use names::{CustomerName, CustomerNames};
pub use note::{NoteRequest, NoteSet, NoteView};
pub use what_if::TierWhatIf;
pub use wire::{
    CreditGranted, CreditRequest, CustomerAlert, CustomerItem, CustomerKey, CustomerMonth, CustomerPage,
    CustomerService, CustomerSession, CustomerStatus, CustomerView, KeyRevoked, LimitRequest, LimitSet, MoneyView,
    Profile, SessionsRevoked, StatementBalances, StatementRow, StatementView, SuspendRequest,
};

use super::asked::{MissingProblem, PageQuery, customer_in, missing, page};
use super::audit::ActivityItem;
use super::invoices::InvoiceItem;
use super::notices::NoticeItem;
use crate::app::App;
use crate::params::parse_none;
use crate::path::Path;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use suiftly_store::accounts::ActivityQuery;
use suiftly_store::money::NoticeQuery;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How much of the activity log, of invoices and of notifications the view from all sides has.
const RECENT_ITEMS: u32 = 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(names::names))
        .routes(routes!(view))
        .routes(routes!(statement))
        .routes(routes!(draws::charges))
        .routes(routes!(what_if::what_if))
        .routes(routes!(note::put_note))
        .merge(acts::routes())
}

/// Customers, by id: all, or those found by name, e-mail, wallet address or id.
#[utoipa::path(get, path = "/customers", operation_id = "list_customers", tag = "customers", params(params::CustomersQuery, PageQuery), responses(
    (status = 200, body = CustomerPage),
    GuardedProblems,
))]
async fn list(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<CustomerPage>, Problem> {
    let (mut query, limit) = params::customers(&query.unwrap_or_default())?;
    query.limit = limit + 1;
    let rows = app.parts.accounts.store.customers(&query).await?;
    let (rows, next_cursor) = page(rows, limit, |row| row.customer_id.get().to_string());
    Ok(Json(CustomerPage { items: rows.into_iter().map(CustomerItem::from).collect(), next_cursor }))
}

/// One customer from all sides: profile, money, services, keys, sessions, alerts, the operators' note, and the latest invoices, activity and
/// notifications.
#[utoipa::path(get, path = "/customers/{customer_id}", operation_id = "get_customer", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1)),
    responses((status = 200, body = CustomerView), MissingProblem, GuardedProblems)
)]
async fn view(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<CustomerView>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let customer = customer_in(&customer)?;
    let (accounts, money) = (&app.parts.accounts.store, app.parts.accounts.settlement.store());
    let detail = accounts.customer_detail(customer, app.parts.clock.now()).await?;
    let detail = detail.ok_or_else(|| missing("customer"))?;
    let stand = money.customer(customer).await?.ok_or_else(|| missing("customer"))?;
    let activity = ActivityQuery { customer: Some(customer), limit: RECENT_ITEMS, ..ActivityQuery::default() };
    let notices = NoticeQuery { customer: Some(customer), is_unacknowledged: false, before: None, limit: RECENT_ITEMS };
    let invoices = money.invoices(Some(customer), None, None, RECENT_ITEMS).await?;
    Ok(Json(CustomerView {
        customer_id: customer.get(),
        money: MoneyView::from(&stand),
        invoices: invoices.iter().map(InvoiceItem::from).collect(),
        activity: accounts.activity(&activity).await?.into_iter().map(ActivityItem::from).collect(),
        notifications: money.notices(&notices).await?.into_iter().map(NoticeItem::from).collect(),
        profile: Profile::from(detail.profile),
        services: detail.services.into_iter().map(CustomerService::from).collect(),
        keys: detail.keys.into_iter().map(CustomerKey::from).collect(),
        sessions: detail.sessions.into_iter().map(CustomerSession::from).collect(),
        alerts: detail.alerts.into_iter().map(CustomerAlert::from).collect(),
        note: detail.note.map(NoteView::from),
    }))
}

/// A customer's statement of account: what was posted to the ledger, and what was in their accounts after each row. At
/// most 10,000 rows. By default of the running month.
#[utoipa::path(get, path = "/customers/{customer_id}/statement", operation_id = "customer_statement", tag = "customers",
    params(("customer_id" = i64, Path, minimum = 1), params::StatementQuery),
    responses((status = 200, body = StatementView), MissingProblem, GuardedProblems)
)]
async fn statement(
    State(app): State<App>,
    _operator: Operator,
    Path(customer): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<StatementView>, Problem> {
    let customer = customer_in(&customer)?;
    let settlement = &app.parts.accounts.settlement;
    let (from, to) = params::statement(&query.unwrap_or_default(), settlement.now())?;
    if settlement.store().customer(customer).await?.is_none() {
        return Err(missing("customer"));
    }
    let statement = settlement.store().statement(customer, from, to).await?;
    Ok(Json(StatementView::new(from, to, &statement)))
}
