/// New code comes 7 days after it was announced, and no other.
#[test_only]
module suiftly_escrow::upgrade_tests;

use std::unit_test::{assert_eq, destroy};
use sui::clock::{Self, Clock};
use sui::event;
use sui::package;
use sui::test_scenario::{Self as scenario, Scenario};
use suiftly_escrow::house::{Self, AdminCap};
use suiftly_escrow::upgrades::{Self, UpgradeAnnounced, UpgradeAuthorised, UpgradeTakenBack, Upgrades};

const ADMIN: address = @0xAD;
const NOTICE_MS: u64 = 604_800_000;

fun digest(byte: u8): vector<u8> { vector::tabulate!(32, |_| byte) }

/// The package published, its capability locked in.
fun locked(): (Scenario, Clock, AdminCap, Upgrades) {
    let mut scenario = scenario::begin(ADMIN);
    let clock = clock::create_for_testing(scenario.ctx());
    house::init_for_testing(scenario.ctx());
    // In tests the package's address is 0x0.
    upgrades::lock(package::test_publish(@0x0.to_id(), scenario.ctx()), scenario.ctx());
    scenario.next_tx(ADMIN);
    let (admin, upgrades) = (scenario.take_from_sender<AdminCap>(), scenario.take_shared<Upgrades>());
    (scenario, clock, admin, upgrades)
}

fun end(scenario: Scenario, clock: Clock, admin: AdminCap, upgrades: Upgrades) {
    clock.destroy_for_testing();
    destroy(admin);
    scenario::return_shared(upgrades);
    scenario.end();
}

#[test, expected_failure(abort_code = upgrades::EWrongPackage)]
fun another_packages_capability_is_not_locked_in() {
    let mut ctx = tx_context::dummy();
    upgrades::lock(package::test_publish(@0xBAD.to_id(), &mut ctx), &mut ctx);
    abort
}

#[test]
fun an_upgrade_is_announced_and_taken_back() {
    let (scenario, clock, admin, mut upgrades) = locked();
    upgrades::announce(&admin, &mut upgrades, digest(1), &clock);
    assert_eq!(event::events_by_type<UpgradeAnnounced>().length(), 1);
    upgrades::take_back(&admin, &mut upgrades);
    assert_eq!(event::events_by_type<UpgradeTakenBack>().length(), 1);
    assert_eq!(upgrades.version(), 1);
    end(scenario, clock, admin, upgrades);
}

#[test, expected_failure(abort_code = upgrades::ENotAnnounced)]
fun what_was_taken_back_is_not_authorised() {
    let (_scenario, mut clock, admin, mut upgrades) = locked();
    upgrades::announce(&admin, &mut upgrades, digest(1), &clock);
    upgrades::take_back(&admin, &mut upgrades);
    clock.increment_for_testing(NOTICE_MS);
    destroy(upgrades::authorise(&admin, &mut upgrades, &clock));
    abort
}

#[test, expected_failure(abort_code = upgrades::ENotAnnounced)]
fun nothing_is_taken_back_that_was_not_announced() {
    let (_scenario, _clock, admin, mut upgrades) = locked();
    upgrades::take_back(&admin, &mut upgrades);
    abort
}

#[test, expected_failure(abort_code = upgrades::ENotAnnounced)]
fun nothing_is_authorised_that_was_not_announced() {
    let (_scenario, clock, admin, mut upgrades) = locked();
    destroy(upgrades::authorise(&admin, &mut upgrades, &clock));
    abort
}

#[test, expected_failure(abort_code = upgrades::EDigest)]
fun a_digest_has_32_bytes() {
    let (_scenario, clock, admin, mut upgrades) = locked();
    upgrades::announce(&admin, &mut upgrades, b"short", &clock);
    abort
}

#[test, expected_failure(abort_code = upgrades::ETooEarly)]
fun an_upgrade_does_not_come_a_millisecond_before() {
    let (_scenario, mut clock, admin, mut upgrades) = locked();
    upgrades::announce(&admin, &mut upgrades, digest(1), &clock);
    clock.increment_for_testing(NOTICE_MS - 1);
    destroy(upgrades::authorise(&admin, &mut upgrades, &clock));
    abort
}

#[test, expected_failure(abort_code = upgrades::ETooEarly)]
fun another_announcement_begins_anew() {
    let (_scenario, mut clock, admin, mut upgrades) = locked();
    upgrades::announce(&admin, &mut upgrades, digest(1), &clock);
    clock.increment_for_testing(NOTICE_MS - 1);
    upgrades::announce(&admin, &mut upgrades, digest(2), &clock);
    clock.increment_for_testing(1);
    destroy(upgrades::authorise(&admin, &mut upgrades, &clock));
    abort
}

#[test]
fun what_was_announced_comes_once_after_seven_days() {
    let (mut scenario, mut clock, admin, mut upgrades) = locked();
    destroy(upgrades);
    // An upgrade needs a package that is not at 0x0: one is put in the place of ours.
    upgrades = upgrades::new_for_testing(package::test_publish(@0xCAFE.to_id(), scenario.ctx()), scenario.ctx());
    upgrades::announce(&admin, &mut upgrades, digest(3), &clock);
    clock.increment_for_testing(NOTICE_MS);
    let ticket = upgrades::authorise(&admin, &mut upgrades, &clock);
    assert_eq!(*ticket.digest(), digest(3));
    assert_eq!(event::events_by_type<UpgradeAuthorised>().length(), 1);
    upgrades.commit(package::test_upgrade(ticket));
    assert_eq!(upgrades.version(), 2);
    destroy(upgrades);
    clock.destroy_for_testing();
    destroy(admin);
    scenario.end();
}
