//! The canaries, as the API has them: what gateways' own synthetic requests are made with, and whether they come through.
//!
//! ```text
//! keys ─Hello─▶ edge ─request─▶ gateway ─line─▶ usage ─deltas─▶ watch ─▶ notification, fleet, metric
//! rows ─grant set─────────────▶    ▲               reports ─────▶
//! ```
//!
//! A canary's key is an ordinary one, of a customer that stands for the gateway's server: it has no account and no bill,
//! and the database knows neither it nor its key. Keys are derived, so that they are the same after a restart. All that
//! can be had by one who takes a key from an edge is a few requests a second, in the sight of the watch.

mod running;
mod watch;

pub(crate) use running::run;
pub use watch::{Alarm, CanaryStand, CanaryWatch, Incident, SILENT_MS};

use std::collections::BTreeMap;
use suiftly_schema::api_key::{ApiKey, ApiKeySecret, KeyClaims, KeyMetadata};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::vault::{KeyOfCanary, canary_customer};
use suiftly_schema::view::{AccessGrant, KeyGrant};

/// Requests per second that each gateway lets a canary make with a service.
pub const PER_SECOND: u32 = 10;

const SERVICES: [Service; 3] = [Service::Seal, Service::Grpc, Service::Graphql];
const NETWORKS: [Network; 2] = [Network::Mainnet, Network::Testnet];
/// The process group that keys of ours say.
const PROCESS_GROUP: u8 = 1;

/// A key for each of these servers, service and network. The same servers give the same keys, whoever asks.
pub fn keys(secret: &ApiKeySecret, servers: &[i16]) -> Vec<KeyOfCanary> {
    let each =
        servers.iter().flat_map(|server| SERVICES.map(|service| NETWORKS.map(|network| (server, service, network))));
    each.flatten().filter_map(|(server, service, network)| key_of(secret, *server, service, network)).collect()
}

/// `None` for what is no server.
fn key_of(secret: &ApiKeySecret, server_id: i16, service: Service, network: Network) -> Option<KeyOfCanary> {
    let customer_id = canary_customer(server_id)?;
    let claims = KeyClaims { service, metadata: KeyMetadata::new(network, true, false, PROCESS_GROUP), customer_id };
    let label = format!("canary:{server_id}:{}:{}", service.word(), network.word());
    let key = ApiKey::derive(secret, claims, &label).expect("a key can be made for these services and 31 bits");
    Some(KeyOfCanary { server_id, service, network, key: key.reveal().to_owned() })
}

/// What the grant set has of canaries: to be given all keys that there are, of every edge, since a region's limits are
/// shared by its gateways.
pub fn rows(keys: &[KeyOfCanary]) -> (Vec<KeyGrant>, Vec<AccessGrant>) {
    let mut access = BTreeMap::new();
    let grants = keys.iter().filter_map(|of| {
        let customer_id = canary_customer(of.server_id)?;
        access.entry((customer_id, of.service)).or_insert_with(|| access_of(keys, of, customer_id));
        grant_of(of, customer_id)
    });
    let grants = grants.collect();
    (grants, access.into_values().collect())
}

fn grant_of(of: &KeyOfCanary, customer_id: CustomerId) -> Option<KeyGrant> {
    let key = ApiKey::parse(&of.key).ok()?;
    Some(KeyGrant {
        key_sha256: key.sha256_hex(),
        customer_id,
        service: of.service,
        network: of.network,
        api_key_fp: key.fingerprint(),
        key_metadata: KeyMetadata::new(of.network, true, false, PROCESS_GROUP).bits(),
        state: KeyLife::Active,
    })
}

fn access_of(keys: &[KeyOfCanary], of: &KeyOfCanary, customer_id: CustomerId) -> AccessGrant {
    let limit = PER_SECOND.saturating_mul(gateways_of_region(keys, of.server_id));
    AccessGrant {
        customer_id,
        service: of.service,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: limit,
        burst_per_second: limit,
        allowlist: Vec::new(),
    }
}

/// How many of the servers are in this one's region.
fn gateways_of_region(keys: &[KeyOfCanary], server_id: i16) -> u32 {
    let mut servers: Vec<_> = keys.iter().map(|of| of.server_id).filter(|id| id >> 4 == server_id >> 4).collect();
    servers.sort_unstable();
    servers.dedup();
    u32::try_from(servers.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use suiftly_schema::vault::canary_server;

    const SECRET: ApiKeySecret = ApiKeySecret::new([7; 32]);

    #[test]
    fn keys_are_the_same_each_time_and_of_the_servers_customer() {
        let made = keys(&SECRET, &[17, 18, 33]);
        assert_eq!(made, keys(&SECRET, &[17, 18, 33]));
        assert_eq!(made.len(), 3 * SERVICES.len() * NETWORKS.len());
        assert_eq!(made[..6], keys(&SECRET, &[17]), "whoever else is expected");
        for of in &made {
            let claims = ApiKey::parse(&of.key).unwrap().verify(&SECRET).unwrap();
            assert_eq!((claims.service, claims.metadata.network()), (of.service, of.network));
            assert_eq!(canary_server(claims.customer_id), Some(of.server_id));
        }
        assert!(keys(&SECRET, &[-1]).is_empty());
        assert!(!format!("{made:?}").contains(&made[0].key), "never shown");
    }

    #[test]
    fn rows_are_active_and_each_gateways_share_is_ten_a_second() {
        let made = keys(&SECRET, &[17, 18, 33]);
        let (grants, access) = rows(&made);
        assert_eq!((grants.len(), access.len()), (18, 9));
        for (grant, of) in grants.iter().zip(&made) {
            let key = ApiKey::parse(&of.key).unwrap();
            assert_eq!((&grant.key_sha256, grant.api_key_fp), (&key.sha256_hex(), key.fingerprint()));
            assert_eq!((grant.service, grant.network, grant.state), (of.service, of.network, KeyLife::Active));
            assert_eq!(grant.key_metadata, key.verify(&SECRET).unwrap().metadata.bits());
        }
        for grant in &access {
            let gateways = if canary_server(grant.customer_id) == Some(33) { 1 } else { 2 };
            assert_eq!(grant.guaranteed_per_second, PER_SECOND * gateways, "{grant:?}");
            assert!(grant.is_enabled && grant.state == SpendState::Active && grant.allowlist.is_empty());
        }
        let distinct: std::collections::BTreeSet<_> =
            grants.iter().map(|grant| (grant.customer_id, grant.api_key_fp)).collect();
        assert_eq!(distinct.len(), grants.len());
    }
}
