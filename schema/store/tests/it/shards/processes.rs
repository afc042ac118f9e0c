//! The processes of a cluster, in one: what each of them makes of what a single one would store.

use crate::model::{Model, some_records};
use crate::proxy::Proxy;
use std::sync::Arc;
use suiftly_schema::ids::Epoch;
use suiftly_schema::loss::{HomeLines, WorkerId, WorkerWindow};
use suiftly_schema::price::PriceBook;
use suiftly_schema::quarantine::{QuarantinedLine, Requeued};
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::shard::{Shard, ShardSet};
use suiftly_schema::view::EpochDeltas;
use suiftly_store::config::StoreConfig;
use suiftly_store::shards::{ClusterStore, CutRow, NewCluster, OrderRow, ShardsOf, ShardsResume};
use suiftly_store::writer::{Commit, Writer};

pub(super) const ORDER: &str = "the order";
pub(super) const EPOCHS: u64 = 8;
/// A server whose workers' windows are of the first, the second and the third process's shards.
pub(super) const SERVERS: [i16; 3] = [17, 6, 1];
const TRIES_MAX: usize = 10;

pub(super) fn thirds() -> Vec<ShardSet> {
    (0..3).map(|third| Shard::all().filter(|shard| shard.0 % 3 == third).collect()).collect()
}

pub(super) fn halves() -> Vec<ShardSet> {
    (0..2).map(|process| ShardSet::of_process(process, 2, 1)).collect()
}

/// What a single process would store: each epoch changes a window of each third, and the first tells of a price book.
pub(super) fn whole_commits() -> Vec<Arc<Commit>> {
    let mut model = Model::default();
    let book = ReferenceChange { seq: 1, entity: Entity::PriceBook(PriceBook::v1()) };
    let whole = |epoch: Epoch| {
        let of_model = model.commit(some_records(epoch, 60, model.now()));
        let window = model.window();
        let of_server = |server_id| {
            let worker = WorkerId { server_id, ..window.worker };
            // The window tells which epoch it is of.
            let homes = window.homes.iter().map(|of| HomeLines { worker, ..of.clone() }).collect();
            WorkerWindow { worker, duplicates: epoch, homes, ..window.clone() }
        };
        let reference = if epoch == 1 { vec![book.clone()] } else { Vec::new() };
        Arc::new(Commit { windows: SERVERS.map(of_server).to_vec(), reference, ..Commit::clone(&of_model) })
    };
    (1..=EPOCHS).map(whole).collect()
}

fn only<K: Clone, V: Clone>(rows: &[(K, V)], wanted: impl Fn(&K) -> bool) -> Vec<(K, V)> {
    rows.iter().filter(|(key, _)| wanted(key)).cloned().collect()
}

fn of_server(server_id: Option<i16>) -> Shard {
    Shard::of_server(server_id.unwrap_or(i16::MIN))
}

/// What a process makes of an epoch: what its shards have not got of the views and lines, and what dedup knows after it.
pub(super) fn part(whole: &Commit, of: ShardSet, resume: &ShardsResume) -> Arc<Commit> {
    let stores = |shard: Shard| of.contains(shard) && whole.epoch > resume.epochs[shard.index()];
    let customer = |id| stores(Shard::of_customer(Some(id)));
    let all = &whole.deltas;
    let deltas = EpochDeltas {
        epoch: whole.epoch,
        minutes: only(&all.minutes, |key| stores(Shard::of_customer(key.usage.customer_id))),
        hours: only(&all.hours, |key| stores(Shard::of_customer(key.usage.customer_id))),
        rated: only(&all.rated, |key| customer(key.customer_id)),
        infra_minutes: only(&all.infra_minutes, |key| stores(of_server(key.infra.server_id))),
        infra_hours: only(&all.infra_hours, |key| stores(of_server(key.infra.server_id))),
        infra_days: only(&all.infra_days, |key| stores(of_server(key.infra.server_id))),
        keys: only(&all.keys, |key| customer(key.customer_id)),
        key_hours: only(&all.key_hours, |of| customer(of.key.customer_id)),
        spend: only(&all.spend, |id| customer(*id)),
        key_grants: only(&all.key_grants, |grant| customer(grant.customer_id)),
        access_grants: only(&all.access_grants, |grant| customer(grant.customer_id)),
    };
    let records: Vec<_> = whole.records.iter().filter(|record| stores(of_server(record.server_id))).cloned().collect();
    let decodes = |server_id| {
        let shard = Shard::of_server(server_id);
        of.contains(shard) && whole.epoch > resume.restarts[shard.index()]
    };
    let windows = whole.windows.iter().filter(|window| decodes(window.worker.server_id)).cloned().collect();
    let lines = if stores(Shard::of_server(17)) { whole.clone() } else { Commit::default() };
    let quarantined = lines.quarantined.into_iter().map(|line| QuarantinedLine { journal_no: 1, ..line });
    Arc::new(Commit {
        deltas: deltas.into(),
        record_journals: vec![(1, u32::try_from(records.len()).unwrap())],
        records,
        windows,
        folded: Vec::new(),
        streams: Vec::new(),
        ended: Vec::new(),
        system: lines.system,
        quarantined: quarantined.collect(),
        requeued: lines.requeued.into_iter().map(|requeued| Requeued { journal_no: 1, ..requeued }).collect(),
        counts: lines.counts,
        ..whole.clone()
    })
}

