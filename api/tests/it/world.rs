//! A store, a pipeline and a clock in memory, and requests to the router over them.

use crate::traffic::{Dataflow, Row, books, noon};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use data_encoding::HEXLOWER;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use suiftly_api::fleet::{ExpectedEdge, Fleet};
use suiftly_api::proof::{ProofAsk, Prover, Unproven};
use suiftly_api::rows::{Filter, TimeRange};
use suiftly_api::secrets::{LiveSecrets, Reload, RingLive, SecretsRefused};
use suiftly_api::vault::{COALESCE_DEFAULT, Freeze, Publisher, PublisherConfig, Start, VaultParts, canary};
use suiftly_api::{
    Accounts, AdminTls, ApiConfig, ApiLimits, ApiParts, Clock, Deployment, GiveAgainError, HttpRules, Hub, HubBounds,
    LiveBooks, LossLive, NotifyMode, Operators, Pipeline, PipelineLive, Published, QuarantineRows, Routers, SignInMode,
    SystemClock, Tap, ViewRows,
};
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::WorkerId;
use suiftly_schema::money::MicroUsd;
use suiftly_schema::proof::ProofFile;
use suiftly_schema::quarantine::GivenLine;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::{BillingMonth, UnixMillis};
use suiftly_schema::usage::{UsageKey, UsageSums};
use suiftly_schema::vault::SigningKeys;
use suiftly_schema::view::EpochDeltas;
use suiftly_settlement::escrow::EmbeddedEscrow;
use suiftly_settlement::{ManagerClock, Settlement};
use suiftly_store::StoreError;
use suiftly_store::accounts::{AccountStore, Act, OperatorRole, OperatorRow};
use suiftly_store::config::StoreConfig;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::{
    CellQuery, Further, InfraQuery, KeptLine, KeptReason, KeyQuery, LineJournal, PartQuery, Point, QuarantineQuery,
    QuarantineSelection, RatedMonth, Rows, SpendQuery, StreamSnapshot, UsageQuery, ViewQuery, Watermark,
};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The token of an operator who may do everything.
pub(crate) const TOKEN: &str = "sop_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

/// Everything the API works on.
pub(crate) struct World {
    pub(crate) hub: Arc<Hub>,
    pub(crate) store: Arc<MemoryStore>,
    /// What is read instead of the store in memory.
    pub(crate) other_rows: Option<Arc<dyn ViewRows>>,
    /// An empty one without it.
    pub(crate) quarantine: Option<Arc<dyn QuarantineRows>>,
    /// Of a database that is not there without it.
    pub(crate) accounts: Option<Accounts>,
    /// `tester` alone without it.
    pub(crate) operators: Option<Arc<dyn Operators>>,
    pub(crate) tap: Arc<Tap>,
    /// Of nobody's keys, for no edge.
    pub(crate) vault: VaultParts,
    /// Keyrings in memory: what is to be taken over next, and what is in force.
    pub(crate) secrets: Arc<MemorySecrets>,
    /// `NoProver` without one.
    pub(crate) prover: Option<Arc<dyn Prover>>,
    pub(crate) pipeline: Arc<MemoryPipeline>,
    pub(crate) clock: Arc<MemoryClock>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) config: ApiConfig,
    dataflow: Dataflow,
    pub(crate) rows: Vec<Vec<Row>>,
    pub(crate) latest: Epoch,
}

impl World {
    /// A world whose first epoch will be `first`, with everything before it being nothing.
    pub(crate) fn new(first: Epoch, bounds: HubBounds) -> Self {
        let store = MemoryStore::default();
        store.state.lock().unwrap().watermark = first - 1;
        Self {
            hub: Arc::new(Hub::new(bounds)),
            store: Arc::new(store),
            other_rows: None,
            quarantine: None,
            accounts: None,
            operators: None,
            tap: Arc::default(),
            vault: vault(&Arc::new(SystemClock), Vec::new(), Start::default(), None),
            secrets: Arc::default(),
            prover: None,
            pipeline: Arc::default(),
            clock: Arc::new(MemoryClock::starting_at(noon())),
            shutdown: CancellationToken::new(),
            config: ApiConfig {
                listen: ([127, 0, 0, 1], 0).into(),
                admin_listen: ([127, 0, 0, 1], 0).into(),
                admin_tls: AdminTls::default(),
                web_dir: None,
                limits: ApiLimits::default(),
                rules: HttpRules::default(),
                deployment: Deployment::default(),
            },
            dataflow: Dataflow::default(),
            rows: Vec::new(),
            latest: first - 1,
        }
    }

