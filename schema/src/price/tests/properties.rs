//! Rating against an oracle written apart, on fractions of big integers; and what holds whatever the prices are.

use super::charging;
use crate::ids::Service;
use crate::money::MicroUsd;
use crate::price::{Band, MAX_PER_UNITS, MAX_PRICE, Model, Price, PriceBook};
use num_bigint::BigInt;
use proptest::collection::vec;
use proptest::prelude::*;

/// The exact price, numerator and denominator.
fn oracle(price: &Price, units: i64) -> (BigInt, BigInt) {
    let per = BigInt::from(price.per_units);
    if units < 0 {
        return match price.model {
            Model::PerUnit { price } => (BigInt::from(units) * price.0, per),
            _ => (BigInt::from(0), per),
        };
    }
    let charged = (BigInt::from(units) - price.free_units).max(BigInt::from(0));
    let some = charged > BigInt::from(0);
    let numerator = match &price.model {
        Model::PerUnit { price } => charged * price.0,
        Model::Flat { price } => {
            if some {
                &per * price.0
            } else {
                BigInt::from(0)
            }
        }
        Model::Package { price: package } => (charged + price.per_units - 1) / price.per_units * package.0 * &per,
        Model::Volume { bands } => {
            let above = bands.iter().filter(|band| band.up_to.is_some_and(|last| BigInt::from(last) < charged)).count();
            charged * bands[above].price.0
        }
        Model::Graduated { bands } => graduated(bands, &charged),
    };
    let minimum = if units > 0 { &per * price.minimum.0 } else { BigInt::from(0) };
    (numerator.max(minimum), per)
}

/// By differences: each band's price less the one before it, for all units above where it begins.
fn graduated(bands: &[Band], charged: &BigInt) -> BigInt {
    let begins = std::iter::once(0).chain(bands.iter().filter_map(|band| band.up_to));
    let before = std::iter::once(0).chain(bands.iter().map(|band| band.price.0));
    let rows = bands.iter().zip(begins).zip(before);
    let of_row = |((band, begins), before): ((&Band, i64), i64)| {
        (charged - begins).max(BigInt::from(0)) * (band.price.0 - before)
    };
    rows.map(of_row).sum()
}

/// Rounded down once, and saturated.
fn oracle_rate(book: &PriceBook, requests: i64, bytes: i64) -> MicroUsd {
    let ((a, per_a), (b, per_b)) = (oracle(&book.requests, requests), oracle(&book.bytes, bytes));
    let (sum, per) = (a * &per_b + b * &per_a, per_a * per_b);
    let towards_zero = &sum / &per;
    let rounded = if &towards_zero * &per > sum { towards_zero - 1 } else { towards_zero };
    let most = BigInt::from(PriceBook::MAX_RATED.0);
    MicroUsd(rounded.clamp(-most.clone(), most).try_into().unwrap())
}

/// From few to all that there can be: of each magnitude as often as of any other.
fn up_to(most: i64) -> impl Strategy<Value = i64> {
    (0..=most, 0u32..63).prop_map(|(number, shift)| number >> shift)
}

fn amount() -> impl Strategy<Value = MicroUsd> {
    up_to(MAX_PRICE.0).prop_map(MicroUsd)
}

fn bands() -> impl Strategy<Value = Vec<Band>> {
    let bounds = vec(up_to(1 << 45), 0..5).prop_map(|mut bounds| {
        bounds.sort_unstable();
        bounds.dedup();
        bounds.into_iter().filter(|bound| *bound > 0).map(Some).chain([None]).collect::<Vec<_>>()
    });
    (bounds, vec(amount(), 6)).prop_map(|(bounds, prices)| {
        bounds.into_iter().zip(prices).map(|(up_to, price)| Band { up_to, price }).collect()
    })
}

fn model() -> impl Strategy<Value = Model> {
    prop_oneof![
        amount().prop_map(|price| Model::PerUnit { price }),
        amount().prop_map(|price| Model::Flat { price }),
        amount().prop_map(|price| Model::Package { price }),
        bands().prop_map(|bands| Model::Graduated { bands }),
        bands().prop_map(|bands| Model::Volume { bands }),
    ]
}

prop_compose! {
    fn price()(
        model in model(),
        per_units in up_to(MAX_PER_UNITS),
        free_units in prop_oneof![Just(0), up_to(1 << 40)],
        minimum in prop_oneof![Just(MicroUsd(0)), amount()],
    ) -> Price {
        Price { model, per_units: per_units.max(1), free_units, minimum }
    }
}

