//! What a customer has: services, API keys, seal keys and packages. Over connections that see their own rows alone.

mod keys;
mod overlap;
mod reseal;
mod seal_keys;
mod services;

use serde_json::Value;
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::subscription::{Order, Subscription, Tier};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{
    AccountStore, Act, Activity, ActivityQuery, Actor, IssuedKey, KeyMaker, KeyRefused, NewKey,
};
use suiftly_store::testing::{Client, TestDatabase};

/// A Sunday: nine days of thirty are left, today included, so that a starter tier costs $6 and a pro $12.
const NOW: &str = "2026-11-22T10:00:00Z";
const STARTER_CENTS: i64 = 600;

struct Desk {
    database: TestDatabase,
    store: AccountStore,
    client: Client,
    secret: ApiKeySecret,
    at_rest: Keyring,
}

fn now() -> UnixMillis {
    UnixMillis::parse_rfc3339(NOW).unwrap()
}

fn after_s(seconds: i64) -> Act {
    let actor = Actor::Customer { session: "5".repeat(32) };
    Act { actor, address: Some([192, 0, 2, 9].into()), at: now().plus_ms(seconds * 1000) }
}

fn act() -> Act {
    after_s(0)
}

fn key(service: Service, name: &str) -> NewKey {
    NewKey { service, network: Network::Mainnet, name: name.to_owned() }
}

fn pro() -> Subscription {
    Subscription::of(Tier::Pro)
}

impl Desk {
    async fn open() -> Self {
        let database = TestDatabase::create().await;
        let store = AccountStore::new(database.config()).unwrap();
        let client = database.client().await;
        let at_rest = Keyring::of(vec![(1, [9; 32])]).unwrap();
        Self { database, store, client, secret: ApiKeySecret::new([7; 32]), at_rest }
    }

    async fn customer(&self, id: i64, balance_cents: i64) -> CustomerId {
        let insert = "INSERT INTO customers (id, display_name, wallet_address, current_balance_usd_cents, \
            max_monthly_usd_cents, current_month_start) VALUES ($1, 'C', $2, $3, 0, '2026-11-01')";
        self.client.execute(insert, &[&id, &format!("0x{id:064x}"), &balance_cents]).await.unwrap();
        let opening = "INSERT INTO ledger (customer_id, kind, debit, credit, amount_micro_usd, reference, posted_at) \
            VALUES ($1, 'opening', 'custody', 'escrow', $2, $3, now())";
        self.client.execute(opening, &[&id, &(balance_cents * 10_000), &format!("opening:{id}")]).await.unwrap();
        CustomerId::new(id).unwrap()
    }

    /// With these services, as ordered.
    async fn subscriber(&self, id: i64, services: &[(Service, Subscription)]) -> CustomerId {
        let customer = self.customer(id, 1_000_000).await;
        for (service, subscription) in services {
            let order = Order::Enable(*subscription);
            self.store.order_service(customer, *service, &order, None, &act()).await.unwrap().unwrap();
        }
        customer
    }

    fn maker(&self) -> KeyMaker<'_> {
        KeyMaker { secret: &self.secret, at_rest: &self.at_rest }
    }

    async fn create(&self, customer: CustomerId, new: &NewKey, at_s: i64) -> Result<IssuedKey, KeyRefused> {
        self.store.create_key(customer, self.maker(), new, &after_s(at_s)).await.unwrap()
    }

    /// The first column of each row, as text.
    async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.client.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
    }

    async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    /// Forgets what gateways were told.
    async fn forget_outbox(&self) {
        self.client.batch_execute("DELETE FROM outbox").await.unwrap();
    }

    /// What they were told since, in order.
    async fn told(&self) -> Vec<Value> {
        let rows =
            self.client.query("SELECT entity || jsonb_build_object('kind', kind) FROM outbox ORDER BY seq", &[]).await;
        rows.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The customer's log, the oldest first.
    async fn activity(&self, customer: CustomerId) -> Vec<Activity> {
        let query = ActivityQuery { customer: Some(customer), limit: 200, ..ActivityQuery::default() };
        let mut activity = self.store.activity(&query).await.unwrap();
        activity.reverse();
        activity
    }

    async fn actions(&self, customer: CustomerId) -> Vec<String> {
        self.activity(customer).await.into_iter().map(|activity| activity.action).collect()
    }
}