    pub(crate) fn roomy() -> Self {
        Self::new(1, HubBounds::default())
    }

    pub(crate) fn parts(&self) -> ApiParts {
        ApiParts {
            hub: self.hub.clone(),
            rows: self.other_rows.clone().unwrap_or_else(|| self.store.clone()),
            quarantine: self.quarantine.clone().unwrap_or_else(|| Arc::new(NoQuarantine)),
            pipeline: self.pipeline.clone(),
            price_books: Arc::new(LiveBooks::new(books())),
            clock: self.clock.clone(),
            operators: self.operators.clone().unwrap_or_else(|| Arc::new(OneOperator)),
            tap: self.tap.clone(),
            accounts: self.accounts.clone().unwrap_or_else(|| accounts(&nowhere())),
            vault: self.vault.clone(),
            secrets: self.secrets.clone(),
            prover: self.prover.clone().unwrap_or_else(|| Arc::new(NoProver)),
        }
    }

    /// Operators' routes.
    pub(crate) fn router(&self) -> Router {
        self.routers().0.operators
    }

    /// Customers' routes, with the dashboard.
    pub(crate) fn customer_router(&self) -> Router {
        self.routers().0.customers
    }

    fn routers(
        &self,
    ) -> (Routers, impl Future<Output = ()> + Send + 'static, impl Future<Output = ()> + Send + 'static) {
        suiftly_api::routers(self.config.clone(), self.parts(), self.shutdown.clone())
    }

    /// Operators' routes with the pulse running; needs a runtime.
    pub(crate) fn router_with_pulse(&self) -> Router {
        let (routers, pulse, _) = self.routers();
        tokio::spawn(pulse);
        routers.operators
    }

    /// The same with the watcher of revisions, which asks the database.
    pub(crate) fn router_with_revisions(&self) -> Router {
        let (routers, pulse, revisions) = self.routers();
        tokio::spawn(pulse);
        tokio::spawn(revisions);
        routers.operators
    }

    /// The next epoch goes through the hub; the store has it once it is committed.
    pub(crate) fn publish(&mut self, rows: &[Row]) -> Epoch {
        self.latest += 1;
        let deltas = self.dataflow.epoch(self.latest, rows);
        self.store.state.lock().unwrap().epochs.push(deltas.clone());
        self.rows.push(rows.to_vec());
        self.hub.publish(Published { epoch: self.latest, cut_at: self.clock.now(), deltas });
        self.latest
    }

    /// Likewise, of deltas of any view.
    pub(crate) fn publish_deltas(&mut self, deltas: EpochDeltas) -> Epoch {
        self.latest += 1;
        let deltas = Arc::new(EpochDeltas { epoch: self.latest, ..deltas });
        self.store.state.lock().unwrap().epochs.push(deltas.clone());
        self.hub.publish(Published { epoch: self.latest, cut_at: self.clock.now(), deltas });
        self.latest
    }

    pub(crate) fn commit(&self, epoch: Epoch) {
        let mut state = self.store.state.lock().unwrap();
        state.watermark = state.watermark.max(epoch.min(self.latest));
    }

    pub(crate) fn all_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flatten()
    }
}

/// Accounts over a database, with secrets that are none.
pub(crate) fn accounts(database: &StoreConfig) -> Accounts {
    let clock = Arc::new(ManagerClock::default());
    let escrow = Arc::new(EmbeddedEscrow::new(database).unwrap());
    Accounts {
        store: AccountStore::new(database).unwrap(),
        settlement: Settlement::new(MoneyStore::new(database).unwrap(), escrow, clock),
        owners: None,
        api_key_secret: ApiKeySecret::new([7; 32]),
        at_rest: Keyring::of(vec![(1, [8; 32])]).unwrap(),
        jwt: Keyring::of(vec![(1, [9; 32])]).unwrap(),
        mode: SignInMode { mock_auth: false, secure_cookies: true, domain: "suiftly.test".to_owned() },
        notify: NotifyMode::default(),
    }
}

