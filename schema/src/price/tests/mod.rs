//! Rating by golden tables, and what is and is not a book.

mod billable;
mod properties;

use super::*;
use crate::ids::Service;
use crate::money::MicroUsd;
use crate::reference::{Entity, MAX_CHANGE_BYTES, ReferenceChange};
use crate::time::UnixMillis;
use crate::usage::MAX_TRAFFIC_TYPE;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GIB: i64 = 1 << 30;

/// A book that charges requests by this price.
fn charging(requests: Price) -> PriceBook {
    PriceBook { requests, ..PriceBook::v1() }
}

#[test]
fn golden_tables_of_every_model() {
    let (mut book, mut models, mut values) = (None, 0, 0);
    for line in include_str!("golden.txt").lines() {
        if line.starts_with('{') {
            let price: Price = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(price.check(), Ok(()), "{line}");
            assert_eq!(serde_json::from_value::<Price>(serde_json::to_value(&price).unwrap()).unwrap(), price);
            (book, models) = (Some(charging(price)), models + 1);
        } else if let Some((units, micro)) = line.split_once(' ').filter(|_| !line.starts_with('#')) {
            let book = book.as_ref().unwrap();
            let expected = MicroUsd(micro.parse().unwrap());
            assert_eq!(book.rate(None, units.parse().unwrap(), 0), expected, "{units} by {:?}", book.requests);
            values += 1;
        }
    }
    assert_eq!((models, values), (21, 114), "prices and values of the file");
}

#[test]
fn v1_by_the_price_list() {
    let cases = [
        (Some(Service::Seal), 0, 0, 0),
        (Some(Service::Seal), 1, 0, 100),
        (Some(Service::Seal), 10_000, 0, 1_000_000),
        (Some(Service::Seal), 10_000, 9 * GIB, 1_000_000),
        (Some(Service::Grpc), 10_000, GIB, 1_060_000),
        (Some(Service::Graphql), 0, GIB / 2, 30_000),
        // 17,895 bytes cost a hair under one micro-dollar, 17,896 a hair over.
        (Some(Service::Grpc), 0, 17_895, 0),
        (Some(Service::Grpc), 0, 17_896, 1),
        (None, 3, GIB, 300),
    ];
    for (service, requests, bytes, micro) in cases {
        assert_eq!(PriceBook::v1().rate(service, requests, bytes), MicroUsd(micro), "{service:?} {requests} {bytes}");
    }
}

#[test]
fn requests_and_bytes_are_rounded_down_together() {
    let mut book = charging(Price::per_unit(MicroUsd(1), 3));
    book.bytes = Price::per_unit(MicroUsd(1), 2);
    // 2/3 + 1/2 = 1 1/6, and 1/3 + 1/2 = 5/6: neither part is a micro-dollar.
    let cases = [(2, 1, 1), (1, 1, 0), (-1, 1, 0), (-1, -1, -1), (-2, -1, -2), (-1, 0, -1), (3, -1, 0)];
    for (requests, bytes, micro) in cases {
        assert_eq!(book.rate(Some(Service::Grpc), requests, bytes), MicroUsd(micro), "{requests} {bytes}");
    }
    // Two halves are one, exactly.
    book.requests = Price::per_unit(MicroUsd(1), 2);
    for (requests, bytes, micro) in [(1, 1, 1), (1, 2, 1), (1, 3, 2), (-1, 1, 0), (-1, -1, -1)] {
        assert_eq!(book.rate(Some(Service::Grpc), requests, bytes), MicroUsd(micro), "{requests} {bytes}");
    }
}

#[test]
fn a_service_may_have_its_own_price() {
    let mut book = PriceBook::v1();
    book.requests_for.insert(Service::Grpc, Price::per_unit(MicroUsd(7), 1));
    for (service, micro) in [(Some(Service::Grpc), 70), (Some(Service::Seal), 1_000), (None, 1_000)] {
        assert_eq!(book.rate(service, 10, 0), MicroUsd(micro), "{service:?}");
    }
}

