//! A cluster's id: 16 bytes that chance has made.

use crate::secrets;
use anyhow::Context;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use std::fmt;
use std::str::FromStr;

/// Which cluster: 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClusterId(pub(crate) [u8; 16]);

impl ClusterId {
    /// One that no other cluster has.
    pub(crate) fn random() -> anyhow::Result<Self> {
        let random = secrets::random()?;
        Ok(Self(std::array::from_fn(|at| random[at])))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for ClusterId {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).context("cluster.id must be 32 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_and_read() {
        let id = ClusterId::random().unwrap();
        assert_eq!(id.to_string().parse::<ClusterId>().unwrap(), id);
        assert_ne!(id, ClusterId::random().unwrap());
        assert_eq!(ClusterId([0xab; 16]).to_string(), "ab".repeat(16));
        for text in ["", "ab", &"ab".repeat(17), &"xy".repeat(16)] {
            assert!(text.parse::<ClusterId>().is_err(), "{text}");
        }
    }
}
