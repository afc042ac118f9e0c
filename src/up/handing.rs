//! Connections that outlive this process: the service manager keeps them (`FDSTORE=1`) and passes them to the process that
//! it starts next, each under its name. Whoever was not started by one ends them.
//!
//! They go there only at an orderly end, when all that was read of them is in the journal. After a crash nobody knows
//! how much that was. Where the unit is stopped for good, the service manager closes them.

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use sd_notify::NotifyState;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;
use suiftly_ingest::error::IngestError;
use suiftly_ingest::listener::{HandedConnection, PassedSockets};
use suiftly_ingest::live::IngestHandle;

/// Where the service manager listens.
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// One that does not listen is not waited for.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// Ends ingest. With a service manager its connections go on.
pub(super) fn end(ingest: IngestHandle, timeout: Duration) -> Result<(), IngestError> {
    let Some(path) = std::env::var_os(NOTIFY_SOCKET) else { return ingest.shutdown(timeout) };
    let (connections, ended) = ingest.hand_over(timeout);
    if connections.is_empty() {
        return ended;
    }
    let kept = told_at(path.as_ref()).and_then(|manager| {
        let mut numbered = connections.iter().enumerate();
        numbered.try_for_each(|(number, connection)| keep(&manager, number, connection))
    });
    match kept {
        Ok(()) => tracing::info!(connections = connections.len(), "syslog connections wait for the next process"),
        Err(error) => tracing::warn!("syslog connections end here, the service manager did not take them: {error}"),
    }
    ended
}

/// The names that passed connections are kept under.
pub(super) fn names(passed: &PassedSockets) -> Vec<String> {
    passed.connections.iter().filter_map(|connection| connection.kept_as.clone()).collect()
}

/// Has connections forgotten that are about to be read: what stands in them is not where a frame begins any more, and who
/// ends one must be heard.
pub(super) fn take_out(names: &[String]) {
    for name in names {
        let name = format!("FDNAME={name}");
        let told = sd_notify::notify(false, &[NotifyState::Custom("FDSTOREREMOVE=1"), NotifyState::Custom(&name)]);
        if let Err(error) = told {
            tracing::warn!(%error, "the service manager was not told to forget a connection");
        }
    }
}

fn told_at(path: &std::path::Path) -> io::Result<UnixDatagram> {
    let manager = UnixDatagram::unbound()?;
    manager.connect(path)?;
    manager.set_write_timeout(Some(TOLD_WITHIN))?;
    Ok(manager)
}

fn keep(manager: &UnixDatagram, number: usize, connection: &HandedConnection) -> io::Result<()> {
    // It is kept though its sender may end it meanwhile: what was sent before is still to be read.
    let state = format!("FDSTORE=1\nFDNAME={}\nFDPOLL=0\n", connection.name(number));
    let descriptors = [connection.stream.as_raw_fd()];
    let with = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<()>(manager.as_raw_fd(), &[IoSlice::new(state.as_bytes())], &with, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}