#[test]
fn the_most_extreme_of_everything_saturates() {
    let worst = |price| Price::per_unit(MicroUsd(price), i64::MIN);
    let most = PriceBook::MAX_RATED.0;
    let cases = [(i64::MIN, i64::MIN, most), (i64::MAX, i64::MAX, most), (i64::MIN, i64::MAX, 0)];
    for (price, units, expected) in cases {
        let book = PriceBook { requests: worst(price), bytes: worst(price), ..PriceBook::v1() };
        assert_eq!(book.rate(Some(Service::Grpc), units, units), MicroUsd(expected), "{price} {units}");
    }
    // Forged lines, by the prices in force.
    let forged = [(i64::MAX, i64::MAX, most), (i64::MIN, i64::MIN, -most), (0, i64::MAX, 515_396_075_519_999)];
    for (requests, bytes, expected) in forged {
        let rated = PriceBook::v1().rate(Some(Service::Grpc), requests, bytes);
        assert_eq!(rated, MicroUsd(expected), "{requests} {bytes}");
    }
}

/// As they stand in databases and journals since before there were models.
const RECORDED_V1: &str = r#"{"version":1,"effective_from":0,"requests":{"price":1000000,"per_units":10000},"bytes":{"price":60000,"per_units":1073741824},"bytes_billed_for":[2,3]}"#;

#[test]
fn a_recorded_book_reads_as_it_always_has() {
    let book: PriceBook = serde_json::from_str(RECORDED_V1).unwrap();
    assert_eq!(book, PriceBook::v1());
    assert_eq!(serde_json::from_str::<PriceBook>(&serde_json::to_string(&book).unwrap()).unwrap(), book);
    // Usage prices are written as they were, so that whoever reads them still can.
    let mut written = serde_json::to_value(&book).unwrap();
    written.as_object_mut().unwrap().remove("subscriptions");
    assert_eq!(written, serde_json::from_str::<Value>(RECORDED_V1).unwrap());
}

#[test]
fn what_no_book_has_is_refused() {
    let with = |field: &str, value: Value| {
        let mut json: Value = serde_json::from_str(RECORDED_V1).unwrap();
        json[field] = value;
        json
    };
    let cases = [
        (with("discount", json!(1)), "unknown field `discount`"),
        (with("requests", json!({"price": 1, "per_unit": 1})), "unknown field `per_unit`"),
        (with("requests", json!({"price": 1.5})), "invalid type"),
        (with("requests", json!({"model": "auction", "price": 1})), "unknown variant `auction`"),
        (with("requests", json!({"model": "flat"})), "a Flat price has a price and nothing else"),
        (with("requests", json!({"price": 1, "bands": []})), "a PerUnit price has a price and nothing else"),
        (with("requests", json!({"model": "volume", "price": 1, "bands": []})), "a Volume price has bands and"),
        (with("requests", json!({"model": "graduated"})), "a Graduated price has bands and nothing else"),
        (with("requests", json!({"model": "volume", "bands": [{"price": 1, "to": 1}]})), "unknown field `to`"),
        (with("subscriptions", json!({"gold": 1})), "unknown field `gold`"),
        (with("requests_for", json!({"9": {"price": 1}})), "9 is no service type"),
    ];
    for (json, expected) in cases {
        let error = serde_json::from_value::<PriceBook>(json.clone()).unwrap_err().to_string();
        assert!(error.contains(expected), "{json}: {error}");
    }
    let own = with("requests_for", json!({"2": {"price": 7}}));
    let book: PriceBook = serde_json::from_str(&own.to_string()).unwrap();
    assert_eq!(book.requests_for, BTreeMap::from([(Service::Grpc, Price::per_unit(MicroUsd(7), 1))]));
    let dearer: PriceBook = serde_json::from_value(with("subscriptions", json!({"pro": 50_000_000}))).unwrap();
    assert_eq!(dearer.subscriptions, SubscriptionPrices { pro: MicroUsd(50_000_000), ..SubscriptionPrices::v1() });
}

fn bands(bounds: &[Option<i64>]) -> Vec<Band> {
    bounds.iter().map(|up_to| Band { up_to: *up_to, price: MicroUsd(1) }).collect()
}

