//! The wallets of demonstration customers on a local chain, where somebody has to sign for them: a file of keys beside the
//! demonstration's API keys. They are worth nothing, and kept as if they were.

use crate::secrets;
use anyhow::Context;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use suiftly_sui::Key;

/// A wallet of a demonstration customer.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Wallet {
    /// The customer's name.
    pub(crate) customer: String,
    /// Its address: `0x` and 64 hexadecimal digits.
    pub(crate) address: String,
    /// Its key, in hexadecimal digits.
    key: String,
}

impl Wallet {
    fn made(customer: &str) -> anyhow::Result<Self> {
        let bytes = secrets::random()?;
        let (address, key) = (Key::new(bytes).address().to_string(), HEXLOWER.encode(&bytes));
        Ok(Self { customer: customer.to_owned(), address, key })
    }

    /// What it signs with.
    pub(crate) fn key(&self) -> anyhow::Result<Key> {
        let bytes = HEXLOWER.decode(self.key.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Key::new).with_context(|| format!("the wallet of {} has no key", self.customer))
    }
}

/// Those of these customers, in their order; what is missing is made.
pub(crate) fn wallets(data_dir: &Path, customers: &[&str]) -> anyhow::Result<Vec<Wallet>> {
    let mut kept = read(data_dir)?;
    for customer in customers {
        if kept.iter().all(|wallet| wallet.customer != *customer) {
            kept.push(Wallet::made(customer)?);
        }
    }
    let text = serde_json::to_vec_pretty(&kept).context("cannot encode the wallets")?;
    secrets::write_private(&file(data_dir), &text)?;
    let of = |customer: &&str| kept.iter().find(|wallet| wallet.customer == **customer).cloned();
    Ok(customers.iter().filter_map(of).collect())
}

/// The one with this address.
pub(super) fn found(data_dir: &Path, address: &str) -> anyhow::Result<Wallet> {
    let none = || format!("no demonstration customer's wallet is {address}: see {}", file(data_dir).display());
    read(data_dir)?.into_iter().find(|wallet| wallet.address == address).with_context(none)
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("demo-wallets.json")
}

fn read(data_dir: &Path) -> anyhow::Result<Vec<Wallet>> {
    let path = file(data_dir);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let read = || anyhow::Ok(serde_json::from_slice(&std::fs::read(&path)?)?);
    read().with_context(|| format!("cannot read the wallets in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wallets_stay_and_sign_for_their_address() {
        let dir = tempfile::tempdir().unwrap();
        let first = wallets(dir.path(), &["a", "b"]).unwrap();
        let again = wallets(dir.path(), &["b", "c", "a"]).unwrap();
        assert_eq!((&again[0].address, &again[2].address), (&first[1].address, &first[0].address));
        for wallet in &again {
            assert_eq!(wallet.key().unwrap().address().to_string(), wallet.address);
        }
        assert_eq!(found(dir.path(), &again[1].address).unwrap().customer, "c");
        assert!(found(dir.path(), "0x1").is_err());
    }
}
