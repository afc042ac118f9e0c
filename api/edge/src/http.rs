//! A small HTTP/1.1 client: to the publisher, by plain text or TLS, with a bearer token; and to gateways' doors. One
//! connection a request; what is read is bounded in time and in size.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use serde::de::DeserializeOwned;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

/// From resolving the name to the head of the answer.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Of an answer's head at most, in bytes; also what is read at once.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Of a body that says why something was refused, in bytes.
const REASON_BYTES_MAX: usize = 8 << 10;

/// Somebody who is asked by HTTP.
#[derive(Clone)]
pub struct Http {
    base: Base,
    token: Option<HeaderValue>,
    tls: Option<Arc<ClientConfig>>,
}

/// `https://host:port/path`, taken apart.
#[derive(Clone, Debug)]
struct Base {
    host: String,
    port: u16,
    authority: HeaderValue,
    /// Without a slash at its end.
    path: String,
}

/// An answer, its body still to come.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    authority: String,
    body: Incoming,
    _connection: Driven,
}

/// The connection's task, which ends with it.
struct Driven(JoinHandle<()>);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why there is no answer, or none that helps. Names no token.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No address that can be asked.
    #[error("{url} is no address to ask: http://host:port or https://host:port")]
    Address {
        /// What it is.
        url: String,
    },
    /// A token that cannot be sent.
    #[error("the token holds characters that cannot be sent")]
    Token,
    /// Certificates cannot be used.
    #[error("cannot use the certificate authorities{}: {cause}", path.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default())]
    Roots {
        /// The file; `None`: the system's.
        path: Option<PathBuf>,
        /// Why.
        cause: String,
    },
    /// No connection.
    #[error("cannot connect to {authority}: {source}")]
    Connect {
        /// Whom.
        authority: String,
        /// Why.
        source: io::Error,
    },
    /// No TLS.
    #[error("no TLS with {authority}: {source}")]
    Tls {
        /// With whom.
        authority: String,
        /// Why.
        source: io::Error,
    },
    /// What answers does not speak HTTP/1.1, or went away.
    #[error("no HTTP answer from {authority}: {source}")]
    Http {
        /// From whom.
        authority: String,
        /// Why.
        source: hyper::Error,
    },
    /// It took too long.
    #[error("no answer from {authority} within {} ms", limit.as_millis())]
    Timeout {
        /// From whom.
        authority: String,
        /// How long was waited.
        limit: Duration,
    },
    /// Its body is not what was asked for.
    #[error("the answer from {authority} cannot be read: {cause}")]
    Body {
        /// Whose.
        authority: String,
        /// Why.
        cause: String,
    },
    /// It was refused.
    #[error("{authority} answered {status}{}", reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Status {
        /// Who.
        authority: String,
        /// With what.
        status: StatusCode,
        /// Why, where it says so.
        reason: Option<String>,
    },
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Http {
    /// Somebody at `url` (`http` or `https`), asked with this token if there is one. `ca`: the authorities to trust, as
    /// PEM; without it those of the system.
    pub fn new(url: &str, token: Option<&str>, ca: Option<&Path>) -> Result<Self, HttpError> {
        let (base, is_tls) = Base::parse(url).ok_or_else(|| HttpError::Address { url: url.to_owned() })?;
        let token = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))).transpose();
        let mut token = token.map_err(|_| HttpError::Token)?;
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        let tls = if is_tls { Some(Arc::new(trusting(ca)?.with_no_client_auth())) } else { None };
        Ok(Self { base, token, tls })
    }

    /// Where it is, for people: `host:port`.
    pub fn authority(&self) -> String {
        self.base.authority.to_str().unwrap_or_default().to_owned()
    }

    /// Asks for what lies at `path` behind the address. Another status than 2xx is an error.
    pub async fn get(&self, path: &str) -> Result<Answer, HttpError> {
        self.successful(self.send(Method::GET, path, &[], Bytes::new(), HEAD_TIMEOUT).await?).await
    }

    /// Posts JSON. Another status than 2xx is an error.
    pub async fn post(&self, path: &str, json: Vec<u8>) -> Result<Answer, HttpError> {
        let fields = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        self.successful(self.send(Method::POST, path, &fields, json.into(), HEAD_TIMEOUT).await?).await
    }

    /// Asks, and answers whatever status comes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(HeaderName, HeaderValue)],
        body: Bytes,
        limit: Duration,
    ) -> Result<Answer, HttpError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        let uri = format!("{}{path}", self.base.path);
        *request.uri_mut() = uri.parse().map_err(|_| HttpError::Address { url: uri })?;
        request.headers_mut().insert(HOST, self.base.authority.clone());
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
        }
        request.headers_mut().extend(fields.iter().cloned());
        let timeout = || HttpError::Timeout { authority: self.authority(), limit };
        tokio::time::timeout(limit, self.exchange(request)).await.map_err(|_| timeout())?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, HttpError> {
        let connect = |source| HttpError::Connect { authority: self.authority(), source };
        let stream = TcpStream::connect((self.base.host.as_str(), self.base.port)).await.map_err(connect)?;
        // Small requests that wait for nothing.
        stream.set_nodelay(true).map_err(connect)?;
        let Some(tls) = &self.tls else { return self.exchange_over(stream, request).await };
        let no_tls = |source| HttpError::Tls { authority: self.authority(), source };
        let name = ServerName::try_from(self.base.host.clone());
        let name = name.map_err(|error| no_tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(no_tls)?;
        self.exchange_over(stream, request).await
    }

    async fn exchange_over<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<Answer, HttpError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let failed = |source| HttpError::Http { authority: self.authority(), source };
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES_MAX);
        let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let connection = Driven(tokio::spawn(async move {
            // What went wrong is told to whoever waits for the answer.
            let _ = connection.await;
        }));
        let (parts, body) = sender.send_request(request).await.map_err(failed)?.into_parts();
        Ok(Answer { status: parts.status, authority: self.authority(), body, _connection: connection })
    }

    async fn successful(&self, answer: Answer) -> Result<Answer, HttpError> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let status = answer.status;
        let reason = tokio::time::timeout(HEAD_TIMEOUT, answer.reason()).await.ok().flatten();
        Err(HttpError::Status { authority: self.authority(), status, reason })
    }
}

