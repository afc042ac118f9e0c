//! The firehose, where the configuration switches it on.

use crate::config;
use crate::secrets;
use anyhow::Context;
use suiftly_store::config::StoreConfig;
use suiftly_store::firehose::{Credentials, Firehose, FirehoseConfig};
use suiftly_store::writer::Writer;

/// Prepares it, and tells the writer to feed it.
pub(super) fn prepare(
    config: &config::Firehose,
    store: &StoreConfig,
    journal_id: &str,
    writer: &mut Writer,
) -> anyhow::Result<Option<Firehose>> {
    let Some(url) = &config.url else { return Ok(None) };
    let credentials = credentials(config).context("cannot read the firehose's secret")?;
    let config = FirehoseConfig { credentials, keep_days: config.keep_days, ..FirehoseConfig::new(url) };
    let firehose = Firehose::new(store, journal_id, &config)?;
    Ok(Some(firehose.with_recent(writer.feed_firehose())))
}

fn credentials(config: &config::Firehose) -> anyhow::Result<Option<Credentials>> {
    if let (Some(user), Some(file)) = (&config.user, &config.password_file) {
        let password = secrets::read(file)?;
        return Ok(Some(Credentials::Password { user: user.clone(), password }));
    }
    config.token_file.as_deref().map(|file| secrets::read(file).map(Credentials::Token)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_out_of_files_that_others_cannot_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        secrets::write_private(&file, b"hunter2\n").unwrap();
        let token = config::Firehose { token_file: Some(file.clone()), ..config::Firehose::default() };
        assert!(matches!(credentials(&token).unwrap(), Some(Credentials::Token(token)) if token == "hunter2"));
        let (user, password_file) = (Some("me".to_owned()), Some(file.clone()));
        let password = config::Firehose { user, password_file, ..config::Firehose::default() };
        let found = credentials(&password).unwrap();
        assert!(
            matches!(found, Some(Credentials::Password { user, password }) if user == "me" && password == "hunter2")
        );
        assert!(credentials(&config::Firehose::default()).unwrap().is_none());

        let open: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&file, open).unwrap();
        assert!(credentials(&token).unwrap_err().to_string().ends_with("chmod 600 it"));
    }
}
