//! The desktop console's Debian package: built by one command, and tried on a bare Debian.

use crate::build;
use crate::install;
use crate::places::{Places, cargo, program};
use crate::process::run;
use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Builds the package of the optimised console; with `trial` it is installed on a bare Debian too.
pub(crate) fn console(trial: bool) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_BUILD_DESKTOP)?;
    build::desktop_ui(&places)?;
    println!("building suiftly-console");
    run(cargo().args(["build", "--quiet", "--release", "--package", "suiftly-console"]))?;
    let package = bundle(&places, true)?;
    println!("{}", package.display());
    if trial {
        ensure!(geteuid().is_root(), "the trial makes a root of its own: it needs to be run as root");
        install::install(&places, install::TO_TRY_PACKAGES)?;
        run(&mut self::trial(&places, &package))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Bundles the console that was built, without what only a debugger reads. In a folder of its own: the bundler takes
/// the program from where Cargo would have put it.
pub(crate) fn bundle(places: &Places, release: bool) -> anyhow::Result<PathBuf> {
    let profile = if release { "release" } else { "debug" };
    let own = places.target.join("console-package");
    let bundled = own.join(profile).join("bundle/deb");
    let _ = fs::remove_dir_all(&bundled);
    fs::create_dir_all(own.join(profile)).with_context(|| format!("cannot make {}", own.display()))?;
    let built = places.target.join(profile).join("suiftly-console");
    let stripped = own.join(profile).join("suiftly-console");
    run(Command::new("strip").arg("-o").arg(&stripped).arg(&built))?;
    let desktop = places.console().join("desktop");
    let mut bundler = build::npm(&desktop, &["exec", "--", "tauri", "bundle", "--bundles", "deb", "--ci"]);
    if !release {
        bundler.arg("--debug");
    }
    run(bundler.env("CARGO_TARGET_DIR", &own))?;
    only_package(&bundled)
}

/// Installs the package on a bare Debian made for it, runs what it brought, and removes it.
pub(crate) fn trial(places: &Places, package: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg(places.root.join("packaging/console/deb-trial.sh")).arg(package);
    command
}

/// Why the trial cannot run here, if it cannot.
pub(crate) fn no_trial() -> Option<&'static str> {
    if !geteuid().is_root() {
        return Some("it makes a root of its own, which root alone may");
    }
    program("debootstrap").is_none().then_some("debootstrap is not there")
}

fn only_package(dir: &Path) -> anyhow::Result<PathBuf> {
    let entries = fs::read_dir(dir).with_context(|| format!("nothing was bundled in {}", dir.display()))?;
    let found = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|end| end == "deb"));
    found.with_context(|| format!("there is no package in {}", dir.display()))
}
