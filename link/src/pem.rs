//! Certificates and private keys out of PEM files, for links and for whoever else speaks TLS.

use crate::error::PemError;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificates of a PEM file; at least one. `what` names them in the error.
pub fn read_certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(what, path)?).collect();
    let certificates = certificates.unwrap_or_default();
    if certificates.is_empty() {
        return Err(PemError::Content { what, path: path.to_owned() });
    }
    Ok(certificates)
}

/// The private key of a PEM file. `what` names it in the error.
pub fn read_key(what: &'static str, path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(&read(what, path)?).map_err(|_| PemError::Content { what, path: path.to_owned() })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, PemError> {
    std::fs::read(path).map_err(|source| PemError::Read { what, path: path.to_owned(), source })
}
