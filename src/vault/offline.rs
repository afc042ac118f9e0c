//! A directory of versions held against the public keys, and the keys for edges: without a server.

use crate::secrets::{self, Secrets};
use anyhow::Context;
use std::path::Path;
use suiftly_edge::directory;
use suiftly_schema::vault::PublicKeys;

/// Checks the version in force of a directory: the publisher's or an edge's. Fails unless all of it is as it was signed.
pub(super) fn verify(dir: &Path, keys: &Path) -> anyhow::Result<String> {
    let trusted = std::fs::read_to_string(keys).with_context(|| format!("cannot read {}", keys.display()))?;
    let trusted = PublicKeys::parse(&trusted).with_context(|| format!("cannot use the keys in {}", keys.display()))?;
    let held = directory::read_current(dir, &trusted)?;
    let head = held.with_context(|| format!("{} holds no version", dir.display()))?.head;
    Ok(format!(
        "version {} of {} is as it was signed: {} keys, {} customers' services, epoch {}, published {}\nroot {}\n",
        head.version,
        head.era.rfc3339(),
        head.keys,
        head.access,
        head.epoch,
        head.issued_at.rfc3339(),
        head.root
    ))
}

/// The public keys, as edges are given them.
pub(super) fn keys(secrets: &Secrets) -> anyhow::Result<String> {
    let path = secrets.file(secrets::VAULT_SIGNING_KEYS);
    anyhow::ensure!(path.is_file(), "there is no {}: `suiftly up` makes it", path.display());
    Ok(secrets.vault_signing_keys()?.public().text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use suiftly_schema::time::UnixMillis;
    use suiftly_schema::vault::{GrantSet, Head, head::FORMAT};

    #[test]
    fn a_directory_is_held_against_the_keys() {
        let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secrets = Secrets::made_in(data.path());
        assert!(keys(&secrets).unwrap_err().to_string().contains("suiftly up"));
        let signing = secrets.vault_signing_keys().unwrap();
        let public = data.path().join("public");
        std::fs::write(&public, keys(&secrets).unwrap()).unwrap();
        assert!(verify(dir.path(), &public).unwrap_err().to_string().ends_with("holds no version"));
        let mut set = GrantSet::default();
        let head = Head {
            format: FORMAT,
            era: UnixMillis(1),
            version: 42,
            refill: 0,
            root: set.root(),
            keys: 0,
            access: 0,
            epoch: 7,
            as_of: UnixMillis(0),
            issued_at: UnixMillis(0),
            regions: BTreeMap::new(),
        };
        directory::write(dir.path(), &signing.sign(&head), &set).unwrap();
        let said = verify(dir.path(), &public).unwrap();
        assert!(said.starts_with("version 42 of ") && said.contains(&head.root.to_string()), "{said}");
        std::fs::write(&public, format!("1 {}", "0".repeat(64))).unwrap();
        assert!(verify(dir.path(), &public).is_err(), "by other keys");
        let rows = dir.path().join("current").join(directory::ROWS_FILE);
        std::fs::write(&public, keys(&secrets).unwrap()).unwrap();
        std::fs::write(&rows, "{}\n").unwrap();
        assert!(verify(dir.path(), &public).is_err(), "other rows");
    }
}
