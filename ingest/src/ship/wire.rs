//! What is said on a link that ships, beside parts: how it is laid out in bytes. Pure. Numbers are little-endian.

use crate::block::MAX_FRAME_BYTES;
use crate::hand_in::HandInError;
use crate::journal::JournalId;
use suiftly_link::{Frame, FrameError, Kind};
use suiftly_schema::ids::Epoch;
use suiftly_schema::quarantine::{GivenLine, MAX_GIVEN_BYTES, MAX_GIVEN_LINES};
use suiftly_schema::shard::ShardSet;
use suiftly_schema::time::UnixMillis;

/// So much of one journal is under way to a process, or held by it, at most.
pub const WINDOW_BYTES: u32 = 64 << 20;
/// What a frame costs beside its payload: about what it takes to remember it.
const FRAME_COST: usize = 128;

/// What a frame costs of the window, at both ends.
pub(super) fn cost(payload_bytes: usize) -> u32 {
    u32::try_from(payload_bytes + FRAME_COST).expect("a payload is bounded far below 4 GiB")
}

/// Whether it is a time that can be reckoned with.
pub(super) fn is_time(at: UnixMillis) -> bool {
    (UnixMillis::MIN..=UnixMillis::MAX).contains(&at)
}

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
}

/// Reads all of a frame's payload, and nothing behind it.
fn whole<T>(frame: &Frame, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, FrameError> {
    let mut fields = Fields(&frame.payload);
    read(&mut fields).filter(|_| fields.0.is_empty()).ok_or(FrameError::Content(frame.kind))
}

/// What a journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) journal: JournalId,
    /// The first epoch that is kept.
    pub(super) first: Epoch,
    pub(super) durable: Epoch,
    pub(super) durable_end: u64,
}

impl Holds {
    pub(super) fn to_frame(self) -> Frame {
        let numbers = [self.first, self.durable, self.durable_end].map(u64::to_le_bytes);
        Frame::new(Kind::Journal, [&self.journal.0[..], numbers.as_flattened()].concat())
    }

    pub(super) fn decode(frame: &Frame) -> Result<Self, FrameError> {
        let holds = whole(frame, |fields| {
            let journal = JournalId(fields.array()?);
            Some(Self { journal, first: fields.u64()?, durable: fields.u64()?, durable_end: fields.u64()? })
        })?;
        // Epochs are counted from 1, and on from each.
        let could_be = holds.first > 0 && holds.durable < u64::MAX;
        if could_be { Ok(holds) } else { Err(FrameError::Content(Kind::Journal)) }
    }
}

/// Which part of a journal is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Want {
    pub(super) journal: JournalId,
    pub(super) after: Epoch,
    /// So much before it is wanted too, for proof.
    pub(super) rewarm_bytes: u32,
    pub(super) shards: ShardSet,
}

impl Want {
    pub(super) fn to_frame(self) -> Frame {
        let (after, rewarm) = (self.after.to_le_bytes(), self.rewarm_bytes.to_le_bytes());
        Frame::new(Kind::Want, [&self.journal.0[..], &after, &rewarm, &self.shards.to_bytes()].concat())
    }

    pub(super) fn decode(frame: &Frame) -> Result<Self, FrameError> {
        let want = whole(frame, |fields| {
            Some(Self {
                journal: JournalId(fields.array()?),
                after: fields.u64()?,
                rewarm_bytes: fields.u32()?,
                shards: ShardSet::from_bytes(fields.array()?),
            })
        })?;
        if want.after < u64::MAX { Ok(want) } else { Err(FrameError::Content(Kind::Want)) }
    }
}

/// A block's place: what the order needs to know of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The block's number.
    pub epoch: Epoch,
    /// Where it ends in the journal, in bytes.
    pub end: u64,
    /// The clock when it was cut.
    pub cut_at: UnixMillis,
}

impl Mark {
    /// Says of its block that it has no frame of the wanted shards.
    pub(super) fn to_frame(self) -> Frame {
        let fields = [self.epoch.to_le_bytes(), self.end.to_le_bytes(), self.cut_at.0.to_le_bytes()];
        Frame::new(Kind::Passed, fields.concat())
    }

    pub(super) fn decode(frame: &Frame) -> Result<Self, FrameError> {
        let mark = whole(frame, |fields| {
            Some(Self { epoch: fields.u64()?, end: fields.u64()?, cut_at: UnixMillis(fields.i64()?) })
        })?;
        if is_time(mark.cut_at) { Ok(mark) } else { Err(FrameError::Content(Kind::Passed)) }
    }
}

/// Blocks that are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LostBlocks {
    pub(super) first: Epoch,
    pub(super) last: Epoch,
    pub(super) bytes: u64,
}

impl LostBlocks {
    pub(super) fn to_frame(self) -> Frame {
        Frame::new(Kind::Lost, [self.first, self.last, self.bytes].map(u64::to_le_bytes).concat())
    }

