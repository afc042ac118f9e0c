//! Where lines go: an ingester's listener for connections, by plain text or TLS.
//!
//! Syslog has no acknowledgement. A home has taken what was sent when it ends the connection after us: then it has read all
//! of it. Whether it is in the journal, the loss meter tells.

use crate::http::{HttpError, trusting};
use hyper::Uri;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long connecting, and each write and read, may take.
const STEP_TIME_MAX: Duration = Duration::from_secs(5);
/// Who is away is tried again after this.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// After a home was away HAProxy's own rings send what they hold: they come first. Only what is wanted after that is sent.
const SETTLE_TIME: Duration = Duration::from_secs(3);

/// A listener for log lines.
#[derive(Clone)]
pub struct Home {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
}

/// The files for TLS with homes.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsFiles<'a> {
    /// Who signed homes' certificates; `None`: whom the system trusts.
    pub ca: Option<&'a Path>,
    /// The certificate that is shown, and its key.
    pub pair: Option<(&'a Path, &'a Path)>,
}

/// Why a home cannot be named so.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// No address of a home.
    #[error("{url} is no address for lines: tcp://host:port or tls://host:port")]
    Address {
        /// What it is.
        url: String,
    },
    /// Certificate authorities cannot be used.
    #[error(transparent)]
    Roots(#[from] HttpError),
    /// The certificate that is to be shown cannot be used.
    #[error("cannot use the certificate in {} with the key in {}: {cause}", certificate.display(), key.display())]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
        /// Why.
        cause: String,
    },
}

/// Whether this is an address of a home. No file is looked at.
pub fn is_home(url: &str) -> bool {
    address(url).is_some()
}

/// Whether lines to this address go over the wire for others to read.
pub fn goes_in_plain_text(url: &str) -> bool {
    address(url).is_some_and(|(host, _, is_tls)| {
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        !is_tls && !is_here
    })
}

/// Host, port, and whether by TLS.
fn address(url: &str) -> Option<(String, u16, bool)> {
    let uri: Uri = url.parse().ok()?;
    let is_tls = match uri.scheme_str()? {
        "tcp" => false,
        "tls" => true,
        _ => return None,
    };
    let authority = uri.authority()?;
    let is_plain = matches!(uri.path(), "" | "/") && uri.query().is_none() && !authority.as_str().contains('@');
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16()?;
    (is_plain && !host.is_empty()).then_some((host, port, is_tls))
}

impl Home {
    /// `tcp://host:port`, or `tls://host:port` with these files. Nothing is opened yet but files.
    pub fn new(url: &str, files: TlsFiles<'_>) -> Result<Self, HomeError> {
        let (host, port, is_tls) = address(url).ok_or_else(|| HomeError::Address { url: url.to_owned() })?;
        let tls = if is_tls { Some(Arc::new(tls(files)?)) } else { None };
        Ok(Self { host, port, tls })
    }

    /// Looks whether somebody listens there.
    fn knock(&self) -> io::Result<()> {
        self.connect().map(drop)
    }

    /// Sends these bytes over a connection of their own, and returns when all of them were read.
    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.connect()?;
        let Some(tls) = &self.tls else {
            stream.write_all(bytes)?;
            stream.shutdown(Shutdown::Write)?;
            return await_end(&mut stream);
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        stream.write_all(bytes)?;
        stream.conn.send_close_notify();
        stream.flush()?;
        stream.sock.shutdown(Shutdown::Write)?;
        await_end(&mut stream)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            outcome = TcpStream::connect_timeout(&address, STEP_TIME_MAX);
            if outcome.is_ok() {
                break;
            }
        }
        let stream = outcome?;
        stream.set_read_timeout(Some(STEP_TIME_MAX))?;
        stream.set_write_timeout(Some(STEP_TIME_MAX))?;
        Ok(stream)
    }
}

/// A home says nothing; it ends the connection when it has read ours to its end.
fn await_end(stream: &mut impl Read) -> io::Result<()> {
    let mut said = [0; 1_024];
    loop {
        match stream.read(&mut said) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                // The end without TLS' own goodbye: after ours, nobody cuts anything off by it.
                io::ErrorKind::UnexpectedEof => return Ok(()),
                _ => return Err(error),
            },
        }
    }
}

fn tls(files: TlsFiles<'_>) -> Result<ClientConfig, HomeError> {
    let trusting = trusting(files.ca)?;
    let Some((certificate, key)) = files.pair else { return Ok(trusting.with_no_client_auth()) };
    let failed = |cause| HomeError::Pair { certificate: certificate.to_owned(), key: key.to_owned(), cause };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(|found| found.collect::<Result<Vec<_>, _>>());
    let chain = chain.map_err(|error| failed(error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(error.to_string()))?;
    trusting.with_client_auth_cert(chain, private).map_err(|error| failed(error.to_string()))
}

/// For people: without keys.
impl fmt::Debug for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls.is_some() { "tls" } else { "tcp" }, self.host, self.port)
    }
}

/// The homes of a gateway, of which one is enough.
#[derive(Debug)]
pub(crate) struct Homes {
    homes: Vec<Home>,
    /// Whose turn it is: should one take lines and lose them, the next is asked when they are still wanted.
    next: usize,
    /// When they are looked for again, while none takes anything.
    away_until: Option<Instant>,
    /// Answers from before do not count.
    settled_at: Option<Instant>,
}

impl Homes {
    pub(crate) const fn new(homes: Vec<Home>) -> Self {
        Self { homes, next: 0, away_until: None, settled_at: None }
    }

    /// Whether what an answer of then asks for may be sent. Looks for homes that were away.
    pub(crate) fn are_ready(&mut self, answered_at: Instant, now: Instant) -> bool {
        match self.away_until {
            Some(until) if now < until => false,
            Some(_) => {
                let is_back = self.homes.iter().any(|home| home.knock().is_ok());
                self.away_until = (!is_back).then(|| now + RETRY_AFTER);
                self.settled_at = is_back.then(|| now + SETTLE_TIME);
                false
            }
            None => self.settled_at.is_none_or(|at| answered_at >= at),
        }
    }

    /// Sends these bytes to the first that takes them, in turn. An error says what each of them did.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut troubles = Vec::new();
        for _ in 0..self.homes.len() {
            let home = &self.homes[self.next % self.homes.len()];
            self.next = (self.next + 1) % self.homes.len();
            match home.send(bytes) {
                Ok(()) => return Ok(()),
                Err(error) => troubles.push(format!("{home}: {error}")),
            }
        }
        self.away_until = Some(Instant::now() + RETRY_AFTER);
        Err(troubles.join("; "))
    }
}

#[cfg(test)]
mod tests;
