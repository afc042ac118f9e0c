//! Where the local system's program is, where it keeps its data, and which ports it takes.

use std::ffi::OsStr;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The program that is the whole system.
const PROGRAM: &str = "suiftly";

/// Its ports on this machine, those of its own defaults.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// The customers' API.
    pub api: SocketAddr,
    /// The operators' API.
    pub admin: SocketAddr,
    /// Syslog, by UDP and by TCP.
    pub syslog: SocketAddr,
}

impl Default for Ports {
    fn default() -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { api: local(3000), admin: local(3001), syslog: local(5514) }
    }
}

impl Ports {
    /// Looks whether somebody else has one of them.
    ///
    /// # Errors
    /// If so: a sentence that names it.
    pub fn check_free(&self) -> Result<(), String> {
        let taken = |what: &str, address: SocketAddr, error: std::io::Error| {
            format!("{address}, for {what}, cannot be had ({error}): stop what runs there, or connect to it")
        };
        for (what, address) in [("customers", self.api), ("operators", self.admin), ("syslog", self.syslog)] {
            TcpListener::bind(address).map_err(|error| taken(what, address, error))?;
        }
        UdpSocket::bind(self.syslog).map_err(|error| taken("syslog", self.syslog, error))?;
        Ok(())
    }

    /// As variables of the program's environment.
    pub(super) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("SUIFTLY_API__LISTEN", self.api.to_string()),
            ("SUIFTLY_ADMIN__LISTEN", self.admin.to_string()),
            ("SUIFTLY_INGEST__LISTEN", self.syslog.to_string()),
        ]
    }
}

/// The program: beside this one, or else the first in the path.
#[must_use]
pub fn find_program(beside: Option<&Path>, path: Option<&OsStr>) -> Option<PathBuf> {
    let folders = path.map(std::env::split_paths).into_iter().flatten();
    let beside = beside.and_then(Path::parent).map(Path::to_owned);
    beside.into_iter().chain(folders).map(|folder| folder.join(PROGRAM)).find(|program| is_program(program))
}

fn is_program(path: &Path) -> bool {
    path.is_absolute() && path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_beside_wins_over_the_path() {
        let home = tempfile::tempdir().expect("a folder");
        let make = |folder: &str, mode| {
            let folder = home.path().join(folder);
            std::fs::create_dir_all(&folder).expect("made");
            let program = folder.join(PROGRAM);
            std::fs::write(&program, "").expect("written");
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(mode)).expect("set");
            program
        };
        let console = home.path().join("here/suiftly-console");
        let path = std::env::join_paths(["empty", "data", "there"].map(|name| home.path().join(name))).expect("a path");
        let find = || find_program(Some(&console), Some(&path));
        assert_eq!(find(), None);
        make("data", 0o644);
        let there = make("there", 0o755);
        assert_eq!(find(), Some(there));
        let here = make("here", 0o755);
        assert_eq!(find(), Some(here));
        assert_eq!(
            find_program(None, Some(OsStr::new("."))),
            None,
            "the folder one stands in is no place for programs"
        );
    }

    #[test]
    fn a_taken_port_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = taken.local_addr().expect("bound");
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let ports = Ports { api: free, admin: address, syslog: free };
        let error = ports.check_free().expect_err("taken");
        assert!(error.contains(&format!("{address}, for operators")), "{error}");
        drop(taken);
        ports.check_free().expect("free again");
    }
}
