//! What an operator may do: charge and refund, let funds go early, close. And what not.

use super::*;

#[test]
fn a_charge_goes_to_the_treasury_and_says_what_for() -> Done {
    let mut desk = Desk::with_account(usd(50), usd(20));
    desk.charge(1, cents(499), NOVEMBER)?;
    let entries = desk.entries();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    let left = usd(50) - cents(499);
    assert_eq!((entry.seq, u8::from(entry.kind), entry.amount, entry.request), (3, 5, cents(499), 0));
    assert_eq!((entry.month, entry.balance, entry.month_charged), (NOVEMBER, left, cents(499)));
    assert_eq!((entry.limit, entry.at_ms), (usd(20), BEGIN));
    assert_eq!((entry.nonce, entry.bill_root), (Some(nonce(1)), Some(root())));
    // Into the address balance: no coin is made.
    assert_eq!((desk.funds(TREASURY), desk.paid(TREASURY)), (cents(499), 0));
    assert_eq!(desk.state(NOVEMBER), [left, left, cents(499), usd(20)]);
    Ok(())
}

#[test]
fn a_charge_is_the_treasurys_to_the_last_unit() -> Done {
    let mut desk = Desk::with_account(usd(50), usd(20));
    desk.charge(1, cents(499), NOVEMBER)?;
    assert_eq!(desk.funds, BTreeMap::from([(TREASURY, cents(499))]));
    Ok(())
}

#[test]
fn nobody_else_charges() -> Done {
    Desk::with_account(usd(50), 0).charge_by(ADMIN, 1, usd(1), NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn the_owner_does_not_charge() -> Done {
    Desk::with_account(usd(50), 0).charge_by(OWNER, 1, usd(1), NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn nobody_else_refunds() -> Done {
    Desk::with_account(usd(50), 0).refund_by(STRANGER, 1, usd(1), NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn nobody_else_lets_a_withdrawal_go_early() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(5))?;
    desk.release_by(OWNER, request).refused(Abort::NotOperator)
}

#[test]
fn nobody_else_closes() -> Done {
    Desk::with_account(usd(50), 0).close_by(OWNER).refused(Abort::NotOperator)
}

#[test]
fn a_charge_names_a_bill() -> Done {
    let unnamed = order(&nonce(1), &[], usd(5), NOVEMBER);
    Desk::with_account(usd(50), 0).charge_with(OPERATOR, OWNER, &unnamed).refused(Abort::Root)
}

#[test]
fn nothing_is_not_charged() -> Done {
    Desk::with_account(usd(50), 0).charge(1, 0, NOVEMBER).refused(Abort::Amount)
}

#[test]
fn a_charge_is_in_whole_cents() -> Done {
    Desk::with_account(usd(50), 0).charge(1, cents(1) + 1, NOVEMBER).refused(Abort::Amount)
}

#[test]
fn an_account_is_not_overdrawn() -> Done {
    Desk::with_account(usd(50), 0).charge(1, usd(50) + cents(1), NOVEMBER).refused(Abort::Balance)
}

#[test]
fn an_account_is_charged_to_the_last_cent() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(50), NOVEMBER)?;
    assert_eq!(desk.state(NOVEMBER), [0, 0, usd(50), 0]);
    Ok(())
}

#[test]
fn what_is_asked_for_may_be_charged_until_it_is_due() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(50))?;
    desk.pass(DAY_MS - 1);
    desk.charge(1, usd(20), NOVEMBER)?;
    desk.pass(1);
    desk.pay(OWNER, request)?;
    assert_eq!([desk.paid(OWNER), desk.state(NOVEMBER)[2]], [usd(30), usd(20)]);
    Ok(())
}

#[test]
fn what_is_due_to_the_owner_is_not_charged() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.request(OWNER, usd(40))?;
    desk.pass(DAY_MS);
    desk.charge(1, usd(10), NOVEMBER)?;
    desk.charge(2, cents(1), NOVEMBER).refused(Abort::Balance)
}

#[test]
fn the_operator_lets_a_withdrawal_go_early_as_far_as_funds_go() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let (first, second) = (desk.request(OWNER, usd(20))?, desk.request(OWNER, usd(40))?);
    desk.release(first)?;
    assert_eq!(desk.paid(OWNER), usd(20));
    desk.charge(1, usd(25), NOVEMBER)?;
    desk.release(second)?;
    assert_eq!(desk.paid(OWNER), usd(25));
    assert_eq!((desk.state(NOVEMBER)[0], desk.account().waiting()), (0, Vec::new()));
    Ok(())
}

