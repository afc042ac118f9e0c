use super::*;
use crate::vault::Described;
use suiftly_schema::fleet::{AppliedVersion, GatewayReport, GatewayState, Refusal};
use suiftly_schema::ids::{CustomerId, Service};
use suiftly_schema::vault::head::FORMAT;
use suiftly_schema::vault::{GrantSet, Head, SigningKeys};

const ERA: UnixMillis = UnixMillis(1_000_000);

fn edge(name: &str, servers: &[i16], is_implied: bool) -> ExpectedEdge {
    let token_sha256 = Sha256::digest(format!("token of {name}").as_bytes()).into();
    ExpectedEdge { name: name.to_owned(), servers: servers.to_vec(), token_sha256, is_implied }
}

fn version(number: u64, at: UnixMillis, touched: &[AccessId]) -> Arc<Version> {
    let head = Head {
        format: FORMAT,
        era: ERA,
        version: number,
        refill: 0,
        root: GrantSet::default().root(),
        keys: 0,
        access: 0,
        epoch: 0,
        as_of: at,
        issued_at: at,
        regions: BTreeMap::new(),
    };
    let signed = SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap().sign(&head);
    let (described, touched) = (Described::default(), touched.to_vec());
    Arc::new(Version { head, signed, set: GrantSet::default(), described, rows_changed: 0, touched })
}

fn report(version: u64, gateways: &[(i16, GatewayState)]) -> EdgeReport {
    let gateway = |(server_id, state): &(i16, GatewayState)| GatewayReport {
        server_id: *server_id,
        state: *state,
        version,
        ..GatewayReport::default()
    };
    EdgeReport { era: ERA, version, gateways: gateways.iter().map(gateway).collect(), ..EdgeReport::default() }
}

const IN_SYNC: [(i16, GatewayState); 2] = [(17, GatewayState::InSync), (18, GatewayState::InSync)];

#[test]
fn how_an_edge_stands() {
    use Standing::{Behind, InSync, NeverSeen, Unreachable, Updating};
    let t = |ms: i64| ERA.plus_ms(ms);
    let one_out = [(17, GatewayState::InSync), (18, GatewayState::Unreachable)];
    let missing = [(17, GatewayState::InSync)];
    // Versions as (number, when), reports as (when, version, gateways), now, and how it stands.
    type Case<'a> = (&'a [(u64, i64)], &'a [(i64, u64, &'a [(i16, GatewayState)])], i64, Standing, i64);
    let cases: &[Case<'_>] = &[
        (&[(1, 0)], &[], 1_000, NeverSeen, 1_000),
        (&[(1, 0)], &[(100, 1, &IN_SYNC)], 200, InSync, 0),
        // A report is good for less than ten seconds, whatever it said.
        (&[(1, 0)], &[(100, 1, &IN_SYNC)], 10_099, InSync, 0),
        (&[(1, 0)], &[(100, 1, &IN_SYNC)], 10_100, Unreachable, 0),
        (&[(1, 0), (2, 5_000)], &[(100, 1, &IN_SYNC)], 5_001, Updating, 1),
        (&[(1, 0), (2, 5_000)], &[(6_000, 1, &IN_SYNC)], 9_999, Updating, 4_999),
        (&[(1, 0), (2, 5_000)], &[(6_000, 1, &IN_SYNC)], 10_000, Behind, 5_000),
        (&[(1, 0), (2, 5_000)], &[(6_000, 1, &IN_SYNC), (10_500, 2, &IN_SYNC)], 10_500, InSync, 0),
        // Behind counts from the first version that it lacks.
        (&[(1, 0), (2, 100), (3, 5_000)], &[(4_000, 1, &IN_SYNC)], 5_100, Behind, 5_000),
        (&[(1, 0), (2, 100), (3, 5_000)], &[(4_000, 2, &IN_SYNC)], 5_100, Updating, 100),
        // The right version, and a gateway that is not there.
        (&[(1, 0)], &[(100, 1, &one_out)], 200, Updating, 0),
        (&[(1, 0)], &[(100, 1, &one_out), (4_000, 1, &one_out)], 5_100, Behind, 0),
        (&[(1, 0)], &[(100, 1, &missing), (4_000, 1, &missing)], 5_100, Behind, 0),
        (&[(1, 0)], &[(100, 1, &one_out), (4_000, 1, &IN_SYNC)], 5_100, InSync, 0),
        // Nothing is published: what it has may be right.
        (&[], &[(100, 7, &IN_SYNC)], 200, InSync, 0),
    ];
    for (n, (versions, reports, now, standing, lag_ms)) in cases.iter().enumerate() {
        let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false)], ERA);
        for (number, at) in *versions {
            fleet.published(&version(*number, t(*at), &[]));
        }
        for (at, number, gateways) in *reports {
            fleet.reported(0, report(*number, gateways), t(*at));
        }
        let found = &fleet.standings(t(*now))[0];
        assert_eq!((found.standing, found.lag_ms), (*standing, *lag_ms), "case {n}");
        assert_eq!(found.out_since.is_some(), matches!(standing, Behind | Unreachable | NeverSeen), "case {n}");
    }
}

