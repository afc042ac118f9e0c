use super::*;
use rcgen::{Certificate, CertificateParams, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use socket2::{Domain, Socket, Type};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

/// A port that nobody else gets while the socket is there, which never listens.
fn kept_port() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// Takes one connection, reads it to its end, and ends it then.
fn listening(tls: Option<Arc<ServerConfig>>) -> (SocketAddr, JoinHandle<io::Result<Vec<u8>>>) {
    listening_at(SocketAddr::from(([127, 0, 0, 1], 0)), tls)
}

fn listening_at(at: SocketAddr, tls: Option<Arc<ServerConfig>>) -> (SocketAddr, JoinHandle<io::Result<Vec<u8>>>) {
    let listener = TcpListener::bind(at).unwrap();
    let address = listener.local_addr().unwrap();
    let reading = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut read = Vec::new();
        match tls {
            None => stream.read_to_end(&mut read)?,
            Some(tls) => {
                let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
                StreamOwned::new(connection, stream).read_to_end(&mut read)?
            }
        };
        Ok(read)
    });
    (address, reading)
}

fn plain(address: SocketAddr) -> Home {
    Home::new(&format!("tcp://{address}"), TlsFiles::default()).unwrap()
}

#[test]
fn addresses() {
    let cases = [
        ("tcp://127.0.0.1:5514", Some("tcp://127.0.0.1:5514"), false),
        ("tcp://localhost:5514/", Some("tcp://localhost:5514"), false),
        ("tcp://[::1]:5514", Some("tcp://::1:5514"), false),
        ("tcp://logs.example.com:5514", Some("tcp://logs.example.com:5514"), true),
        ("tcp://10.0.0.1:5514", Some("tcp://10.0.0.1:5514"), true),
        ("tcp://127.0.0.1", None, false),
        ("http://127.0.0.1:1", None, false),
        ("tcp://me@127.0.0.1:1", None, false),
        ("tcp://127.0.0.1:1/x", None, false),
        ("127.0.0.1:5514", None, false),
        ("", None, false),
    ];
    for (url, expected, is_readable) in cases {
        let home = Home::new(url, TlsFiles::default());
        assert_eq!(home.ok().map(|home| home.to_string()).as_deref(), expected, "{url}");
        assert_eq!(goes_in_plain_text(url), is_readable, "{url}");
    }
    assert!(!goes_in_plain_text("tls://logs.example.com:6514"));
    let no_file = TlsFiles { ca: Some(Path::new("/nowhere/ca.pem")), pair: None };
    let error = Home::new("tls://logs:6514", no_file).unwrap_err().to_string();
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
}

#[test]
fn what_is_sent_is_read_to_its_end() {
    let (address, reading) = listening(None);
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    plain(address).send(&bytes).unwrap();
    assert!(reading.join().unwrap().unwrap() == bytes);
}

#[test]
fn homes_take_turns_and_one_that_was_away_gets_what_is_wanted_later() {
    let ((_kept, nobody), (_kept_too, here)) = (kept_port(), kept_port());
    let (here, reading) = listening_at(here, None);
    let mut homes = Homes::new(vec![plain(nobody), plain(here)]);
    let began = Instant::now();
    assert!(homes.are_ready(began, began));
    homes.send(b"1 x").unwrap();
    assert_eq!(reading.join().unwrap().unwrap(), b"1 x");
    // Now both are away.
    let error = homes.send(b"1 x").unwrap_err();
    assert!(error.contains(&nobody.to_string()) && error.contains(&here.to_string()), "{error}");
    let failed = Instant::now();
    assert!(!homes.are_ready(failed, failed), "not so soon");
    let later = failed + 2 * RETRY_AFTER;
    assert!(!homes.are_ready(later, later), "nobody is back");
    let back = TcpListener::bind(here).unwrap();
    let found = later + 2 * RETRY_AFTER;
    assert!(!homes.are_ready(found, found), "the rings come first");
    let after = found + SETTLE_TIME;
    assert!(!homes.are_ready(found, after), "by an answer of before");
    assert!(homes.are_ready(after, after));
    drop(back);
}

fn certificate() -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap(), key)
}

#[test]
fn by_tls_with_a_certificate_of_its_own() {
    let ((theirs, their_key), (ours, our_key)) = (certificate(), certificate());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut trusted = RootCertStore::empty();
    trusted.add(ours.der().clone()).unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), Arc::clone(&provider)).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let private = PrivateKeyDer::try_from(their_key.serialize_der()).unwrap();
    let server = builder.with_client_cert_verifier(verifier).with_single_cert(vec![theirs.der().clone()], private);
    let server = Arc::new(server.unwrap());

    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = file("ca.pem", theirs.pem());
    let (shown, key) = (file("ours.pem", ours.pem()), file("ours.key", our_key.serialize_pem()));
    for (pair, is_taken) in [(Some((shown.as_path(), key.as_path())), true), (None, false)] {
        let (address, reading) = listening(Some(Arc::clone(&server)));
        let files = TlsFiles { ca: Some(&ca), pair };
        let home = Home::new(&format!("tls://localhost:{}", address.port()), files).unwrap();
        assert_eq!(home.send(b"3 abc").is_ok(), is_taken, "{pair:?}");
        let read = reading.join().unwrap();
        assert_eq!(read.ok().as_deref(), is_taken.then_some(b"3 abc".as_slice()));
    }
    let files = TlsFiles { ca: Some(&ca), pair: Some((shown.as_path(), ca.as_path())) };
    let error = Home::new("tls://localhost:1", files).unwrap_err().to_string();
    assert!(error.contains("ours.pem") && error.contains("ca.pem"), "{error}");
}
