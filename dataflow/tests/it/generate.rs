//! Lines and reference changes to try the views with.

use crate::oracle::{BOOK_2_FROM, Given, MONTH_EDGE, START};
use proptest::collection::vec;
use proptest::prelude::*;
use suiftly_dataflow::EpochInput;
use suiftly_schema::activity::{KeyActivity, KeyHour};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::infra::{InfraKey, InfraSpanKey, InfraSums};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::{Price, PriceBook, PriceBooks};
use suiftly_schema::record::{Record, ShortText, Timers};
use suiftly_schema::reference::{Account, AccountStatus, Entity, KeyLife, KeyState, ReferenceChange, ServiceAccess};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage};

/// The book of the second hour. The first is [`PriceBook::v1`].
pub(crate) fn second_book() -> PriceBook {
    PriceBook {
        version: 2,
        effective_from: UnixMillis(BOOK_2_FROM),
        requests: Price::per_unit(MicroUsd(3_000_000), 10_000),
        ..PriceBook::v1()
    }
}

/// Both books, for runs that do not publish the second.
pub(crate) fn books() -> PriceBooks {
    PriceBooks::new(vec![PriceBook::v1(), second_book()]).unwrap()
}

/// Three customers of far shards, so that each process of a small mesh has one.
pub(crate) fn customer(at: usize) -> CustomerId {
    CustomerId::new([1, 130, 1_000][at % 3]).unwrap()
}

/// An epoch as it is given: its number, its clock and what comes in it.
pub(crate) type GivenEpoch = (u64, UnixMillis, Vec<Given>);

fn service() -> impl Strategy<Value = Option<Service>> {
    prop_oneof![Just(None), Just(Some(Service::Seal)), Just(Some(Service::Grpc))]
}

fn timer() -> impl Strategy<Value = Option<i32>> {
    prop_oneof![Just(None), (0i32..300).prop_map(Some), any::<i32>().prop_map(|ms| Some(ms.wrapping_abs().max(0)))]
}

prop_compose! {
    /// Minutes around an hour, a month and a price book's edge, and one days late.
    fn line()(
        minute in prop_oneof![8 => 0i64..240, 1 => Just(-5 * 24 * 60)],
        who in prop_oneof![1 => Just(None), 3 => (0usize..3).prop_map(|at| Some(customer(at)))],
        service in service(),
        network in prop_oneof![Just(None), Just(Some(Network::Mainnet)), Just(Some(Network::Testnet))],
        (server, backend, event) in (prop_oneof![Just(None), (17i16..19).prop_map(Some)], 0i16..3, 0u8..3),
        (fp, traffic) in (0u32..3, 0u8..8),
        status in prop_oneof![Just(200i16), Just(304), Just(101), Just(404), Just(429), Just(503), Just(-1)],
        (bytes, repeat) in (0u64..100_000_000, 1u32..4),
        (timers, total) in ([timer(), timer(), timer(), timer()], 0i32..100_000),
        ended in prop_oneof![Just("--"), Just("----"), Just("SC--"), Just("CD")],
    ) -> Record {
        Record {
            timestamp: UnixMillis(START + minute * 60_000 + 17),
            customer_id: who,
            path_prefix: None,
            config_hex: None,
            network,
            server_id: server,
            service,
            api_key_fp: fp,
            frontend: None,
            traffic_type: traffic,
            event_type: event,
            client_ip: None,
            key_metadata: None,
            status_code: status,
            bytes_sent: bytes,
            timers: Timers {
                request_ms: timers[0],
                queue_ms: timers[1],
                connect_ms: timers[2],
                response_ms: timers[3],
                total_ms: total,
            },
            backend_id: backend,
            termination: ShortText::new(ended),
            repeat,
            line_id: None,
            journal_offset: 0,
        }
    }
}

