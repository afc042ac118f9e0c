//! TLS of the operators' listener, over real sockets.

use crate::world::World;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use suiftly_api::{AdminTls, TlsFiles, serve};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const REQUEST: &[u8] = b"GET /api/v1/clock HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    stream.write_all(REQUEST).await.unwrap();
    let mut text = Vec::new();
    // A peer may end without a closing notice.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8_lossy(&text).into_owned()
}

fn connector(certificate: &CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn everywhere() -> SocketAddr {
    ([0, 0, 0, 0], 0).into()
}

#[tokio::test]
async fn operators_are_served_by_tls_and_by_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let files = TlsFiles { certificate: dir.path().join("certificate.pem"), key: dir.path().join("key.pem") };
    std::fs::write(&files.certificate, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    let mut world = World::roomy();
    // On all addresses: with a certificate that is nobody's worry.
    world.config.admin_listen = everywhere();
    world.config.admin_tls = AdminTls { files: Some(files), plain_text: false };
    let server = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap();
    let address: SocketAddr = ([127, 0, 0, 1], server.admin_addr().port()).into();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = connector(certificate.der()).connect(name.clone(), stream).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
    let plain = answer(TcpStream::connect(address).await.unwrap()).await;
    assert!(!plain.starts_with("HTTP/"), "{plain}");
    // A client that never shakes hands holds nobody up, nor the end.
    let silent = TcpStream::connect(address).await.unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = connector(certificate.der()).connect(name, stream).await.unwrap();
    assert!(answer(stream).await.starts_with("HTTP/1.1 401"));
    world.shutdown.cancel();
    server.ended().await;
    drop(silent);
}

#[tokio::test]
async fn plain_text_for_other_machines_wants_a_yes() {
    let mut world = World::roomy();
    world.config.admin_listen = everywhere();
    let refused = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap_err().to_string();
    let expected = "will not serve operators in plain text on 0.0.0.0:0: name admin.tls_certificate and admin.tls_key, or \
        say admin.plain_text = true";
    assert_eq!(refused, expected);
    world.config.admin_tls.plain_text = true;
    let server = serve(world.config.clone(), world.parts(), world.shutdown.clone()).await.unwrap();
    world.shutdown.cancel();
    server.ended().await;
}