#[test]
fn how_long_it_took_is_told_of_the_last_versions() {
    let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false)], ERA);
    let applied = |version: u64| AppliedVersion { era: ERA, version, change_us: version, ..AppliedVersion::default() };
    for number in 1..=60 {
        fleet.published(&version(number, ERA.plus_ms(number.cast_signed() * 10), &[]));
    }
    let told = |versions: std::ops::RangeInclusive<u64>| EdgeReport {
        applied: versions.clone().map(applied).collect(),
        ..report(*versions.end(), &IN_SYNC)
    };
    fleet.reported(0, told(1..=50), ERA.plus_ms(1_000));
    // It tells of the same ones again.
    fleet.reported(0, told(20..=60), ERA.plus_ms(1_500));
    let taken = &fleet.standings(ERA.plus_ms(1_500))[0].taken;
    assert_eq!((taken.len(), taken[0].applied.version, taken[39].applied.version), (TAKEN_TOLD, 21, 60));
    let took = |taken: &Taken| taken.heard_at.0 - taken.issued_at.unwrap().0;
    assert_eq!((took(&taken[29]), took(&taken[39])), (500, 900));
}

#[test]
fn a_service_is_updating_until_the_last_expected_edge_has_it() {
    let fleet =
        Fleet::new(vec![edge("fra-1", &[17, 18], false), edge("ams-1", &[33], false), edge("local", &[49], true)], ERA);
    let id = |n: i64, service| (CustomerId::new(n).unwrap(), service);
    let (seal, grpc) = (id(1, Service::Seal), id(1, Service::Grpc));
    fleet.published(&version(1, ERA, &[seal]));
    fleet.published(&version(2, ERA, &[id(2, Service::Seal)]));
    assert!(fleet.is_under_way(seal) && !fleet.is_under_way(grpc));
    fleet.reported(0, report(2, &IN_SYNC), ERA);
    assert!(fleet.is_under_way(seal), "ams-1 has not said that it has it");
    fleet.reported(1, report(1, &[(33, GatewayState::InSync)]), ERA);
    assert!(!fleet.is_under_way(seal) && fleet.is_under_way(id(2, Service::Seal)));
    // One that nobody named is waited for once it has been seen.
    fleet.reported(2, report(1, &[(49, GatewayState::InSync)]), ERA);
    fleet.reported(1, report(2, &[(33, GatewayState::InSync)]), ERA);
    assert!(fleet.is_under_way(id(2, Service::Seal)));
    fleet.reported(2, report(2, &[(49, GatewayState::InSync)]), ERA);
    assert!(!fleet.is_under_way(id(2, Service::Seal)));
    // One that starts anew has nothing; what it had is not changed anew.
    fleet.reported(0, report(0, &[]), ERA);
    assert!(!fleet.is_under_way(seal));
}

#[test]
fn without_edges_nothing_is_under_way() {
    let fleet = Fleet::new(vec![edge("local", &[17], true)], ERA);
    let id = (CustomerId::new(1).unwrap(), Service::Seal);
    fleet.published(&version(1, ERA, &[id]));
    assert!(!fleet.is_under_way(id));
}

