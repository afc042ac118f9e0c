//! A nonce of an account charges or refunds once, and tells what it has done.

use super::*;
use crate::objects::Content;
use suiftly_sui::Contract;

#[test]
fn a_nonce_tells_what_it_has_done() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.pass(1);
    desk.refund(2, usd(2), NOVEMBER)?;
    let told = |number| {
        let done = desk.account().done.get(&nonce(number))?;
        Some((u8::from(done.kind), done.seq, done.amount, done.month, done.bill_root.clone(), done.at_ms))
    };
    assert_eq!(told(1), Some((5, 3, usd(5), NOVEMBER, root().to_vec(), BEGIN)));
    assert_eq!(told(2), Some((6, 4, usd(2), NOVEMBER, Vec::new(), BEGIN + 1)));
    assert_eq!(told(3), None);
    Ok(())
}

/// By the nonce's bytes alone: clients derive the field's id from nothing else.
#[test]
fn what_a_nonce_has_done_is_a_field_of_its_account() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    let package = Address::from_static("0xca11");
    let fields = Content::Account(desk.account().clone()).fields(package);
    let field = &fields[&Contract::nonce_id(desk.account().id, &nonce(1))];
    assert_eq!(field.parent, desk.account().id);
    let done = format!("{package}::nonces::Done");
    let two = Address::TWO;
    assert_eq!(field.tag.to_string(), format!("{two}::dynamic_field::Field<vector<u8>, {done}>"));
    assert!(!fields.contains_key(&Contract::nonce_id(desk.account().id, &nonce(2))));
    Ok(())
}

#[test]
fn a_nonce_of_one_account_is_another_of_another() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.open(STRANGER, usd(50), 0)?;
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.charge_with(OPERATOR, STRANGER, &order(&nonce(1), &root(), usd(7), NOVEMBER))?;
    let other = &desk.accounts[&STRANGER];
    assert_eq!((other.done[&nonce(1)].amount, other.balance()), (usd(7), usd(43)));
    assert_eq!(desk.state(NOVEMBER)[0], usd(45));
    Ok(())
}

#[test]
fn a_nonce_charges_once() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.charge(1, usd(5), NOVEMBER).refused(Abort::NonceUsed)
}

#[test]
fn a_nonce_refunds_once() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.refund(1, usd(5), NOVEMBER)?;
    desk.refund(1, usd(5), NOVEMBER).refused(Abort::NonceUsed)
}

#[test]
fn what_a_nonce_has_charged_it_does_not_refund() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.refund(1, usd(5), NOVEMBER).refused(Abort::NonceUsed)
}

#[test]
fn a_nonce_that_was_refunded_stays_used_in_later_months() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(5), NOVEMBER)?;
    desk.refund(2, usd(5), NOVEMBER)?;
    desk.pass(60 * DAY_MS);
    desk.charge(1, usd(5), 202_701).refused(Abort::NonceUsed)
}

#[test]
fn a_nonce_has_32_bytes_not_31() -> Done {
    let short = order(&nonce(1)[..31], &root(), usd(5), NOVEMBER);
    Desk::with_account(usd(50), 0).charge_with(OPERATOR, OWNER, &short).refused(Abort::Nonce)
}

#[test]
fn a_nonce_has_32_bytes_not_33() -> Done {
    let long = order(&[&nonce(1)[..], &[0]].concat(), &root(), usd(5), NOVEMBER);
    Desk::with_account(usd(50), 0).charge_with(OPERATOR, OWNER, &long).refused(Abort::Nonce)
}
