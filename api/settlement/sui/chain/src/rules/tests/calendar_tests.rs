//! Months out of milliseconds, at every edge.

use super::DAY_MS;
use crate::rules::calendar::{is_month, month_of, previous};

/// The instant that a month begins at, with the month: its last millisecond before is the month before's.
const EDGES: [(u64, u32); 9] = [
    (1_793_491_200_000, 202_611),
    (1_796_083_200_000, 202_612),
    (1_798_761_600_000, 202_701),
    (1_801_440_000_000, 202_702),
    (1_803_859_200_000, 202_703),
    (1_832_976_000_000, 202_802),
    (1_835_481_600_000, 202_803),
    // 2000 was a leap year, 2100 is none.
    (951_868_800_000, 200_003),
    (4_107_542_400_000, 210_003),
];

#[test]
fn a_month_begins_at_its_first_millisecond() {
    for (instant, month) in EDGES {
        assert_eq!((month_of(instant), month_of(instant - 1)), (month, previous(month)));
    }
    assert_eq!(month_of(0), 197_001);
}

#[test]
fn the_29th_of_february_is_in_february() {
    assert_eq!(month_of(1_835_395_200_000), 202_802);
    assert_eq!(month_of(1_835_395_200_000 + DAY_MS - 1), 202_802);
    // 2027 has none: the day after the 28th is in March.
    assert_eq!(month_of(1_803_772_800_000 + DAY_MS), 202_703);
}

/// Month by month from 1970 to 2170, by counting their days.
#[test]
fn every_month_of_two_hundred_years() {
    let mut instant = 0;
    for year in 1970..2170 {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if is_leap { 29 } else { 28 };
        let days = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, days) in (1..).zip(days) {
            assert_eq!(month_of(instant), year * 100 + month);
            instant += days * DAY_MS;
            assert_eq!(month_of(instant - 1), year * 100 + month);
        }
    }
}

#[test]
fn the_month_before() {
    assert_eq!([202_701, 202_612, 202_802].map(previous), [202_612, 202_611, 202_801]);
}

#[test]
fn what_is_a_month() {
    assert_eq!([202_601, 202_612, 197_001].map(is_month), [true; 3]);
    assert_eq!([202_600, 202_613, 202_699, 0].map(is_month), [false; 4]);
}
