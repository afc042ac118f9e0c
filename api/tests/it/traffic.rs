//! Made-up traffic, and the plain recount that answers are held against.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use suiftly_api::rows::{Filter, TimeRange};
use suiftly_schema::histogram::Histogram;
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{Price, PriceBook, PriceBooks};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
use suiftly_schema::view::{EpochDeltas, HourKey, RatedKey, RatedSums};

pub(crate) type Row = (MinuteKey, UsageSums);

/// When tests begin: late in a month, within an hour.
pub(crate) fn noon() -> UnixMillis {
    at("2026-11-21T12:30:15Z")
}

pub(crate) fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

/// Two books: the second takes effect half an hour before [`noon`], at another price.
pub(crate) fn books() -> PriceBooks {
    let mut second = PriceBook { version: 2, effective_from: at("2026-11-21T12:00:00Z"), ..PriceBook::v1() };
    second.requests = Price::per_unit(MicroUsd(1_500_001), 10_000);
    PriceBooks::new(vec![PriceBook::v1(), second]).unwrap()
}

/// A row of guaranteed requests.
pub(crate) fn row(customer: i64, network: Network, minute: UnixMillis, requests: i64) -> Row {
    let usage =
        UsageKey { customer_id: CustomerId::new(customer), service: Some(Service::Grpc), network: Some(network) };
    let sums = UsageSums {
        guaranteed: requests,
        billable_requests: requests,
        bytes_sent: requests * 1_000,
        billable_bytes: requests * 1_000,
        ..UsageSums::default()
    };
    (MinuteKey { usage, minute: minute.minute() }, sums)
}

/// Any row, around [`noon`]: some in the hour before, some in the month before, some ahead of the clock.
pub(crate) fn any_row() -> impl Strategy<Value = Row> {
    let minutes_ago = prop_oneof![8 => 0i64..100, 1 => 29_000i64..32_000, 1 => -90i64..0];
    let customer = 0i64..3;
    let service = prop::sample::select(vec![None, Some(Service::Seal), Some(Service::Grpc)]);
    let network = prop::sample::select(vec![None, Some(Network::Testnet), Some(Network::Mainnet)]);
    let sums = (0i64..50, -3i64..50, 0i64..50, 0i64..9_000_000);
    (customer, service, network, minutes_ago, sums).prop_map(
        |(customer, service, network, ago, (other, billed, rejected, bytes))| {
            let usage = UsageKey { customer_id: CustomerId::new(customer), service, network };
            let sums = UsageSums {
                guaranteed: billed,
                rejected,
                other,
                billable_requests: billed,
                bytes_sent: bytes,
                billable_bytes: bytes / 2,
                ..UsageSums::default()
            };
            (MinuteKey { usage, minute: noon().minute().plus_ms(-60_000 * ago) }, sums)
        },
    )
}

pub(crate) fn any_filter() -> impl Strategy<Value = Filter> {
    let customer = prop::option::of((1i64..3).prop_map(|id| CustomerId::new(id).unwrap()));
    let service = prop::option::of(prop::sample::select(vec![Service::Seal, Service::Grpc]));
    let network = prop::option::of(prop::sample::select(vec![Network::Testnet, Network::Mainnet]));
    (customer, service, network).prop_map(|(customer_id, service, network)| Filter { customer_id, service, network })
}

/// A filter as a query.
pub(crate) fn query_of(filter: &Filter) -> String {
    let mut query = String::new();
    if let Some(customer) = filter.customer_id {
        query += &format!("&customer_id={}", customer.get());
    }
    if let Some(service) = filter.service {
        query += &format!("&service_type={}", service.number());
    }
    if let Some(network) = filter.network {
        query += &format!("&network={}", network.word());
    }
    query
}

/// Makes deltas as the dataflow does: consolidated, `rated` as differences of rounded totals.
#[derive(Default)]
pub(crate) struct Dataflow {
    totals: BTreeMap<RatedKey, (i64, i64)>,
}

impl Dataflow {
    pub(crate) fn epoch(&mut self, epoch: Epoch, rows: &[Row]) -> Arc<EpochDeltas> {
        let (mut minutes, mut hours) = (BTreeMap::new(), BTreeMap::new());
        let mut rated: BTreeMap<RatedKey, RatedSums> = BTreeMap::new();
        for (key, sums) in rows {
            let usage = Usage { sums: *sums, times: times_of(sums) };
            *minutes.entry(*key).or_insert_with(Usage::default) += &usage;
            let hour = HourKey { usage: key.usage, hour: key.minute.hour() };
            *hours.entry(hour).or_insert_with(Usage::default) += &usage;
            if let Some(customer_id) = key.usage.customer_id {
                let book = books().in_force(key.minute).version;
                let month = key.minute.month();
                let of = RatedKey { customer_id, service: key.usage.service, month, price_book: book };
                let delta = rated.entry(of).or_default();
                delta.billable_requests += sums.billable_requests;
                delta.billable_bytes += sums.billable_bytes;
            }
        }
        for (key, delta) in &mut rated {
            let total = self.totals.entry(*key).or_default();
            let before = rate(key, *total);
            *total = (total.0 + delta.billable_requests, total.1 + delta.billable_bytes);
            delta.rated = rate(key, *total) - before;
        }
        Arc::new(EpochDeltas {
            epoch,
            minutes: minutes.into_iter().collect(),
            hours: hours.into_iter().collect(),
            rated: rated.into_iter().collect(),
            ..EpochDeltas::default()
        })
    }
}

/// A row's requests all took as long.
fn times_of(sums: &UsageSums) -> Histogram {
    Histogram::of(u32::try_from(sums.bytes_sent % 5_000).unwrap(), sums.requests().max(0))
}

fn rate(key: &RatedKey, (requests, bytes): (i64, i64)) -> MicroUsd {
    books().version(key.price_book).unwrap().rate(key.service, requests, bytes)
}

/// What a plain recount makes of rows: counts, price, and counts by minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recount {
    pub(crate) sums: UsageSums,
    pub(crate) rated: i64,
    pub(crate) minutes: BTreeMap<UnixMillis, UsageSums>,
    /// How long requests took.
    pub(crate) times: BTreeMap<UnixMillis, Histogram>,
}

impl Recount {
    /// Of the rows that a filter takes and whose minute is in a range.
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a Row>, filter: &Filter, range: TimeRange) -> Self {
        let mut recount = Self::default();
        let mut groups: BTreeMap<RatedKey, (i64, i64)> = BTreeMap::new();
        for (key, sums) in rows {
            let UsageKey { customer_id, service, network } = key.usage;
            let taken = filter.customer_id.is_none_or(|one| Some(one) == customer_id)
                && filter.service.is_none_or(|one| Some(one) == service)
                && filter.network.is_none_or(|one| Some(one) == network);
            if !taken || key.minute < range.from || key.minute >= range.to {
                continue;
            }
            recount.sums += sums;
            *recount.minutes.entry(key.minute).or_default() += sums;
            *recount.times.entry(key.minute).or_default() += &times_of(sums);
            if let Some(customer_id) = customer_id {
                let price_book = books().in_force(key.minute).version;
                let of = RatedKey { customer_id, service, month: key.minute.month(), price_book };
                let group = groups.entry(of).or_default();
                *group = (group.0 + sums.billable_requests, group.1 + sums.billable_bytes);
            }
        }
        recount.minutes.retain(|_, sums| !sums.is_zero());
        recount.rated = groups.iter().map(|(key, usage)| rate(key, *usage).0).sum();
        recount
    }
}
