//! TLS of the operators' listener, and when it may go without.

use super::ApiError;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The mode bit by which everybody may read a file.
const READABLE_BY_OTHERS: u32 = 0o004;

/// How the operators' listener is secured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminTls {
    /// The certificate, with its chain, and its private key: PEM files. Without them it is plain text.
    pub files: Option<TlsFiles>,
    /// Plain text may be served to other machines: a proxy or a private network keeps strangers out.
    pub plain_text: bool,
}

/// A certificate's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, its chain after it.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Why TLS cannot be offered. Each is one clear line for whoever operates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read the {what} {}: {source}", .path.display())]
    Read {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not hold what it should. It is not told what it holds instead: that may be secret.
    #[error("there is no {what} in {}: it must be PEM", .path.display())]
    Content {
        /// What it should hold.
        what: &'static str,
        /// Which file.
        path: PathBuf,
    },
    /// Certificate and key cannot be used together.
    #[error("cannot use the TLS certificate {} with the key {}: {source}", .certificate.display(), .key.display())]
    Pair {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

impl AdminTls {
    /// What connections are accepted by; `None` is plain text. Plain text for other machines wants an explicit yes.
    pub(super) fn acceptor(&self, listen: SocketAddr) -> Result<Option<TlsAcceptor>, ApiError> {
        match &self.files {
            Some(files) => Ok(Some(TlsAcceptor::from(server_config(files)?))),
            None if listen.ip().is_loopback() || self.plain_text => Ok(None),
            None => Err(ApiError::PlainText { listen }),
        }
    }
}

fn server_config(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    warn_if_readable(&files.key);
    let (certificates, key) = (read_certificates(&files.certificate)?, read_key(&files.key)?);
    let unfit = |source| TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone(), source };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(unfit)?.with_no_client_auth();
    let mut config = builder.with_single_cert(certificates, key).map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let what = "TLS certificate";
    let pem = std::fs::read(path).map_err(|source| TlsError::Read { what, path: path.to_owned(), source })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err(TlsError::Content { what, path: path.to_owned() });
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let what = "TLS key";
    let pem = std::fs::read(path).map_err(|source| TlsError::Read { what, path: path.to_owned(), source })?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::Content { what, path: path.to_owned() })
}

fn warn_if_readable(key: &Path) {
    let mode = std::fs::metadata(key).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    if mode & READABLE_BY_OTHERS != 0 {
        tracing::warn!("everybody on this machine can read the TLS key {}: chmod o-r", key.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_on_this_machine_unless_it_is_wanted() {
        let cases = [
            ("127.0.0.1:0", false, true),
            ("[::1]:0", false, true),
            ("0.0.0.0:0", false, false),
            ("[::]:0", true, true),
        ];
        for (listen, plain_text, fine) in cases {
            let tls = AdminTls { files: None, plain_text };
            assert_eq!(tls.acceptor(listen.parse().unwrap()).is_ok(), fine, "{listen} {plain_text}");
        }
        let refused = AdminTls::default().acceptor("192.0.2.7:3001".parse().unwrap()).err().unwrap().to_string();
        assert!(refused.contains("admin.tls_certificate") && refused.contains("admin.plain_text = true"), "{refused}");
    }

    #[test]
    fn files_that_are_none_are_told_in_one_line_and_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
        let told = || {
            let files = Some(TlsFiles { certificate: certificate.clone(), key: key.clone() });
            let tls = AdminTls { files, plain_text: false };
            tls.acceptor("127.0.0.1:0".parse().unwrap()).err().unwrap().to_string()
        };
        assert!(told().starts_with("cannot read the TLS certificate"), "{}", told());
        std::fs::write(&certificate, "hunter2").unwrap();
        let said = told();
        assert!(said.starts_with("there is no TLS certificate in") && !said.contains("hunter2"), "{said}");
    }
}
