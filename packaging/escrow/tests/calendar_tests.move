/// Months out of milliseconds, at every edge.
#[test_only]
module suiftly_escrow::calendar_tests;

use std::unit_test::assert_eq;
use suiftly_escrow::calendar;

const DAY_MS: u64 = 86_400_000;

/// The instant that a month begins at, with the month: its last millisecond before is the month before's.
const EDGES: vector<vector<u64>> = vector[
    vector[1_793_491_200_000, 202611],
    vector[1_796_083_200_000, 202612],
    vector[1_798_761_600_000, 202701],
    vector[1_801_440_000_000, 202702],
    vector[1_803_859_200_000, 202703],
    vector[1_832_976_000_000, 202802],
    vector[1_835_481_600_000, 202803],
    // 2000 was a leap year, 2100 is none.
    vector[951_868_800_000, 200003],
    vector[4_107_542_400_000, 210003],
];

#[test]
fun a_month_begins_at_its_first_millisecond() {
    EDGES.do!(|edge| {
        let (instant, month) = (edge[0], edge[1] as u32);
        assert_eq!(calendar::month_of(instant), month);
        assert_eq!(calendar::month_of(instant - 1), calendar::previous(month));
    });
    assert_eq!(calendar::month_of(0), 197001);
}

#[test]
fun the_29th_of_february_is_in_february() {
    assert_eq!(calendar::month_of(1_835_395_200_000), 202802);
    assert_eq!(calendar::month_of(1_835_395_200_000 + DAY_MS - 1), 202802);
    // 2027 has none: the day after the 28th is in March.
    assert_eq!(calendar::month_of(1_803_772_800_000 + DAY_MS), 202703);
}

/// Month by month from 1970 to 2170, by counting their days.
#[test]
fun every_month_of_two_hundred_years() {
    let mut instant = 0;
    let mut year = 1970;
    while (year < 2170) {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if (is_leap) 29 else 28;
        vector[31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].length().do!(|at| {
            let days = vector[31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][at];
            let month = (year * 100 + at + 1) as u32;
            assert_eq!(calendar::month_of(instant), month);
            instant = instant + days * DAY_MS;
            assert_eq!(calendar::month_of(instant - 1), month);
        });
        year = year + 1;
    };
}

#[test]
fun the_month_before() {
    assert_eq!(calendar::previous(202701), 202612);
    assert_eq!(calendar::previous(202612), 202611);
    assert_eq!(calendar::previous(202802), 202801);
}

#[test]
fun what_is_a_month() {
    vector[202601, 202612, 197001].do!(|month| assert!(calendar::is_month(month)));
    vector[202600, 202613, 202699, 0].do!(|month| assert!(!calendar::is_month(month)));
}
