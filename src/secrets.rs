//! Secrets of a development deployment: made at first use, kept in files that only their owner can read.

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

/// The token of the operator `local`, whom `up` makes: 43 characters of base64url after the prefix.
pub(crate) fn operator_token(data_dir: &Path) -> anyhow::Result<String> {
    read_or_make(&data_dir.join("operator-token"), || Ok(suiftly_api::operator_token(random()?)))
}

/// What seals secrets at rest.
pub(crate) fn at_rest(data_dir: &Path) -> anyhow::Result<Keyring> {
    keyring(&data_dir.join("at-rest-keys"))
}

/// What encrypts keys in `ma_vault.csv`: the first of them; gateways that read the file are given it.
pub(crate) fn vault_keys(data_dir: &Path) -> anyhow::Result<Keyring> {
    keyring(&data_dir.join("vault-keys"))
}

/// What signs access and refresh tokens.
pub(crate) fn jwt(data_dir: &Path) -> anyhow::Result<Keyring> {
    keyring(&data_dir.join("jwt-keys"))
}

/// What signs grant sets. Their public halves are written beside them, for edges, at each start.
pub(crate) fn vault_signing_keys(data_dir: &Path) -> anyhow::Result<SigningKeys> {
    let path = data_dir.join("vault-signing-keys");
    let text = read_or_make(&path, || Ok(format!("1 {}\n", hex(random()?))))?;
    SigningKeys::parse(&text).with_context(|| format!("cannot read the keys in {}", path.display()))
}

/// Where the public halves are.
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

/// The token of the edge `local`, which is expected where nobody says otherwise.
pub(crate) fn edge_token(data_dir: &Path) -> anyhow::Result<String> {
    read_or_make(&data_dir.join("edge-token"), || Ok(crate::edge::edge_token(random()?)))
}

fn keyring(path: &Path) -> anyhow::Result<Keyring> {
    let text = read_or_make(path, || Ok(format!("1 {}", hex(random()?))))?;
    Keyring::parse(&text).with_context(|| format!("cannot read the keys in {}", path.display()))
}

/// The secret that this deployment's API keys are made with.
pub(crate) fn api_key_secret(data_dir: &Path) -> anyhow::Result<ApiKeySecret> {
    let path = data_dir.join("api-key-secret");
    let hex = read_or_make(&path, || Ok(hex(random()?)))?;
    ApiKeySecret::from_hex(&hex).with_context(|| format!("{} does not hold 64 hexadecimal digits", path.display()))
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

fn read_or_make(path: &Path, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
    if !path.exists() {
        write_private(path, make()?.as_bytes())?;
    }
    read(path)
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
        let token = operator_token(dir.path()).unwrap();
        assert!(token.len() == 47 && token.starts_with("sop_"), "{token}");
        assert_eq!(operator_token(dir.path()).unwrap(), token);
        let path = dir.path().join("operator-token");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(operator_token(dir.path()).unwrap_err().to_string().ends_with("chmod 600 it"));
        let ring = at_rest(dir.path()).unwrap();
        assert_eq!(at_rest(dir.path()).unwrap().current(), ring.current());
        assert_ne!(jwt(dir.path()).unwrap().current(), ring.current());
    }

    #[test]
    fn the_vaults_keys_and_what_edges_are_given_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let keys = vault_signing_keys(dir.path()).unwrap();
        assert_eq!(vault_signing_keys(dir.path()).unwrap().public(), keys.public());
        write_vault_public_keys(dir.path(), &keys.public()).unwrap();
        let path = vault_public_keys_file(dir.path());
        assert_eq!(PublicKeys::parse(&std::fs::read_to_string(&path).unwrap()).unwrap(), keys.public());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(dir.path().join("vault-signing-keys").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(edge_token(dir.path()).unwrap(), edge_token(dir.path()).unwrap());
    }

    #[test]
    fn a_key_secret_that_is_none_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        write_private(&dir.path().join("api-key-secret"), b"hunter2").unwrap();
        let error = format!("{:#}", api_key_secret(dir.path()).unwrap_err());
        assert!(error.contains("64 hexadecimal digits") && !error.contains("hunter2"), "{error}");
    }
}