impl Answer {
    /// The next bytes of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
                Some(Err(source)) => return Err(HttpError::Http { authority: self.authority.clone(), source }),
            }
        }
    }

    /// What the body says as JSON, of so many bytes at most.
    pub async fn json<T: DeserializeOwned>(self, bytes_max: usize) -> Result<T, HttpError> {
        let authority = self.authority;
        let failed = |cause: String| HttpError::Body { authority: authority.clone(), cause };
        let read = tokio::time::timeout(HEAD_TIMEOUT, Limited::new(self.body, bytes_max).collect()).await;
        let timeout = |_| HttpError::Timeout { authority: authority.clone(), limit: HEAD_TIMEOUT };
        let body = read.map_err(timeout)?.map_err(|error| failed(error.to_string()))?.to_bytes();
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
    }

    /// What a problem document says.
    async fn reason(self) -> Option<String> {
        let body = Limited::new(self.body, REASON_BYTES_MAX).collect().await.ok()?.to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&body).ok()?;
        problem["detail"].as_str().or(problem["title"].as_str()).map(str::to_owned)
    }
}

impl Base {
    fn parse(url: &str) -> Option<(Self, bool)> {
        let uri: Uri = url.parse().ok()?;
        let is_tls = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        if uri.query().is_some() || authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let path = uri.path().trim_end_matches('/').to_owned();
        let authority = HeaderValue::from_str(authority.as_str()).ok()?;
        (!host.is_empty()).then_some((Self { host, port, authority, path }, is_tls))
    }
}

/// Trusts the authorities in a file, or the system's; what certificate is shown is still to be said.
pub(crate) fn trusting(ca: Option<&Path>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, HttpError> {
    let failed = |cause: String| HttpError::Roots { path: ca.map(Path::to_owned), cause };
    let roots = match ca {
        Some(path) => authorities_of(path).map_err(failed)?,
        None => authorities_of_system(),
    };
    if roots.is_empty() {
        return Err(failed("there are none".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| failed(error.to_string()))?;
    Ok(builder.with_root_certificates(roots))
}

fn authorities_of(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        roots.add(certificate.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    }
    Ok(roots)
}

/// Those that cannot be read are left out.
fn authorities_of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests;
