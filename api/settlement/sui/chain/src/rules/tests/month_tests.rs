//! What a month may be charged: its limit, at its edges, and when limits change.

use super::*;

/// Desks begin on 2026-11-10.
const SEPTEMBER: u32 = 202_609;
const OCTOBER: u32 = 202_610;
const DECEMBER: u32 = 202_612;
const JANUARY: u32 = 202_701;
const FEBRUARY: u32 = 202_702;
const MARCH: u32 = 202_703;
const DECEMBER_BEGINS: u64 = 1_796_083_200_000;
const JANUARY_BEGINS: u64 = 1_798_761_600_000;
const FEBRUARY_BEGINS: u64 = 1_801_440_000_000;
const MARCH_BEGINS: u64 = 1_803_859_200_000;

impl Desk {
    fn authorised<const N: usize>(&self, months: [u32; N]) -> [u64; N] {
        months.map(|month| self.account().allowance.authorised(month))
    }

    fn charged<const N: usize>(&self, months: [u32; N]) -> [u64; N] {
        months.map(|month| self.state(month)[2])
    }
}

#[test]
fn a_month_is_charged_up_to_its_limit() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER)?;
    desk.charge(2, usd(5), NOVEMBER)?;
    assert_eq!(desk.state(NOVEMBER), [usd(80), usd(80), usd(20), usd(20)]);
    Ok(())
}

#[test]
fn a_month_is_not_charged_a_cent_more() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(20), NOVEMBER)?;
    desk.charge(2, cents(1), NOVEMBER).refused(Abort::Authorisation)
}

#[test]
fn without_a_limit_all_of_it_may_be_charged() -> Done {
    let mut desk = Desk::with_account(usd(1_000_000), 0);
    desk.charge(1, usd(1_000_000), NOVEMBER)?;
    assert_eq!(desk.charged([NOVEMBER]), [usd(1_000_000)]);
    Ok(())
}

#[test]
fn the_next_month_begins_anew_and_the_one_before_keeps_what_it_has_left() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER)?;
    desk.now_ms = DECEMBER_BEGINS;
    desk.charge(2, usd(20), DECEMBER)?;
    desk.charge(3, usd(5), NOVEMBER)?;
    assert_eq!(desk.charged([NOVEMBER, DECEMBER]), [usd(20), usd(20)]);
    Ok(())
}

#[test]
fn a_month_that_is_over_is_not_charged_more_than_its_limit() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.charge(1, usd(15), NOVEMBER)?;
    desk.now_ms = DECEMBER_BEGINS;
    desk.charge(2, usd(5) + cents(1), NOVEMBER).refused(Abort::Authorisation)
}

#[test]
fn a_month_is_not_charged_a_millisecond_before_it_begins() -> Done {
    let mut desk = Desk::with_account(usd(100), 0);
    desk.now_ms = JANUARY_BEGINS - 1;
    desk.charge(1, usd(1), JANUARY).refused(Abort::Month)
}

#[test]
fn a_month_is_charged_from_its_first_millisecond() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.now_ms = JANUARY_BEGINS - 1;
    desk.charge(1, usd(20), DECEMBER)?;
    desk.now_ms = JANUARY_BEGINS;
    desk.charge(2, usd(20), JANUARY)?;
    assert_eq!(desk.charged([DECEMBER, JANUARY]), [usd(20), usd(20)]);
    Ok(())
}

#[test]
fn before_the_opening_the_first_limit_is_in_force() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    // Neither a higher nor a lower limit reaches back, whenever it is set.
    desk.set_limit(OWNER, usd(30))?;
    desk.set_limit(OWNER, usd(10))?;
    desk.now_ms = DECEMBER_BEGINS;
    desk.set_limit(OWNER, usd(40))?;
    let seen = desk.authorised([SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER]);
    assert_eq!(seen, [usd(20), usd(20), usd(30), usd(40)]);
    desk.charge(1, usd(20), OCTOBER)?;
    desk.refund(2, usd(5), OCTOBER)?;
    desk.charge(3, usd(5), OCTOBER)?;
    assert_eq!(desk.state(OCTOBER), [usd(480), usd(480), usd(20), usd(40)]);
    Ok(())
}

#[test]
fn an_account_opened_without_a_limit_has_none_before() -> Done {
    let mut desk = Desk::with_account(usd(500), 0);
    desk.set_limit(OWNER, usd(10))?;
    desk.charge(1, usd(400), OCTOBER)?;
    assert_eq!((desk.authorised([OCTOBER]), desk.charged([OCTOBER])), ([0], [usd(400)]));
    Ok(())
}

#[test]
fn the_month_before_the_opening_is_not_charged_more_than_the_first_limit() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.set_limit(OWNER, usd(100))?;
    desk.charge(1, usd(20) + cents(1), OCTOBER).refused(Abort::Authorisation)
}

