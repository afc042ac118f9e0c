//! TLS under a connection: certificates as files, and handshakes that hold nobody else up.
//!
//! A client that proves a certificate of our CA is known by it ([`Source::TlsClient`]), wherever it speaks from; one
//! without, where that is allowed, by its address. Sessions are not resumed: a log sender connects once, and a ticket
//! that it never reads would turn its orderly end into a reset, which throws away what it sent last.

use super::config::TlsConfig;
use super::slots::{Limits, Slots};
use crate::source::{Fingerprint, Source};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_link::{PemError, read_certificates, read_key};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to show who it is.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Handshakes at a time; one that is slow gives way to one that comes.
const MAX_HANDSHAKES: usize = 64;
/// Of those, with one sender.
const MAX_HANDSHAKES_PER_PEER: usize = MAX_HANDSHAKES / 2;
/// What a handshake takes on a slow line: it need not give way before.
const HANDSHAKE_GRACE: Duration = Duration::from_secs(1);
/// The mode bit by which everybody may read a file.
const READABLE_BY_OTHERS: u32 = 0o004;

/// Why TLS cannot be offered. Each is one clear line for an operator.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or does not hold what it should.
    #[error(transparent)]
    Pem(#[from] PemError),
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
    /// A certificate in the CA's file is none of a CA.
    #[error("cannot check clients by {}: {source}", .path.display())]
    ClientCa {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// No verifier can be made of the CA's certificates.
    #[error("cannot check clients by {}: {source}", .path.display())]
    Verifier {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: VerifierBuilderError,
    },
    /// Client certificates are required, but nothing tells which are good.
    #[error("TLS client certificates are required, but no CA is named to check them by")]
    NoClientCa,
}

/// Why a client was not let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error("it took longer than {HANDSHAKE_TIMEOUT:?}")]
    TimedOut,
    #[error("too many at a time")]
    TooMany,
    #[error("{0}")]
    Failed(#[from] io::Error),
}

/// What handshakes need.
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    handshakes: Slots,
}

impl Tls {
    pub(super) fn new(config: Arc<ServerConfig>) -> Self {
        let limits = Limits { total: MAX_HANDSHAKES, per_peer: MAX_HANDSHAKES_PER_PEER, grace: HANDSHAKE_GRACE };
        Self { acceptor: TlsAcceptor::from(config), handshakes: Slots::new(limits) }
    }

    /// Makes a stream of TLS out of one of TCP, and finds out whose it is.
    pub(super) async fn shake_hands(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> Result<(TlsStream<TcpStream>, Source), HandshakeError> {
        let slot = self.handshakes.admit(peer.ip(), Instant::now()).ok_or(HandshakeError::TooMany)?;
        let stream = tokio::select! {
            shaken = tokio::time::timeout(HANDSHAKE_TIMEOUT, self.acceptor.accept(stream)) => {
                shaken.map_err(|_| HandshakeError::TimedOut)??
            }
            () = slot.displaced() => return Err(HandshakeError::TooMany),
        };
        // The verifier has let it through, so the first certificate is good.
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let known_by = certificate.map(|leaf| Source::TlsClient(Fingerprint::of_certificate(leaf)));
        Ok((stream, known_by.unwrap_or_else(|| Source::tls(peer))))
    }
}

/// Reads the files.
pub(super) fn server_config(config: &TlsConfig) -> Result<Arc<ServerConfig>, TlsError> {
    warn_if_readable(&config.key);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = client_verifier(config, &provider)?;
    let certificates = read_certificates("TLS certificate", &config.certificate)?;
    let key = read_key("TLS key", &config.key)?;
    let pair_error =
        |source| TlsError::Pair { certificate: config.certificate.clone(), key: config.key.clone(), source };
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(pair_error)?.with_client_cert_verifier(verifier);
    let mut server = builder.with_single_cert(certificates, key).map_err(pair_error)?;
    server.send_tls13_tickets = 0;
    server.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(server))
}

fn client_verifier(
    config: &TlsConfig,
    provider: &Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let Some(path) = &config.client_ca else {
        return if config.client_required {
            Err(TlsError::NoClientCa)
        } else {
            Ok(WebPkiClientVerifier::no_client_auth())
        };
    };
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates("CA certificate", path)? {
        roots.add(certificate).map_err(|source| TlsError::ClientCa { path: path.clone(), source })?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = if config.client_required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|source| TlsError::Verifier { path: path.clone(), source })
}

fn warn_if_readable(key: &Path) {
    let mode = std::fs::metadata(key).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    if mode & READABLE_BY_OTHERS != 0 {
        tracing::warn!("everybody on this machine can read the TLS key {}: chmod o-r", key.display());
    }
}
