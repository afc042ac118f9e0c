//! The private PostgreSQL cluster of a data directory, for as long as a stack runs on it. `suiftly db` does the work.

use crate::process::{Lifeline, run_quietly};
use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

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

    fn ask(&self, verb: &str) -> anyhow::Result<()> {
        run_quietly(&mut db(&self.suiftly, verb, &self.data_dir))
    }
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
    use super::lock;

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
