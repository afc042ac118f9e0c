//! Sockets that systemd passed to this process (`LISTEN_FDS`): each goes to whoever listens at its address. Connections
//! that the process before has left there ([`super::handing`]) are known by their names (`LISTEN_FDNAMES`).

use crate::config::Config;
use anyhow::{Context, bail};
use listenfd::ListenFd;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use suiftly_api::PassedListeners;
use suiftly_ingest::listener::{HandedConnection, PassedSockets};

/// More than our units name, and the connections that they let be kept (`FileDescriptorStoreMax=`); more are a mistake.
const MAX_PASSED: usize = 64 + 4_096;

/// Takes them all. It changes the environment, so that children do not take them for theirs: to be called before there are
/// threads.
pub(crate) fn passed() -> anyhow::Result<PassedSockets> {
    let mut passed = ListenFd::from_env();
    let count = passed.len();
    anyhow::ensure!(count <= MAX_PASSED, "systemd passed {count} sockets: at most {MAX_PASSED} can be used");
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names = names.split(':').chain(std::iter::repeat(""));
    let mut sockets = PassedSockets::default();
    for (at, name) in (0..count).zip(names) {
        let which = || format!("cannot use socket {} of the {count} that systemd passed", at + 1);
        take(&mut passed, (at, name), &mut sockets).with_context(which)?;
    }
    Ok(sockets)
}

fn take(passed: &mut ListenFd, (at, name): (usize, &str), sockets: &mut PassedSockets) -> anyhow::Result<()> {
    // Each attempt leaves it where it is if it is of another kind.
    if let Ok(Some(udp)) = passed.take_udp_socket(at) {
        sockets.udp.push(udp);
    } else if let Ok(Some(tcp)) = passed.take_tcp_listener(at) {
        if nix::sys::socket::getsockopt(&tcp, nix::sys::socket::sockopt::AcceptConn)? {
            sockets.tcp.push(tcp);
        } else {
            let kept = HandedConnection::kept(name, TcpStream::from(OwnedFd::from(tcp)));
            sockets.connections.push(kept.context("it is a TCP socket that does not listen")?);
        }
    } else if let Ok(Some(unix)) = passed.take_unix_datagram(at) {
        sockets.unix.push(unix);
    } else {
        bail!(
            "it is neither of UDP, nor listening by TCP, nor a Unix datagram socket: see ListenStream= and ListenDatagram="
        );
    }
    Ok(())
}

/// Those of the two HTTP servers, out of all.
pub(super) fn of_api(sockets: &mut PassedSockets, config: &Config) -> PassedListeners {
    PassedListeners { api: sockets.take_tcp(config.api.listen), admin: sockets.take_tcp(config.admin.listen) }
}
