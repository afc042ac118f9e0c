//! The connection of a simulated ring: TCP, bare or within TLS.

use super::{SimulateError, SimulateOptions, Target, TlsFiles};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use suiftly_link::{read_certificates, read_key};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A receiver that takes nothing for so long is given up, so that stopping never hangs.
const IO_TIMEOUT: Duration = Duration::from_secs(5);

/// Where to connect to, and how.
pub(super) enum Connector {
    Tcp(SocketAddr),
    Tls { host: String, port: u16, name: ServerName<'static>, config: Arc<ClientConfig> },
}

/// A connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Connector {
    /// To a host by TLS.
    pub(super) fn tls(host: &str, port: u16, options: &SimulateOptions) -> Result<Self, SimulateError> {
        let open_error = |source| SimulateError::Open { to: options.to.clone(), source };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other).map_err(open_error)?;
        let config = Arc::new(client_config(&options.to, &options.tls)?);
        Ok(Self::Tls { host: host.to_owned(), port, name, config })
    }

    pub(super) fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(to) => connect(*to).map(Stream::Tcp),
            Self::Tls { host, port, name, config } => {
                let mut socket = connect_to_any((host.as_str(), *port).to_socket_addrs()?)?;
                let mut session = ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
                // At once, so that a refusal is told as such.
                while session.is_handshaking() {
                    session.complete_io(&mut socket)?;
                }
                Ok(Stream::Tls(Box::new(StreamOwned::new(session, socket))))
            }
        }
    }
}

impl Stream {
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Whether the receiver has said that it reads no more. What is written after that is lost, and no write would tell.
    pub(super) fn has_ended(&mut self) -> bool {
        match self {
            Self::Tcp(stream) => without_waiting(stream, |stream| stream.peek(&mut [0])) == Some(0),
            Self::Tls(stream) => {
                let StreamOwned { conn, sock } = stream.as_mut();
                while let Some(bytes) = without_waiting(sock, |mut socket| conn.read_tls(&mut socket)) {
                    match conn.process_new_packets() {
                        Ok(state) if bytes > 0 && !state.peer_has_closed() => {}
                        _ => return true,
                    }
                }
                false
            }
        }
    }

    /// Says that this was all; by TLS a receiver would else take the end for a cut.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
        }
    }
}

/// What a read answers that is not to wait; `None` if there is nothing to read, or no way to know.
fn without_waiting(socket: &TcpStream, read: impl FnOnce(&TcpStream) -> io::Result<usize>) -> Option<usize> {
    socket.set_nonblocking(true).ok()?;
    let read = read(socket).ok();
    socket.set_nonblocking(false).ok()?;
    read
}

fn client_config(to: &Target, files: &TlsFiles) -> Result<ClientConfig, SimulateError> {
    let open_error = |source| SimulateError::Open { to: to.clone(), source };
    let ca = files.ca.as_ref().ok_or_else(|| SimulateError::NoCa(to.clone()))?;
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates("CA certificate", ca)? {
        roots.add(certificate).map_err(io::Error::other).map_err(open_error)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other).map_err(open_error)?.with_root_certificates(roots);
    let Some((certificate, key)) = &files.client else { return Ok(builder.with_no_client_auth()) };
    let (certificates, key) = (read_certificates("TLS certificate", certificate)?, read_key("TLS key", key)?);
    builder.with_client_auth_cert(certificates, key).map_err(io::Error::other).map_err(open_error)
}

fn connect_to_any(addrs: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut outcome = Err(io::ErrorKind::NotFound.into());
    for to in addrs {
        outcome = connect(to);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, CONNECT_TIMEOUT)?;
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    Ok(stream)
}
