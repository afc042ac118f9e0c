//! New code comes 7 days after it was announced, and no other.

use super::{ADMIN, Done, Refused};
use crate::rules::Context;
use crate::rules::upgrades::Upgrades;
use sui_sdk_types::{Address, Digest};
use suiftly_sui::Abort;

const NOTICE_MS: u64 = 604_800_000;

/// The capability locked in.
fn locked() -> (Upgrades, Context) {
    let mut ctx = Context::new(ADMIN, 0, Digest::ZERO);
    (Upgrades::lock(Address::from_static("0xcafe"), &mut ctx), ctx)
}

fn digest(byte: u8) -> Vec<u8> {
    vec![byte; 32]
}

#[test]
fn an_upgrade_is_announced_and_taken_back() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(digest(1), &mut ctx)?;
    upgrades.take_back(&mut ctx)?;
    let names: Vec<_> = ctx.told.iter().map(|told| told.name).collect();
    assert_eq!(names, ["UpgradeAnnounced", "UpgradeTakenBack"]);
    assert_eq!(upgrades.version(), 1);
    Ok(())
}

#[test]
fn what_was_taken_back_is_not_authorised() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(digest(1), &mut ctx)?;
    upgrades.take_back(&mut ctx)?;
    ctx.now_ms += NOTICE_MS;
    upgrades.authorise(&mut ctx).refused(Abort::UpgradeNotAnnounced)
}

#[test]
fn nothing_is_taken_back_that_was_not_announced() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.take_back(&mut ctx).refused(Abort::UpgradeNotAnnounced)
}

#[test]
fn nothing_is_authorised_that_was_not_announced() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.authorise(&mut ctx).refused(Abort::UpgradeNotAnnounced)
}

#[test]
fn a_digest_has_32_bytes() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(b"short".to_vec(), &mut ctx).refused(Abort::Digest)
}

#[test]
fn an_upgrade_does_not_come_a_millisecond_before() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(digest(1), &mut ctx)?;
    ctx.now_ms += NOTICE_MS - 1;
    upgrades.authorise(&mut ctx).refused(Abort::UpgradeTooEarly)
}

#[test]
fn another_announcement_begins_anew() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(digest(1), &mut ctx)?;
    ctx.now_ms += NOTICE_MS - 1;
    upgrades.announce(digest(2), &mut ctx)?;
    ctx.now_ms += 1;
    upgrades.authorise(&mut ctx).refused(Abort::UpgradeTooEarly)
}

/// As far as this chain goes: there is no command that would use the ticket.
#[test]
fn what_was_announced_comes_once_after_seven_days() -> Done {
    let (mut upgrades, mut ctx) = locked();
    upgrades.announce(digest(3), &mut ctx)?;
    ctx.now_ms += NOTICE_MS;
    assert_eq!(upgrades.authorise(&mut ctx)?, digest(3));
    assert_eq!(ctx.told.last().map(|told| told.name), Some("UpgradeAuthorised"));
    upgrades.authorise(&mut ctx).refused(Abort::UpgradeNotAnnounced)
}
