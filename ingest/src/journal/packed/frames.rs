//! Reads the blocks' bytes out of a compressed segment, one frame at a time.

use super::{Entry, Index, MAX_FRAME_BYTES};
use crate::block::BlockError;
use crate::journal::damage::{Damage, Fault};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use suiftly_schema::ids::Epoch;

/// A compressed segment that is read.
pub(in crate::journal) struct PackedBytes {
    file: File,
    index: Index,
    decompressor: zstd::bulk::Decompressor<'static>,
    /// The frame that was decompressed last: its place in the index and its blocks.
    frame: Option<(usize, Vec<u8>)>,
}

impl PackedBytes {
    pub(in crate::journal) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let file_bytes = file.metadata()?.len();
        let index =
            Index::read(&file, file_bytes)?.map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))?;
        Ok(Self { file, index, decompressor: zstd::bulk::Decompressor::new()?, frame: None })
    }

    pub(in crate::journal) const fn index(&self) -> &Index {
        &self.index
    }

    /// Whether each byte of the file is as it was written, those that nothing needs included.
    pub(in crate::journal) fn is_as_written(&self) -> io::Result<bool> {
        let (mut crc, mut at) = (0, 0);
        let mut frame = Vec::new();
        for entry in &self.index.entries {
            frame.resize(entry.file_bytes as usize, 0);
            self.file.read_exact_at(&mut frame, entry.file_at)?;
            crc = crc32c::crc32c_append(crc, &frame);
            at = entry.file_at + u64::from(entry.file_bytes);
        }
        let index = self.index.encode();
        let mut found = vec![0; index.len()];
        let is_there = self.file.metadata()?.len() == at + index.len() as u64;
        if is_there {
            self.file.read_exact_at(&mut found, at)?;
        }
        Ok(crc == self.index.frames_crc && found == index)
    }

    /// The last place where a frame begins whose first block is not after this epoch: its epoch and place.
    pub(in crate::journal) fn place_before(&self, epoch: Epoch) -> Option<(Epoch, u64)> {
        let after = self.index.entries.partition_point(|entry| entry.first_epoch <= epoch);
        let entry = self.index.entries.get(after.checked_sub(1)?)?;
        Some((entry.first_epoch, entry.start))
    }

    /// Fills `into` with what stands at byte `at` of the journal. Nothing reaches over a frame's end.
    pub(in crate::journal) fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), Fault> {
        let (start, frame) = self.frame_with(at)?;
        let from = usize::try_from(at - start).unwrap_or(usize::MAX);
        let end = from.saturating_add(into.len());
        let found = frame.get(from..end).ok_or(Fault::Damage(Damage::Block(BlockError::Truncated)))?;
        into.copy_from_slice(found);
        Ok(())
    }

    /// The next place at or after `from` where these bytes stand. Frames that cannot be decompressed have none.
    pub(in crate::journal) fn find(&mut self, from: u64, wanted: &[u8]) -> io::Result<Option<u64>> {
        let mut at = from;
        while at < self.index.end {
            match self.frame_with(at) {
                Ok((start, frame)) => {
                    let offset = usize::try_from(at - start).unwrap_or(usize::MAX);
                    if let Some(found) = frame.get(offset..).and_then(|rest| memchr::memmem::find(rest, wanted)) {
                        return Ok(Some(at + found as u64));
                    }
                }
                Err(Fault::Damage(_)) => {}
                Err(Fault::Io(error)) => return Err(error),
            }
            at = self.entry_with(at).map_or(self.index.end, |(_, entry)| entry.end());
        }
        Ok(None)
    }

    fn entry_with(&self, at: u64) -> Option<(usize, Entry)> {
        let after = self.index.entries.partition_point(|entry| entry.start <= at);
        let number = after.checked_sub(1)?;
        self.index.entries.get(number).filter(|entry| at < entry.end()).map(|entry| (number, *entry))
    }

    fn frame_with(&mut self, at: u64) -> Result<(u64, &[u8]), Fault> {
        let (number, entry) = self.entry_with(at).ok_or(Fault::Damage(Damage::Block(BlockError::Truncated)))?;
        let have = self.frame.take_if(|(have, _)| *have == number);
        let frame = match have {
            Some(frame) => frame,
            None => (number, self.decompress(entry)?),
        };
        Ok((entry.start, &self.frame.insert(frame).1))
    }

    fn decompress(&mut self, entry: Entry) -> Result<Vec<u8>, Fault> {
        let mut packed = vec![0; entry.file_bytes as usize];
        self.file.read_exact_at(&mut packed, entry.file_at).map_err(Fault::Io)?;
        let capacity = (entry.block_bytes as usize).min(MAX_FRAME_BYTES);
        match self.decompressor.decompress(&packed, capacity) {
            Ok(blocks) if blocks.len() == capacity => Ok(blocks),
            Ok(_) | Err(_) => Err(Fault::Damage(Damage::Frame)),
        }
    }
}
