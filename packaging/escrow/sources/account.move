/// A customer's funds, in a shared object of their own, and an entry for whatever happens to them.
///
/// Its fields are reached by this module alone; what it offers is for the package. Funds leave by `draw`, to the house's
/// treasury, and by `pay`, to the owner: no function takes an address to pay to.
module suiftly_escrow::account;

use sui::balance::{Self, Balance};
use sui::clock::Clock;
use sui::coin::{Self, Coin};
use sui::derived_object;
use sui::event;
use sui::transfer::Receiving;
use suiftly_escrow::allowance::{Self, Allowance};
use suiftly_escrow::calendar;
use suiftly_escrow::house::House;
use suiftly_escrow::nonces::{Self, Done};

/// From the request of a withdrawal until it is due: in between, what was used before may still be charged.
const WITHDRAWAL_DELAY_MS: u64 = 86_400_000;
/// Withdrawals that may wait at the same time.
const REQUESTS_MAX: u64 = 8;

// What an entry says was done.
const OPENED: u8 = 1;
const DEPOSIT: u8 = 2;
const WITHDRAWAL_REQUESTED: u8 = 3;
const WITHDRAWAL: u8 = 4;
const CHARGE: u8 = 5;
const REFUND: u8 = 6;
const LIMIT: u8 = 7;
const CLOSED: u8 = 8;

/// The account is another house's.
const EWrongHouse: u64 = 30;
/// The sender is not the account's owner.
const ENotOwner: u64 = 31;
/// The account is closed.
const EClosed: u64 = 32;
/// There is less in the account, or the rest is due to its owner.
const EBalance: u64 = 33;
/// No such withdrawal waits.
const ENoRequest: u64 = 34;
/// The withdrawal is not due yet.
const ENotDue: u64 = 35;
/// As many withdrawals wait as may.
const ERequests: u64 = 36;

/// A customer's funds and rules. Its id is derived from the house's id and the owner's address: each has one. What its
/// nonces have done are dynamic fields of it.
public struct Account<phantom T> has key {
    id: UID,
    house: ID,
    owner: address,
    balance: Balance<T>,
    allowance: Allowance,
    /// Withdrawals that wait, the oldest first.
    requests: vector<Request>,
    /// Withdrawals asked for so far: the next one's id is one more.
    requested: u64,
    /// Entries so far.
    seq: u64,
    is_closed: bool,
}

/// A withdrawal that waits.
public struct Request has copy, drop, store { id: u64, amount: u64, due_ms: u64 }

/// Whatever happens to an account, in one form. An account's entries are numbered 1, 2, 3 …: who follows them sees a gap.
public struct Entry<phantom T> has copy, drop {
    account: ID,
    owner: address,
    seq: u64,
    kind: u8,
    /// Moved or asked for; the limit, where it is set.
    amount: u64,
    /// The withdrawal that is asked for, paid or taken back; else 0.
    request: u64,
    /// A charge's or a refund's; else empty.
    nonce: vector<u8>,
    /// The month that is charged or refunded; else the one that runs.
    month: u32,
    /// The root of the bill that a charge is for; else empty.
    bill_root: vector<u8>,
    /// After it: the balance, what `month` was charged, the limit in force.
    balance: u64,
    month_charged: u64,
    limit: u64,
    at_ms: u64,
}

// === Views ===

public fun owner<T>(account: &Account<T>): address { account.owner }

public fun balance<T>(account: &Account<T>): u64 { account.balance.value() }

public fun entries<T>(account: &Account<T>): u64 { account.seq }

public fun is_closed<T>(account: &Account<T>): bool { account.is_closed }

/// The limit in force; 0 is none.
public fun limit<T>(account: &Account<T>): u64 { account.allowance.limit() }

/// What was charged for a month, less refunds.
public fun charged<T>(account: &Account<T>, month: u32): u64 { account.allowance.charged(month) }

/// The highest limit that was in force in a month; 0 is none.
public fun authorised<T>(account: &Account<T>, month: u32): u64 { account.allowance.authorised(month) }

