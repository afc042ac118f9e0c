//! Published formats: a row a name, each act on record once, told by the outbox in the order of the acts, and known again at
//! the next start.

use crate::model::start;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_schema::log_format::{MAX_FORMAT_NAMES, MAX_FORMATS_IN_FORCE, PublishedFormat};
use suiftly_schema::reference::Entity;
use suiftly_store::accounts::admin::FormatRefused;
use suiftly_store::accounts::{AccountStore, Act, ActivityQuery, Actor};
use suiftly_store::outbox::Outbox;
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::{Commit, Writer};

fn act() -> Act {
    Act { actor: Actor::Operator { name: "ann".to_owned() }, address: None, at: start() }
}

fn whose(from: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("customer".to_owned(), from.to_owned())])
}

/// What is told of formats, in its order: name, string, place and whether it is in force.
async fn told(database: &TestDatabase) -> Vec<(String, String, i64, bool)> {
    let changes = Outbox::new(database.config()).after(0, 1_000).await.unwrap();
    let of = |entity| match entity {
        Entity::LogFormat(PublishedFormat { name, log_format, publication, is_in_force, .. }) => {
            Some((name, log_format, publication, is_in_force))
        }
        _ => None,
    };
    changes.into_iter().filter_map(|change| of(change.entity)).collect()
}

async fn recorded(store: &AccountStore) -> Vec<(String, Option<String>)> {
    let query = ActivityQuery { action: Some("log_format.".to_owned()), limit: 100, ..ActivityQuery::default() };
    store.activity(&query).await.unwrap().into_iter().rev().map(|row| (row.action, row.target)).collect()
}

#[tokio::test]
async fn each_act_is_on_record_and_told_once() {
    on_each_store(async |database| {
        let store = AccountStore::new(database.config()).unwrap();
        let publish = async |name: &str, text: &str, from: &str| {
            let (row, is_new) = store.publish_log_format(name, text, &whose(from), &act()).await.unwrap().unwrap();
            assert_eq!((row.name.as_str(), row.log_format.as_str(), row.is_in_force), (name, text, true));
            assert_eq!((row.attribution, row.published_by.as_str(), row.published_at), (whose(from), "ann", start()));
            is_new
        };
        assert!(publish("edge", "%ci %ST", "=7").await);
        assert!(!publish("edge", "%ci %ST", "=7").await, "just so");
        assert!(publish("other", "%ST", "=8").await);
        assert!(publish("edge", "%ci %ST", "=9").await, "another attribution is another format");
        assert!(store.retire_log_format("other", &act()).await.unwrap());
        assert!(store.retire_log_format("other", &act()).await.unwrap(), "there is one, and it is retired");
        assert!(!store.retire_log_format("nobody", &act()).await.unwrap());
        assert!(publish("other", "%ST", "=8").await, "in force again");

        let row = |name: &str, text: &str, place, is_in_force| (name.to_owned(), text.to_owned(), place, is_in_force);
        let expected = [
            row("edge", "%ci %ST", 1, true),
            row("other", "%ST", 2, true),
            row("edge", "%ci %ST", 3, true),
            row("other", "%ST", 2, false),
            row("other", "%ST", 4, true),
        ];
        assert_eq!(told(database).await, expected);
        let acts =
            [("publish", "edge"), ("publish", "other"), ("publish", "edge"), ("retire", "other"), ("publish", "other")];
        let acts = acts.map(|(act, name)| (format!("log_format.{act}"), Some(name.to_owned())));
        assert_eq!(recorded(&store).await, acts);
        let names: Vec<_> = store.log_formats().await.unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["edge", "other"], "in the order of their publication");

        let client = database.client().await;
        for statement in
            ["DELETE FROM log_formats", "TRUNCATE log_formats", "UPDATE log_formats SET name = 'x' WHERE name = 'edge'"]
        {
            assert!(client.batch_execute(statement).await.is_err(), "{statement}");
        }
    })
    .await;
}

