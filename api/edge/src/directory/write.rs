//! Writing a version and swapping it in.

use super::{CURRENT, DirectoryError, HEAD_FILE, ROWS_FILE, VERSIONS_KEPT, name_of, version_of};
use serde::Serialize;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use suiftly_schema::vault::{GrantSet, Head, SignedHead};

/// Owner and group: the hashes of keys open nothing, yet nobody else needs them.
const DIR_MODE: u32 = 0o750;
const FILE_MODE: u32 = 0o640;
/// What is not yet, or no more, a version is named so.
const TEMPORARY: &str = ".tmp-";

/// Writes a version and makes it the current one; `dir` is made if it is not there. Answers where it stands. One process
/// at a time writes to a directory. The set must be the signed one: it is not checked here.
pub fn write(dir: &Path, signed: &SignedHead, set: &GrantSet) -> Result<PathBuf, DirectoryError> {
    let head: Head = serde_json::from_str(&signed.head).map_err(|error| DirectoryError::Damaged {
        path: dir.to_owned(),
        cause: format!("the head to be written cannot be read: {error}"),
        head: None,
    })?;
    make_dir(dir).map_err(DirectoryError::io("making the directory", dir))?;
    clean(dir).map_err(DirectoryError::io("clearing up", dir))?;
    let name = free_name(dir, &head);
    let path = dir.join(&name);
    write_version(dir, &path, signed, set).map_err(DirectoryError::io("writing the grant set", &path))?;
    swap_in(dir, &name).map_err(DirectoryError::io("swapping in the grant set", &path))?;
    remove_old(dir, &name).map_err(DirectoryError::io("removing old versions in", dir))?;
    Ok(path)
}

/// The version's name, or the next after it where that is taken: what is current stays whole until another is.
fn free_name(dir: &Path, head: &Head) -> String {
    let name = name_of(head);
    let others = (2..=VERSIONS_KEPT + 1).map(|n| format!("{name}.{n}"));
    let mut names = std::iter::once(name.clone()).chain(others);
    names.find(|name| !dir.join(name).exists()).unwrap_or(name)
}

pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIR_MODE).create(dir)
}

fn write_version(dir: &Path, path: &Path, signed: &SignedHead, set: &GrantSet) -> io::Result<()> {
    let fresh = dir.join(format!("{TEMPORARY}new"));
    DirBuilder::new().mode(DIR_MODE).create(&fresh)?;
    write_synced(&fresh.join(HEAD_FILE), |out| write_row(out, signed))?;
    write_synced(&fresh.join(ROWS_FILE), |out| {
        set.keys().try_for_each(|key| write_row(out, key))?;
        set.access().try_for_each(|grant| write_row(out, grant))
    })?;
    sync_dir(&fresh)?;
    fs::rename(&fresh, path)?;
    sync_dir(dir)
}

fn write_synced(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

fn write_row(out: &mut BufWriter<File>, row: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}

fn swap_in(dir: &Path, name: &str) -> io::Result<()> {
    let link = dir.join(format!("{TEMPORARY}link"));
    symlink(name, &link)?;
    fs::rename(&link, dir.join(CURRENT))?;
    sync_dir(dir)
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Removes what a writer that died has left behind.
fn clean(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Keeps the current version and the newest of the others.
fn remove_old(dir: &Path, current: &str) -> io::Result<()> {
    let mut others = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        match version_of(&name) {
            Some(version) if name != current => others.push((version, name)),
            None if name.starts_with(TEMPORARY) => remove(&dir.join(name))?,
            _ => {}
        }
    }
    others.sort_unstable_by(|one, other| other.cmp(one));
    others.iter().skip(VERSIONS_KEPT - 1).try_for_each(|(_, name)| remove(&dir.join(name)))
}

fn remove(path: &Path) -> io::Result<()> {
    let is_dir = fs::symlink_metadata(path)?.is_dir();
    if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}
