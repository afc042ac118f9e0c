//! Demonstration customers, for `up`, tests and a first look. Never part of a migration.

#[cfg(feature = "testing")]
mod bulk;

#[cfg(feature = "testing")]
pub use bulk::{bulk_key, fill};

use crate::StoreError;
use crate::accounts::{KeyMaker, NewRow, PROCESS_GROUP, issue, key_error, random, seal_held};
use crate::codec::Timestamptz;
use crate::config::StoreConfig;
use crate::outbox::{Limits, limits};
use crate::{embedded_escrow, money, pool};
use deadpool_postgres::Transaction;
use serde_json::json;
use std::collections::BTreeMap;
use suiftly_schema::api_key::{ApiKey, KeyMetadata};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::drawn_customer;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// How often a random id, fingerprint or wallet is drawn again before seeding gives up.
const DRAWS_MAX: usize = 100;

/// A customer to be there.
#[derive(Clone, Debug)]
pub struct DemoCustomer {
    /// The name; it tells whether the customer is there already.
    pub display_name: &'static str,
    /// The services that are enabled.
    pub services: &'static [DemoService],
}

/// A service of a demo customer.
#[derive(Clone, Debug)]
pub struct DemoService {
    /// The service: one that has keys.
    pub service: Service,
    /// The tier.
    pub tier: Tier,
    /// Whether the burst add-on is booked.
    pub burst: bool,
    /// Requests per second, guaranteed and with burst, instead of the tier's.
    pub limits: Option<(u32, u32)>,
    /// One key for each: mainnet or testnet, the two that a key can name.
    pub key_networks: &'static [Network],
}

/// A key of a demo customer, in full.
#[derive(Clone, Debug)]
pub struct DemoKey {
    /// Its customer.
    pub customer_id: CustomerId,
    /// The customer's name.
    pub display_name: String,
    /// The customer's wallet: an address that nobody holds the key of, good for a mock sign-in.
    pub wallet_address: String,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// The key.
    pub key: ApiKey,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: u32,
    /// Requests per second up to which more are served.
    pub burst_per_second: u32,
}

/// How customers begin that are not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Since when they are customers, with their services and funds; `None`: from now on.
    pub since: Option<UnixMillis>,
    /// In escrow, so that a bill can be drawn from something.
    pub deposit_usd_cents: i64,
    /// What a month may cost.
    pub limit_usd_cents: i64,
}

impl Default for Opening {
    /// From now on, with $500 and the limit of new customers.
    fn default() -> Self {
        Self { since: None, deposit_usd_cents: 50_000, limit_usd_cents: 25_000 }
    }
}

const fn plain(service: Service, tier: Tier, burst: bool, key_networks: &'static [Network]) -> DemoService {
    DemoService { service, tier, burst, limits: None, key_networks }
}

/// Six customers of mixed tiers, services and networks. Mica Social's limits are low, so that a hundred or two requests
/// a second to it show burst and rejections.
pub const DEMO_CUSTOMERS: &[DemoCustomer] = &[
    DemoCustomer {
        display_name: "Nightjar Games",
        services: &[
            plain(Service::Seal, Tier::Enterprise, true, &[Network::Mainnet, Network::Testnet]),
            plain(Service::Grpc, Tier::Pro, true, &[Network::Mainnet]),
        ],
    },
    DemoCustomer {
        display_name: "Fernway",
        services: &[
            plain(Service::Seal, Tier::Pro, true, &[Network::Mainnet]),
            plain(Service::Grpc, Tier::Pro, false, &[Network::Mainnet]),
        ],
    },
    DemoCustomer {
        display_name: "Quayside",
        services: &[plain(Service::Grpc, Tier::Enterprise, true, &[Network::Mainnet, Network::Testnet])],
    },
    DemoCustomer {
        display_name: "Mica Social",
        services: &[DemoService {
            service: Service::Seal,
            tier: Tier::Pro,
            burst: true,
            limits: Some((20, 40)),
            key_networks: &[Network::Mainnet],
        }],
    },
    DemoCustomer {
        display_name: "Abacus Pay",
        services: &[plain(Service::Grpc, Tier::Pro, true, &[Network::Mainnet])],
    },
    DemoCustomer {
        display_name: "Kelpmarket",
        services: &[plain(Service::Seal, Tier::Starter, false, &[Network::Testnet])],
    },
];

