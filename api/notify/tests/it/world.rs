//! A database, a clock, customers with webhooks, and a notifier over them.

use futures::future::BoxFuture;
use rustls::RootCertStore;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use suiftly_notify::{Mailer, Notifier, POST_TIMEOUT, Poster, Resolve, SmtpConfig, SmtpTls, TargetPolicy};
use suiftly_schema::ids::CustomerId;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{AccountStore, Act, Actor, DeliveryRow, DeliveryState};
use suiftly_store::testing::{Client, TestDatabase};

pub(crate) const SECOND: i64 = 1_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const LOCAL: TargetPolicy = TargetPolicy { allow_local: true };

/// Everything that a test works on.
pub(crate) struct World {
    pub(crate) store: AccountStore,
    pub(crate) sql: Client,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) notifier: Arc<Notifier>,
    database: TestDatabase,
}

/// How the notifier is made.
pub(crate) struct Making {
    pub(crate) policy: TargetPolicy,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) roots: RootCertStore,
    pub(crate) timeout: Duration,
    pub(crate) smtp_port: Option<u16>,
}

impl Default for Making {
    fn default() -> Self {
        let (policy, resolver) = (LOCAL, Arc::new(NoNames));
        Self { policy, resolver, roots: RootCertStore::empty(), timeout: POST_TIMEOUT, smtp_port: None }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::made(Making::default()).await
    }

    pub(crate) async fn made(making: Making) -> Self {
        let database = TestDatabase::create().await;
        let store = AccountStore::new(database.config()).unwrap();
        let clock = Arc::new(AtomicI64::new(instant("2026-11-22T14:30:00Z").0));
        let notifier = notifier(&database, &clock, making);
        Self { store, sql: database.client().await, clock, notifier, database }
    }

    /// Another process' notifier over the same database, by the same clock.
    pub(crate) fn another(&self, making: Making) -> Arc<Notifier> {
        notifier(&self.database, &self.clock, making)
    }

    /// Another connection past the store's functions.
    pub(crate) async fn another_client(&self) -> Client {
        self.database.client().await
    }

    pub(crate) fn now(&self) -> UnixMillis {
        UnixMillis(self.clock.load(Ordering::Relaxed))
    }

    pub(crate) fn pass_ms(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::Relaxed);
    }

    pub(crate) fn act(&self) -> Act {
        Act { actor: Actor::System { part: "test" }, address: None, at: self.now() }
    }

    pub(crate) async fn customer(&self, number: i64) -> CustomerId {
        let insert =
            "INSERT INTO customers (id, display_name, wallet_address, alert_email) VALUES ($1, 'Somebody', $2, NULL)";
        self.sql.execute(insert, &[&number, &format!("0x{number:064x}")]).await.unwrap();
        CustomerId::new(number).unwrap()
    }

    /// A webhook and its secret.
    pub(crate) async fn webhook(&self, customer: CustomerId, url: &str, events: &[&str]) -> (i64, String) {
        let secret = suiftly_notify::sign::new_secret().unwrap();
        let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
        let seal = |place: &str| at_rest().seal(secret.as_bytes(), place, nonce());
        let made = self.store.create_webhook(customer, (url, &events), seal, &self.act()).await.unwrap().unwrap();
        (made.id, secret)
    }

    pub(crate) async fn rotate(&self, customer: CustomerId, webhook: i64) -> String {
        let secret = suiftly_notify::sign::new_secret().unwrap();
        let place = suiftly_store::accounts::webhook_place(customer, webhook);
        let sealed = at_rest().seal(secret.as_bytes(), &place, nonce());
        self.store.rotate_webhook(customer, webhook, &sealed, &self.act()).await.unwrap().unwrap();
        secret
    }

    /// Something that its webhooks are told of: a deposit.
    pub(crate) async fn tell(&self, customer: CustomerId, key: &str) {
        self.note(customer, key, "deposit", "info", json!({"amount_usd_cents": 500, "digest": "d"})).await;
    }

    pub(crate) async fn note(&self, customer: CustomerId, key: &str, kind: &str, severity: &str, body: Value) {
        let insert = "INSERT INTO notifications (key, customer_id, severity, kind, body, created_at) \
            VALUES ($1, $2, $3, $4, $5, to_timestamp($6::bigint / 1000.0))";
        self.sql.execute(insert, &[&key, &customer.get(), &severity, &kind, &body, &self.now().0]).await.unwrap();
    }

    pub(crate) async fn deliveries(&self, customer: CustomerId, webhook: i64) -> Vec<DeliveryRow> {
        self.store.deliveries(customer, webhook, None, (None, 100)).await.unwrap().unwrap()
    }

    /// The only one.
    pub(crate) async fn delivery(&self, customer: CustomerId, webhook: i64) -> DeliveryRow {
        let mut deliveries = self.deliveries(customer, webhook).await;
        assert_eq!(deliveries.len(), 1, "{deliveries:?}");
        deliveries.remove(0)
    }

    pub(crate) async fn states(&self, customer: CustomerId, webhook: i64) -> Vec<DeliveryState> {
        self.deliveries(customer, webhook).await.iter().map(|delivery| delivery.state).collect()
    }

    /// Every delivery by e-mail: its state and last error.
    pub(crate) async fn mails(&self) -> Vec<(String, Option<String>)> {
        let select = "SELECT state, last_error FROM deliveries WHERE webhook_id IS NULL ORDER BY id";
        let rows = self.sql.query(select, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    pub(crate) async fn told(&self, kind: &str) -> Vec<Value> {
        let rows =
            self.sql.query("SELECT body FROM notifications WHERE kind = $1 ORDER BY id", &[&kind]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn notifier(database: &TestDatabase, clock: &Arc<AtomicI64>, making: Making) -> Arc<Notifier> {
    let Making { policy, resolver, roots, timeout, smtp_port } = making;
    let store = AccountStore::new(database.config()).unwrap();
    let poster = Poster::new(policy, resolver, roots, timeout).unwrap();
    let mailer = smtp_port.map(|port| {
        let (host, from) = ("127.0.0.1".to_owned(), "Suiftly <alerts@suiftly.example>".to_owned());
        Mailer::new(&SmtpConfig { host, port, tls: SmtpTls::None, credentials: None, from }).unwrap()
    });
    let clock = Arc::clone(clock);
    let now = Arc::new(move || UnixMillis(clock.load(Ordering::Relaxed)));
    Notifier::new(store, at_rest(), poster, mailer, now)
}

pub(crate) fn at_rest() -> Keyring {
    Keyring::of(vec![(1, [7; 32])]).unwrap()
}

fn nonce() -> [u8; 12] {
    let mut nonce = [0; 12];
    getrandom::fill(&mut nonce).unwrap();
    nonce
}

pub(crate) fn instant(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

/// Knows no name.
pub(crate) struct NoNames;

impl Resolve for NoNames {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(std::io::ErrorKind::NotFound.into()) })
    }
}

/// Answers what it is told to, one list after the other, and the last one from then on; counts how often it was asked.
pub(crate) struct Names {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    pub(crate) asked: AtomicUsize,
}

impl Names {
    pub(crate) fn new(answers: &[&str]) -> Arc<Self> {
        let list = |text: &&str| text.split_whitespace().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().rev().map(list).collect()), asked: AtomicUsize::new(0) })
    }
}

impl Resolve for Names {
    fn addresses<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}
