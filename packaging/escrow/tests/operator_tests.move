/// What an operator may do: charge and refund, let funds go early, close. And what not.
#[test_only]
module suiftly_escrow::operator_tests;

use std::unit_test::assert_eq;
use sui::coin::Coin;
use sui::dynamic_field;
use sui::test_scenario::has_most_recent_for_address;
use suiftly_escrow::account;
use suiftly_escrow::allowance;
use suiftly_escrow::desk::{Self, USD, usd, cents, nonce, root, owner, stranger, operator, treasury};
use suiftly_escrow::escrow;
use suiftly_escrow::house;
use suiftly_escrow::nonces::{Self, Done};

const NOVEMBER: u32 = 202611;

#[test]
fun a_charge_goes_to_the_treasury_and_says_what_for() {
    let mut desk = desk::with_account(usd(50), usd(20));
    desk.charge(1, cents(499), NOVEMBER);
    let entries = desk::entries();
    let (numbers, bytes) = account::facts(&entries[0]);
    let at_ms = desk.now();
    let expected = vector[3, 5, cents(499), 0, NOVEMBER as u64, usd(50) - cents(499), cents(499), usd(20), at_ms];
    assert_eq!(numbers, expected);
    assert_eq!(vector[bytes[2], bytes[3]], vector[nonce(1), root()]);
    assert_eq!(entries.length(), 1);
    // Into the address balance: no coin is made.
    desk::fill(treasury(), cents(499));
    assert_eq!(desk.paid(treasury()), 0);
    assert_eq!(desk.state(NOVEMBER), vector[usd(50) - cents(499), usd(50) - cents(499), cents(499), usd(20)]);
    desk.end();
}

#[test, expected_failure(arithmetic_error, location = sui::funds_accumulator)]
fun a_charge_is_the_treasurys_to_the_last_unit() {
    let mut desk = desk::with_account(usd(50), usd(20));
    desk.charge(1, cents(499), NOVEMBER);
    desk::fill(treasury(), cents(499) - 1);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_else_charges() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge_by(desk::admin(), 1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun the_owner_does_not_charge() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge_by(owner(), 1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_else_refunds() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.refund_by(stranger(), 1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_else_lets_a_withdrawal_go_early() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(5));
    desk.release_by(owner(), request);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_else_closes() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.close_by(owner());
    abort
}

#[test, expected_failure(abort_code = escrow::ERoot)]
fun a_charge_names_a_bill() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge_with(operator(), owner(), nonce(1), vector[], usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun nothing_is_not_charged() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, 0, NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_charge_is_in_whole_cents() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, cents(1) + 1, NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = account::EBalance)]
fun an_account_is_not_overdrawn() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(50) + cents(1), NOVEMBER);
    abort
}

#[test]
fun an_account_is_charged_to_the_last_cent() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(50), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER), vector[0, 0, usd(50), 0]);
    desk.end();
}

#[test]
fun what_is_asked_for_may_be_charged_until_it_is_due() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(50));
    desk.pass(desk::days(1) - 1);
    desk.charge(1, usd(20), NOVEMBER);
    desk.pass(1);
    desk.pay(owner(), request);
    assert_eq!(vector[desk.paid(owner()), desk.state(NOVEMBER)[2]], vector[usd(30), usd(20)]);
    desk.end();
}

#[test, expected_failure(abort_code = account::EBalance)]
fun what_is_due_to_the_owner_is_not_charged() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(40));
    desk.pass(desk::days(1));
    desk.charge(1, usd(10), NOVEMBER);
    desk.charge(2, cents(1), NOVEMBER);
    abort
}

#[test]
fun the_operator_lets_a_withdrawal_go_early_as_far_as_funds_go() {
    let mut desk = desk::with_account(usd(50), 0);
    let (first, second) = (desk.request(owner(), usd(20)), desk.request(owner(), usd(40)));
    desk.release(first);
    assert_eq!(desk.paid(owner()), usd(20));
    desk.charge(1, usd(25), NOVEMBER);
    desk.release(second);
    assert_eq!(desk.paid(owner()), usd(25));
    assert_eq!(desk.state(NOVEMBER)[0], 0);
    assert_eq!(desk.waiting(), vector[]);
    desk.end();
}

