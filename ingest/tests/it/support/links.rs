//! Links in memory, by real certificates: an ingester that ships, who dials it, and a line that can be cut at any byte.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use suiftly_ingest::ship::{Ingester, Shipper};
use suiftly_link::{Link, LinkError, Node, Purpose, Role, Tls, TlsFiles};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// What a pipe holds of what nobody has read.
const PIPE_BYTES: usize = 64 << 10;

/// The cluster's CA.
pub(crate) struct LinkCa(CertifiedIssuer<'static, KeyPair>);

impl LinkCa {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// TLS of who has this role, by files in a directory.
    pub(crate) fn tls(&self, dir: &Path, role: &str) -> Tls {
        let mut params = CertificateParams::new(vec![role.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let file = |what: &str, pem: String| {
            let path = dir.join(format!("{role}-{what}.pem"));
            std::fs::write(&path, pem).unwrap();
            path
        };
        let files = TlsFiles {
            certificate: file("certificate", certificate.pem()),
            key: file("key", key.serialize_pem()),
            ca: file("ca", self.0.pem()),
        };
        Tls::read(&files).unwrap()
    }
}

/// What who has this role says of itself, in a cluster of three processes with a thread each.
pub(crate) fn node(role: &Role) -> Node {
    let (process, processes, threads) = match role {
        Role::Dataflow(number) => (*number, 3, 1),
        Role::Ingest(_) | Role::Api => (0, 0, 0),
    };
    let (cluster, build, formats) = ([1; 16], [2; 32], [3; 32]);
    Node { cluster, generation: 1, process, processes, threads, placement: 1, build, formats }
}

/// An ingester and a process of the dataflow that dials it in memory. Clones are the same.
#[derive(Clone)]
pub(crate) struct InMemory {
    ingester: Tls,
    process: Tls,
    /// So many bytes come to the process over the next link; then twice as many, and so on.
    pub(crate) cut_after: Arc<AtomicUsize>,
    /// How often it was dialled.
    pub(crate) dialled: Arc<AtomicUsize>,
}

impl InMemory {
    pub(crate) fn new(dir: &Path, process: u16) -> Self {
        let ca = LinkCa::new();
        let process = ca.tls(dir, &format!("dataflow-{process}"));
        let cut_after = Arc::new(AtomicUsize::new(usize::MAX));
        Self { ingester: ca.tls(dir, "ingest-a"), process, cut_after, dialled: Arc::default() }
    }

    /// The process's end of a new link; the ingester's is served.
    pub(crate) async fn dial<I: Ingester + 'static>(
        self,
        shipper: Arc<Shipper<I>>,
    ) -> Result<Link<CutLine>, LinkError> {
        self.dialled.fetch_add(1, Ordering::Relaxed);
        let (here, there) = tokio::io::duplex(PIPE_BYTES);
        let (ingester, to) = (self.ingester.clone(), self.ingester.role().clone());
        tokio::spawn(async move {
            // Who is cut off before they have met is told by the other end.
            if let Ok(link) = Link::accept(there, &ingester, &node(ingester.role())).await {
                shipper.serve(link).await;
            }
        });
        let left = self.cut_after.load(Ordering::Relaxed);
        self.cut_after.store(left.saturating_mul(2), Ordering::Relaxed);
        Link::dial(CutLine { stream: here, left }, &self.process, &to, Purpose::Ship, &node(self.process.role())).await
    }
}

/// A stream out of which only so many bytes come.
pub(crate) struct CutLine {
    stream: DuplexStream,
    left: usize,
}

impl AsyncRead for CutLine {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut room = vec![0; into.remaining().min(self.left)];
        if room.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut read = ReadBuf::new(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        self.left -= read.filled().len();
        into.put_slice(read.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CutLine {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
