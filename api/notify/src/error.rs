//! Why telling customers failed as a whole. What one host or mail server did is a delivery's outcome, not an error.

use crate::mail::MailError;
use suiftly_store::StoreError;

/// Why something was not told.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The store would not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// E-mail cannot be set up.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// TLS cannot be set up.
    #[error("cannot set up TLS for webhooks: {0}")]
    Tls(#[from] rustls::Error),
}
