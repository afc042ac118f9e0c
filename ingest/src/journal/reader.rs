//! Reads blocks in order across segments, raw and compressed: for recovery, and for whoever replays.

use super::damage::Fault;
use super::list::list;
use super::scan::SegmentReader;
use super::{JournalError, Lost, Segment};
use crate::block::Block;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use suiftly_schema::{ids::Epoch, time::UnixMillis};

/// A running journal may compress, move and use again the files that are read; so often in a row their list is made
/// anew.
const MAX_RELISTS: usize = 16;

/// The blocks of a journal from some epoch on. After an error it ends.
///
/// It takes the segments as they are when it is made; the journal may be in use meanwhile. A write at the end that never
/// finished ends it without an error. Damage anywhere else is passed over and told ([`JournalReader::lost`]); the epochs
/// in it are left out.
pub struct JournalReader {
    dir: PathBuf,
    archive: Option<PathBuf>,
    /// Segments not yet begun.
    segments: VecDeque<Segment>,
    current: Option<SegmentReader>,
    /// The first epoch that is wanted, then the next one.
    wanted: Epoch,
    /// What is not there yet when it is made is not read.
    end: u64,
    relists: usize,
    lost: Lost,
}

impl JournalReader {
    /// Reads `epoch` and all after it. An epoch that is not there yet makes an empty reader.
    pub fn from_epoch(dir: &Path, epoch: Epoch) -> Result<Self, JournalError> {
        Self::with_archive(dir, None, epoch)
    }

    /// The same, with segments that have gone to the archive where the journal has them no more.
    pub fn with_archive(dir: &Path, archive: Option<&Path>, epoch: Epoch) -> Result<Self, JournalError> {
        let segments = list(dir, archive)?;
        let end = segments.last().map_or(0, |last| last.end);
        let mut reader = Self {
            dir: dir.to_owned(),
            archive: archive.map(Path::to_owned),
            segments: VecDeque::new(),
            current: None,
            wanted: epoch,
            end,
            relists: 0,
            lost: Lost::default(),
        };
        reader.begin(segments)?;
        Ok(reader)
    }

    /// Reads the blocks that fit in the last `bytes` bytes up to and including `epoch`, as far as they are kept, and all
    /// after it.
    pub fn from_before_end_of(dir: &Path, epoch: Epoch, bytes: u64) -> Result<Self, JournalError> {
        let mut tries = 1;
        loop {
            match Self::try_from_before_end_of(dir, epoch, bytes) {
                Err(error) if error.is_not_found() && tries < MAX_RELISTS => tries += 1,
                found => return found,
            }
        }
    }

    fn try_from_before_end_of(dir: &Path, epoch: Epoch, bytes: u64) -> Result<Self, JournalError> {
        let segments = list(dir, None)?;
        let with_epoch = segments.partition_point(|segment| segment.header.first_epoch <= epoch);
        let Some(with_epoch) = with_epoch.checked_sub(1) else {
            return Self::from_epoch(dir, epoch + 1);
        };
        let (_, end) = find(&segments[with_epoch], epoch + 1, |reader| reader.next_epoch > epoch)?;
        let from = end.saturating_sub(bytes);
        let with_from = segments.partition_point(|segment| segment.header.start <= from).saturating_sub(1);
        let (first, _) = find(&segments[with_from], 0, |reader| reader.position >= from)?;
        Self::from_epoch(dir, first.min(epoch + 1))
    }

    /// Reads all that is kept, from the first segment that may hold something cut at `since` or later.
    pub fn of_all(dir: &Path, archive: Option<&Path>, since: Option<UnixMillis>) -> Result<Self, JournalError> {
        let segments = list(dir, archive)?;
        let may_hold =
            |segment: &&Segment| segment.last_cut_at.is_none_or(|last| since.is_none_or(|since| last >= since));
        let first = segments.iter().find(may_hold).map_or(0, |segment| segment.header.first_epoch);
        Self::with_archive(dir, archive, first)
    }

    /// Reads from the block on that stands at byte `offset` of the journal; `None` if there is none.
    pub fn at_offset(dir: &Path, archive: Option<&Path>, offset: u64) -> Result<Option<Self>, JournalError> {
        let segments = list(dir, archive)?;
        let with_offset = segments.iter().find(|segment| (segment.header.start..segment.end).contains(&offset));
        let Some(segment) = with_offset else {
            return Ok(None);
        };
        let (epoch_after, _) = find(segment, 0, |reader| reader.position > offset)?;
        Self::with_archive(dir, archive, epoch_after.saturating_sub(1).max(segment.header.first_epoch)).map(Some)
    }

    /// What it had to leave out so far.
    pub const fn lost(&self) -> &Lost {
        &self.lost
    }

