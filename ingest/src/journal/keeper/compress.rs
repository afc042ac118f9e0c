//! Makes a closed raw segment a compressed one: written beside it, read back as a whole, and only then in its place.

use crate::block::Block;
use crate::journal::damage::{Fault, Lost};
use crate::journal::packed::{Entry, FRAME_BYTES, Index, PackedBytes};
use crate::journal::scan::SegmentReader;
use crate::journal::storage::{Storage, UNFINISHED_EXTENSION};
use crate::journal::{JournalError, Segment, SegmentFile};
use std::io;
use std::path::Path;
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// What it makes of a raw segment, and what was found damaged in it (and is kept as it is). `None` if told to stop.
pub(super) fn compress(
    raw: &Segment,
    storage: &dyn Storage,
    level: i32,
    stop: &dyn Fn() -> bool,
) -> Result<Option<(Segment, Lost)>, JournalError> {
    let packed = raw.path.with_file_name(raw.header.packed_file_name());
    let unfinished = packed.with_extension(UNFINISHED_EXTENSION);
    let cannot = |error| JournalError::io("compress", &raw.path, error);
    let written = write(raw, storage, &unfinished, level, stop).map_err(cannot);
    let checked = written.and_then(|written| match written {
        Some((index, lost)) => {
            check(&unfinished, &index, stop).map_err(cannot).map(|done| done.then_some((index, lost)))
        }
        None => Ok(None),
    });
    match checked {
        Ok(Some((index, lost))) => {
            storage.rename(&unfinished, &packed).map_err(cannot)?;
            let file_bytes = std::fs::metadata(&packed).map_err(cannot)?.len();
            Ok(Some((index.segment(&packed, file_bytes), lost)))
        }
        other => {
            // What could not be finished gives its room back.
            let _ = storage.remove(&unfinished);
            other.map(|_| None)
        }
    }
}

fn write(
    raw: &Segment,
    storage: &dyn Storage,
    to: &Path,
    level: i32,
    stop: &dyn Fn() -> bool,
) -> io::Result<Option<(Index, Lost)>> {
    let mut reader = SegmentReader::open(raw).map_err(io::Error::other)?;
    let mut packer = Packer::new(raw, storage.make(to)?, level)?;
    let mut lost = Lost::default();
    while reader.position < raw.end {
        if stop() {
            return Ok(None);
        }
        match reader.next() {
            Ok(Some(block)) => packer.take_block(&block)?,
            Ok(None) => break,
            Err(Fault::Io(error)) => return Err(error),
            Err(Fault::Damage(damage)) => {
                let place = reader.pass_over(damage)?;
                packer.take_damaged(&mut reader, place.start, place.end, place.first_epoch)?;
                lost.note(place);
            }
        }
    }
    Ok(Some((packer.finish(reader.next_epoch)?, lost)))
}

/// Reads all of it back from what was written.
fn check(path: &Path, index: &Index, stop: &dyn Fn() -> bool) -> io::Result<bool> {
    let mut packed = PackedBytes::open(path)?;
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "what was compressed does not read back the same");
    if packed.index() != index {
        return Err(wrong());
    }
    let (mut crc, mut blocks) = (0, Vec::new());
    for entry in &index.entries {
        if stop() {
            return Ok(false);
        }
        blocks.resize(entry.block_bytes as usize, 0);
        match packed.read(entry.start, &mut blocks) {
            Ok(()) => crc = crc32c::crc32c_append(crc, &blocks),
            Err(Fault::Io(error)) => return Err(error),
            Err(Fault::Damage(_)) => return Err(wrong()),
        }
    }
    if crc == index.crc { Ok(true) } else { Err(wrong()) }
}

/// Cuts blocks into frames and writes them.
struct Packer {
    file: Box<dyn SegmentFile>,
    compressor: zstd::bulk::Compressor<'static>,
    index: Index,
    file_at: u64,
    /// The frame that is being filled: its blocks, and the first of their epochs.
    blocks: Vec<u8>,
    first_epoch: Epoch,
    packed: Vec<u8>,
}

impl Packer {
    fn new(raw: &Segment, file: Box<dyn SegmentFile>, level: i32) -> io::Result<Self> {
        let index = Index {
            journal_id: raw.header.journal_id,
            first_epoch: raw.header.first_epoch,
            start: raw.header.start,
            previous: raw.header.previous,
            end: raw.header.start,
            end_epoch: raw.header.first_epoch,
            lines: 0,
            first_cut_at: UnixMillis::MAX,
            last_cut_at: UnixMillis::MIN,
            crc: 0,
            frames_crc: 0,
            entries: Vec::new(),
        };
        let compressor = zstd::bulk::Compressor::new(level)?;
        let first_epoch = index.first_epoch;
        Ok(Self { file, compressor, index, file_at: 0, blocks: Vec::new(), first_epoch, packed: Vec::new() })
    }

    fn take_block(&mut self, block: &Block) -> io::Result<()> {
        if self.blocks.is_empty() {
            self.first_epoch = block.epoch;
        }
        self.blocks.extend_from_slice(block.bytes());
        self.index.lines += u64::from(block.frame_count());
        self.index.first_cut_at = self.index.first_cut_at.min(block.cut_at);
        self.index.last_cut_at = self.index.last_cut_at.max(block.cut_at);
        if self.blocks.len() >= FRAME_BYTES { self.end_frame() } else { Ok(()) }
    }

    /// Bytes that are no block any more, in frames of their own: the sound ones beside them stay readable.
    fn take_damaged(&mut self, reader: &mut SegmentReader, start: u64, end: u64, epoch: Epoch) -> io::Result<()> {
        self.end_frame()?;
        let mut at = start;
        while at < end {
            let length = usize::try_from(end - at).map_or(FRAME_BYTES, |left| left.min(FRAME_BYTES));
            self.blocks.resize(length, 0);
            match reader.copy(at, &mut self.blocks) {
                Ok(()) => {}
                Err(Fault::Io(error)) => return Err(error),
                Err(Fault::Damage(damage)) => {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, damage.to_string()));
                }
            }
            self.first_epoch = epoch;
            at += length as u64;
            self.end_frame()?;
        }
        Ok(())
    }

    fn end_frame(&mut self) -> io::Result<()> {
        if self.blocks.is_empty() {
            return Ok(());
        }
        self.packed.clear();
        self.packed.reserve(zstd::compress_bound(self.blocks.len()));
        self.compressor.compress_to_buffer(&self.blocks, &mut self.packed)?;
        self.file.write_all_at(&self.packed, self.file_at)?;
        let entry = Entry {
            first_epoch: self.first_epoch,
            start: self.index.end,
            file_at: self.file_at,
            file_bytes: u32::try_from(self.packed.len()).map_err(io::Error::other)?,
            block_bytes: u32::try_from(self.blocks.len()).map_err(io::Error::other)?,
        };
        self.index.crc = crc32c::crc32c_append(self.index.crc, &self.blocks);
        self.index.frames_crc = crc32c::crc32c_append(self.index.frames_crc, &self.packed);
        (self.index.end, self.file_at) = (entry.end(), self.file_at + u64::from(entry.file_bytes));
        self.index.entries.push(entry);
        self.blocks.clear();
        Ok(())
    }

    fn finish(mut self, end_epoch: Epoch) -> io::Result<Index> {
        self.end_frame()?;
        self.index.end_epoch = end_epoch;
        self.file.write_all_at(&self.index.encode(), self.file_at)?;
        self.file.sync()?;
        Ok(self.index)
    }
}
