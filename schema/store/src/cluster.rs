//! The private PostgreSQL server: the distribution's software, a data directory of its own, a Unix socket, no network.
//!
//! It promises: nobody but this account (and root, if we are root) can connect, since the socket stands in a directory
//! of mode 0700 and the server asks the kernel who is calling (peer authentication); no password is kept anywhere.
//! The server never runs as root. It outlives us: after a `kill -9` the next start finds it running and goes on with
//! it, and only [`Cluster::stop`] ends it.
//!
//! These calls block, for some seconds at a first start.

mod account;
mod install;
mod layout;

pub(crate) use install::{installed_bins, release_of_program};
pub use layout::MAX_CONNECTIONS;

use crate::StoreError;
use crate::config::StoreConfig;
use crate::role::{RUN_ROLE, Roles};
use account::Account;
use install::Install;
use layout::{Layout, PORT, USER};
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long the server may take to start, recovery after a crash included, or to stop.
pub const START_TIMEOUT: Duration = Duration::from_secs(120);
/// How often a server that is starting is asked whether it is ready.
const READY_POLL: Duration = Duration::from_millis(50);

/// PostgreSQL's own lock of its data directory.
const PID_FILE: &str = "postmaster.pid";

/// A running private cluster. Dropping it leaves the server running.
#[derive(Debug)]
pub struct Cluster {
    install: Install,
    account: Account,
    layout: Layout,
    /// The server, if it is us who started it: to be reaped when it is stopped.
    child: Option<Child>,
}

impl Cluster {
    /// Makes the cluster in `dir` if there is none, starts its server if it does not run, and waits until it is ready.
    ///
    /// `dir` is made if missing; it belongs to the cluster alone. Several processes may call this at once.
    pub fn start(dir: &Path) -> Result<Self, StoreError> {
        let mut cluster = Self::find(dir)?;
        let _alone = lock(&cluster.layout)?;
        cluster.bring_up()?;
        Ok(cluster)
    }

    /// The cluster in `dir`, or one that could be made there, without starting anything: to stop it.
    pub fn find(dir: &Path) -> Result<Self, StoreError> {
        let account = Account::choose()?;
        let dir = make_directory(dir)?;
        account.check_owner_of(&dir)?;
        account.check_way_to(&dir)?;
        let layout = Layout::of(&dir);
        let install = match layout.release() {
            Some(release) => Install::find_release(release)?,
            None => Install::find()?,
        };
        Ok(Self { install, account, layout, child: None })
    }

    /// How to use one of its databases, which need not exist yet: by its owner, and by a role without DDL that is made
    /// when the database is opened.
    pub fn roles(&self, database: &str) -> Roles {
        let owner = self.connection_config(database);
        Roles { run: owner.with_user(RUN_ROLE), owner: Some(owner), makes_run_role: true, is_strict: false }
    }

    /// Where to find one of its databases, which need not exist yet, as the cluster's superuser.
    pub fn connection_config(&self, database: &str) -> StoreConfig {
        StoreConfig::on_socket(&self.layout.socket, PORT, USER, database)
    }

    /// Whether this call launched the server, and not a process before it.
    pub const fn is_ours_to_stop(&self) -> bool {
        self.child.is_some()
    }

    /// Where it keeps everything, without symbolic links in the path.
    pub fn directory(&self) -> &Path {
        &self.layout.dir
    }

    /// The PostgreSQL release, such as 15.
    pub const fn release(&self) -> u32 {
        self.install.release
    }

    /// The file that the server writes its log to.
    pub fn log_file(&self) -> &Path {
        &self.layout.log
    }

    /// Stops the server: open transactions are rolled back, connections closed, everything is on disk.
    pub fn stop(mut self) -> Result<(), StoreError> {
        let _alone = lock(&self.layout)?;
        if self.postmaster().is_some() {
            let mut command = self.account.command(&self.install.program("pg_ctl"));
            command.arg("-D").arg(&self.layout.data).current_dir(&self.layout.data);
            command.args(["stop", "-m", "fast", "-w", "-t"]).arg(START_TIMEOUT.as_secs().to_string());
            run(&mut command, "stop PostgreSQL")?;
        }
        if let Some(mut child) = self.child.take() {
            child.wait().map_err(|error| StoreError::cluster("wait for PostgreSQL's end", error))?;
        }
        // Empty now; it may stand outside of our directory.
        let _ = fs::remove_dir(&self.layout.socket);
        Ok(())
    }

    fn bring_up(&mut self) -> Result<(), StoreError> {
        if self.layout.release().is_none() {
            self.initialise()?;
        }
        self.account.make_private_directory(&self.layout.socket)?;
        match self.postmaster() {
            Some(pid) => {
                tracing::info!(pid, "PostgreSQL is running already");
                self.renew_identities()?;
            }
            None => self.launch()?,
        }
        self.wait_until_ready()
    }

