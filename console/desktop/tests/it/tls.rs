//! https: servers are believed by the authorities named, and by no others.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use suiftly_console::args::Start;
use tempfile::tempdir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::given::{Keys, console, get, named};

/// Answers each request with 200 behind TLS, under this name; writes its authority's certificate.
async fn serve(folder: &Path, name: &str) -> (SocketAddr, PathBuf) {
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let ca = folder.join("ca.pem");
    fs::write(&ca, authority.self_signed(&key).expect("a certificate").pem()).expect("written");
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    let certificate = certificate.signed_by(&key, &issuer).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).expect("usable");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not believe us breaks off here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let said = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            stream.write_all(said).await.expect("written");
            let _ = stream.shutdown().await;
        }
    });
    (address, ca)
}

#[tokio::test]
async fn a_named_authority_is_believed_and_the_token_is_encrypted() {
    let home = tempdir().expect("a folder");
    let (address, ca) = serve(home.path(), "localhost").await;
    let start = Start { ca: Some(ca), ..named(&format!("https://localhost:{}", address.port())) };
    let console = console(&home, start, &Keys::empty());
    assert!(!console.open().await.unencrypted);
    assert_eq!(console.ask(get("/api/v1/a")).await.expect("an answer").body, "{}");
}

#[tokio::test]
async fn who_is_not_vouched_for_is_told_nothing() {
    let home = tempdir().expect("a folder");
    let (address, ca) = serve(home.path(), "gate.example").await;
    let here = format!("https://localhost:{}", address.port());
    let plain = format!("https://{address}");
    for (url, ca, words) in [
        (&here, None, "no authority that this machine trusts"),
        (&here, Some(ca.clone()), "its certificate is for another name"),
        (&plain, Some(ca), "its certificate is for another name"),
    ] {
        let console = console(&home, Start { ca, ..named(url) }, &Keys::empty());
        let error = console.ask(get("/api/v1/a")).await.expect_err(words);
        assert!(error.contains("is not trusted") && error.contains(words), "{error}");
    }
}
