//! Builds what runs, and skips what is up to date. Cargo knows by itself; for the front ends we look at the files.

use crate::places::{Places, cargo, search_path};
use crate::process::run;
use anyhow::Context as _;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// A copy of the lock file that `node_modules` was installed from.
const INSTALLED_LOCK: &str = "node_modules/.suiftly-lock.json";

/// The binary.
pub(crate) fn suiftly(places: &Places, release: bool) -> anyhow::Result<()> {
    println!("building suiftly");
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "suiftly"]);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    let binary = places.suiftly(release);
    anyhow::ensure!(binary.is_file(), "cargo did not build {}", binary.display());
    Ok(())
}

/// The dashboard.
pub(crate) fn web(places: &Places) -> anyhow::Result<()> {
    npm_ci(places)?;
    front_end(places, "@suiftly/web", "web")
}

/// The desktop console's front end.
pub(crate) fn desktop_ui(places: &Places) -> anyhow::Result<()> {
    npm_ci(places)?;
    front_end(places, "@suiftly/desktop-ui", "desktop/ui")
}

/// Installs the front ends' packages, exactly as locked.
pub(crate) fn npm_ci(places: &Places) -> anyhow::Result<()> {
    let console = places.console();
    let lock = console.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let installed = console.join(INSTALLED_LOCK);
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    println!("installing the front ends' packages");
    run(&mut npm(&console, &["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// `npm` in this directory.
pub(crate) fn npm(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(dir).env("PATH", search_path());
    command
}

fn front_end(places: &Places, package: &str, folder: &str) -> anyhow::Result<()> {
    let console = places.console();
    let built = console.join(folder).join("dist/index.html").metadata().and_then(|index| index.modified());
    let mut changed = newest(&console.join(folder)).max(newest(&console.join("ui")));
    for file in ["package-lock.json", "tsconfig.base.json"] {
        changed = changed.max(console.join(file).metadata().and_then(|found| found.modified()).ok());
    }
    if built.is_ok_and(|built| Some(built) > changed) {
        return Ok(());
    }
    println!("building {package}");
    run(&mut npm(&console, &["run", "build", "--silent", "-w", package]))
}

/// When the newest source below this directory was written.
fn newest(dir: &Path) -> Option<SystemTime> {
    fn look(dir: &Path, newest: &mut Option<SystemTime>) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == "node_modules" || name == "dist" || name == "gen" {
                continue;
            }
            if entry.file_type()?.is_dir() {
                look(&entry.path(), newest)?;
            } else {
                *newest = (*newest).max(Some(entry.metadata()?.modified()?));
            }
        }
        Ok(())
    }
    let mut found = None;
    // What cannot be read counts as new: then it is built, and the build says what is wrong.
    if look(dir, &mut found).is_ok() { found } else { Some(SystemTime::now()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_newest_source_counts_and_what_is_made_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let day = |n: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(n * 86_400);
        for (file, written) in [("a.ts", 1), ("src/deep/b.ts", 3), ("dist/c.js", 9), ("node_modules/d/e.js", 9)] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let file = fs::File::create(&path).unwrap();
            file.set_modified(day(written)).unwrap();
        }
        assert_eq!(newest(dir.path()), Some(day(3)));
        assert!(newest(&dir.path().join("nowhere")) > Some(day(9)));
    }
}
