//! The vault and the fleet in figures.

use super::{Page, count_float, flag, float};
use crate::app::App;
use crate::fleet::{EdgeStanding, Standing, by_server};
use crate::vault::ExportFigures;
use crate::vault::canary::CanaryStand;

pub(super) fn vault(page: &Page, app: &App) -> Result<(), prometheus::Error> {
    let publisher = &app.parts.vault.publisher;
    let current = publisher.current();
    let head = current.as_ref().map(|current| &current.head);
    page.gauge("suiftly_vault_version", "The version in force; 0: none.", head.map_or(0.0, |of| float(of.version)))?;
    page.gauge("suiftly_vault_keys", "Keys in it.", head.map_or(0.0, |of| float(of.keys)))?;
    page.gauge("suiftly_vault_access_rows", "Customers' services in it.", head.map_or(0.0, |of| float(of.access)))?;
    page.gauge("suiftly_vault_frozen", "1 while operators hold it.", flag(publisher.frozen().is_some()))?;
    page.gauge("suiftly_vault_waiting_rows", "Changes that are in no version yet.", count_float(publisher.waiting()))?;
    export(page, &app.parts.vault.export.lock())?;
    canaries(page, &app.parts.vault.canary_watch.lock().stands(app.parts.clock.now()))
}

/// The files for gateways that read them.
fn export(page: &Page, of: &ExportFigures) -> Result<(), prometheus::Error> {
    page.gauge("suiftly_vault_directory_version", "The version on disk; 0: none was written.", float(of.version))?;
    page.gauge("suiftly_vault_csv_rows", "Keys in ma_vault.csv.", float(of.rows))?;
    let left_out = "Keys that may be used and are not in it: still to be brought, or not kept.";
    page.gauge("suiftly_vault_csv_left_out", left_out, float(of.left_out))?;
    page.gauge("suiftly_vault_write_seconds", "How long both took to be written, last.", of.took_us as f64 / 1e6)?;
    page.counter("suiftly_vault_writes_total", "Times that a directory or ma_vault.csv was written.", of.writes)?;
    let failing = "1 while they are not as they should be.";
    page.gauge("suiftly_vault_write_failing", failing, flag(of.trouble.is_some()))?;
    let mismatches = "Times that a check found the files or the set other than they were to be.";
    page.counter("suiftly_vault_mismatches_total", mismatches, of.mismatches)
}

fn canaries(page: &Page, stands: &[CanaryStand]) -> Result<(), prometheus::Error> {
    let each: Vec<_> = stands.iter().map(|of| (of.server_id.to_string(), of)).collect();
    let ages = each.iter().filter_map(|(server, of)| Some((server.as_str(), of.age_ms? as f64 / 1e3)));
    let help = "Since a gateway's synthetic requests were metered last.";
    page.gauges("suiftly_canary_age_seconds", help, "server_id", ages)?;
    let alarms = each.iter().map(|(server, of)| (server.as_str(), flag(of.alarm.is_some())));
    page.gauges("suiftly_canary_alarm", "1 while they do not come through.", "server_id", alarms)
}

pub(super) fn fleet(page: &Page, app: &App) -> Result<(), prometheus::Error> {
    let standings = app.parts.vault.fleet.standings(app.parts.clock.now());
    let each = |value: fn(&EdgeStanding) -> f64| standings.iter().map(move |of| (of.name.as_str(), value(of)));
    let in_sync = each(|of| flag(of.standing == Standing::InSync));
    page.gauges("suiftly_edge_in_sync", "1 while all gateways of an edge have the version in force.", "edge", in_sync)?;
    let heard = each(|of| flag(!matches!(of.standing, Standing::Unreachable | Standing::NeverSeen)));
    page.gauges("suiftly_edge_reachable", "1 while an edge reports.", "edge", heard)?;
    let lag = each(|of| of.lag_ms as f64 / 1e3);
    let help = "For how long the oldest version that an edge has not is out.";
    page.gauges("suiftly_edge_version_lag_seconds", help, "edge", lag)?;
    let version = each(|of| of.report.as_ref().map_or(0.0, |(report, _)| float(report.version)));
    page.gauges("suiftly_edge_version", "The version that all gateways of an edge have.", "edge", version)?;
    let streams = standings.iter().enumerate().map(|(n, of)| (of.name.as_str(), count_float(app.edge_streams.open(n))));
    page.gauges("suiftly_edge_streams_open", "Streams that an edge has open.", "edge", streams)?;
    gateways(page, &standings)
}

fn gateways(page: &Page, standings: &[EdgeStanding]) -> Result<(), prometheus::Error> {
    let figures: Vec<_> = by_server(standings).into_iter().map(|(server, of)| (server.to_string(), of)).collect();
    // HAProxy counts anew when it starts: these may fall.
    let dropped = figures.iter().filter_map(|(server, of)| Some((server.as_str(), float(of.dropped_logs?))));
    let help = "Log messages that HAProxy says it could not send since it started.";
    page.gauges("suiftly_gateway_dropped_logs", help, "server_id", dropped)?;
    let requests = figures.iter().filter_map(|(server, of)| Some((server.as_str(), float(of.requests?))));
    page.gauges("suiftly_gateway_requests", "Requests of a gateway since it started.", "server_id", requests)
}
