//! Price books: those that were published, publishing one, and what one would do to every customer.

use super::asked::{BodyProblems, WriteProblems};
use crate::app::App;
use crate::body;
use crate::params::parse_none;
use crate::problem::{FieldError, GuardedProblems, Problem, ProblemCode};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use suiftly_schema::price::{Difference, PriceBook, WhatIf};
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::{SettlementError, WhatIfAnswer};
use suiftly_store::accounts::OperatorRole;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Customers on each side that a what-if lists unless it says otherwise, and at most.
const LISTED: usize = 20;
const LISTED_MAX: usize = 500;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(publish)).routes(routes!(what_if))
}

/// All price books.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Books {
    /// Ascending, by when they take effect.
    pub items: Vec<BookItem>,
}

/// A published price book.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookItem {
    /// 1, 2, …
    #[schema(value_type = i64)]
    pub version: u32,
    /// The first instant it holds for; null: since ever.
    #[schema(format = DateTime)]
    pub effective_from: Option<String>,
    /// Whether it is in force now.
    pub is_in_force: bool,
    /// All of it, as it was published.
    #[schema(value_type = Object)]
    pub book: PriceBook,
}

/// A book, published.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BookPublished {
    /// Which.
    #[schema(value_type = i64)]
    pub version: u32,
    /// Whether it was published now; else it was before, just as it is.
    pub is_new: bool,
}

/// A question of what a book would do.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfRequest {
    /// The book, as it would be published.
    #[schema(value_type = Object)]
    pub book: Value,
    /// By the usage of which month. Default: the running one.
    #[schema(pattern = "^[0-9]{4}-(0[1-9]|1[0-2])$", example = "2026-11")]
    pub month: Option<String>,
    /// Customers to list, of those who would pay more and of those who would pay less. Default 20.
    #[schema(minimum = 0, maximum = 500)]
    pub limit: Option<i64>,
}

/// What a book would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WhatIfView {
    /// By the usage of which month.
    pub month: String,
    /// The book it is held against.
    #[schema(value_type = i64)]
    pub before_version: u32,
    /// What all pay by that one.
    pub before_micro_usd: i64,
    /// What all would pay.
    pub after_micro_usd: i64,
    /// The difference.
    pub delta_micro_usd: i64,
    /// Customers that would pay more.
    pub raised: i64,
    /// Customers that would pay less.
    pub lowered: i64,
    /// Customers that would pay the same.
    pub unchanged: i64,
    /// Who would pay the most more, first.
    pub most_raised: Vec<WhatIfCustomer>,
    /// Who would pay the most less, first.
    pub most_lowered: Vec<WhatIfCustomer>,
}

/// What a book would do to a customer.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct WhatIfCustomer {
    /// Who.
    pub customer_id: i64,
    /// What they pay.
    pub before_micro_usd: i64,
    /// What they would pay.
    pub after_micro_usd: i64,
    /// The difference.
    pub delta_micro_usd: i64,
}

/// All price books.
#[utoipa::path(get, path = "/price-books", operation_id = "list_price_books", tag = "billing", responses((status = 200, body = Books), GuardedProblems))]
async fn list(State(app): State<App>, _operator: Operator, RawQuery(query): RawQuery) -> Result<Json<Books>, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let settlement = &app.parts.accounts.settlement;
    let books = settlement.store().price_books().await?;
    let in_force = books.in_force(settlement.now()).version;
    let item = |book: &PriceBook| BookItem {
        version: book.version,
        effective_from: (book.effective_from > UnixMillis::MIN).then(|| book.effective_from.rfc3339()),
        is_in_force: book.version == in_force,
        book: book.clone(),
    };
    Ok(Json(Books { items: books.all().iter().map(item).collect() }))
}

/// Publishes a price book: it takes effect on a whole UTC hour, at least a quarter of an hour from now, after all others,
/// and is never changed. Published again just as it is, it is left alone.
#[utoipa::path(post, path = "/price-books", operation_id = "publish_price_book", tag = "billing", request_body(content = Object, description = "A price book"),
    responses(
        (status = 200, description = "It was published before", body = BookPublished),
        (status = 201, description = "It is published", body = BookPublished),
        (status = 409, description = "`price_book_refused`", body = Problem, content_type = "application/problem+json"),
        WriteProblems, BodyProblems, GuardedProblems,
    )
)]
async fn publish(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<(StatusCode, Json<BookPublished>), Problem> {
    operator.may(OperatorRole::Admin)?;
    parse_none(&query.unwrap_or_default())?;
    let book = checked(body::read(request).await?)?;
    let (now, act) = (app.parts.accounts.settlement.now(), operator.act(app.parts.clock.now()));
    let published = app.parts.accounts.store.publish_price_book(&book, now, &act).await?;
    let is_new =
        published.map_err(|refused| Problem::new(ProblemCode::PriceBookRefused).detail(refused.to_string()))?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(BookPublished { version: book.version, is_new })))
}

