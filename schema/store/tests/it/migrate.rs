//! Migrating twice, tampering, and the names that are never dropped.

use suiftly_schema::price::PriceBooks;
use suiftly_store::StoreError;
use suiftly_store::migrate::{Capability, Migrated, drop_database, migrate, reset};
use suiftly_store::price::price_books;
use suiftly_store::testing::{TestDatabase, connect, on_each_store};

#[tokio::test]
async fn twice_changes_nothing() {
    on_each_store(async |database| {
        let first = migrate(database.owner()).await.unwrap();
        let second = migrate(database.owner()).await.unwrap();
        assert_eq!((first, first.applied), (second, 0));
        let rows =
            database.client().await.query("SELECT version FROM schema_migrations ORDER BY 1", &[]).await.unwrap();
        let versions: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
        assert!(versions.iter().copied().eq(1..=first.version));
        assert_eq!(price_books(database.config()).await.unwrap(), PriceBooks::v1());
    })
    .await;
}

#[tokio::test]
async fn several_at_once_agree() {
    let database = TestDatabase::create().await;
    let fresh = database.owner().with_database(&format!("{}_b_test", database.owner().database()));
    let (a, b, c) = tokio::join!(migrate(&fresh), migrate(&fresh), migrate(&fresh));
    let all = [a.unwrap(), b.unwrap(), c.unwrap()];
    let count = "SELECT count(*) FROM schema_migrations";
    let rows: i64 = connect(&fresh).await.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(all.iter().map(|one: &Migrated| one.applied).sum::<usize>(), usize::try_from(rows).unwrap());
    drop_database(&fresh).await.unwrap();
    drop_database(&fresh).await.unwrap();
}

#[tokio::test]
async fn tampering_is_refused() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    let changed = "UPDATE schema_migrations SET sha256 = 'other' WHERE version = 2 RETURNING name";
    client.query_one(changed, &[]).await.unwrap();
    let error = migrate(database.owner()).await.unwrap_err();
    assert!(matches!(&error, StoreError::MigrationChanged { version: 2, name } if name == "views"), "{error}");

    client.execute("INSERT INTO schema_migrations VALUES (1000, 'later', 'x', false)", &[]).await.unwrap();
    let error = migrate(database.owner()).await.unwrap_err();
    assert!(matches!(error, StoreError::DatabaseNewer { found: 1000, .. }), "{error}");
}

#[tokio::test]
async fn a_published_price_book_is_final() {
    let database = TestDatabase::create().await;
    let client = database.client().await;
    for edit in ["UPDATE price_books SET book = book", "DELETE FROM price_books", "TRUNCATE price_books CASCADE"] {
        let error = client.batch_execute(edit).await.unwrap_err();
        assert!(error.as_db_error().unwrap().message().contains("never edited"), "{edit}");
    }
    let edit = r#"ALTER TABLE price_books DISABLE TRIGGER ALL;
        UPDATE price_books SET book = jsonb_set(book, '{requests,price}', '999999')"#;
    client.batch_execute(edit).await.unwrap();
    let error = migrate(database.owner()).await.unwrap_err();
    assert!(matches!(error, StoreError::PriceBookEdited { version: 1 }), "{error}");
}

#[tokio::test]
async fn reset_empties_what_is_ours_and_nothing_else() {
    let database = TestDatabase::create().await;
    let customer = "INSERT INTO customers (id, display_name, wallet_address) VALUES (7, 'A', '0x' || repeat('0', 64))";
    database.client().await.batch_execute(customer).await.unwrap();
    assert_eq!(reset(database.owner()).await.unwrap().capability, Capability::Plain);
    let left: i64 = database.client().await.query_one("SELECT count(*) FROM customers", &[]).await.unwrap().get(0);
    assert_eq!(left, 0);

    for name in ["suiftly_prod", "suiftly", "postgres", "suiftly_test_prod", ""] {
        let error = reset(&database.owner().with_database(name)).await.unwrap_err();
        assert!(matches!(error, StoreError::Protected { attempted: "drop", .. }), "{name}: {error}");
    }
    let missing = migrate(&database.owner().with_database("suiftly_prod")).await.unwrap_err();
    assert!(matches!(missing, StoreError::Protected { attempted: "create", .. }), "{missing}");
}
