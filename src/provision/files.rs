//! Files and directories with an owner and a mode. Root changes them, in directories that others own: no link is followed.

use super::machine::{Call, Server};
use anyhow::{Context, bail, ensure};
use nix::fcntl::OFlag;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

const PERMISSIONS: u32 = 0o7777;
/// What nobody but root needs while it is being made.
const HIDDEN_DIR: u32 = 0o700;
const HIDDEN_FILE: u32 = 0o600;

/// A file or directory as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) path: String,
    owner: &'static str,
    group: &'static str,
    mode: u32,
    /// Bits that may be missing: the server makes some of its directories narrower itself.
    optional: u32,
    is_dir: bool,
}

impl Owned {
    pub(crate) fn dir(path: impl Into<String>, owner: &'static str, group: &'static str, mode: u32) -> Self {
        Self { path: path.into(), owner, group, mode, optional: 0, is_dir: true }
    }

    pub(crate) fn file(path: impl Into<String>, owner: &'static str, group: &'static str, mode: u32) -> Self {
        Self { is_dir: false, ..Self::dir(path, owner, group, mode) }
    }

    /// The same elsewhere.
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    /// The same where these bits need not be there.
    pub(crate) fn or_without(self, optional: u32) -> Self {
        Self { optional, ..self }
    }
}

/// The number of an account; none if there is no such account.
pub(crate) fn user(server: &Server<'_>, name: &str) -> anyhow::Result<Option<u32>> {
    number(server, "passwd", name)
}

/// The number of a group; none if there is no such group.
pub(crate) fn group(server: &Server<'_>, name: &str) -> anyhow::Result<Option<u32>> {
    number(server, "group", name)
}

/// Both tables of `getent` have the number third.
fn number(server: &Server<'_>, table: &str, name: &str) -> anyhow::Result<Option<u32>> {
    let answer = server.answer(&Call::new("getent", &[table, name]))?;
    let number = answer.stdout.split(':').nth(2);
    if !answer.is_success() {
        return Ok(None);
    }
    let number = number.and_then(|number| number.trim().parse().ok());
    Ok(Some(number.with_context(|| format!("`getent {table} {name}` answered something else"))?))
}

fn numbers(server: &Server<'_>, owned: &Owned) -> anyhow::Result<(u32, u32)> {
    let owner = user(server, owned.owner)?.with_context(|| format!("there is no user {}", owned.owner))?;
    let group = group(server, owned.group)?.with_context(|| format!("there is no group {}", owned.group))?;
    Ok((owner, group))
}

/// What is not as it should be, if anything is.
pub(crate) fn drift(server: &Server<'_>, owned: &Owned) -> anyhow::Result<Option<String>> {
    let path = &owned.path;
    let found = match fs::symlink_metadata(server.path(path)) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(format!("there is no {path}"))),
        Err(error) => return Err(error).with_context(|| format!("cannot look at {path}")),
    };
    refuse_another_kind(owned, &found)?;
    let (owner, group) = numbers(server, owned)?;
    if (found.uid(), found.gid()) != (owner, group) {
        return Ok(Some(format!("{path} does not belong to {}:{}", owned.owner, owned.group)));
    }
    let mode = found.mode() & PERMISSIONS;
    let is_right = mode & !owned.optional == owned.mode & !owned.optional && mode & !owned.mode == 0;
    Ok((!is_right).then(|| format!("{path} has mode {mode:04o}, not {:04o}", owned.mode)))
}

/// A link, or a file for a directory, was put there by somebody: it is not changed.
fn refuse_another_kind(owned: &Owned, found: &fs::Metadata) -> anyhow::Result<()> {
    let is_kind = if owned.is_dir { found.is_dir() } else { found.is_file() };
    let kind = if owned.is_dir { "directory" } else { "file" };
    ensure!(is_kind, "{} is no {kind}; fix: move it away", owned.path);
    ensure!(owned.is_dir || found.nlink() == 1, "{} has a second name somewhere; fix: move it away", owned.path);
    Ok(())
}

/// Makes it so. A directory that is missing is made; a file must be there.
pub(crate) fn put(server: &Server<'_>, owned: &Owned) -> anyhow::Result<()> {
    let path = server.path(&owned.path);
    if owned.is_dir && !path.exists() {
        let made = DirBuilder::new().recursive(true).mode(HIDDEN_DIR).create(&path);
        made.with_context(|| format!("cannot make {}", owned.path))?;
    }
    let (owner, group) = numbers(server, owned)?;
    let set = || {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(&path)?;
        Ok::<_, io::Error>((file.metadata()?, file))
    };
    let (found, file) = set().with_context(|| format!("cannot open {}", owned.path))?;
    refuse_another_kind(owned, &found)?;
    let belongs = (found.uid(), found.gid()) == (owner, group);
    let given = if belongs { Ok(()) } else { fchown(&file, Some(owner), Some(group)) };
    given.with_context(|| format!("cannot give {} to {}:{}", owned.path, owned.owner, owned.group))?;
    let set = file.set_permissions(Permissions::from_mode(owned.mode));
    set.with_context(|| format!("cannot set the mode of {}", owned.path))
}

/// Writes a file whole: whoever reads it finds the old one or this one. It takes its place with owner and mode as they should
/// be.
pub(crate) fn write(server: &Server<'_>, owned: &Owned, text: &str) -> anyhow::Result<()> {
    write_bytes(server, owned, text.as_bytes())
}

/// The same of what is no text.
pub(crate) fn write_bytes(server: &Server<'_>, owned: &Owned, bytes: &[u8]) -> anyhow::Result<()> {
    let fresh = Owned { path: format!("{}.new", owned.path), ..owned.clone() };
    let (path, fresh_path) = (server.path(&owned.path), server.path(&fresh.path));
    let written = || {
        // Left by one that was interrupted, or a link that somebody put there: neither is written through.
        match fs::remove_file(&fresh_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(HIDDEN_FILE).open(&fresh_path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    let put = || put(server, &fresh).and_then(|()| moved(&fresh_path, &path));
    let outcome = written().map_err(anyhow::Error::from).and_then(|()| put());
    if outcome.is_err() {
        let _ = fs::remove_file(&fresh_path);
    }
    outcome.with_context(|| format!("cannot write {}", owned.path))
}

/// Gives a file its place, and waits until the disk has it.
pub(crate) fn moved(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::rename(from, to)?;
    let Some(directory) = to.parent() else { bail!("{} is in no directory", to.display()) };
    Ok(File::open(directory)?.sync_all()?)
}
