//! What is asked of infra.

use crate::params::{Fields, Span, Viewed};
use crate::problem::Problem;
use suiftly_schema::infra::{PhaseName, StatusClass};
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::{InfraDimension, InfraFilter, InfraQuery};
use utoipa::IntoParams;

/// Which time, and how wide the points are.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct InfraRangeQuery {
    /// `24h` (the default), `7d` or `30d` up to the end of the current bucket, instead of `from` and `to`.
    #[param(inline)]
    range: Option<crate::wire::RangeWord>,
    /// The first instant, RFC 3339, on a whole minute, or hour or day where the answer is made of those.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The first instant after it, likewise. Default: the end of the current bucket.
    #[param(format = DateTime)]
    to: Option<String>,
    /// What the answer is made of: `minute` or `five_minutes` (kept for 24 hours), `hour` (30 days) or `day` (two
    /// years). Default: the finest that is kept for so long and makes at most 300 points.
    #[param(inline)]
    bucket: Option<crate::wire::SeriesBucket>,
}

/// Which requests.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct InfraFilterQuery {
    /// This gateway's alone.
    #[param(minimum = -32767, maximum = 32767)]
    server_id: Option<i16>,
    /// This service's alone: its number or word (1 seal, 2 grpc, 3 graphql, 4 platform, 5 ssfn, 6 sealo).
    service_type: Option<String>,
    /// This network's alone: its number or word (0 testnet, 1 mainnet, 2 devnet, 3 localnet).
    network: Option<String>,
    /// This backend's alone: 0 none, 1–9 local, 10–19 backup.
    backend_id: Option<i16>,
    /// This event's alone: 0 is success.
    #[param(minimum = 0, maximum = 255)]
    event_type: Option<i32>,
    /// This status class's alone: the status's first digit, 0 for none.
    #[param(minimum = 0, maximum = 5)]
    status_class: Option<i32>,
}

/// What to tell requests apart by.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct InfraGroupQuery {
    /// What to tell apart: any of `server_id`, `service_type`, `network`, `backend_id`, `event_type`, `status_class`,
    /// with commas between them.
    #[param(example = "server_id,event_type")]
    group_by: Option<String>,
}

/// Of which phase.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it documents; the query is read by `Fields`")]
pub(super) struct HeatmapQuery {
    /// Which phase's times. Default: `total`.
    #[param(inline)]
    phase: Option<super::PhaseWord>,
}

/// What is asked, made sure of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InfraParams {
    pub(super) span: Span,
    filter: InfraFilter,
    group_by: Vec<InfraDimension>,
}

impl InfraParams {
    pub(super) fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let dimensions = InfraDimension::ALL.map(InfraDimension::word);
        let names = [&["range", "from", "to", "bucket", "group_by"], &dimensions[..]].concat();
        let mut fields = Fields::read_named(query, &names);
        let span = fields.span(Viewed::Infra, now);
        let filter = filter(&mut fields);
        let must_be = format!("must be some of {}, each once", dimensions.join(", "));
        let group_by = fields.parsed("group_by", dimensions_of, &must_be).unwrap_or_default();
        fields.finish(Self { span, filter, group_by })
    }

    pub(super) fn query(&self) -> InfraQuery {
        let Span { bucket, range } = self.span;
        InfraQuery { filter: self.filter, group_by: self.group_by.clone(), bucket, span: range }
    }
}

/// A heat map that is asked for, made sure of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeatmapParams {
    /// When and which requests; nothing is told apart.
    pub(super) infra: InfraParams,
    pub(super) phase: PhaseName,
}

impl HeatmapParams {
    pub(super) fn parse(query: &str, now: UnixMillis) -> Result<Self, Problem> {
        let names = [&["phase", "range", "from", "to", "bucket"], &InfraDimension::ALL.map(InfraDimension::word)[..]];
        let mut fields = Fields::read_named(query, &names.concat());
        let of_word = |text: &str| PhaseName::ALL.into_iter().find(|phase| phase.word() == text);
        let must_be = format!("must be one of {}", PhaseName::ALL.map(PhaseName::word).join(", "));
        let phase = fields.parsed("phase", of_word, &must_be).unwrap_or(PhaseName::Total);
        let span = fields.span(Viewed::Infra, now);
        let infra = InfraParams { span, filter: filter(&mut fields), group_by: Vec::new() };
        fields.finish(Self { infra, phase })
    }
}

fn filter(fields: &mut Fields) -> InfraFilter {
    // The least of all numbers is no server: it stands for the unknown.
    let server = |text: &str| text.parse().ok().filter(|id| *id != i16::MIN);
    let class = |text: &str| {
        let digit = text.parse::<i16>().ok().filter(|digit| (0..=5).contains(digit))?;
        Some(StatusClass::of(digit * 100))
    };
    InfraFilter {
        server_id: fields.parsed("server_id", server, "must be an integer from -32767 to 32767"),
        service: fields.service(),
        network: fields.network(),
        backend_id: fields.parsed("backend_id", |text| text.parse().ok(), "must be an integer of 16 bits"),
        event_type: fields.parsed("event_type", |text| text.parse().ok(), "must be an integer from 0 to 255"),
        status_class: fields.parsed("status_class", class, "must be 0 to 5"),
    }
}

fn dimensions_of(text: &str) -> Option<Vec<InfraDimension>> {
    let of_word = |word: &str| InfraDimension::ALL.into_iter().find(|dimension| dimension.word() == word);
    let found: Vec<_> = text.split(',').map(of_word).collect::<Option<_>>()?;
    let is_once = found.iter().enumerate().all(|(at, dimension)| !found[..at].contains(dimension));
    is_once.then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let now = UnixMillis::parse_rfc3339("2026-11-21T22:01:17.199Z").unwrap();
        let cases = [
            ("server_id=-32768&backend_id=x&event_type=256", "server_id backend_id event_type"),
            ("service_type=7&network=moon&status_class=6", "service_type network status_class"),
            ("group_by=server_id,moon", "group_by"),
            ("group_by=network,network", "group_by"),
            ("group_by=", "group_by"),
            ("bucket=day&from=2026-11-20T01:00:00Z", "from"),
            ("customer_id=1", "customer_id"),
        ];
        for (query, expected) in cases {
            let errors = InfraParams::parse(query, now).expect_err(query).errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{query}: {errors:?}");
        }
        for (query, expected) in [("phase=moon&network=moon", "phase network"), ("group_by=network", "group_by")] {
            let errors = HeatmapParams::parse(query, now).expect_err(query).errors;
            let named: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(named.join(" "), expected, "{query}: {errors:?}");
        }
        assert_eq!(HeatmapParams::parse("phase=queue", now).unwrap().phase, PhaseName::Queue);
        let all = InfraDimension::ALL.map(InfraDimension::word).join(",");
        assert_eq!(InfraParams::parse(&format!("group_by={all}"), now).unwrap().group_by, InfraDimension::ALL);
        assert_eq!(InfraParams::parse("status_class=0", now).unwrap().filter.status_class, Some(StatusClass::of(-1)));
    }
}
