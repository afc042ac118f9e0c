/// The operator's side: who may charge, and where charges go.
module suiftly_escrow::house;

use sui::clock::Clock;
use sui::derived_object;
use sui::event;
use sui::vec_set::{Self, VecSet};

/// The code's version. A house of another version is refused, so that an upgrade ends the code before it.
const VERSION: u64 = 1;
/// The least limit but 0 (no limit): $10.
const LIMIT_MIN_CENTS: u64 = 1_000;
/// From the announcement of another treasury until charges may go there: 7 days, as for upgrades.
const NOTICE_MS: u64 = 7 * 86_400_000;

/// The house is of another version: call the package that is in force.
const EVersion: u64 = 1;
/// The house has this version, or a newer one.
const ENotNewer: u64 = 2;
/// The address is not, or no longer, one of the house's operators.
const ENotOperator: u64 = 3;
/// A cent is at least one unit.
const ECent: u64 = 4;
/// Amounts are whole cents, and not zero.
const EAmount: u64 = 5;
/// A limit is 0, for none, or at least $10, in whole cents.
const ELimit: u64 = 6;
/// The address is an operator of the house already.
const EIsOperator: u64 = 7;
/// A treasury is an address that somebody has.
const ETreasury: u64 = 8;
/// No other treasury is announced.
const ENotAnnounced: u64 = 9;
/// It was announced less than 7 days ago.
const ETooEarly: u64 = 10;

/// Opens houses, names their operators and treasuries, raises their versions. Made once, when the package is published.
public struct AdminCap has key, store { id: UID }

/// The operator's side of one coin type. Charges only read it, so those of different accounts do not wait for each other.
public struct House<phantom T> has key {
    id: UID,
    version: u64,
    /// Units of a cent: 10,000 for USDC, which has six decimals.
    cent: u64,
    /// Where charges go.
    treasury: address,
    next_treasury: Option<NextTreasury>,
    /// Who may charge: addresses, so that a transaction needs no object of the operator's.
    operators: VecSet<address>,
}

public struct NextTreasury has copy, drop, store { treasury: address, not_before_ms: u64 }

public struct HouseOpened<phantom T> has copy, drop { house: ID, treasury: address, cent: u64 }

public struct TreasuryAnnounced<phantom T> has copy, drop { house: ID, treasury: address, not_before_ms: u64 }

public struct TreasuryNamed<phantom T> has copy, drop { house: ID, treasury: address }

public struct OperatorNamed<phantom T> has copy, drop { house: ID, operator: address }

public struct OperatorRevoked<phantom T> has copy, drop { house: ID, operator: address }

public struct VersionRaised<phantom T> has copy, drop { house: ID, version: u64 }

fun init(ctx: &mut TxContext) {
    transfer::transfer(AdminCap { id: object::new(ctx) }, ctx.sender());
}

// === The admin ===

/// Opens a house for a coin type. `cent` is how many units make a cent.
public fun open_house<T>(_: &AdminCap, treasury: address, cent: u64, ctx: &mut TxContext) {
    assert!(cent > 0, ECent);
    assert!(treasury != @0x0, ETreasury);
    let id = object::new(ctx);
    event::emit(HouseOpened<T> { house: id.to_inner(), treasury, cent });
    transfer::share_object(House<T> {
        id,
        version: VERSION,
        cent,
        treasury,
        next_treasury: option::none(),
        operators: vec_set::empty(),
    });
}

/// Announces another treasury, in the place of one that was announced before. Owners have 7 days to leave, and a stolen
/// capability does not move their funds to a thief meanwhile.
public fun announce_treasury<T>(_: &AdminCap, house: &mut House<T>, treasury: address, clock: &Clock) {
    house.check_version();
    assert!(treasury != @0x0, ETreasury);
    let not_before_ms = clock.timestamp_ms() + NOTICE_MS;
    house.next_treasury = option::some(NextTreasury { treasury, not_before_ms });
    event::emit(TreasuryAnnounced<T> { house: object::id(house), treasury, not_before_ms });
}

/// Has charges go to the treasury that was announced.
public fun name_treasury<T>(_: &AdminCap, house: &mut House<T>, clock: &Clock) {
    house.check_version();
    assert!(house.next_treasury.is_some(), ENotAnnounced);
    let NextTreasury { treasury, not_before_ms } = house.next_treasury.extract();
    assert!(clock.timestamp_ms() >= not_before_ms, ETooEarly);
    house.treasury = treasury;
    event::emit(TreasuryNamed<T> { house: object::id(house), treasury });
}

/// Gives an address the right to charge. Several may have it.
public fun name_operator<T>(_: &AdminCap, house: &mut House<T>, operator: address) {
    house.check_version();
    assert!(!house.is_operator(operator), EIsOperator);
    house.operators.insert(operator);
    event::emit(OperatorNamed<T> { house: object::id(house), operator });
}

/// Takes the right from an address. The last one, too: then nobody charges, and owners are paid all the same.
public fun revoke_operator<T>(_: &AdminCap, house: &mut House<T>, operator: address) {
    house.check_version();
    assert!(house.is_operator(operator), ENotOperator);
    house.operators.remove(&operator);
    event::emit(OperatorRevoked<T> { house: object::id(house), operator });
}

/// Puts an upgraded package in force: the one before it refuses the house, and so all of its accounts.
public fun migrate<T>(_: &AdminCap, house: &mut House<T>) {
    assert!(house.version < VERSION, ENotNewer);
    house.version = VERSION;
    event::emit(VersionRaised<T> { house: object::id(house), version: VERSION });
}

// === Views ===

public fun version<T>(house: &House<T>): u64 { house.version }

public fun cent<T>(house: &House<T>): u64 { house.cent }

public fun treasury<T>(house: &House<T>): address { house.treasury }

public fun is_operator<T>(house: &House<T>, operator: address): bool { house.operators.contains(&operator) }

/// The id that an owner's account has, or will have.
public fun account_id<T>(house: &House<T>, owner: address): ID {
    derived_object::derive_address(object::id(house), owner).to_id()
}

// === For the package ===

public(package) fun check_version<T>(house: &House<T>) {
    assert!(house.version == VERSION, EVersion);
}

public(package) fun check_operator<T>(house: &House<T>, ctx: &TxContext) {
    assert!(house.is_operator(ctx.sender()), ENotOperator);
}

/// So balances, too, are whole cents always: nothing is ever rounded.
public(package) fun check_amount<T>(house: &House<T>, amount: u64) {
    assert!(amount > 0 && amount % house.cent == 0, EAmount);
}

public(package) fun check_limit<T>(house: &House<T>, limit: u64) {
    assert!(limit % house.cent == 0 && (limit == 0 || limit / house.cent >= LIMIT_MIN_CENTS), ELimit);
}

/// What accounts' ids are derived from.
public(package) fun uid_mut<T>(house: &mut House<T>): &mut UID { &mut house.id }

// === Tests ===

#[test_only]
public fun init_for_testing(ctx: &mut TxContext) { init(ctx) }

/// As if another version of the code had opened the house, or migrated it.
#[test_only]
public fun set_version_for_testing<T>(house: &mut House<T>, version: u64) { house.version = version }
