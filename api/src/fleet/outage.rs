//! Whether a service is down: whether every gateway that should serve it is known not to. No I/O.
//!
//! Unknown is not down: a gateway whose edge is silent may serve all the same, and so may one whose runtime socket is
//! gone while its synthetic requests come through.

use super::{EdgeStanding, Standing};
use std::collections::BTreeMap;
use suiftly_schema::fleet::{GatewayReport, GatewayState, ServerReport};
use suiftly_schema::ids::Service;
use suiftly_schema::time::UnixMillis;

/// A service is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Since when, where known.
    pub since: Option<UnixMillis>,
}

/// The service's outage, if every expected gateway is known not to serve it. `unserved` has the gateways whose synthetic
/// requests are not served, and since when.
pub fn outage(service: Service, standings: &[EdgeStanding], unserved: &BTreeMap<i16, UnixMillis>) -> Option<Outage> {
    let mut out = Vec::new();
    for edge in standings.iter().filter(|edge| !(edge.is_implied && edge.standing == Standing::NeverSeen)) {
        for server in &edge.servers {
            out.push(out_at(service, edge, *server, unserved.get(server).copied())?);
        }
    }
    // It is down since the last one went.
    let since: Option<Vec<UnixMillis>> = out.iter().copied().collect();
    (!out.is_empty()).then(|| Outage { since: since.and_then(|all| all.into_iter().max()) })
}

/// `Some`: this gateway does not serve it, since then if that is known.
fn out_at(
    service: Service,
    edge: &EdgeStanding,
    server: i16,
    unserved_since: Option<UnixMillis>,
) -> Option<Option<UnixMillis>> {
    if matches!(edge.standing, Standing::NeverSeen | Standing::Unreachable) {
        return None;
    }
    let (report, _) = edge.report.as_ref()?;
    let gateway = report.gateways.iter().find(|of| of.server_id == server)?;
    if has_no_origin(service, &gateway.servers) {
        return Some(None);
    }
    if is_answered(gateway) {
        return None;
    }
    let is_gone = edge.standing == Standing::Behind && gateway.state == GatewayState::Unreachable;
    let gone_since = is_gone.then_some(edge.out_since).flatten();
    unserved_since.or(gone_since).map(Some)
}

/// Whether its last synthetic request was served: whatever else is said of it, it works.
fn is_answered(gateway: &GatewayReport) -> bool {
    let status = gateway.canary.as_ref().and_then(|canary| canary.last_status);
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Whether it has origins of the service, and none of them is up. Backends are named by service and network
/// (`seal_mainnet`), as the shipped configuration has them; of others nothing is known.
fn has_no_origin(service: Service, servers: &[ServerReport]) -> bool {
    let is_its =
        |server: &&ServerReport| server.backend.split_once('_').is_some_and(|(word, _)| word == service.word());
    let mut origins = servers.iter().filter(is_its).peekable();
    origins.peek().is_some()
        && origins.all(|server| server.status.starts_with("DOWN") || server.status.starts_with("MAINT"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::fleet::{CanaryReport, EdgeReport};

    const AT: UnixMillis = UnixMillis(60_000);

    fn gateway(
        server_id: i16,
        state: GatewayState,
        last_status: Option<u16>,
        origins: &[(&str, &str)],
    ) -> GatewayReport {
        let server = |(backend, status): &(&str, &str)| ServerReport {
            backend: (*backend).to_owned(),
            status: (*status).to_owned(),
            ..ServerReport::default()
        };
        let canary = Some(CanaryReport { last_status, ..CanaryReport::default() });
        GatewayReport {
            server_id,
            state,
            canary,
            servers: origins.iter().map(server).collect(),
            ..GatewayReport::default()
        }
    }

    fn edge(standing: Standing, is_implied: bool, servers: &[i16], gateways: Vec<GatewayReport>) -> EdgeStanding {
        let report = EdgeReport { gateways, ..EdgeReport::default() };
        let is_heard = standing != Standing::NeverSeen;
        EdgeStanding {
            name: "fra-1".to_owned(),
            servers: servers.to_vec(),
            standing,
            out_since: (standing == Standing::Behind).then_some(AT),
            lag_ms: 0,
            report: is_heard.then_some((report, AT)),
            taken: Vec::new(),
            is_implied,
        }
    }

    #[test]
    fn down_is_what_is_known_not_to_be_served_anywhere() {
        use GatewayState::{InSync, Unreachable};
        use Standing::{Behind, NeverSeen, Updating};
        let fine = |server| gateway(server, InSync, Some(200), &[("seal_mainnet", "UP")]);
        let gone = |server| gateway(server, Unreachable, None, &[]);
        let origins_down = [("seal_mainnet", "DOWN"), ("seal_testnet", "MAINT (via s1)"), ("grpc_mainnet", "UP")];
        let no_origins = |server| gateway(server, InSync, Some(200), &origins_down);
        let one_origin = gateway(17, InSync, Some(503), &[("seal_mainnet", "DOWN"), ("seal_testnet", "no check")]);
        let later = UnixMillis(90_000);
        let known = |since| Some(Outage { since });
        let cases = [
            ("nobody is expected", vec![], vec![], None),
            ("nobody was named", vec![edge(NeverSeen, true, &[17], vec![])], vec![], None),
            ("one never came", vec![edge(NeverSeen, false, &[17], vec![])], vec![], None),
            ("all is well", vec![edge(Standing::InSync, false, &[17], vec![fine(17)])], vec![], None),
            (
                "its edge is silent",
                vec![edge(Standing::Unreachable, false, &[17], vec![gone(17)])],
                vec![(17, AT)],
                None,
            ),
            ("HAProxy is gone", vec![edge(Behind, false, &[17], vec![gone(17)])], vec![], known(Some(AT))),
            ("for a moment", vec![edge(Updating, false, &[17], vec![gone(17)])], vec![], None),
            ("one of two", vec![edge(Behind, false, &[17, 18], vec![gone(17), fine(18)])], vec![], None),
            ("one of two is not told of", vec![edge(Behind, false, &[17, 18], vec![gone(17)])], vec![], None),
            (
                "the socket is gone, and it serves",
                vec![edge(Behind, false, &[17], vec![gateway(17, Unreachable, Some(204), &[])])],
                vec![],
                None,
            ),
            (
                "canaries are not served",
                vec![edge(Standing::InSync, false, &[17], vec![gateway(17, InSync, Some(503), &[])])],
                vec![(17, later)],
                known(Some(later)),
            ),
            (
                "canaries are not sent, and the last one was served",
                vec![edge(Standing::InSync, false, &[17], vec![fine(17)])],
                vec![(17, later)],
                None,
            ),
            ("no origin is up", vec![edge(Standing::InSync, false, &[17], vec![no_origins(17)])], vec![], known(None)),
            ("one origin is", vec![edge(Standing::InSync, false, &[17], vec![one_origin])], vec![], None),
            (
                "the last one went later",
                vec![
                    edge(Behind, false, &[17], vec![gone(17)]),
                    edge(Standing::InSync, false, &[33], vec![gateway(33, InSync, None, &[])]),
                ],
                vec![(33, later)],
                known(Some(later)),
            ),
        ];
        for (name, standings, unserved, expected) in cases {
            let found = outage(Service::Seal, &standings, &unserved.into_iter().collect());
            assert_eq!(found, expected, "{name}");
        }
        let grpc = edge(Standing::InSync, false, &[17], vec![no_origins(17)]);
        assert_eq!(outage(Service::Grpc, &[grpc], &BTreeMap::new()), None, "another service has an origin");
    }
}
