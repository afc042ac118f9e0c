//! What customers are called, for lists that know their numbers.

use crate::app::App;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem};
use crate::scope::Operator;
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::ids::CustomerId;
use suiftly_store::accounts::admin::NAMES_MAX;
use utoipa::{IntoParams, ToSchema};

/// Of whom.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct NamesQuery {
    /// Customers' ids with commas between them, 200 at most.
    #[param(pattern = "^[1-9][0-9]{0,17}(,[1-9][0-9]{0,17}){0,199}$", example = "17,42")]
    ids: String,
}

/// Customers' names.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerNames {
    /// By id; who is not there is left out.
    pub names: Vec<CustomerName>,
}

/// A customer's name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerName {
    /// Who.
    pub customer_id: i64,
    /// What they are called.
    pub display_name: String,
}

/// What customers are called.
#[utoipa::path(get, path = "/customers/names", operation_id = "customer_names", tag = "customers", params(NamesQuery), responses(
    (status = 200, body = CustomerNames),
    GuardedProblems,
))]
pub(super) async fn names(
    State(app): State<App>,
    _operator: Operator,
    RawQuery(query): RawQuery,
) -> Result<Json<CustomerNames>, Problem> {
    let names = app.parts.accounts.store.customer_names(&asked(&query.unwrap_or_default())?).await?;
    let name =
        |(customer, display_name): (CustomerId, String)| CustomerName { customer_id: customer.get(), display_name };
    Ok(Json(CustomerNames { names: names.into_iter().map(name).collect() }))
}

fn asked(query: &str) -> Result<Vec<CustomerId>, Problem> {
    let mut fields = Fields::read_named(query, &["ids"]);
    let of_text = |text: &str| {
        let ids = text.split(',').map(|id| CustomerId::new(id.parse().ok()?)).collect::<Option<Vec<_>>>()?;
        (ids.len() <= NAMES_MAX).then_some(ids)
    };
    let ids = fields.parsed("ids", of_text, "must be 1 to 200 customers' ids with commas between them");
    let ids = fields.required("ids", ids);
    fields.finish(ids.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        let many = |n: i64| format!("ids={}", (1..=n).map(|id| id.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(asked("ids=3,1").unwrap().iter().map(|id| id.get()).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(asked(&many(200)).unwrap().len(), 200);
        for refused in ["", "ids=", "ids=0", "ids=1,,2", "ids=x", &many(201)] {
            assert_eq!(asked(refused).unwrap_err().errors[0].field, "ids", "{refused}");
        }
    }
}
