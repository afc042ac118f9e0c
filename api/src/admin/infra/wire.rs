//! Infra over the wire.

use crate::rows::{Bucket, TimeRange};
use crate::wire::{SeriesBucket, Stand, Times, is_partial};
use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::infra::{InfraSums, Phase};
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::InfraGroup;
use utoipa::ToSchema;

/// What a row is of: the dimensions of `group_by`, and none else. `null` is the unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraLabels {
    /// The gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, required = false)]
    pub server_id: Option<Option<i16>>,
    /// The service's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub service_type: Option<Option<&'static str>>,
    /// The network's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    pub network: Option<Option<&'static str>>,
    /// The backend: 0 none, 1–9 local, 10–19 backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub backend_id: Option<i16>,
    /// The event: 0 is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub event_type: Option<u8>,
    /// The status's first digit; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    pub status_class: Option<u8>,
}

impl From<&InfraGroup> for InfraLabels {
    fn from(group: &InfraGroup) -> Self {
        Self {
            server_id: group.server_id,
            service_type: group.service.map(|service| service.map(|service| service.word())),
            network: group.network.map(|network| network.map(|network| network.word())),
            backend_id: group.backend_id,
            event_type: group.event_type,
            status_class: group.status_class.map(|class| class.number()),
        }
    }
}

/// How long one of HAProxy's phases took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhaseTimes {
    /// Requests that reached it.
    pub reached: i64,
    /// Milliseconds of all of them together.
    pub sum_ms: i64,
    /// How long it took; `null` if none reached it.
    pub time_ms: Option<Times>,
}

impl PhaseTimes {
    fn of(phase: &Phase) -> Self {
        Self { reached: phase.times.total(), sum_ms: phase.sum_ms, time_ms: Times::of(&phase.times) }
    }
}

/// The phases of a request, in HAProxy's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Phases {
    /// `%TR`: until the request was received.
    pub request: PhaseTimes,
    /// `%Tw`: in queues.
    pub queue: PhaseTimes,
    /// `%Tc`: until the backend's connection stood.
    pub connect: PhaseTimes,
    /// `%Tr`: until the backend began to answer.
    pub response: PhaseTimes,
    /// `%Ta`: in all.
    pub total: PhaseTimes,
}

/// Requests of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraRow {
    /// Which.
    pub group: InfraLabels,
    /// Requests.
    pub requests: i64,
    /// Bytes to clients.
    pub bytes_sent: i64,
    /// How long they took.
    pub phases: Phases,
    /// How they ended: by HAProxy's termination state.
    pub terminations: BTreeMap<String, i64>,
}

impl InfraRow {
    pub(super) fn new((group, sums): (&InfraGroup, &InfraSums)) -> Self {
        let [request, queue, connect, response, total] = sums.phases.each_ref().map(PhaseTimes::of);
        let mut terminations = BTreeMap::new();
        for (state, times) in sums.terminations.iter() {
            // As the store has it: a line may carry a zero byte, which JSON in a database cannot.
            *terminations.entry(state.text().as_str().replace('\0', "?")).or_default() += times;
        }
        Self {
            group: group.into(),
            requests: sums.requests,
            bytes_sent: sums.bytes_sent,
            phases: Phases { request, queue, connect, response, total },
            terminations,
        }
    }
}

/// Requests over a range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraSummary {
    /// As of.
    #[serde(flatten)]
    pub stand: Stand,
    /// The first instant covered: later than asked for where so fine a bucket is no longer kept.
    #[schema(format = DateTime)]
    pub from: String,
    /// The first instant after the range.
    #[schema(format = DateTime)]
    pub to: String,
    /// Ascending by their labels; groups without requests are left out.
    pub groups: Vec<InfraRow>,
}

/// Requests of one bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraPoint {
    /// Its first instant.
    #[schema(format = DateTime)]
    pub start: String,
    /// Whether more of it is to come, or the range cuts it: not to be compared with whole buckets.
    pub partial: bool,
    /// Ascending by their labels; groups without requests are left out.
    pub groups: Vec<InfraRow>,
}

impl InfraPoint {
    /// Out of rows that ascend by bucket.
    pub(super) fn list(
        rows: Vec<(UnixMillis, InfraRow)>,
        bucket: Bucket,
        range: TimeRange,
        complete_to: UnixMillis,
    ) -> Vec<Self> {
        let mut points = Vec::<(UnixMillis, Self)>::new();
        for (start, row) in rows {
            match points.last_mut().filter(|(last, _)| *last == start) {
                Some((_, point)) => point.groups.push(row),
                None => {
                    let partial = is_partial(start, bucket, range, complete_to);
                    points.push((start, Self { start: start.rfc3339(), partial, groups: vec![row] }));
                }
            }
        }
        points.into_iter().map(|(_, point)| point).collect()
    }
}

/// Requests over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct InfraSeries {
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
    /// Ascending; buckets without requests are left out.
    pub points: Vec<InfraPoint>,
}
