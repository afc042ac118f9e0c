/// Two houses of one coin: an account of the one is refused with the other, whoever calls.
#[test_only]
module suiftly_escrow::wrong_house_tests;

use sui::coin::{Self, Coin};
use sui::test_scenario as scenario;
use suiftly_escrow::account::{Self, Account};
use suiftly_escrow::desk::{Self, Desk, USD, usd, nonce, root, owner, operator};
use suiftly_escrow::escrow;
use suiftly_escrow::house::{Self, AdminCap, House};

const NOVEMBER: u32 = 202611;

/// The other house with the same operator, and an account of the first with a withdrawal that is due. The sender is who is
/// to act.
fun mixed_up(sender: address): (Desk, House<USD>, Account<USD>) {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(5));
    desk.pass(desk::days(1));
    let (mine, account) = desk.begin(owner());
    scenario::return_shared(mine);
    desk.open_house(desk::cents(1));
    // The one that was opened last.
    let mut other = desk.scenario().take_shared<House<USD>>();
    let admin = desk.scenario().take_from_sender<AdminCap>();
    house::name_operator(&admin, &mut other, operator());
    desk.scenario().return_to_sender(admin);
    desk.scenario().next_tx(sender);
    (desk, other, account)
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun deposit() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let (scenario, clock) = desk.parts();
    let funds = coin::mint_for_testing<USD>(usd(1), scenario.ctx());
    escrow::deposit(&other, &mut account, funds, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun set_limit() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let (scenario, clock) = desk.parts();
    escrow::set_limit(&other, &mut account, 0, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun request_withdrawal() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let (scenario, clock) = desk.parts();
    escrow::request_withdrawal(&other, &mut account, usd(1), clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun cancel_withdrawal() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let (scenario, clock) = desk.parts();
    escrow::cancel_withdrawal(&other, &mut account, 1, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun pay_withdrawal() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let (scenario, clock) = desk.parts();
    escrow::pay_withdrawal(&other, &mut account, 1, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun charge() {
    let (mut desk, other, mut account) = mixed_up(operator());
    let (scenario, clock) = desk.parts();
    escrow::charge(&other, &mut account, usd(1), nonce(1), NOVEMBER, root(), clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun refund() {
    let (mut desk, other, mut account) = mixed_up(operator());
    let (scenario, clock) = desk.parts();
    let funds = coin::mint_for_testing<USD>(usd(1), scenario.ctx());
    escrow::refund(&other, &mut account, funds, nonce(1), NOVEMBER, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun release_withdrawal() {
    let (mut desk, other, mut account) = mixed_up(operator());
    let (scenario, clock) = desk.parts();
    escrow::release_withdrawal(&other, &mut account, 1, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun close() {
    let (mut desk, other, mut account) = mixed_up(operator());
    let (scenario, clock) = desk.parts();
    escrow::close(&other, &mut account, clock, scenario.ctx());
    abort
}

#[test, expected_failure(abort_code = account::EWrongHouse)]
fun return_stray() {
    let (mut desk, other, mut account) = mixed_up(owner());
    let stray = coin::mint_for_testing<USD>(usd(1), desk.scenario().ctx());
    let id = object::id(&stray);
    transfer::public_transfer(stray, object::id_address(&account));
    desk.scenario().next_tx(owner());
    escrow::return_stray(&other, &mut account, scenario::receiving_ticket_by_id<Coin<USD>>(id));
    abort
}
