//! The same of a cluster: lines stand in its ingesters' journals, each of which is named.

use crate::quarantine::{post, replay};
use crate::world::{World, ask, get, send};
use serde_json::{Value, json};
use std::sync::Arc;
use suiftly_api::GiveAgainError;
use suiftly_store::reader::Reader;
use suiftly_store::testing::TestDatabase;

/// Two ingesters, with a line at the same place each, which says whose it is.
const CLUSTER: &str = "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, system, \
        rejected, records) SELECT id, 0, now(), 0, 0, 0, 0, 0, '{}', 0 FROM unnest(ARRAY['order', 'ja', 'jb']) AS id; \
    INSERT INTO cluster (cluster_id, order_journal, placement) \
        VALUES ('0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e0e', 'order', 1); \
    INSERT INTO cluster_journals (no, journal_id, name) VALUES (1, 'ja', 'a'), (2, 'jb', 'b'); \
    INSERT INTO quarantine (journal_id, journal_offset, received_at, reason, source, line, epoch) \
        SELECT id, 10, now(), 'sf1_field', 'udp ' || id, convert_to(id, 'UTF8'), 5 FROM unnest(ARRAY['ja', 'jb']) AS id";

async fn world(database: &TestDatabase) -> World {
    database.client().await.batch_execute(CLUSTER).await.unwrap();
    let mut world = World::roomy();
    world.quarantine = Some(Arc::new(Reader::new(database.config(), "order").unwrap()));
    world.pipeline.change(|live| live.is_cluster = true);
    world
}

#[tokio::test]
async fn a_clusters_lines_are_those_of_its_ingesters() {
    let database = TestDatabase::create().await;
    let world = world(&database).await;
    let router = world.router();
    for (query, journal, text) in [("", "a", "ja"), ("?journal=a", "a", "ja"), ("?journal=b", "b", "jb")] {
        let page = ask(&router, &format!("/api/v1/quarantine{query}")).await;
        assert_eq!((&page["journal"], &page["journals"]), (&json!(journal), &json!(["a", "b"])), "{query}");
        assert_eq!(page["lines"][0]["text"], json!(text));
        assert_eq!(ask(&router, &format!("/api/v1/quarantine/10{query}")).await["text"], json!(text));
    }
    let unknown = send(&router, get("/api/v1/quarantine?journal=c")).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["errors"][0]["field"]), (400, &json!("journal")));

    let whose = replay(&router, json!({"offsets": [10]})).await;
    assert_eq!((whose.status.as_u16(), &whose.json()["errors"][0]["field"]), (400, &json!("journal")));
    // What its journal held at the start is not stored yet, or it is not linked.
    let of_b = json!({"offsets": [10], "journal": "b"});
    world.pipeline.change(|live| live.quarantine.open_journals = ["ja".into()].into());
    let early = replay(&router, of_b.clone()).await;
    assert_eq!((early.status.as_u16(), early.problem().as_str()), (503, "recovering"));
    assert!(early.json()["detail"].as_str().unwrap().starts_with("ingest-b is not linked"));
    assert!(world.pipeline.given.lock().unwrap().is_empty());
    world.pipeline.change(|live| live.quarantine.open_journals = ["jb".into()].into());
    *world.pipeline.give_failure.lock().unwrap() = Some(GiveAgainError::NotLinked);
    assert_eq!(replay(&router, of_b.clone()).await.problem(), "recovering");
    assert_eq!(ask(&router, "/api/v1/quarantine/10?journal=b").await["requested_at"], json!(null));
    *world.pipeline.give_failure.lock().unwrap() = None;
    assert_eq!(replay(&router, of_b).await.json(), json!({"lines": 1, "epoch": 7}));
    assert_eq!(world.pipeline.given_to.lock().unwrap().as_deref(), Some("jb"));
    assert_eq!(world.pipeline.given.lock().unwrap()[1][0].line, b"jb");
    assert_eq!(ask(&router, "/api/v1/quarantine/10?journal=a").await["requested_at"], json!(null));
    let discard = async |body: Value| send(&router, post("/api/v1/quarantine/discard", &body)).await;
    let whose = discard(json!({"reason": "sf1_field"})).await;
    assert_eq!((whose.status.as_u16(), whose.problem().as_str()), (400, "validation"));
    for (journal, lines) in [("b", 0), ("a", 1)] {
        let discarded = discard(json!({"reason": "sf1_field", "journal": journal})).await;
        assert_eq!(discarded.json(), json!({"lines": lines}), "of {journal}, b's is under way");
    }
    let left = ask(&router, "/api/v1/quarantine?journal=a").await;
    assert_eq!((&left["lines"], &left["journal"]), (&json!([]), &json!("a")));
    assert_eq!(ask(&router, "/api/v1/quarantine/reasons").await["reasons"][0]["lines"], json!(1));

    let tail = send(&router, get("/api/v1/tail")).await;
    assert_eq!((tail.status.as_u16(), tail.problem().as_str()), (409, "not_in_cluster"));
}

