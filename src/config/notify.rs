//! `[notify]`: how customers are told things.

use super::Problems;
use anyhow::Context;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use suiftly_notify::{Mailer, SmtpConfig, SmtpTls, TargetPolicy};

use crate::secrets;

/// Where mail servers take what is to be sent on.
const SUBMISSION_PORT: u16 = 587;
/// Mail servers on this machine: a password may go there in plain text.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// `[notify]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Notify {
    /// The mail server that alerts are sent by. Without one no e-mail is sent.
    pub(crate) smtp_host: Option<String>,
    /// The mail server's port.
    pub(crate) smtp_port: u16,
    /// How the connection to it is kept private: starttls (and no mail without it), tls (from the start), none (a server
    /// on this machine).
    pub(crate) smtp_tls: SmtpTlsWord,
    /// As whom, where the mail server wants to know.
    pub(crate) smtp_user: Option<String>,
    /// The file that holds the user's password; only its owner may be able to read it.
    pub(crate) smtp_password_file: Option<PathBuf>,
    /// Who writes; needed with `smtp_host`.
    pub(crate) from: Option<String>,
    /// Whether webhooks may be on this machine, by plain http; in development and tests alone.
    pub(crate) allow_local_webhooks: bool,
}

/// `notify.smtp_tls`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SmtpTlsWord {
    /// By STARTTLS, and not at all without it.
    Starttls,
    /// From the start.
    Tls,
    /// Not.
    None,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            smtp_host: None,
            smtp_port: SUBMISSION_PORT,
            smtp_tls: SmtpTlsWord::Starttls,
            smtp_user: None,
            smtp_password_file: None,
            from: None,
            allow_local_webhooks: false,
        }
    }
}

impl Notify {
    /// Where webhooks may be.
    pub(crate) const fn policy(&self) -> TargetPolicy {
        TargetPolicy { allow_local: self.allow_local_webhooks }
    }

    /// Who sends mail, if anybody does.
    pub(crate) fn mailer(&self) -> anyhow::Result<Option<Mailer>> {
        let (Some(host), Some(from)) = (self.smtp_host.clone(), self.from.clone()) else { return Ok(None) };
        let tls = match self.smtp_tls {
            SmtpTlsWord::Starttls => SmtpTls::Starttls,
            SmtpTlsWord::Tls => SmtpTls::Tls,
            SmtpTlsWord::None => SmtpTls::None,
        };
        let credentials = match (&self.smtp_user, &self.smtp_password_file) {
            (Some(user), Some(file)) => Some((user.clone(), secrets::read(file)?)),
            _ => None,
        };
        let config = SmtpConfig { host, port: self.smtp_port, tls, credentials, from };
        Mailer::new(&config).map(Some).context("cannot use notify.smtp_host")
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let has_both = self.smtp_host.is_some() == self.from.is_some();
        problems.unless(has_both, "notify.smtp_host and notify.from must both be set, or neither");
        let has_both = self.smtp_user.is_some() == self.smtp_password_file.is_some();
        problems.unless(has_both, "notify.smtp_user and notify.smtp_password_file must both be set, or neither");
        let is_used = self.smtp_host.is_some() || self.smtp_user.is_none();
        problems.unless(is_used, "notify.smtp_user needs notify.smtp_host");
        let is_local = self.smtp_host.as_ref().is_none_or(|host| LOCAL_HOSTS.contains(&host.as_str()));
        let is_safe = self.smtp_user.is_none() || self.smtp_tls != SmtpTlsWord::None || is_local;
        problems.unless(is_safe, "notify.smtp_tls = \"none\" would send the password to another machine in plain text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_password_comes_out_of_a_file_that_others_cannot_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        let config = |from: &str| Notify {
            smtp_host: Some("mail.example.com".to_owned()),
            smtp_user: Some("me".to_owned()),
            smtp_password_file: Some(file.path().to_owned()),
            from: Some(from.to_owned()),
            ..Notify::default()
        };
        assert!(config("Suiftly <a@example.com>").mailer().unwrap().is_some());
        assert!(Notify::default().mailer().unwrap().is_none());
        assert!(format!("{:#}", config("nobody").mailer().err().unwrap()).contains("as the sender of e-mail"));
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = format!("{:#}", config("a@example.com").mailer().err().unwrap());
        assert!(error.contains("chmod 600") && !error.contains("hunter2"), "{error}");
    }
}
