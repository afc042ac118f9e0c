//! The operators' API over a real PostgreSQL, with an operator of each role and a customer to act on.

use crate::house::{House, request};
use crate::world::{Answered, World, accounts, send};
use axum::Router;
use axum::http::{Method, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use suiftly_api::{Accounts, Clock, Rate, operator_token, operator_token_sha256};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_settlement::{ManagerClock, Settlement};
use suiftly_store::accounts::{Act, Actor, OperatorRole};
use suiftly_store::config::StoreConfig;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::Reader;
use suiftly_store::testing::TestDatabase;

/// Which journal the quarantine is of.
pub(crate) const JOURNAL: &str = "office";
/// The customer that there is.
pub(crate) const CUSTOMER: i64 = 12_345;

/// The operators' side of a house.
pub(crate) struct Office {
    pub(crate) house: House,
    pub(crate) router: Router,
    /// What the manager goes by: the machine's clock, which tests move.
    pub(crate) clock: Arc<ManagerClock>,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let clock = Arc::new(ManagerClock::default());
        let database = TestDatabase::create().await;
        let mut world = World::roomy();
        furnish(&mut world, database.config(), &clock);
        let (router, client) = (world.router(), database.client().await);
        let house = House { router: world.customer_router(), world, client, database };
        let office = Self { house, router, clock };
        for role in OperatorRole::ALL {
            office.employ(role.word(), role).await;
        }
        office
    }

    /// Adds an operator; [`token`] knows their token.
    pub(crate) async fn employ(&self, name: &str, role: OperatorRole) {
        let act = Act { actor: Actor::System { part: "test" }, address: None, at: self.house.world.clock.now() };
        self.accounts().store.put_operator(name, role, &operator_token_sha256(&token(name)), &act).await.unwrap();
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        self.house.world.accounts.as_ref().unwrap()
    }

    /// Asks as an operator; `path` is below `/api/v1`.
    pub(crate) async fn ask(&self, name: &str, method: Method, path: &str, body: Option<Value>) -> Answered {
        let bearer = format!("Bearer {}", token(name));
        send(&self.router, request(method, path, body, &[("authorization", &bearer)])).await
    }

    /// A successful answer to a viewer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answered = self.ask("viewer", Method::GET, path, None).await;
        assert_eq!(answered.status, StatusCode::OK, "{path}: {}", answered.body);
        answered.json()
    }

    /// A successful answer to an admin's write.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let answered = self.ask("admin", Method::POST, path, Some(body)).await;
        assert!(answered.status.is_success(), "{path}: {} {}", answered.status, answered.body);
        answered.json()
    }

    /// What a refused write of an admin is answered with.
    pub(crate) async fn refused(&self, method: Method, path: &str, body: Option<Value>) -> (u16, String) {
        let answered = self.ask("admin", method, path, body).await;
        (answered.status.as_u16(), answered.problem())
    }

    /// Runs SQL as the owner of the tables.
    pub(crate) async fn run(&self, sql: &str) {
        self.house.client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Everything that a page after page answers, two items a page.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Value> {
        let between = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{between}limit=2{cursor}")).await;
            let found = page["items"].as_array().unwrap();
            assert!(found.len() <= 2, "{path}: {page}");
            items.extend(found.iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { return items };
            assert_eq!(found.len(), 2, "a page with another after it is full: {path}");
            cursor = format!("&cursor={next}");
        }
    }

    /// A customer with one service, one active key and one open session.
    pub(crate) async fn customer(&self, id: i64, name: &str) {
        let wallet = format!("0x{id:064x}");
        self.run(&format!(
            "INSERT INTO customers (id, display_name, alert_email, wallet_address, current_balance_usd_cents) \
                VALUES ({id}, '{name}', 'ops{id}@example.com', '{wallet}', 5000); \
             INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, enabled_at) \
                VALUES ({id}, 1, 'pro', true, '2026-11-01T00:00:00Z'); \
             INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata) \
                VALUES ({id}, 1, 1, {id}, 'FF' || lpad(upper(to_hex({id})), 62, '0'), 'SAECAGBC', 8192); \
             INSERT INTO sessions (id, customer_id, created_at, last_used_at, expires_at, address, refresh_sha256, rotated_at) \
                VALUES (md5('{id}'), {id}, '2026-11-01T00:00:00Z', '2026-11-01T00:00:00Z', '2100-01-01T00:00:00Z', \
                    '192.0.2.7', repeat(md5('{id}'), 2), '2026-11-01T00:00:00Z')"
        ))
        .await;
    }

    /// A number out of the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.house.count(sql).await
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.accounts().settlement.now()
    }
}

/// An operator's token.
pub(crate) fn token(name: &str) -> String {
    let mut bytes = [b'.'; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    operator_token(bytes)
}

fn furnish(world: &mut World, database: &StoreConfig, clock: &Arc<ManagerClock>) {
    let escrow = Arc::new(EmbeddedEscrow::new(database).unwrap());
    let settlement = Settlement::new(MoneyStore::new(database).unwrap(), escrow, Arc::clone(clock) as _);
    let accounts = Accounts { settlement, ..accounts(database) };
    world.operators = Some(Arc::new(accounts.store.clone()));
    world.accounts = Some(accounts);
    world.quarantine = Some(Arc::new(Reader::new(database, JOURNAL).unwrap()));
    world.pipeline.change(|live| live.quarantine.is_open = true);
    // The clock stands still: nobody's allowance would ever be filled up again.
    world.config.limits.address = Rate { per_second: 0, ..world.config.limits.address };
    world.config.limits.failed_attempts = 10_000;
}
