//! Figures of gateways as their edges report them: for the loss report and the metrics.

use super::EdgeStanding;
use std::collections::BTreeMap;

/// A gateway's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GatewayFigures {
    /// Log messages that HAProxy says it could not send, since it started.
    pub dropped_logs: Option<u64>,
    /// Requests since its start.
    pub requests: Option<u64>,
}

/// By server id.
pub(crate) fn by_server(standings: &[EdgeStanding]) -> BTreeMap<i16, GatewayFigures> {
    let reports = standings.iter().filter_map(|standing| standing.report.as_ref());
    let gateways = reports.flat_map(|(report, _)| &report.gateways);
    let figures = gateways.map(|of| {
        let (dropped_logs, requests) = (of.dropped_logs, of.requests);
        (of.server_id, GatewayFigures { dropped_logs, requests })
    });
    figures.collect()
}

/// Log messages that HAProxy says it could not send, by server id.
pub fn dropped_logs(standings: &[EdgeStanding]) -> BTreeMap<i16, u64> {
    let figures = by_server(standings).into_iter();
    figures.filter_map(|(server, of)| of.dropped_logs.map(|dropped| (server, dropped))).collect()
}
