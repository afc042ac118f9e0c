use super::*;
use suiftly_schema::ids::{CustomerId, Network};
use suiftly_schema::money::MicroUsd;

const COUNTS: ShadowCounts = ShadowCounts { requests: 12, billable_requests: 10, billable_bytes: 1 << 30 };

fn hour() -> ShadowHour {
    ShadowHour {
        customer_id: CustomerId::new(7).unwrap(),
        hour: UnixMillis::parse_rfc3339("2026-11-21T22:00:00Z").unwrap(),
        service: Some(Service::Grpc),
        network: Some(Network::Mainnet),
        recounted: COUNTS,
        stored: COUNTS,
        price_book: 1,
        amount: Some(MicroUsd(61_000)),
    }
}

fn month() -> ShadowMonth {
    ShadowMonth {
        customer_id: CustomerId::new(7).unwrap(),
        month: hour().hour.month(),
        service: Some(Service::Seal),
        price_book: 1,
        hours: (10, 5),
        amount: Some(MicroUsd(1_000)),
        rated: (10, 5),
        rated_amount: MicroUsd(1_000),
    }
}

fn one(hours: Vec<ShadowHour>, months: Vec<ShadowMonth>) -> ShadowRows {
    ShadowRows { customers: 1, hours, months, is_moving: false }
}

#[test]
fn what_is_the_same_by_both_paths_is_no_difference() {
    let monthly = ShadowHour { amount: None, ..hour() };
    let rows = one(vec![hour(), monthly], vec![month()]);
    let check = compare(&rows, &PriceBooks::v1(), UnixMillis(5));
    let summary = ShadowSummary { checked_at: UnixMillis(5), customers: 1, hours: 2, mismatches: 0 };
    assert_eq!(check, ShadowCheck { summary, detail: vec![] });
}

#[test]
fn whatever_differs_is_found() {
    let hours = [
        ShadowHour { stored: ShadowCounts { requests: 13, ..COUNTS }, ..hour() },
        ShadowHour { stored: ShadowCounts { billable_requests: 9, ..COUNTS }, ..hour() },
        ShadowHour { stored: ShadowCounts { billable_bytes: 0, ..COUNTS }, ..hour() },
        ShadowHour { amount: Some(MicroUsd(61_001)), ..hour() },
        ShadowHour { price_book: 9, ..hour() },
    ];
    let months = [
        ShadowMonth { rated: (11, 5), ..month() },
        ShadowMonth { rated: (10, 6), ..month() },
        ShadowMonth { rated_amount: MicroUsd(1_001), ..month() },
        ShadowMonth { amount: Some(MicroUsd(999)), ..month() },
        ShadowMonth { amount: None, rated_amount: MicroUsd(999), ..month() },
        ShadowMonth { price_book: 9, ..month() },
    ];
    let books = PriceBooks::v1();
    for hour in hours {
        let check = compare(&one(vec![hour], vec![]), &books, UnixMillis(5));
        assert_eq!((check.summary.mismatches, check.detail.len()), (1, 1), "{hour:?}");
    }
    for month in months {
        let check = compare(&one(vec![], vec![month]), &books, UnixMillis(5));
        assert_eq!((check.summary.mismatches, check.detail.len()), (1, 1), "{month:?}");
    }
    let many = one(vec![hours[0]; SHADOW_DETAIL_MAX + 5], vec![]);
    let check = compare(&many, &books, UnixMillis(5));
    assert_eq!((check.summary.mismatches, check.detail.len()), (25, SHADOW_DETAIL_MAX));
    assert_eq!(check.detail[0]["stored"]["requests"], 13);
}
