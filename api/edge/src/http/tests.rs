use super::*;
use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

#[test]
fn addresses() {
    let cases = [
        ("http://127.0.0.1:3001", Some(("127.0.0.1", 3001, "", false))),
        ("http://api", Some(("api", 80, "", false))),
        ("https://api.example.com/", Some(("api.example.com", 443, "", true))),
        ("https://[::1]:8443/suiftly/", Some(("::1", 8443, "/suiftly", true))),
        ("127.0.0.1:3001", None),
        ("ftp://api", None),
        ("http://me:secret@api", None),
        ("http://api?x=1", None),
        ("", None),
    ];
    for (url, expected) in cases {
        let parsed = Base::parse(url);
        let parsed = parsed.as_ref().map(|(base, is_tls)| (base.host.as_str(), base.port, base.path.as_str(), *is_tls));
        assert_eq!(parsed, expected, "{url}");
    }
}

#[test]
fn the_token_is_never_shown() {
    let http = Http::new("http://127.0.0.1:1", Some("sed_secret"), None).unwrap();
    assert!(!format!("{http:?}").contains("secret"));
    assert!(matches!(Http::new("http://127.0.0.1:1", Some("a\nb"), None), Err(HttpError::Token)));
}

/// Answers each connection with this, after its request's head.
async fn answering(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn refusals_say_why() {
    let cases = [
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 30\r\n\r\n{\"detail\":\"this is no token.\"}",
            "401 Unauthorized: this is no token.",
        ),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno", "503 Service Unavailable"),
        ("nonsense\r\n\r\n", "no HTTP answer"),
        ("", "no HTTP answer"),
    ];
    for (answer, told) in cases {
        let http = Http::new(&answering(answer).await, Some("sed_secret"), None).unwrap();
        let error = http.get("/x").await.err().unwrap().to_string();
        assert!(error.contains(told) && !error.contains("secret"), "{told}: {error}");
    }
    // Kept, so that nobody else listens there meanwhile.
    let kept = TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = kept.local_addr().unwrap();
    let error = Http::new(&format!("http://{nobody}"), None, None).unwrap().get("/").await.err().unwrap().to_string();
    assert!(error.starts_with(&format!("cannot connect to {nobody}")), "{error}");
}

#[tokio::test]
async fn a_body_comes_in_pieces_to_its_end() {
    let body = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    let http = Http::new(&answering(body).await, None, None).unwrap();
    let (mut answer, mut read) = (http.get("/x").await.unwrap(), Vec::new());
    while let Some(chunk) = answer.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, b"abc");
    let broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n";
    let http = Http::new(&answering(broken).await, None, None).unwrap();
    let mut answer = http.get("/x").await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "ab");
    assert!(answer.chunk().await.is_err(), "a connection that breaks is no end");
}

#[tokio::test]
async fn a_body_of_json_within_its_bound() {
    let cases = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n[1,2,3]", 7, Ok(vec![1_u32, 2, 3])),
        ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n[1,2,3]", 6, Err("length limit")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n[1,2,x]", 7, Err("column")),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1,2,3]", 9, Err("cannot be read")),
    ];
    for (text, bytes_max, expected) in cases {
        let http = Http::new(&answering(text).await, None, None).unwrap();
        let read: Result<Vec<u32>, _> = http.get("/x").await.unwrap().json(bytes_max).await;
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected),
            (Err(error), Err(told)) => assert!(error.to_string().contains(told), "{told}: {error}"),
            (read, expected) => panic!("{read:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn tls_with_the_named_authority_alone() {
    let key = KeyPair::generate().unwrap();
    let ours = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let other_key = KeyPair::generate().unwrap();
    let other = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&other_key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![ours.der().clone()], private).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await.unwrap();
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            }
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    for (certificate, is_ours) in [(&ours, true), (&other, false)] {
        std::fs::write(&ca, certificate.pem()).unwrap();
        let http = Http::new(&format!("https://localhost:{port}"), None, Some(&ca)).unwrap();
        match http.get("/").await {
            Ok(answer) => assert!(is_ours && answer.status == StatusCode::NO_CONTENT),
            Err(error) => assert!(!is_ours && error.to_string().starts_with("no TLS with localhost"), "{error}"),
        }
    }
    std::fs::write(&ca, "").unwrap();
    let error = Http::new("https://localhost", None, Some(&ca)).unwrap_err().to_string();
    assert!(error.contains("ca.pem: there are none"), "{error}");
}
