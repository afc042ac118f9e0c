/// What a month may be charged: its limit, at its edges, and when limits change.
#[test_only]
module suiftly_escrow::month_tests;

use std::unit_test::assert_eq;
use suiftly_escrow::allowance;
use suiftly_escrow::desk::{Self, Desk, usd, cents, owner};

/// Desks begin on 2026-11-10.
const SEPTEMBER: u32 = 202609;
const OCTOBER: u32 = 202610;
const NOVEMBER: u32 = 202611;
const DECEMBER: u32 = 202612;
const JANUARY: u32 = 202701;
const FEBRUARY: u32 = 202702;
const MARCH: u32 = 202703;
const DECEMBER_BEGINS: u64 = 1_796_083_200_000;
const JANUARY_BEGINS: u64 = 1_798_761_600_000;
const FEBRUARY_BEGINS: u64 = 1_801_440_000_000;
const MARCH_BEGINS: u64 = 1_803_859_200_000;

fun authorised(desk: &mut Desk, month: u32): u64 {
    let (house, account) = desk.begin(owner());
    let authorised = account.authorised(month);
    desk::conclude(house, account);
    authorised
}

#[test]
fun a_month_is_charged_up_to_its_limit() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER);
    desk.charge(2, usd(5), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER), vector[usd(80), usd(80), usd(20), usd(20)]);
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun a_month_is_not_charged_a_cent_more() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(20), NOVEMBER);
    desk.charge(2, cents(1), NOVEMBER);
    abort
}

#[test]
fun without_a_limit_all_of_it_may_be_charged() {
    let mut desk = desk::with_account(usd(1_000_000), 0);
    desk.charge(1, usd(1_000_000), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER)[2], usd(1_000_000));
    desk.end();
}

#[test]
fun the_next_month_begins_anew_and_the_one_before_keeps_what_it_has_left() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER);
    desk.set_time(DECEMBER_BEGINS);
    desk.charge(2, usd(20), DECEMBER);
    desk.charge(3, usd(5), NOVEMBER);
    assert_eq!(vector[desk.state(NOVEMBER)[2], desk.state(DECEMBER)[2]], vector[usd(20), usd(20)]);
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun a_month_that_is_over_is_not_charged_more_than_its_limit() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER);
    desk.set_time(DECEMBER_BEGINS);
    desk.charge(2, usd(5) + cents(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = allowance::EMonth)]
fun a_month_is_not_charged_a_millisecond_before_it_begins() {
    let mut desk = desk::with_account(usd(100), 0);
    desk.set_time(JANUARY_BEGINS - 1);
    desk.charge(1, usd(1), JANUARY);
    abort
}

#[test]
fun a_month_is_charged_from_its_first_millisecond() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.set_time(JANUARY_BEGINS - 1);
    desk.charge(1, usd(20), DECEMBER);
    desk.set_time(JANUARY_BEGINS);
    desk.charge(2, usd(20), JANUARY);
    assert_eq!(vector[desk.state(DECEMBER)[2], desk.state(JANUARY)[2]], vector[usd(20), usd(20)]);
    desk.end();
}

#[test]
fun before_the_opening_the_first_limit_is_in_force() {
    let mut desk = desk::with_account(usd(500), usd(20));
    // Neither a higher nor a lower limit reaches back, whenever it is set.
    desk.set_limit(owner(), usd(30));
    desk.set_limit(owner(), usd(10));
    desk.set_time(DECEMBER_BEGINS);
    desk.set_limit(owner(), usd(40));
    let seen = vector[SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER].map!(|month| authorised(&mut desk, month));
    assert_eq!(seen, vector[usd(20), usd(20), usd(30), usd(40)]);
    desk.charge(1, usd(20), OCTOBER);
    desk.refund(2, usd(5), OCTOBER);
    desk.charge(3, usd(5), OCTOBER);
    assert_eq!(desk.state(OCTOBER), vector[usd(480), usd(480), usd(20), usd(40)]);
    desk.end();
}

#[test]
fun an_account_opened_without_a_limit_has_none_before() {
    let mut desk = desk::with_account(usd(500), 0);
    desk.set_limit(owner(), usd(10));
    desk.charge(1, usd(400), OCTOBER);
    assert_eq!(vector[authorised(&mut desk, OCTOBER), desk.state(OCTOBER)[2]], vector[0, usd(400)]);
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun the_month_before_the_opening_is_not_charged_more_than_the_first_limit() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.set_limit(owner(), usd(100));
    desk.charge(1, usd(20) + cents(1), OCTOBER);
    abort
}

