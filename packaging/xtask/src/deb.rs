//! `cargo xtask deb`: the server's Debian package, and its trial on a bare Debian.
//!
//! A tree of files is laid out as it will lie on a server ([`tree`]), described ([`control`]) and packed by dpkg-deb. The
//! same sources make the same package: times are those of the last commit, owners are root.

mod control;
pub(crate) mod tree;

use crate::build;
use crate::install;
use crate::package::no_trial;
use crate::places::{Places, cargo, metadata};
use crate::process::run;
use anyhow::{Context as _, ensure};
use control::Control;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The Debian revision.
const REVISION: &str = "1";
/// What the trial's second version has more: it is the same program.
const NEXT: &str = "+next1";
/// Where the trial says what it saw.
const PROOF: &str = "docs/proof/package.md";
/// Debian wants an address.
const MAINTAINER: &str = "The Suiftly authors <suiftly@localhost>";

/// How the package is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackageOptions {
    /// Tried on a bare Debian too.
    pub(crate) trial: bool,
    /// Of the optimised program.
    pub(crate) release: bool,
}

/// Builds the program and the dashboard, packs them, and tries the package if asked to.
pub(crate) fn package(options: PackageOptions) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::install(&places, install::TO_PACKAGE)?;
    build::web(&places)?;
    println!("building suiftly");
    let profile = if options.release { ["--package", "suiftly", "--release"].as_slice() } else { &["--workspace"] };
    run(cargo().args(["build", "--quiet", "--bins"]).args(profile))?;
    let package = bundle(&places, options.release)?;
    println!("{}", package.display());
    if options.trial {
        install::install(&places, install::TO_TRY_PACKAGES)?;
        if let Some(reason) = no_trial() {
            anyhow::bail!("the trial cannot run here: {reason}");
        }
        run(&mut trial(&places, options.release, &places.root.join(PROOF))?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Packs what was built.
pub(crate) fn bundle(places: &Places, release: bool) -> anyhow::Result<PathBuf> {
    bundle_as(places, release, &version()?)
}

/// Installs the package on a bare Debian made for it, with everything that can happen to it there: started, upgraded under
/// load, removed, purged. What was built must be there. What was seen is written to `proof`.
pub(crate) fn trial(places: &Places, release: bool, proof: &Path) -> anyhow::Result<Command> {
    let version = version()?;
    let (package, next) =
        (bundle_as(places, release, &version)?, bundle_as(places, release, &format!("{version}{NEXT}"))?);
    let mut command = Command::new("bash");
    command.arg(places.root.join("packaging/deb/trial.sh")).args([package, next]).arg(proof);
    command.env("SUIFTLY_TRIAL_BUILD", if release { "optimised" } else { "not optimised" });
    Ok(command)
}

/// The workspace's version with the package's revision.
fn version() -> anyhow::Result<String> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let suiftly = packages.iter().find(|package| package["name"] == "suiftly");
    let version = suiftly.and_then(|package| package["version"].as_str()).context("there is no package suiftly")?;
    Ok(format!("{version}-{REVISION}"))
}

fn dir_of(places: &Places, release: bool) -> PathBuf {
    places.target.join("deb").join(if release { "release" } else { "debug" })
}

/// Where the files of the package that was made last are laid out.
pub(crate) fn tree_of(places: &Places, release: bool) -> PathBuf {
    dir_of(places, release).join("root")
}

fn bundle_as(places: &Places, release: bool, version: &str) -> anyhow::Result<PathBuf> {
    let (dir, tree) = (dir_of(places, release), tree_of(places, release));
    let epoch = source_date_epoch(places)?;
    tree::lay_out(places, release, &tree, &changelog(version, epoch)?)?;
    let control = Control {
        version: version.to_owned(),
        architecture: said(Command::new("dpkg").arg("--print-architecture"))?,
        maintainer: MAINTAINER,
        libraries: libraries(&dir, &tree.join("usr/bin/suiftly"))?,
        installed_kib: tree::size_kib(&tree)?,
        schema: said(Command::new(places.suiftly(release)).args(["deploy", "--schema"]))?,
    };
    tree::describe(places, &tree, &control.to_string())?;
    let package = dir.join(control.file_name());
    let mut packing = Command::new("dpkg-deb");
    // What is only tried is not worth the minutes that packing well takes.
    let pressed = if release { ["-Zxz", "-z6"] } else { ["-Zgzip", "-z1"] };
    packing.arg("--root-owner-group").args(pressed).arg("--build").arg(&tree).arg(&package);
    run(packing.env("SOURCE_DATE_EPOCH", epoch.to_string()).stdout(Stdio::null()))?;
    Ok(package)
}

/// When the sources were last committed, in seconds; of sources without a history, when the change log was last written.
pub(crate) fn source_date_epoch(places: &Places) -> anyhow::Result<u64> {
    let committed = said(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(&places.root));
    if let Some(committed) = committed.ok().and_then(|seconds| seconds.parse().ok()) {
        return Ok(committed);
    }
    let written = places.root.join("CHANGELOG.md").metadata().and_then(|found| found.modified());
    let written = written.context("cannot look at CHANGELOG.md")?;
    Ok(written.duration_since(std::time::UNIX_EPOCH).context("CHANGELOG.md is of before 1970")?.as_secs())
}

/// The package's own change log, which Debian wants beside the program's.
fn changelog(version: &str, epoch: u64) -> anyhow::Result<String> {
    let date = said(Command::new("date").args(["--utc", "-R", "-d", &format!("@{epoch}")]))?;
    Ok(format!(
        "suiftly ({version}) stable; urgency=medium\n\n  * What is new stands in changelog.gz.\n\n -- {MAINTAINER}  {date}\n"
    ))
}

/// The packages of the libraries that the program is linked to.
fn libraries(dir: &Path, program: &Path) -> anyhow::Result<String> {
    // It wants to be where a package's source is.
    let source = dir.join("source/debian");
    fs::create_dir_all(&source).with_context(|| format!("cannot make {}", source.display()))?;
    fs::write(source.join("control"), "Source: suiftly\n\nPackage: suiftly\nArchitecture: any\n")?;
    let mut asking = Command::new("dpkg-shlibdeps");
    let found = said(asking.arg("-O").arg(program).current_dir(dir.join("source")))?;
    let libraries = found.strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps names no libraries")?;
    Ok(libraries.to_owned())
}

/// What a command says, in one line.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run `{program}`"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{program}` failed: {}", errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_log_is_as_debian_reads_it() {
        let text = changelog("1.2.3-1", 0).unwrap();
        assert!(text.starts_with("suiftly (1.2.3-1) stable; urgency=medium\n\n  * "), "{text}");
        assert!(text.ends_with(">  Thu, 01 Jan 1970 00:00:00 +0000\n"), "{text}");
    }

    #[test]
    fn the_version_is_the_workspaces() {
        assert_eq!(version().unwrap(), format!("{}-{REVISION}", env!("CARGO_PKG_VERSION")));
    }
}
