/// What the tests stand on: a published package, a house for the coin USD, an operator, a clock; and each act as one
/// transaction of whoever does it.
#[test_only]
module suiftly_escrow::desk;

use sui::balance;
use sui::clock::{Self, Clock};
use sui::coin::{Self, Coin};
use sui::event;
use sui::test_scenario::{Self as scenario, Scenario};
use suiftly_escrow::account::{Account, Entry};
use suiftly_escrow::escrow;
use suiftly_escrow::house::{Self, AdminCap, House};

/// The tests' coin: six decimals, as USDC has.
public struct USD has drop {}

/// Units of a cent.
const CENT: u64 = 10_000;
/// 2026-11-10T00:00:00Z.
const NOVEMBER: u64 = 1_794_268_800_000;
const MAX: u64 = 18_446_744_073_709_551_615;

const ADMIN: address = @0xAD;
const OPERATOR: address = @0x0B;
const TREASURY: address = @0x7E;
const OWNER: address = @0xA1;
const STRANGER: address = @0xA2;

public struct Desk { scenario: Scenario, clock: Clock }

public fun admin(): address { ADMIN }

public fun operator(): address { OPERATOR }

public fun treasury(): address { TREASURY }

public fun owner(): address { OWNER }

public fun stranger(): address { STRANGER }

/// So many dollars, in units.
public fun usd(dollars: u64): u64 { dollars * 100 * CENT }

public fun cents(cents: u64): u64 { cents * CENT }

/// A nonce of 32 bytes.
public fun nonce(number: u64): vector<u8> {
    let mut bytes = sui::bcs::to_bytes(&number);
    while (bytes.length() < 32) bytes.push_back(7);
    bytes
}

public fun root(): vector<u8> { vector::tabulate!(32, |at| at as u8) }

// === A desk ===

public fun new(): Desk {
    let mut scenario = scenario::begin(ADMIN);
    let mut clock = clock::create_for_testing(scenario.ctx());
    clock.set_for_testing(NOVEMBER);
    house::init_for_testing(scenario.ctx());
    let mut desk = Desk { scenario, clock };
    desk.open_house(CENT);
    desk.name_operator(OPERATOR);
    desk
}

/// With the owner's account open.
public fun with_account(first: u64, limit: u64): Desk {
    let mut desk = new();
    desk.open(OWNER, first, limit);
    desk
}

public fun end(desk: Desk) {
    let Desk { scenario, clock } = desk;
    clock.destroy_for_testing();
    scenario.end();
}

public fun scenario(desk: &mut Desk): &mut Scenario { &mut desk.scenario }

public fun now(desk: &Desk): u64 { desk.clock.timestamp_ms() }

public fun set_time(desk: &mut Desk, timestamp_ms: u64) { desk.clock.set_for_testing(timestamp_ms) }

public fun pass(desk: &mut Desk, ms: u64) { desk.clock.increment_for_testing(ms) }

public fun days(days: u64): u64 { days * 86_400_000 }

// === Acts of the admin ===

public fun open_house(desk: &mut Desk, cent: u64) {
    let cap = desk.admin_cap();
    house::open_house<USD>(&cap, TREASURY, cent, desk.scenario.ctx());
    desk.scenario.return_to_sender(cap);
    desk.scenario.next_tx(ADMIN);
}

public fun name_operator(desk: &mut Desk, operator: address) {
    let cap = desk.admin_cap();
    let mut house = desk.house();
    house::name_operator(&cap, &mut house, operator);
    scenario::return_shared(house);
    desk.scenario.return_to_sender(cap);
    desk.scenario.next_tx(ADMIN);
}

public fun revoke_operator(desk: &mut Desk, operator: address) {
    let cap = desk.admin_cap();
    let mut house = desk.house();
    house::revoke_operator(&cap, &mut house, operator);
    scenario::return_shared(house);
    desk.scenario.return_to_sender(cap);
}

public fun announce_treasury(desk: &mut Desk, treasury: address) {
    let cap = desk.admin_cap();
    let mut house = desk.house();
    house::announce_treasury(&cap, &mut house, treasury, &desk.clock);
    scenario::return_shared(house);
    desk.scenario.return_to_sender(cap);
}

public fun name_treasury(desk: &mut Desk) {
    let cap = desk.admin_cap();
    let mut house = desk.house();
    house::name_treasury(&cap, &mut house, &desk.clock);
    scenario::return_shared(house);
    desk.scenario.return_to_sender(cap);
}

public fun migrate(desk: &mut Desk) {
    let cap = desk.admin_cap();
    let mut house = desk.house();
    house::migrate(&cap, &mut house);
    scenario::return_shared(house);
    desk.scenario.return_to_sender(cap);
}

public fun set_version(desk: &mut Desk, version: u64) {
    desk.scenario.next_tx(ADMIN);
    let mut house = desk.house();
    house.set_version_for_testing(version);
    scenario::return_shared(house);
}

// === Acts of owners, and of anybody ===

public fun open(desk: &mut Desk, owner: address, first: u64, limit: u64) {
    desk.scenario.next_tx(owner);
    let mut house = desk.house();
    let funds = coin::mint_for_testing<USD>(first, desk.scenario.ctx());
    escrow::open(&mut house, funds, limit, &desk.clock, desk.scenario.ctx());
    scenario::return_shared(house);
}

