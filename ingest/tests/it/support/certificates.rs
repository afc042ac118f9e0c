//! Certificates made for a test: a CA, and what it signs.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use suiftly_ingest::listener::TlsConfig;
use suiftly_ingest::source::Fingerprint;

/// A CA whose certificates are files of a directory.
pub(crate) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: PathBuf,
    pub(crate) path: PathBuf,
}

/// A certificate, its key, and what it is known by.
pub(crate) struct Identity {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) fingerprint: Fingerprint,
}

impl Ca {
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let path = dir.join(format!("{name}.pem"));
        std::fs::write(&path, issuer.pem()).unwrap();
        Self { issuer, dir: dir.to_owned(), path }
    }

    /// Of a server at 127.0.0.1, also called localhost.
    pub(crate) fn server(&self, name: &str) -> Identity {
        self.sign(name, &["127.0.0.1", "localhost"], ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Of a server at localhost, by this name alone.
    pub(crate) fn server_by_name(&self, name: &str) -> Identity {
        self.sign(name, &["localhost"], ExtendedKeyUsagePurpose::ServerAuth)
    }

    pub(crate) fn client(&self, name: &str) -> Identity {
        self.sign(name, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A sender's stream to a server of this CA.
    pub(crate) fn connect(&self, to: SocketAddr) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let session = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(session, TcpStream::connect(to).unwrap())
    }

    fn sign(&self, name: &str, hosts: &[&str], usage: ExtendedKeyUsagePurpose) -> Identity {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |what: &str, pem: String| {
            let path = self.dir.join(format!("{name}-{what}.pem"));
            std::fs::write(&path, pem).unwrap();
            path
        };
        Identity {
            fingerprint: Fingerprint::of_certificate(certificate.der()),
            certificate: file("certificate", certificate.pem()),
            key: file("key", key.serialize_pem()),
        }
    }
}

/// A listener with this certificate, on a port of the system's choice, that asks no client for one.
pub(crate) fn tls_config(server: &Identity) -> TlsConfig {
    TlsConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        certificate: server.certificate.clone(),
        key: server.key.clone(),
        client_ca: None,
        client_required: false,
    }
}
