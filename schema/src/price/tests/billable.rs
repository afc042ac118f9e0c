//! What is billed: the default, rules by hand, their bounds and their JSON, and what holds whatever the rule is.

use crate::price::{BillableError, BillableRule, BookError, PriceBook, PriceBooks, StatusRange};
use crate::stream::billed_as;
use crate::time::UnixMillis;
use crate::usage::{MAX_TRAFFIC_TYPE, is_billable};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn rule(traffic_types: &[u8], statuses: &[(i16, i16)]) -> BillableRule {
    let statuses = statuses.iter().map(|(from, to)| StatusRange { from: *from, to: *to }).collect();
    BillableRule { traffic_types: traffic_types.to_vec(), statuses }
}

/// Every traffic type and status that a line can have, and some that none has.
fn everything() -> impl Iterator<Item = (u8, i16)> {
    let statuses = || (-1..=1_000).chain([i16::MIN, i16::MAX]);
    (0..=MAX_TRAFFIC_TYPE + 1).chain([u8::MAX]).flat_map(move |traffic| statuses().map(move |it| (traffic, it)))
}

#[test]
fn the_default_is_the_rule_of_v1() {
    let default = BillableRule::default();
    assert_eq!(default.check(), Ok(()));
    for (traffic, status) in everything() {
        assert_eq!(default.is_billable(traffic, status), is_billable(traffic, status), "{traffic} {status}");
    }
    assert_eq!(PriceBook::v1().billable, default);
    assert!(default.is_default());
    for other in [rule(&[1], &[(100, 399)]), rule(&[1, 2], &[(100, 398)]), rule(&[1, 2], &[(100, 199), (200, 399)])] {
        assert!(!other.is_default(), "{other:?}");
    }
}

#[test]
fn what_is_billed_by_hand() {
    let one = rule(&[0, 4], &[(200, 200), (404, 499)]);
    let cases = [
        (0, 200, true),
        (4, 200, true),
        (1, 200, false),
        (5, 200, false),
        (0, 199, false),
        (0, 201, false),
        (4, 403, false),
        (4, 404, true),
        (4, 499, true),
        (4, 500, false),
        (4, -1, false),
        (7, 200, false),
        (0, 0, false),
    ];
    for (traffic, status, expected) in cases {
        assert_eq!(one.is_billable(traffic, status), expected, "{traffic} {status}");
    }
}

#[test]
fn what_is_told_of_a_stream_is_billed_as_guaranteed() {
    for billed in [rule(&[1], &[(200, 299)]), rule(&[1, 7], &[(200, 299)])] {
        assert!(billed.is_billable(7, 200) && !billed.is_billable(7, 404) && !billed.is_billable(8, 200));
    }
    assert!(!rule(&[2, 7], &[(200, 299)]).is_billable(7, 200));
}

#[test]
fn rules_out_of_bounds_are_refused() {
    let (types, statuses) = (Err(BillableError::TrafficTypes), Err(BillableError::Statuses));
    let most: Vec<_> = (0..16).map(|n| (100 + 2 * n, 100 + 2 * n)).collect();
    let one_more: Vec<_> = (0..17).map(|n| (100 + 2 * n, 100 + 2 * n)).collect();
    let cases = [
        (rule(&[0, 1, 2, 3, 4, 5, 6, 7, 8], &[(100, 999)]), Ok(())),
        (rule(&[], &[(100, 399)]), types),
        (rule(&[9], &[(100, 399)]), types),
        (rule(&[1, 1], &[(100, 399)]), types),
        (rule(&[2, 1], &[(100, 399)]), types),
        (rule(&[1], &[]), statuses),
        (rule(&[1], &[(99, 399)]), statuses),
        (rule(&[1], &[(-1, -1)]), statuses),
        (rule(&[1], &[(100, 1_000)]), statuses),
        (rule(&[1], &[(300, 299)]), statuses),
        (rule(&[1], &[(200, 299), (100, 199)]), statuses),
        (rule(&[1], &[(200, 299), (299, 300)]), statuses),
        (rule(&[1], &[(200, 299), (300, 300)]), Ok(())),
        (rule(&[1], &most), Ok(())),
        (rule(&[1], &one_more), statuses),
    ];
    for (billable, expected) in cases {
        assert_eq!(billable.check(), expected, "{billable:?}");
        let book = PriceBook { billable, ..PriceBook::v1() };
        assert_eq!(book.check(), expected.map_err(|error| BookError::Billable { error }));
    }
}

