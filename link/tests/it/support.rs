//! Certificates, two ends of a pipe, and an end that is driven by hand.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use std::path::PathBuf;
use suiftly_link::{
    Frame, HEADER_BYTES, HELLO_BYTES, Hello, Link, LinkError, LinkReceiver, Node, Purpose, Received, Role, Tls,
    TlsFiles,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsStream;

/// What a pipe holds of what nobody has read.
const PIPE_BYTES: usize = 64 << 10;

/// What both ends of a link are used for.
pub(crate) const BOTH_ENDS: [ExtendedKeyUsagePurpose; 2] =
    [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];

/// A CA, and a directory for what it signs.
pub(crate) struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Ca {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the cluster's CA");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, dir: TempDir::new().unwrap() }
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// TLS of who has this role.
    pub(crate) fn tls(&self, role: &str) -> Tls {
        Tls::read(&self.files(role)).unwrap()
    }

    /// The files of who has this role.
    pub(crate) fn files(&self, role: &str) -> TlsFiles {
        self.sign(&[role], &BOTH_ENDS)
    }

    /// A certificate with any names, for any use.
    pub(crate) fn sign(&self, names: &[&str], usages: &[ExtendedKeyUsagePurpose]) -> TlsFiles {
        let mut params = CertificateParams::new(names.iter().copied().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        params.extended_key_usages = usages.to_vec();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |what: &str, pem: String| -> PathBuf {
            let path = self.dir.path().join(format!("{}-{}-{what}.pem", names.join("+"), usages.len()));
            std::fs::write(&path, pem).unwrap();
            path
        };
        TlsFiles {
            certificate: file("certificate", certificate.pem()),
            key: file("key", key.serialize_pem()),
            ca: file("ca", self.issuer.pem()),
        }
    }
}

/// What who has this role says of itself, in a cluster of three processes with two threads, in its fifth generation.
pub(crate) fn node(role: &str) -> Node {
    let (process, processes, threads) = match role.parse::<Role>().unwrap() {
        Role::Dataflow(number) => (number, 3, 2),
        Role::Ingest(_) | Role::Api => (0, 0, 0),
    };
    let (cluster, build, formats) = ([1; 16], [2; 32], [3; 32]);
    Node { cluster, generation: 5, process, processes, threads, placement: 1, build, formats }
}

/// One end of a link, or why there is none.
pub(crate) type Met = Result<Link<DuplexStream>, LinkError>;

/// The first dials the second.
pub(crate) async fn meet(purpose: Purpose, one: (&Tls, Node), other: (&Tls, Node)) -> (Met, Met) {
    let (here, there) = tokio::io::duplex(PIPE_BYTES);
    tokio::join!(Link::dial(here, one.0, other.0.role(), purpose, &one.1), Link::accept(there, other.0, &other.1),)
}

/// Both ends of a link between these two.
pub(crate) async fn linked(purpose: Purpose, one: &str, other: &str) -> (Link<DuplexStream>, Link<DuplexStream>) {
    let ca = Ca::new();
    let (one, other) = meet(purpose, (&ca.tls(one), node(one)), (&ca.tls(other), node(other))).await;
    (one.unwrap(), other.unwrap())
}

/// Somebody with a good certificate who says what a test wants, and the other end, which waits for a hello.
pub(crate) async fn with_words(role: &str, to: &str, words: &[u8]) -> (TlsStream<DuplexStream>, Met) {
    let ca = Ca::new();
    let (here, there) = tokio::io::duplex(PIPE_BYTES);
    let (by_hand, other, theirs) = (ca.tls(role), ca.tls(to), node(to));
    let speak = async {
        let (mut stream, _) = by_hand.dial(here, other.role()).await.unwrap();
        stream.write_all(words).await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    tokio::join!(speak, Link::accept(there, &other, &theirs))
}

/// A link whose other end, after a proper hello, says what a test wants.
pub(crate) async fn by_hand(purpose: Purpose, role: &str, to: &str) -> (TlsStream<DuplexStream>, Link<DuplexStream>) {
    let hello = Hello::new(purpose, node(role)).to_frame().encode().unwrap();
    let (mut stream, link) = with_words(role, to, &hello).await;
    stream.read_exact(&mut [0; HEADER_BYTES + HELLO_BYTES]).await.unwrap();
    (stream, link.unwrap())
}

/// The next that is no beat.
pub(crate) async fn frame(receiver: &mut LinkReceiver) -> Result<Frame, LinkError> {
    loop {
        if let Received::Frame(frame) = receiver.recv().await? {
            return Ok(frame);
        }
    }
}

/// Bytes that nothing makes shorter.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}
