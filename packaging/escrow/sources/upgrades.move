/// How the package's code may change: by an upgrade that was announced 7 days before, for all to see.
///
/// A withdrawal is due in 24 hours, so whoever does not want the new code has left before it comes. This holds once the
/// package's `UpgradeCap` is locked in here, and nothing gives it out again.
module suiftly_escrow::upgrades;

use std::type_name;
use sui::clock::Clock;
use sui::event;
use sui::package::{UpgradeCap, UpgradeReceipt, UpgradeTicket};
use suiftly_escrow::house::AdminCap;

const NOTICE_MS: u64 = 7 * 86_400_000;
const DIGEST_BYTES: u64 = 32;

/// The capability is another package's.
const EWrongPackage: u64 = 50;
/// A package's digest has 32 bytes.
const EDigest: u64 = 51;
/// No upgrade is announced.
const ENotAnnounced: u64 = 52;
/// It was announced less than 7 days ago.
const ETooEarly: u64 = 53;

/// Holds the package's `UpgradeCap`, for ever.
public struct Upgrades has key {
    id: UID,
    cap: UpgradeCap,
    announced: Option<Announced>,
}

/// The upgrade to come: the digest of its modules and dependencies.
public struct Announced has copy, drop, store { digest: vector<u8>, at_ms: u64 }

public struct UpgradeAnnounced has copy, drop { digest: vector<u8>, not_before_ms: u64 }

public struct UpgradeTakenBack has copy, drop { digest: vector<u8> }

public struct UpgradeAuthorised has copy, drop { digest: vector<u8> }

/// Locks the capability in. Whoever holds it can do so: it is part of publishing the package.
public fun lock(cap: UpgradeCap, ctx: &mut TxContext) {
    let this_package = type_name::with_defining_ids<Upgrades>().address_string();
    assert!(cap.package().to_address().to_ascii_string() == this_package, EWrongPackage);
    transfer::share_object(Upgrades { id: object::new(ctx), cap, announced: option::none() });
}

/// Announces an upgrade. It takes the place of one that was announced before, and its 7 days begin now.
public fun announce(_: &AdminCap, upgrades: &mut Upgrades, digest: vector<u8>, clock: &Clock) {
    assert!(digest.length() == DIGEST_BYTES, EDigest);
    let at_ms = clock.timestamp_ms();
    upgrades.announced = option::some(Announced { digest, at_ms });
    event::emit(UpgradeAnnounced { digest, not_before_ms: at_ms + NOTICE_MS });
}

public fun take_back(_: &AdminCap, upgrades: &mut Upgrades) {
    assert!(upgrades.announced.is_some(), ENotAnnounced);
    let Announced { digest, at_ms: _ } = upgrades.announced.extract();
    event::emit(UpgradeTakenBack { digest });
}

/// The ticket for the upgrade that was announced: it fits no other code than that of the digest. It is used up in the
/// same transaction, or none of it happens.
public fun authorise(_: &AdminCap, upgrades: &mut Upgrades, clock: &Clock): UpgradeTicket {
    assert!(upgrades.announced.is_some(), ENotAnnounced);
    let Announced { digest, at_ms } = upgrades.announced.extract();
    assert!(clock.timestamp_ms() >= at_ms + NOTICE_MS, ETooEarly);
    event::emit(UpgradeAuthorised { digest });
    let policy = upgrades.cap.policy();
    upgrades.cap.authorize(policy, digest)
}

/// Ends the upgrade.
public fun commit(upgrades: &mut Upgrades, receipt: UpgradeReceipt) {
    upgrades.cap.commit(receipt);
}

/// How many times the package was published and upgraded.
public fun version(upgrades: &Upgrades): u64 { upgrades.cap.version() }

/// Of any package: in tests this one's address is 0x0, which no ticket is given for.
#[test_only]
public fun new_for_testing(cap: UpgradeCap, ctx: &mut TxContext): Upgrades {
    Upgrades { id: object::new(ctx), cap, announced: option::none() }
}
