//! Where a private cluster keeps its things, and the configuration files it is started with.

use super::account::Account;
use super::install::Install;
use crate::StoreError;
use crate::role::RUN_ROLE;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The port; only part of the socket's file name, since no network address is listened on.
pub(super) const PORT: u16 = 5432;
/// The cluster's superuser, who owns and migrates its databases.
pub(super) const USER: &str = "suiftly";
/// How many connections the server takes.
pub const MAX_CONNECTIONS: u32 = 60;
/// Which account may be which user.
const IDENTITIES: &str = "pg_ident.conf";
/// A log file longer than this is set aside at the next start, in place of the one set aside before.
const LOG_BYTES_MAX: u64 = 16 << 20;
/// The longest path a Unix socket may have, by the kernel's `sockaddr_un`.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The paths of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// All of it.
    pub(super) dir: PathBuf,
    /// PostgreSQL's own data directory.
    pub(super) data: PathBuf,
    /// Holds the socket and nothing else; mode 0700.
    pub(super) socket: PathBuf,
    /// What the server says.
    pub(super) log: PathBuf,
    /// Held locked while a process starts or stops the cluster.
    pub(super) lock: PathBuf,
}

impl Layout {
    /// The layout of the cluster in `dir`, an absolute path.
    pub(super) fn of(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            data: dir.join("data"),
            socket: socket_directory(dir),
            log: dir.join("postgres.log"),
            lock: dir.join("lock"),
        }
    }

    /// The release that made the data directory; `None` before there is one.
    pub(super) fn release(&self) -> Option<u32> {
        fs::read_to_string(self.data.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// Opens the log file, to be the account's, at its end; an overlong one is set aside.
    pub(super) fn open_log(&self, account: &Account) -> Result<fs::File, StoreError> {
        let attempted = |error| StoreError::cluster(format!("write the log file {}", self.log.display()), error);
        if fs::metadata(&self.log).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            fs::rename(&self.log, self.log.with_extension("log.old")).map_err(attempted)?;
        }
        let file = fs::OpenOptions::new().create(true).append(true).open(&self.log).map_err(attempted)?;
        account.give(&self.log)?;
        Ok(file)
    }

    /// Writes the server's configuration anew: it is ours, so what an older version of us wrote must not stay.
    pub(super) fn write_configuration(&self, account: &Account, install: &Install) -> Result<(), StoreError> {
        self.write(account, "postgresql.conf", &settings(&self.socket, install.has_timescale()))?;
        self.write(account, "pg_hba.conf", "local all all peer map=suiftly\n")?;
        self.write_identities(account).map(|_| ())
    }

    /// Writes down which accounts may be which user. Whether that is news to a running server.
    pub(super) fn write_identities(&self, account: &Account) -> Result<bool, StoreError> {
        let map = account.peers().iter().fold(String::new(), |mut map, name| {
            let name = quoted_name(name);
            let _ = writeln!(map, "suiftly {name} {USER}\nsuiftly {name} {RUN_ROLE}");
            map
        });
        let is_news = fs::read_to_string(self.data.join(IDENTITIES)).is_ok_and(|found| found != map);
        self.write(account, IDENTITIES, &map).map(|()| is_news)
    }

    fn write(&self, account: &Account, name: &str, content: &str) -> Result<(), StoreError> {
        let path = self.data.join(name);
        let fresh = self.data.join(format!("{name}.new"));
        let attempted = |error| StoreError::cluster(format!("write {}", path.display()), error);
        fs::write(&fresh, content).map_err(attempted)?;
        account.give(&fresh)?;
        fs::rename(&fresh, &path).map_err(attempted)
    }
}

/// Beside the data if the path will do for a socket, else under `/run` (root) or the directory for temporary files, by a
/// name that the data directory decides, so that a later process finds the same.
fn socket_directory(dir: &Path) -> PathBuf {
    let beside = dir.join("socket");
    if fits(&beside) {
        return beside;
    }
    let name = format!("suiftly-pg-{}", HEXLOWER.encode(&Sha256::digest(dir.as_os_str().as_bytes())[..8]));
    let root = if nix::unistd::Uid::effective().is_root() { PathBuf::from("/run") } else { std::env::temp_dir() };
    root.join(name)
}

/// Short enough; and without a comma, which PostgreSQL's own clients take for the end of a name.
fn fits(directory: &Path) -> bool {
    let socket = directory.join(format!(".s.PGSQL.{PORT}.lock"));
    let path = socket.as_os_str().as_bytes();
    path.len() <= SOCKET_PATH_BYTES_MAX && !path.contains(&b',')
}

/// Small, but safe: everything that could lose a commit is on.
fn settings(socket: &Path, timescale: bool) -> String {
    let mut settings = format!(
        "# Written by suiftly at every start; changes here do not last.\n\
         listen_addresses = ''\n\
         unix_socket_directories = {socket}\n\
         unix_socket_permissions = 0700\n\
         port = {PORT}\n\
         max_connections = {MAX_CONNECTIONS}\n\
         shared_buffers = 128MB\n\
         fsync = on\n\
         full_page_writes = on\n\
         synchronous_commit = on\n\
         wal_compression = on\n\
         max_wal_size = 1GB\n\
         checkpoint_timeout = 15min\n\
         jit = off\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         lc_messages = 'C'\n\
         log_line_prefix = '%m [%p] '\n\
         log_checkpoints = off\n\
         log_min_messages = warning\n\
         log_min_error_statement = panic\n",
        // A list, whose names may stand in double quotes.
        socket = quoted_setting(&quoted_name(&socket.display().to_string())),
    );
    if timescale {
        settings.push_str("shared_preload_libraries = 'timescaledb'\ntimescaledb.telemetry_level = off\n");
    }
    settings
}

fn quoted_setting(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfit_paths_get_a_socket_directory_of_their_own() {
        let short = Path::new("/var/lib/suiftly/pg");
        assert_eq!(socket_directory(short), short.join("socket"));
        assert!(!socket_directory(Path::new("/var/a,b")).starts_with("/var"));
        let long = |end: &str| PathBuf::from(format!("/{}/{end}", "d".repeat(100)));
        let (a, b) = (socket_directory(&long("a")), socket_directory(&long("b")));
        assert_ne!(a, b);
        assert_eq!(a, socket_directory(&long("a")));
        assert!(fits(&a) || a.starts_with(std::env::temp_dir()));
    }

    #[test]
    fn values_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted_setting(r"/it's\here"), r"'/it''s\\here'");
        assert_eq!(quoted_name(r#"a"b"#), r#""a""b""#);
    }
}
