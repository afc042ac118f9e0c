//! `[admin]`: where operators are served.

use super::{Problems, local};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use suiftly_api::{AdminTls, TlsFiles};

/// `[admin]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Admin {
    /// Where the operators' API is served.
    pub(crate) listen: SocketAddr,
    /// Its TLS certificate, with its chain, as PEM. Without it the API is plain text.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    pub(crate) tls_key: Option<PathBuf>,
    /// Whether plain text may be served to other machines: a proxy or a private network then keeps strangers away from
    /// operators' tokens.
    pub(crate) plain_text: bool,
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: local(3001), tls_certificate: None, tls_key: None, plain_text: false }
    }
}

impl Admin {
    /// How its listener is secured.
    pub(crate) fn tls(&self) -> AdminTls {
        let files = self.tls_certificate.as_ref().zip(self.tls_key.as_ref());
        let files = files.map(|(certificate, key)| TlsFiles { certificate: certificate.clone(), key: key.clone() });
        AdminTls { files, plain_text: self.plain_text }
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        let has_both = self.tls_certificate.is_some() == self.tls_key.is_some();
        problems.unless(has_both, "admin.tls_certificate and admin.tls_key must both be set, or neither");
        let is_safe = self.tls_certificate.is_some() || self.listen.ip().is_loopback() || self.plain_text;
        let problem = format_args!(
            "admin.listen is {}: operators' tokens would go there in plain text; name admin.tls_certificate and \
             admin.tls_key, or say admin.plain_text = true",
            self.listen
        );
        problems.unless(is_safe, problem);
    }
}
