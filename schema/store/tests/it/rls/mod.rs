//! Row-level security: a connection that acts for a customer sees, writes and removes that customer's rows alone, whatever
//! a statement asks for. Which tables that is of is read out of the catalogue, so that a new one cannot be forgotten.

mod planted;

use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_store::accounts::{AccountStore, Act, ActivityQuery, Actor};
use suiftly_store::money::{ClosureRefused, MoneyStore, NoticeQuery};
use suiftly_store::reader::{Bucket, Filter, KeyQuery, Reader, TimeRange, UsageQuery};
use suiftly_store::testing::{Client, TestDatabase, connect, on_each_store};
use tokio_postgres::SimpleQueryMessage;

const ANNE: i64 = 1;
const BOB: i64 = 2;

/// Tables of customers' rows that have no policy, each with its reason.
const WITHOUT_POLICY: &[(&str, &str)] = &[
    ("haproxy_raw_logs", "COPY refuses tables that have one; read by customer and hour alone"),
    ("haproxy_raw_logs_late", "as above: what came for hours that are compressed"),
    ("vault_keys", "follows the journal; read by the grant set alone, for gateways"),
    ("vault_access", "as above"),
    ("used_refresh_tokens", "hashes alone; looked up before anybody is known"),
    ("invoice_inputs", "reached by its invoice alone, which has one"),
    ("delivery_progress", "a number, of everybody's notifications"),
];

/// Tables of rows about customers that are operators' alone: who acts for a customer sees none of them.
const OF_OPERATORS: &[&str] = &["customer_notes"];

/// Tables with a customer's id in them, or with a reference to a table that has one; and whether they have the policy.
const CATALOGUE: &str = "WITH relation AS ( \
        SELECT oid, relname::text AS name, relrowsecurity AND EXISTS ( \
            SELECT FROM pg_policy WHERE polrelid = pg_class.oid) AS has_policy, \
            relname = 'customers' OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid \
                AND attname = 'customer_id' AND NOT attisdropped) AS is_of_customer \
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition) \
    SELECT name, has_policy FROM relation AS r WHERE is_of_customer OR EXISTS ( \
        SELECT FROM pg_constraint JOIN relation AS other ON other.oid = confrelid \
        WHERE conrelid = r.oid AND contype = 'f' AND other.is_of_customer) ORDER BY 1";

