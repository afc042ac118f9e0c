//! The part that runs on the server: what was uploaded is checked, taken into root's keeping, and made a plan of.

use super::here::carry_out;
use super::package::{self, sha256_of};
use super::part;
use super::plan::{Plan, REQUEST_BYTES_MAX, Request};
use super::server::Server;
use super::status::{self, Outcome, Status};
use super::{Paths, say};
use crate::cli::Place;
use anyhow::{Context, bail, ensure};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use suiftly_store::probe::known_schema_version;

/// The unit that a deployment runs in, where systemd is.
const DEPLOYING_UNIT: &str = "suiftly-deploying";
/// Packages that are kept, the latest beside the one that runs.
const PACKAGES_KEPT: usize = 5;
/// What a package may weigh.
const PACKAGE_BYTES_MAX: u64 = 2 << 30;
const FILE_MODE: u32 = 0o644;

/// `--here`: begins the work apart from the connection that asked for it.
pub(super) fn begin(paths: &Paths, place: &Place) -> anyhow::Result<()> {
    status::make_dir(&paths.state)?;
    if status::lock(paths)?.is_none() {
        bail!("another deployment is at work on this server: `suiftly deploy --status` says how it stands");
    }
    let request = request(paths)?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut work = if Path::new("/run/systemd/system").is_dir() {
        let mut run = Command::new("systemd-run");
        run.args(["--quiet", "--collect", "--unit", DEPLOYING_UNIT, "--"]).arg(&program);
        run
    } else {
        let mut run = Command::new(&program);
        // A group of its own: what ends the connection's does not end it.
        run.process_group(0);
        run
    };
    work.args(["deploy", "--here", "--work", "--root"]).arg(root_of(paths));
    work.arg("--data-dir").arg(&place.data_dir);
    if let Some(config) = &place.config {
        work.arg("--config").arg(config);
    }
    work.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    work.spawn().context("cannot begin the deployment")?;
    say(&format!("begun: {}\n", request.id))
}

fn root_of(paths: &Paths) -> PathBuf {
    // The state is three levels below it.
    paths.state.ancestors().nth(3).unwrap_or(Path::new("/")).to_owned()
}

/// The work: everything that it does and how it ends stands in the status file.
pub(super) fn work(paths: &Paths, place: &Place) -> anyhow::Result<()> {
    let _lock = status::lock(paths)?.context("another deployment is at work")?;
    let request = request(paths)?;
    let mut told = Status::new(&request.id, &request.version);
    told.step("begun");
    told.write(paths)?;
    let (outcome, reason) = match plan(paths, &request) {
        Err(error) => (Outcome::Refused, Some(format!("{error:#}"))),
        Ok(plan) => {
            told.from.clone_from(&plan.from);
            carry_out(&mut Server::new(paths, place, &mut told, plan.part)?, &plan)
        }
    };
    (told.outcome, told.reason) = (Some(outcome), reason);
    told.write(paths)?;
    forget_old_packages(paths, &[&told.from, &told.to]);
    Ok(())
}

/// What was uploaded. Whoever uploads may have put anything there: a link is not followed.
fn request(paths: &Paths) -> anyhow::Result<Request> {
    let mut text = String::new();
    let file = open_plain(&paths.request)?;
    let read = file.take(REQUEST_BYTES_MAX).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {}", paths.request.display()))?;
    let request: Request =
        serde_json::from_str(&text).with_context(|| format!("cannot use {}", paths.request.display()))?;
    request.check()?;
    Ok(request)
}

pub(super) fn open_plain(path: &Path) -> anyhow::Result<File> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(path);
    let file = file.with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(file.metadata()?.is_file(), "{} is no file", path.display());
    Ok(file)
}

/// What is to be done, of a package that is in root's keeping.
fn plan(paths: &Paths, request: &Request) -> anyhow::Result<Plan> {
    let installed = status::installed()?.context("suiftly is not installed here: `suiftly provision` comes first")?;
    part::units(request.part)?;
    // Another part of this server may have brought the version already.
    let from = request.back_to.clone().unwrap_or(installed);
    let (package, schema) = if request.is_kept { again(paths, request)? } else { taken(paths, request)? };
    let last = last(paths, &from);
    ensure!(
        last.is_some() || request.no_way_back,
        "there is no package of the version that runs, {from}, to go back to: put its .deb into {} there, or say \
         --no-way-back",
        kept(paths, &from).display()
    );
    Ok(Plan {
        from,
        to: request.version.clone(),
        package,
        schema,
        known_schema: known_schema_version(),
        may_migrate: request.migrates,
        last,
        ready_within: Duration::from_secs(request.ready_within_s),
        watch_for: Duration::from_secs(request.watch_s),
        even_if_unhealthy: request.even_if_unhealthy,
        part: request.part,
        gathers: request.gathers,
    })
}

/// A package that was had before, and the schema that it has.
fn again(paths: &Paths, request: &Request) -> anyhow::Result<(PathBuf, Option<i32>)> {
    let package =
        last(paths, &request.version).with_context(|| format!("no package of {} is kept", request.version))?;
    let schema = package::read(&package)?.schema;
    Ok((package, schema))
}

/// Takes the package into root's keeping, then looks at it: what is checked is what is installed.
fn taken(paths: &Paths, request: &Request) -> anyhow::Result<(PathBuf, Option<i32>)> {
    let package = kept(paths, &request.version);
    status::make_dir(package.parent().unwrap_or(&paths.state))?;
    let fresh = package.with_extension("new");
    let mut out = File::create(&fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
    out.set_permissions(Permissions::from_mode(FILE_MODE))?;
    std::io::copy(&mut open_plain(&paths.incoming)?.take(PACKAGE_BYTES_MAX), &mut out)
        .and_then(|_| out.sync_all())
        .with_context(|| format!("cannot keep the package in {}", fresh.display()))?;
    ensure!(
        sha256_of(&fresh)? == request.sha256,
        "the package did not arrive as it was sent: the same command again sends it anew"
    );
    let found = package::read(&fresh)?;
    ensure!(found.version == request.version, "the package is of version {}, not {}", found.version, request.version);
    fs::rename(&fresh, &package).with_context(|| format!("cannot keep {}", package.display()))?;
    Ok((package, found.schema))
}

/// Where a version's package is kept. A version names no other directory.
fn kept(paths: &Paths, version: &str) -> PathBuf {
    paths.state.join("packages").join(format!("suiftly_{}.deb", version.replace(':', "%3a")))
}

/// The package of what runs: ours, or apt's.
fn last(paths: &Paths, version: &str) -> Option<PathBuf> {
    let ours = kept(paths, version);
    let name = format!("suiftly_{}_", version.replace(':', "%3a"));
    let archives = root_of(paths).join("var/cache/apt/archives");
    let of_apt = fs::read_dir(archives).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut candidates = std::iter::once(ours)
        .chain(of_apt.filter(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name))));
    candidates.find(|path| package::read(path).is_ok_and(|package| package.version == version))
}

/// Keeps the latest few, and those that are named.
fn forget_old_packages(paths: &Paths, named: &[&str]) {
    let named: Vec<_> = named.iter().map(|version| kept(paths, version)).collect();
    let entries = fs::read_dir(paths.state.join("packages")).into_iter().flatten().filter_map(Result::ok);
    let mut others: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| !named.contains(path))
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    others.sort();
    let too_many = others.len().saturating_sub(PACKAGES_KEPT);
    for (_, path) in &others[..too_many] {
        // One that stays is forgotten the next time.
        let _ = fs::remove_file(path);
    }
}
