//! Renders grants to HAProxy's maps. Pure and deterministic: the same grants give the same bytes in whatever order they
//! come, so that two gateways, or a file and a running HAProxy, can be compared by their text.

use crate::EdgeError;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use suiftly_schema::grant::Grant;

/// File name of the map of keys.
pub const KEYS_MAP: &str = "keys.map";
/// File name of the map of customers' grants.
pub const GRANTS_MAP: &str = "grants.map";

const KEY_HASH_CHARS: usize = 64;

/// The text of both maps, each a line `key value` per entry, sorted by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maps {
    /// `SHA-256 of the key, upper-case hex` → `customer,fingerprint,metadata,service,network`, in numbers.
    pub keys: String,
    /// `customer:service` → `state,guaranteed per second,burst per second`.
    pub grants: String,
}

impl Maps {
    /// Renders a whole grant set. The same entry twice is one; two entries that differ under one key are refused.
    pub fn render(grants: &[Grant]) -> Result<Self, EdgeError> {
        let mut keys = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for grant in grants {
            check_key_hash(grant)?;
            insert(&mut keys, KEYS_MAP, grant.key_sha256.clone(), key_entry(grant))?;
            insert(&mut accounts, GRANTS_MAP, account_key(grant), account_entry(grant))?;
        }
        Ok(Self { keys: text(&keys), grants: text(&accounts) })
    }
}

fn check_key_hash(grant: &Grant) -> Result<(), EdgeError> {
    let digits = grant.key_sha256.as_bytes();
    let fits = digits.len() == KEY_HASH_CHARS && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    if fits { Ok(()) } else { Err(EdgeError::KeyHash { customer_id: grant.customer_id.get() }) }
}

fn key_entry(grant: &Grant) -> String {
    let Grant { customer_id, api_key_fp, key_metadata, service, network, .. } = grant;
    format!("{},{api_key_fp},{key_metadata},{},{}", customer_id.get(), service.number(), network.number())
}

fn account_key(grant: &Grant) -> String {
    format!("{}:{}", grant.customer_id.get(), grant.service.number())
}

fn account_entry(grant: &Grant) -> String {
    format!("{},{},{}", grant.state.word(), grant.guaranteed_per_second, grant.burst_per_second)
}

fn insert(map: &mut BTreeMap<String, String>, name: &'static str, key: String, value: String) -> Result<(), EdgeError> {
    match map.get(&key) {
        Some(there) if *there != value => Err(EdgeError::Contradiction { map: name, key }),
        Some(_) => Ok(()),
        None => {
            map.insert(key, value);
            Ok(())
        }
    }
}

fn text(map: &BTreeMap<String, String>) -> String {
    map.iter().fold(String::new(), |mut text, (key, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{key} {value}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use suiftly_schema::grant::GrantState;
    use suiftly_schema::ids::{CustomerId, Network, Service};

    fn grant(customer: i64, key: u8, service: Service) -> Grant {
        Grant {
            key_sha256: format!("{key:02X}").repeat(32),
            customer_id: CustomerId::new(customer).unwrap(),
            service,
            network: Network::Mainnet,
            api_key_fp: 4_000_000_000,
            key_metadata: 10_496,
            state: GrantState::Active,
            guaranteed_per_second: 1_000,
            burst_per_second: 2_000,
        }
    }

    #[test]
    fn two_keys_of_one_account_share_its_grant() {
        let maps = Maps::render(&[
            grant(20, 0xb0, Service::Seal),
            grant(20, 0x0a, Service::Seal),
            Grant { state: GrantState::Suspended, ..grant(3, 0x77, Service::Grpc) },
        ])
        .unwrap();
        let hash = |pair: &str| pair.repeat(32);
        assert_eq!(
            maps.keys,
            format!(
                "{} 20,4000000000,10496,1,1\n{} 3,4000000000,10496,2,1\n{} 20,4000000000,10496,1,1\n",
                hash("0A"),
                hash("77"),
                hash("B0")
            )
        );
        assert_eq!(maps.grants, "20:1 active,1000,2000\n3:2 suspended,1000,2000\n");
    }

    #[test]
    fn no_grants_are_empty_maps() {
        assert_eq!(Maps::render(&[]).unwrap(), Maps::default());
    }

    #[test]
    fn what_contradicts_or_could_forge_a_line_is_refused() {
        let good = grant(1, 1, Service::Seal);
        let limits = Grant { burst_per_second: 7, ..grant(1, 2, Service::Seal) };
        let owner = grant(2, 1, Service::Seal);
        let hash = |text: &str| Grant { key_sha256: text.to_owned(), ..good.clone() };
        let cases: [(&[Grant], &str); 6] = [
            (&[good.clone(), limits], "contradict each other on 1:1 of grants.map"),
            (&[good.clone(), owner], "of keys.map"),
            (&[hash("")], "64 upper-case"),
            (&[hash(&"ab".repeat(32))], "64 upper-case"),
            (&[hash(&"AB".repeat(33))], "64 upper-case"),
            (&[hash(&format!("{}\n{}", "A".repeat(31), "B".repeat(32)))], "64 upper-case"),
        ];
        for (grants, message) in cases {
            let error = Maps::render(grants).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(picks in prop::collection::vec((0u8..40, 0usize..40), 0..60)) {
            let grants: Vec<Grant> = picks.iter().map(|&(n, _)| grant(i64::from(n / 4) + 1, n, Service::Seal)).collect();
            let mut shuffled = grants.clone();
            for (from, &(_, to)) in picks.iter().enumerate() {
                let len = shuffled.len();
                shuffled.swap(from, to % len);
            }
            shuffled.extend(grants.first().cloned());
            let maps = Maps::render(&grants).unwrap();
            prop_assert_eq!(&maps, &Maps::render(&shuffled).unwrap());
            prop_assert!(maps.keys.lines().is_sorted() && maps.grants.lines().all(|line| line.split(' ').count() == 2));
        }
    }
}
