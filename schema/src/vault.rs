//! The grant set: what gateways run on. Keys by their hash, and what each customer may do with each service.
//!
//! ```text
//! vault view ─deltas─▶ GrantSet ─root─▶ Head ─sign─▶ SignedHead ─frames─▶ edge ─▶ the same GrantSet, by its root
//! ```
//!
//! A set has a **root**: SHA-256 over the digests of its buckets, each over its rows. Whoever applies changes computes the
//! root again, and takes the result only if a signed head says so: what was cut, changed, left out or put in order
//! otherwise does not come to that root. A change of one row costs one bucket and the root.

pub mod csv;
pub mod frame;
pub mod head;
pub mod set;

pub use csv::VaultCsvRow;
pub use frame::{Assembler, Changes, Frame, FrameError, Hello, KeyOfCanary, Received};
pub use head::{Head, PublicKeys, SignedHead, SigningKeys, VaultError};
pub use set::{AccessId, GrantSet, Root};

use crate::ids::CustomerId;

/// The first customer id that stands for a gateway's own synthetic requests: that of server 0. Such customers have no
/// account and are not billed; ids that are drawn for customers stay below.
pub const CANARY_BASE: i64 = (1 << 31) - (1 << 15);

/// The customer id that random bits draw: 31 of them. `None`: it is nobody's, or a gateway's, and is drawn again.
pub fn drawn_customer(random: u32) -> Option<CustomerId> {
    CustomerId::new(i64::from(random >> 1)).filter(|id| id.get() < CANARY_BASE)
}

/// The customer that server's synthetic requests are counted for. `server_id` is 0 or more.
pub fn canary_customer(server_id: i16) -> Option<CustomerId> {
    u16::try_from(server_id).ok().and_then(|id| CustomerId::new(CANARY_BASE + i64::from(id)))
}

/// Whose bill usage stands on: nobody's where nobody is named, and nobody's where a gateway asks itself.
pub fn billed(customer: Option<CustomerId>) -> Option<CustomerId> {
    customer.filter(|id| canary_server(*id).is_none())
}

/// The server whose synthetic requests are counted for this customer; `None` for a real one.
pub fn canary_server(customer: CustomerId) -> Option<i16> {
    i16::try_from(customer.get() - CANARY_BASE).ok().filter(|id| *id >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_and_their_servers() {
        for server in [0, 17, i16::MAX] {
            let customer = canary_customer(server).unwrap();
            assert_eq!(canary_server(customer), Some(server));
            assert!(customer.get() < 1 << 31, "as long as any id");
            assert_eq!(billed(Some(customer)), None);
        }
        assert_eq!(canary_customer(-1), None);
        let drawn = |id: i64| drawn_customer(u32::try_from(id).unwrap() << 1).map(CustomerId::get);
        assert_eq!([0, 1, CANARY_BASE - 1].map(drawn), [None, Some(1), Some(CANARY_BASE - 1)]);
        assert_eq!([CANARY_BASE, CANARY_BASE + 17, (1 << 31) - 1].map(drawn), [None; 3]);
        for real in [1, CANARY_BASE - 1, 1 << 31, i64::MAX] {
            let real = CustomerId::new(real).unwrap();
            assert_eq!((canary_server(real), billed(Some(real))), (None, Some(real)));
        }
    }
}
