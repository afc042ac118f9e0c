//! The views against a plain recount that shares no code with them but the schema's types.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod oracle;

use oracle::{Oracle, customer, minute};
use proptest::prelude::*;
use std::collections::BTreeMap;
use suiftly_dataflow::{Dataflow, DataflowError, EpochUsage, Seed};
use suiftly_schema::ids::{Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::price::{PriceBook, PriceBooks, UnitPrice};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, UsageKey, UsageSums};
use suiftly_schema::view::EpochDeltas;

/// Two books; the second takes effect at an hour that the generated minutes lie around.
fn books() -> PriceBooks {
    let second = PriceBook {
        version: 2,
        effective_from: oracle::BOOK_2_FROM,
        requests: UnitPrice { price: MicroUsd(3_000_000), per_units: 10_000 },
        ..PriceBook::v1()
    };
    PriceBooks::new(vec![PriceBook::v1(), second]).unwrap()
}

fn run(workers: usize, seed: Seed, epochs: &[EpochUsage]) -> Vec<EpochDeltas> {
    let (dataflow, deltas) = Dataflow::start(workers, seed, books()).unwrap();
    let taker = std::thread::spawn(move || deltas.iter().collect());
    for epoch in epochs {
        dataflow.send(epoch.clone()).unwrap();
    }
    drop(dataflow);
    taker.join().unwrap()
}

fn usage_key() -> impl Strategy<Value = UsageKey> {
    let service = prop_oneof![Just(None), Just(Some(Service::Seal)), Just(Some(Service::Grpc))];
    let network = prop_oneof![Just(None), Just(Some(Network::Mainnet)), Just(Some(Network::Testnet))];
    (0i64..4, service, network).prop_map(|(id, service, network)| UsageKey {
        customer_id: customer(id),
        service,
        network,
    })
}

/// Mostly additions, some retractions; minutes around an hour, a month and a price book's edge, and one days late.
fn update() -> impl Strategy<Value = (MinuteKey, UsageSums)> {
    let at = prop_oneof![(0i64..240).prop_map(minute), Just(minute(-5 * 24 * 60))];
    let sums = prop_oneof![8 => Just(1i64), 1 => Just(-1), 1 => 0i64..3];
    (usage_key(), at, proptest::array::uniform10(-2i64..90_000), sums).prop_map(|(usage, minute, fields, sign)| {
        (MinuteKey { usage, minute }, UsageSums::from_array(fields.map(|field| field * sign)))
    })
}

fn epochs() -> impl Strategy<Value = Vec<EpochUsage>> {
    proptest::collection::vec((1u64..4, proptest::collection::vec(update(), 0..30)), 1..12).prop_map(|epochs| {
        let number = |last: &mut u64, (step, usage)| {
            *last += step;
            Some(EpochUsage { epoch: *last, usage })
        };
        epochs.into_iter().scan(0, number).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_view_equals_a_recount_at_every_epoch(epochs in epochs()) {
        let one = run(1, Seed::default(), &epochs);
        prop_assert_eq!(one.len(), epochs.len());
        let (mut views, mut oracle) = (Oracle::default(), Oracle::default());
        for (input, deltas) in epochs.iter().zip(&one) {
            prop_assert_eq!(input.epoch, deltas.epoch);
            views.integrate(deltas);
            oracle.recount(input);
            prop_assert_eq!(views.minutes(), oracle.minutes());
            prop_assert_eq!(views.hours(), oracle.hours());
            prop_assert_eq!(views.rated(), oracle.rated());
        }
        prop_assert_eq!(&run(2, Seed::default(), &epochs), &one);
        prop_assert_eq!(&run(4, Seed::default(), &epochs), &one);
    }

    #[test]
    fn a_restart_from_the_stored_totals_changes_nothing(epochs in epochs(), cut in 0usize..12) {
        let whole = run(1, Seed::default(), &epochs);
        let cut = cut.min(epochs.len());
        let mut stored = Oracle::default();
        whole[..cut].iter().for_each(|deltas| stored.integrate(deltas));
        let epoch = cut.checked_sub(1).map_or(0, |last| epochs[last].epoch);
        let rated = stored.rated().into_iter().collect();
        prop_assert_eq!(&run(2, Seed { epoch, rated }, &epochs[cut..]), &whole[cut..].to_vec());
    }
}

#[test]
fn the_last_micro_dollar_comes_with_the_byte_that_completes_it() {
    let key = MinuteKey {
        usage: UsageKey { customer_id: customer(1), service: Some(Service::Grpc), network: Some(Network::Mainnet) },
        minute: minute(0),
    };
    let bytes = |billable_bytes| UsageSums { billable_bytes, ..UsageSums::default() };
    let epochs = [(1, 17_895), (2, 1), (3, -1)].map(|(epoch, n)| EpochUsage { epoch, usage: vec![(key, bytes(n))] });
    let rated: Vec<_> = run(1, Seed::default(), &epochs).iter().map(|deltas| deltas.rated[0].1.rated).collect();
    assert_eq!(rated, [MicroUsd(0), MicroUsd(1), MicroUsd(-1)]);
}

#[test]
fn forged_bytes_saturate_and_stay_so() {
    let key = MinuteKey {
        usage: UsageKey { customer_id: customer(1), service: Some(Service::Grpc), network: None },
        minute: minute(0),
    };
    let sums = UsageSums { billable_bytes: i64::MAX / 2, bytes_sent: i64::MAX / 2, ..UsageSums::default() };
    let epochs = [1, 2, 3].map(|epoch| EpochUsage { epoch, usage: vec![(key, sums), (key, sums)] });
    let deltas = run(2, Seed::default(), &epochs);
    let mut stored = Oracle::default();
    deltas[..2].iter().for_each(|deltas| stored.integrate_rated(deltas));
    let total = stored.rated().into_values().next().unwrap();
    assert_eq!((total.billable_bytes, total.rated), (i64::MAX, PriceBook::v1().rate(Some(Service::Grpc), 0, i64::MAX)));
    assert_eq!(deltas[2].rated, [], "there is no more to rate");
}

#[test]
fn what_cancels_out_within_an_epoch_is_not_emitted() {
    let key =
        MinuteKey { usage: UsageKey { customer_id: customer(1), service: None, network: None }, minute: minute(0) };
    let sums = UsageSums { guaranteed: 1, billable_requests: 1, ..UsageSums::default() };
    let minus = UsageSums::from_array(sums.to_array().map(|field| -field));
    let deltas = run(2, Seed::default(), &[EpochUsage { epoch: 9, usage: vec![(key, sums), (key, minus)] }]);
    assert_eq!(deltas, [EpochDeltas { epoch: 9, ..Default::default() }]);
}

#[test]
fn a_worker_count_out_of_bounds_is_refused() {
    for workers in [0, 65] {
        let refused = Dataflow::start(workers, Seed::default(), PriceBooks::v1());
        assert!(matches!(refused, Err(DataflowError::Workers(n)) if n == workers));
    }
}

#[test]
fn the_book_edge_lies_on_an_hour_that_minutes_cross() {
    let versions: BTreeMap<_, _> = (0..240).map(|at| (books().in_force(minute(at)).version, ())).collect();
    assert_eq!(versions.len(), 2);
    assert!(minute(0) < oracle::BOOK_2_FROM && oracle::BOOK_2_FROM < minute(240));
    assert_eq!(UnixMillis(oracle::BOOK_2_FROM.0).hour(), oracle::BOOK_2_FROM);
}
