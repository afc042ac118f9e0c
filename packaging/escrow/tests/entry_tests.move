/// The entries that the ledger is mirrored from: each act makes one, with everything that the mirror needs.
#[test_only]
module suiftly_escrow::entry_tests;

use std::unit_test::assert_eq;
use suiftly_escrow::account;
use suiftly_escrow::desk::{Self, usd, nonce, root, owner};

const NOVEMBER: u64 = 202611;
const DECEMBER: u64 = 202612;
/// 2026-11-10, 2026-12-01.
const BEGIN: u64 = 1_794_268_800_000;
const DECEMBER_BEGINS: u64 = 1_796_083_200_000;

/// The entries of the last transaction: seq, kind, amount, request, month, balance, month's charges, limit, time.
fun numbers(): vector<vector<u64>> {
    desk::entries().map!(|entry| { let (numbers, _) = account::facts(&entry); numbers })
}

#[test]
fun every_act_makes_an_entry_with_what_is_so_after_it() {
    let mut desk = desk::new();
    desk.open(owner(), usd(50), usd(20));
    assert_eq!(
        numbers(),
        vector[
            vector[1, 1, usd(20), 0, NOVEMBER, 0, 0, usd(20), BEGIN],
            vector[2, 2, usd(50), 0, NOVEMBER, usd(50), 0, usd(20), BEGIN],
        ],
    );
    desk.pass(1);
    desk.charge(1, usd(7), NOVEMBER as u32);
    assert_eq!(numbers(), vector[vector[3, 5, usd(7), 0, NOVEMBER, usd(43), usd(7), usd(20), BEGIN + 1]]);
    desk.deposit(owner(), usd(1));
    assert_eq!(numbers(), vector[vector[4, 2, usd(1), 0, NOVEMBER, usd(44), usd(7), usd(20), BEGIN + 1]]);
    desk.set_time(DECEMBER_BEGINS);
    desk.set_limit(owner(), usd(30));
    assert_eq!(numbers(), vector[vector[5, 7, usd(30), 0, DECEMBER, usd(44), 0, usd(30), DECEMBER_BEGINS]]);
    desk.refund(2, usd(2), NOVEMBER as u32);
    assert_eq!(numbers(), vector[vector[6, 6, usd(2), 0, NOVEMBER, usd(46), usd(5), usd(30), DECEMBER_BEGINS]]);
    let (first, second) = (desk.request(owner(), usd(6)), desk.request(owner(), usd(4)));
    assert_eq!(numbers(), vector[vector[8, 3, usd(4), second, DECEMBER, usd(46), 0, usd(30), DECEMBER_BEGINS]]);
    desk.release(first);
    assert_eq!(numbers(), vector[vector[9, 4, usd(6), first, DECEMBER, usd(40), 0, usd(30), DECEMBER_BEGINS]]);
    desk.cancel(owner(), second);
    assert_eq!(numbers(), vector[vector[10, 4, 0, second, DECEMBER, usd(40), 0, usd(30), DECEMBER_BEGINS]]);
    desk.close();
    assert_eq!(
        numbers(),
        vector[
            vector[11, 3, usd(40), 3, DECEMBER, usd(40), 0, usd(30), DECEMBER_BEGINS],
            vector[12, 4, usd(40), 3, DECEMBER, 0, 0, usd(30), DECEMBER_BEGINS],
            vector[13, 8, 0, 0, DECEMBER, 0, 0, usd(30), DECEMBER_BEGINS],
        ],
    );
    let (house, account) = desk.begin(owner());
    assert_eq!(account.entries(), 13);
    assert!(account.is_closed());
    desk::conclude(house, account);
    desk.end();
}

#[test]
fun an_entry_names_the_account_its_owner_and_what_was_charged_for() {
    let mut desk = desk::with_account(usd(50), 0);
    let (house, account) = desk.begin(owner());
    let id = object::id(&account).to_bytes();
    desk::conclude(house, account);
    desk.charge(1, usd(7), NOVEMBER as u32);
    let (_, bytes) = account::facts(&desk::entries()[0]);
    assert_eq!(bytes, vector[id, owner().to_bytes(), nonce(1), root()]);
    desk.refund(2, usd(7), NOVEMBER as u32);
    let (_, bytes) = account::facts(&desk::entries()[0]);
    assert_eq!(bytes, vector[id, owner().to_bytes(), nonce(2), vector[]]);
    desk.deposit(owner(), usd(7));
    let (_, bytes) = account::facts(&desk::entries()[0]);
    assert_eq!(bytes, vector[id, owner().to_bytes(), vector[], vector[]]);
    desk.end();
}
