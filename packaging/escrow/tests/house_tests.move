/// What the admin may do, and what a version means.
#[test_only]
module suiftly_escrow::house_tests;

use std::unit_test::assert_eq;
use sui::derived_object;
use sui::event;
use sui::test_scenario as scenario;
use suiftly_escrow::desk::{Self, Desk, USD, usd, owner, stranger, operator, treasury};
use suiftly_escrow::house::{
    Self,
    AdminCap,
    House,
    HouseOpened,
    OperatorNamed,
    OperatorRevoked,
    TreasuryAnnounced,
    TreasuryNamed,
    VersionRaised,
};

const NOVEMBER: u32 = 202611;
/// Another operator.
const NEXT: address = @0x0C;

/// Another coin.
public struct GOLD has drop {}

#[test, expected_failure(abort_code = house::ECent)]
fun a_cent_is_at_least_one_unit() {
    let mut desk = desk::new();
    desk.open_house(0);
    abort
}

#[test]
fun what_the_admin_does_is_told() {
    let mut desk = desk::new();
    desk.announce_treasury(@0x7F);
    assert_eq!(event::events_by_type<TreasuryAnnounced<USD>>().length(), 1);
    desk.pass(desk::days(7));
    let (scenario, clock) = desk.parts();
    scenario.next_tx(desk::admin());
    let (cap, mut house) = (scenario.take_from_sender<AdminCap>(), scenario.take_shared<House<USD>>());
    house::open_house<GOLD>(&cap, treasury(), 1, scenario.ctx());
    house::name_treasury(&cap, &mut house, clock);
    house::name_operator(&cap, &mut house, stranger());
    house::revoke_operator(&cap, &mut house, stranger());
    house.set_version_for_testing(0);
    house::migrate(&cap, &mut house);
    assert_eq!(event::events_by_type<HouseOpened<GOLD>>().length(), 1);
    assert_eq!(event::events_by_type<TreasuryNamed<USD>>().length(), 1);
    assert_eq!(event::events_by_type<OperatorNamed<USD>>().length(), 1);
    assert_eq!(event::events_by_type<VersionRaised<USD>>().length(), 1);
    assert_eq!(event::events_by_type<OperatorRevoked<USD>>().length(), 1);
    assert_eq!(house.treasury(), @0x7F);
    scenario.return_to_sender(cap);
    scenario::return_shared(house);
    desk.end();
}

/// Who are operators, of the first and the next.
fun operators(desk: &mut Desk): vector<bool> {
    let (house, account) = desk.begin(owner());
    let named = vector[house.is_operator(operator()), house.is_operator(NEXT)];
    desk::conclude(house, account);
    named
}

#[test]
fun operators_are_rotated() {
    let mut desk = desk::with_account(usd(50), 0);
    assert_eq!(operators(&mut desk), vector[true, false]);
    desk.name_operator(NEXT);
    assert_eq!(operators(&mut desk), vector[true, true]);
    desk.charge_by(operator(), 1, usd(1), NOVEMBER);
    desk.charge_by(NEXT, 2, usd(1), NOVEMBER);
    desk.revoke_operator(operator());
    assert_eq!(operators(&mut desk), vector[false, true]);
    desk.charge_by(NEXT, 3, usd(1), NOVEMBER);
    desk.end();
}

#[test]
fun an_operator_that_was_revoked_is_named_again() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.revoke_operator(operator());
    desk.name_operator(operator());
    desk.charge(1, usd(1), NOVEMBER);
    desk.end();
}

#[test]
fun without_an_operator_owners_are_paid_all_the_same() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.revoke_operator(operator());
    assert_eq!(operators(&mut desk), vector[false, false]);
    let request = desk.request(owner(), usd(50));
    desk.pass(desk::days(1));
    desk.pay(stranger(), request);
    assert_eq!(desk.paid(owner()), usd(50));
    desk.end();
}

