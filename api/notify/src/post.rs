//! One HTTP request to a customer's host, and the status of its answer.
//!
//! The name is resolved once, every address is looked at ([`Target::checked`]), and the connection is made to one of those.
//! A redirect is an answer like any other. Of an answer the head is read alone, up to [`HEAD_BYTES_MAX`]: the connection
//! is closed over whatever body follows, and nothing of it is shown. All of it together takes [`POST_TIMEOUT`] at most.

use crate::resolve::Resolve;
use crate::target::{Target, TargetError, TargetHost, TargetPolicy};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// From resolving the name to the head of the answer.
pub const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer's head at most; a longer one is no answer.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Fields of an answer's head at most.
pub const HEAD_FIELDS_MAX: usize = 100;

/// Posts to customers' hosts.
pub struct Poster {
    policy: TargetPolicy,
    resolver: Arc<dyn Resolve>,
    tls: Arc<ClientConfig>,
    timeout: Duration,
}

/// Why there was no answer. In words for whoever named the host.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// It is not connected to such a place.
    #[error("the URL {0}")]
    Target(#[from] TargetError),
    /// None of its addresses took a connection.
    #[error("cannot connect: {0}")]
    Connect(io::ErrorKind),
    /// No TLS with who answered.
    #[error("no TLS with it: {0}")]
    Tls(io::Error),
    /// What answered does not speak HTTP/1.1, or went away.
    #[error("no HTTP answer: {0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A field of the request cannot be sent.
    #[error("the request cannot be written")]
    Request,
}

/// The certificate authorities that this machine trusts.
pub fn system_roots() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate authority of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        tracing::warn!("this machine trusts no certificate authority: webhooks cannot be told (ca-certificates)");
    }
    roots
}

impl Poster {
    /// One that trusts these authorities.
    pub fn new(
        policy: TargetPolicy,
        resolver: Arc<dyn Resolve>,
        roots: RootCertStore,
        timeout: Duration,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { policy, resolver, tls: Arc::new(tls), timeout })
    }

    /// Posts a body with these fields; answers the status, whatever it is.
    pub async fn post(&self, url: &str, fields: &[(HeaderName, String)], body: Vec<u8>) -> Result<u16, PostError> {
        let exchange = tokio::time::timeout(self.timeout, self.exchange(url, fields, body));
        exchange.await.map_err(|_| PostError::Timeout(self.timeout))?
    }

    async fn exchange(&self, url: &str, fields: &[(HeaderName, String)], body: Vec<u8>) -> Result<u16, PostError> {
        let target = Target::parse(url, self.policy)?;
        let request = request(&target, fields, body)?;
        let addresses = self.addresses(&target).await?;
        let stream = connect(&addresses).await.map_err(|error| PostError::Connect(error.kind()))?;
        let answer = if target.is_tls {
            let name = server_name(&target.host)?;
            let connected = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await;
            send(connected.map_err(PostError::Tls)?, request).await?
        } else {
            send(stream, request).await?
        };
        Ok(answer.status().as_u16())
    }

    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, PostError> {
        let resolved = match &target.host {
            TargetHost::Address(address) => vec![*address],
            TargetHost::Name(name) => self.resolver.addresses(name).await.map_err(|_| TargetError::Unresolved)?,
        };
        Ok(target.checked(&resolved, self.policy)?)
    }
}

fn request(target: &Target, fields: &[(HeaderName, String)], body: Vec<u8>) -> Result<Request<Full<Bytes>>, PostError> {
    let mut request = Request::post(&target.path).body(Full::new(body.into())).map_err(|_| PostError::Request)?;
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| PostError::Request);
    request.headers_mut().insert(HOST, value(&target.authority)?);
    for (name, text) in fields {
        request.headers_mut().insert(name, value(text)?);
    }
    Ok(request)
}

/// To the first that takes it.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn server_name(host: &TargetHost) -> Result<ServerName<'static>, PostError> {
    match host {
        TargetHost::Address(address) => Ok(ServerName::from(*address)),
        TargetHost::Name(name) => {
            let name = name.strip_suffix('.').unwrap_or(name).to_owned();
            ServerName::try_from(name).map_err(|_| TargetError::Url.into())
        }
    }
}

/// The connection is driven here, and ends with the answer's head.
async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Response<hyper::body::Incoming>, PostError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEAD_FIELDS_MAX);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let exchange = sender.send_request(request);
    tokio::pin!(exchange, connection);
    tokio::select! {
        answer = &mut exchange => Ok(answer?),
        ended = &mut connection => {
            ended?;
            Ok(exchange.await?)
        }
    }
}