#[test]
fn a_request_that_finds_nothing_is_settled_unpaid() -> Done {
    let mut desk = Desk::with_account(usd(5), 0);
    let request = desk.request(OWNER, usd(5))?;
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.pass(DAY_MS);
    desk.pay(OWNER, request)?;
    let entry = desk.entries().remove(0);
    assert_eq!((u8::from(entry.kind), entry.amount, entry.request), (4, 0, request));
    // Not even a coin of nothing.
    assert!(!desk.paid.contains_key(&OWNER));
    Ok(())
}

#[test]
fn the_operator_pays_nothing_that_nobody_asked_for() -> Done {
    Desk::with_account(usd(50), 0).release(1).refused(Abort::NoRequest)
}

#[test]
fn a_refund_comes_back_into_the_account_and_frees_its_month() -> Done {
    let mut desk = Desk::with_account(usd(50), usd(20));
    desk.charge(1, usd(20), NOVEMBER)?;
    desk.refund(2, usd(15), NOVEMBER)?;
    assert_eq!(desk.state(NOVEMBER), [usd(45), usd(45), usd(5), usd(20)]);
    desk.charge(3, usd(15), NOVEMBER)?;
    // More than it was charged is a gift: what a month may be charged does not grow by it.
    desk.refund(4, usd(100), NOVEMBER)?;
    assert_eq!(desk.state(NOVEMBER), [usd(130), usd(130), 0, usd(20)]);
    desk.charge(5, usd(20), NOVEMBER)
}

#[test]
fn a_gift_does_not_widen_a_month() -> Done {
    let mut desk = Desk::with_account(usd(50), usd(20));
    desk.refund(1, usd(100), NOVEMBER)?;
    desk.charge(2, usd(20) + cents(1), NOVEMBER).refused(Abort::Authorisation)
}

#[test]
fn a_refund_is_in_whole_cents() -> Done {
    Desk::with_account(usd(50), 0).refund(1, 9_999, NOVEMBER).refused(Abort::Amount)
}

#[test]
fn nothing_is_not_refunded() -> Done {
    Desk::with_account(usd(50), 0).refund(1, 0, NOVEMBER).refused(Abort::Amount)
}

#[test]
fn a_closed_account_has_paid_all_of_it_to_its_owner() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.request(OWNER, usd(10))?;
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.close()?;
    // The waiting withdrawal; the rest asked for, and paid; the end.
    let kinds: Vec<_> = desk.entries().iter().map(|entry| u8::from(entry.kind)).collect();
    assert_eq!(kinds, [4, 3, 4, 8]);
    assert_eq!([desk.paid(OWNER), desk.state(NOVEMBER)[0]], [usd(45), 0]);
    assert!(desk.account().waiting().is_empty());
    // A late refund is paid out by closing again.
    desk.refund(2, usd(1), NOVEMBER)?;
    desk.close()?;
    assert_eq!((desk.entries().len(), desk.paid(OWNER)), (2, usd(46)));
    Ok(())
}

#[test]
fn an_owner_takes_a_late_refund_out_of_a_closed_account() -> Done {
    let mut desk = Desk::with_account(usd(5), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.close()?;
    // Empty, it has nothing to pay: the end is all that is told.
    assert_eq!(desk.entries().len(), 1);
    desk.refund(2, usd(5), NOVEMBER)?;
    let request = desk.request(OWNER, usd(5))?;
    desk.pass(DAY_MS);
    desk.pay(OWNER, request)?;
    assert_eq!(desk.paid(OWNER), usd(5));
    Ok(())
}

#[test]
fn a_closed_account_is_not_charged() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.close()?;
    desk.refund(1, usd(5), NOVEMBER)?;
    desk.charge(2, usd(5), NOVEMBER).refused(Abort::Closed)
}

#[test]
fn a_closed_account_takes_no_deposit() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.close()?;
    desk.deposit(OWNER, usd(5)).refused(Abort::Closed)
}

#[test]
fn a_closed_account_takes_no_limit() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.close()?;
    desk.set_limit(OWNER, 0).refused(Abort::Closed)
}
