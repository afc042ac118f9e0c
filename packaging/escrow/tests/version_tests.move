/// Code that is not in force does nothing: neither for owners, nor for operators, nor for the admin.
#[test_only]
module suiftly_escrow::version_tests;

use suiftly_escrow::desk::{Self, Desk, usd, owner, operator};
use suiftly_escrow::house;

const NOVEMBER: u32 = 202611;

/// A desk with a withdrawal that is due, whose house was migrated to the code after this.
fun outdated(): Desk {
    let mut desk = desk::with_account(usd(50), 0);
    desk.request(owner(), usd(5));
    desk.pass(desk::days(1));
    desk.set_version(2);
    desk
}

#[test, expected_failure(abort_code = house::EVersion)]
fun open() { let mut desk = outdated(); desk.open(desk::stranger(), usd(1), 0); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun deposit() { let mut desk = outdated(); desk.deposit(owner(), usd(1)); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun set_limit() { let mut desk = outdated(); desk.set_limit(owner(), 0); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun request() { let mut desk = outdated(); desk.request(owner(), usd(1)); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun cancel() { let mut desk = outdated(); desk.cancel(owner(), 1); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun pay() { let mut desk = outdated(); desk.pay(owner(), 1); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun charge() { let mut desk = outdated(); desk.charge(1, usd(1), NOVEMBER); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun refund() { let mut desk = outdated(); desk.refund(1, usd(1), NOVEMBER); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun release() { let mut desk = outdated(); desk.release(1); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun close() { let mut desk = outdated(); desk.close(); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun name_operator() { let mut desk = outdated(); desk.name_operator(owner()); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun revoke_operator() { let mut desk = outdated(); desk.revoke_operator(operator()); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun announce_treasury() { let mut desk = outdated(); desk.announce_treasury(owner()); abort }

#[test, expected_failure(abort_code = house::EVersion)]
fun name_treasury() { let mut desk = outdated(); desk.name_treasury(); abort }