/// Makes customers of these names and wallets that are not there, without services and without funds: where a chain holds
/// the funds, owners put them in themselves. [`seed`] then finds them.
pub async fn come(
    config: &StoreConfig,
    customers: &[(&'static str, String)],
    opening: &Opening,
) -> Result<(), StoreError> {
    let pool = pool::pool(config, 1)?;
    let mut client = pool::get(&pool).await?;
    let transaction = client.transaction().await.map_err(StoreError::database(SEED))?;
    run(&transaction, "LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE", &[]).await?;
    let began = match opening.since {
        Some(since) => since,
        None => now(&transaction).await?,
    };
    for (display_name, wallet) in customers {
        if find_customer(&transaction, display_name).await?.is_none() {
            add_customer(&transaction, display_name, Some(wallet), opening.limit_usd_cents, began).await?;
        }
    }
    transaction.commit().await.map_err(StoreError::database(SEED))
}

/// Makes the customers and keys that are not there, and answers every usable key of theirs in full.
///
/// The caller keeps the keys (in a file that only it can read) and hands them back as `held` the next time; the database
/// has them sealed, for their customers. A demo key that nobody holds any more is deleted and another issued in its
/// place; a held key that the database does not know, or that was made with another secret, is left out.
pub async fn seed(
    config: &StoreConfig,
    maker: KeyMaker<'_>,
    customers: &[DemoCustomer],
    held: &[ApiKey],
    opening: &Opening,
) -> Result<Vec<DemoKey>, StoreError> {
    let held: BTreeMap<String, &ApiKey> =
        held.iter().filter(|key| key.verify(maker.secret).is_ok()).map(|key| (key.sha256_hex(), key)).collect();
    let pool = pool::pool(config, 1)?;
    let mut client = pool::get(&pool).await?;
    let transaction = client.transaction().await.map_err(StoreError::database(SEED))?;
    // One seeding at a time, or a name would come twice.
    run(&transaction, "LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE", &[]).await?;
    let began = match opening.since {
        Some(since) => since,
        None => now(&transaction).await?,
    };
    let mut keys = Vec::new();
    for customer in customers {
        let customer_id = match find_customer(&transaction, customer.display_name).await? {
            Some(id) => id,
            None => make_customer(&transaction, customer.display_name, opening, began).await?,
        };
        let wallet_address = wallet(&transaction, customer_id).await?;
        for service in customer.services {
            enable(&transaction, customer_id, service, began).await?;
            let limits = limits_of(&transaction, customer_id, service.service).await?;
            let seeding = Seeding { transaction: &transaction, maker, held: &held, customer_id };
            for key in seeding.keys_of(service).await? {
                let network = key.verify(maker.secret).map_err(|error| key_error(&error))?.metadata.network();
                keys.push(DemoKey {
                    customer_id,
                    display_name: customer.display_name.to_owned(),
                    wallet_address: wallet_address.clone(),
                    service: service.service,
                    network,
                    key,
                    guaranteed_per_second: limits.guaranteed,
                    burst_per_second: limits.burst,
                });
            }
        }
    }
    transaction.commit().await.map_err(StoreError::database(SEED))?;
    Ok(keys)
}

const SEED: &str = "seed demo customers";

async fn find_customer(transaction: &Transaction<'_>, display_name: &str) -> Result<Option<CustomerId>, StoreError> {
    let select = "SELECT id FROM customers WHERE display_name = $1 AND billing_profile @> '{\"demo\": true}'";
    let rows = query(transaction, select, &[&display_name]).await?;
    rows.first().map(|row| crate::codec::known_customer(row.get(0))).transpose()
}

async fn wallet(transaction: &Transaction<'_>, customer: CustomerId) -> Result<String, StoreError> {
    let rows = query(transaction, "SELECT wallet_address FROM customers WHERE id = $1", &[&customer.get()]).await?;
    Ok(rows.first().map(|row| row.get(0)).unwrap_or_default())
}

/// Funds are deposited, in the embedded escrow.
async fn make_customer(
    transaction: &Transaction<'_>,
    display_name: &str,
    opening: &Opening,
    began: UnixMillis,
) -> Result<CustomerId, StoreError> {
    let Opening { deposit_usd_cents, limit_usd_cents, .. } = *opening;
    let (id, wallet) = add_customer(transaction, display_name, None, limit_usd_cents, began).await?;
    let event = embedded_escrow::plant(transaction, &wallet, limit_usd_cents, deposit_usd_cents, began).await?;
    money::mirror_planted(transaction, &event, began).await?;
    Ok(id)
}

/// Draws ids until one is free; and a wallet each time, unless there is one.
async fn add_customer(
    transaction: &Transaction<'_>,
    display_name: &str,
    wallet: Option<&str>,
    limit_usd_cents: i64,
    began: UnixMillis,
) -> Result<(CustomerId, String), StoreError> {
    let insert = "INSERT INTO customers (id, display_name, wallet_address, billing_profile, max_monthly_usd_cents, \
        current_month_start, created_at) \
        VALUES ($1, $2, $3, $4, $5, date_trunc('month', $6::timestamptz AT TIME ZONE 'UTC')::date, $6) ON CONFLICT DO NOTHING";
    for _ in 0..DRAWS_MAX {
        let Some(id) = drawn_customer(u32::from_be_bytes(random()?)) else { continue };
        let wallet = match wallet {
            Some(wallet) => wallet.to_owned(),
            None => format!("0x{}", data_encoding::HEXLOWER.encode(&random::<32>()?)),
        };
        let profile = Json(json!({"demo": true}));
        let row: [Parameter<'_>; 6] =
            [&id.get(), &display_name, &wallet, &profile, &limit_usd_cents, &Timestamptz(began)];
        if run(transaction, insert, &row).await? == 1 {
            return Ok((id, wallet));
        }
    }
    Err(StoreError::Key { cause: format!("no free customer id in {DRAWS_MAX} draws") })
}

/// Ordered as a customer would, and so charged for; a service that is there stays as it is.
async fn enable(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: &DemoService,
    began: UnixMillis,
) -> Result<(), StoreError> {
    let mut config = json!({});
    if let Some((guaranteed, burst)) = service.limits {
        config["guaranteed_per_second"] = guaranteed.into();
        config["burst_per_second"] = burst.into();
    }
    let insert = "INSERT INTO service_instances (customer_id, service_type, tier, config) \
        VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let number = i16::from(service.service.number());
    let tier = service.tier.word();
    if run(transaction, insert, &[&customer.get(), &number, &tier, &Json(config)]).await? == 0 {
        return Ok(());
    }
    let order = Order::Enable(Subscription { burst: service.burst, ..Subscription::of(service.tier) });
    let ordered = money::order_within(transaction, customer, service.service, &order, None, began).await?;
    ordered.map(|_| ()).map_err(|refused| StoreError::Unfit { attempted: SEED, cause: refused.to_string() })
}

/// What its tier allows, or its configuration says.
async fn limits_of(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    service: Service,
) -> Result<Limits, StoreError> {
    let select = "SELECT tier, config FROM service_instances WHERE customer_id = $1 AND service_type = $2";
    let rows = query(transaction, select, &[&customer.get(), &i16::from(service.number())]).await?;
    let row = rows.first().ok_or_else(|| StoreError::Row { what: "a service", cause: "it has gone".to_owned() })?;
    let config: Json<serde_json::Value> =
        row.try_get(1).map_err(|error| StoreError::Row { what: "a service's config", cause: error.to_string() })?;
    Ok(limits(row.get(0), &config.0))
}

async fn now(transaction: &Transaction<'_>) -> Result<UnixMillis, StoreError> {
    let row = query(transaction, "SELECT now()", &[]).await?;
    Ok(row.first().map(|row| row.get::<_, Timestamptz>(0).0).unwrap_or_default())
}

struct Seeding<'a> {
    transaction: &'a Transaction<'a>,
    maker: KeyMaker<'a>,
    held: &'a BTreeMap<String, &'a ApiKey>,
    customer_id: CustomerId,
}

impl Seeding<'_> {
    /// One usable key for each of the service's networks.
    async fn keys_of(&self, service: &DemoService) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = Vec::new();
        for &network in service.key_networks {
            let key = match self.held_key(service.service, network).await? {
                Some(key) => key,
                None => self.issue(service.service, network).await?,
            };
            keys.push(key);
        }
        Ok(keys)
    }

    /// The active key that the caller holds. Active keys that it does not hold are deleted: nobody can use them.
    async fn held_key(&self, service: Service, network: Network) -> Result<Option<ApiKey>, StoreError> {
        let select = "SELECT key_sha256 FROM api_keys \
            WHERE customer_id = $1 AND service_type = $2 AND network = $3 AND state = 'active' ORDER BY id";
        let delete =
            "UPDATE api_keys SET state = 'deleted', deleted_at = now(), sealed_key = NULL WHERE key_sha256 = $1";
        let (service, network) = (i16::from(service.number()), i16::from(network.number()));
        let mut found = None;
        for row in query(self.transaction, select, &[&self.customer_id.get(), &service, &network]).await? {
            let sha256: String = row.get(0);
            match self.held.get(&sha256) {
                Some(key) => {
                    seal_held(self.transaction, self.maker, self.customer_id, key).await?;
                    found = Some((*key).clone());
                }
                None => _ = run(self.transaction, delete, &[&sha256]).await?,
            }
        }
        Ok(found)
    }

    async fn issue(&self, service: Service, network: Network) -> Result<ApiKey, StoreError> {
        let metadata = KeyMetadata::new(network, true, false, PROCESS_GROUP);
        let at = now(self.transaction).await?;
        let row = NewRow { customer: self.customer_id, service, metadata, name: "Demo", replaces: None, at };
        issue(self.transaction, self.maker, &row).await.map(|issued| issued.key)
    }
}

type Parameter<'a> = &'a (dyn tokio_postgres::types::ToSql + Sync);

async fn run(transaction: &Transaction<'_>, statement: &str, parameters: &[Parameter<'_>]) -> Result<u64, StoreError> {
    transaction.execute(statement, parameters).await.map_err(StoreError::database(SEED))
}

async fn query(
    transaction: &Transaction<'_>,
    statement: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, StoreError> {
    transaction.query(statement, parameters).await.map_err(StoreError::database(SEED))
}