#[test]
fn prices_out_of_bounds_are_refused() {
    let per_unit = || Price::per_unit(MicroUsd(1), 1);
    let banded = |bounds: &[Option<i64>]| Price { model: Model::Graduated { bands: bands(bounds) }, ..per_unit() };
    let ascending: Vec<_> = (1..32).map(Some).chain([None]).collect();
    let one_more: Vec<_> = (1..33).map(Some).chain([None]).collect();
    let dear = MicroUsd(MAX_PRICE.0 + 1);
    let cases = [
        (per_unit(), Ok(())),
        (Price { per_units: 0, ..per_unit() }, Err(PriceError::PerUnits(0))),
        (Price { per_units: MAX_PER_UNITS, ..per_unit() }, Ok(())),
        (Price { per_units: MAX_PER_UNITS + 1, ..per_unit() }, Err(PriceError::PerUnits(MAX_PER_UNITS + 1))),
        (Price { free_units: -1, ..per_unit() }, Err(PriceError::FreeUnits(-1))),
        (Price { minimum: MicroUsd(-1), ..per_unit() }, Err(PriceError::Amount(MicroUsd(-1)))),
        (Price { minimum: MAX_PRICE, ..per_unit() }, Ok(())),
        (Price::per_unit(MicroUsd(-1), 1), Err(PriceError::Amount(MicroUsd(-1)))),
        (Price { model: Model::Flat { price: dear }, ..per_unit() }, Err(PriceError::Amount(dear))),
        (Price { model: Model::Package { price: dear }, ..per_unit() }, Err(PriceError::Amount(dear))),
        (Price { model: Model::Package { price: dear }, per_units: 0, ..per_unit() }, Err(PriceError::PerUnits(0))),
        (banded(&[None]), Ok(())),
        (banded(&ascending), Ok(())),
        (banded(&one_more), Err(PriceError::Bands)),
        (banded(&[]), Err(PriceError::Bands)),
        (banded(&[Some(1)]), Err(PriceError::Bands)),
        (banded(&[None, None]), Err(PriceError::Bands)),
        (banded(&[Some(0), None]), Err(PriceError::Bands)),
        (banded(&[Some(2), Some(2), None]), Err(PriceError::Bands)),
        (banded(&[Some(2), Some(1), None]), Err(PriceError::Bands)),
        (
            Price { model: Model::Volume { bands: vec![Band { up_to: None, price: dear }] }, ..per_unit() },
            Err(PriceError::Amount(dear)),
        ),
    ];
    for (price, expected) in cases {
        assert_eq!(price.check(), expected, "{price:?}");
        let in_book = expected.map_err(|error| BookError::Price { what: "requests", error });
        assert_eq!(charging(price).check(), in_book);
    }
}

#[test]
fn every_price_of_a_book_is_checked() {
    let bad = Price::per_unit(MicroUsd(-1), 1);
    let error = PriceError::Amount(MicroUsd(-1));
    let v1 = PriceBook::v1;
    let of = |what| Err(BookError::Price { what, error });
    let subscriptions = SubscriptionPrices { api_key: MicroUsd(-1), ..SubscriptionPrices::v1() };
    let cases = [
        (v1(), Ok(())),
        (PriceBook { bytes: bad.clone(), ..v1() }, of("bytes")),
        (PriceBook { requests_for: BTreeMap::from([(Service::Seal, bad)]), ..v1() }, of("a service's requests")),
        (PriceBook { subscriptions, ..v1() }, of("an API key")),
        (PriceBook { effective_from: UnixMillis(3_600_001), ..v1() }, Err(BookError::EffectiveFrom)),
        (PriceBook { effective_from: UnixMillis(-3_600_000), ..v1() }, Err(BookError::EffectiveFrom)),
    ];
    for (book, expected) in cases {
        assert_eq!(book.check(), expected, "{book:?}");
    }
}

fn at(text: &str) -> UnixMillis {
    UnixMillis::parse_rfc3339(text).unwrap()
}

