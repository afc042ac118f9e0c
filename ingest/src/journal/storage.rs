//! What the journal asks of a disk. A seam for tests, which put a failing disk here.
//!
//! Only what changes the disk goes through it; files are read directly. Whatever gets a name that counts is synced
//! before it gets it, and the name is synced before the answer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Makes, names and removes files. Used by the journal's writer and by its keeper at the same time.
pub trait Storage: Send + Sync {
    /// Makes an empty file, or empties the one that is there. Its name need not outlast a crash.
    fn make(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a file to write on.
    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Gives a file another name, in place of what had it. When it answers, both names are on the disk. Between two
    /// file systems it fails with [`io::ErrorKind::CrossesDevices`].
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file. When it answers, its name is gone from the disk.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// How many bytes may still be written in a directory.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// A file that is written.
pub trait SegmentFile: Send {
    /// Writes all of `bytes` at byte `position` of the file.
    fn write_all_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Returns when everything written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStorage;

/// What a file is called until it is whole; a start removes it.
pub(super) const UNFINISHED_EXTENSION: &str = "tmp";

/// Makes a file that holds `header`. A crash before it answers leaves no such file, never half a header.
pub(super) fn create(storage: &dyn Storage, path: &Path, header: &[u8]) -> io::Result<Box<dyn SegmentFile>> {
    let unfinished = path.with_extension(UNFINISHED_EXTENSION);
    let mut file = storage.make(&unfinished)?;
    file.write_all_at(header, 0)?;
    file.sync()?;
    storage.rename(&unfinished, path)?;
    Ok(file)
}

/// Makes the same out of a file that is there, whose blocks on the disk are used again.
pub(super) fn create_from(
    storage: &dyn Storage,
    spare: &Path,
    path: &Path,
    header: &[u8],
) -> io::Result<Box<dyn SegmentFile>> {
    let mut file = storage.open(spare)?;
    file.write_all_at(header, 0)?;
    file.sync()?;
    storage.rename(spare, path)?;
    Ok(file)
}

impl Storage for DiskStorage {
    fn make(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)?;
        // The new name first: a crash between the two may leave both, never none.
        sync_directory_of(to)?;
        if from.parent() == to.parent() { Ok(()) } else { sync_directory_of(from) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)?;
        sync_directory_of(path)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let found = nix::sys::statvfs::statvfs(dir)?;
        Ok(found.blocks_available().saturating_mul(found.fragment_size()))
    }
}

impl SegmentFile for File {
    fn write_all_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, position)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A new or removed name is on the disk only when its directory is.
fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}
