/// Another coin beside the first, with other decimals; and amounts up to the largest there are.
#[test_only]
module suiftly_escrow::coin_tests;

use std::unit_test::{assert_eq, destroy};
use sui::balance;
use sui::coin::{Self, Coin};
use sui::test_scenario as scenario;
use suiftly_escrow::account::Account;
use suiftly_escrow::desk::{Self, Desk, usd, nonce, root, owner, stranger, operator, treasury};
use suiftly_escrow::escrow;
use suiftly_escrow::house::{Self, AdminCap, House};

const NOVEMBER: u32 = 202611;
const MAX: u64 = 18_446_744_073_709_551_615;
/// The operator of the house for gold.
const GOLDSMITH: address = @0x60;

/// A coin whose cent is its smallest unit.
public struct GOLD has drop {}

/// A house with an operator of its own, and the owner's account, for another coin, whose cent is one unit.
fun open_gold(desk: &mut Desk, first: u64): (House<GOLD>, Account<GOLD>) {
    desk.scenario().next_tx(desk::admin());
    let cap = desk.scenario().take_from_sender<AdminCap>();
    house::open_house<GOLD>(&cap, treasury(), 1, desk.scenario().ctx());
    desk.scenario().next_tx(desk::admin());
    let mut house = desk.scenario().take_shared<House<GOLD>>();
    house::name_operator(&cap, &mut house, GOLDSMITH);
    desk.scenario().return_to_sender(cap);
    let (scenario, clock) = desk.parts();
    scenario.next_tx(owner());
    escrow::open(&mut house, coin::mint_for_testing<GOLD>(first, scenario.ctx()), 0, clock, scenario.ctx());
    scenario.next_tx(owner());
    let account = scenario.take_shared_by_id<Account<GOLD>>(house.account_id(owner()));
    (house, account)
}

#[test]
fun another_coin_has_a_house_and_accounts_of_its_own() {
    let mut desk = desk::with_account(usd(5), 0);
    let (house, mut account) = open_gold(&mut desk, 7);
    let (scenario, clock) = desk.parts();
    scenario.next_tx(GOLDSMITH);
    escrow::charge(&house, &mut account, 3, nonce(1), NOVEMBER, root(), clock, scenario.ctx());
    assert_eq!(vector[account.balance(), house.cent()], vector[4, 1]);
    balance::create_for_testing<GOLD>(MAX - 3).send_funds(treasury());
    // As many dollars have room beside it: they are another balance.
    desk::fill(treasury(), 0);
    scenario::return_shared(house);
    scenario::return_shared(account);
    assert_eq!(desk.state(NOVEMBER)[0], usd(5));
    desk.end();
}

#[test, expected_failure(abort_code = house::ENotOperator)]
fun an_operator_of_one_house_is_none_of_another() {
    let mut desk = desk::with_account(usd(5), 0);
    let (house, mut account) = open_gold(&mut desk, 7);
    let (scenario, clock) = desk.parts();
    assert!(house.is_operator(GOLDSMITH) && !house.is_operator(operator()));
    scenario.next_tx(operator());
    escrow::charge(&house, &mut account, 3, nonce(1), NOVEMBER, root(), clock, scenario.ctx());
    abort
}

#[test]
fun what_was_sent_to_an_account_by_mistake_is_its_owners() {
    let mut desk = desk::with_account(usd(50), 0);
    let (house, mut account) = desk.begin(stranger());
    let stray = coin::mint_for_testing<GOLD>(77, desk.scenario().ctx());
    let id = object::id(&stray);
    transfer::public_transfer(stray, object::id_address(&account));
    desk.scenario().next_tx(stranger());
    escrow::return_stray(&house, &mut account, scenario::receiving_ticket_by_id<Coin<GOLD>>(id));
    desk::conclude(house, account);
    desk.scenario().next_tx(owner());
    let back = desk.scenario().take_from_sender<Coin<GOLD>>();
    assert_eq!(back.value(), 77);
    destroy(back);
    desk.end();
}

#[test]
fun amounts_up_to_the_largest() {
    let mut desk = desk::new();
    let (house, mut account) = open_gold(&mut desk, MAX);
    let (scenario, clock) = desk.parts();
    scenario.next_tx(GOLDSMITH);
    escrow::charge(&house, &mut account, MAX, nonce(1), NOVEMBER, root(), clock, scenario.ctx());
    assert_eq!(vector[account.balance(), account.charged(NOVEMBER)], vector[0, MAX]);
    let back = coin::mint_for_testing<GOLD>(MAX, scenario.ctx());
    escrow::refund(&house, &mut account, back, nonce(2), NOVEMBER, clock, scenario.ctx());
    assert_eq!(vector[account.balance(), account.charged(NOVEMBER)], vector[MAX, 0]);
    destroy(house);
    destroy(account);
    desk.end();
}

#[test, expected_failure(arithmetic_error, location = sui::balance)]
fun a_deposit_that_would_overflow_is_refused() {
    let mut desk = desk::new();
    let (house, mut account) = open_gold(&mut desk, MAX);
    let (scenario, clock) = desk.parts();
    let funds = coin::mint_for_testing<GOLD>(1, scenario.ctx());
    escrow::deposit(&house, &mut account, funds, clock, scenario.ctx());
    abort
}

#[test, expected_failure(arithmetic_error, location = suiftly_escrow::allowance)]
fun a_charge_that_would_overflow_its_month_is_refused() {
    let mut desk = desk::new();
    let (house, mut account) = open_gold(&mut desk, MAX);
    let (scenario, clock) = desk.parts();
    scenario.next_tx(GOLDSMITH);
    escrow::charge(&house, &mut account, MAX, nonce(1), NOVEMBER, root(), clock, scenario.ctx());
    scenario.next_tx(owner());
    let funds = coin::mint_for_testing<GOLD>(1, scenario.ctx());
    escrow::deposit(&house, &mut account, funds, clock, scenario.ctx());
    scenario.next_tx(GOLDSMITH);
    escrow::charge(&house, &mut account, 1, nonce(2), NOVEMBER, root(), clock, scenario.ctx());
    abort
}
