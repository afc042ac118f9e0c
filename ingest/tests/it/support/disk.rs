//! A disk that fails as disks do: writes that stop halfway, syncs that lose what was written, and a crash that keeps
//! some of what was never synced.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use suiftly_ingest::journal::{DiskStorage, SegmentFile, Storage};

/// What one operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// What it should.
    None,
    /// Fails; of a write, half is done.
    Fails,
    /// A sync fails and what was not synced is gone, as the page cache does it.
    Loses,
}

#[derive(Debug, Default)]
struct State {
    /// The next operations' fates; after them all is well, unless `full` or `broken_after`.
    faults: VecDeque<Fault>,
    /// Every write and every new file fails, until a file is removed.
    full: bool,
    /// Every write and every new file fails, whatever is removed.
    read_only: bool,
    /// No room but for what is written on.
    short: bool,
    /// After so many operations more the power is gone: nothing reaches the disk any more.
    broken_after: Option<usize>,
    /// Names cannot go from one directory to another.
    two_disks: bool,
    /// Not yet on the disk, in order.
    unsynced: Vec<(PathBuf, u64, Vec<u8>)>,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultyDisk(Arc<Mutex<State>>);

impl FaultyDisk {
    /// What the next operations do.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().faults = faults.into_iter().collect();
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    pub(crate) fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// Whether it says that there is no room for what could be done without.
    pub(crate) fn set_short(&self, short: bool) {
        self.state().short = short;
    }

    /// The power goes after so many operations.
    pub(crate) fn break_after(&self, operations: usize) {
        self.state().broken_after = Some(operations);
    }

    /// Whether it has gone.
    pub(crate) fn is_broken(&self) -> bool {
        self.state().broken_after == Some(0)
    }

    /// Directories are on disks of their own.
    pub(crate) fn set_two_disks(&self) {
        self.state().two_disks = true;
    }

    /// The machine stops: of what was not synced, the writes chosen by the bits of `survivors` reach the disk, the last
    /// of them by half.
    pub(crate) fn crash(&self, survivors: u64) {
        let unsynced = std::mem::take(&mut self.state().unsynced);
        let kept: Vec<_> = unsynced
            .into_iter()
            .enumerate()
            .filter(|(at, _)| survivors >> (at % 64) & 1 == 1)
            .map(|(_, w)| w)
            .collect();
        let count = kept.len();
        for (at, (path, position, bytes)) in kept.into_iter().enumerate() {
            let length = if at + 1 == count { bytes.len() / 2 } else { bytes.len() };
            // A file that was removed needs nothing any more.
            if let Ok(mut file) = DiskStorage.open(&path) {
                file.write_all_at(&bytes[..length], position).unwrap();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn next_fault(&self, needs_room: bool) -> Fault {
        let mut state = self.state();
        match &mut state.broken_after {
            Some(0) => return Fault::Fails,
            Some(left) => *left -= 1,
            None => {}
        }
        let fault = state.faults.pop_front().unwrap_or(Fault::None);
        if (state.full || state.read_only) && needs_room { Fault::Fails } else { fault }
    }

    fn refusal(&self) -> io::Error {
        let read_only = self.state().read_only;
        if read_only { io::ErrorKind::ReadOnlyFilesystem.into() } else { io::ErrorKind::StorageFull.into() }
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
}

impl Storage for FaultyDisk {
    fn make(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        if self.next_fault(true) != Fault::None {
            return Err(self.refusal());
        }
        DiskStorage.make(path)?;
        self.state().unsynced.retain(|(of, ..)| of != path);
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if self.state().two_disks && from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        if self.next_fault(false) != Fault::None {
            return Err(io::Error::other("an input or output error"));
        }
        assert!(
            self.state().unsynced.iter().all(|(of, ..)| of != from),
            "{} is named before it is synced",
            to.display()
        );
        DiskStorage.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        if self.next_fault(false) != Fault::None {
            return Err(io::Error::other("an input or output error"));
        }
        DiskStorage.remove(path)?;
        let mut state = self.state();
        state.full = false;
        state.unsynced.retain(|(of, ..)| of != path);
        Ok(())
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        let state = self.state();
        Ok(if state.full || state.short { 0 } else { u64::MAX })
    }
}

impl SegmentFile for FaultyFile {
    fn write_all_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let fault = self.disk.next_fault(true);
        let done = if fault == Fault::None { bytes } else { &bytes[..bytes.len() / 2] };
        self.disk.state().unsynced.push((self.path.clone(), position, done.to_vec()));
        if fault == Fault::None { Ok(()) } else { Err(self.disk.refusal()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let fault = self.disk.next_fault(false);
        let of_this = |write: &mut (PathBuf, u64, Vec<u8>)| write.0 == self.path;
        let unsynced: Vec<_> = match fault {
            Fault::None | Fault::Loses => self.disk.state().unsynced.extract_if(.., of_this).collect(),
            Fault::Fails => Vec::new(),
        };
        if fault != Fault::None {
            return Err(io::Error::other("an input or output error"));
        }
        for (path, position, bytes) in unsynced {
            DiskStorage.open(&path)?.write_all_at(&bytes, position)?;
        }
        Ok(())
    }
}
