//! A Unix datagram socket: for senders on this machine.
//!
//! Nothing is lost in the kernel: when its queue is full (`net.unix.max_dgram_qlen` datagrams, 10 by default), the
//! sender is told. rsyslog's `omuxsock` and `logger` wait then; HAProxy does not, it drops the line and counts it in
//! `DroppedLogs`.

use super::datagrams::DatagramSocket;
use crate::source::{Fingerprint, Source, Transport};
use std::fs::Permissions;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Owner and group may send.
const MODE: u32 = 0o660;
const QUEUE_LENGTH: &str = "/proc/sys/net/unix/max_dgram_qlen";
/// What the kernel says of it where it is not configured.
const USUAL_QUEUE_LENGTH: f64 = 10.0;

/// The socket. Its file, if it is ours, is removed when it is dropped, or told that no more need come.
#[derive(Debug)]
pub(super) struct UnixSocket {
    socket: UnixDatagram,
    source: Source,
    queue_length: f64,
    file: Option<SocketFile>,
}

impl UnixSocket {
    /// Binds it, in place of one that nobody listens on.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        remove_if_stale(path)?;
        let socket = UnixDatagram::bind(path)?;
        let file = SocketFile::of(path)?;
        std::fs::set_permissions(path, Permissions::from_mode(MODE))?;
        Ok(Self::new(socket, path, Some(file)))
    }

    /// One that is bound already: its file belongs to whoever bound it.
    pub(super) fn adopt(socket: UnixDatagram, path: &Path) -> io::Result<Self> {
        socket.set_nonblocking(false)?;
        Ok(Self::new(socket, path, None))
    }

    fn new(socket: UnixDatagram, path: &Path, file: Option<SocketFile>) -> Self {
        let queue_length = std::fs::read_to_string(QUEUE_LENGTH).ok().and_then(|text| text.trim().parse().ok());
        let queue_length = queue_length.unwrap_or(USUAL_QUEUE_LENGTH);
        Self { socket, source: Source::Unix(Fingerprint::of_path(path)), queue_length, file }
    }
}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl DatagramSocket for UnixSocket {
    type Address = ();
    const TRANSPORT: Transport = Transport::Unix;

    fn source(&self, _: Option<&()>) -> Source {
        self.source
    }

    fn capacity(&self) -> f64 {
        self.queue_length
    }

    fn close_door(&mut self) {
        self.file = None;
    }
}

/// A socket's file, removed when this is dropped, unless another has taken its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), inode: inode(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|inode| inode == self.inode)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!("cannot remove the socket {}: {error}", self.path.display());
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn remove_if_stale(path: &Path) -> io::Result<()> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is no socket"));
    }
    match UnixDatagram::unbound()?.connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
        Ok(()) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_stale_socket_is_replaced_and_nothing_else() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("log");
        drop(UnixDatagram::bind(&path).unwrap());
        assert!(path.exists(), "as a killed process leaves it");
        let socket = UnixSocket::bind(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, MODE);
        assert_eq!(UnixSocket::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(socket);
        assert!(!path.exists());

        std::fs::write(&path, "a file").unwrap();
        assert_eq!(UnixSocket::bind(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"a file");
        std::fs::remove_file(&path).unwrap();
        let _stream = UnixListener::bind(&path).unwrap();
        assert!(UnixSocket::bind(&path).is_err(), "a socket of another kind, in use");
        assert!(path.exists());
    }

    #[test]
    fn a_socket_that_was_passed_keeps_its_file() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("log");
        let passed = UnixDatagram::bind(&path).unwrap();
        drop(UnixSocket::adopt(passed.try_clone().unwrap(), &path).unwrap());
        UnixDatagram::unbound().unwrap().send_to(b"line", &path).unwrap();
        assert_eq!(passed.recv(&mut [0; 8]).unwrap(), 4);
    }

    #[test]
    fn a_successors_socket_is_left_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("log");
        let first = UnixSocket::bind(&path).unwrap();
        std::fs::rename(&path, dir.path().join("moved")).unwrap();
        let _second = UnixSocket::bind(&path).unwrap();
        drop(first);
        assert!(path.exists());
    }
}
