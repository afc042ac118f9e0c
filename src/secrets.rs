//! Secrets: each in a file that only its owner can read. In development and tests one that is missing is made at first use;
//! in production it is not: a lost file would else quietly become another secret, and every API key a wrong one.

use crate::config::Config;
use crate::place::Place;
use anyhow::Context;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::sealed::Keyring;
use suiftly_schema::vault::{PublicKeys, SigningKeys};

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// The secret that API keys are made with: 64 hexadecimal digits. It cannot rotate: it is in every key.
pub(crate) const API_KEY_SECRET: &str = "api-key-secret";
/// What seals secrets at rest: a keyring.
pub(crate) const AT_REST_KEYS: &str = "at-rest-keys";
/// What signs access and refresh tokens: a keyring.
pub(crate) const JWT_KEYS: &str = "jwt-keys";
/// What encrypts keys in `ma_vault.csv`: a keyring.
pub(crate) const VAULT_KEYS: &str = "vault-keys";
/// What signs grant sets: lines of a number and 64 hexadecimal digits.
pub(crate) const VAULT_SIGNING_KEYS: &str = "vault-signing-keys";
/// The token of the operator `local`.
pub(crate) const OPERATOR_TOKEN: &str = "operator-token";
/// The token of the edge `local`.
pub(crate) const EDGE_TOKEN: &str = "edge-token";

/// The directory of secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    dir: PathBuf,
    makes: bool,
}

impl Secrets {
    /// Those of this place: in `secrets.dir`, else in the data directory.
    pub(crate) fn of(place: &Place, config: &Config) -> anyhow::Result<Self> {
        let dir = config.secrets.dir.clone().unwrap_or_else(|| place.data_dir.clone());
        Ok(Self { dir, makes: !place.deployment()?.is_production() })
    }

    /// Those of a directory, where none is made.
    pub(crate) fn kept_in(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), makes: false }
    }

    /// Those of a directory, where each that is missing is made.
    pub(crate) fn made_in(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), makes: true }
    }

    /// Where they are.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of one.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The token of the operator `local`, whom `up` makes: 43 characters of base64url after the prefix.
    pub(crate) fn operator_token(&self) -> anyhow::Result<String> {
        self.read_or_make(OPERATOR_TOKEN, || Ok(suiftly_api::operator_token(random()?)))
    }

    /// What seals secrets at rest.
    pub(crate) fn at_rest(&self) -> anyhow::Result<Keyring> {
        self.keyring(AT_REST_KEYS)
    }

    /// What encrypts keys in `ma_vault.csv`: the first of them; gateways that read the file are given it.
    pub(crate) fn vault_keys(&self) -> anyhow::Result<Keyring> {
        self.keyring(VAULT_KEYS)
    }

    /// What signs access and refresh tokens.
    pub(crate) fn jwt(&self) -> anyhow::Result<Keyring> {
        self.keyring(JWT_KEYS)
    }

    /// What signs grant sets. Their public halves are written into the data directory, for edges, at each start.
    pub(crate) fn vault_signing_keys(&self) -> anyhow::Result<SigningKeys> {
        let text = self.read_or_make(VAULT_SIGNING_KEYS, || Ok(format!("1 {}\n", hex(random()?))))?;
        let path = self.file(VAULT_SIGNING_KEYS);
        SigningKeys::parse(&text).with_context(|| format!("cannot read the keys in {}", path.display()))
    }

    /// The token of the edge `local`, which is expected where nobody says otherwise.
    pub(crate) fn edge_token(&self) -> anyhow::Result<String> {
        self.read_or_make(EDGE_TOKEN, || Ok(crate::edge::edge_token(random()?)))
    }

    /// The secret that this deployment's API keys are made with.
    pub(crate) fn api_key_secret(&self) -> anyhow::Result<ApiKeySecret> {
        let hex = self.read_or_make(API_KEY_SECRET, || Ok(hex(random()?)))?;
        let path = self.file(API_KEY_SECRET);
        ApiKeySecret::from_hex(&hex).with_context(|| format!("{} does not hold 64 hexadecimal digits", path.display()))
    }

    fn keyring(&self, name: &str) -> anyhow::Result<Keyring> {
        let text = self.read_or_make(name, || Ok(format!("1 {}", hex(random()?))))?;
        let path = self.file(name);
        Keyring::parse(&text).with_context(|| format!("cannot read the keys in {}", path.display()))
    }

    fn read_or_make(&self, name: &str, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
        let path = self.file(name);
        if !path.exists() {
            anyhow::ensure!(
                self.makes,
                "there is no {}: in production a secret is made by `suiftly provision` or restored, never anew at a start",
                path.display()
            );
            write_private(&path, make()?.as_bytes())?;
        }
        read(&path)
    }
}

