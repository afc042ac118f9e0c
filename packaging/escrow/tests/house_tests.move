/// What the admin may do, and what a version means.
#[test_only]
module suiftly_escrow::house_tests;

use std::unit_test::assert_eq;
use sui::derived_object;
use sui::event;
use sui::test_scenario as scenario;
use suiftly_escrow::desk::{Self, USD, usd, owner, stranger, operator, treasury};
use suiftly_escrow::house::{
    Self,
    AdminCap,
    House,
    HouseOpened,
    OperatorCap,
    OperatorNamed,
    OperatorRevoked,
    TreasuryAnnounced,
    TreasuryNamed,
    VersionRaised,
};

const NOVEMBER: u32 = 202611;

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
    house::name_operator(&cap, &mut house, stranger(), scenario.ctx());
    house.set_version_for_testing(0);
    house::migrate(&cap, &mut house);
    assert_eq!(event::events_by_type<HouseOpened<GOLD>>().length(), 1);
    assert_eq!(event::events_by_type<TreasuryNamed<USD>>().length(), 1);
    assert_eq!(event::events_by_type<OperatorNamed<USD>>().length(), 1);
    assert_eq!(event::events_by_type<VersionRaised<USD>>().length(), 1);
    scenario.next_tx(desk::admin());
    let named = scenario::most_recent_id_for_address<OperatorCap>(stranger()).destroy_some();
    house::revoke_operator(&cap, &mut house, named);
    assert_eq!(event::events_by_type<OperatorRevoked<USD>>().length(), 1);
    assert_eq!(house.treasury(), @0x7F);
    scenario.return_to_sender(cap);
    scenario::return_shared(house);
    desk.end();
}

#[test]
fun operators_are_rotated() {
    let mut desk = desk::with_account(usd(50), 0);
    let next = desk.name_operator(operator());
    let (house, account) = desk.begin(operator());
    let both = scenario::ids_for_address<OperatorCap>(operator());
    assert_eq!(both.length(), 2);
    let old = if (both[0] == next) both[1] else both[0];
    assert!(house.is_operator(old) && house.is_operator(next));
    desk::conclude(house, account);
    desk.revoke_operator(old);
    let (house, account) = desk.begin(operator());
    assert!(!house.is_operator(old) && house.is_operator(next));
    desk::conclude(house, account);
    // The one that was named last charges.
    desk.charge(1, usd(1), NOVEMBER);
    desk.end();
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_charge() {
    let mut desk = desk::with_account(usd(50), 0);
    let cap = scenario::most_recent_id_for_address<OperatorCap>(operator()).destroy_some();
    desk.revoke_operator(cap);
    desk.charge(1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_refund() {
    let mut desk = desk::with_account(usd(50), 0);
    let cap = scenario::most_recent_id_for_address<OperatorCap>(operator()).destroy_some();
    desk.revoke_operator(cap);
    desk.refund(1, usd(1), NOVEMBER);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_let_funds_go() {
    let mut desk = desk::with_account(usd(50), 0);
    let request = desk.request(owner(), usd(5));
    let cap = scenario::most_recent_id_for_address<OperatorCap>(operator()).destroy_some();
    desk.revoke_operator(cap);
    desk.release(request);
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun a_revoked_operator_does_not_close() {
    let mut desk = desk::with_account(usd(50), 0);
    let cap = scenario::most_recent_id_for_address<OperatorCap>(operator()).destroy_some();
    desk.revoke_operator(cap);
    desk.close();
    abort
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun nobody_is_revoked_twice() {
    let mut desk = desk::new();
    let cap = desk.name_operator(stranger());
    desk.revoke_operator(cap);
    desk.revoke_operator(cap);
    abort
}

#[test]
fun charges_go_to_another_treasury_seven_days_after_it_was_announced() {
    let mut desk = desk::with_account(usd(50), 0);
    desk.announce_treasury(@0x7F);
    desk.pass(desk::days(7));
    desk.charge(1, usd(1), NOVEMBER);
    desk.name_treasury();
    desk.charge(2, usd(2), NOVEMBER);
    assert_eq!(vector[desk.paid(treasury()), desk.paid(@0x7F)], vector[usd(1), usd(2)]);
    desk.end();
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