#[test]
fn months_long_before_the_opening_are_charged_as_arrears() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(12), SEPTEMBER)?;
    desk.charge(2, usd(8), 202_608)?;
    desk.charge(3, usd(20), OCTOBER)?;
    desk.charge(4, usd(20), NOVEMBER)?;
    assert_eq!(desk.state(NOVEMBER)[0], usd(440));
    Ok(())
}

#[test]
fn months_long_before_the_opening_do_not_add_up() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(20), SEPTEMBER)?;
    desk.charge(2, cents(1), 202_608).refused(Abort::Authorisation)
}

#[test]
fn a_thirteenth_month_is_none() -> Done {
    let mut desk = Desk::with_account(usd(100), 0);
    desk.now_ms = JANUARY_BEGINS;
    desk.charge(1, usd(1), 202_613).refused(Abort::Month)
}

#[test]
fn a_month_0_is_none() -> Done {
    Desk::with_account(usd(100), 0).charge(1, usd(1), 0).refused(Abort::Month)
}

#[test]
fn a_thirteenth_month_is_not_refunded() -> Done {
    let mut desk = Desk::with_account(usd(100), 0);
    desk.now_ms = JANUARY_BEGINS;
    desk.refund(1, usd(1), 202_613).refused(Abort::Month)
}

#[test]
fn a_month_to_come_is_not_refunded() -> Done {
    Desk::with_account(usd(100), 0).refund(1, usd(1), DECEMBER).refused(Abort::Month)
}

#[test]
fn a_limit_holds_from_now_on_and_the_months_highest_is_what_it_may_be_charged() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.set_limit(OWNER, usd(10))?;
    assert_eq!((desk.authorised([NOVEMBER]), desk.state(NOVEMBER)[3]), ([usd(20)], usd(10)));
    desk.set_limit(OWNER, usd(30))?;
    desk.set_limit(OWNER, usd(15))?;
    assert_eq!(desk.authorised([NOVEMBER]), [usd(30)]);
    desk.now_ms = JANUARY_BEGINS;
    desk.set_limit(OWNER, usd(12))?;
    // November's highest; December, when nothing was set; January's, which began with 15.
    assert_eq!(desk.authorised([NOVEMBER, DECEMBER, JANUARY]), [usd(30), usd(15), usd(15)]);
    desk.now_ms = FEBRUARY_BEGINS;
    assert_eq!(desk.authorised([FEBRUARY]), [usd(12)]);
    desk.charge(1, usd(15), JANUARY)?;
    desk.charge(2, usd(12), FEBRUARY)
}

#[test]
fn a_lowered_limit_holds_from_the_next_month() -> Done {
    let mut desk = Desk::with_account(usd(100), usd(20));
    desk.set_limit(OWNER, usd(10))?;
    desk.now_ms = DECEMBER_BEGINS;
    desk.charge(1, usd(10) + cents(1), DECEMBER).refused(Abort::Authorisation)
}

#[test]
fn without_a_limit_for_a_while_is_without_one_for_the_month() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.set_limit(OWNER, 0)?;
    desk.set_limit(OWNER, usd(10))?;
    desk.charge(1, usd(300), NOVEMBER)?;
    desk.now_ms = DECEMBER_BEGINS;
    assert_eq!(desk.authorised([NOVEMBER, DECEMBER]), [0, usd(10)]);
    Ok(())
}

#[test]
fn months_long_over_share_what_the_running_month_has_authorised() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.now_ms = FEBRUARY_BEGINS;
    // February runs, January was the last: November and December are arrears.
    desk.charge(1, usd(12), NOVEMBER)?;
    desk.charge(2, usd(8), DECEMBER)?;
    desk.charge(3, usd(20), JANUARY)?;
    desk.charge(4, usd(20), FEBRUARY)?;
    desk.now_ms = MARCH_BEGINS;
    desk.charge(5, usd(8), NOVEMBER)?;
    desk.charge(6, usd(12), DECEMBER)?;
    desk.charge(7, usd(20), MARCH)?;
    assert_eq!(desk.state(MARCH)[0], usd(400));
    Ok(())
}

#[test]
fn months_long_over_do_not_add_up() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.now_ms = FEBRUARY_BEGINS;
    desk.charge(1, usd(20), NOVEMBER)?;
    desk.charge(2, cents(1), DECEMBER).refused(Abort::Authorisation)
}

#[test]
fn a_month_long_over_is_not_charged_more_than_its_limit() -> Done {
    let mut desk = Desk::with_account(usd(500), usd(20));
    desk.charge(1, usd(20), NOVEMBER)?;
    desk.now_ms = FEBRUARY_BEGINS;
    desk.charge(2, cents(1), NOVEMBER).refused(Abort::Authorisation)
}
