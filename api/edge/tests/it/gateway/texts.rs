//! Map files written by hand, to the contract that `haproxy.cfg` states: what a test wants HAProxy to read, byte by byte.

use super::Door;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Limits that no test reaches.
pub(crate) const PLENTY: (u32, u32) = (1_000_000, 1_000_000);

/// What every key's fingerprint and metadata are here.
const FINGERPRINT: u32 = 16_801_928;
const METADATA: u16 = 10_496;

/// The texts of the three map files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(crate) keys: String,
    pub(crate) grants: String,
    pub(crate) allow: String,
}

impl Texts {
    /// An active key for what is behind this door.
    pub(crate) fn key(self, key: &str, customer: i64, door: Door) -> Self {
        self.key_in(key, customer, door, "active")
    }

    /// A key in this state.
    pub(crate) fn key_in(mut self, key: &str, customer: i64, door: Door, state: &str) -> Self {
        let (network, service) = door.place();
        let hash = hash(key);
        writeln!(self.keys, "{hash} {customer},{FINGERPRINT},{METADATA},{service},{network},{state}").unwrap();
        self
    }

    /// The customer may use this door's service from anywhere, up to these limits (guaranteed, burst).
    pub(crate) fn grant(self, customer: i64, door: Door, limits: (u32, u32)) -> Self {
        self.grant_in(customer, door, "active", limits, "open")
    }

    /// A grant in this state, `open` or `listed`.
    pub(crate) fn grant_in(
        mut self,
        customer: i64,
        door: Door,
        state: &str,
        (guaranteed, burst): (u32, u32),
        addresses: &str,
    ) -> Self {
        let (_, service) = door.place();
        writeln!(self.grants, "{customer}:{service} {state},{guaranteed},{burst},{addresses}").unwrap();
        self
    }

    /// An entry of the allowlist: `prefix` begins with `4` or `6`, then come the address's first digits.
    pub(crate) fn allow(mut self, customer: i64, door: Door, prefix: &str) -> Self {
        let (_, service) = door.place();
        writeln!(self.allow, "{customer}:{service}:{prefix} 1").unwrap();
        self
    }

    /// Writes the files to `dir`, which is made if it is not there.
    pub(crate) fn write(&self, dir: &Path) {
        fs::create_dir_all(dir).unwrap();
        for (name, text) in [("keys.map", &self.keys), ("grants.map", &self.grants), ("allow.map", &self.allow)] {
            fs::write(dir.join(name), text).unwrap();
        }
    }
}

/// SHA-256 in upper-case hex, as HAProxy computes it.
pub(crate) fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02X}").unwrap();
        hex
    })
}