/// A publisher and the fleet that it expects.
pub(crate) fn vault<C: Clock>(
    clock: &Arc<C>,
    expected: Vec<ExpectedEdge>,
    start: Start,
    frozen: Option<Freeze>,
) -> VaultParts {
    let fleet = Arc::new(Fleet::new(expected, clock.now()));
    let canaries = canary::keys(&ApiKeySecret::new([7; 32]), &fleet.servers());
    let config = PublisherConfig {
        coalesce: COALESCE_DEFAULT,
        keys: SigningKeys::parse(&format!("1 {}", "07".repeat(32))).unwrap(),
        regions: fleet.regions(),
        canaries: canaries.clone(),
        clock: clock.clone(),
    };
    let publisher = Publisher::new(config, start, frozen, fleet.clone());
    VaultParts::new(publisher, fleet, canaries.into())
}

/// Keyrings without files.
pub(crate) struct MemorySecrets {
    /// What stands in the file; `None`: nothing that could be used.
    pub(crate) file: Mutex<Option<Vec<u16>>>,
    in_force: Mutex<Vec<u16>>,
}

impl Default for MemorySecrets {
    fn default() -> Self {
        Self { file: Mutex::new(Some(vec![1])), in_force: Mutex::new(vec![1]) }
    }
}

impl LiveSecrets for MemorySecrets {
    fn rings(&self) -> Vec<RingLive> {
        vec![RingLive { name: "jwt-keys", ids: self.in_force.lock().unwrap().clone() }]
    }

    fn reload(&self) -> Reload<'_> {
        Box::pin(async {
            let file = self.file.lock().unwrap().clone();
            *self.in_force.lock().unwrap() = file.ok_or(SecretsRefused { cause: "the file is empty".to_owned() })?;
            Ok(self.rings())
        })
    }
}

/// A database that nobody answers for.
fn nowhere() -> StoreConfig {
    StoreConfig::from_url("postgres://nobody@127.0.0.1:1/suiftly_test").unwrap()
}

/// Operators: `tester`, an admin, whose token is [`TOKEN`].
pub(crate) struct OneOperator;

impl Operators for OneOperator {
    fn by_token<'a>(
        &'a self,
        sha256: &'a str,
        now: UnixMillis,
    ) -> BoxFuture<'a, Result<Option<OperatorRow>, StoreError>> {
        let is_theirs = sha256 == HEXLOWER.encode(&Sha256::digest(TOKEN.as_bytes()));
        let tester = OperatorRow {
            name: "tester".to_owned(),
            role: OperatorRole::Admin,
            created_at: now,
            last_used_at: None,
            disabled_at: None,
        };
        Box::pin(async move { Ok(is_theirs.then_some(tester)) })
    }
}

/// The store: all epochs published, of which those up to the watermark are there.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) state: Mutex<StoreState>,
}

#[derive(Default)]
pub(crate) struct StoreState {
    pub(crate) epochs: Vec<Arc<EpochDeltas>>,
    pub(crate) watermark: Epoch,
    /// What the next reads fail with.
    pub(crate) failure: Option<fn() -> StoreError>,
    /// Committed before each read: a writer at work while the API waits.
    pub(crate) commit_per_read: Epoch,
}

struct Committed {
    watermark: Watermark,
    epochs: Vec<Arc<EpochDeltas>>,
}

impl MemoryStore {
    fn read(&self) -> Result<Committed, StoreError> {
        let mut state = self.state.lock().unwrap();
        if let Some(failure) = state.failure {
            return Err(failure());
        }
        state.watermark += state.commit_per_read;
        let epoch = state.watermark;
        let epochs = state.epochs.iter().filter(|deltas| deltas.epoch <= epoch).cloned().collect();
        let watermark = Watermark { epoch, cut_at: noon(), journal_end: 0 };
        Ok(Committed { watermark, epochs })
    }
}

fn takes(filter: &Filter, key: &UsageKey) -> bool {
    filter.customer_id.is_none_or(|one| Some(one) == key.customer_id)
        && filter.service.is_none_or(|one| Some(one) == key.service)
        && filter.network.is_none_or(|one| Some(one) == key.network)
}

impl Committed {
    fn hours(&self, filter: &Filter, range: TimeRange) -> Vec<(UsageKey, UnixMillis, UsageSums)> {
        let rows = self.epochs.iter().flat_map(|deltas| &deltas.hours);
        let rows = rows.map(|(key, usage)| (key.usage, key.hour, usage.sums));
        rows.filter(|(key, hour, _)| takes(filter, key) && *hour >= range.from && *hour < range.to).collect()
    }

    fn total(&self, filter: &Filter, range: TimeRange) -> UsageSums {
        let mut total = UsageSums::default();
        self.hours(filter, range).iter().for_each(|(_, _, sums)| total += sums);
        total
    }

