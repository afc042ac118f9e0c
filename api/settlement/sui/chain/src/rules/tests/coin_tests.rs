//! Another coin beside the first, with other decimals; and amounts up to the largest there are.

use super::*;

/// The operator of the house for gold.
const GOLDSMITH: Address = Address::from_static("0x60");

/// A house with an operator of its own, and the owner's account, for a coin whose cent is its smallest unit.
fn gold(first: u64) -> Desk {
    let mut desk = Desk::of(1, GOLDSMITH);
    desk.open(OWNER, first, 0).unwrap();
    desk
}

#[test]
fn another_coin_has_a_house_and_accounts_of_its_own() -> Done {
    let (dollars, mut gold) = (Desk::with_account(usd(5), 0), gold(7));
    gold.charge_by(GOLDSMITH, 1, 3, NOVEMBER)?;
    assert_eq!((gold.account().balance(), gold.house.cent(), gold.funds(TREASURY)), (4, 1, 3));
    // Two desks are apart by construction; that the coin's type keeps accounts apart is tried in `tests/it/programs.rs`.
    assert_eq!((dollars.state(NOVEMBER)[0], dollars.funds(TREASURY)), (usd(5), 0));
    Ok(())
}

#[test]
fn an_operator_of_one_house_is_none_of_another() -> Done {
    let mut gold = gold(7);
    assert!(gold.house.is_operator(GOLDSMITH) && !gold.house.is_operator(OPERATOR));
    gold.charge(1, 3, NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn what_was_sent_to_an_account_by_mistake_is_its_owners() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    let to = desk.on(STRANGER, OWNER, |house, account, _| escrow::return_stray(house, account))?;
    assert_eq!(to, OWNER);
    Ok(())
}

#[test]
fn amounts_up_to_the_largest() -> Done {
    let mut gold = gold(u64::MAX);
    gold.charge_by(GOLDSMITH, 1, u64::MAX, NOVEMBER)?;
    assert_eq!(gold.state(NOVEMBER), [0, 0, u64::MAX, 0]);
    gold.refund_by(GOLDSMITH, 2, u64::MAX, NOVEMBER)?;
    assert_eq!(gold.state(NOVEMBER), [u64::MAX, u64::MAX, 0, 0]);
    Ok(())
}

#[test]
fn a_deposit_that_would_overflow_is_refused() {
    assert_eq!(gold(u64::MAX).deposit(OWNER, 1), Err(Stop::Arithmetic("balance")));
}

#[test]
fn a_charge_that_would_overflow_its_month_is_refused() -> Done {
    let mut gold = gold(u64::MAX);
    gold.charge_by(GOLDSMITH, 1, u64::MAX, NOVEMBER)?;
    gold.deposit(OWNER, 1)?;
    assert_eq!(gold.charge_by(GOLDSMITH, 2, 1, NOVEMBER), Err(Stop::Arithmetic("allowance")));
    Ok(())
}