#[test]
fn a_book_says_it_in_its_json() {
    let v1 = serde_json::to_value(PriceBook::v1()).unwrap();
    assert!(v1.get("billable").is_none(), "books are written as they always were");
    let with = |billable: Value| {
        let mut json = v1.clone();
        json["billable"] = billable;
        serde_json::from_value::<PriceBook>(json)
    };
    let json = json!({"traffic_types": [1], "statuses": [{"from": 200, "to": 299}, {"from": 404, "to": 404}]});
    let book = with(json.clone()).unwrap();
    assert_eq!(book.billable, rule(&[1], &[(200, 299), (404, 404)]));
    assert_eq!(serde_json::to_value(&book).unwrap()["billable"], json);
    assert_eq!(
        with(json!({"traffic_types": [1, 2], "statuses": [{"from": 100, "to": 399}]})).unwrap(),
        PriceBook::v1()
    );
    let refused = [
        (json!({"traffic_types": [1]}), "missing field `statuses`"),
        (json!({"statuses": []}), "missing field `traffic_types`"),
        (json!({"traffic_types": [1], "statuses": [[200, 299]], "classes": []}), "unknown field `classes`"),
        (json!({"traffic_types": [1], "statuses": [{"from": 1, "up_to": 2}]}), "unknown field `up_to`"),
        (json!({"traffic_types": [256], "statuses": []}), "invalid value"),
        (json!({"traffic_types": 1, "statuses": []}), "invalid type"),
    ];
    for (json, expected) in refused {
        let error = with(json.clone()).unwrap_err().to_string();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

#[test]
fn books_bill_by_default_until_one_does_not() {
    let mut books = PriceBooks::default();
    let book = |version: u32, billable| {
        let effective_from = UnixMillis(i64::from(version) * 3_600_000);
        PriceBook { version, effective_from, billable, ..PriceBook::v1() }
    };
    books.publish(book(2, BillableRule::default())).unwrap();
    assert!(books.bill_by_default());
    books.publish(book(3, rule(&[1], &[(200, 200)]))).unwrap();
    books.publish(book(4, BillableRule::default())).unwrap();
    assert!(!books.bill_by_default());
}

proptest! {
    #[test]
    fn what_passes_the_check_is_a_set_of_statuses(
        traffic_types in proptest::sample::subsequence((0..=8u8).collect::<Vec<_>>(), 1..=9),
        mut edges in vec(100i16..=999, 2..=32),
    ) {
        edges.sort_unstable();
        edges.dedup();
        let statuses = edges.chunks_exact(2).map(|pair| StatusRange { from: pair[0], to: pair[1] }).collect();
        let rule = BillableRule { traffic_types, statuses };
        prop_assume!(!rule.statuses.is_empty());
        prop_assert_eq!(rule.check(), Ok(()));
        let kinds = BTreeSet::from_iter(rule.traffic_types.clone());
        let billed: BTreeSet<i16> = rule.statuses.iter().flat_map(|range| range.from..=range.to).collect();
        for (traffic, status) in everything() {
            let expected = kinds.contains(&billed_as(traffic)) && billed.contains(&status);
            prop_assert_eq!(rule.is_billable(traffic, status), expected, "{} {}", traffic, status);
        }
        let json = serde_json::to_string(&rule).unwrap();
        prop_assert_eq!(serde_json::from_str::<BillableRule>(&json).unwrap(), rule);
    }

    #[test]
    fn whatever_passes_the_check_never_bills_what_was_not_answered(
        traffic_types in vec(0u8..12, 0..4), pairs in vec((-2i16..1_100, -2i16..1_100), 0..3), traffic in 0u8..12,
    ) {
        let rule = rule(&traffic_types, &pairs);
        if rule.check().is_ok() {
            prop_assert!((-1..100).all(|status| !rule.is_billable(traffic, status)));
        }
    }
}
