//! The entries that the ledger is mirrored from: each act makes one, with everything that the mirror needs.

use super::*;

const DECEMBER: u32 = 202_612;
const DECEMBER_BEGINS: u64 = 1_796_083_200_000;

/// Of each entry: seq, kind, amount, request, month, balance, month's charges, limit, time.
fn numbers(desk: &Desk) -> Vec<[u64; 9]> {
    let numbers = |e: Entry| {
        let (kind, month) = (u8::from(e.kind).into(), e.month.into());
        [e.seq, kind, e.amount, e.request, month, e.balance, e.month_charged, e.limit, e.at_ms]
    };
    desk.entries().into_iter().map(numbers).collect()
}

#[test]
fn every_act_makes_an_entry_with_what_is_so_after_it() -> Done {
    let (november, december) = (NOVEMBER.into(), DECEMBER.into());
    let mut desk = Desk::new();
    desk.open(OWNER, usd(50), usd(20))?;
    let opened = [1, 1, usd(20), 0, november, 0, 0, usd(20), BEGIN];
    assert_eq!(numbers(&desk), [opened, [2, 2, usd(50), 0, november, usd(50), 0, usd(20), BEGIN]]);
    desk.pass(1);
    desk.charge(1, usd(7), NOVEMBER)?;
    assert_eq!(numbers(&desk), [[3, 5, usd(7), 0, november, usd(43), usd(7), usd(20), BEGIN + 1]]);
    desk.deposit(OWNER, usd(1))?;
    assert_eq!(numbers(&desk), [[4, 2, usd(1), 0, november, usd(44), usd(7), usd(20), BEGIN + 1]]);
    desk.now_ms = DECEMBER_BEGINS;
    desk.set_limit(OWNER, usd(30))?;
    assert_eq!(numbers(&desk), [[5, 7, usd(30), 0, december, usd(44), 0, usd(30), DECEMBER_BEGINS]]);
    desk.refund(2, usd(2), NOVEMBER)?;
    assert_eq!(numbers(&desk), [[6, 6, usd(2), 0, november, usd(46), usd(5), usd(30), DECEMBER_BEGINS]]);
    let (first, second) = (desk.request(OWNER, usd(6))?, desk.request(OWNER, usd(4))?);
    assert_eq!(numbers(&desk), [[8, 3, usd(4), second, december, usd(46), 0, usd(30), DECEMBER_BEGINS]]);
    desk.release(first)?;
    assert_eq!(numbers(&desk), [[9, 4, usd(6), first, december, usd(40), 0, usd(30), DECEMBER_BEGINS]]);
    desk.cancel(OWNER, second)?;
    assert_eq!(numbers(&desk), [[10, 4, 0, second, december, usd(40), 0, usd(30), DECEMBER_BEGINS]]);
    desk.close()?;
    let asked = [11, 3, usd(40), 3, december, usd(40), 0, usd(30), DECEMBER_BEGINS];
    let paid = [12, 4, usd(40), 3, december, 0, 0, usd(30), DECEMBER_BEGINS];
    assert_eq!(numbers(&desk), [asked, paid, [13, 8, 0, 0, december, 0, 0, usd(30), DECEMBER_BEGINS]]);
    assert!(desk.account().entries() == 13 && desk.account().is_closed());
    Ok(())
}

#[test]
fn an_entry_names_the_account_its_owner_and_what_was_charged_for() -> Done {
    let named = |desk: &Desk| {
        let entry = desk.entries().remove(0);
        assert_eq!((entry.account, entry.owner), (desk.account().id, OWNER));
        (entry.nonce, entry.bill_root)
    };
    let mut desk = Desk::with_account(usd(50), 0);
    desk.charge(1, usd(7), NOVEMBER)?;
    assert_eq!(named(&desk), (Some(nonce(1)), Some(root())));
    desk.refund(2, usd(7), NOVEMBER)?;
    assert_eq!(named(&desk), (Some(nonce(2)), None));
    desk.deposit(OWNER, usd(7))?;
    assert_eq!(named(&desk), (None, None));
    Ok(())
}
