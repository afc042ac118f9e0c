//! Spend and vault of the model: states that change with every epoch, and grants that come, change and go.

use std::collections::BTreeMap;
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::{SpendState, Used};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::view::{AccessGrant, KeyGrant, Spend};

/// Keys and accesses that come and go.
const NAMES: u64 = 3;

/// What is granted now, and each customer's last state.
#[derive(Default)]
pub(crate) struct Accounts {
    pub(crate) spend: BTreeMap<CustomerId, (Spend, UnixMillis)>,
    pub(crate) keys: BTreeMap<String, KeyGrant>,
    pub(crate) access: BTreeMap<CustomerId, AccessGrant>,
}

fn customer(number: u64) -> CustomerId {
    CustomerId::new(i64::try_from(number % NAMES + 1).unwrap()).unwrap()
}

fn state(epoch: Epoch) -> SpendState {
    SpendState::ALL[usize::try_from(epoch % 5).unwrap()]
}

impl Accounts {
    pub(crate) fn spend(&mut self, epoch: Epoch, now: UnixMillis) -> Vec<(CustomerId, Spend)> {
        let amount = |n: i64| MicroUsd(n * epoch.cast_signed());
        let used = Used { rated_this_month: amount(3), rated_in_all: amount(5) };
        let spend = Spend { state: state(epoch), month: now.month(), used };
        self.spend.insert(customer(epoch / 2), (spend, now));
        vec![(customer(epoch / 2), spend)]
    }

    /// One of the keys comes; or it changes; or it goes.
    pub(crate) fn key_grants(&mut self, epoch: Epoch) -> Vec<(KeyGrant, i8)> {
        let name = format!("{:064X}", epoch % NAMES);
        let grant = |state| KeyGrant {
            key_sha256: name.clone(),
            customer_id: customer(epoch % NAMES),
            service: Service::Grpc,
            network: Network::Testnet,
            api_key_fp: u32::MAX,
            key_metadata: u16::MAX,
            state,
        };
        match self.keys.get(&name).cloned() {
            None => {
                self.keys.insert(name.clone(), grant(KeyLife::Active));
                vec![(grant(KeyLife::Active), 1)]
            }
            Some(former) if former.state == KeyLife::Active => {
                self.keys.insert(name.clone(), grant(KeyLife::Revoked));
                vec![(grant(KeyLife::Revoked), 1), (former, -1)]
            }
            Some(former) => {
                self.keys.remove(&name);
                vec![(former, -1)]
            }
        }
    }

    /// Likewise.
    pub(crate) fn access_grants(&mut self, epoch: Epoch) -> Vec<(AccessGrant, i8)> {
        let customer_id = customer(epoch);
        let gone = self.access.remove(&customer_id);
        let mut deltas: Vec<_> = gone.into_iter().map(|grant| (grant, -1)).collect();
        if !epoch.is_multiple_of(4) {
            let grant = AccessGrant {
                customer_id,
                service: Service::Seal,
                is_enabled: epoch.is_multiple_of(2),
                state: state(epoch),
                guaranteed_per_second: u32::MAX - 1,
                burst_per_second: u32::MAX,
                allowlist: (0..epoch % 3).map(|n| format!("192.0.2.{n}/32")).collect(),
            };
            self.access.insert(customer_id, grant.clone());
            deltas.push((grant, 1));
        }
        deltas
    }
}