/// Where the public halves of the keys that sign grant sets are.
pub(crate) fn vault_public_keys_file(data_dir: &Path) -> PathBuf {
    data_dir.join("vault-public-keys")
}

/// Writes them: whoever reads the file finds it whole.
pub(crate) fn write_vault_public_keys(data_dir: &Path, keys: &PublicKeys) -> anyhow::Result<()> {
    let (path, fresh) = (vault_public_keys_file(data_dir), data_dir.join("vault-public-keys.new"));
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(PUBLIC).open(&fresh)?;
        file.set_permissions(Permissions::from_mode(PUBLIC))?;
        file.write_all(keys.text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&fresh, &path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that only its owner can read, replacing one that is there.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(path)?;
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// 32 bytes that nobody can guess.
pub(crate) fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("cannot get random bytes from the system")?;
    Ok(bytes)
}

fn hex(bytes: [u8; 32]) -> String {
    data_encoding::HEXLOWER.encode(&bytes)
}

/// A secret out of a file that only its owner can read.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let mode = path.metadata().with_context(|| format!("cannot read {}", path.display()))?.permissions().mode();
    anyhow::ensure!(mode & 0o077 == 0, "{} can be read by others: chmod 600 it", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_refused_when_others_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::made_in(dir.path());
        let token = secrets.operator_token().unwrap();
        assert!(token.len() == 47 && token.starts_with("sop_"), "{token}");
        assert_eq!(secrets.operator_token().unwrap(), token);
        let path = dir.path().join("operator-token");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(secrets.operator_token().unwrap_err().to_string().ends_with("chmod 600 it"));
        let ring = secrets.at_rest().unwrap();
        assert_eq!(secrets.at_rest().unwrap().current(), ring.current());
        assert_ne!(secrets.jwt().unwrap().current(), ring.current());
    }

    #[test]
    fn in_production_none_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets { dir: dir.path().to_owned(), makes: false };
        for refused in [
            secrets.api_key_secret().map(drop),
            secrets.at_rest().map(drop),
            secrets.jwt().map(drop),
            secrets.vault_keys().map(drop),
            secrets.vault_signing_keys().map(drop),
        ] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("never anew at a start"), "{error}");
        }
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
        let made = Secrets::made_in(dir.path()).jwt().unwrap();
        assert_eq!(secrets.jwt().unwrap().current(), made.current());
    }

    #[test]
    fn the_vaults_keys_and_what_edges_are_given_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::made_in(dir.path());
        let keys = secrets.vault_signing_keys().unwrap();
        assert_eq!(secrets.vault_signing_keys().unwrap().public(), keys.public());
        write_vault_public_keys(dir.path(), &keys.public()).unwrap();
        let path = vault_public_keys_file(dir.path());
        assert_eq!(PublicKeys::parse(&std::fs::read_to_string(&path).unwrap()).unwrap(), keys.public());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(dir.path().join("vault-signing-keys").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(secrets.edge_token().unwrap(), secrets.edge_token().unwrap());
    }

    #[test]
    fn a_key_secret_that_is_none_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        write_private(&dir.path().join("api-key-secret"), b"hunter2").unwrap();
        let error = format!("{:#}", Secrets::made_in(dir.path()).api_key_secret().unwrap_err());
        assert!(error.contains("64 hexadecimal digits") && !error.contains("hunter2"), "{error}");
    }
}
