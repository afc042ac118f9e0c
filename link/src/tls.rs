//! TLS under a link: both sides show a certificate of the cluster's own CA, and its one name is the role.
//!
//! Only TLS 1.3, and no session is resumed: a link lasts, and each is checked anew. While the CA is changed its file
//! holds two, so that certificates of either are good.

use crate::error::{LinkError, RoleError, TlsError};
use crate::pem::{read_certificates, read_key};
use crate::role::Role;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// A process's certificate, and by what it checks those of others: PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Its certificate, for both ends of a link; its one name is the role.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
    /// The certificates of the cluster's CA: one, or two while it is changed.
    pub ca: PathBuf,
}

/// What TLS needs, and who this process is by it.
#[derive(Clone)]
pub struct Tls {
    role: Role,
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

impl Tls {
    /// Reads the files.
    pub fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let certificates = read_certificates("certificate", &files.certificate)?;
        let no_role = |source| TlsError::Role { path: files.certificate.clone(), source };
        let role = role_of(Some(certificates.as_slice())).map_err(no_role)?;
        let roots = Arc::new(read_roots(&files.ca)?);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = server_config(files, &certificates, &roots, &provider)?;
        let client = client_config(files, certificates, roots, provider)?;
        Ok(Self { role, acceptor: TlsAcceptor::from(server), connector: TlsConnector::from(client) })
    }

    /// Who this process is.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Answers whoever has connected, and says who it is.
    pub async fn accept<S>(&self, stream: S) -> Result<(TlsStream<S>, Role), LinkError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.acceptor.accept(stream).await.map_err(LinkError::Tls)?;
        with_role(stream.into())
    }

    /// Speaks to whom it has connected to, who must be the one that is meant.
    pub async fn dial<S>(&self, stream: S, to: &Role) -> Result<(TlsStream<S>, Role), LinkError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = to.to_string();
        let name = ServerName::try_from(name.clone()).map_err(|_| RoleError::NoRole(name))?;
        let stream = self.connector.connect(name, stream).await.map_err(LinkError::Tls)?;
        with_role(stream.into())
    }
}

/// The verifier has let it through, so the first certificate is good.
fn with_role<S>(stream: TlsStream<S>) -> Result<(TlsStream<S>, Role), LinkError> {
    let role = role_of(stream.get_ref().1.peer_certificates())?;
    Ok((stream, role))
}

/// The name is read by what has verified the certificate: two readers could see two names.
fn role_of(certificates: Option<&[CertificateDer<'_>]>) -> Result<Role, RoleError> {
    let certificate = certificates.and_then(<[_]>::first).ok_or(RoleError::NoCertificate)?;
    let certificate = webpki::EndEntityCert::try_from(certificate).map_err(|_| RoleError::Unreadable)?;
    let mut names = certificate.valid_dns_names();
    let name = names.next().ok_or(RoleError::NotOneName)?;
    if names.next().is_some() {
        return Err(RoleError::NotOneName);
    }
    name.parse()
}

fn server_config(
    files: &TlsFiles,
    certificates: &[CertificateDer<'static>],
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider)).build();
    let verifier = verifier.map_err(|source| TlsError::Verifier { path: files.ca.clone(), source })?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider)).with_protocol_versions(&[&TLS13]);
    let builder = builder.map_err(|source| unfit(files, source))?.with_client_cert_verifier(verifier);
    let server = builder.with_single_cert(certificates.to_vec(), read_key("key", &files.key)?);
    let mut server = server.map_err(|source| unfit(files, source))?;
    server.send_tls13_tickets = 0;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(server))
}

fn client_config(
    files: &TlsFiles,
    certificates: Vec<CertificateDer<'static>>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]);
    let builder = builder.map_err(|source| unfit(files, source))?.with_root_certificates(roots);
    let client = builder.with_client_auth_cert(certificates, read_key("key", &files.key)?);
    let mut client = client.map_err(|source| unfit(files, source))?;
    client.resumption = Resumption::disabled();
    Ok(Arc::new(client))
}

fn unfit(files: &TlsFiles, source: rustls::Error) -> TlsError {
    TlsError::Pair { certificate: files.certificate.clone(), key: files.key.clone(), source }
}

fn read_roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates("CA certificate", path)? {
        roots.add(certificate).map_err(|source| TlsError::Ca { path: path.to_owned(), source })?;
    }
    Ok(roots)
}
