//! Whom backups are encrypted for. The server has recipients alone, which can only encrypt; identities open what they
//! encrypted, and stay with whoever operates. Both are age's: its own tools read and make them.

use anyhow::{Context, bail, ensure};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use suiftly_api::{Clock, SystemClock};

const PRIVATE: u32 = 0o600;
/// A file of identities is no longer than this.
const IDENTITIES_BYTES_MAX: u64 = 64 << 10;

/// Makes an identity in a file that is not there yet; answers its recipient.
pub(super) fn make(path: &Path) -> anyhow::Result<String> {
    use age::secrecy::ExposeSecret;
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let text = format!(
        "# made {} by suiftly backup key\n# public key: {recipient}\n{}\n",
        SystemClock.now().rfc3339(),
        identity.to_string().expose_secret()
    );
    let opened = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    let mut file = opened.with_context(|| format!("cannot make {}", path.display()))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(recipient)
}

/// Reads recipients; at least one must be there.
pub(crate) fn recipients(texts: &[String]) -> anyhow::Result<Vec<age::x25519::Recipient>> {
    ensure!(
        !texts.is_empty(),
        "nobody could open the backup: name a recipient in backup.recipients; `suiftly backup key` makes one"
    );
    texts.iter().map(|text| recipient(text)).collect()
}

fn recipient(text: &str) -> anyhow::Result<age::x25519::Recipient> {
    let text = text.trim();
    // Somebody who mistakes the two must not find the secret one in a log.
    ensure!(!text.to_uppercase().starts_with("AGE-SECRET"), "an identity was given where a recipient (age1…) belongs");
    text.parse().map_err(|error| anyhow::anyhow!("{text:?} is no recipient of age: {error}"))
}

/// Reads the identities of a file.
pub(super) fn identities(path: &Path) -> anyhow::Result<Vec<age::x25519::Identity>> {
    let cannot = || format!("cannot read the identity in {}", path.display());
    ensure!(
        path.metadata().with_context(cannot)?.len() <= IDENTITIES_BYTES_MAX,
        "{} is no file of identities",
        path.display()
    );
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = Vec::new();
    for line in lines {
        match line.parse() {
            Ok(identity) => found.push(identity),
            // What stands there may be a secret of another kind: it is not shown.
            Err(_) => bail!("{} holds a line that is no identity of age (AGE-SECRET-KEY-1…)", path.display()),
        }
    }
    ensure!(!found.is_empty(), "{} holds no identity of age (AGE-SECRET-KEY-1…)", path.display());
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity");
        let recipient = make(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let identity = identities(&path).unwrap().remove(0);
        assert_eq!(identity.to_public().to_string(), recipient);
        assert!(recipients(&[recipient]).is_ok());
        assert!(format!("{:#}", make(&path).unwrap_err()).contains("exists"), "it is never overwritten");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity");
        for (text, says) in
            [("", "holds no identity"), ("# nothing\n", "holds no identity"), ("hunter2", "no identity of age")]
        {
            std::fs::write(&path, text).unwrap();
            let error = identities(&path).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
        }
        make(&dir.path().join("other")).unwrap();
        let secret = std::fs::read_to_string(dir.path().join("other")).unwrap();
        let secret = secret.lines().last().unwrap().to_owned();
        for (given, says) in [
            (vec![], "nobody could open"),
            (vec!["age1x".to_owned()], "no recipient"),
            (vec![secret.clone()], "an identity was given"),
        ] {
            let error = recipients(&given).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains(says) && !error.contains(&secret), "{error}");
        }
    }
}
