/// What an owner may do, and nobody else.
#[test_only]
module suiftly_escrow::owner_tests;

use std::unit_test::assert_eq;
use suiftly_escrow::account;
use suiftly_escrow::desk::{Self, usd, cents, owner, stranger, treasury};
use suiftly_escrow::house;

const NOVEMBER: u32 = 202611;

#[test]
fun an_account_is_opened_with_a_limit_and_a_first_deposit() {
    let mut desk = desk::new();
    desk.open(owner(), usd(50), usd(250));
    assert_eq!(desk::entries().length(), 2);
    assert_eq!(desk.state(NOVEMBER), vector[usd(50), usd(50), 0, usd(250)]);
    desk.deposit(owner(), cents(1));
    assert_eq!(desk.state(NOVEMBER), vector[usd(50) + cents(1), usd(50) + cents(1), 0, usd(250)]);
    desk.open(stranger(), 0, 0);
    assert_eq!(desk::entries().length(), 1);
    desk.end();
}

#[test, expected_failure(abort_code = sui::derived_object::EObjectAlreadyExists)]
fun a_second_account_is_refused() {
    let mut desk = desk::with_account(usd(1), 0);
    desk.open(owner(), usd(1), 0);
    abort
}

#[test]
fun limits_are_none_or_ten_dollars_and_more() {
    let mut desk = desk::with_account(0, usd(10));
    vector[0, usd(10), usd(10) + cents(1), usd(1_000_000)].do!(|limit| {
        desk.set_limit(owner(), limit);
        assert_eq!(desk.state(NOVEMBER)[3], limit);
    });
    desk.end();
}

#[test, expected_failure(abort_code = house::ELimit)]
fun a_limit_below_ten_dollars_is_refused() {
    let mut desk = desk::with_account(0, usd(10));
    desk.set_limit(owner(), usd(10) - cents(1));
    abort
}

#[test, expected_failure(abort_code = house::ELimit)]
fun a_limit_is_in_whole_cents() {
    let mut desk = desk::with_account(0, usd(10));
    desk.set_limit(owner(), usd(10) + 1);
    abort
}

#[test, expected_failure(abort_code = house::ELimit)]
fun an_account_is_not_opened_with_a_bad_limit() {
    let mut desk = desk::new();
    desk.open(owner(), usd(1), 1);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_deposit_is_in_whole_cents() {
    let mut desk = desk::with_account(0, 0);
    desk.deposit(owner(), cents(1) - 1);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_deposit_of_nothing_is_refused() {
    let mut desk = desk::with_account(0, 0);
    desk.deposit(owner(), 0);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_first_deposit_is_in_whole_cents() {
    let mut desk = desk::new();
    desk.open(owner(), 1, 0);
    abort
}

#[test, expected_failure(abort_code = account::ENotOwner)]
fun nobody_else_deposits() {
    let mut desk = desk::with_account(0, 0);
    desk.deposit(stranger(), usd(1));
    abort
}

#[test, expected_failure(abort_code = account::ENotOwner)]
fun nobody_else_sets_the_limit() {
    let mut desk = desk::with_account(0, 0);
    desk.set_limit(desk::operator(), 0);
    abort
}

#[test, expected_failure(abort_code = account::ENotOwner)]
fun nobody_else_asks_for_a_withdrawal() {
    let mut desk = desk::with_account(usd(1), 0);
    desk.request(stranger(), usd(1));
    abort
}

#[test, expected_failure(abort_code = account::ENotOwner)]
fun nobody_else_takes_a_withdrawal_back() {
    let mut desk = desk::with_account(usd(1), 0);
    let request = desk.request(owner(), usd(1));
    desk.cancel(desk::operator(), request);
    abort
}

#[test]
fun a_withdrawal_is_paid_to_its_owner_after_a_day_whoever_calls() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(20));
    assert_eq!(desk.state(NOVEMBER)[0], usd(50));
    desk.pass(desk::days(1));
    desk.pay(stranger(), request);
    assert_eq!(vector[desk.paid(owner()), desk.paid(stranger()), desk.paid(treasury())], vector[usd(20), 0, 0]);
    assert_eq!(desk.state(NOVEMBER)[0], usd(30));
    assert_eq!(desk.waiting(), vector[]);
    desk.end();
}

#[test, expected_failure(abort_code = account::ENotDue)]
fun a_withdrawal_is_not_paid_a_millisecond_before() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(20));
    desk.pass(desk::days(1) - 1);
    desk.pay(owner(), request);
    abort
}

#[test, expected_failure(abort_code = account::ENoRequest)]
fun a_withdrawal_is_paid_once() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(20));
    desk.pass(desk::days(1));
    desk.pay(owner(), request);
    desk.pay(owner(), request);
    abort
}

#[test, expected_failure(abort_code = account::ENoRequest)]
fun what_nobody_asked_for_is_not_paid() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(20));
    desk.pass(desk::days(1));
    desk.pay(owner(), 2);
    abort
}

#[test, expected_failure(abort_code = account::EBalance)]
fun no_more_is_asked_for_than_there_is() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(50) + cents(1));
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun nothing_is_not_asked_for() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), 0);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_withdrawal_is_in_whole_cents() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), 1);
    abort
}

#[test]
fun a_withdrawal_taken_back_is_not_paid_and_may_be_charged() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(50));
    desk.pass(desk::days(2));
    assert_eq!(desk.state(NOVEMBER), vector[usd(50), 0, 0, 0]);
    desk.cancel(owner(), request);
    let (numbers, _) = account::facts(&desk::entries()[0]);
    // The entry: a withdrawal of nothing, of this request.
    assert_eq!(vector[numbers[1], numbers[2], numbers[3]], vector[4, 0, request]);
    assert_eq!(desk.state(NOVEMBER), vector[usd(50), usd(50), 0, 0]);
    assert_eq!(desk.waiting(), vector[]);
    desk.end();
}

#[test]
fun withdrawals_wait_side_by_side_and_the_last_gets_what_is_left() {
    let mut desk = desk::with_account(usd(50), 0);
    let (first, second) = (desk.request(owner(), usd(40)), desk.request(owner(), usd(30)));
    assert_eq!(desk.waiting(), vector[first, second]);
    desk.pass(desk::days(1));
    desk.pay(owner(), second);
    assert_eq!(desk.waiting(), vector[first]);
    desk.pay(owner(), first);
    assert_eq!(vector[desk.paid(owner()), desk.state(NOVEMBER)[0]], vector[usd(50), 0]);
    desk.end();
}

#[test, expected_failure(abort_code = account::ERequests)]
fun eight_withdrawals_wait_at_most() {
    let mut desk = desk::with_account(usd(50), 0);
    9u64.do!(|_| { desk.request(owner(), cents(1)); });
    abort
}