async fn catalogue(client: &Client) -> BTreeMap<String, bool> {
    client.query(CATALOGUE, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Under the policy there are so many tables at least.
const GUARDED_MIN: usize = 25;

/// Tables under the policy.
async fn guarded(client: &Client) -> BTreeSet<String> {
    let all = catalogue(client).await.into_iter();
    let guarded = all.filter(|(name, has_policy)| *has_policy && !OF_OPERATORS.contains(&name.as_str()));
    let guarded: BTreeSet<_> = guarded.map(|(name, _)| name).collect();
    assert!(guarded.len() >= GUARDED_MIN, "{guarded:?}");
    guarded
}

/// Two customers with a row of everything.
async fn plant(database: &TestDatabase) -> Client {
    let client = database.client().await;
    let make = "SELECT suiftly_ensure_partitions(t, '2026-11-22 00:00Z', '2026-11-23 00:00Z') \
        FROM unnest(ARRAY['usage_per_minute', 'usage_per_hour']) AS t \
        WHERE EXISTS (SELECT FROM pg_class WHERE relname = t AND relkind = 'p')";
    client.batch_execute(make).await.unwrap();
    let book = "INSERT INTO price_books (version, effective_from, book) VALUES (1, '1970-01-01Z', '{\"version\": 1}') \
        ON CONFLICT DO NOTHING";
    client.batch_execute(book).await.unwrap();
    for id in [ANNE, BOB] {
        for (table, statement) in planted::statements(id) {
            client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{table}: {error:?}"));
        }
    }
    client
}

/// As the API has them: the role that runs, scoped; of a customer, if one is named.
async fn scoped(database: &TestDatabase, customer: Option<i64>) -> Client {
    let client = connect(database.config()).await;
    client.batch_execute("SET suiftly.scope = 'customer'").await.unwrap();
    if let Some(customer) = customer {
        client.batch_execute(&format!("SET suiftly.customer_id = '{customer}'")).await.unwrap();
    }
    client
}

async fn count(client: &Client, table: &str, condition: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

fn key(table: &str) -> &'static str {
    if table == "customers" { "id" } else { "customer_id" }
}

/// Every row of a table, as the owner has it.
async fn contents(client: &Client, table: &str) -> Vec<String> {
    let sql = format!("SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY 1");
    client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// What a statement of one table changes: the rows it says, or none where it fails.
async fn changed(client: &Client, statement: &str) -> u64 {
    let done = client.simple_query(statement).await.unwrap_or_default();
    done.iter().map(|message| if let SimpleQueryMessage::CommandComplete(rows) = message { *rows } else { 0 }).sum()
}

#[tokio::test]
async fn every_table_of_customers_has_the_policy_or_a_reason() {
    on_each_store(async |database| {
        let found = catalogue(&database.client().await).await;
        let excepted: BTreeMap<_, _> = WITHOUT_POLICY.iter().copied().collect();
        for (table, has_policy) in &found {
            let is_excepted = excepted.contains_key(table.as_str());
            assert!(*has_policy != is_excepted, "{table}: a policy is {has_policy}, an exception {is_excepted}");
        }
        assert!(found.values().filter(|has_policy| **has_policy).count() >= GUARDED_MIN, "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn who_acts_for_a_customer_sees_that_customers_rows_alone() {
    on_each_store(async |database| {
        let owner = plant(database).await;
        let (nobody, anne) = (scoped(database, None).await, scoped(database, Some(ANNE)).await);
        let stranger = scoped(database, Some(99)).await;
        for table in guarded(&owner).await {
            let key = key(&table);
            assert!(count(&owner, &table, &format!("{key} = {BOB}")).await > 0, "{table}: plant a row of it");
            assert_eq!(count(&nobody, &table, "true").await, 0, "{table}: nobody is named");
            assert_eq!(count(&stranger, &table, "true").await, 0, "{table}: of somebody else");
            assert!(count(&anne, &table, &format!("{key} = {ANNE}")).await > 0, "{table}: their own");
            assert_eq!(count(&anne, &table, &format!("{key} IS DISTINCT FROM {ANNE}")).await, 0, "{table}: others'");
        }
    })
    .await;
}

#[tokio::test]
async fn who_acts_for_a_customer_sees_nothing_that_is_operators_alone() {
    on_each_store(async |database| {
        let owner = plant(database).await;
        let anne = scoped(database, Some(ANNE)).await;
        for table in OF_OPERATORS {
            let before = contents(&owner, table).await;
            assert_eq!(before.len(), 2, "{table}: plant a row of it");
            assert_eq!(count(&anne, table, "true").await, 0, "{table}");
            assert_eq!(changed(&anne, &format!("DELETE FROM {table}")).await, 0, "{table}");
            assert_eq!(contents(&owner, table).await, before, "{table} is as it was");
        }
    })
    .await;
}

#[tokio::test]
async fn who_acts_for_a_customer_cannot_write_as_another() {
    on_each_store(async |database| {
        let owner = plant(database).await;
        let anne = scoped(database, Some(ANNE)).await;
        for table in guarded(&owner).await {
            let (key, before) = (key(&table), contents(&owner, &table).await);
            for statement in [
                format!("UPDATE {table} SET {key} = {key} WHERE {key} = {BOB}"),
                format!("UPDATE {table} SET {key} = {BOB} WHERE {key} = {ANNE}"),
                format!("DELETE FROM {table} WHERE {key} = {BOB}"),
                format!("DELETE FROM {table} WHERE {key} IS DISTINCT FROM {ANNE}"),
            ] {
                assert_eq!(changed(&anne, &statement).await, 0, "{statement}");
            }
            // The same row once more, as Bob's: refused for whose it is, before anything else is looked at.
            let row = before.iter().find(|row| row.contains(&format!("\"{key}\": {BOB}"))).unwrap();
            let insert = format!(
                "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::{table}, $1::text::jsonb)"
            );
            let error = anne.execute(&insert, &[row]).await.expect_err(&insert);
            let refused = error.as_db_error().map(|error| error.code().code().to_owned());
            assert_eq!(refused.as_deref(), Some("42501"), "{insert}: {error:?}");
            assert_eq!(contents(&owner, &table).await, before, "{table} is as it was");
        }
    })
    .await;
}

fn id(of: i64) -> CustomerId {
    CustomerId::new(of).unwrap()
}

#[tokio::test]
async fn the_money_store_acting_for_a_customer_answers_nothing_of_another() {
    on_each_store(async |database| {
        plant(database).await;
        let (anne, bob) = (MoneyStore::new(database.config()).unwrap().for_customer(id(ANNE)), id(BOB));
        let now = UnixMillis::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let (month, october) = (BillingMonth::parse("2026-11").unwrap(), BillingMonth::parse("2026-10").unwrap());
        assert!(anne.customer(id(ANNE)).await.unwrap().is_some());
        assert!(anne.customer(bob).await.unwrap().is_none());
        assert_eq!(anne.customers(0).await.unwrap().len(), 1);
        assert!(anne.invoice("INV-2026-000002").await.unwrap().is_none());
        assert!(anne.invoice_hours("INV-2026-000002", None).await.unwrap().is_none());
        assert!(anne.invoices(Some(bob), None, None, 10).await.unwrap().is_empty());
        assert_eq!(anne.invoices(None, Some(october), None, 10).await.unwrap().len(), 1);
        assert!(anne.transactions(bob, None, 10).await.unwrap().is_empty());
        assert_eq!(anne.transactions(id(ANNE), None, 10).await.unwrap().len(), 1);
        assert_eq!(anne.withdrawing(bob).await.unwrap(), 0);
        assert_eq!(anne.withdrawing(id(ANNE)).await.unwrap(), 1);
        assert!(anne.statement(bob, UnixMillis::MIN, UnixMillis::MAX).await.unwrap().lines.is_empty());
        assert!(anne.payments(bob, month).await.unwrap().is_none());
        assert!(anne.open_month(bob, month).await.unwrap().is_none());
        assert!(anne.subscriptions(bob).await.unwrap().is_empty());
        assert_eq!(anne.closure(bob).await.unwrap(), None);
        let every = NoticeQuery { limit: 10, ..NoticeQuery::default() };
        let notices = anne.notices(&every).await.unwrap();
        assert_eq!(notices.iter().map(|notice| notice.customer).collect::<Vec<_>>(), [Some(id(ANNE))]);
        let of_bob = NoticeQuery { customer: Some(bob), ..every };
        assert!(anne.notices(&of_bob).await.unwrap().is_empty());
        let notice = MoneyStore::new(database.config()).unwrap().notices(&of_bob).await.unwrap().remove(0);
        assert!(!anne.acknowledge_notice(notice.id, now).await.unwrap());
        let act = Act { actor: Actor::System { part: "tests" }, address: None, at: now };
        assert_eq!(anne.begin_closure(bob, &act).await.unwrap(), Err(ClosureRefused::NoCustomer));
        assert_eq!(anne.cancel_closure(bob, &act).await.unwrap(), Err(ClosureRefused::NoCustomer));
    })
    .await;
}

#[tokio::test]
async fn accounts_and_usage_of_a_customer_are_theirs_alone() {
    on_each_store(async |database| {
        plant(database).await;
        let accounts = AccountStore::new(database.config()).unwrap();
        let activity = ActivityQuery { customer: Some(id(ANNE)), limit: 10, ..ActivityQuery::default() };
        let rows = accounts.activity(&activity).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.customer).collect::<Vec<_>>(), [Some(id(ANNE))]);

        let reader = Reader::new(database.config(), "journal-a").unwrap().for_customer(id(ANNE));
        let span = TimeRange::new(UnixMillis::MIN, UnixMillis::MAX);
        // Of everybody, and of Bob by name: the database shows Anne's.
        for (filter, requests) in [(None, 1), (Some(id(ANNE)), 1), (Some(id(BOB)), 0)] {
            let filter = Filter { customer_id: filter, ..Filter::default() };
            for bucket in Bucket::ALL {
                let rows = reader.rows(&UsageQuery { filter, bucket, span, times: false }).await.unwrap();
                let found: i64 = rows.into_sums(UnixMillis::MIN).values().map(|usage| usage.sums.requests()).sum();
                assert_eq!(found, requests, "{filter:?} {bucket:?}");
            }
            let month = BillingMonth::parse("2026-11").unwrap();
            let rated = reader.rated_month(&filter, month).await.unwrap();
            assert_eq!((rated.sums.requests(), rated.rated.0), (requests, requests * 100), "{filter:?}");
        }
        assert!(
            reader
                .rows(&KeyQuery { customer_id: id(BOB), hours_from: Some(UnixMillis::MIN) })
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            reader.rows(&KeyQuery { customer_id: id(ANNE), hours_from: Some(UnixMillis::MIN) }).await.unwrap().len(),
            1
        );
    })
    .await;
}

/// One pool serves all customers: what the last one was named does not stay.
#[tokio::test]
async fn a_connection_that_is_used_again_is_of_whom_it_is_given_to() {
    let database = TestDatabase::create().await;
    plant(&database).await;
    let store = MoneyStore::new(database.config()).unwrap();
    let asked = (0..60).map(|n| {
        let store = store.for_customer(id(if n % 2 == 0 { ANNE } else { BOB }));
        async move { store.customers(0).await.unwrap().iter().map(|money| money.customer_id.get()).collect::<Vec<_>>() }
    });
    let found = futures::future::join_all(asked).await;
    for (n, ids) in found.into_iter().enumerate() {
        assert_eq!(ids, [if n % 2 == 0 { ANNE } else { BOB }]);
    }
}