#[tokio::test]
async fn formats_are_bounded() {
    on_each_store(async |database| {
        let (store, client) = (AccountStore::new(database.config()).unwrap(), database.client().await);
        let fill = |from: usize, to: usize, is_in_force: bool| {
            let retired = if is_in_force { "NULL, NULL" } else { "now(), 'x'" };
            format!(
                "INSERT INTO log_formats (name, log_format, attribution, publication, is_in_force, published_at, \
                 published_by, retired_at, retired_by) \
                 SELECT 'f' || n, '%ci', '{{}}', n * 1000, {is_in_force}, now(), 'x', {retired} FROM generate_series({from}, {to}) AS n"
            )
        };
        let publish = async |name: &str| {
            let published = store.publish_log_format(name, "%ST", &BTreeMap::new(), &act()).await.unwrap();
            published.map(|(_, is_new)| is_new)
        };
        client.batch_execute(&fill(1, MAX_FORMATS_IN_FORCE, true)).await.unwrap();
        assert_eq!(publish("one-more").await, Err(FormatRefused::TooMany));
        assert_eq!(publish("f1").await, Ok(true), "in place of the one before");
        assert!(store.retire_log_format("f2", &act()).await.unwrap());
        assert_eq!(publish("one-more").await, Ok(true));
        assert_eq!(publish("f2").await, Err(FormatRefused::TooMany));
        client.batch_execute(&fill(MAX_FORMATS_IN_FORCE + 1, MAX_FORMAT_NAMES - 1, false)).await.unwrap();
        assert!(store.retire_log_format("f1", &act()).await.unwrap());
        assert_eq!(publish("too-many").await, Err(FormatRefused::TooManyNames));
        assert_eq!(publish("f2").await, Ok(true), "its name is there");
        assert_eq!(recorded(&store).await.len(), 5, "what was refused is not on record");
    })
    .await;
}

#[tokio::test]
async fn two_at_once_take_their_turns() {
    let database = TestDatabase::create().await;
    let store = AccountStore::new(database.config()).unwrap();
    let publish = async |n: usize| {
        let none = BTreeMap::new();
        store.publish_log_format(&format!("f{}", n % 4), &format!("%ST {n}"), &none, &act()).await.unwrap().unwrap()
    };
    futures::future::join_all((0..20).map(publish)).await;
    let places: Vec<i64> = told(&database).await.into_iter().map(|(_, _, place, _)| place).collect();
    assert_eq!(places.len(), 20);
    assert!(places.is_sorted(), "what is told last is tried last: {places:?}");
}

#[tokio::test]
async fn what_was_told_is_known_at_the_next_start() {
    let database = TestDatabase::create().await;
    let store = AccountStore::new(database.config()).unwrap();
    store.publish_log_format("edge", "%ci", &whose("=7"), &act()).await.unwrap().unwrap();
    store.publish_log_format("other", "%ST", &whose("=7"), &act()).await.unwrap().unwrap();
    let (mut writer, _) = Writer::open(database.config(), "f").await.unwrap();
    let mut outbox = Outbox::new(database.config());
    let reference = outbox.after(0, 1_000).await.unwrap();
    let commit = |epoch, reference| Arc::new(Commit { epoch, journal_end: epoch, reference, ..Commit::default() });
    writer.commit(&[commit(1, reference.clone())]).await.unwrap();
    store.retire_log_format("edge", &act()).await.unwrap();
    drop(writer);

    let formats = |reference: Vec<Entity>| -> Vec<(String, bool)> {
        let of = |entity| match entity {
            Entity::LogFormat(format) => Some((format.name, format.is_in_force)),
            _ => None,
        };
        reference.into_iter().filter_map(of).collect()
    };
    // As of the watermark: what is not told yet does not count.
    let (mut writer, resume) = Writer::open(database.config(), "f").await.unwrap();
    let expected = [("edge".to_owned(), true), ("other".to_owned(), true)];
    assert_eq!(formats(resume.reference), expected);
    assert_eq!(resume.reference_seq, reference.last().unwrap().seq);
    let later = outbox.after(resume.reference_seq, 1_000).await.unwrap();
    assert_eq!(later.len(), 1, "the rest has left the outbox");
    writer.commit(&[commit(2, later)]).await.unwrap();
    drop(writer);
    let (_, resume) = Writer::open(database.config(), "f").await.unwrap();
    assert_eq!(formats(resume.reference), [("edge".to_owned(), false), ("other".to_owned(), true)]);
}
