//! How long a phase took over time: requests by bucket and band of time, for a heat map.

use super::params::{HeatmapParams, HeatmapQuery, InfraFilterQuery, InfraRangeQuery};
use crate::app::App;
use crate::problem::{GuardedProblems, Problem};
use crate::read::{ReadError, Reader};
use crate::wire::{SeriesBucket, Stand, is_partial};
use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use suiftly_schema::histogram::{Histogram, bounds_of};
use suiftly_schema::infra::PhaseName;
use suiftly_schema::time::UnixMillis;
use utoipa::ToSchema;

/// Where the bands begin, in milliseconds: the last has no end.
const BANDS_MS: [u32; 16] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000];

/// One of HAProxy's phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseWord {
    /// `%TR`: until the request was received.
    Request,
    /// `%Tw`: in queues.
    Queue,
    /// `%Tc`: until the backend's connection stood.
    Connect,
    /// `%Tr`: until the backend began to answer.
    Response,
    /// `%Ta`: in all.
    Total,
}

impl From<PhaseName> for PhaseWord {
    fn from(phase: PhaseName) -> Self {
        match phase {
            PhaseName::Request => Self::Request,
            PhaseName::Queue => Self::Queue,
            PhaseName::Connect => Self::Connect,
            PhaseName::Response => Self::Response,
            PhaseName::Total => Self::Total,
        }
    }
}

/// How long a phase took, over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraHeatmap {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The first instant covered: later than asked for where so fine a bucket is no longer kept.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after the range.
    #[schema(format = DateTime)]
    pub to: String,
    /// How wide the points are.
    pub bucket: SeriesBucket,
    /// Of which phase.
    pub phase: PhaseWord,
    /// Ascending, and without gaps.
    pub bands: Vec<HeatmapBand>,
    /// Ascending; buckets in which no request reached the phase are left out.
    pub points: Vec<HeatmapPoint>,
}

/// A band of time. Times are counted in cells at most 1/64 wide, each in the band its middle lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeatmapBand {
    /// From so many milliseconds on.
    #[schema(value_type = i64)]
    pub from_ms: u32,
    /// Below so many; null: however long.
    #[schema(value_type = Option<i64>)]
    pub to_ms: Option<u32>,
}

/// A bucket of a heat map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeatmapPoint {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// Whether more of it is to come, or the range cuts it.
    pub partial: bool,
    /// Requests by band.
    pub counts: Vec<i64>,
}

/// How long a phase took over time: requests by bucket and band. By default the last 24 hours by five minutes, in all.
#[utoipa::path(get, path = "/infra/heatmap", tag = "operation", params(HeatmapQuery, InfraRangeQuery, InfraFilterQuery), responses(
    (status = 200, body = InfraHeatmap),
    GuardedProblems,
))]
pub(super) async fn infra_heatmap(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<InfraHeatmap>, Problem> {
    let params = HeatmapParams::parse(&query.unwrap_or_default(), app.parts.clock.now())?;
    Ok(Json(app.reader.infra_heatmap(&params).await?))
}

impl Reader {
    async fn infra_heatmap(&self, HeatmapParams { infra, phase }: &HeatmapParams) -> Result<InfraHeatmap, ReadError> {
        let (sums, tail) = self.infra(infra).await?;
        let bucket = infra.span.bucket;
        let range = infra.span.covered(tail.complete_to, bucket.infra_kept());
        // Without groups there is one row a bucket, ascending.
        let times = sums.iter().map(|((start, _), sums)| (*start, &sums.phases[*phase as usize].times));
        let point = |(start, times): (UnixMillis, &Histogram)| HeatmapPoint {
            start: start.rfc3339(),
            partial: is_partial(start, bucket, range, tail.complete_to),
            counts: by_band(times),
        };
        Ok(InfraHeatmap {
            stand: Stand::of(&tail),
            from: range.from.rfc3339(),
            to: range.to.rfc3339(),
            bucket: bucket.into(),
            phase: (*phase).into(),
            bands: bands(),
            points: times.filter(|(_, times)| !times.is_empty()).map(point).collect(),
        })
    }
}

fn bands() -> Vec<HeatmapBand> {
    let ends = BANDS_MS[1..].iter().copied().map(Some).chain([None]);
    BANDS_MS.into_iter().zip(ends).map(|(from_ms, to_ms)| HeatmapBand { from_ms, to_ms }).collect()
}

fn by_band(times: &Histogram) -> Vec<i64> {
    let mut counts = vec![0_i64; BANDS_MS.len()];
    for (cell, count) in times.cells() {
        let (low, high) = bounds_of(cell);
        let middle = low + (high - low) / 2;
        let after = BANDS_MS.partition_point(|from| *from <= middle);
        // The first band begins at 0.
        counts[after - 1] = counts[after - 1].saturating_add(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_have_no_gaps_and_every_time_is_in_one() {
        let bands = bands();
        assert!(bands.windows(2).all(|pair| pair[0].to_ms == Some(pair[1].from_ms)));
        assert_eq!((bands[0].from_ms, bands[15].to_ms), (0, None));
        let mut times = Histogram::default();
        for ms in [0, 1, 2, 4, 5, 99, 100, 999, 1_030, 59_000, 61_000, u32::MAX] {
            times.count(ms, 2);
        }
        assert_eq!(by_band(&times), [2, 2, 4, 2, 0, 0, 2, 2, 0, 2, 2, 0, 0, 0, 2, 4]);
        assert_eq!(by_band(&times).iter().sum::<i64>(), times.total());
        assert_eq!(by_band(&Histogram::default()), [0; 16]);
    }
}
