//! The proof of a request: a file that anybody can verify, without us.

use crate::app::App;
use crate::customer::download;
use crate::params::Fields;
use crate::problem::{GuardedProblems, Problem, ProblemCode};
use crate::proof::{ProofAsk, Unproven, parse_request};
use crate::rows::Bucket;
use crate::scope::Customer;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use suiftly_schema::time::UnixMillis;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How soon to ask again while another proof is being made, in seconds.
const BUSY_RETRY_S: u64 = 5;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(proof))
}

/// Of which request.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
struct ProofQuery {
    /// The answer's `X-Request-ID`, or `proof_name` of a request that is listed behind a bill.
    #[param(max_length = 64, example = "6B0214B13DF-1D83-8CA5")]
    request: String,
    /// The hour in which it began: its first instant. Needed with a `proof_name`; else it is found faster.
    #[param(format = DateTime)]
    hour: Option<String>,
}

/// The proof that a request is billed as it was made: a file that anybody can verify, while its hour's journal is kept.
#[utoipa::path(get, path = "/billing/proof", operation_id = "proof", tag = "billing", params(ProofQuery), responses(
    (status = 200, body = Value, content_type = "application/json",
        description = "The file, to be kept and verified as it is, byte for byte"),
    (status = 404, description = "`not_found`: no such request is billed", body = Problem,
        content_type = "application/problem+json"),
    (status = 409, description = "`proof_unavailable`: `detail` says why; `busy`: another is being made", body = Problem,
        content_type = "application/problem+json"),
    GuardedProblems,
))]
async fn proof(State(app): State<App>, customer: Customer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let ask = asked(&query.unwrap_or_default(), &customer)?;
    let file = app.parts.prover.prove(ask).await?;
    let name = format!("proof-{}.json", file.record.timestamp.rfc3339().replace([':', '.'], ""));
    Ok((download::headers("application/json", &name)?, file.to_json()).into_response())
}

/// Only ever of the customer's own requests.
fn asked(query: &str, customer: &Customer) -> Result<ProofAsk, Problem> {
    let mut fields = Fields::read_named(query, &["request", "hour"]);
    let wanted =
        fields.parsed("request", parse_request, "must be an X-Request-ID, or what a listed request is named by");
    let wanted = fields.required("request", wanted);
    let whole = |text: &str| UnixMillis::parse_rfc3339(text).filter(|at| Bucket::Hour.start_of(*at) == *at);
    let hour = fields.parsed("hour", whole, "must be an RFC 3339 time on a whole hour, such as 2026-11-21T22:00:00Z");
    let wanted = fields.finish(wanted)?.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(ProofAsk { wanted, customer: Some(customer.id), hour })
}

impl From<Unproven> for Problem {
    fn from(error: Unproven) -> Self {
        let detail = error.to_string();
        match error {
            Unproven::NotFound => Self::new(ProblemCode::NotFound).detail(detail),
            Unproven::NoHour | Unproven::NotBilled | Unproven::NotSealed | Unproven::Cluster => {
                Self::new(ProblemCode::ProofUnavailable).detail(detail)
            }
            // Which journal it was is nobody's business but ours.
            Unproven::Gone(_) => {
                Self::new(ProblemCode::ProofUnavailable).detail("what is needed of that hour is not kept any more")
            }
            Unproven::Busy => Self::new(ProblemCode::Busy).detail(detail).retry_after_s(BUSY_RETRY_S),
            Unproven::Store(error) => error.into(),
            Unproven::Journal(_) | Unproven::Kept(_) => Self::internal(&error),
        }
    }
}
