//! Two houses of one coin: an account of the one is refused with the other, whoever calls.

use super::*;

/// Acts on an account of the first house, with a withdrawal that is due, and on another house with the same operator.
fn mixed_up<T: std::fmt::Debug>(
    sender: Address,
    act: impl FnOnce(&House, &mut Account, &mut Context) -> Result<T, Stop>,
) -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.request(OWNER, usd(5))?;
    desk.pass(DAY_MS);
    let mut ctx = Context::new(ADMIN, desk.now_ms, Digest::new([0xff; 32]));
    let mut other = house::open_house(TREASURY, CENT, &mut ctx)?;
    other.name_operator(OPERATOR, &mut ctx)?;
    desk.on(sender, OWNER, |_, account, ctx| act(&other, account, ctx)).refused(Abort::WrongHouse)
}

#[test]
fn deposit() -> Done {
    mixed_up(OWNER, |house, account, ctx| escrow::deposit(house, account, usd(1), ctx))
}

#[test]
fn set_limit() -> Done {
    mixed_up(OWNER, |house, account, ctx| escrow::set_limit(house, account, 0, ctx))
}

#[test]
fn request_withdrawal() -> Done {
    mixed_up(OWNER, |house, account, ctx| escrow::request_withdrawal(house, account, usd(1), ctx))
}

#[test]
fn cancel_withdrawal() -> Done {
    mixed_up(OWNER, |house, account, ctx| escrow::cancel_withdrawal(house, account, 1, ctx))
}

#[test]
fn pay_withdrawal() -> Done {
    mixed_up(OWNER, |house, account, ctx| escrow::pay_withdrawal(house, account, 1, ctx))
}

#[test]
fn charge() -> Done {
    let order = order(&nonce(1), &root(), usd(1), NOVEMBER);
    mixed_up(OPERATOR, |house, account, ctx| escrow::charge(house, account, &order, ctx))
}

#[test]
fn refund() -> Done {
    let order = order(&nonce(1), &[], usd(1), NOVEMBER);
    mixed_up(OPERATOR, |house, account, ctx| escrow::refund(house, account, &order, ctx))
}

#[test]
fn release_withdrawal() -> Done {
    mixed_up(OPERATOR, |house, account, ctx| escrow::release_withdrawal(house, account, 1, ctx))
}

#[test]
fn close() -> Done {
    mixed_up(OPERATOR, escrow::close)
}

#[test]
fn return_stray() -> Done {
    mixed_up(OWNER, |house, account, _| escrow::return_stray(house, account))
}
