//! The grant: what a key may do now. The vault is the set of all grants; gateways run on it.

use crate::ids::{CustomerId, Network, Service};

/// Whether a customer may use a service now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrantState {
    /// Yes.
    Active,
    /// An operator or an empty account says no.
    Suspended,
}

impl GrantState {
    /// Its word in the gateways' maps.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// One key's grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// SHA-256 of the key, upper-case hex: gateways never hold the key itself.
    pub key_sha256: String,
    /// Whose key it is.
    pub customer_id: CustomerId,
    /// What it opens.
    pub service: Service,
    /// Where.
    pub network: Network,
    /// The key's fingerprint.
    pub api_key_fp: u32,
    /// The key's metadata bits.
    pub key_metadata: u16,
    /// Whether it may be used.
    pub state: GrantState,
    /// Requests per second that are served for certain, per region.
    pub guaranteed_per_second: u32,
    /// Requests per second up to which more are served; equal to the guaranteed where there is no burst.
    pub burst_per_second: u32,
}