/// What a price book would do to every customer, by a month's usage and the subscriptions that are in force. Nothing is
/// published; that it was asked is on record.
#[utoipa::path(post, path = "/what-if", tag = "billing", request_body = WhatIfRequest, responses(
    (status = 200, body = WhatIfView),
    (status = 409, description = "`price_book_incomparable`: it bills other requests than those counted", body = Problem, content_type = "application/problem+json"),
    WriteProblems, BodyProblems, GuardedProblems,
))]
async fn what_if(
    State(app): State<App>,
    operator: Operator,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Json<WhatIfView>, Problem> {
    operator.may(OperatorRole::Operator)?;
    parse_none(&query.unwrap_or_default())?;
    let (book, month, limit) = asked(body::read(request).await?)?;
    let (settlement, act) = (&app.parts.accounts.settlement, operator.act(app.parts.clock.now()));
    let now = settlement.now();
    let month = month.unwrap_or_else(|| now.month());
    let answer = settlement.what_if(&book, month, now).await.map_err(problem)?;
    let change = json!({"month": month.to_string()});
    let version = book.version.to_string();
    app.parts.accounts.store.record(None, &act, "price_book.what_if", Some(&version), change).await?;
    Ok(Json(WhatIfView::new(&answer, limit)))
}

fn asked(request: WhatIfRequest) -> Result<(PriceBook, Option<BillingMonth>, usize), Problem> {
    let mut errors = Vec::new();
    let month = request.month.map(|text| BillingMonth::parse(&text));
    if month == Some(None) {
        errors.push(FieldError::new("month", "must be a month such as 2026-11"));
    }
    let limit = request.limit.map_or(Some(LISTED), |limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| *limit <= LISTED_MAX).unwrap_or_else(|| {
        errors.push(FieldError::new("limit", format!("must be 0 to {LISTED_MAX}")));
        0
    });
    if !errors.is_empty() {
        return Err(Problem::validation(errors));
    }
    let wrong = |_| Problem::validation(vec![FieldError::new("book", "must be a price book as documented")]);
    Ok((checked(serde_json::from_value(request.book).map_err(wrong)?)?, month.flatten(), limit))
}

/// Whether a book can be used at all.
fn checked(book: PriceBook) -> Result<PriceBook, Problem> {
    match book.check() {
        Ok(()) => Ok(book),
        Err(error) => Err(Problem::validation(vec![FieldError::new("book", error.to_string())])),
    }
}

fn problem(error: SettlementError) -> Problem {
    match error {
        SettlementError::Store(error) => error.into(),
        SettlementError::OtherRule { .. } => Problem::new(ProblemCode::PriceBookIncomparable).detail(error.to_string()),
        other => Problem::internal(&other),
    }
}

impl WhatIfView {
    fn new(answer: &WhatIfAnswer, limit: usize) -> Self {
        let WhatIf { customers, before, after, delta, winners, losers, unchanged } = &answer.what_if;
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let more = customers.iter().take(limit).filter(|of| of.delta.0 > 0);
        let less = customers.iter().rev().take(limit).filter(|of| of.delta.0 < 0);
        Self {
            month: answer.month.to_string(),
            before_version: answer.before_version,
            before_micro_usd: before.0,
            after_micro_usd: after.0,
            delta_micro_usd: delta.0,
            raised: count(*losers),
            lowered: count(*winners),
            unchanged: count(*unchanged),
            most_raised: more.map(WhatIfCustomer::from).collect(),
            most_lowered: less.map(WhatIfCustomer::from).collect(),
        }
    }
}

impl From<&Difference> for WhatIfCustomer {
    fn from(of: &Difference) -> Self {
        Self {
            customer_id: of.customer_id.get(),
            before_micro_usd: of.before.0,
            after_micro_usd: of.after.0,
            delta_micro_usd: of.delta.0,
        }
    }
}
