//! How the machinery does: requests by gateway, service, network, backend, event and status class, how long their phases
//! took and how they ended. `GET /api/v1/infra/summary`, `/infra/series` and `/infra/heatmap`, across the seam like usage.

mod heatmap;
mod params;
mod wire;

use crate::app::App;
use crate::problem::{GuardedProblems, Problem};
use crate::read::{ReadError, Reader};
use crate::tail::Tail;
use crate::wire::Stand;
use axum::Json;
use axum::extract::{RawQuery, State};
pub use heatmap::{HeatmapBand, HeatmapPoint, InfraHeatmap, PhaseWord};
use params::{InfraFilterQuery, InfraGroupQuery, InfraParams, InfraRangeQuery};
use std::collections::BTreeMap;
use suiftly_schema::infra::InfraSums;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::InfraGroup;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
pub use wire::{InfraLabels, InfraPoint, InfraRow, InfraSeries, InfraSummary, PhaseTimes, Phases};

/// Rows that one answer has at most: groups, or groups times buckets.
pub const INFRA_ANSWER_ROWS_MAX: usize = 5_000;

type Sums = BTreeMap<(UnixMillis, InfraGroup), InfraSums>;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(infra_summary))
        .routes(routes!(infra_series))
        .routes(routes!(heatmap::infra_heatmap))
}

/// Requests over a range, by group. By default the last 24 hours, all together.
#[utoipa::path(get, path = "/infra/summary", tag = "operation", params(InfraRangeQuery, InfraFilterQuery, InfraGroupQuery), responses(
    (status = 200, body = InfraSummary),
    GuardedProblems,
))]
async fn infra_summary(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<InfraSummary>, Problem> {
    let params = InfraParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.infra_summary(&params).await?))
}

/// Requests over time, by group. By default the last 24 hours by five minutes, all together.
#[utoipa::path(get, path = "/infra/series", tag = "operation", params(InfraRangeQuery, InfraFilterQuery, InfraGroupQuery), responses(
    (status = 200, body = InfraSeries),
    GuardedProblems,
))]
async fn infra_series(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Json<InfraSeries>, Problem> {
    let params = InfraParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.infra_series(&params).await?))
}

impl Reader {
    async fn infra_summary(&self, params: &InfraParams) -> Result<InfraSummary, ReadError> {
        let (sums, tail) = self.infra(params).await?;
        let mut groups = BTreeMap::<InfraGroup, InfraSums>::new();
        for ((_, group), sums) in &sums {
            *groups.entry(*group).or_default() += sums;
        }
        let range = params.span.covered(tail.complete_to, params.span.bucket.infra_kept());
        Ok(InfraSummary {
            stand: Stand::of(&tail),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            groups: bounded(groups.iter().filter(|(_, sums)| !sums.is_zero()).map(InfraRow::new))?,
        })
    }

    async fn infra_series(&self, params: &InfraParams) -> Result<InfraSeries, ReadError> {
        let (sums, tail) = self.infra(params).await?;
        let range = params.span.covered(tail.complete_to, params.span.bucket.infra_kept());
        let some = sums.iter().filter(|(_, sums)| !sums.is_zero());
        let rows = bounded(some.map(|((start, group), sums)| (*start, InfraRow::new((group, sums)))))?;
        Ok(InfraSeries {
            stand: Stand::of(&tail),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            bucket: params.span.bucket.into(),
            points: InfraPoint::list(rows, params.span.bucket, range, tail.complete_to),
        })
    }

    async fn infra(&self, params: &InfraParams) -> Result<(Sums, Tail), ReadError> {
        let query = params.query();
        let (rows, tail) = self.seam(|| self.rows.infra(&query)).await?;
        Ok((tail.join(rows), tail))
    }
}

fn bounded<T>(rows: impl Iterator<Item = T>) -> Result<Vec<T>, ReadError> {
    let rows: Vec<T> = rows.take(INFRA_ANSWER_ROWS_MAX + 1).collect();
    if rows.len() > INFRA_ANSWER_ROWS_MAX {
        return Err(ReadError::TooLong { rows_max: INFRA_ANSWER_ROWS_MAX });
    }
    Ok(rows)
}
