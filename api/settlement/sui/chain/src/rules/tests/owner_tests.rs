//! What an owner may do, and nobody else.

use super::*;

#[test]
fn an_account_is_opened_with_a_limit_and_a_first_deposit() -> Done {
    let mut desk = Desk::new();
    desk.open(OWNER, usd(50), usd(250))?;
    assert_eq!(desk.entries().len(), 2);
    assert_eq!(desk.state(NOVEMBER), [usd(50), usd(50), 0, usd(250)]);
    desk.deposit(OWNER, cents(1))?;
    assert_eq!(desk.state(NOVEMBER), [usd(50) + cents(1), usd(50) + cents(1), 0, usd(250)]);
    desk.open(STRANGER, 0, 0)?;
    assert_eq!(desk.entries().len(), 1);
    Ok(())
}

#[test]
fn a_second_account_is_refused() -> Done {
    Desk::with_account(usd(1), 0).open(OWNER, usd(1), 0).refused(Abort::AccountExists)
}

#[test]
fn limits_are_none_or_ten_dollars_and_more() -> Done {
    let mut desk = Desk::with_account(0, usd(10));
    for limit in [0, usd(10), usd(10) + cents(1), usd(1_000_000)] {
        desk.set_limit(OWNER, limit)?;
        assert_eq!(desk.state(NOVEMBER)[3], limit);
    }
    Ok(())
}

#[test]
fn a_limit_below_ten_dollars_is_refused() -> Done {
    Desk::with_account(0, usd(10)).set_limit(OWNER, usd(10) - cents(1)).refused(Abort::Limit)
}

#[test]
fn a_limit_is_in_whole_cents() -> Done {
    Desk::with_account(0, usd(10)).set_limit(OWNER, usd(10) + 1).refused(Abort::Limit)
}

#[test]
fn an_account_is_not_opened_with_a_bad_limit() -> Done {
    Desk::new().open(OWNER, usd(1), 1).refused(Abort::Limit)
}

#[test]
fn a_deposit_is_in_whole_cents() -> Done {
    Desk::with_account(0, 0).deposit(OWNER, cents(1) - 1).refused(Abort::Amount)
}

#[test]
fn a_deposit_of_nothing_is_refused() -> Done {
    Desk::with_account(0, 0).deposit(OWNER, 0).refused(Abort::Amount)
}

#[test]
fn a_first_deposit_is_in_whole_cents() -> Done {
    Desk::new().open(OWNER, 1, 0).refused(Abort::Amount)
}

#[test]
fn nobody_else_deposits() -> Done {
    Desk::with_account(0, 0).deposit(STRANGER, usd(1)).refused(Abort::NotOwner)
}

#[test]
fn nobody_else_sets_the_limit() -> Done {
    Desk::with_account(0, 0).set_limit(OPERATOR, 0).refused(Abort::NotOwner)
}

#[test]
fn nobody_else_asks_for_a_withdrawal() -> Done {
    Desk::with_account(usd(1), 0).request(STRANGER, usd(1)).refused(Abort::NotOwner)
}

#[test]
fn nobody_else_takes_a_withdrawal_back() -> Done {
    let mut desk = Desk::with_account(usd(1), 0);
    let request = desk.request(OWNER, usd(1))?;
    desk.cancel(OPERATOR, request).refused(Abort::NotOwner)
}

#[test]
fn a_withdrawal_is_paid_to_its_owner_after_a_day_whoever_calls() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(20))?;
    assert_eq!(desk.state(NOVEMBER)[0], usd(50));
    desk.pass(DAY_MS);
    desk.pay(STRANGER, request)?;
    assert_eq!([OWNER, STRANGER, TREASURY].map(|to| desk.paid(to)), [usd(20), 0, 0]);
    assert_eq!((desk.state(NOVEMBER)[0], desk.account().waiting()), (usd(30), Vec::new()));
    Ok(())
}

#[test]
fn a_withdrawal_is_not_paid_a_millisecond_before() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(20))?;
    desk.pass(DAY_MS - 1);
    desk.pay(OWNER, request).refused(Abort::NotDue)
}

#[test]
fn a_withdrawal_is_paid_once() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(20))?;
    desk.pass(DAY_MS);
    desk.pay(OWNER, request)?;
    desk.pay(OWNER, request).refused(Abort::NoRequest)
}

#[test]
fn what_nobody_asked_for_is_not_paid() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.request(OWNER, usd(20))?;
    desk.pass(DAY_MS);
    desk.pay(OWNER, 2).refused(Abort::NoRequest)
}

#[test]
fn no_more_is_asked_for_than_there_is() -> Done {
    Desk::with_account(usd(50), 0).request(OWNER, usd(50) + cents(1)).refused(Abort::Balance)
}

#[test]
fn nothing_is_not_asked_for() -> Done {
    Desk::with_account(usd(50), 0).request(OWNER, 0).refused(Abort::Amount)
}

#[test]
fn a_withdrawal_is_in_whole_cents() -> Done {
    Desk::with_account(usd(50), 0).request(OWNER, 1).refused(Abort::Amount)
}

#[test]
fn a_withdrawal_taken_back_is_not_paid_and_may_be_charged() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(50))?;
    desk.pass(2 * DAY_MS);
    assert_eq!(desk.state(NOVEMBER), [usd(50), 0, 0, 0]);
    desk.cancel(OWNER, request)?;
    // The entry: a withdrawal of nothing, of this request.
    let entry = desk.entries().remove(0);
    assert_eq!((u8::from(entry.kind), entry.amount, entry.request), (4, 0, request));
    assert_eq!(desk.state(NOVEMBER), [usd(50), usd(50), 0, 0]);
    assert!(desk.account().waiting().is_empty());
    Ok(())
}

#[test]
fn withdrawals_wait_side_by_side_and_the_last_gets_what_is_left() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let (first, second) = (desk.request(OWNER, usd(40))?, desk.request(OWNER, usd(30))?);
    assert_eq!(desk.account().waiting(), [first, second]);
    desk.pass(DAY_MS);
    desk.pay(OWNER, second)?;
    assert_eq!(desk.account().waiting(), [first]);
    desk.pay(OWNER, first)?;
    assert_eq!([desk.paid(OWNER), desk.state(NOVEMBER)[0]], [usd(50), 0]);
    Ok(())
}

#[test]
fn eight_withdrawals_wait_at_most() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    for _ in 0..8 {
        desk.request(OWNER, cents(1))?;
    }
    desk.request(OWNER, cents(1)).refused(Abort::Requests)
}
