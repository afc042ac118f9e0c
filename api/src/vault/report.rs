//! `POST /edge/report`: how an edge's gateways are. It is held in memory: the next one takes its place. It is answered with the
//! lines of them that are missing, where any are that the edge may have.

use super::report_schema::AnswerBody;
use super::wanted::wanted;
use super::{EdgeScope, ReportBody};
use crate::admin::asked::BodyProblems;
use crate::app::App;
use crate::body::{self, Checks};
use crate::params::parse_none;
use crate::problem::{GuardedProblems, Problem};
use axum::Json;
use axum::extract::{DefaultBodyLimit, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use suiftly_schema::fleet::{
    APPLIED_MAX, DRAINED_MAX, EdgeReport, GATEWAYS_MAX, GatewayReport, HOT_MAX, REFUSALS_MAX, RepairReport,
    SERVERS_MAX, TEXT_CHARS_MAX,
};
use suiftly_schema::sealed::KEYS_MAX;
use suiftly_schema::time::UnixMillis;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest report: sixteen gateways with as many servers as may be.
pub(crate) const REPORT_BYTES_MAX: usize = 2 << 20;
/// The greatest count that every reader of JSON can tell from its neighbours.
pub(super) const COUNT_MAX: u64 = (1 << 53) - 1;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report)).layer(DefaultBodyLimit::max(REPORT_BYTES_MAX))
}

/// How the edge's gateways are: each two seconds, and at once after a version was applied or refused.
#[utoipa::path(post, path = "/edge/report", operation_id = "edge_report", tag = "edge", request_body = ReportBody,
    security(("edge" = [])),
    responses(
        (status = 200, description = "It takes the place of the one before; these lines are to be sent again",
            body = AnswerBody),
        (status = 204, description = "It takes the place of the one before; no lines are wanted"),
        BodyProblems, GuardedProblems,
    )
)]
async fn report(
    State(app): State<App>,
    edge: EdgeScope,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    parse_none(&query.unwrap_or_default())?;
    let report = checked(body::read(request).await?)?;
    let (vault, now) = (&app.parts.vault, app.parts.clock.now());
    let servers = vault.fleet.expected().get(edge.index).map(|edge| &*edge.servers).unwrap_or_default();
    vault.canary_watch.lock().reported(servers, &report, now);
    let answer = wanted(&report, servers, &*app.parts.pipeline, &mut vault.numbered.lock(), now);
    vault.fleet.reported(edge.index, report, now);
    Ok(if answer.wanted.is_empty() { StatusCode::NO_CONTENT.into_response() } else { Json(answer).into_response() })
}

/// Bounds, and texts that can be shown and stored.
pub(super) fn checked(mut report: EdgeReport) -> Result<EdgeReport, Problem> {
    let mut checking = Checking(Checks::default());
    let EdgeReport { at, started_at, era, version, applied, refused, gateways, trusts } = &mut report;
    checking.instants("", &[("at", *at), ("started_at", *started_at), ("era", *era)]);
    checking.counts("", &[("version", *version)]);
    checking.items("applied", applied.len(), APPLIED_MAX);
    for (n, of) in applied.iter().enumerate() {
        let path = format!("applied[{n}].");
        let times = [("era", of.era), ("received_at", of.received_at), ("applied_at", of.applied_at)];
        checking.instants(&path, &times);
        let steps = [("verify_us", of.verify_us), ("change_us", of.change_us), ("confirm_us", of.confirm_us)];
        checking.counts(&path, &steps);
        checking.counts(&path, &[("version", of.version), ("changes", of.changes)]);
    }
    checking.items("refused", refused.len(), REFUSALS_MAX);
    for (n, of) in refused.iter_mut().enumerate() {
        let path = format!("refused[{n}].");
        checking.instants(&path, &[("at", of.at)]);
        checking.counts(&path, &[("version", of.version.unwrap_or(0))]);
        checking.text(&path, "reason", &mut of.reason);
    }
    checking.items("gateways", gateways.len(), GATEWAYS_MAX);
    for (n, of) in gateways.iter_mut().enumerate() {
        checking.gateway(&format!("gateways[{n}]."), of);
    }
    checking.items("trusts", trusts.len(), KEYS_MAX);
    for (n, mark) in trusts.iter_mut().enumerate() {
        checking.text("", &format!("trusts[{n}]"), mark);
    }
    checking.0.finish(report)
}