    /// `initdb` into a directory beside the final one, renamed when it is whole: a half made one is never taken for it.
    fn initialise(&self) -> Result<(), StoreError> {
        let unfinished = self.layout.data.with_extension("new");
        let attempted = |error| StoreError::cluster(format!("make {}", self.layout.data.display()), error);
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(attempted)?;
        }
        self.account.make_private_directory(&unfinished)?;
        let mut command = self.account.command(&self.install.program("initdb"));
        command
            .args(["--encoding=UTF8", "--locale=C", "--auth=peer", "--username", USER, "--data-checksums", "-D"])
            .arg(&unfinished)
            .current_dir(&unfinished);
        run(&mut command, "set up a PostgreSQL cluster")?;
        fs::rename(&unfinished, &self.layout.data).map_err(attempted)?;
        tracing::info!(directory = %self.layout.data.display(), release = self.release(), "PostgreSQL cluster made");
        Ok(())
    }

    /// Not by `pg_ctl start`, which hands paths to a shell. A process group of its own keeps Ctrl-C from it.
    fn launch(&mut self) -> Result<(), StoreError> {
        self.remove_stale_locks()?;
        let log = self.layout.open_log(&self.account)?;
        self.layout.write_configuration(&self.account, &self.install)?;
        let attempted = |error| StoreError::cluster("start PostgreSQL", error);
        let mut command = self.account.command(&self.install.program("postgres"));
        command.arg("-D").arg(&self.layout.data).current_dir(&self.layout.data).env("LC_ALL", "C").process_group(0);
        command.stdin(Stdio::null()).stdout(log.try_clone().map_err(attempted)?).stderr(log);
        self.child = Some(command.spawn().map_err(attempted)?);
        Ok(())
    }

    /// A server that an older version of us started does not know of all users.
    fn renew_identities(&self) -> Result<(), StoreError> {
        if !self.layout.write_identities(&self.account)? {
            return Ok(());
        }
        let mut command = self.account.command(&self.install.program("pg_ctl"));
        command.arg("reload").arg("-D").arg(&self.layout.data).current_dir(&self.layout.data);
        run(&mut command, "have PostgreSQL read its configuration again")
    }

    /// The process id of the running server. The pid file alone proves nothing (a crash leaves it, and the number may
    /// be somebody else's by now); a process named in it that stands in the data directory, as servers do, is it.
    fn postmaster(&self) -> Option<u32> {
        let pid = first_number(&self.layout.data.join(PID_FILE))?;
        let stands_in = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (stands_in == self.layout.data).then_some(pid)
    }

    /// PostgreSQL refuses to start while there is a process by the number in its lock files, even if that is another
    /// program that got the number after a reboot, or a dead server that nobody has reaped. If there is none,
    /// PostgreSQL copes by itself. In each case it still checks the shared memory of a former server.
    fn remove_stale_locks(&self) -> Result<(), StoreError> {
        for path in [self.layout.data.join(PID_FILE), self.layout.socket.join(format!(".s.PGSQL.{PORT}.lock"))] {
            let Some(pid) = first_number(&path) else { continue };
            let status = fs::read_to_string(format!("/proc/{pid}/stat"));
            if status.is_ok_and(|status| !is_living_server(&status)) {
                fs::remove_file(&path)
                    .map_err(|error| StoreError::cluster(format!("remove the stale {}", path.display()), error))?;
            }
        }
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<(), StoreError> {
        let since = Instant::now();
        while !self.is_ready() {
            if !self.is_alive() {
                return Err(self.start_error("it ended"));
            }
            if since.elapsed() > START_TIMEOUT {
                return Err(self.start_error("it does not answer"));
            }
            thread::sleep(READY_POLL);
        }
        Ok(())
    }

    fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => self.postmaster().is_some(),
        }
    }

    fn start_error(&self, what: &str) -> StoreError {
        let log = fs::read(&self.layout.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let said = log.lines().rfind(|line| line.contains("FATAL") || line.contains("PANIC"));
        let said = said.unwrap_or("nothing fatal");
        StoreError::cluster("start PostgreSQL", format!("{what}; its log {} says: {said}", self.layout.log.display()))
    }

    fn is_ready(&self) -> bool {
        let mut command = self.account.command(&self.install.program("pg_isready"));
        command.arg("-q").arg("-h").arg(&self.layout.socket).args(["-p", &PORT.to_string(), "-d", "postgres"]);
        command.current_dir(&self.layout.data).status().is_ok_and(|status| status.success())
    }
}

/// The number in the first line of a lock file of PostgreSQL's.
fn first_number(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.lines().next()?.trim().parse().ok()
}

/// By a line of `/proc/PID/stat`: `12 (postgres) S …`; Z is a zombie.
fn is_living_server(status: &str) -> bool {
    let name_and_state = status.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    name_and_state
        .is_some_and(|(name, state)| name.starts_with("postgres") && !state.trim_start().starts_with(['Z', 'X']))
}

/// Makes the directory and resolves it: the server's idea of its path, and ours of its socket, must not depend on links.
fn make_directory(dir: &Path) -> Result<PathBuf, StoreError> {
    let attempted = |error| StoreError::cluster(format!("make the directory {}", dir.display()), error);
    fs::create_dir_all(dir).map_err(attempted)?;
    dir.canonicalize().map_err(attempted)
}

/// Waits until no other process starts or stops this cluster. The lock goes with the process that holds it.
fn lock(layout: &Layout) -> Result<Flock<File>, StoreError> {
    let attempted = || format!("lock {}", layout.lock.display());
    let file = File::create(&layout.lock).map_err(|error| StoreError::cluster(attempted(), error))?;
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| StoreError::cluster(attempted(), error))
}

/// Runs a command to its end; on failure its last words are the cause.
fn run(command: &mut Command, attempted: &str) -> Result<(), StoreError> {
    let output = command
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .output()
        .map_err(|error| StoreError::cluster(attempted, format!("{}: {error}", command.get_program().display())))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(StoreError::cluster(attempted, format!("{} ({})", last.trim(), output.status)))
}

#[cfg(test)]
mod tests {
    use super::is_living_server;

    #[test]
    fn the_dead_and_the_strangers_are_told_from_a_server() {
        let cases = [
            ("12 (postgres) S 1 12 12 0", true),
            ("12 (postgres) Z 1 12 12 0", false),
            ("12 (node) R 1", false),
            ("12 (odd ) Z (name) S 1", false),
            ("", false),
        ];
        for (status, living) in cases {
            assert_eq!(is_living_server(status), living, "{status}");
        }
    }
}
