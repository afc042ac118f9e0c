//! What the admin may do, and what a version means.

use super::*;
use sui_sdk_types::TypeTag;

/// Another operator, other treasuries.
const NEXT: Address = Address::from_static("0x0c");
const OTHER: Address = Address::from_static("0x7f");
const THIRD: Address = Address::from_static("0x7d");

impl Desk {
    fn announce(&mut self, treasury: Address) -> Done {
        self.admin(|house, ctx| house.announce_treasury(treasury, ctx))
    }

    fn name_treasury(&mut self) -> Done {
        self.admin(House::name_treasury)
    }

    fn name_operator(&mut self, operator: Address) -> Done {
        self.admin(|house, ctx| house.name_operator(operator, ctx))
    }

    fn revoke(&mut self, operator: Address) -> Done {
        self.admin(|house, ctx| house.revoke_operator(operator, ctx))
    }

    fn migrate(&mut self) -> Done {
        self.admin(House::migrate)
    }

    fn open_house(&mut self, treasury: Address, cent: u64) -> Done {
        self.admin(|_, ctx| house::open_house(treasury, cent, ctx).map(|_| ()))
    }
}

#[test]
fn a_cent_is_at_least_one_unit() -> Done {
    Desk::new().open_house(TREASURY, 0).refused(Abort::Cent)
}

#[test]
fn what_the_admin_does_is_told() -> Done {
    let mut desk = Desk::new();
    desk.announce(OTHER)?;
    assert_eq!(desk.count("TreasuryAnnounced"), 1);
    desk.pass(7 * DAY_MS);
    desk.admin(|house, ctx| {
        house::open_house(TREASURY, 1, ctx)?;
        house.name_treasury(ctx)?;
        house.name_operator(STRANGER, ctx)?;
        house.revoke_operator(STRANGER, ctx)?;
        house.set_version(0);
        house.migrate(ctx)
    })?;
    for name in ["HouseOpened", "TreasuryNamed", "OperatorNamed", "VersionRaised", "OperatorRevoked"] {
        assert_eq!(desk.count(name), 1, "{name}");
    }
    assert_eq!(desk.house.treasury(), OTHER);
    Ok(())
}

/// Who are operators, of the first and the next.
fn operators(desk: &Desk) -> [bool; 2] {
    [OPERATOR, NEXT].map(|operator| desk.house.is_operator(operator))
}

#[test]
fn operators_are_rotated() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    assert_eq!(operators(&desk), [true, false]);
    desk.name_operator(NEXT)?;
    assert_eq!(operators(&desk), [true, true]);
    desk.charge_by(OPERATOR, 1, usd(1), NOVEMBER)?;
    desk.charge_by(NEXT, 2, usd(1), NOVEMBER)?;
    desk.revoke(OPERATOR)?;
    assert_eq!(operators(&desk), [false, true]);
    desk.charge_by(NEXT, 3, usd(1), NOVEMBER)
}

#[test]
fn an_operator_that_was_revoked_is_named_again() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.revoke(OPERATOR)?;
    desk.name_operator(OPERATOR)?;
    desk.charge(1, usd(1), NOVEMBER)
}

#[test]
fn without_an_operator_owners_are_paid_all_the_same() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.revoke(OPERATOR)?;
    assert_eq!(operators(&desk), [false, false]);
    let request = desk.request(OWNER, usd(50))?;
    desk.pass(DAY_MS);
    desk.pay(STRANGER, request)?;
    assert_eq!(desk.paid(OWNER), usd(50));
    Ok(())
}

#[test]
fn an_operator_is_not_named_twice() -> Done {
    Desk::new().name_operator(OPERATOR).refused(Abort::IsOperator)
}

/// A desk whose operator was revoked, with a withdrawal that waits.
fn revoked() -> Result<(Desk, u64), Stop> {
    let mut desk = Desk::with_account(usd(50), 0);
    let request = desk.request(OWNER, usd(5))?;
    desk.revoke(OPERATOR)?;
    Ok((desk, request))
}