#[test]
fn books_follow_each_other_on_whole_hours() {
    let book =
        |version, effective_from| PriceBook { version, effective_from: UnixMillis(effective_from), ..PriceBook::v1() };
    assert_eq!(PriceBooks::new(vec![]), Err(PriceBooksError::NoFirstBook));
    assert_eq!(PriceBooks::new(vec![book(1, 3_600_000)]), Err(PriceBooksError::NoFirstBook));
    let wrong = Err(PriceBooksError::Book { version: 2, error: BookError::EffectiveFrom });
    assert_eq!(PriceBooks::new(vec![book(1, 0), book(2, 3_600_001)]), wrong);
    for out_of_order in [book(1, 3_600_000), book(2, 0)] {
        let version = out_of_order.version;
        let books = PriceBooks::new(vec![book(1, 0), out_of_order]);
        assert_eq!(books, Err(PriceBooksError::OutOfOrder { version }));
    }
    let books = PriceBooks::new(vec![book(1, 0), book(2, 3_600_000)]).unwrap();
    assert_eq!(books.in_force(UnixMillis(3_599_999)).version, 1);
    assert_eq!(books.in_force(UnixMillis(3_600_000)).version, 2);
}

#[test]
fn what_depends_on_the_month_begins_and_ends_with_one() {
    let per_unit = Price::per_unit(MicroUsd(1), 1);
    let by_month = [
        Price { free_units: 1, ..per_unit.clone() },
        Price { minimum: MicroUsd(1), ..per_unit.clone() },
        Price { model: Model::Flat { price: MicroUsd(1) }, ..per_unit.clone() },
        Price { model: Model::Package { price: MicroUsd(1) }, ..per_unit.clone() },
        Price { model: Model::Volume { bands: bands(&[None]) }, ..per_unit.clone() },
        Price { model: Model::Graduated { bands: bands(&[Some(1), None]) }, ..per_unit },
    ];
    let (first, hour) = (at("2026-12-01T00:00:00Z"), at("2026-12-01T01:00:00Z"));
    let book = |version, effective_from, book: &PriceBook| PriceBook { version, effective_from, ..book.clone() };
    for price in by_month {
        let bytes = PriceBook { bytes: price.clone(), ..PriceBook::v1() };
        let own = PriceBook { requests_for: BTreeMap::from([(Service::Seal, price.clone())]), ..PriceBook::v1() };
        for other in [charging(price), bytes, own] {
            assert!(!other.is_linear());
            let v1 = PriceBook::v1();
            let refused = Err(PriceBooksError::WithinMonth { version: 2 });
            assert_eq!(PriceBooks::new(vec![v1.clone(), book(2, hour, &other)]), refused, "{other:?} begins");
            assert_eq!(PriceBooks::new(vec![other.clone(), book(2, hour, &v1)]), refused, "{other:?} ends");
            let whole = [vec![v1.clone(), book(2, first, &other)], vec![other.clone(), book(2, first, &v1)]];
            whole.into_iter().for_each(|books| drop(PriceBooks::new(books).unwrap()));
        }
    }
    assert!(PriceBook::v1().is_linear());
}

#[test]
fn the_longest_book_can_be_journaled() {
    let band = |n: usize| Band { up_to: Some(i64::MAX - 100 + i64::try_from(n).unwrap()), price: MAX_PRICE };
    let bands: Vec<_> = (1..MAX_BANDS).map(band).chain([Band { up_to: None, price: MAX_PRICE }]).collect();
    let model = Model::Graduated { bands };
    let price = Price { model, per_units: MAX_PER_UNITS, free_units: i64::MAX, minimum: MAX_PRICE };
    let ranges = i16::try_from(MAX_STATUS_RANGES).unwrap();
    let statuses = (0..ranges).map(|n| StatusRange { from: 900 + 2 * n, to: 900 + 2 * n }).collect();
    let book = PriceBook {
        version: u32::MAX,
        effective_from: at("9998-12-01T00:00:00Z"),
        billable: BillableRule { traffic_types: (0..=MAX_TRAFFIC_TYPE).collect(), statuses },
        requests_for: Service::ALL.iter().map(|service| (*service, price.clone())).collect(),
        requests: price.clone(),
        bytes: price,
        bytes_billed_for: Service::ALL.to_vec(),
        subscriptions: SubscriptionPrices::v1(),
    };
    assert_eq!(book.check(), Ok(()));
    let change = ReferenceChange { seq: u64::MAX, entity: Entity::PriceBook(book) };
    let json = serde_json::to_string(&change).unwrap();
    assert!(json.len() <= MAX_CHANGE_BYTES, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<ReferenceChange>(&json).unwrap(), change);
}
