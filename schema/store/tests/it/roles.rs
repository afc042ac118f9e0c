//! The role that runs: all that the program does at run time it may, and nothing beyond.

use crate::model::start;
use suiftly_store::StoreError;
use suiftly_store::maintenance::enforce_retention;
use suiftly_store::reader::Reader;
use suiftly_store::role::{RUN_ROLE, Roles, open};
use suiftly_store::testing::{TestDatabase, connect, on_each_store};
use suiftly_store::writer::Writer;
use tokio_postgres::Client;

/// `permission denied`, `must be owner of …`.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// The tables of the schema, without partitions.
async fn tables(client: &Client) -> Vec<String> {
    let select = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
        AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1";
    client.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn is_denied(client: &Client, statement: &str) {
    let error = client.batch_execute(statement).await.expect_err(statement);
    let code = error.as_db_error().map(|error| error.code().code().to_owned());
    assert_eq!(code.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{statement}: {error:?}");
}

#[tokio::test]
async fn the_role_that_runs_makes_changes_and_drops_nothing() {
    on_each_store(async |database| {
        let client = connect(database.config()).await;
        let who: String = client.query_one("SELECT session_user::text", &[]).await.unwrap().get(0);
        assert_eq!(who, RUN_ROLE);
        for table in tables(&client).await {
            for statement in [
                format!("ALTER TABLE {table} ADD COLUMN x integer"),
                format!("DROP TABLE {table} CASCADE"),
                format!("TRUNCATE {table}"),
                format!("CREATE INDEX x ON {table} ((1))"),
                format!("CREATE TRIGGER x BEFORE INSERT ON {table} EXECUTE FUNCTION suiftly_refuse_change()"),
                format!("GRANT SELECT ON {table} TO PUBLIC"),
            ] {
                // A privilege that one has not, one cannot hand on: that much is a warning, and nothing happens.
                if statement.starts_with("GRANT") {
                    let _ = client.batch_execute(&statement).await;
                } else {
                    is_denied(&client, &statement).await;
                }
            }
        }
        let granted = "SELECT count(*) FROM pg_class, aclexplode(relacl) AS acl WHERE relnamespace = 'public'::regnamespace \
            AND grantee = 0";
        assert_eq!(client.query_one(granted, &[]).await.unwrap().get::<_, i64>(0), 0);
        for statement in [
            "CREATE TABLE x ()",
            "CREATE TEMPORARY TABLE x ()",
            "CREATE SCHEMA x",
            "CREATE VIEW x AS SELECT 1",
            "CREATE SEQUENCE x",
            "CREATE FUNCTION x() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
            "CREATE ROLE x",
            "CREATE DATABASE x",
            "INSERT INTO schema_migrations VALUES (1000, 'x', 'x', false)",
            "UPDATE price_books SET book = book",
            "UPDATE haproxy_raw_logs SET repeat = 0",
            "DELETE FROM haproxy_raw_logs",
            "DELETE FROM haproxy_system_logs",
            "SELECT suiftly_grant_run('suiftly_run')",
        ] {
            is_denied(&client, statement).await;
        }
    })
    .await;
}

#[tokio::test]
async fn partitions_are_made_and_dropped_by_the_functions_alone() {
    let database = TestDatabase::create().await;
    let client = connect(database.config()).await;
    let make = "SELECT suiftly_ensure_partitions('haproxy_raw_logs', '2020-01-01 00:00Z', '2020-01-01 00:30Z')";
    client.batch_execute(make).await.unwrap();
    for statement in [
        "DROP TABLE haproxy_raw_logs_20200101_00",
        "ALTER TABLE haproxy_raw_logs DETACH PARTITION haproxy_raw_logs_20200101_00",
        "INSERT INTO haproxy_raw_logs_20200101_00 DEFAULT VALUES",
        "SELECT FROM haproxy_raw_logs_20200101_00",
    ] {
        is_denied(&client, statement).await;
    }
    assert_eq!(enforce_retention(database.config(), start()).await.map(|removed| removed.partitions).ok(), None);
    let drop = "SELECT suiftly_drop_partitions('haproxy_raw_logs', now() - interval '2 days')";
    assert_eq!(client.query_one(drop, &[]).await.unwrap().get::<_, i32>(0), 1);
}

/// What a migration adds, and what somebody has taken away, is granted when the database is opened.
#[tokio::test]
async fn opening_grants_what_is_missing() {
    on_each_store(async |database| {
        let owner = database.client().await;
        owner
            .batch_execute("CREATE TABLE of_later (n integer); REVOKE SELECT ON usage_per_hour FROM suiftly_run")
            .await
            .unwrap();
        let client = connect(database.config()).await;
        is_denied(&client, "INSERT INTO of_later VALUES (1)").await;
        assert_eq!(open(database.roles()).await.unwrap().applied, 0);
        client.batch_execute("INSERT INTO of_later VALUES (1); SELECT FROM usage_per_hour").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn one_role_for_both_goes_on_and_a_weak_one_alone_needs_the_schema() {
    on_each_store(async |database| {
        // The owner alone, as before there were two.
        assert_eq!(open(&Roles::one(database.owner().clone())).await.unwrap().applied, 0);
        // Without the owner's address: what is there is as it must be.
        let alone = Roles::one(database.config().clone());
        assert_eq!(open(&alone).await.unwrap().applied, 0);
        let (_, resume) = Writer::open(database.config(), "j").await.unwrap();
        assert_eq!(resume.epoch, 0);
        assert_eq!(Reader::new(database.config(), "j").unwrap().count_records().await.unwrap(), 0);

        let forget = "DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)";
        database.client().await.batch_execute(forget).await.unwrap();
        let error = open(&alone).await.unwrap_err();
        assert!(matches!(&error, StoreError::NotMigrated { role, .. } if role == RUN_ROLE), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_role_that_will_not_do_is_named() {
    let database = TestDatabase::create().await;
    let with = |run| Roles { run, owner: Some(database.owner().clone()), makes_run_role: false, is_strict: false };
    let cases = [
        (database.owner().clone(), "has the rights of the role that owns the tables"),
        (database.config().with_user("suiftly_nobody"), "there is no role suiftly_nobody"),
        (database.config().with_database("suiftly_other_test"), "they must be the same"),
    ];
    for (run, said) in cases {
        let error = open(&with(run)).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// In production who runs could change no table, by whatever way.
#[tokio::test]
async fn where_it_is_strict_a_role_that_could_change_the_schema_is_refused() {
    on_each_store(async |database| {
        let strict = |run, owner| Roles { run, owner, makes_run_role: false, is_strict: true };
        let (run, owner) = (database.config(), database.owner());
        assert_eq!(open(&strict(run.clone(), Some(owner.clone()))).await.unwrap().applied, 0);
        assert_eq!(open(&strict(run.clone(), None)).await.unwrap().applied, 0);
        let error = open(&strict(owner.clone(), None)).await.unwrap_err().to_string();
        assert!(error.contains("must not run production") && error.contains("may make tables"), "{error}");

        let client = database.client().await;
        // As the server calls it, which in front of TimescaleDB is not what we call it.
        let name: String = client.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
        let grants = [
            ("CREATE ON SCHEMA public".to_owned(), "it may make tables;"),
            (format!("CREATE ON DATABASE {name}"), "it may make schemas;"),
        ];
        for (right, said) in grants {
            client.batch_execute(&format!("GRANT {right} TO {RUN_ROLE}")).await.unwrap();
            for owner in [None, Some(owner.clone())] {
                let error = open(&strict(run.clone(), owner)).await.unwrap_err();
                assert!(matches!(&error, StoreError::RunsWithDdl { role, .. } if role == RUN_ROLE), "{error}");
                assert!(error.to_string().contains(said), "{error}");
            }
            client.batch_execute(&format!("REVOKE {right} FROM {RUN_ROLE}")).await.unwrap();
            assert_eq!(open(&strict(run.clone(), None)).await.unwrap().applied, 0);
        }
    })
    .await;
}
