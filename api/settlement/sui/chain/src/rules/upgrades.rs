//! How the package's code may change: by an upgrade that was announced 7 days before.

use super::{Context, Stop, check};
use serde::{Deserialize, Serialize};
use sui_sdk_types::Address;
use suiftly_sui::Abort;

const NOTICE_MS: u64 = 7 * 86_400_000;
const DIGEST_BYTES: usize = 32;

/// Holds the package's `UpgradeCap`, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upgrades {
    pub(crate) id: Address,
    cap: UpgradeCap,
    announced: Option<Announced>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UpgradeCap {
    id: Address,
    package: Address,
    version: u64,
    policy: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Announced {
    digest: Vec<u8>,
    at_ms: u64,
}

impl Upgrades {
    /// The package's, just published, with its capability locked in.
    pub(crate) fn lock(package: Address, ctx: &mut Context) -> Self {
        let cap = UpgradeCap { id: ctx.fresh_id(), package, version: 1, policy: 0 };
        Self { id: ctx.fresh_id(), cap, announced: None }
    }

    pub(crate) fn announce(&mut self, digest: Vec<u8>, ctx: &mut Context) -> Result<(), Stop> {
        check(digest.len() == DIGEST_BYTES, Abort::Digest)?;
        ctx.tell("upgrades", "UpgradeAnnounced", &(&digest, ctx.now_ms + NOTICE_MS));
        self.announced = Some(Announced { digest, at_ms: ctx.now_ms });
        Ok(())
    }

    pub(crate) fn take_back(&mut self, ctx: &mut Context) -> Result<(), Stop> {
        let announced = self.announced.take().ok_or(Abort::UpgradeNotAnnounced)?;
        ctx.tell("upgrades", "UpgradeTakenBack", &announced.digest);
        Ok(())
    }

    /// The digest of the code that may come now. This chain has no upgrade command that could use it.
    pub(crate) fn authorise(&mut self, ctx: &mut Context) -> Result<Vec<u8>, Stop> {
        let Announced { digest, at_ms } = self.announced.take().ok_or(Abort::UpgradeNotAnnounced)?;
        check(ctx.now_ms >= at_ms + NOTICE_MS, Abort::UpgradeTooEarly)?;
        ctx.tell("upgrades", "UpgradeAuthorised", &digest);
        Ok(digest)
    }

    #[cfg(test)]
    pub(super) const fn version(&self) -> u64 {
        self.cap.version
    }
}
