/// A nonce of an account charges or refunds once, and tells what it has done.
#[test_only]
module suiftly_escrow::nonce_tests;

use std::unit_test::assert_eq;
use sui::dynamic_field;
use suiftly_escrow::desk::{Self, usd, nonce, root, owner, stranger, operator};
use suiftly_escrow::nonces::{Self, Done};

const NOVEMBER: u32 = 202611;

#[test]
fun a_nonce_tells_what_it_has_done() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.pass(1);
    desk.refund(2, usd(2), NOVEMBER);
    let at_ms = desk.now();
    let (house, account) = desk.begin(owner());
    let (kind, seq, amount, month, bill_root, at) = account.done(nonce(1)).destroy_some().unpack_for_testing();
    assert!(bill_root == root() && month == NOVEMBER);
    assert_eq!(vector[kind as u64, seq, amount, at], vector[5, 3, usd(5), at_ms - 1]);
    let (kind, seq, amount, month, bill_root, at) = account.done(nonce(2)).destroy_some().unpack_for_testing();
    assert!(bill_root == vector[] && month == NOVEMBER);
    assert_eq!(vector[kind as u64, seq, amount, at], vector[6, 4, usd(2), at_ms]);
    assert!(account.done(nonce(3)).is_none());
    desk::conclude(house, account);
    desk.end();
}

/// By the nonce's bytes alone: clients derive the field's id from nothing else.
#[test]
fun what_a_nonce_has_done_is_a_field_of_its_account() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    let (house, account) = desk.begin(owner());
    let uid = account.uid_for_testing();
    assert!(dynamic_field::exists_with_type<vector<u8>, Done>(uid, nonce(1)));
    assert!(!dynamic_field::exists_(uid, nonce(2)));
    desk::conclude(house, account);
    desk.end();
}

#[test]
fun a_nonce_of_one_account_is_another_of_another() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.open(stranger(), usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.charge_with(operator(), stranger(), nonce(1), root(), usd(7), NOVEMBER);
    let (house, account) = desk.begin_with(owner(), stranger());
    let (_, _, amount, _, _, _) = account.done(nonce(1)).destroy_some().unpack_for_testing();
    assert_eq!(vector[amount, account.balance()], vector[usd(7), usd(43)]);
    desk::conclude(house, account);
    assert_eq!(desk.state(NOVEMBER)[0], usd(45));
    desk.end();
}

#[test, expected_failure(abort_code = nonces::ENonceUsed)]
fun a_nonce_charges_once() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.charge(1, usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = nonces::ENonceUsed)]
fun a_nonce_refunds_once() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.refund(1, usd(5), NOVEMBER);
    desk.refund(1, usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = nonces::ENonceUsed)]
fun what_a_nonce_has_charged_it_does_not_refund() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.refund(1, usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = nonces::ENonceUsed)]
fun a_nonce_that_was_refunded_stays_used_in_later_months() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER);
    desk.refund(2, usd(5), NOVEMBER);
    desk.pass(desk::days(60));
    desk.charge(1, usd(5), 202701);
    abort
}

#[test, expected_failure(abort_code = nonces::ENonce)]
fun a_nonce_has_32_bytes_not_31() {
    let mut desk = desk::with_account(usd(50), 0);
    let mut short = nonce(1);
    short.pop_back();
    desk.charge_with(operator(), owner(), short, root(), usd(5), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = nonces::ENonce)]
fun a_nonce_has_32_bytes_not_33() {
    let mut desk = desk::with_account(usd(50), 0);
    let mut long = nonce(1);
    long.push_back(0);
    desk.charge_with(operator(), owner(), long, root(), usd(5), NOVEMBER);
    abort
}
