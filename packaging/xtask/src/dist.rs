//! `cargo xtask dist`: everything there is to ship, optimised, with checksums: the server's package and the console's, an
//! archive for systems that are no Debian, the book, and what all of it is made of.

mod ingredients;

use crate::book;
use crate::build;
use crate::deb;
use crate::install;
use crate::package;
use crate::places::{Places, cargo};
use crate::process::run;
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const SUMS: &str = "SHA256SUMS";

/// Builds it all into `dist` in the target directory, anew.
pub(crate) fn dist() -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    let dist = places.target.join("dist");
    for needs in [install::TO_RUN, install::TO_BUILD_DESKTOP, install::TO_PACKAGE] {
        install::install(&places, needs)?;
    }
    build::web(&places)?;
    build::desktop_ui(&places)?;
    println!("building suiftly and suiftly-console, optimised");
    run(cargo().args(["build", "--quiet", "--release", "--bins", "-p", "suiftly", "-p", "suiftly-console"]))?;
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot remove {}", dist.display()))?;
    }
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    let packages = [deb::bundle(&places, true)?, package::bundle(&places, true)?];
    for package in packages {
        into(&dist, &package)?;
    }
    archive(&places, &dist)?;
    book::book()?;
    pack(
        &places.target.join("book"),
        "suiftly-book",
        &dist.join("suiftly-book.tar.gz"),
        deb::source_date_epoch(&places)?,
    )?;
    ingredients::write(&places, &dist)?;
    for line in sums(&dist)?.lines() {
        println!("{line}");
    }
    println!("{}", dist.display());
    Ok(ExitCode::SUCCESS)
}

/// Program, dashboard, units, man pages and examples as they lie below `/usr` or `/usr/local`.
fn archive(places: &Places, dist: &Path) -> anyhow::Result<()> {
    let name = format!("suiftly-{}-linux-{}", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let tree = deb::tree_of(places, true).join("usr");
    for file in ["README.md", "LICENSE", "CHANGELOG.md"] {
        let to = tree.join("share/doc/suiftly").join(file);
        deb::tree::copy(&places.root.join(file), &to)?;
    }
    pack(&tree, &name, &dist.join(format!("{name}.tar.gz")), deb::source_date_epoch(places)?)
}

/// The same files make the same archive.
fn pack(dir: &Path, name: &str, into: &Path, epoch: u64) -> anyhow::Result<()> {
    ensure!(dir.is_dir(), "there is no {}", dir.display());
    let mut packing = Command::new("tar");
    packing.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--use-compress-program=gzip -9n"]);
    packing.arg(format!("--mtime=@{epoch}")).arg(format!("--transform=s,^\\.,{name},"));
    run(packing.arg("-cf").arg(into).arg("-C").arg(dir).arg("."))
}

fn into(dist: &Path, file: &Path) -> anyhow::Result<PathBuf> {
    let to = dist.join(file.file_name().context("a package has a name")?);
    deb::tree::copy(file, &to)?;
    Ok(to)
}

/// Sums of all files, as `sha256sum --check` reads them; they stand beside the files.
fn sums(dist: &Path) -> anyhow::Result<String> {
    let files = deb::tree::files(dist)?;
    let output = Command::new("sha256sum").arg("--").args(files).current_dir(dist).stdin(Stdio::null()).output();
    let output = output.context("cannot run `sha256sum`")?;
    ensure!(output.status.success(), "`sha256sum` failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    fs::write(dist.join(SUMS), &text).with_context(|| format!("cannot write {SUMS}"))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_archive_and_their_sums_hold() {
        let dir = tempfile::tempdir().unwrap();
        let (from, dist) = (dir.path().join("from"), dir.path().join("dist"));
        fs::create_dir_all(from.join("bin")).unwrap();
        fs::create_dir_all(&dist).unwrap();
        fs::write(from.join("bin/program"), "one").unwrap();
        pack(&from, "suiftly-1", &dist.join("a.tar.gz"), 7).unwrap();
        fs::write(from.join("bin/program"), "one").unwrap();
        pack(&from, "suiftly-1", &dist.join("b.tar.gz"), 7).unwrap();
        assert_eq!(fs::read(dist.join("a.tar.gz")).unwrap(), fs::read(dist.join("b.tar.gz")).unwrap());
        let listed = Command::new("tar").arg("-tf").arg(dist.join("a.tar.gz")).output().unwrap();
        assert!(String::from_utf8(listed.stdout).unwrap().contains("suiftly-1/bin/program"));
        assert_eq!(sums(&dist).unwrap().lines().count(), 2);
        let checked = Command::new("sha256sum").args(["--check", "--quiet", SUMS]).current_dir(&dist).status();
        assert!(checked.unwrap().success());
    }
}