/// What may be charged, as far as the balance goes: withdrawals that are due are the owner's already.
public fun chargeable<T>(account: &Account<T>, clock: &Clock): u64 {
    let mut left = account.balance.value();
    account.requests.do_ref!(|request| if (request.due_ms <= clock.timestamp_ms()) {
        left = left - request.amount.min(left);
    });
    left
}

/// The ids of the withdrawals that wait, the oldest first.
public fun waiting<T>(account: &Account<T>): vector<u64> { account.requests.map_ref!(|request| request.id) }

/// What a nonce has done to the account, if anything.
public fun done<T>(account: &Account<T>, nonce: vector<u8>): Option<Done> { nonces::done(&account.id, nonce) }

// === For the package: what is checked ===

public(package) fun check_house<T>(account: &Account<T>, house: &House<T>) {
    house.check_version();
    assert!(account.house == object::id(house), EWrongHouse);
}

public(package) fun check_owner<T>(account: &Account<T>, house: &House<T>, ctx: &TxContext) {
    account.check_house(house);
    assert!(account.owner == ctx.sender(), ENotOwner);
}

public(package) fun check_operator<T>(account: &Account<T>, house: &House<T>, ctx: &TxContext) {
    account.check_house(house);
    house.check_operator(ctx);
}

public(package) fun check_open<T>(account: &Account<T>) {
    assert!(!account.is_closed, EClosed);
}

public(package) fun check_nonce<T>(account: &Account<T>, nonce: &vector<u8>) {
    nonces::check(&account.id, nonce);
}

// === For the package: what is done ===

/// The sender's account, empty.
public(package) fun new<T>(house: &mut House<T>, limit: u64, clock: &Clock, ctx: &mut TxContext): Account<T> {
    let mut account = Account<T> {
        // Given out once for an owner: a second account is refused.
        id: derived_object::claim(house.uid_mut(), ctx.sender()),
        house: object::id(house),
        owner: ctx.sender(),
        balance: balance::zero(),
        allowance: allowance::new(limit, ctx),
        requests: vector[],
        requested: 0,
        seq: 0,
        is_closed: false,
    };
    event::emit(account.entry(OPENED, limit, clock));
    account
}

public(package) fun share<T>(account: Account<T>) {
    transfer::share_object(account);
}

public(package) fun deposit<T>(account: &mut Account<T>, funds: Coin<T>, clock: &Clock) {
    let amount = funds.value();
    account.balance.join(funds.into_balance());
    event::emit(account.entry(DEPOSIT, amount, clock));
}

public(package) fun set_limit<T>(account: &mut Account<T>, limit: u64, clock: &Clock) {
    account.allowance.set_limit(limit, clock);
    event::emit(account.entry(LIMIT, limit, clock));
}

/// Draws funds for a month's usage, to the house's treasury: into its address balance, since thousands of coins would
/// have to be merged before they could be spent.
public(package) fun draw<T>(
    account: &mut Account<T>,
    house: &House<T>,
    amount: u64,
    nonce: vector<u8>,
    month: u32,
    bill_root: vector<u8>,
    clock: &Clock,
) {
    assert!(amount <= account.chargeable(clock), EBalance);
    account.allowance.charge(month, amount, clock);
    account.balance.split(amount).send_funds(house.treasury());
    account.conclude(CHARGE, amount, nonce, month, bill_root, clock);
}

/// Takes drawn funds back in.
public(package) fun refund<T>(account: &mut Account<T>, funds: Coin<T>, nonce: vector<u8>, month: u32, clock: &Clock) {
    let amount = funds.value();
    account.allowance.refund(month, amount);
    account.balance.join(funds.into_balance());
    account.conclude(REFUND, amount, nonce, month, vector[], clock);
}

