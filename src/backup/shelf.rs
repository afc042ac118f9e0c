//! The directory of backups: their names, one writer at a time, what is kept, and nothing half made.
//!
//! Beside each backup stands a note of what it is, for lists: the server cannot read its own backups. A file that is being
//! written has another name, and one that nobody finished is removed before the next is begun.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

const LOCK_FILE: &str = "backup.lock";
const EXTENSION: &str = ".tar.zst.age";
const NOTE_EXTENSION: &str = ".json";
const UNFINISHED_EXTENSION: &str = ".new";
const PRIVATE: u32 = 0o600;
const PRIVATE_DIRECTORY: u32 = 0o700;
const DAY_MS: i64 = 24 * 3_600_000;
/// A note is no longer than this.
const NOTE_BYTES_MAX: u64 = 64 << 10;

/// What is known of a backup without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) created_at: UnixMillis,
    pub(crate) deployment: String,
    pub(crate) journal_id: String,
    /// The last epoch of the dump, and of the journal beside it.
    pub(crate) watermark: Epoch,
    pub(crate) first_epoch: Epoch,
    pub(crate) last_epoch: Epoch,
    pub(crate) last_cut_at: Option<UnixMillis>,
    pub(crate) has_secrets: bool,
    pub(crate) bytes: u64,
    /// Of the file as it is, in hexadecimal.
    pub(crate) sha256: String,
    /// How long it took.
    pub(crate) took_ms: u64,
}

/// A backup in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What its note says; `None` if that is gone or cannot be read.
    pub(crate) note: Option<Note>,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// So many at least and, if no days are said, at most.
    pub(crate) count: u32,
    /// Those that are younger too; 0: no others.
    pub(crate) days: u32,
}

/// A directory of backups.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    dir: PathBuf,
}

/// The directory, for one writer alone.
pub(super) struct Writing<'a> {
    shelf: &'a Shelf,
    _lock: File,
}

/// A backup that is being written: removed when it is dropped before it was finished.
pub(super) struct Unfinished {
    path: PathBuf,
    finished: PathBuf,
    is_finished: bool,
}

impl Shelf {
    pub(crate) fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The backups, the latest first. A directory that is not there has none.
    pub(crate) fn list(&self) -> anyhow::Result<Vec<Found>> {
        let mut found: Vec<_> =
            self.files(EXTENSION)?.into_iter().map(|path| Found { note: note_of(&path), path }).collect();
        found.sort_by(|one, other| other.path.file_name().cmp(&one.path.file_name()));
        found.sort_by_key(|found| std::cmp::Reverse(found.note.as_ref().map(|note| note.created_at)));
        Ok(found)
    }

    /// Takes the directory, makes it if it is missing, and removes what was never finished.
    pub(super) fn write(&self) -> anyhow::Result<Writing<'_>> {
        let made = DirBuilder::new().recursive(true).mode(PRIVATE_DIRECTORY).create(&self.dir);
        made.with_context(|| format!("cannot make {}", self.dir.display()))?;
        let path = self.dir.join(LOCK_FILE);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE).open(&path);
        let lock = opened.with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => anyhow::bail!("another backup is being made in {}", self.dir.display()),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display()))?,
        }
        for unfinished in self.files(UNFINISHED_EXTENSION)? {
            fs::remove_file(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
        }
        Ok(Writing { shelf: self, _lock: lock })
    }

    fn files(&self, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
        let cannot = || format!("cannot list {}", self.dir.display());
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(cannot),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.with_context(cannot)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("suiftly-") && name.ends_with(extension) {
                files.push(path);
            }
        }
        Ok(files)
    }
}

impl Writing<'_> {
    pub(super) fn dir(&self) -> &Path {
        &self.shelf.dir
    }

    /// Makes the file of a new backup.
    pub(super) fn begin(&self, deployment: &str, at: UnixMillis) -> anyhow::Result<(Unfinished, File)> {
        let finished = self.shelf.dir.join(format!("suiftly-{deployment}-{}{EXTENSION}", compact(at)));
        ensure!(!finished.exists(), "there is {} already", finished.display());
        let path = with_more(&finished, UNFINISHED_EXTENSION);
        let opened = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(&path);
        let file = opened.with_context(|| format!("cannot make {}", path.display()))?;
        Ok((Unfinished { path, finished, is_finished: false }, file))
    }

    /// Removes what need not be kept; answers what went. The latest is never removed, and of others none whose age is not
    /// known.
    pub(super) fn retain(&self, keep: Keep, now: UnixMillis) -> anyhow::Result<Vec<PathBuf>> {
        let mut gone = Vec::new();
        for found in surplus(self.shelf.list()?, keep, now) {
            let cannot = || format!("cannot remove {}", found.display());
            fs::remove_file(&found).with_context(cannot)?;
            match fs::remove_file(with_more(&found, NOTE_EXTENSION)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).with_context(cannot)?,
                _ => {}
            }
            gone.push(found);
        }
        Ok(gone)
    }
}