    pub(super) fn decode(frame: &Frame) -> Result<Self, FrameError> {
        let lost =
            whole(frame, |fields| Some(Self { first: fields.u64()?, last: fields.u64()?, bytes: fields.u64()? }))?;
        let could_be = lost.first <= lost.last && lost.last < u64::MAX;
        if could_be { Ok(lost) } else { Err(FrameError::Content(Kind::Lost)) }
    }
}

pub(super) fn credit(bytes: u32) -> Frame {
    Frame::new(Kind::Credit, bytes.to_le_bytes().to_vec())
}

pub(super) fn read_credit(frame: &Frame) -> Result<u32, FrameError> {
    whole(frame, |fields| fields.u32())
}

pub(super) fn release(through: Epoch) -> Frame {
    Frame::new(Kind::Release, through.to_le_bytes().to_vec())
}

pub(super) fn read_release(frame: &Frame) -> Result<Epoch, FrameError> {
    whole(frame, |fields| fields.u64())
}

/// Lines to be given again.
pub(super) fn give(lines: &[GivenLine]) -> Frame {
    Frame::new(Kind::Give, given_lines(Vec::new(), lines))
}

/// Lines for process 0 to give again to the ingester that has this journal: no more, and no longer, than may be given at
/// once.
pub fn give_to(journal: JournalId, lines: &[GivenLine]) -> Frame {
    Frame::new(Kind::GiveTo, given_lines(journal.0.to_vec(), lines))
}

fn given_lines(mut bytes: Vec<u8>, lines: &[GivenLine]) -> Vec<u8> {
    for GivenLine { journal_offset, line } in lines {
        let length = u32::try_from(line.len()).expect("a frame is bounded far below 4 GiB");
        bytes.extend_from_slice(&journal_offset.to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(line);
    }
    bytes
}

/// Whether so many lines may be given at once: what takes them in relies on it.
pub(super) fn may_be_given(lines: &[GivenLine]) -> bool {
    let bytes: usize = lines.iter().map(|line| line.line.len()).sum();
    let are_frames = lines.iter().all(|line| line.line.len() <= MAX_FRAME_BYTES);
    are_frames && (1..=MAX_GIVEN_LINES).contains(&lines.len()) && bytes <= MAX_GIVEN_BYTES
}

pub(super) fn read_give(frame: &Frame) -> Result<Vec<GivenLine>, FrameError> {
    read_given_lines(Fields(&frame.payload)).ok_or(FrameError::Content(Kind::Give))
}

/// What [`give_to`] says: the journal, and lines that may be given at once.
pub fn read_give_to(frame: &Frame) -> Result<(JournalId, Vec<GivenLine>), FrameError> {
    let mut fields = Fields(&frame.payload);
    let journal = fields.array().map(JournalId);
    journal.zip(read_given_lines(fields)).ok_or(FrameError::Content(Kind::GiveTo))
}

fn read_given_lines(mut fields: Fields<'_>) -> Option<Vec<GivenLine>> {
    let mut lines = Vec::new();
    while !fields.0.is_empty() && lines.len() <= MAX_GIVEN_LINES {
        lines.push(read_given_line(&mut fields)?);
    }
    may_be_given(&lines).then_some(lines)
}

fn read_given_line(fields: &mut Fields<'_>) -> Option<GivenLine> {
    let (journal_offset, length) = (fields.u64()?, fields.u32()?);
    Some(GivenLine { journal_offset, line: fields.take(length as usize)?.to_vec() })
}

/// Why lines were not taken in, each by its number on the wire.
const REFUSALS: [(u8, HandInError); 4] =
    [(1, HandInError::Recovering), (2, HandInError::Stopped), (3, HandInError::Busy), (4, HandInError::Undetermined)];

/// Where lines that were given again were taken in, or why not: epoch u64 · 0, or why u8.
pub fn given(outcome: Result<Epoch, HandInError>) -> Frame {
    let refusal = |error| REFUSALS.iter().find(|(_, known)| *known == error).map_or(u8::MAX, |(number, _)| *number);
    let (epoch, why) = outcome.map_or_else(|error| (0, refusal(error)), |epoch| (epoch, 0));
    Frame::new(Kind::Given, [&epoch.to_le_bytes()[..], &[why]].concat())
}

/// What [`given`] says. What another version has to say of a refusal is not known here: then it is not known what became of
/// them either.
pub fn read_given(frame: &Frame) -> Result<Result<Epoch, HandInError>, FrameError> {
    let (epoch, why) = whole(frame, |fields| Some((fields.u64()?, fields.u8()?)))?;
    let refusal = REFUSALS.iter().find(|(number, _)| *number == why);
    let refusal = refusal.map_or(HandInError::Undetermined, |(_, error)| *error);
    Ok(if why == 0 { Ok(epoch) } else { Err(refusal) })
}

#[cfg(test)]
mod tests;
