//! The private PostgreSQL cluster of a data directory, for as long as a stack runs on it. `suiftly db` does the work.

use crate::process::{Lifeline, run_quietly};
use anyhow::{Context as _, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// A crash takes no longer.
const CRASH_TIME_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A started cluster; stopped when dropped, also if we are killed.
#[derive(Debug)]
pub(crate) struct Database {
    suiftly: PathBuf,
    data_dir: PathBuf,
    lifeline: Lifeline,
}

impl Database {
    /// Starts the cluster and brings its schema up to date.
    pub(crate) fn start(suiftly: &Path, data_dir: &Path) -> anyhow::Result<Self> {
        let lifeline = Lifeline::tie(words(suiftly, "stop", data_dir))?;
        let database = Self { suiftly: suiftly.to_owned(), data_dir: data_dir.to_owned(), lifeline };
        database.ask("start").context("cannot start PostgreSQL")?;
        database.ask("migrate").context("cannot bring the database's schema up to date")?;
        Ok(database)
    }

    /// Ends it as a crash does: nothing is tidied up, the next start recovers.
    pub(crate) fn crash(&self) -> anyhow::Result<()> {
        let postmaster = self.postmaster()?;
        kill(Pid::from_raw(postmaster), Signal::SIGQUIT).context("cannot end PostgreSQL")?;
        let deadline = Instant::now() + CRASH_TIME_MAX;
        while self.pid_file().exists() {
            ensure!(Instant::now() < deadline, "PostgreSQL does not end");
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Starts it again in its place.
    pub(crate) fn begin_again(&self) -> anyhow::Result<()> {
        self.ask("start").context("cannot start PostgreSQL again")
    }

    /// Its processes, the first one first.
    pub(crate) fn processes(&self) -> anyhow::Result<Vec<i32>> {
        let postmaster = self.postmaster()?;
        let mut all = vec![postmaster];
        for entry in fs::read_dir("/proc").context("cannot list processes")? {
            let stat = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
            all.extend(child_of(&stat, postmaster));
        }
        Ok(all)
    }

    fn postmaster(&self) -> anyhow::Result<i32> {
        let path = self.pid_file();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        pid.with_context(|| format!("{} names no process", path.display()))
    }

    /// It goes with the server, however that ends.
    fn pid_file(&self) -> PathBuf {
        self.data_dir.join("postgres/data/postmaster.pid")
    }

    fn ask(&self, verb: &str) -> anyhow::Result<()> {
        run_quietly(&mut db(&self.suiftly, verb, &self.data_dir))
    }
}

/// The process of this `/proc/PID/stat`, if that is its parent.
fn child_of(stat: &str, parent: i32) -> Option<i32> {
    let (pid, _) = stat.split_once(' ')?;
    let is_it = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse() == Ok(parent);
    if is_it { pid.parse().ok() } else { None }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Err(error) = self.ask("stop") {
            eprintln!("xtask: cannot stop PostgreSQL: {error:#}");
        }
        self.lifeline.cut();
    }
}

/// Makes the data directory ours, and makes it if it is missing. Two runs on one data directory would end each other's database. The lock goes with the process.
pub(crate) fn lock(data_dir: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(data_dir).with_context(|| format!("cannot make {}", data_dir.display()))?;
    let path = data_dir.join("xtask.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    ensure!(file.try_lock().is_ok(), "another run uses {}; choose another --data-dir", data_dir.display());
    Ok(file)
}

/// `suiftly db VERB --data-dir DIR`
pub(crate) fn db(suiftly: &Path, verb: &str, data_dir: &Path) -> Command {
    let mut words = words(suiftly, verb, data_dir).into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

fn words(suiftly: &Path, verb: &str, data_dir: &Path) -> Vec<std::ffi::OsString> {
    vec![suiftly.into(), "db".into(), verb.into(), "--data-dir".into(), data_dir.into()]
}

#[cfg(test)]
mod tests {
    use super::{child_of, lock};

    #[test]
    fn children_are_told_by_their_parent() {
        let stat = "812 (postgres: a) b) S 7 812 812 0 -1";
        assert_eq!((child_of(stat, 7), child_of(stat, 8), child_of("", 7)), (Some(812), None, None));
    }

    #[test]
    fn a_data_directory_is_used_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let first = lock(&dir.path().join("new")).unwrap();
        let error = lock(&dir.path().join("new")).unwrap_err().to_string();
        assert!(error.starts_with("another run uses") && error.contains("new"), "{error}");
        drop(first);
        assert!(lock(&dir.path().join("new")).is_ok());
    }
}
