/// Customers' funds, held in escrow: what is used is charged, what is left goes back to its owner.
///
/// These are the functions that owners and operators call; each says in its first lines what it checks. An owner is the
/// address that opened the account, for ever. An operator is an address that the house lists now. Funds leave an account by
/// a charge, to the house's treasury and within the owner's limit, or by a withdrawal, to the owner. Nothing here stops a
/// withdrawal, and nothing pauses the contract.
module suiftly_escrow::escrow;

use sui::clock::Clock;
use sui::coin::Coin;
use sui::transfer::Receiving;
use suiftly_escrow::account::{Self, Account};
use suiftly_escrow::allowance;
use suiftly_escrow::house::House;

const ROOT_BYTES: u64 = 32;

/// A bill's root has 32 bytes.
const ERoot: u64 = 40;

// === The owner ===

/// Opens the sender's account with a limit and a first deposit, which may be empty. A second account is refused.
public fun open<T>(house: &mut House<T>, first: Coin<T>, limit: u64, clock: &Clock, ctx: &mut TxContext) {
    house.check_version();
    house.check_limit(limit);
    let mut account = account::new(house, limit, clock, ctx);
    if (first.value() == 0) {
        first.destroy_zero();
    } else {
        house.check_amount(first.value());
        account.deposit(first, clock);
    };
    account.share();
}

/// Puts funds in. The owner's alone: nobody fills another's account with dust, or passes money through it.
public fun deposit<T>(house: &House<T>, account: &mut Account<T>, funds: Coin<T>, clock: &Clock, ctx: &mut TxContext) {
    account.check_owner(house, ctx);
    account.check_open();
    house.check_amount(funds.value());
    account.deposit(funds, clock);
}

/// Says what a month may be charged from now on; 0 is without limit. What this month has authorised before stays.
public fun set_limit<T>(house: &House<T>, account: &mut Account<T>, limit: u64, clock: &Clock, ctx: &mut TxContext) {
    account.check_owner(house, ctx);
    account.check_open();
    house.check_limit(limit);
    account.set_limit(limit, clock);
}

/// Asks for funds back, and answers the request's id. They are due to the owner's address in 24 hours; until then, what
/// was used may still be charged. From then on they cannot be charged, whether they are paid yet or not.
public fun request_withdrawal<T>(
    house: &House<T>,
    account: &mut Account<T>,
    amount: u64,
    clock: &Clock,
    ctx: &mut TxContext,
): u64 {
    account.check_owner(house, ctx);
    house.check_amount(amount);
    account.request(amount, clock)
}

/// Takes a request back.
public fun cancel_withdrawal<T>(
    house: &House<T>,
    account: &mut Account<T>,
    request: u64,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    account.check_owner(house, ctx);
    account.cancel(request, clock);
}

// === Anybody: what it pays goes to the owner, whoever calls ===

/// Pays a withdrawal that is due.
public fun pay_withdrawal<T>(
    house: &House<T>,
    account: &mut Account<T>,
    request: u64,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    account.check_house(house);
    account.pay(request, true, clock, ctx);
}

/// Sends what was sent to the account's address by mistake on to the owner.
public fun return_stray<T, O: key + store>(house: &House<T>, account: &mut Account<T>, stray: Receiving<O>) {
    account.check_house(house);
    account.return_stray(stray);
}

// === The operator ===

/// Draws what a month's usage costs, once for a nonce. The bill's root says what it is for.
public fun charge<T>(
    house: &House<T>,
    account: &mut Account<T>,
    amount: u64,
    nonce: vector<u8>,
    month: u32,
    bill_root: vector<u8>,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    account.check_operator(house, ctx);
    house.check_amount(amount);
    account.check_nonce(&nonce);
    assert!(bill_root.length() == ROOT_BYTES, ERoot);
    account.check_open();
    allowance::check_month(month, clock);
    account.draw(house, amount, nonce, month, bill_root, clock);
}

/// Gives drawn funds back into the account, once for a nonce. The month may be charged so much again.
public fun refund<T>(
    house: &House<T>,
    account: &mut Account<T>,
    funds: Coin<T>,
    nonce: vector<u8>,
    month: u32,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    account.check_operator(house, ctx);
    house.check_amount(funds.value());
    account.check_nonce(&nonce);
    allowance::check_month(month, clock);
    account.refund(funds, nonce, month, clock);
}

/// Pays a withdrawal before it is due: all that was asked for and is there. The operator can be early, never late.
public fun release_withdrawal<T>(
    house: &House<T>,
    account: &mut Account<T>,
    request: u64,
    clock: &Clock,
    ctx: &mut TxContext,
) {
    account.check_operator(house, ctx);
    account.pay(request, false, clock, ctx);
}

/// Ends an account for good: all that is in it goes to the owner at once, withdrawals that wait first, as far as funds go.
/// A later refund goes out when it is called again.
public fun close<T>(house: &House<T>, account: &mut Account<T>, clock: &Clock, ctx: &mut TxContext) {
    account.check_operator(house, ctx);
    account.waiting().do!(|request| account.pay(request, false, clock, ctx));
    if (account.balance() > 0) {
        let rest = account.balance();
        let request = account.request(rest, clock);
        account.pay(request, false, clock, ctx);
    };
    if (!account.is_closed()) account.set_closed(clock);
}