    fn rated(&self, filter: &Filter, month: BillingMonth) -> MicroUsd {
        let mut rated = MicroUsd(0);
        for (key, sums) in self.epochs.iter().flat_map(|deltas| &deltas.rated) {
            let customer = filter.customer_id.is_none_or(|one| one == key.customer_id);
            let service = filter.service.is_none_or(|one| Some(one) == key.service);
            if key.month == month && customer && service {
                rated += sums.rated;
            }
        }
        rated
    }

    fn minutes(&self, filter: &Filter, range: TimeRange) -> Vec<Point> {
        let mut points: BTreeMap<UnixMillis, UsageSums> = BTreeMap::new();
        for (key, usage) in self.epochs.iter().flat_map(|deltas| &deltas.minutes) {
            if takes(filter, &key.usage) && key.minute >= range.from && key.minute < range.to {
                *points.entry(key.minute).or_default() += &usage.sums;
            }
        }
        points.into_iter().map(|(start, sums)| Point { start, sums }).collect()
    }

    /// The rows of a view: every epoch up to the watermark, one by one.
    fn rows<Q: ViewQuery>(&self, query: &Q) -> Rows<Q> {
        let mut all = Rows::new(query.clone(), Watermark { epoch: 0, ..self.watermark });
        self.epochs.iter().for_each(|deltas| all.join(deltas.epoch, noon(), deltas));
        let mut rows = Rows::new(query.clone(), self.watermark);
        all.into_sums(UnixMillis::MIN).into_iter().for_each(|(key, sums)| rows.add(key, &sums));
        rows
    }
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl ViewRows for MemoryStore {
    fn for_customer(&self, customer: CustomerId) -> Arc<dyn ViewRows> {
        panic!("no rows of customer {} alone are in memory: use a database", customer.get())
    }

    fn usage<'a>(&'a self, query: &'a UsageQuery) -> Answer<'a, Rows<UsageQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn cells<'a>(&'a self, query: &'a CellQuery) -> Answer<'a, Rows<CellQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn parts<'a>(&'a self, query: &'a PartQuery) -> Answer<'a, Rows<PartQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn infra<'a>(&'a self, query: &'a InfraQuery) -> Answer<'a, Rows<InfraQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn keys<'a>(&'a self, query: &'a KeyQuery) -> Answer<'a, Rows<KeyQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn spend<'a>(&'a self, query: &'a SpendQuery) -> Answer<'a, Rows<SpendQuery>> {
        Box::pin(async move { Ok(self.read()?.rows(query)) })
    }

    fn rated_month<'a>(&'a self, filter: &'a Filter, month: BillingMonth) -> Answer<'a, RatedMonth> {
        Box::pin(async move {
            let read = self.read()?;
            let (watermark, further) = (read.watermark, Further::default());
            let sums = read.total(filter, TimeRange::new(month.start(), month.end()));
            Ok(RatedMonth { watermark, further, sums, rated: read.rated(filter, month) })
        })
    }

    fn stream_snapshot<'a>(
        &'a self,
        filter: &'a Filter,
        month: BillingMonth,
        minutes_since: UnixMillis,
    ) -> Answer<'a, StreamSnapshot> {
        Box::pin(async move {
            let read = self.read()?;
            Ok(StreamSnapshot {
                watermark: read.watermark,
                further: Further::default(),
                month_sums: read.total(filter, TimeRange::new(month.start(), month.end())),
                rated: read.rated(filter, month),
                minutes: read.minutes(filter, TimeRange::new(minutes_since, UnixMillis::MAX)),
            })
        })
    }
}

/// Nothing can be proven.
struct NoProver;

impl Prover for NoProver {
    fn prove(&self, _: ProofAsk) -> BoxFuture<'_, Result<ProofFile, Unproven>> {
        Box::pin(async { Err(Unproven::NotFound) })
    }
}

/// Nothing was ever quarantined.
struct NoQuarantine;