#[test]
fun months_long_before_the_opening_are_charged_as_arrears() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(12), SEPTEMBER);
    desk.charge(2, usd(8), 202608);
    desk.charge(3, usd(20), OCTOBER);
    desk.charge(4, usd(20), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER)[0], usd(440));
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun months_long_before_the_opening_do_not_add_up() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(20), SEPTEMBER);
    desk.charge(2, cents(1), 202608);
    abort
}

#[test, expected_failure(abort_code = allowance::EMonth)]
fun a_thirteenth_month_is_none() {
    let mut desk = desk::with_account(usd(100), 0);
    desk.set_time(JANUARY_BEGINS);
    desk.charge(1, usd(1), 202613);
    abort
}

#[test, expected_failure(abort_code = allowance::EMonth)]
fun a_month_0_is_none() {
    let mut desk = desk::with_account(usd(100), 0);
    desk.charge(1, usd(1), 0);
    abort
}

#[test, expected_failure(abort_code = allowance::EMonth)]
fun a_thirteenth_month_is_not_refunded() {
    let mut desk = desk::with_account(usd(100), 0);
    desk.set_time(JANUARY_BEGINS);
    desk.refund(1, usd(1), 202613);
    abort
}

#[test, expected_failure(abort_code = allowance::EMonth)]
fun a_month_to_come_is_not_refunded() {
    let mut desk = desk::with_account(usd(100), 0);
    desk.refund(1, usd(1), DECEMBER);
    abort
}

#[test]
fun a_limit_holds_from_now_on_and_the_months_highest_is_what_it_may_be_charged() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.set_limit(owner(), usd(10));
    assert_eq!(vector[authorised(&mut desk, NOVEMBER), desk.state(NOVEMBER)[3]], vector[usd(20), usd(10)]);
    desk.set_limit(owner(), usd(30));
    desk.set_limit(owner(), usd(15));
    assert_eq!(authorised(&mut desk, NOVEMBER), usd(30));
    desk.set_time(JANUARY_BEGINS);
    desk.set_limit(owner(), usd(12));
    // November's highest; December, when nothing was set; January's, which began with 15.
    let seen = vector[NOVEMBER, DECEMBER, JANUARY].map!(|month| authorised(&mut desk, month));
    assert_eq!(seen, vector[usd(30), usd(15), usd(15)]);
    desk.set_time(FEBRUARY_BEGINS);
    assert_eq!(authorised(&mut desk, FEBRUARY), usd(12));
    desk.charge(1, usd(15), JANUARY);
    desk.charge(2, usd(12), FEBRUARY);
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun a_lowered_limit_holds_from_the_next_month() {
    let mut desk = desk::with_account(usd(100), usd(20));
    desk.set_limit(owner(), usd(10));
    desk.set_time(DECEMBER_BEGINS);
    desk.charge(1, usd(10) + cents(1), DECEMBER);
    abort
}

#[test]
fun without_a_limit_for_a_while_is_without_one_for_the_month() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.set_limit(owner(), 0);
    desk.set_limit(owner(), usd(10));
    desk.charge(1, usd(300), NOVEMBER);
    desk.set_time(DECEMBER_BEGINS);
    assert_eq!(vector[authorised(&mut desk, NOVEMBER), authorised(&mut desk, DECEMBER)], vector[0, usd(10)]);
    desk.end();
}

#[test]
fun months_long_over_share_what_the_running_month_has_authorised() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.set_time(FEBRUARY_BEGINS);
    // February runs, January was the last: November and December are arrears.
    desk.charge(1, usd(12), NOVEMBER);
    desk.charge(2, usd(8), DECEMBER);
    desk.charge(3, usd(20), JANUARY);
    desk.charge(4, usd(20), FEBRUARY);
    desk.set_time(MARCH_BEGINS);
    desk.charge(5, usd(8), NOVEMBER);
    desk.charge(6, usd(12), DECEMBER);
    desk.charge(7, usd(20), MARCH);
    assert_eq!(desk.state(MARCH)[0], usd(400));
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun months_long_over_do_not_add_up() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.set_time(FEBRUARY_BEGINS);
    desk.charge(1, usd(20), NOVEMBER);
    desk.charge(2, cents(1), DECEMBER);
    abort
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun a_month_long_over_is_not_charged_more_than_its_limit() {
    let mut desk = desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(20), NOVEMBER);
    desk.set_time(FEBRUARY_BEGINS);
    desk.charge(2, cents(1), NOVEMBER);
    abort
}
