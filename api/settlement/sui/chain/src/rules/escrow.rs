//! The functions that owners and operators call; each begins with what it checks.

use super::account::{Account, Reason};
use super::house::House;
use super::{Context, Stop, allowance, calendar, nonces};
use sui_sdk_types::Address;
use suiftly_sui::Abort;

// === The owner ===

/// Opens the sender's account with a limit and a first deposit, which may be empty.
pub(crate) fn open(house: &mut House, first: u64, limit: u64, ctx: &mut Context) -> Result<Account, Stop> {
    house.check_version()?;
    house.check_limit(limit)?;
    let mut account = Account::new(house, limit, ctx)?;
    if first > 0 {
        house.check_amount(first)?;
        account.deposit(first, ctx)?;
    }
    Ok(account)
}

pub(crate) fn deposit(house: &House, account: &mut Account, funds: u64, ctx: &mut Context) -> Result<(), Stop> {
    account.check_owner(house, ctx)?;
    account.check_open()?;
    house.check_amount(funds)?;
    account.deposit(funds, ctx)
}

pub(crate) fn set_limit(house: &House, account: &mut Account, limit: u64, ctx: &mut Context) -> Result<(), Stop> {
    account.check_owner(house, ctx)?;
    account.check_open()?;
    house.check_limit(limit)?;
    account.set_limit(limit, ctx);
    Ok(())
}

/// Answers the request's id.
pub(crate) fn request_withdrawal(
    house: &House,
    account: &mut Account,
    amount: u64,
    ctx: &mut Context,
) -> Result<u64, Stop> {
    account.check_owner(house, ctx)?;
    house.check_amount(amount)?;
    account.request(amount, ctx)
}

pub(crate) fn cancel_withdrawal(
    house: &House,
    account: &mut Account,
    request: u64,
    ctx: &mut Context,
) -> Result<(), Stop> {
    account.check_owner(house, ctx)?;
    account.cancel(request, ctx)
}

// === Anybody ===

pub(crate) fn pay_withdrawal(
    house: &House,
    account: &mut Account,
    request: u64,
    ctx: &mut Context,
) -> Result<(), Stop> {
    account.check_house(house)?;
    account.pay(request, true, ctx)
}

/// Answers whose it is now.
pub(crate) fn return_stray(house: &House, account: &Account) -> Result<Address, Stop> {
    account.check_house(house)?;
    Ok(account.owner())
}

// === The operator ===

/// A charge, as it comes.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) amount: u64,
    pub(crate) nonce: Vec<u8>,
    pub(crate) month: u32,
    pub(crate) bill_root: Vec<u8>,
}

pub(crate) fn charge(house: &House, account: &mut Account, order: &Charge, ctx: &mut Context) -> Result<(), Stop> {
    account.check_operator(house, ctx)?;
    house.check_amount(order.amount)?;
    let nonce = nonces::check_nonce(&account.done, &order.nonce)?;
    let bill_root = <[u8; 32]>::try_from(&order.bill_root[..]).map_err(|_| Abort::Root)?;
    account.check_open()?;
    allowance::check_month(order.month, calendar::month_of(ctx.now_ms))?;
    let why = Reason { nonce, month: order.month, bill_root: Some(bill_root) };
    account.draw(house, order.amount, why, ctx)
}

/// A refund's `amount` is what comes back.
pub(crate) fn refund(house: &House, account: &mut Account, order: &Charge, ctx: &mut Context) -> Result<(), Stop> {
    account.check_operator(house, ctx)?;
    house.check_amount(order.amount)?;
    let nonce = nonces::check_nonce(&account.done, &order.nonce)?;
    allowance::check_month(order.month, calendar::month_of(ctx.now_ms))?;
    account.refund(order.amount, Reason { nonce, month: order.month, bill_root: None }, ctx)
}

pub(crate) fn release_withdrawal(
    house: &House,
    account: &mut Account,
    request: u64,
    ctx: &mut Context,
) -> Result<(), Stop> {
    account.check_operator(house, ctx)?;
    account.pay(request, false, ctx)
}

/// All that is in the account goes to its owner at once, withdrawals that wait first.
pub(crate) fn close(house: &House, account: &mut Account, ctx: &mut Context) -> Result<(), Stop> {
    account.check_operator(house, ctx)?;
    for request in account.waiting() {
        account.pay(request, false, ctx)?;
    }
    if account.balance() > 0 {
        let request = account.request(account.balance(), ctx)?;
        account.pay(request, false, ctx)?;
    }
    if !account.is_closed() {
        account.set_closed(ctx);
    }
    Ok(())
}
