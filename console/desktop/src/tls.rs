//! Which servers are believed to be who they say they are: those that the system's certificate authorities vouch for,
//! and one's own authority's if it is named.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use crate::Error;

/// A client's side of TLS that trusts the system's authorities and those in this file, as PEM.
///
/// # Errors
/// If the file cannot be read or holds no certificate.
pub fn trusting(ca: Option<&Path>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    // Those that cannot be read are left out. A system without any still speaks plain HTTP.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        let refuse = |reason| Error::Authority { path: path.to_owned(), reason };
        add(&mut roots, path).map_err(refuse)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(Error::Tls)?.with_root_certificates(roots).with_no_client_auth())
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let mut added = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        roots.add(certificate.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        added += 1;
    }
    if added == 0 { Err("it holds no certificate".into()) } else { Ok(()) }
}

/// Why a server was not believed, if that is what failed.
#[must_use]
pub fn refusal(error: &reqwest::Error) -> Option<&'static str> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(in_words(error));
        }
        // What an I/O error carries is not its source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = inner.map(|inner| inner as _).or_else(|| error.source());
    }
    None
}

const fn in_words(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(reason) => match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            CertificateError::UnknownIssuer => {
                "no authority that this machine trusts has signed its certificate (--ca names one's own)"
            }
            CertificateError::Revoked => "its certificate has been revoked",
            _ => "its certificate is not valid",
        },
        _ => "what answers there speaks no TLS that we do",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_authorities_holds_one_at_least() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "nothing\n").expect("written");
        let error = trusting(Some(&empty)).expect_err("refused").to_string();
        assert!(error.contains("holds no certificate") && error.contains("empty.pem"), "{error}");
        assert!(trusting(Some(&folder.path().join("none"))).is_err());
        assert!(trusting(None).is_ok());
    }
}
