//! The private cluster's life: made, found running, killed, moved behind long paths, stopped.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use suiftly_store::StoreError;
use suiftly_store::cluster::Cluster;
use suiftly_store::migrate::migrate;
use suiftly_store::price::price_books;

fn open_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    directory
}

/// Stops the server of a test that fails, too.
struct Stopped(PathBuf);

impl Drop for Stopped {
    fn drop(&mut self) {
        let path = self.0.join("data/postmaster.pid");
        let pid = fs::read_to_string(path).ok().and_then(|content| content.lines().next()?.parse().ok());
        if let Some(pid) = pid.filter(|&pid| pid != std::process::id().cast_signed()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
    }
}

fn postmaster(directory: &Path) -> i32 {
    let content = fs::read_to_string(directory.join("data/postmaster.pid")).unwrap();
    content.lines().next().unwrap().parse().unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn lives_through_kills_and_is_found_again() {
    let directory = open_directory();
    let _stopped = Stopped(directory.path().to_owned());
    let cluster = Cluster::start(directory.path()).unwrap();
    assert!((15..=17).contains(&cluster.release()) || cluster.release() > 17);
    let config = cluster.connection_config("suiftly_dev");
    block_on(migrate(&config)).unwrap();
    let first = postmaster(directory.path());
    let owner = fs::metadata(format!("/proc/{first}")).unwrap().uid();
    assert_ne!(owner, 0, "PostgreSQL runs as root");
    let socket = fs::metadata(directory.path().join("socket")).unwrap();
    assert_eq!((socket.mode() & 0o777, socket.uid()), (0o700, owner));

    // We are gone without a word; the next process finds the server as it is.
    drop(cluster);
    let cluster = Cluster::start(directory.path()).unwrap();
    assert_eq!(postmaster(directory.path()), first);

    // The server is killed: it recovers, and nothing is lost.
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    drop(cluster);
    while Path::new(&format!("/proc/{first}/cwd")).read_link().is_ok() {
        std::thread::yield_now();
    }
    let cluster = Cluster::start(directory.path()).unwrap();
    assert_ne!(postmaster(directory.path()), first);
    block_on(price_books(&config)).unwrap();

    // A pid file that names a living process of another program is stale.
    cluster.stop().unwrap();
    assert!(block_on(price_books(&config)).unwrap_err().is_unavailable());
    let ours = std::process::id();
    fs::write(directory.path().join("data/postmaster.pid"), format!("{ours}\n")).unwrap();
    let cluster = Cluster::start(directory.path()).unwrap();
    block_on(price_books(&config)).unwrap();
    cluster.stop().unwrap();
}

#[test]
fn a_long_path_and_odd_characters_do_not_matter() {
    let directory = open_directory();
    for name in ["it's \"odd\" \\ $here", "a,b", &"x".repeat(120)] {
        try_in(&directory.path().join(name));
    }
}

fn try_in(deep: &Path) {
    let _stopped = Stopped(deep.to_owned());
    let cluster = Cluster::start(deep).unwrap();
    let config = cluster.connection_config("suiftly_dev");
    block_on(migrate(&config)).unwrap();
    cluster.stop().unwrap();
}

#[test]
fn a_closed_way_is_named() {
    if !nix::unistd::geteuid().is_root() {
        println!("only root steps down to another account");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let error = Cluster::start(&directory.path().join("inner")).unwrap_err();
    let StoreError::Untraversable { directory: closed, .. } = &error else { panic!("{error}") };
    assert_eq!(*closed, directory.path().canonicalize().unwrap());
    assert!(error.to_string().contains("chmod o+x"), "{error}");
}

#[test]
fn somebody_elses_directory_is_not_taken() {
    if !nix::unistd::geteuid().is_root() {
        println!("only root can make a directory of somebody else's");
        return;
    }
    let directory = open_directory();
    std::os::unix::fs::chown(directory.path(), Some(4_000_000), None).unwrap();
    let error = Cluster::start(directory.path()).unwrap_err().to_string();
    assert!(error.contains("belongs to another account"), "{error}");
}
