//! A database with customers, a clock that stands still, and an escrow that can be given faults: the embedded one, or any.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_settlement::escrow::{EmbeddedEscrow, Escrow, FaultPlan, Faulty};
use suiftly_settlement::{Clock, Settlement};
use suiftly_store::money::MoneyStore;
use suiftly_store::testing::{Client, TestDatabase};

/// Stands where it is put.
pub(crate) struct StandingClock(AtomicI64);

impl Clock for StandingClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) struct Desk<E = EmbeddedEscrow> {
    pub(crate) settlement: Settlement,
    pub(crate) store: MoneyStore,
    pub(crate) client: Client,
    pub(crate) escrow: Arc<Faulty<E>>,
    clock: Arc<StandingClock>,
    pub(crate) database: Arc<TestDatabase>,
}

impl Desk {
    pub(crate) async fn at(now: &str) -> Self {
        let database = Arc::new(TestDatabase::create().await);
        let embedded = EmbeddedEscrow::new(database.config()).unwrap();
        Self::over(database, embedded, now).await
    }
}

impl<E: Escrow> Desk<E> {
    pub(crate) async fn over(database: Arc<TestDatabase>, escrow: E, now: &str) -> Self {
        let clock = Arc::new(StandingClock(AtomicI64::new(instant(now).0)));
        let store = MoneyStore::new(database.config()).unwrap();
        let escrow = Arc::new(Faulty::new(escrow, FaultPlan::default()));
        let settlement = Settlement::new(store.clone(), Arc::clone(&escrow) as _, Arc::clone(&clock) as _);
        let client = database.client().await;
        Self { settlement, store, client, escrow, clock, database }
    }

    /// Another process on the same database and escrow.
    pub(crate) fn another(&self) -> Settlement {
        let store = MoneyStore::new(self.database.config()).unwrap();
        Settlement::new(store, Arc::clone(&self.escrow) as _, Arc::clone(&self.clock) as _)
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn set(&self, now: UnixMillis) {
        self.clock.0.store(now.0, Ordering::Relaxed);
    }

    pub(crate) fn go_to(&self, now: &str) {
        self.set(instant(now));
    }

    /// A customer in the month that runs.
    pub(crate) async fn customer(&self, id: i64, balance_cents: i64, limit_cents: i64) -> CustomerId {
        let insert = "INSERT INTO customers (id, display_name, wallet_address, current_balance_usd_cents, \
            max_monthly_usd_cents, current_month_start) VALUES ($1, 'C', $2, $3, $4, $5::text::date)";
        let month = format!("{}-01", self.now().month());
        self.client
            .execute(insert, &[&id, &format!("0x{id:064x}"), &balance_cents, &limit_cents, &month])
            .await
            .unwrap();
        CustomerId::new(id).unwrap()
    }

    /// The first column of the first row, as text.
    pub(crate) async fn text(&self, sql: &str) -> String {
        let rows = self.client.simple_query(sql).await.unwrap();
        let row = rows.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("-").to_owned()),
            _ => None,
        });
        row.unwrap_or_default()
    }

    pub(crate) async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap();
    }
}

pub(crate) fn instant(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

pub(crate) fn month(text: &str) -> BillingMonth {
    BillingMonth::parse(text).unwrap()
}

/// Random numbers out of a seed (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
