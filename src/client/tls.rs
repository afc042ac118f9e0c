//! TLS to the server of this place: it is known by the very certificate that its configuration names, whatever names
//! stand in that.

use anyhow::Context;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Shakes hands with a server that has this certificate.
pub(super) async fn connect(
    config: Arc<ClientConfig>,
    api: SocketAddr,
    stream: TcpStream,
) -> anyhow::Result<TlsStream<TcpStream>> {
    let shaken = TlsConnector::from(config).connect(ServerName::IpAddress(api.ip().into()), stream).await;
    shaken.with_context(|| format!("the server at {api} does not show the certificate of admin.tls_certificate"))
}

/// Trusts the first certificate of a file, and no other.
pub(super) fn trusting(certificate: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let what = || format!("cannot read the certificate {}", certificate.display());
    let pinned = CertificateDer::from_pem_file(certificate).map_err(|error| anyhow::anyhow!("{error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pinned = Arc::new(Pinned { certificate: pinned.with_context(what)?, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.context("cannot set TLS up")?.dangerous().with_custom_certificate_verifier(pinned);
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// One certificate is good.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    /// A certificate for a name that is nobody's address, and its key.
    fn made() -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new(["suiftly.test".to_owned()]).unwrap().self_signed(&key).unwrap(), key)
    }

    fn acceptor(certificate: &rcgen::Certificate, key: &KeyPair) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    #[tokio::test]
    async fn the_very_certificate_is_trusted_and_no_other() {
        let ((ours, key), (other, _)) = (made(), made());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, acceptor) = (listener.local_addr().unwrap(), acceptor(&ours, &key));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    stream.write_all(b"hello").await.unwrap();
                    stream.shutdown().await.unwrap();
                }
            }
        });
        let dir = tempfile::tempdir().unwrap();
        for (certificate, is_ours) in [(&ours, true), (&other, false)] {
            let path = dir.path().join("certificate.pem");
            std::fs::write(&path, certificate.pem()).unwrap();
            let stream = TcpStream::connect(address).await.unwrap();
            match connect(trusting(&path).unwrap(), address, stream).await {
                Ok(mut stream) => {
                    assert!(is_ours, "another certificate was taken");
                    let mut said = String::new();
                    stream.read_to_string(&mut said).await.unwrap();
                    assert_eq!(said, "hello");
                }
                Err(error) => {
                    let told = error.to_string();
                    assert!(!is_ours && told.contains("admin.tls_certificate"), "{told}");
                }
            }
        }
        let error = trusting(&dir.path().join("nothing.pem")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the certificate"), "{error}");
    }
}
