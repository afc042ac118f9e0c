//! Every view at every epoch, for one, two and four workers, whole and restarted.

use crate::generate::{GivenEpoch, books, epochs, input, second_book};
use crate::integrate::integrate;
use crate::oracle::{Given, MONTH_EDGE, START, Tables, recount};
use crate::seed::seed_at;
use proptest::prelude::*;
use suiftly_dataflow::{Dataflow, DataflowError, EpochInput, Seed, Standing};
use suiftly_schema::ids::{CustomerId, Epoch, Network, Service};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::partial::Partials;
use suiftly_schema::price::{Band, Model, Price, PriceBook, PriceBooks};
use suiftly_schema::reference::{Entity, ReferenceChange};
use suiftly_schema::shard::SHARDS;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
use suiftly_schema::view::EpochDeltas;

fn run_with(workers: usize, seed: Seed, books: PriceBooks, epochs: Vec<EpochInput>) -> Vec<EpochDeltas> {
    let (mut dataflow, deltas) = Dataflow::start(workers, seed, books).unwrap();
    let taker = std::thread::spawn(move || deltas.iter().collect());
    for epoch in epochs {
        dataflow.send(epoch).unwrap();
    }
    drop(dataflow);
    taker.join().unwrap()
}

fn run(workers: usize, epochs: &[GivenEpoch]) -> Vec<EpochDeltas> {
    run_with(workers, Seed::default(), books(), epochs.iter().map(input).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_view_equals_a_recount_at_every_epoch(epochs in epochs()) {
        let one = run(1, &epochs);
        prop_assert_eq!(one.len(), epochs.len());
        let (mut tables, mut given) = (Tables::default(), Vec::<(Epoch, Given)>::new());
        for ((epoch, cut_at, now_given), deltas) in epochs.iter().zip(&one) {
            prop_assert_eq!(*epoch, deltas.epoch);
            integrate(&mut tables, deltas);
            given.extend(now_given.iter().map(|given| (*epoch, given.clone())));
            prop_assert_eq!(&tables, &recount(&given, *cut_at));
        }
        prop_assert_eq!(&run(2, &epochs), &one);
        prop_assert_eq!(&run(4, &epochs), &one);
    }

    #[test]
    fn a_restart_from_what_is_stored_changes_nothing(epochs in epochs(), cut in 0usize..12) {
        let whole = run(1, &epochs);
        let cut = cut.min(epochs.len());
        let stored = cut.checked_sub(1).map_or(0, |last| epochs[last].0);
        let seed = seed_at(&epochs, &whole, Standing([stored; SHARDS]));
        let rest = run_with(2, seed, books(), epochs[cut..].iter().map(input).collect());
        prop_assert_eq!(rest, &whole[cut..]);
    }

    #[test]
    fn a_book_that_is_published_on_the_way_is_as_one_known_before(epochs in epochs()) {
        let mut inputs: Vec<_> = epochs.iter().map(input).collect();
        let book = ReferenceChange { seq: 1, entity: Entity::PriceBook(second_book()) };
        inputs[0].reference.insert(0, book.clone());
        inputs[0].reference.push(book);
        prop_assert_eq!(run_with(2, Seed::default(), PriceBooks::v1(), inputs), run(1, &epochs));
    }
}

fn key(service: Service) -> MinuteKey {
    let usage = UsageKey { customer_id: CustomerId::new(1), service: Some(service), network: Some(Network::Mainnet) };
    MinuteKey { usage, minute: UnixMillis(START) }
}

fn usage_epochs<const N: usize>(epochs: [Vec<(MinuteKey, UsageSums)>; N]) -> Vec<EpochInput> {
    let input = |(epoch, rows): (u64, Vec<(MinuteKey, UsageSums)>)| {
        let usage = rows.into_iter().map(|(key, sums)| (key, Usage { sums, ..Usage::default() })).collect();
        let partials = Partials { usage, ..Partials::default() };
        EpochInput { epoch, cut_at: UnixMillis(START), partials, reference: Vec::new() }
    };
    (1..).zip(epochs).map(input).collect()
}

#[test]
fn the_last_micro_dollar_comes_with_the_byte_that_completes_it() {
    let bytes = |billable_bytes| vec![(key(Service::Grpc), UsageSums { billable_bytes, ..UsageSums::default() })];
    let epochs = usage_epochs([17_895, 1, -1].map(bytes));
    let deltas = run_with(1, Seed::default(), books(), epochs);
    let rated: Vec<_> = deltas.iter().map(|deltas| deltas.rated[0].1.rated).collect();
    assert_eq!(rated, [MicroUsd(0), MicroUsd(1), MicroUsd(-1)]);
}

#[test]
fn forged_bytes_saturate_and_stay_so() {
    let half = i64::MAX / 2;
    let sums = UsageSums { billable_bytes: half, bytes_sent: half, ..UsageSums::default() };
    let row = (key(Service::Grpc), sums);
    let deltas = run_with(2, Seed::default(), books(), usage_epochs([vec![row, row], vec![row, row], vec![row, row]]));
    let totals = deltas[..2].iter().map(|deltas| deltas.rated[0].1);
    let bytes: i64 = totals.clone().map(|sums| sums.billable_bytes).sum();
    let rated: i64 = totals.map(|sums| sums.rated.0).sum();
    assert_eq!((bytes, rated), (i64::MAX, PriceBook::v1().rate(Some(Service::Grpc), 0, i64::MAX).0));
    assert_eq!(deltas[2].rated, [], "there is no more to rate");
}

/// Two free, ten at 7 each, then 3 each: however the lines come, a month passes each edge once.
#[test]
fn bands_and_quotas_are_of_the_month_whatever_the_epochs() {
    let bands = vec![Band { up_to: Some(10), price: MicroUsd(7) }, Band { up_to: None, price: MicroUsd(3) }];
    let model = Model::Graduated { bands };
    let requests = Price { model, per_units: 1, free_units: 2, minimum: MicroUsd(5) };
    let books = || PriceBooks::new(vec![PriceBook { requests: requests.clone(), ..PriceBook::v1() }]).unwrap();
    let next_month = MinuteKey { minute: UnixMillis(MONTH_EDGE), ..key(Service::Seal) };
    let row = |key, billable_requests| (key, UsageSums { billable_requests, ..UsageSums::default() });
    let of = |requests| vec![row(key(Service::Seal), requests)];
    let both = vec![row(key(Service::Seal), 1), row(next_month, 3)];
    // Totals: 1, 3, 12, 13 and 3, 14, 12, 12 + 1.
    let epochs = || usage_epochs([of(1), of(2), of(9), both.clone(), of(1), of(-2), vec![row(next_month, 1)]]);
    for workers in [1, 2, 4] {
        let deltas = run_with(workers, Seed::default(), books(), epochs());
        let rated: Vec<Vec<i64>> =
            deltas.iter().map(|deltas| deltas.rated.iter().map(|(_, sums)| sums.rated.0).collect()).collect();
        // 5 (the minimum), 7, 70, then 73 and 7, 76, 70, and 14.
        assert_eq!(rated, [vec![5], vec![2], vec![63], vec![3, 7], vec![3], vec![-6], vec![7]], "{workers} workers");
    }
}

#[test]
fn what_cancels_out_within_an_epoch_is_not_emitted() {
    let sums = UsageSums { guaranteed: 1, billable_requests: 1, ..UsageSums::default() };
    let minus = UsageSums::from_array(sums.to_array().map(|field| -field));
    let epochs = usage_epochs([vec![(key(Service::Seal), sums), (key(Service::Seal), minus)]]);
    let deltas = run_with(2, Seed::default(), books(), epochs);
    assert_eq!(deltas, [EpochDeltas { epoch: 1, ..Default::default() }]);
}

#[test]
fn a_worker_count_out_of_bounds_is_refused() {
    for workers in [0, 65] {
        let refused = Dataflow::start(workers, Seed::default(), PriceBooks::v1());
        assert!(matches!(refused, Err(DataflowError::Workers(n)) if n == workers));
    }
}