#[test]
fun a_request_that_finds_nothing_is_settled_unpaid() {
    let mut desk = desk::with_account(usd(5), 0);
    let request = desk.request(owner(), usd(5));
    desk.charge(1, usd(5), NOVEMBER);
    desk.pass(desk::days(1));
    desk.pay(owner(), request);
    let (numbers, _) = account::facts(&desk::entries()[0]);
    assert_eq!(vector[numbers[1], numbers[2], numbers[3]], vector[4, 0, request]);
    // Not even a coin of nothing.
    desk.scenario().next_tx(owner());
    assert!(!has_most_recent_for_address<Coin<USD>>(owner()));
    desk.end();
}

#[test, expected_failure(abort_code = account::ENoRequest)]
fun the_operator_pays_nothing_that_nobody_asked_for() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.release(1);
    abort
}

#[test]
fun a_refund_comes_back_into_the_account_and_frees_its_month() {
    let mut desk = desk::with_account(usd(50), usd(20));
    desk.charge(1, usd(20), NOVEMBER);
    desk.refund(2, usd(15), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER), vector[usd(45), usd(45), usd(5), usd(20)]);
    desk.charge(3, usd(15), NOVEMBER);
    // More than it was charged is a gift: what a month may be charged does not grow by it.
    desk.refund(4, usd(100), NOVEMBER);
    assert_eq!(desk.state(NOVEMBER), vector[usd(130), usd(130), 0, usd(20)]);
    desk.charge(5, usd(20), NOVEMBER);
    desk.end();
}

#[test, expected_failure(abort_code = allowance::EAuthorisation)]
fun a_gift_does_not_widen_a_month() {
    let mut desk = desk::with_account(usd(50), usd(20));
    desk.refund(1, usd(100), NOVEMBER);
    desk.charge(2, usd(20) + cents(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun a_refund_is_in_whole_cents() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.refund(1, 9_999, NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::EAmount)]
fun nothing_is_not_refunded() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.refund(1, 0, NOVEMBER);
    abort
}

#[test]
fun a_closed_account_has_paid_all_of_it_to_its_owner() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(10));
    desk.charge(1, usd(5), NOVEMBER);
    desk.close();
    // The waiting withdrawal; the rest asked for, and paid; the end.
    let kinds = desk::entries().map_ref!(|entry| { let (numbers, _) = account::facts(entry); numbers[1] });
    assert_eq!(kinds, vector[4, 3, 4, 8]);
    assert_eq!(vector[desk.paid(owner()), desk.state(NOVEMBER)[0]], vector[usd(45), 0]);
    assert_eq!(desk.waiting(), vector[]);
    // A late refund is paid out by closing again.
    desk.refund(2, usd(1), NOVEMBER);
    desk.close();
    assert_eq!(desk::entries().length(), 2);
    assert_eq!(desk.paid(owner()), usd(46));
    desk.end();
}

#[test]
fun an_owner_takes_a_late_refund_out_of_a_closed_account() {
    let mut desk = desk::with_account(usd(5), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.close();
    // Empty, it has nothing to pay: the end is all that is told.
    assert_eq!(desk::entries().length(), 1);
    desk.refund(2, usd(5), NOVEMBER);
    let request = desk.request(owner(), usd(5));
    desk.pass(desk::days(1));
    desk.pay(owner(), request);
    assert_eq!(desk.paid(owner()), usd(5));
    desk.end();
}

#[test, expected_failure(abort_code = account::EClosed)]
fun a_closed_account_is_not_charged() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.close();
    desk.refund(1, usd(5), NOVEMBER);
    desk.charge(2, usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = account::EClosed)]
fun a_closed_account_takes_no_deposit() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.close();
    desk.deposit(owner(), usd(5));
    abort
}

#[test, expected_failure(abort_code = account::EClosed)]
fun a_closed_account_takes_no_limit() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.close();
    desk.set_limit(owner(), 0);
    abort
}