impl Unfinished {
    /// Puts it in its place with its note: what stands there is on the disk and whole.
    pub(super) fn finish(mut self, file: &File, note: &Note) -> anyhow::Result<PathBuf> {
        let cannot = || format!("cannot finish {}", self.finished.display());
        file.sync_all().with_context(cannot)?;
        let note_path = with_more(&self.finished, NOTE_EXTENSION);
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(&note_path);
        let json = serde_json::to_vec_pretty(note).context("cannot encode the note of a backup")?;
        let write = |mut out: File| out.write_all(&json).and_then(|()| out.sync_all());
        let noted = opened.and_then(write).and_then(|()| fs::rename(&self.path, &self.finished));
        let synced = noted.and_then(|()| File::open(self.finished.parent().unwrap_or(Path::new(".")))?.sync_all());
        if let Err(error) = synced {
            let _ = fs::remove_file(&note_path);
            return Err(error).with_context(cannot);
        }
        self.is_finished = true;
        Ok(self.finished.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "cannot remove {}, which was never finished", self.path.display());
        }
    }
}

/// `20261123T020000Z`: names sort as times do.
fn compact(at: UnixMillis) -> String {
    let text = at.rfc3339();
    let seconds = text.split('.').next().unwrap_or(&text).trim_end_matches('Z');
    format!("{}Z", seconds.replace(['-', ':'], ""))
}

fn with_more(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(extension);
    name.into()
}

fn note_of(path: &Path) -> Option<Note> {
    let note = with_more(path, NOTE_EXTENSION);
    let is_short = note.metadata().ok()?.len() <= NOTE_BYTES_MAX;
    is_short.then(|| fs::read(&note).ok()).flatten().and_then(|json| serde_json::from_slice(&json).ok())
}

/// Of backups, the latest first, those to be removed.
fn surplus(found: Vec<Found>, keep: Keep, now: UnixMillis) -> Vec<PathBuf> {
    let kept = usize::try_from(keep.count.max(1)).unwrap_or(usize::MAX);
    let is_young = |note: &Note| note.created_at.0.saturating_add(i64::from(keep.days) * DAY_MS) > now.0;
    let noted = found.into_iter().filter_map(|found| Some((found.path, found.note?)));
    noted.skip(kept).filter(|(_, note)| !is_young(note)).map(|(path, _)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(created_at: UnixMillis) -> Note {
        Note {
            created_at,
            deployment: "test".to_owned(),
            journal_id: "ab".to_owned(),
            watermark: 1,
            first_epoch: 1,
            last_epoch: 2,
            last_cut_at: None,
            has_secrets: true,
            bytes: 3,
            sha256: String::new(),
            took_ms: 4,
        }
    }

    /// 2026-11-23T00:00:00Z
    const NOW: UnixMillis = UnixMillis(1_795_392_000_000);

    fn put(shelf: &Shelf, at: UnixMillis) -> PathBuf {
        let writing = shelf.write().unwrap();
        let (unfinished, mut file) = writing.begin("test", at).unwrap();
        file.write_all(b"abc").unwrap();
        unfinished.finish(&file, &note(at)).unwrap()
    }

    #[test]
    fn what_is_not_finished_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(&dir.path().join("backups"));
        assert_eq!(shelf.list().unwrap(), []);
        {
            let writing = shelf.write().unwrap();
            let (_unfinished, _file) = writing.begin("test", NOW).unwrap();
            assert!(format!("{:#}", shelf.write().err().unwrap()).contains("another backup is being made"));
            assert_eq!(shelf.list().unwrap(), []);
        }
        let names = || fs::read_dir(&shelf.dir).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        assert_eq!(names(), [LOCK_FILE], "nothing is left of it");
        // A process that was killed left one behind.
        fs::write(shelf.dir.join("suiftly-test-20261123T000000Z.tar.zst.age.new"), "half").unwrap();
        let path = put(&shelf, NOW);
        assert_eq!(path.file_name().unwrap(), "suiftly-test-20261123T000000Z.tar.zst.age");
        assert_eq!(shelf.list().unwrap(), [Found { path, note: Some(note(NOW)) }]);
        assert_eq!(names().len(), 3, "the lock, the backup and its note: {:?}", names());
    }

    #[test]
    fn the_latest_are_kept_and_the_young() {
        let days_ago = |days: i64| NOW.plus_ms(-days * DAY_MS);
        let cases: [(Keep, &[i64]); 5] = [
            (Keep { count: 2, days: 0 }, &[0, 1]),
            (Keep { count: 1, days: 3 }, &[0, 1, 2]),
            (Keep { count: 4, days: 2 }, &[0, 1, 2, 5]),
            (Keep { count: 0, days: 0 }, &[0]),
            (Keep { count: 9, days: 9 }, &[0, 1, 2, 5, 8]),
        ];
        for (keep, left) in cases {
            let dir = tempfile::tempdir().unwrap();
            let shelf = Shelf::at(dir.path());
            for days in [5, 0, 8, 2, 1] {
                put(&shelf, days_ago(days));
            }
            let unknown = dir.path().join("suiftly-test-20200101T000000Z.tar.zst.age");
            fs::write(&unknown, "nobody knows").unwrap();
            shelf.write().unwrap().retain(keep, NOW).unwrap();
            let found = shelf.list().unwrap();
            assert!(found.iter().any(|found| found.path == unknown), "whose age is not known stays");
            let times: Vec<_> = found.iter().filter_map(|found| Some(found.note.as_ref()?.created_at)).collect();
            assert_eq!(times, left.iter().map(|days| days_ago(*days)).collect::<Vec<_>>(), "{keep:?}");
            let files = fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(files, 2 * left.len() + 2, "notes go with their backups");
        }
    }
}
