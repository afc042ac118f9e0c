//! What people do to customers, services and keys while lines flow, and what must follow from it in the end.

use super::below;
use std::collections::BTreeMap;
use suiftly_ingest::simulate::Random;
use suiftly_store::testing::{Client, TestDatabase};

/// The customers that the lines name, and who changes them.
pub(super) struct People {
    client: Client,
    ids: Vec<i64>,
    keys_made: i64,
}

impl People {
    pub(super) async fn new(database: &TestDatabase, mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self { client: database.client().await, ids, keys_made: 0 }
    }

    /// One transaction of one to three changes; now and then it is rolled back.
    pub(super) async fn change(&mut self, random: &mut Random) {
        self.run("BEGIN").await;
        for _ in 0..1 + below(random, 3) {
            let statement = self.statement(random);
            self.run(&statement).await;
        }
        self.run(if below(random, 8) == 0 { "ROLLBACK" } else { "COMMIT" }).await;
    }

    async fn run(&self, statement: &str) {
        self.client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }

    fn statement(&mut self, random: &mut Random) -> String {
        let id = self.ids[below(random, self.ids.len())];
        let service = 1 + below(random, 2);
        let tier = ["starter", "pro", "enterprise"][below(random, 3)];
        let cents = [0, 1, 2, 50_000][below(random, 4)];
        match below(random, 6) {
            0 => {
                let status = ["active", "active", "suspended", "closed"][below(random, 4)];
                format!("UPDATE customers SET status = '{status}' WHERE id = {id}")
            }
            1 => format!("UPDATE customers SET current_balance_usd_cents = {cents} WHERE id = {id}"),
            2 => {
                let burst = below(random, 2) == 0;
                format!(
                    "UPDATE service_instances SET tier = '{tier}', config = '{{\"burst\": {burst}}}' \
                     WHERE customer_id = {id} AND service_type = {service}"
                )
            }
            3 => {
                let state =
                    ["revoked', revoked_at = now()", "active'", "deleted', deleted_at = now()"][below(random, 3)];
                format!("UPDATE api_keys SET state = '{state} WHERE customer_id = {id} AND state <> 'deleted'")
            }
            _ => self.come(id, service, tier, cents),
        }
    }

    /// A customer, service and key that may be there already.
    fn come(&mut self, id: i64, service: usize, tier: &str, cents: i64) -> String {
        self.keys_made += 1;
        let key = self.keys_made;
        format!(
            "INSERT INTO customers (id, display_name, wallet_address, current_balance_usd_cents) \
             VALUES ({id}, 'c', '0x{id:064x}', {cents}) ON CONFLICT DO NOTHING; \
             INSERT INTO service_instances (customer_id, service_type, tier, is_enabled, enabled_at) \
             VALUES ({id}, {service}, '{tier}', true, now()) ON CONFLICT DO NOTHING; \
             INSERT INTO api_keys (customer_id, service_type, network, api_key_fp, key_sha256, key_prefix, key_metadata) \
             VALUES ({id}, {service}, 0, {key}, '{key:064X}', 'prefix00', 0)"
        )
    }
}

/// Everything told has arrived, and the views are what the customers' rows and what was rated make of them.
pub(super) async fn check(database: &TestDatabase) {
    let client = database.client().await;
    let query = async |sql: &str| client.query(sql, &[]).await.unwrap();
    assert!(query("SELECT seq FROM outbox").await.is_empty(), "what has arrived has left the outbox");

    let mut states = BTreeMap::<i64, String>::new();
    let customers = "SELECT id, status, current_balance_usd_cents, \
        (SELECT coalesce(sum(rated_micro_usd), 0)::bigint FROM rated WHERE customer_id = id) FROM customers";
    for row in query(customers).await {
        let (status, cents, rated): (&str, i64, i64) = (row.get(1), row.get(2), row.get(3));
        let state = match status {
            "active" if rated >= cents * 10_000 => "insufficient_balance",
            other => other,
        };
        states.insert(row.get(0), state.to_owned());
    }
    let spend = query("SELECT customer_id, state FROM spend").await;
    let spend: BTreeMap<i64, String> = spend.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(spend, states);
    assert!(!states.is_empty(), "a run without customers tries little");

    let keys = "SELECT key_sha256, customer_id, service_type, network, api_key_fp, key_metadata, state FROM";
    let differ = format!(
        "({keys} vault_keys EXCEPT {keys} api_keys WHERE state <> 'deleted') UNION ALL \
         ({keys} api_keys WHERE state <> 'deleted' EXCEPT {keys} vault_keys)"
    );
    assert_eq!(query(&differ).await.len(), 0, "keys in the vault");

    let mut access = BTreeMap::new();
    for row in
        query("SELECT customer_id, service_type, tier, is_enabled, config ->> 'burst' FROM service_instances").await
    {
        let (customer, service, tier): (i64, i16, &str) = (row.get(0), row.get(1), row.get(2));
        let guaranteed: i64 = match tier {
            "starter" => 500,
            "pro" => 1_000,
            _ => 5_000,
        };
        let has_burst = tier != "starter" && row.get::<_, Option<&str>>(4) == Some("true");
        let burst = if has_burst { 2 * guaranteed } else { guaranteed };
        let is_enabled: bool = row.get(3);
        access.insert((customer, service), (is_enabled, states[&customer].clone(), guaranteed, burst));
    }
    let granted = "SELECT customer_id, service_type, is_enabled, state, guaranteed_per_second, burst_per_second \
        FROM vault_access";
    let granted: BTreeMap<(i64, i16), (bool, String, i64, i64)> = query(granted)
        .await
        .iter()
        .map(|row| ((row.get(0), row.get(1)), (row.get(2), row.get(3), row.get(4), row.get(5))))
        .collect();
    assert_eq!(granted, access);
}
