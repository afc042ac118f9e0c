//! `[vault]` and `[[gateway]]`: how the grant set is published, and who is expected to take it.

use super::Problems;
use anyhow::Context;
use data_encoding::HEXLOWER_PERMISSIVE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_api::fleet::{EDGES_MAX, ExpectedEdge, SERVERS_AN_EDGE_MAX};
use suiftly_api::vault::COALESCE_DEFAULT;

/// An edge's name has at most so many characters.
const NAME_CHARS_MAX: usize = 64;

/// `[vault]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Vault {
    /// A version is published at most once in so many milliseconds, 1 to 1000: changes within that time are one.
    pub(crate) coalesce_ms: u64,
    /// The directory and `ma_vault.csv` are written at most once in so many milliseconds: 10 to 60000.
    pub(crate) write_ms: u64,
    /// Where versions are written; without it, `vault` in the data directory.
    pub(crate) dir: Option<PathBuf>,
}

impl Default for Vault {
    fn default() -> Self {
        Self {
            coalesce_ms: u64::try_from(COALESCE_DEFAULT.as_millis()).unwrap_or(u64::MAX),
            write_ms: 1_000,
            dir: None,
        }
    }
}

impl Vault {
    /// A version is published at most so often.
    pub(crate) const fn coalesce(&self) -> Duration {
        Duration::from_millis(self.coalesce_ms)
    }

    /// Where versions are written.
    pub(crate) fn dir(&self, data_dir: &Path) -> PathBuf {
        self.dir.clone().unwrap_or_else(|| data_dir.join("vault"))
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        problems.unless((1..=1_000).contains(&self.coalesce_ms), "vault.coalesce_ms must be 1 to 1000");
        problems.unless((10..=60_000).contains(&self.write_ms), "vault.write_ms must be 10 to 60000");
    }
}

/// `[[gateway]]`: an edge that is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatewayEntry {
    /// What it is called: 1 to 64 letters, digits, `.`, `_`, `-`.
    pub(crate) name: String,
    /// The server ids behind it: 1 to 16.
    pub(crate) servers: Vec<i16>,
    /// The SHA-256 of its token, 64 hexadecimal digits: `suiftly edge token` makes one.
    pub(crate) token_sha256: String,
}

/// The edges that these entries expect.
pub(crate) fn expected(entries: &[GatewayEntry]) -> anyhow::Result<Vec<ExpectedEdge>> {
    anyhow::ensure!(entries.len() <= EDGES_MAX, "there are {} [[gateway]], and at most {EDGES_MAX}", entries.len());
    let (mut names, mut servers, mut tokens) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut expected = Vec::with_capacity(entries.len());
    for entry in entries {
        let edge = entry.edge().with_context(|| format!("gateway \"{}\"", entry.name.escape_debug()))?;
        let named = || format!("gateway \"{}\"", edge.name);
        anyhow::ensure!(names.insert(edge.name.clone()), "{}: another has the same name", named());
        anyhow::ensure!(tokens.insert(edge.token_sha256), "{}: another has the same token", named());
        for server in &edge.servers {
            anyhow::ensure!(servers.insert(*server), "{}: server {server} is named twice", named());
        }
        expected.push(edge);
    }
    Ok(expected)
}

impl GatewayEntry {
    fn edge(&self) -> anyhow::Result<ExpectedEdge> {
        let Self { name, servers, token_sha256 } = self;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_plain);
        anyhow::ensure!(is_name, "name must be 1 to {NAME_CHARS_MAX} letters, digits, '.', '_', '-'");
        let are_few = (1..=SERVERS_AN_EDGE_MAX).contains(&servers.len());
        anyhow::ensure!(are_few, "servers must be 1 to {SERVERS_AN_EDGE_MAX} server ids");
        anyhow::ensure!(servers.iter().all(|server| *server >= 0), "servers must be server ids: 0 or more");
        let token_sha256 = HEXLOWER_PERMISSIVE.decode(token_sha256.as_bytes()).ok();
        let token_sha256 = token_sha256.and_then(|bytes| bytes.try_into().ok());
        let token_sha256 = token_sha256.context("token_sha256 must be 64 hexadecimal digits")?;
        Ok(ExpectedEdge { name: name.clone(), servers: servers.clone(), token_sha256, is_implied: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, servers: &[i16], digit: &str) -> GatewayEntry {
        GatewayEntry { name: name.to_owned(), servers: servers.to_vec(), token_sha256: digit.repeat(64) }
    }

    #[test]
    fn who_is_expected_is_unique_and_bounded() {
        let edges = expected(&[entry("fra-1", &[17, 18], "a"), entry("ams-1", &[33], "B")]).unwrap();
        assert_eq!((edges.len(), edges[1].token_sha256, &edges[0].servers), (2, [0xbb; 32], &vec![17, 18]));
        let cases = [
            (vec![entry("", &[1], "a")], "name must be"),
            (vec![entry("fra 1", &[1], "a")], "name must be"),
            (vec![entry("fra", &[], "a")], "servers must be 1 to 16"),
            (vec![entry("fra", &[-1], "a")], "0 or more"),
            (vec![entry("fra", &[1], "x")], "64 hexadecimal"),
            (vec![entry("fra", &[1], "a"), entry("fra", &[2], "b")], "same name"),
            (vec![entry("fra", &[1], "a"), entry("ams", &[2], "a")], "same token"),
            (vec![entry("fra", &[1, 1], "a")], "server 1 is named twice"),
            (vec![entry("fra", &[1], "a"), entry("ams", &[1], "b")], "gateway \"ams\": server 1 is named twice"),
        ];
        for (entries, named) in cases {
            let error = format!("{:#}", expected(&entries).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