#[test]
fn too_many_changes_to_remember_are_everybodys() {
    let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false)], ERA);
    let id = |n: usize| (CustomerId::new(i64::try_from(n).unwrap() + 1).unwrap(), Service::Seal);
    let many: Vec<_> = (0..=touched::TOUCHED_MAX).map(id).collect();
    fleet.published(&version(1, ERA, &many));
    let other = (CustomerId::new(7).unwrap(), Service::Graphql);
    assert!(fleet.is_under_way(other));
    fleet.reported(0, report(1, &IN_SYNC), ERA);
    assert!(!fleet.is_under_way(other));
}

#[test]
fn who_is_out_for_long_is_told_of_once_an_incident() {
    let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false), edge("local", &[33], true)], ERA);
    let mut alarms = Alarms::default();
    fleet.published(&version(1, ERA, &[]));
    fleet.reported(0, report(1, &IN_SYNC), ERA);
    let mut look = |fleet: &Fleet, now: i64, is_taken: bool| {
        let (now, standings) = (ERA.plus_ms(now), fleet.standings(ERA.plus_ms(now)));
        let notices = alarms.look(&standings, now);
        if is_taken {
            alarms.told(&standings, now);
        }
        notices.iter().map(|of| (of.kind, of.severity.word(), of.key.clone())).collect::<Vec<_>>()
    };
    assert_eq!(look(&fleet, 15 * 60_000 - 1, true), []);
    let first = look(&fleet, 15 * 60_000, false);
    assert_eq!((first.len(), first[0].0, first[0].1), (1, "edge_unreachable", "warning"));
    assert_eq!(look(&fleet, 15 * 60_000 + 1, true), first, "the database did not take it");
    assert_eq!(look(&fleet, 20 * 60_000, true), [], "once");
    // It comes back, behind, and is still the same incident; then it is well, and goes again.
    fleet.published(&version(2, ERA.plus_ms(1_000), &[]));
    fleet.reported(0, report(1, &IN_SYNC), ERA.plus_ms(20 * 60_000));
    assert_eq!(look(&fleet, 20 * 60_000 + 1, true), []);
    fleet.reported(0, report(2, &IN_SYNC), ERA.plus_ms(21 * 60_000));
    assert_eq!(look(&fleet, 21 * 60_000, true), []);
    let second = look(&fleet, 40 * 60_000, true);
    assert_eq!(second.len(), 1);
    assert_ne!(second[0].2, first[0].2, "another incident has another key");
}

#[test]
fn a_refusal_is_told_of_at_once_and_once() {
    let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false)], ERA);
    let mut alarms = Alarms::default();
    let refusal = |at: i64| Refusal { at: ERA.plus_ms(at), version: Some(9), reason: "the root".to_owned() };
    let mut told = |refused: Vec<Refusal>| {
        fleet.reported(0, EdgeReport { refused, ..report(0, &IN_SYNC) }, ERA);
        let standings = fleet.standings(ERA);
        let notices = alarms.look(&standings, ERA);
        alarms.told(&standings, ERA);
        notices.iter().map(|of| (of.kind, of.severity.word(), of.body["reason"].clone())).collect::<Vec<_>>()
    };
    let expected = || ("vault_refused", "critical", serde_json::json!("the root"));
    assert_eq!(told(vec![refusal(1)]), [expected()]);
    assert_eq!(told(vec![refusal(1)]), []);
    assert_eq!(told(vec![refusal(1), refusal(2)]), [expected()]);
}

#[test]
fn tokens_regions_and_shares() {
    let fleet = Fleet::new(
        vec![edge("fra-1", &[17, 18], false), edge("fra-2", &[19], false), edge("ams-1", &[33], false)],
        ERA,
    );
    assert_eq!(fleet.regions(), BTreeMap::from([(1, 3), (2, 1)]));
    assert_eq!(fleet.by_token("token of ams-1"), Some(2));
    for wrong in ["", "token of", "token of nobody", "Token of ams-1"] {
        assert_eq!(fleet.by_token(wrong), None, "{wrong}");
    }
}

#[test]
fn what_haproxy_dropped_is_told_by_server() {
    let fleet = Fleet::new(vec![edge("fra-1", &[17, 18], false)], ERA);
    let mut of = report(1, &IN_SYNC);
    of.gateways[1].dropped_logs = Some(7);
    fleet.reported(0, of, ERA);
    assert_eq!(dropped_logs(&fleet.standings(ERA)), BTreeMap::from([(18, 7)]));
}
