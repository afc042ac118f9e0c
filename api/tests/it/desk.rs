//! A customers' API with everything that money takes: usage that a writer commits, and a settlement by the world's clock.

use crate::house::{House, Member, request};
use crate::traffic::{Row, books};
use crate::world::{MemoryClock, World, accounts};
use axum::body::Body;
use axum::http::Method;
use std::sync::Arc;
use suiftly_api::Clock;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::Settlement;
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::Reader;
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};
use tower::ServiceExt;

const JOURNAL: &str = "desk";

pub(crate) struct Desk {
    pub(crate) house: House,
    /// The whole of it, as the manager has it.
    pub(crate) settlement: Settlement,
    writer: Writer,
    /// Epochs that are committed.
    committed: usize,
}

/// The manager's clock stands where the world's does.
pub(crate) struct SameClock(pub(crate) Arc<MemoryClock>);

impl suiftly_settlement::Clock for SameClock {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let database = TestDatabase::create().await;
        let client = database.client().await;
        let all = books();
        let book = all.version(2).unwrap();
        let (from, json) = (book.effective_from.rfc3339(), serde_json::to_string(book).unwrap());
        let insert = format!("INSERT INTO price_books (version, effective_from, book) VALUES (2, '{from}', '{json}')");
        client.batch_execute(&insert).await.unwrap();
        let (writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
        let mut world = World::roomy();
        let escrow = Arc::new(EmbeddedEscrow::new(database.config()).unwrap());
        let store = MoneyStore::new(database.config()).unwrap();
        let settlement = Settlement::new(store, escrow, Arc::new(SameClock(world.clock.clone())));
        let mut accounts = accounts(database.config());
        accounts.settlement = settlement.clone();
        world.accounts = Some(accounts);
        world.other_rows = Some(Arc::new(Reader::new(database.config(), JOURNAL).unwrap()));
        let router = world.customer_router();
        Self { house: House { world, router, client, database }, settlement, writer, committed: 0 }
    }

    pub(crate) async fn member(&self, number: u8) -> Member {
        self.house.member(number).await
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.house.world.clock.now()
    }

    /// Usage that is live, and not in the store yet.
    pub(crate) fn publish(&mut self, rows: &[Row]) {
        self.house.world.publish(rows);
    }

    /// Brings everything that is published to the store, as of now.
    pub(crate) async fn commit(&mut self) {
        let published = self.house.world.store.state.lock().unwrap().epochs[self.committed..].to_vec();
        self.committed += published.len();
        let cut_at = self.now();
        let commit = |deltas: &Arc<suiftly_schema::view::EpochDeltas>| {
            let epoch = deltas.epoch;
            let journal_end = epoch * 1_000;
            Arc::new(Commit { epoch, cut_at, journal_end, deltas: Arc::clone(deltas), ..Commit::default() })
        };
        self.writer.commit(&published.iter().map(commit).collect::<Vec<_>>()).await.unwrap();
    }

    /// Usage that is in the store.
    pub(crate) async fn use_some(&mut self, rows: &[Row]) {
        self.publish(rows);
        self.commit().await;
    }

    /// The body of an answer, piece by piece.
    pub(crate) async fn body(&self, member: &Member, path: &str) -> (axum::http::response::Parts, Body) {
        let bearer = format!("Bearer {}", member.text("access_token"));
        let request = request(Method::GET, path, None, &[("authorization", &bearer)]);
        self.house.router.clone().oneshot(request).await.unwrap().into_parts()
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.house.client.batch_execute(sql).await.unwrap();
    }

    /// The first column of the first row: a text.
    pub(crate) async fn text(&self, sql: &str) -> String {
        self.house.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}
