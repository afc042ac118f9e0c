use super::*;
use proptest::prelude::*;
use suiftly_schema::ids::Network;

fn key(customer: i64, key: u8, service: Service) -> KeyGrant {
    KeyGrant {
        key_sha256: format!("{key:02X}").repeat(32),
        customer_id: CustomerId::new(customer).unwrap(),
        service,
        network: Network::Mainnet,
        api_key_fp: 4_000_000_000,
        key_metadata: 10_496,
        state: KeyLife::Active,
    }
}

fn access(customer: i64, service: Service) -> AccessGrant {
    AccessGrant {
        customer_id: CustomerId::new(customer).unwrap(),
        service,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: 1_000,
        burst_per_second: 2_001,
        allowlist: Vec::new(),
    }
}

#[test]
fn as_the_configuration_reads_them() {
    let set = GrantSet::of(
        [
            key(20, 0xb0, Service::Seal),
            KeyGrant { state: KeyLife::Revoked, ..key(20, 0x0a, Service::Seal) },
            key(3, 0x77, Service::Grpc),
        ],
        [
            access(20, Service::Seal),
            AccessGrant {
                state: SpendState::Suspended,
                allowlist: vec!["192.0.2.0/23".to_owned(), "192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()],
                ..access(3, Service::Grpc)
            },
        ],
    );
    let maps = Maps::render(&set, 2).unwrap();
    let hash = |pair: &str| pair.repeat(32);
    let keys = format!(
        "{} 20,4000000000,10496,1,1,revoked\n{} 3,4000000000,10496,2,1,active\n{} 20,4000000000,10496,1,1,active\n",
        hash("0A"),
        hash("77"),
        hash("B0")
    );
    assert_eq!(text(&maps.keys), keys);
    assert_eq!(text(&maps.grants), "20:1 active,500,1001,open\n3:2 suspended,500,1001,listed\n");
    assert_eq!(text(&maps.allow), "3:2:4C00002 1\n3:2:4C00003 1\n3:2:620010DB8 1\n");
    assert_eq!(Maps::render(&GrantSet::default(), 1).unwrap(), Maps::default());
}

#[test]
fn states_and_shares() {
    let state = |state, is_enabled| {
        let (_, value) = grant_entry(&AccessGrant { state, is_enabled, ..access(1, Service::Seal) }, 1);
        value.split(',').next().unwrap().to_owned()
    };
    for spend in SpendState::ALL {
        assert_eq!(state(spend, true), spend.word());
    }
    assert_eq!(state(SpendState::Active, false), "disabled");
    assert_eq!(state(SpendState::Closed, false), "closed");
    let limits = |gateways| grant_entry(&access(1, Service::Seal), gateways).1;
    assert_eq!([1, 3, 0].map(limits), ["active,1000,2001,open", "active,334,667,open", "active,1000,2001,open"]);
    assert_eq!(Mark { version: 7, era: UnixMillis(12) }.to_string(), "7/12");
}

#[test]
fn what_could_forge_a_line_is_refused() {
    let hash = |text: &str| KeyGrant { key_sha256: text.to_owned(), ..key(1, 1, Service::Seal) };
    let hashes = ["", &"ab".repeat(32), &"AB".repeat(33), &format!("{}\n{}", "A".repeat(31), "B".repeat(32))];
    for text in hashes {
        let error = Maps::render(&GrantSet::of([hash(text)], []), 1).unwrap_err().to_string();
        assert!(error.contains("64 upper-case"), "{error}");
    }
    for text in ["", "everywhere", "192.0.2.1\n2:1:4 1", "192.0.2.0/24;", "192.0.2.0/33"] {
        let grant = AccessGrant { allowlist: vec![text.to_owned()], ..access(1, Service::Seal) };
        let error = Maps::render(&GrantSet::of([], [grant]), 1).unwrap_err().to_string();
        assert!(error.contains("allowlist of 1:1"), "{error}");
    }
}

/// A small set, by which numbers.
fn set(rows: &[(u8, u8)]) -> GrantSet {
    let mut set = GrantSet::default();
    for &(row, variant) in rows {
        let customer = i64::from(row % 6) + 1;
        if row % 2 == 0 {
            let state = if variant % 3 == 0 { KeyLife::Revoked } else { KeyLife::Active };
            set.put_key(KeyGrant { state, key_metadata: u16::from(variant), ..key(customer, row, Service::Seal) });
        } else {
            let allowlist = (0..variant % 4).map(|n| format!("10.{n}.0.0/{}", 12 + variant % 7)).collect();
            let state = SpendState::ALL[usize::from(variant) % 5];
            set.put_access(AccessGrant { state, allowlist, ..access(customer, Service::Seal) });
        }
    }
    set
}

proptest! {
    #[test]
    fn touched_entries_make_the_one_rendering_into_the_other(
        old in prop::collection::vec((0u8..24, any::<u8>()), 0..30),
        new in prop::collection::vec((0u8..24, any::<u8>()), 0..30),
        gateways in 1u16..4,
    ) {
        let (old, new) = (set(&old), set(&new));
        let (before, after) = (Maps::render(&old, gateways).unwrap(), Maps::render(&new, gateways).unwrap());
        let touched = touched(&old, &new, &old.changes_to(&new), gateways).unwrap();
        prop_assert_eq!(&touched, &before.touched_to(&after));
        for map in MapName::ALL {
            prop_assert_eq!(plan::before(after.of(map).clone(), map, &touched), before.of(map).clone());
            let phases = plan::plan(&touched);
            let entries = phases.iter().filter(|phase| phase.map == map).fold(before.of(map).clone(), plan::content);
            prop_assert_eq!(&entries, after.of(map));
        }
    }
}