fn change() -> impl Strategy<Value = Entity> {
    let status = prop_oneof![
        6 => Just(AccountStatus::Active),
        1 => Just(AccountStatus::Suspended),
        1 => Just(AccountStatus::Closed)
    ];
    let money = || prop_oneof![Just(0i64), 0i64..3_000];
    let (november, december) = (UnixMillis(START).month(), UnixMillis(MONTH_EDGE).month());
    let account = (0usize..3, status, money(), money(), money(), money()).prop_map(
        move |(at, status, limit, balance, fixed, charged)| {
            Entity::Account(Account {
                status,
                max_monthly: MicroUsd(limit),
                balance: MicroUsd(balance),
                fixed: vec![(november, MicroUsd(fixed)), (december, MicroUsd(fixed / 2))],
                fixed_in_all: MicroUsd(fixed + fixed / 2),
                charged_in_all: MicroUsd(charged),
                ..Account::new(customer(at))
            })
        },
    );
    let services = prop_oneof![Just(Service::Seal), Just(Service::Grpc)];
    let access = (0usize..3, services.clone(), any::<bool>(), 1u32..3, 0usize..2).prop_map(
        |(at, service, is_enabled, limit, allowed)| {
            Entity::Service(ServiceAccess {
                customer_id: customer(at),
                service,
                is_enabled,
                guaranteed_per_second: limit,
                burst_per_second: limit * 2,
                allowlist: vec!["192.0.2.0/24".to_owned(); allowed],
            })
        },
    );
    let life = prop_oneof![Just(KeyLife::Active), Just(KeyLife::Revoked), Just(KeyLife::Deleted)];
    let key = (1i64..6, services, life).prop_map(|(id, service, state)| {
        Entity::Key(KeyState {
            id,
            customer_id: customer(usize::try_from(id).unwrap()),
            service,
            network: Network::Mainnet,
            api_key_fp: u32::try_from(id).unwrap(),
            key_metadata: 0x2900,
            key_sha256: format!("{id:064X}"),
            state,
        })
    });
    prop_oneof![4 => account, 1 => access, 1 => key]
}

/// Lines, most of them once, some of them taken back again, and changes between them. The clock goes over the month's
/// edge; the second book is published in the first epoch where `publish` says so.
pub(crate) fn epochs() -> impl Strategy<Value = Vec<GivenEpoch>> {
    let line =
        (line(), prop_oneof![8 => Just(1i64), 1 => Just(-1)]).prop_map(|(record, sign)| Given::Line(record, sign));
    let given = prop_oneof![6 => line, 1 => change().prop_map(Given::Change)];
    vec((1u64..4, 0i64..40, vec(given, 0..25)), 1..12).prop_map(|epochs| {
        let mut number = 0;
        let mut clock = START;
        let numbered = |(step, minutes, given): (u64, i64, Vec<Given>)| {
            number += step;
            clock += minutes * 60_000;
            (number, UnixMillis(clock), given)
        };
        epochs.into_iter().map(numbered).collect()
    })
}

/// What the dataflow is given of it: each line for itself, so that keys come more than once.
pub(crate) fn input((epoch, cut_at, given): &GivenEpoch) -> EpochInput {
    let mut input = EpochInput { epoch: *epoch, cut_at: *cut_at, ..EpochInput::default() };
    for given in given {
        match given {
            Given::Line(record, sign) => add(&mut input.partials, record, *sign < 0),
            Given::Change(entity) => input.reference.push(ReferenceChange { seq: 1, entity: entity.clone() }),
        }
    }
    input
}

fn add(partials: &mut Partials, record: &Record, takes_back: bool) {
    let (mut usage, mut infra) = (Usage::default(), InfraSums::default());
    usage.add(record);
    infra.add(record);
    let mut activity = KeyActivity::of(record);
    if takes_back {
        (usage, infra) = (usage.negated(), infra.negated());
        (activity.requests, activity.errors) = (-activity.requests, -activity.errors);
    }
    let minute = MinuteKey::of(record);
    partials.usage.push((minute, usage));
    partials.infra.push((InfraSpanKey { infra: InfraKey::of(record), start: minute.minute }, infra));
    partials.keys.extend(KeyHour::of(record).map(|key| (key, activity)));
}