/// Puts a withdrawal among those that wait.
public(package) fun request<T>(account: &mut Account<T>, amount: u64, clock: &Clock): u64 {
    assert!(amount <= account.balance.value(), EBalance);
    assert!(account.requests.length() < REQUESTS_MAX, ERequests);
    account.requested = account.requested + 1;
    let id = account.requested;
    account.requests.push_back(Request { id, amount, due_ms: clock.timestamp_ms() + WITHDRAWAL_DELAY_MS });
    let mut entry = account.entry(WITHDRAWAL_REQUESTED, amount, clock);
    entry.request = id;
    event::emit(entry);
    id
}

/// Takes a withdrawal back: nothing was paid, and it waits no longer.
public(package) fun cancel<T>(account: &mut Account<T>, request: u64, clock: &Clock) {
    let _ = account.take_request(request);
    account.emit_withdrawal(0, request, clock);
}

/// Pays the owner what was asked for, or what is left of it.
public(package) fun pay<T>(
    account: &mut Account<T>,
    request: u64,
    must_be_due: bool,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    let Request { id: _, amount: asked, due_ms } = account.take_request(request);
    assert!(!must_be_due || clock.timestamp_ms() >= due_ms, ENotDue);
    let amount = asked.min(account.balance.value());
    if (amount > 0) {
        transfer::public_transfer(coin::take(&mut account.balance, amount, ctx), account.owner);
    };
    account.emit_withdrawal(amount, request, clock);
}

public(package) fun set_closed<T>(account: &mut Account<T>, clock: &Clock) {
    account.is_closed = true;
    event::emit(account.entry(CLOSED, 0, clock));
}

/// Sends an object that was sent to the account's address on to its owner.
public(package) fun return_stray<T, O: key + store>(account: &mut Account<T>, stray: Receiving<O>) {
    let owner = account.owner;
    transfer::public_transfer(transfer::public_receive(&mut account.id, stray), owner);
}

// === Inside ===

fun take_request<T>(account: &mut Account<T>, request: u64): Request {
    let at = account.requests.find_index!(|waiting| waiting.id == request);
    assert!(at.is_some(), ENoRequest);
    account.requests.remove(at.destroy_some())
}

fun emit_withdrawal<T>(account: &mut Account<T>, amount: u64, request: u64, clock: &Clock) {
    let mut entry = account.entry(WITHDRAWAL, amount, clock);
    entry.request = request;
    event::emit(entry);
}

/// Says what a nonce has done, and writes it down.
fun conclude<T>(
    account: &mut Account<T>,
    kind: u8,
    amount: u64,
    nonce: vector<u8>,
    month: u32,
    bill_root: vector<u8>,
    clock: &Clock,
) {
    let mut entry = account.entry(kind, amount, clock);
    entry.nonce = nonce;
    entry.month = month;
    entry.bill_root = bill_root;
    entry.month_charged = account.charged(month);
    event::emit(entry);
    nonces::write(&mut account.id, nonce, kind, entry.seq, amount, month, bill_root, entry.at_ms);
}

/// The account's next entry, as the account is now.
fun entry<T>(account: &mut Account<T>, kind: u8, amount: u64, clock: &Clock): Entry<T> {
    account.seq = account.seq + 1;
    let month = calendar::running(clock);
    Entry {
        account: object::id(account),
        owner: account.owner,
        seq: account.seq,
        kind,
        amount,
        request: 0,
        nonce: vector[],
        month,
        bill_root: vector[],
        balance: account.balance.value(),
        month_charged: account.charged(month),
        limit: account.limit(),
        at_ms: clock.timestamp_ms(),
    }
}

// === Tests ===

/// An entry's facts in their order, for tests to compare.
#[test_only]
public fun facts<T>(entry: &Entry<T>): (vector<u64>, vector<vector<u8>>) {
    let Entry { seq, kind, amount, request, month, balance, month_charged, limit, at_ms, .. } = entry;
    let numbers = vector[
        *seq,
        *kind as u64,
        *amount,
        *request,
        *month as u64,
        *balance,
        *month_charged,
        *limit,
        *at_ms,
    ];
    (numbers, vector[entry.account.to_bytes(), entry.owner.to_bytes(), entry.nonce, entry.bill_root])
}

#[test_only]
public fun uid_for_testing<T>(account: &Account<T>): &UID { &account.id }
