//! Secrets of a development deployment: made at first use, kept in files that only their owner can read.

use anyhow::Context;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use suiftly_schema::api_key::ApiKeySecret;

const PRIVATE: u32 = 0o600;

/// The token that guards the API until there is sign-in: 64 hexadecimal digits.
pub(crate) fn dev_token(data_dir: &Path) -> anyhow::Result<String> {
    read_or_make(&data_dir.join("dev-token"))
}

/// The secret that this deployment's API keys are made with.
pub(crate) fn api_key_secret(data_dir: &Path) -> anyhow::Result<ApiKeySecret> {
    let path = data_dir.join("api-key-secret");
    let hex = read_or_make(&path)?;
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

fn read_or_make(path: &Path) -> anyhow::Result<String> {
    if !path.exists() {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).context("cannot get random bytes from the system")?;
        write_private(path, data_encoding::HEXLOWER.encode(&bytes).as_bytes())?;
    }
    read(path)
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
        let token = dev_token(dir.path()).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(dev_token(dir.path()).unwrap(), token);
        let path = dir.path().join("dev-token");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(dev_token(dir.path()).unwrap_err().to_string().ends_with("chmod 600 it"));
    }

    #[test]
    fn a_key_secret_that_is_none_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        write_private(&dir.path().join("api-key-secret"), b"hunter2").unwrap();
        let error = format!("{:#}", api_key_secret(dir.path()).unwrap_err());
        assert!(error.contains("64 hexadecimal digits") && !error.contains("hunter2"), "{error}");
    }
}
