//! Code that is not in force does nothing: neither for owners, nor for operators, nor for the admin.

use super::*;

/// A desk with a withdrawal that is due, whose house was migrated to the code after this.
fn outdated() -> Desk {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.request(OWNER, usd(5)).unwrap();
    desk.pass(DAY_MS);
    desk.house.set_version(2);
    desk
}

#[test]
fn open() -> Done {
    outdated().open(STRANGER, usd(1), 0).refused(Abort::Version)
}

#[test]
fn deposit() -> Done {
    outdated().deposit(OWNER, usd(1)).refused(Abort::Version)
}

#[test]
fn set_limit() -> Done {
    outdated().set_limit(OWNER, 0).refused(Abort::Version)
}

#[test]
fn request() -> Done {
    outdated().request(OWNER, usd(1)).refused(Abort::Version)
}

#[test]
fn cancel() -> Done {
    outdated().cancel(OWNER, 1).refused(Abort::Version)
}

#[test]
fn pay() -> Done {
    outdated().pay(OWNER, 1).refused(Abort::Version)
}

#[test]
fn charge() -> Done {
    outdated().charge(1, usd(1), NOVEMBER).refused(Abort::Version)
}

#[test]
fn refund() -> Done {
    outdated().refund(1, usd(1), NOVEMBER).refused(Abort::Version)
}

#[test]
fn release() -> Done {
    outdated().release(1).refused(Abort::Version)
}

#[test]
fn close() -> Done {
    outdated().close().refused(Abort::Version)
}

#[test]
fn name_operator() -> Done {
    outdated().admin(|house, ctx| house.name_operator(OWNER, ctx)).refused(Abort::Version)
}

#[test]
fn revoke_operator() -> Done {
    outdated().admin(|house, ctx| house.revoke_operator(OPERATOR, ctx)).refused(Abort::Version)
}

#[test]
fn announce_treasury() -> Done {
    outdated().admin(|house, ctx| house.announce_treasury(OWNER, ctx)).refused(Abort::Version)
}

#[test]
fn name_treasury() -> Done {
    outdated().admin(House::name_treasury).refused(Abort::Version)
}