    fn begin(&mut self, segments: Vec<Segment>) -> Result<(), JournalError> {
        self.current = None;
        self.segments = segments.into();
        while self.segments.get(1).is_some_and(|second| second.header.first_epoch <= self.wanted) {
            self.segments.pop_front();
        }
        match self.segments.front() {
            Some(first) if first.header.first_epoch > self.wanted => {
                let first = first.header.first_epoch;
                Err(JournalError::Retired { dir: self.dir.clone(), first, wanted: self.wanted })
            }
            _ => Ok(()),
        }
    }

    fn relist(&mut self) -> Result<(), JournalError> {
        self.relists += 1;
        self.begin(list(&self.dir, self.archive.as_deref())?)
    }

    fn try_next(&mut self) -> Result<Option<Block>, JournalError> {
        loop {
            if self.current.is_none() && !self.open_next()? {
                return Ok(None);
            }
            match self.step()? {
                Step::Block(block) if block.end > self.end => return Ok(None),
                Step::Block(block) => {
                    (self.wanted, self.relists) = (block.epoch + 1, 0);
                    return Ok(Some(block));
                }
                Step::Again => {}
                Step::SegmentEnded => {
                    self.current = None;
                    // Segments join: what is missing at the end of one was lost in it.
                    self.wanted = self.wanted.max(self.segments.front().map_or(0, |next| next.header.first_epoch));
                }
            }
        }
    }

    fn open_next(&mut self) -> Result<bool, JournalError> {
        let Some(segment) = self.segments.pop_front() else {
            return Ok(false);
        };
        match SegmentReader::open(&segment) {
            Ok(mut reader) => {
                reader.approach(self.wanted);
                self.current = Some(reader);
            }
            Err(error) if error.is_not_found() && self.relists < MAX_RELISTS => {
                self.relist()?;
                return self.open_next();
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn step(&mut self) -> Result<Step, JournalError> {
        let Some(reader) = &mut self.current else {
            return Ok(Step::SegmentEnded);
        };
        let damage = match next_wanted(reader, self.wanted) {
            Ok(Some(block)) => return Ok(Step::Block(block)),
            Ok(None) => return Ok(Step::SegmentEnded),
            Err(Fault::Io(error)) => return Err(cannot_read(reader, error)),
            Err(Fault::Damage(damage)) => damage,
        };
        if reader.is_used_again().map_err(|error| cannot_read(reader, error))? && self.relists < MAX_RELISTS {
            self.relist()?;
            return Ok(Step::Again);
        }
        if reader.segment().end_epoch.is_none() {
            if reader.is_torn_tail().map_err(|error| cannot_read(reader, error))? {
                return Ok(Step::SegmentEnded);
            }
            // It may have been written between the two looks at it.
            reader.refresh();
            match reader.next() {
                Ok(Some(block)) if block.epoch >= self.wanted => return Ok(Step::Block(block)),
                Ok(_) => return Ok(Step::Again),
                Err(Fault::Io(error)) => return Err(cannot_read(reader, error)),
                Err(Fault::Damage(_)) => {}
            }
        }
        let place = reader.pass_over(damage).map_err(|error| cannot_read(reader, error))?;
        self.lost.note(place);
        Ok(Step::Again)
    }
}

/// What reading on came to.
enum Step {
    Block(Block),
    Again,
    SegmentEnded,
}

fn next_wanted(reader: &mut SegmentReader, wanted: Epoch) -> Result<Option<Block>, Fault> {
    while reader.next_epoch < wanted {
        if reader.skip()?.is_none() {
            return Ok(None);
        }
    }
    reader.next()
}

/// The first place between the segment's blocks that satisfies `wanted`, else its end: the epoch of the block that
/// begins there, and its offset. Payloads are not read. What comes before epoch `near` need not be looked at.
fn find(segment: &Segment, near: Epoch, wanted: impl Fn(&SegmentReader) -> bool) -> Result<(Epoch, u64), JournalError> {
    let mut reader = SegmentReader::open(segment)?;
    reader.approach(near);
    while !wanted(&reader) {
        match reader.skip() {
            Ok(Some(_)) => {}
            // What is wrong with it, reading the blocks will tell.
            Ok(None) | Err(Fault::Damage(_)) => break,
            Err(Fault::Io(error)) => return Err(cannot_read(&reader, error)),
        }
    }
    Ok((reader.next_epoch, reader.position))
}

fn cannot_read(reader: &SegmentReader, error: io::Error) -> JournalError {
    JournalError::io("read", &reader.segment().path, error)
}

impl Iterator for JournalReader {
    type Item = Result<Block, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.try_next().transpose();
        if !matches!(next, Some(Ok(_))) {
            self.segments.clear();
            self.current = None;
        }
        next
    }
}
