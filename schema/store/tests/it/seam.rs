//! The seam, view by view: rows read while commits land, with the epochs after them joined, are what a plain recount of
//! the records makes, wherever the snapshot fell and whatever was joined twice.

use crate::model::{HOUR_MS, Model, everything, some_records, start};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::AddAssign;
use std::sync::Arc;
use suiftly_schema::activity::{KeyActivity, KeyCounts, KeyRef};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::infra::{InfraSums, StatusClass};
use suiftly_schema::price::PriceBooks;
use suiftly_schema::record::Record;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{Usage, UsageSums};
use suiftly_store::reader::{
    Bucket, Filter, InfraDimension, InfraFilter, InfraGroup, InfraQuery, KeyDid, KeyQuery, PartKey, PartQuery, Reader,
    SpendChange, SpendQuery, TimeRange, UsageQuery, ViewQuery,
};
use suiftly_store::testing::TestDatabase;
use suiftly_store::writer::{Commit, Writer};

const JOURNAL: &str = "seam";

/// A run: epochs, and how many of them each commit takes.
#[derive(Clone, Debug)]
struct Run {
    epochs: Vec<(u64, usize)>,
    merges: Vec<usize>,
    /// From which epoch on the deltas are joined at the latest: any the snapshot has already are passed over.
    joined_from: usize,
}

fn any_run() -> impl Strategy<Value = Run> {
    let epochs = prop::collection::vec((any::<u64>(), 0usize..40), 2..9);
    let merges = prop::collection::vec(1usize..4, 8);
    (epochs, merges, 0usize..9).prop_map(|(epochs, merges, joined_from)| Run { epochs, merges, joined_from })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_view_is_exact_at_its_seam(run in any_run()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check(&run));
    }
}

async fn check(run: &Run) {
    let database = TestDatabase::create().await;
    let mut model = Model::default();
    let commits: Vec<Arc<Commit>> =
        run.epochs.iter().map(|(seed, count)| model.commit(some_records(*seed, *count, model.now()))).collect();
    let (mut writer, _) = Writer::open(database.config(), JOURNAL).await.unwrap();
    let reader = Reader::new(database.config(), JOURNAL).unwrap();
    // Before the first, after each, and while the next is on its way.
    let (mut rest, mut merges) = (&commits[..], run.merges.iter().copied().cycle());
    views(&reader, &model, &commits, run).await;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(merges.next().unwrap_or(1).min(rest.len()));
        let (committed, ()) = tokio::join!(writer.commit(now), views(&reader, &model, &commits, run));
        committed.unwrap();
        rest = later;
    }
    views(&reader, &model, &commits, run).await;
}

async fn views(reader: &Reader, model: &Model, commits: &[Arc<Commit>], run: &Run) {
    let seam = Seam { reader, commits, joined_from: run.joined_from, complete_to: model.now() };
    let (customer_id, service) = (CustomerId::new(2).unwrap(), Some(Service::Grpc));
    let all = Filter::default();
    let short = TimeRange::new(start().plus_ms(-2 * HOUR_MS).hour(), start().hour());
    for (filter, span) in [
        (all, everything()),
        (Filter { customer_id: Some(customer_id), ..all }, everything()),
        (Filter { customer_id: Some(customer_id), service, network: Some(Network::Mainnet) }, short),
        (Filter { service, ..all }, short),
    ] {
        for bucket in Bucket::ALL {
            seam.holds(&UsageQuery { filter, bucket, span, times: true }, usage(model, &filter, bucket, span)).await;
        }
        let books: Arc<PriceBooks> = PriceBooks::v1().into();
        seam.holds(&PartQuery { filter, span, books }, parts(model, &filter, span)).await;
    }
    for (filter, group_by) in [
        (InfraFilter::default(), vec![]),
        (InfraFilter::default(), InfraDimension::ALL.to_vec()),
        (InfraFilter { service, server_id: Some(17), ..InfraFilter::default() }, vec![InfraDimension::Backend]),
        (
            InfraFilter { status_class: Some(StatusClass::of(200)), ..InfraFilter::default() },
            vec![InfraDimension::Event],
        ),
        (InfraFilter { backend_id: Some(10), event_type: Some(50), ..InfraFilter::default() }, vec![]),
    ] {
        for bucket in Bucket::ALL {
            let query = InfraQuery { filter, group_by: group_by.clone(), bucket, span: everything() };
            let expected = infra(model, &query);
            seam.holds(&query, expected).await;
        }
    }
    for hours_from in [None, Some(UnixMillis::MIN), Some(model.now().hour())] {
        let query = KeyQuery { customer_id, hours_from };
        seam.holds(&query, keys(model, query)).await;
    }
    let spend = model.accounts.spend.get(&customer_id);
    let spend = spend.map(|(spend, changed_at)| (customer_id, SpendChange { spend: *spend, changed_at: *changed_at }));
    seam.holds(&SpendQuery { customer_id }, spend.into_iter().collect()).await;
}

