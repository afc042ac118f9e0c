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
    /// The next operations' fates; after them all is well, unless `full`.
    faults: VecDeque<Fault>,
    /// Every write and every new segment fails, until a segment is removed.
    full: bool,
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
            DiskStorage.open(&path).unwrap().write_all_at(&bytes[..length], position).unwrap();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn next_fault(&self, needs_room: bool) -> Fault {
        let mut state = self.state();
        let fault = state.faults.pop_front().unwrap_or(Fault::None);
        if state.full && needs_room { Fault::Fails } else { fault }
    }
}

fn no_space() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
}

impl Storage for FaultyDisk {
    fn create(&mut self, path: &Path, header: &[u8]) -> io::Result<Box<dyn SegmentFile>> {
        if self.next_fault(true) != Fault::None {
            return Err(no_space());
        }
        DiskStorage.create(path, header)?;
        self.open(path)
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned() }))
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        DiskStorage.remove(path)?;
        self.state().full = false;
        Ok(())
    }
}

impl SegmentFile for FaultyFile {
    fn write_all_at(&mut self, bytes: &[u8], position: u64) -> io::Result<()> {
        let fault = self.disk.next_fault(true);
        let done = if fault == Fault::None { bytes } else { &bytes[..bytes.len() / 2] };
        self.disk.state().unsynced.push((self.path.clone(), position, done.to_vec()));
        if fault == Fault::None { Ok(()) } else { Err(no_space()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let fault = self.disk.next_fault(false);
        let unsynced = match fault {
            Fault::None | Fault::Loses => std::mem::take(&mut self.disk.state().unsynced),
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
