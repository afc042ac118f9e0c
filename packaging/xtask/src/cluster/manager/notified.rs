//! What a service tells its manager by `sd_notify(3)`, and what it leaves with it: descriptors for the one that comes after.

use anyhow::Context as _;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::fs;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

/// As systemd calls what has no name.
const UNNAMED: &str = "stored";
/// The kernel passes no more at once.
const DESCRIPTORS_MAX: usize = 253;
const MESSAGE_BYTES_MAX: usize = 4_096;
/// How long a message is waited for, before there is something else to be looked at.
const WAIT: Duration = Duration::from_millis(20);

/// A message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Message<'a> {
    is_ready: bool,
    stores: bool,
    removes: bool,
    name: Option<&'a str>,
}

impl<'a> Message<'a> {
    fn read(text: &'a str) -> Self {
        let mut message = Self::default();
        for line in text.lines() {
            match line.split_once('=') {
                Some(("READY", "1")) => message.is_ready = true,
                Some(("FDSTORE", "1")) => message.stores = true,
                Some(("FDSTOREREMOVE", "1")) => message.removes = true,
                Some(("FDNAME", name)) => message.name = Some(name),
                _ => {}
            }
        }
        message
    }
}

/// The manager's ear.
pub(super) struct Notified {
    socket: UnixDatagram,
    /// The running service has said that it serves.
    pub(super) is_ready: bool,
    /// By name, in the order in which they came.
    pub(super) stored: Vec<(String, OwnedFd)>,
}

impl Notified {
    /// Listens there from now on.
    pub(super) fn listen(path: &Path) -> anyhow::Result<Self> {
        // What an earlier manager left; fails if there is none.
        let _ = fs::remove_file(path);
        let socket = UnixDatagram::bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
        socket.set_read_timeout(Some(WAIT))?;
        Ok(Self { socket, is_ready: false, stored: Vec::new() })
    }

    /// Takes the next message; `false` if none comes within a moment.
    pub(super) fn wait(&mut self) -> anyhow::Result<bool> {
        self.take(RecvFlags::CMSG_CLOEXEC)
    }

    /// Takes all that there are.
    pub(super) fn drain(&mut self) -> anyhow::Result<()> {
        while self.take(RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT)? {}
        Ok(())
    }

    fn take(&mut self, flags: RecvFlags) -> anyhow::Result<bool> {
        let mut text = [0; MESSAGE_BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let length = match recvmsg(&self.socket, &mut [IoSliceMut::new(&mut text)], &mut control, flags) {
            Ok(received) => received.bytes,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(false),
            Err(error) => return Err(error).context("cannot hear what the service says"),
        };
        let mut passed = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                passed.extend(descriptors);
            }
        }
        self.heed(&Message::read(&String::from_utf8_lossy(&text[..length])), passed);
        Ok(true)
    }

    fn heed(&mut self, message: &Message<'_>, passed: Vec<OwnedFd>) {
        self.is_ready |= message.is_ready;
        let name = message.name.unwrap_or(UNNAMED);
        if message.removes {
            self.stored.retain(|(known, _)| known != name);
        }
        if message.stores {
            self.stored.extend(passed.into_iter().map(|descriptor| (name.to_owned(), descriptor)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    use std::fs::File;
    use std::io::IoSlice;
    use std::os::fd::AsFd;

    fn tell(path: &Path, text: &str, descriptor: Option<&File>) {
        let socket = UnixDatagram::unbound().unwrap();
        socket.connect(path).unwrap();
        let passed: Vec<_> = descriptor.iter().map(|file| file.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !passed.is_empty() {
            assert!(control.push(SendAncillaryMessage::ScmRights(&passed)));
        }
        sendmsg(&socket, &[IoSlice::new(text.as_bytes())], &mut control, SendFlags::empty()).unwrap();
    }

    #[test]
    fn what_is_said_is_understood() {
        for (text, message) in [
            ("READY=1\nSTATUS=FDSTORE=1", Message { is_ready: true, ..Message::default() }),
            ("FDSTORE=1\nFDNAME=tcp-7\n", Message { stores: true, name: Some("tcp-7"), ..Message::default() }),
            ("FDSTOREREMOVE=1\nFDNAME=tcp-7", Message { removes: true, name: Some("tcp-7"), ..Message::default() }),
            ("WATCHDOG=1\nREADY=0\nnonsense", Message::default()),
        ] {
            assert_eq!(Message::read(text), message, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_kept_by_its_name_until_it_is_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        let (path, file) = (dir.path().join("notify"), File::open("/dev/null").unwrap());
        let mut notified = Notified::listen(&path).unwrap();
        assert!(!notified.wait().unwrap());
        tell(&path, "FDSTORE=1\nFDNAME=a", Some(&file));
        tell(&path, "FDSTORE=1", Some(&file));
        tell(&path, "READY=1", None);
        // Passed, but not for keeping.
        tell(&path, "STATUS=busy", Some(&file));
        notified.drain().unwrap();
        let names = |notified: &Notified| notified.stored.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!((names(&notified), notified.is_ready), (vec!["a".to_owned(), "stored".to_owned()], true));
        tell(&path, "FDSTOREREMOVE=1\nFDNAME=a", None);
        assert!(notified.wait().unwrap());
        assert_eq!(names(&notified), ["stored"]);
    }
}