struct Seam<'a> {
    reader: &'a Reader,
    commits: &'a [Arc<Commit>],
    joined_from: usize,
    complete_to: UnixMillis,
}

impl Seam<'_> {
    async fn holds<Q>(&self, query: &Q, expected: BTreeMap<Q::Key, Q::Sums>)
    where
        Q: ViewQuery + Debug,
        Q::Key: Debug,
        Q::Sums: Debug + PartialEq,
    {
        let mut rows = self.reader.rows(query).await.unwrap();
        let at = usize::try_from(rows.watermark().epoch).unwrap();
        // All that the snapshot has not, and some that it has.
        let first = self.joined_from.min(at);
        for commit in &self.commits[first..] {
            rows.join(commit.epoch, commit.cut_at, &commit.deltas);
        }
        if let Some(last) = self.commits.last() {
            rows.join(last.epoch, last.cut_at, &last.deltas);
        }
        assert_eq!(rows.into_sums(self.complete_to), expected, "{query:?} at {at}, joined from {first}");
    }
}

fn passes(filter: &Filter, record: &Record) -> bool {
    filter.customer_id.is_none_or(|id| record.customer_id == Some(id))
        && filter.service.is_none_or(|service| record.service == Some(service))
        && filter.network.is_none_or(|network| record.network == Some(network))
}

fn sum<K: Ord, S: Default + for<'a> AddAssign<&'a S>>(all: impl Iterator<Item = (K, S)>) -> BTreeMap<K, S> {
    let mut sums = BTreeMap::<K, S>::new();
    all.for_each(|(key, one)| *sums.entry(key).or_default() += &one);
    sums
}

fn in_span<'a>(model: &'a Model, filter: &'a Filter, span: TimeRange) -> impl Iterator<Item = &'a Record> {
    let records = model.records.iter().filter(move |record| passes(filter, record));
    records.filter(move |record| span.from <= record.timestamp && record.timestamp < span.to)
}

fn bucket_of(bucket: Bucket, at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.div_euclid(bucket.width_ms()) * bucket.width_ms())
}

fn usage(model: &Model, filter: &Filter, bucket: Bucket, span: TimeRange) -> BTreeMap<UnixMillis, Usage> {
    sum(in_span(model, filter, span).map(|record| {
        let mut one = Usage::default();
        one.add(record);
        (bucket_of(bucket, record.timestamp), one)
    }))
}

fn parts(model: &Model, filter: &Filter, span: TimeRange) -> BTreeMap<PartKey, UsageSums> {
    sum(in_span(model, filter, span).map(|record| {
        let Record { customer_id, service, .. } = *record;
        let key = PartKey { customer_id, service, month: record.timestamp.month(), price_book: 1 };
        (key, UsageSums::of(record))
    }))
}

fn infra(model: &Model, query: &InfraQuery) -> BTreeMap<(UnixMillis, InfraGroup), InfraSums> {
    let filter = &query.filter;
    let passes = |record: &&Record| {
        filter.server_id.is_none_or(|id| record.server_id == Some(id))
            && filter.service.is_none_or(|service| record.service == Some(service))
            && filter.backend_id.is_none_or(|id| record.backend_id == id)
            && filter.event_type.is_none_or(|event| record.event_type == event)
            && filter.status_class.is_none_or(|class| StatusClass::of(record.status_code) == class)
    };
    let by = |dimension| query.group_by.contains(&dimension);
    sum(model.records.iter().filter(passes).map(|record| {
        let group = InfraGroup {
            server_id: by(InfraDimension::Server).then_some(record.server_id),
            service: by(InfraDimension::Service).then_some(record.service),
            network: by(InfraDimension::Network).then_some(record.network),
            backend_id: by(InfraDimension::Backend).then_some(record.backend_id),
            event_type: by(InfraDimension::Event).then_some(record.event_type),
            status_class: by(InfraDimension::StatusClass).then_some(StatusClass::of(record.status_code)),
        };
        let mut one = InfraSums::default();
        one.add(record);
        ((bucket_of(query.bucket, record.timestamp), group), one)
    }))
}

fn keys(model: &Model, KeyQuery { customer_id, hours_from }: KeyQuery) -> BTreeMap<KeyRef, KeyDid> {
    let mut keys = BTreeMap::<KeyRef, KeyDid>::new();
    for record in model.records.iter().filter(|record| record.customer_id == Some(customer_id)) {
        if record.api_key_fp != 0 {
            let (key, did) = (KeyRef { customer_id, api_key_fp: record.api_key_fp }, KeyActivity::of(record));
            let hour = record.timestamp.hour();
            let hours = hours_from.filter(|from| hour >= *from).map(|_| (hour, KeyCounts::from(&did)));
            let did = KeyDid { all: did, hours: hours.into_iter().collect() };
            keys.entry(key).and_modify(|sum| *sum += &did).or_insert(did);
        }
    }
    keys
}
