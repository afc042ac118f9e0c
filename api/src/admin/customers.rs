//! What is asked of customers: what their keys did, where their accounts stand, who uses most and whose use moved most.
//! `GET /api/v1/customers/keys`, `/customers/spend` and `/customers/top`, across the seam like usage.

mod params;
mod top;
mod wire;

use crate::app::App;
use crate::problem::{GuardedProblems, Problem};
use crate::read::{ReadError, Reader};
use crate::rows::{Answer, Filter};
use crate::tail::Tail;
use crate::wire::Stand;
use axum::Json;
use axum::extract::{RawQuery, State};
use params::{CustomerQuery, TopParams, TopQuery, TopRangeQuery, customer};
pub use params::{TOP_DAYS_MAX, TOP_N, TOP_N_MAX};
use std::collections::BTreeMap;
use suiftly_schema::activity::KeyRef;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::{KeyDid, KeyQuery, SpendQuery};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
pub use wire::{CustomerKeys, CustomerSpend, KeyUse, SpendAt, TopBy, TopCustomer, TopCustomers};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(customer_keys)).routes(routes!(customer_spend)).routes(routes!(top_customers))
}

/// What each key of a customer did: all that lines named, known or not, the latest used first.
#[utoipa::path(get, path = "/customers/keys", tag = "customers", params(CustomerQuery), responses(
    (status = 200, body = CustomerKeys),
    GuardedProblems,
))]
async fn customer_keys(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<CustomerKeys>, Problem> {
    let customer_id = customer(&query.unwrap_or_default())?;
    Ok(Json(app.reader.customer_keys(customer_id).await?))
}

/// Where a customer's account stands: whether they may be served, and what was rated this month.
#[utoipa::path(get, path = "/customers/spend", tag = "customers", params(CustomerQuery), responses(
    (status = 200, body = CustomerSpend),
    GuardedProblems,
))]
async fn customer_spend(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<CustomerSpend>, Problem> {
    let customer_id = customer(&query.unwrap_or_default())?;
    Ok(Json(app.reader.customer_spend(customer_id, app.parts.clock.now()).await?))
}

/// Who uses most, and whose use moved most against the range before, which is as long. By default of the last 24 hours,
/// the running one included.
#[utoipa::path(get, path = "/customers/top", tag = "customers", params(TopQuery, TopRangeQuery), responses(
    (status = 200, body = TopCustomers),
    GuardedProblems,
))]
async fn top_customers(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<TopCustomers>, Problem> {
    let params = TopParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.top_customers(&params).await?))
}

impl Reader {
    /// What each key of a customer did.
    pub(crate) async fn keys_did(&self, query: &KeyQuery) -> Result<(BTreeMap<KeyRef, KeyDid>, Tail), ReadError> {
        let (rows, tail) = self.seam(|| self.rows.keys(query)).await?;
        Ok((tail.join(rows), tail))
    }

    pub(crate) async fn customer_keys(&self, customer_id: CustomerId) -> Result<CustomerKeys, ReadError> {
        let query = KeyQuery { customer_id, hours_from: None };
        let (keys, tail) = self.keys_did(&query).await?;
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by(|(a, did_a), (b, did_b)| did_b.all.last_used_at.cmp(&did_a.all.last_used_at).then(a.cmp(b)));
        let keys = keys.iter().map(KeyUse::of).collect();
        Ok(CustomerKeys { stand: Stand::of(&tail), customer_id: customer_id.get(), keys })
    }

    pub(crate) async fn customer_spend(
        &self,
        customer_id: CustomerId,
        now: UnixMillis,
    ) -> Result<CustomerSpend, ReadError> {
        let (query, month) = (SpendQuery { customer_id }, now.month());
        let filter = Filter { customer_id: Some(customer_id), ..Filter::default() };
        let read = || -> Answer<'_, _> {
            Box::pin(async { Ok((self.rows.rated_month(&filter, month).await?, Some(self.rows.spend(&query).await?))) })
        };
        let ((rated, spend), tail) = self.seam(read).await?;
        let this_month = rated.rated + tail.missing(rated.watermark, &rated.further).rated(&filter, month);
        let changed = spend.and_then(|rows| tail.join(rows).remove(&customer_id));
        Ok(CustomerSpend {
            stand: Stand::of(&tail),
            customer_id: customer_id.get(),
            month: month.to_string(),
            rated_this_month_micro_usd: this_month.0,
            state: changed.map(|change| change.spend.state.word()),
            changed: changed.as_ref().map(SpendAt::of),
        })
    }
}
