//! What the journal asks of a disk. A seam for tests, which put a failing disk here.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Makes and removes segments.
pub trait Storage: Send {
    /// Makes a segment that holds `header`. When it answers, file and directory entry are on the disk; a crash before
    /// leaves no segment, never half a header.
    fn create(&mut self, path: &Path, header: &[u8]) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a segment to write on.
    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>>;

    /// Removes a segment.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// A segment that is written.
pub trait SegmentFile: Send {
    /// Writes all of `bytes` at byte `position` of the file.
    fn write_all_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()>;

    /// Returns when everything written is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// The real disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskStorage;

/// What a segment is called until it is whole.
pub(super) const UNFINISHED_EXTENSION: &str = "tmp";

impl Storage for DiskStorage {
    fn create(&mut self, path: &Path, header: &[u8]) -> io::Result<Box<dyn SegmentFile>> {
        let unfinished = path.with_extension(UNFINISHED_EXTENSION);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&unfinished)?;
        file.write_all(header)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)?;
        sync_directory_of(path)?;
        Ok(Box::new(file))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)?;
        sync_directory_of(path)
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