struct Checking(Checks);

impl Checking {
    fn gateway(&mut self, path: &str, of: &mut GatewayReport) {
        let counts = [
            ("version", of.version),
            ("requests", of.requests.unwrap_or(0)),
            ("lines_numbered", of.lines_numbered.unwrap_or(0)),
            ("dropped_logs", of.dropped_logs.unwrap_or(0)),
        ];
        self.counts(path, &counts);
        self.instants(path, &[("boot_ms", UnixMillis(of.boot_ms.unwrap_or(0)))]);
        for (name, text) in [("trouble", &mut of.trouble), ("haproxy", &mut of.haproxy)] {
            if let Some(text) = text {
                self.text(path, name, text);
            }
        }
        self.items(&format!("{path}hot"), of.hot.len(), HOT_MAX);
        for (n, hot) in of.hot.iter_mut().enumerate() {
            let path = format!("{path}hot[{n}].");
            self.text(&path, "account", &mut hot.account);
            self.counts(&path, &[("per_second", hot.per_second)]);
        }
        self.items(&format!("{path}servers"), of.servers.len(), SERVERS_MAX);
        for (n, server) in of.servers.iter_mut().enumerate() {
            let path = format!("{path}servers[{n}].");
            self.text(&path, "backend", &mut server.backend);
            self.text(&path, "server", &mut server.server);
            self.text(&path, "status", &mut server.status);
            self.counts(&path, &[("sessions", server.sessions)]);
        }
        if let Some(canary) = &of.canary {
            let path = format!("{path}canary.");
            self.counts(&path, &[("sent", canary.sent), ("served", canary.served), ("last_us", canary.last_us)]);
            self.instants(&path, &[("last_at", canary.last_at)]);
        }
        if let Some(repair) = &of.repair {
            self.repair(&format!("{path}repair."), repair);
        }
    }

    fn repair(&mut self, path: &str, of: &RepairReport) {
        self.counts(path, &[("sent", of.sent), ("in_vain", of.in_vain), ("waiting", of.waiting)]);
        self.items(&format!("{path}drained"), of.drained.len(), DRAINED_MAX);
        for (n, worker) in of.drained.iter().enumerate() {
            let path = format!("{path}drained[{n}].");
            self.instants(&path, &[("boot_ms", UnixMillis(worker.boot_ms))]);
            self.counts(&path, &[("last_seq", worker.last_seq)]);
        }
    }

    fn items(&mut self, field: &str, items: usize, max: usize) {
        if items > max {
            self.0.fail(field, format!("must have at most {max} items"));
        }
    }

    fn instants(&mut self, path: &str, fields: &[(&str, UnixMillis)]) {
        for (name, _) in fields.iter().filter(|(_, at)| !(UnixMillis::MIN..=UnixMillis::MAX).contains(at)) {
            self.0.fail(&format!("{path}{name}"), format!("must be 0 to {}", UnixMillis::MAX.0));
        }
    }

    fn counts(&mut self, path: &str, fields: &[(&str, u64)]) {
        for (name, _) in fields.iter().filter(|(_, count)| *count > COUNT_MAX) {
            self.0.fail(&format!("{path}{name}"), format!("must be 0 to {COUNT_MAX}"));
        }
    }

    fn text(&mut self, path: &str, name: &str, text: &mut String) {
        if text.chars().count() > TEXT_CHARS_MAX {
            self.0.fail(&format!("{path}{name}"), format!("must have at most {TEXT_CHARS_MAX} characters"));
        }
        // HAProxy's words may be anything; a terminal and the database must be able to take them.
        text.retain(|character| !character.is_control());
    }
}
