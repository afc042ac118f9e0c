//! The same answers out of a real PostgreSQL: its sums and the ring's meet at its watermark.

use crate::sse::Events;
use crate::stream_model::Client;
use crate::traffic::{Row, any_row, books, query_of};
use crate::usage::check;
use crate::world::World;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::rows::Filter;
use suiftly_api::{Clock, HubBounds};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_store::reader::Reader;
use suiftly_store::testing::{TestDatabase, on_each_store};
use suiftly_store::writer::{Commit, Writer};

const JOURNAL: &str = "api";

/// Brings the second of the tests' price books to the database, as a publisher of prices would.
async fn publish_second_book(database: &TestDatabase) {
    let books = books();
    let book = books.version(2).unwrap();
    let (from, json) = (book.effective_from.rfc3339(), serde_json::to_string(book).unwrap());
    let insert = format!("INSERT INTO price_books (version, effective_from, book) VALUES (2, '{from}', '{json}')");
    database.client().await.batch_execute(&insert).await.unwrap();
}

fn filters() -> [Filter; 4] {
    let all = Filter::default();
    let network = Some(Network::Mainnet);
    let customer_id = CustomerId::new(1);
    [
        all,
        Filter { customer_id, ..all },
        Filter { network, ..all },
        Filter { customer_id, network, service: Some(Service::Grpc) },
    ]
}

fn some_epochs() -> Vec<Vec<Row>> {
    let mut runner = TestRunner::deterministic();
    let epochs = proptest::collection::vec(proptest::collection::vec(any_row(), 20), 8);
    epochs.new_tree(&mut runner).unwrap().current()
}

#[tokio::test]
async fn answers_and_streams_over_a_real_store() {
    on_each_store(over_a_real_store).await;
}

async fn over_a_real_store(database: &TestDatabase) {
    publish_second_book(database).await;
    let mut world = World::new(1, HubBounds::default());
    world.other_rows = Some(Arc::new(Reader::new(database.config(), JOURNAL).unwrap()));
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    for rows in some_epochs() {
        world.publish(&rows);
    }
    // The store is empty, then half way, then where the ring is.
    for (from, to) in [(0, 0), (0, 4), (4, 8)] {
        let published: Vec<_> = world.store.state.lock().unwrap().epochs[from..to].to_vec();
        let commits: Vec<Arc<Commit>> = published
            .iter()
            .map(|deltas| {
                let (epoch, cut_at) = (deltas.epoch, world.clock.now());
                let journal_end = epoch * 1_000;
                Arc::new(Commit {
                    epoch,
                    cut_at,
                    journal_end,
                    deltas: std::sync::Arc::clone(deltas),
                    ..Commit::default()
                })
            })
            .collect();
        if !commits.is_empty() {
            writer.commit(&commits).await.unwrap();
        }
        for filter in filters() {
            check(&world, &filter).await;
            let mut client = Client::default();
            let mut events = Events::open(&world.router(), &query_of(&filter), None).await;
            client.take(&events.next_usage().await);
            client.check(&world, &filter);
            drop(events);
            // And from an epoch before or after the watermark, without a snapshot.
            let mut events = Events::open(&world.router(), &query_of(&filter), Some("2")).await;
            let resumed = tokio::time::timeout(Duration::from_secs(60), events.next_usage()).await.unwrap();
            assert_eq!((resumed.name.as_str(), resumed.id), ("delta", Some(8)), "{filter:?}");
        }
    }
}