pub(super) fn order_row(whole: &Commit) -> OrderRow {
    let Commit { epoch, cut_at, .. } = *whole;
    let cuts = vec![CutRow { no: 1, through: epoch * 10, cut_at, journal_end: epoch * 100 }];
    OrderRow { epoch, cut_at, journal_end: epoch * 1_000, block: epoch.to_be_bytes().to_vec(), cuts }
}

/// A database made a cluster's, with one ingester's journal and the whole order.
pub(super) async fn clustered(config: &StoreConfig, whole: &[Arc<Commit>]) -> ClusterStore {
    let mut store = ClusterStore::new(config);
    store.init(&new_cluster(None)).await.unwrap();
    assert_eq!(store.number("lines", "ingest-a").await.unwrap(), 1);
    assert_eq!(store.number("lines", "ingest-a").await.unwrap(), 1);
    let generation = store.raise().await.unwrap().generation;
    let rows: Vec<_> = whole.iter().map(|whole| order_row(whole)).collect();
    store.put_order(generation, &rows).await.unwrap();
    store
}

pub(super) fn new_cluster(goes_on_from: Option<&str>) -> NewCluster {
    NewCluster {
        cluster_id: "0123456789abcdef0123456789abcdef".into(),
        order_journal: ORDER.into(),
        placement: 1,
        goes_on_from: goes_on_from.map(Into::into),
    }
}

pub(super) fn named(generation: u64, process: u16, shards: ShardSet) -> ShardsOf {
    ShardsOf { order_journal: ORDER.into(), generation, process, shards }
}

pub(super) struct Process {
    pub(super) writer: Writer,
    pub(super) proxy: Proxy,
    pub(super) of: ShardSet,
    pub(super) resume: ShardsResume,
    given: Epoch,
}

impl Process {
    pub(super) async fn start(config: &StoreConfig, of: &ShardsOf) -> Self {
        let proxy = Proxy::before(config);
        let (writer, resume) = Writer::open_shards(proxy.config(), of).await.unwrap();
        let given = resume.replay_from();
        Self { writer, proxy, of: of.shards, resume, given }
    }

    /// Gives what comes next, as long as the database is away.
    pub(super) async fn give(&mut self, whole: &[Arc<Commit>], through: Epoch) {
        let next = whole.iter().filter(|whole| self.given < whole.epoch && whole.epoch <= through);
        let commits: Vec<_> = next.map(|whole| part(whole, self.of, &self.resume)).collect();
        for _ in 0..TRIES_MAX {
            match self.writer.commit(&commits).await {
                Ok(()) => {
                    self.given = self.given.max(through);
                    return;
                }
                Err(error) => assert!(error.is_unavailable(), "{error}"),
            }
        }
        panic!("not committed in {TRIES_MAX} tries");
    }
}

pub(super) async fn start(config: &StoreConfig, store: &mut ClusterStore, layout: &[ShardSet]) -> Vec<Process> {
    let generation = store.raise().await.unwrap().generation;
    let mut processes = Vec::new();
    for (process, shards) in (0..).zip(layout) {
        processes.push(Process::start(config, &named(generation, process, *shards)).await);
    }
    processes
}