#[test, expected_failure(abort_code = house::EIsOperator)]
fun an_operator_is_not_named_twice() {
    let mut desk = desk::new();
    desk.name_operator(operator());
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_charge() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.revoke_operator(operator());
    desk.charge(1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_refund() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.revoke_operator(operator());
    desk.refund(1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_let_funds_go() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(5));
    desk.revoke_operator(operator());
    desk.release(request);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_close() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.revoke_operator(operator());
    desk.close();
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_is_revoked_twice() {
    let mut desk = desk::new();
    desk.revoke_operator(operator());
    desk.revoke_operator(operator());
    abort
}

#[test]
fun charges_go_to_another_treasury_seven_days_after_it_was_announced() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7));
    desk.charge(1, usd(1), NOVEMBER);
    desk::fill(treasury(), usd(1));
    desk::fill(@0x7F, 0);
    desk.name_treasury();
    desk.charge(2, usd(2), NOVEMBER);
    desk::fill(treasury(), 0);
    desk::fill(@0x7F, usd(2));
    desk.end();
}

#[test, expected_failure(arithmetic_error, location = sui::funds_accumulator)]
fun charges_are_another_treasurys_to_the_last_unit() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7));
    desk.name_treasury();
    desk.charge(1, usd(2), NOVEMBER);
    desk::fill(@0x7F, usd(2) - 1);
    abort
}

#[test, expected_failure(abort_code = house::ETooEarly)]
fun another_treasury_does_not_come_a_millisecond_before() {
    let mut desk = desk::new();
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7) - 1);
    desk.name_treasury();
    abort
}

#[test, expected_failure(abort_code = house::ETooEarly)]
fun another_announcement_of_a_treasury_begins_anew() {
    let mut desk = desk::new();
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7));
    desk.announce_treasury(@0x7D);
    desk.name_treasury();
    abort
}

#[test, expected_failure(abort_code = house::ENotAnnounced)]
fun no_treasury_is_named_that_was_not_announced() {
    let mut desk = desk::new();
    desk.name_treasury();
    abort
}

#[test, expected_failure(abort_code = house::ENotAnnounced)]
fun an_announcement_is_used_up() {
    let mut desk = desk::new();
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7));
    desk.name_treasury();
    desk.name_treasury();
    abort
}

#[test, expected_failure(abort_code = house::ETreasury)]
fun nobodys_address_is_no_treasury() {
    let mut desk = desk::new();
    desk.announce_treasury(@0x0);
    abort
}

#[test, expected_failure(abort_code = house::ETreasury)]
fun a_house_is_not_opened_for_nobodys_treasury() {
    let mut scenario = scenario::begin(desk::admin());
    house::init_for_testing(scenario.ctx());
    scenario.next_tx(desk::admin());
    let cap = scenario.take_from_sender<AdminCap>();
    house::open_house<GOLD>(&cap, @0x0, 1, scenario.ctx());
    abort
}

/// The number itself is not for a test here: the runner is a 32-bit program, and hashes a length of 4 bytes, not of 8.
#[test]
fun an_accounts_id_is_derived_from_its_house_and_its_owner() {
    let mut desk = desk::with_account(0, 0);
    let (house, account) = desk.begin(owner());
    let derived = derived_object::derive_address(object::id(&house), owner());
    assert_eq!(vector[object::id_address(&account), house.account_id(owner()).to_address()], vector[derived, derived]);
    desk::conclude(house, account);
    desk.end();
}

#[test]
fun a_migration_puts_the_code_in_force() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.set_version(0);
    desk.migrate();
    let (house, account) = desk.begin(owner());
    assert_eq!(house.version(), 1);
    desk::conclude(house, account);
    desk.charge(1, usd(1), NOVEMBER);
    desk.end();
}

#[test, expected_failure(abort_code = house::ENotNewer)]
fun a_house_is_not_migrated_twice() {
    let mut desk = desk::new();
    desk.migrate();
    abort
}

#[test, expected_failure(abort_code = house::ENotNewer)]
fun a_house_is_not_migrated_back() {
    let mut desk = desk::new();
    desk.set_version(2);
    desk.migrate();
    abort
}