fn units() -> impl Strategy<Value = i64> {
    prop_oneof![4 => up_to(i64::MAX), 1 => up_to(i64::MAX).prop_map(|units| -units), 1 => Just(i64::MIN)]
}

/// Anything that the types hold, good or not.
fn any_price() -> impl Strategy<Value = Price> {
    let extreme = || prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), Just(0), -3i64..3];
    let band = (proptest::option::of(extreme()), extreme());
    let bands = vec(band.prop_map(|(up_to, price)| Band { up_to, price: MicroUsd(price) }), 0..4);
    (0u8..5, extreme(), bands, extreme(), extreme(), extreme()).prop_map(|(model, price, bands, per, free, least)| {
        let price = MicroUsd(price);
        let model = match model {
            0 => Model::PerUnit { price },
            1 => Model::Flat { price },
            2 => Model::Package { price },
            3 => Model::Graduated { bands },
            _ => Model::Volume { bands },
        };
        Price { model, per_units: per, free_units: free, minimum: MicroUsd(least) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, ..ProptestConfig::default() })]

    #[test]
    fn rating_equals_the_oracle(requests in price(), bytes in price(), units in (units(), units())) {
        let book = PriceBook { requests, bytes, ..PriceBook::v1() };
        prop_assert_eq!(book.check(), Ok(()));
        prop_assert_eq!(book.rate(Some(Service::Grpc), units.0, units.1), oracle_rate(&book, units.0, units.1));
        prop_assert_eq!(book.rate(Some(Service::Seal), units.0, units.1), oracle_rate(&book, units.0, 0));
    }

    /// Around the edges of bands, quotas and packages, where it is easy to be one off.
    #[test]
    fn rating_equals_the_oracle_at_every_edge(price in price(), packages in 0i64..5) {
        let bounds = match &price.model {
            Model::Graduated { bands } | Model::Volume { bands } => bands.iter().filter_map(|band| band.up_to).collect(),
            _ => vec![packages.saturating_mul(price.per_units)],
        };
        let book = charging(price.clone());
        for edge in bounds.into_iter().chain([0]) {
            for units in [-1, 0, 1].map(|by| edge + price.free_units + by) {
                prop_assert_eq!(book.rate(None, units, 0), oracle_rate(&book, units, 0), "{} units", units);
            }
        }
    }

    #[test]
    fn more_never_costs_less_but_by_volume(price in price(), units in units(), more in up_to(i64::MAX)) {
        prop_assume!(!matches!(price.model, Model::Volume { .. }));
        let book = charging(price);
        prop_assert!(book.rate(None, units, 0) <= book.rate(None, units.saturating_add(more), 0));
    }

    #[test]
    fn linear_prices_add_up_to_within_a_micro_dollar(
        (price, byte_price) in (amount(), amount()), per in (1i64..1 << 20, 1i64..1 << 40),
        (few, bytes) in (-1_000_000i64..1_000_000, 0i64..1 << 40), (more, more_bytes) in (0i64..1_000_000, 0i64..1 << 40),
    ) {
        let (requests, bytes_price) = (Price::per_unit(price, per.0), Price::per_unit(byte_price, per.1));
        let book = PriceBook { requests, bytes: bytes_price, ..PriceBook::v1() };
        let grpc = Some(Service::Grpc);
        let parts = [book.rate(grpc, few, bytes), book.rate(grpc, more, more_bytes)];
        prop_assume!(parts.iter().all(|part| part.0.abs() < PriceBook::MAX_RATED.0 / 4));
        let whole = book.rate(grpc, few + more, bytes + more_bytes);
        prop_assert!((0..=1).contains(&(whole - parts[0] - parts[1]).0), "{:?} {:?}", whole, parts);
    }

    #[test]
    fn no_price_and_no_usage_panics(requests in any_price(), bytes in any_price(), units in any::<[i64; 2]>()) {
        let book = PriceBook { requests, bytes, ..PriceBook::v1() };
        for (requests, bytes) in [(units[0], units[1]), (i64::MAX, i64::MAX), (i64::MIN, i64::MIN), (1, -1)] {
            let rated = book.rate(Some(Service::Grpc), requests, bytes);
            prop_assert!(rated.0.abs() <= PriceBook::MAX_RATED.0);
        }
        let _ = book.check();
    }
}

#[test]
fn by_volume_more_can_cost_less() {
    let bands = vec![Band { up_to: Some(100), price: MicroUsd(10) }, Band { up_to: None, price: MicroUsd(8) }];
    let book = charging(Price { model: Model::Volume { bands }, ..Price::per_unit(MicroUsd(0), 1) });
    assert!(book.rate(None, 101, 0) < book.rate(None, 100, 0));
}