impl QuarantineRows for NoQuarantine {
    fn journals(&self) -> Answer<'_, Vec<LineJournal>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn of_journal(&self, _: &str) -> Arc<dyn QuarantineRows> {
        Arc::new(Self)
    }

    fn reasons(&self) -> Answer<'_, Vec<KeptReason>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn page<'a>(&'a self, _: &'a QuarantineQuery) -> Answer<'a, Vec<KeptLine>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn line(&self, _: u64) -> Answer<'_, Option<KeptLine>> {
        Box::pin(async { Ok(None) })
    }

    fn claim<'a>(&'a self, _: &'a QuarantineSelection, _: bool, _: usize, _: &'a Act) -> Answer<'a, Vec<GivenLine>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn release<'a>(&'a self, _: &'a [u64]) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn discard<'a>(&'a self, _: &'a QuarantineSelection, _: &'a Act) -> Answer<'a, u64> {
        Box::pin(async { Ok(0) })
    }
}

/// A pipeline that is as it is told.
#[derive(Default)]
pub(crate) struct MemoryPipeline {
    live: Mutex<PipelineLive>,
    /// The loss meter.
    pub(crate) loss: Mutex<LossLive>,
    /// What was asked of it last.
    pub(crate) loss_asked: Mutex<Option<(Option<i16>, usize)>>,
    /// What was given again, request by request.
    pub(crate) given: Mutex<Vec<Vec<GivenLine>>>,
    /// The journal that the last of them was given to, where one was named.
    pub(crate) given_to: Mutex<Option<String>>,
    /// What the next ones are answered with; the epoch 7 without it.
    pub(crate) give_failure: Mutex<Option<GiveAgainError>>,
    /// Held to let those wait that give lines.
    pub(crate) give_gate: Gate,
}

/// Free unless a test holds it.
pub(crate) struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Gate {
    /// Held until what is answered is dropped.
    pub(crate) async fn hold(&self) -> SemaphorePermit<'_> {
        self.0.acquire().await.unwrap()
    }
}

impl Pipeline for MemoryPipeline {
    fn live(&self) -> PipelineLive {
        self.live.lock().unwrap().clone()
    }

    fn loss(&self, server_id: Option<i16>, newest_workers: usize) -> LossLive {
        *self.loss_asked.lock().unwrap() = Some((server_id, newest_workers));
        self.loss.lock().unwrap().clone()
    }

    fn loss_of(&self, workers: &[WorkerId]) -> LossLive {
        let mut loss = self.loss.lock().unwrap().clone();
        loss.workers.retain(|lines| workers.contains(&lines.worker));
        loss.missing.retain(|worker, _| workers.contains(worker));
        loss
    }

    fn give_again<'a>(
        &'a self,
        journal: Option<&'a str>,
        lines: &'a [GivenLine],
    ) -> BoxFuture<'a, Result<Epoch, GiveAgainError>> {
        Box::pin(async move {
            *self.given_to.lock().unwrap() = journal.map(str::to_owned);
            self.given.lock().unwrap().push(lines.to_vec());
            drop(self.give_gate.hold().await);
            self.give_failure.lock().unwrap().map_or(Ok(7), Err)
        })
    }
}

impl MemoryPipeline {
    pub(crate) fn change(&self, change: impl FnOnce(&mut PipelineLive)) {
        change(&mut self.live.lock().unwrap());
    }
}

/// Goes with tokio's clock (which tests pause), and can be set.
pub(crate) struct MemoryClock {
    base: AtomicI64,
    started: tokio::time::Instant,
}

impl MemoryClock {
    fn starting_at(base: UnixMillis) -> Self {
        Self { base: AtomicI64::new(base.0), started: tokio::time::Instant::now() }
    }

    pub(crate) fn set(&self, now: UnixMillis) {
        self.base.store(now.0 - self.elapsed_ms(), Ordering::SeqCst);
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap()
    }
}

impl Clock for MemoryClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.base.load(Ordering::SeqCst) + self.elapsed_ms())
    }
}

/// An answer, read to its end.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks a problem document's shape, and returns its code.
    pub(crate) fn problem(&self) -> String {
        let json = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{json}");
        assert_eq!(json["type"], "about:blank", "{json}");
        assert_eq!(json["status"], self.status.as_u16(), "{json}");
        assert!(json["title"].as_str().is_some_and(|title| !title.is_empty()), "{json}");
        json["code"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    Request::get(uri).header("authorization", format!("Bearer {TOKEN}")).body(Body::empty()).unwrap()
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answered {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Answered { status: parts.status, headers: parts.headers, body }
}

/// A successful answer to a request with the token.
pub(crate) async fn ask(router: &Router, uri: &str) -> serde_json::Value {
    let answered = send(router, get(uri)).await;
    assert_eq!(answered.status, StatusCode::OK, "{uri}: {}", answered.body);
    answered.json()
}