public fun deposit(desk: &mut Desk, sender: address, amount: u64) {
    let (house, mut account) = desk.begin(sender);
    let funds = coin::mint_for_testing<USD>(amount, desk.scenario.ctx());
    escrow::deposit(&house, &mut account, funds, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun set_limit(desk: &mut Desk, sender: address, limit: u64) {
    let (house, mut account) = desk.begin(sender);
    escrow::set_limit(&house, &mut account, limit, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun request(desk: &mut Desk, sender: address, amount: u64): u64 {
    let (house, mut account) = desk.begin(sender);
    let id = escrow::request_withdrawal(&house, &mut account, amount, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
    id
}

public fun cancel(desk: &mut Desk, sender: address, request: u64) {
    let (house, mut account) = desk.begin(sender);
    escrow::cancel_withdrawal(&house, &mut account, request, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun pay(desk: &mut Desk, sender: address, request: u64) {
    let (house, mut account) = desk.begin(sender);
    escrow::pay_withdrawal(&house, &mut account, request, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

// === Acts of the operator ===

public fun charge(desk: &mut Desk, number: u64, amount: u64, month: u32) {
    desk.charge_by(OPERATOR, number, amount, month);
}

/// By whoever sends it.
public fun charge_by(desk: &mut Desk, sender: address, number: u64, amount: u64, month: u32) {
    desk.charge_with(sender, OWNER, nonce(number), root(), amount, month);
}

public fun charge_with(
    desk: &mut Desk,
    sender: address,
    owner: address,
    nonce: vector<u8>,
    root: vector<u8>,
    amount: u64,
    month: u32,
) {
    let (house, mut account) = desk.begin_with(sender, owner);
    escrow::charge(&house, &mut account, amount, nonce, month, root, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun refund(desk: &mut Desk, number: u64, amount: u64, month: u32) {
    desk.refund_by(OPERATOR, number, amount, month);
}

public fun refund_by(desk: &mut Desk, sender: address, number: u64, amount: u64, month: u32) {
    let (house, mut account) = desk.begin(sender);
    let funds = coin::mint_for_testing<USD>(amount, desk.scenario.ctx());
    escrow::refund(&house, &mut account, funds, nonce(number), month, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun release(desk: &mut Desk, request: u64) { desk.release_by(OPERATOR, request); }

public fun release_by(desk: &mut Desk, sender: address, request: u64) {
    let (house, mut account) = desk.begin(sender);
    escrow::release_withdrawal(&house, &mut account, request, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

public fun close(desk: &mut Desk) { desk.close_by(OPERATOR); }

public fun close_by(desk: &mut Desk, sender: address) {
    let (house, mut account) = desk.begin(sender);
    escrow::close(&house, &mut account, &desk.clock, desk.scenario.ctx());
    conclude(house, account);
}

// === What is seen ===

/// The balance, what may be charged of it, what a month was charged, the limit in force.
public fun state(desk: &mut Desk, month: u32): vector<u64> {
    let (house, account) = desk.begin(OWNER);
    let seen = vector[account.balance(), account.chargeable(&desk.clock), account.charged(month), account.limit()];
    conclude(house, account);
    seen
}

public fun waiting(desk: &mut Desk): vector<u64> {
    let (house, account) = desk.begin(OWNER);
    let waiting = account.waiting();
    conclude(house, account);
    waiting
}

/// All that an address was paid in coins.
public fun paid(desk: &mut Desk, to: address): u64 {
    desk.scenario.next_tx(to);
    let mut sum = 0;
    scenario::ids_for_address<Coin<USD>>(to).do!(|id| {
        let coin = desk.scenario.take_from_address_by_id<Coin<USD>>(to, id);
        sum = sum + coin.value();
        scenario::return_to_address(to, coin);
    });
    sum
}

/// That the transaction which was just done has put no more than `sent` into an address balance: the rest, up to the
/// largest amount, finds room beside it. One unit more does not, and ends in an arithmetic error of the framework; so a
/// test that wants that error proves the amount from below. The runner shows a test nothing else of address balances.
public fun fill(to: address, sent: u64) { balance::create_for_testing<USD>(MAX - sent).send_funds(to); }

/// The entries of the transaction that was just done.
public fun entries(): vector<Entry<USD>> { event::events_by_type<Entry<USD>>() }

/// The house, and the owner's account, in a transaction of the sender.
public fun begin(desk: &mut Desk, sender: address): (House<USD>, Account<USD>) { desk.begin_with(sender, OWNER) }

/// The house, and an owner's account.
public fun begin_with(desk: &mut Desk, sender: address, owner: address): (House<USD>, Account<USD>) {
    desk.scenario.next_tx(sender);
    let house = desk.house();
    let account = desk.scenario.take_shared_by_id<Account<USD>>(house.account_id(owner));
    (house, account)
}

public fun conclude(house: House<USD>, account: Account<USD>) {
    scenario::return_shared(house);
    scenario::return_shared(account);
}

/// For what is done without the acts above.
public fun parts(desk: &mut Desk): (&mut Scenario, &Clock) { (&mut desk.scenario, &desk.clock) }

fun admin_cap(desk: &mut Desk): AdminCap {
    desk.scenario.next_tx(ADMIN);
    desk.scenario.take_from_sender<AdminCap>()
}

fun house(desk: &Desk): House<USD> { desk.scenario.take_shared<House<USD>>() }