#[tokio::test]
async fn lines_are_counted_and_formats_are_tried_ingester_by_ingester() {
    let database = TestDatabase::create().await;
    let world = world(&database).await;
    let another = "INSERT INTO quarantine (journal_id, journal_offset, received_at, reason, source, line, epoch) \
        VALUES ('jb', 20, now(), 'sf1_field', 'udp jb', 'jb too', 5)";
    database.client().await.batch_execute(another).await.unwrap();
    let router = world.router();
    for (query, kept) in [("", 3), ("?journal=a", 1), ("?journal=b", 2)] {
        let reasons = ask(&router, &format!("/api/v1/quarantine/reasons{query}")).await;
        assert_eq!((&reasons["reasons"][0]["lines"], &reasons["reasons"][0]["waiting"]), (&json!(kept), &json!(kept)));
    }
    let tried = async |journal: Value| {
        let body = json!({"log_format": "NEW %Ts %ST %B %hr", "offsets": [20, 10], "journal": journal});
        send(&router, post("/api/v1/formats/try", &body)).await
    };
    for (journal, texts) in [(json!("a"), vec!["ja"]), (json!("b"), vec!["jb too", "jb"]), (Value::Null, vec!["ja"])] {
        let view = tried(journal.clone()).await.json();
        let lines = view["lines"].as_array().unwrap();
        assert_eq!(lines.iter().map(|line| line["text"].as_str().unwrap()).collect::<Vec<_>>(), texts, "{journal}");
    }
    let unknown = tried(json!("c")).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["errors"][0]["field"]), (400, &json!("journal")));
    assert_eq!(send(&router, get("/api/v1/quarantine/reasons?journal=c")).await.problem(), "validation");
}

/// An ingester that has begun another journal is known by that. What is left of the one before is only thrown away.
#[tokio::test]
async fn a_journal_that_was_left_has_a_name_of_its_own() {
    let database = TestDatabase::create().await;
    let world = world(&database).await;
    let another = "INSERT INTO journal_watermarks (journal_id, epoch, cut_at, journal_end, received, accepted, duplicates, \
            system, rejected, records) VALUES ('jc', 0, now(), 0, 0, 0, 0, 0, '{}', 0); \
        INSERT INTO cluster_journals (no, journal_id, name) VALUES (3, 'jc', 'a')";
    database.client().await.batch_execute(another).await.unwrap();
    world.pipeline.change(|live| live.quarantine.open_journals = ["jb".into(), "jc".into()].into());
    let router = world.router();
    let page = ask(&router, "/api/v1/quarantine?journal=a").await;
    assert_eq!((&page["journals"], &page["lines"]), (&json!(["b", "a", "a.1"]), &json!([])));
    assert_eq!(ask(&router, "/api/v1/quarantine?journal=a.1").await["lines"][0]["text"], "ja");
    let refused = replay(&router, json!({"offsets": [10], "journal": "a.1"})).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (503, "recovering"));
    let discard = json!({"reason": "sf1_field", "journal": "a.1"});
    let discarded = send(&router, post("/api/v1/quarantine/discard", &discard)).await;
    assert_eq!(discarded.json(), json!({"lines": 1}));
}