#[test]
fn a_revoked_operator_does_not_charge() -> Done {
    revoked()?.0.charge(1, usd(1), NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn a_revoked_operator_does_not_refund() -> Done {
    revoked()?.0.refund(1, usd(1), NOVEMBER).refused(Abort::NotOperator)
}

#[test]
fn a_revoked_operator_does_not_let_funds_go() -> Done {
    let (mut desk, request) = revoked()?;
    desk.release(request).refused(Abort::NotOperator)
}

#[test]
fn a_revoked_operator_does_not_close() -> Done {
    revoked()?.0.close().refused(Abort::NotOperator)
}

#[test]
fn nobody_is_revoked_twice() -> Done {
    revoked()?.0.revoke(OPERATOR).refused(Abort::NotOperator)
}

#[test]
fn charges_go_to_another_treasury_seven_days_after_it_was_announced() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.announce(OTHER)?;
    desk.pass(7 * DAY_MS);
    desk.charge(1, usd(1), NOVEMBER)?;
    desk.name_treasury()?;
    desk.charge(2, usd(2), NOVEMBER)?;
    assert_eq!([TREASURY, OTHER].map(|treasury| desk.funds(treasury)), [usd(1), usd(2)]);
    Ok(())
}

#[test]
fn charges_are_another_treasurys_to_the_last_unit() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.announce(OTHER)?;
    desk.pass(7 * DAY_MS);
    desk.name_treasury()?;
    desk.charge(1, usd(2), NOVEMBER)?;
    assert_eq!([TREASURY, OTHER].map(|treasury| desk.funds(treasury)), [0, usd(2)]);
    Ok(())
}

#[test]
fn another_treasury_does_not_come_a_millisecond_before() -> Done {
    let mut desk = Desk::new();
    desk.announce(OTHER)?;
    desk.pass(7 * DAY_MS - 1);
    desk.name_treasury().refused(Abort::TreasuryTooEarly)
}

#[test]
fn another_announcement_of_a_treasury_begins_anew() -> Done {
    let mut desk = Desk::new();
    desk.announce(OTHER)?;
    desk.pass(7 * DAY_MS);
    desk.announce(THIRD)?;
    desk.name_treasury().refused(Abort::TreasuryTooEarly)
}

#[test]
fn no_treasury_is_named_that_was_not_announced() -> Done {
    Desk::new().name_treasury().refused(Abort::TreasuryNotAnnounced)
}

#[test]
fn an_announcement_is_used_up() -> Done {
    let mut desk = Desk::new();
    desk.announce(OTHER)?;
    desk.pass(7 * DAY_MS);
    desk.name_treasury()?;
    desk.name_treasury().refused(Abort::TreasuryNotAnnounced)
}

#[test]
fn nobodys_address_is_no_treasury() -> Done {
    Desk::new().announce(Address::ZERO).refused(Abort::Treasury)
}

#[test]
fn a_house_is_not_opened_for_nobodys_treasury() -> Done {
    Desk::new().open_house(Address::ZERO, 1).refused(Abort::Treasury)
}

#[test]
fn an_accounts_id_is_derived_from_its_house_and_its_owner() {
    let desk = Desk::with_account(0, 0);
    let derived = desk.house.id.derive_object_id(&TypeTag::Address, OWNER.as_bytes());
    assert_eq!([desk.account().id, desk.house.account_id(OWNER)], [derived, derived]);
}

#[test]
fn a_migration_puts_the_code_in_force() -> Done {
    let mut desk = Desk::with_account(usd(50), 0);
    desk.house.set_version(0);
    desk.migrate()?;
    assert_eq!(desk.house.version(), 1);
    desk.charge(1, usd(1), NOVEMBER)
}

#[test]
fn a_house_is_not_migrated_twice() -> Done {
    Desk::new().migrate().refused(Abort::NotNewer)
}

#[test]
fn a_house_is_not_migrated_back() -> Done {
    let mut desk = Desk::new();
    desk.house.set_version(2);
    desk.migrate().refused(Abort::NotNewer)
}
