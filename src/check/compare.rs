//! Frames and records side by side, journal by journal.

use std::collections::{BTreeMap, HashSet};
use suiftly_ingest::block::Block;
use suiftly_schema::loss::WorkerId;
use suiftly_schema::record::LineId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::reader::StoredLine;

/// One worker's numbered lines in the journals.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) distinct: u64,
    pub(super) repeated: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) frames: u64,
    pub(super) repeated: u64,
    pub(super) stored: u64,
    pub(super) stored_twice: u64,
    /// Records whose place in the journal holds no frame, or that of another line.
    pub(super) not_in_journal: u64,
    stored_lines: HashSet<LineId>,
    pub(super) unstored: HashSet<LineId>,
    pub(super) workers: BTreeMap<WorkerId, Lines>,
}

impl Found {
    pub(super) fn distinct(&self) -> usize {
        self.stored_lines.len() + self.unstored.len()
    }

    pub(super) fn holds(&self) -> bool {
        self.stored_twice == 0 && self.not_in_journal == 0 && self.unstored.is_empty()
    }

    /// A frame, and whether a record stands for it.
    fn frame(&mut self, line: Option<LineId>, is_stored: bool) {
        self.frames += 1;
        let Some(line) = line else { return };
        let worker = self.workers.entry(WorkerId { server_id: line.server_id, boot: line.boot }).or_default();
        let known = self.stored_lines.contains(&line) || self.unstored.contains(&line);
        if known {
            self.repeated += 1;
            worker.repeated += 1;
        } else {
            worker.distinct += 1;
        }
        if is_stored {
            self.unstored.remove(&line);
            self.stored_twice += u64::from(!self.stored_lines.insert(line));
        } else if !known {
            self.unstored.insert(line);
        }
    }
}

/// Frames and records, both by journal and in each one's order, side by side.
pub(super) struct Comparison<J> {
    /// By number, ascending.
    journals: Vec<(u16, J)>,
    /// Which of them is being compared.
    at: usize,
    /// The frames of the block that is being compared, the next one last.
    frames: Vec<(u64, Option<LineId>)>,
    last_stored_at: Option<(u16, u64)>,
    found: Found,
    failed: Option<anyhow::Error>,
}

impl<J, E> Comparison<J>
where
    J: Iterator<Item = Result<Block, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    /// Of journals by their numbers, ascending.
    pub(super) fn new(journals: Vec<(u16, J)>) -> Self {
        Self { journals, at: 0, frames: Vec::new(), last_stored_at: None, found: Found::default(), failed: None }
    }

    /// The next record, by journal and place.
    pub(super) fn stored(&mut self, record: StoredLine) {
        self.found.stored += 1;
        let place = (record.journal_no, record.journal_offset);
        if self.last_stored_at.replace(place) == Some(place) {
            self.found.stored_twice += 1;
            return;
        }
        while self.journals.get(self.at).is_some_and(|(no, _)| *no < record.journal_no) {
            self.end_journal();
        }
        if self.journals.get(self.at).is_some_and(|(no, _)| *no == record.journal_no) {
            self.compare(record);
        } else {
            self.found.not_in_journal += 1;
        }
    }

    fn compare(&mut self, record: StoredLine) {
        while let Some((offset, line)) = self.next_frame() {
            if offset > record.journal_offset {
                self.frames.push((offset, line));
                break;
            }
            let is_it = offset == record.journal_offset && line == record.line_id;
            self.found.frame(line, is_it);
            if offset == record.journal_offset {
                self.found.not_in_journal += u64::from(!is_it);
                return;
            }
        }
        self.found.not_in_journal += 1;
    }

    /// After the last record.
    pub(super) fn finish(mut self) -> anyhow::Result<(Found, Vec<J>)> {
        while self.at < self.journals.len() {
            self.end_journal();
        }
        let journals = self.journals.into_iter().map(|(_, journal)| journal).collect();
        self.failed.map_or(Ok((self.found, journals)), Err)
    }

    /// For what is left of it, no record stands.
    fn end_journal(&mut self) {
        while let Some((_, line)) = self.next_frame() {
            self.found.frame(line, false);
        }
        self.at += 1;
    }

    fn next_frame(&mut self) -> Option<(u64, Option<LineId>)> {
        while self.frames.is_empty() {
            match self.journals.get_mut(self.at)?.1.next()? {
                Ok(block) => {
                    self.frames = block.frames().map(|frame| (frame.offset, identity(frame.bytes))).collect();
                    self.frames.reverse();
                }
                Err(error) => {
                    self.failed.get_or_insert(error.into());
                    return None;
                }
            }
        }
        self.frames.pop()
    }
}

/// Where SPEC §3.2 says that it stands; nothing in lines of other formats.
fn identity(frame: &[u8]) -> Option<LineId> {
    let text = std::str::from_utf8(frame).ok()?;
    let mut tokens = text.split(' ').skip_while(|token| *token != "SF1").skip(3);
    let boot = UnixMillis(tokens.next()?.parse().ok()?);
    let seq = tokens.nth(1)?.parse().ok()?;
    let server_id = tokens.next()?.parse().ok()?;
    Some(LineId { server_id, boot, seq })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_ingest::source::Source;

    fn frame(seq: u32) -> String {
        format!("<134>1 - gw haproxy 1 - - SF1 5 5 7 0 {seq} 17 1 1 2 1")
    }

    fn line(seq: u32) -> Option<LineId> {
        Some(LineId { server_id: 17, boot: UnixMillis(7), seq })
    }

    fn journal(seqs: &[u32]) -> Vec<Block> {
        let mut start = 0;
        let mut blocks = Vec::new();
        for (epoch, half) in (1..).zip(seqs.chunks(2)) {
            let mut builder = BlockBuilder::default();
            half.iter()
                .for_each(|seq| builder.push(&Source::File, UnixMillis(0), frame(*seq).as_bytes()).expect("it fits"));
            let block = builder.seal(epoch, UnixMillis(0), start);
            start = block.end;
            blocks.push(block);
        }
        blocks
    }

    /// Blocks of frames, and what is found beside records of these (frame, number).
    fn compare(seqs: &[u32], records: &[(usize, u32)]) -> (Found, Vec<u64>) {
        let blocks = journal(seqs);
        let places: Vec<u64> = blocks.iter().flat_map(Block::frames).map(|frame| frame.offset).collect();
        let mut comparison = Comparison::new(vec![(0, blocks.into_iter().map(Ok::<_, Infallible>))]);
        for (at, seq) in records {
            let journal_offset = places.get(*at).copied().unwrap_or(1);
            comparison.stored(StoredLine { line_id: line(*seq), journal_no: 0, journal_offset });
        }
        (comparison.finish().expect("every block is sound").0, places)
    }

    #[test]
    fn every_line_once_holds() {
        let (found, _) = compare(&[1, 2, 2, 4, 5], &[(0, 1), (1, 2), (3, 4), (4, 5)]);
        assert!(found.holds(), "{found:?}");
        assert_eq!((found.frames, found.distinct(), found.repeated, found.stored), (5, 4, 1, 4));
        // The second of two may be the one that is stored, as long as one is.
        let (found, _) = compare(&[1, 2, 2], &[(0, 1), (2, 2)]);
        assert!(found.holds() && found.repeated == 1, "{found:?}");
    }

    #[test]
    fn what_is_wrong_is_found() {
        let wrong = |records: &[(usize, u32)]| {
            let (found, _) = compare(&[1, 2, 3], records);
            assert!(!found.holds(), "{found:?}");
            (found.unstored.len(), found.stored_twice, found.not_in_journal)
        };
        assert_eq!(wrong(&[(0, 1), (2, 3)]), (1, 0, 0), "a line is not stored");
        assert_eq!(wrong(&[(0, 1), (1, 2)]), (1, 0, 0), "the last one is not stored");
        assert_eq!(wrong(&[(0, 1), (1, 2), (1, 2), (2, 3)]), (0, 1, 0), "a record is there twice");
        assert_eq!(wrong(&[(9, 9), (0, 1), (1, 2), (2, 3)]), (0, 0, 1), "a record of no frame");
        assert_eq!(wrong(&[(0, 1), (1, 7), (2, 3)]), (1, 0, 1), "a record of another line");
        let (twice, _) = compare(&[1, 1], &[(0, 1), (1, 1)]);
        assert_eq!(twice.stored_twice, 1, "both of a pair are stored");
    }

    /// Two journals with these numbers, and what is found beside records of these (journal, frame, number).
    fn compare_two(seqs: [&[u32]; 2], records: &[(u16, usize, u32)]) -> Found {
        let journals = seqs.map(journal);
        let places = journals.each_ref().map(|blocks| {
            let frames = blocks.iter().flat_map(Block::frames);
            frames.map(|frame| frame.offset).collect::<Vec<_>>()
        });
        let numbered = [1, 2].into_iter().zip(journals.map(|blocks| blocks.into_iter().map(Ok::<_, Infallible>)));
        let mut comparison = Comparison::new(numbered.collect());
        for (no, at, seq) in records {
            let known = places.get(usize::from(*no) - 1).and_then(|places| places.get(*at));
            let journal_offset = known.copied().unwrap_or(1);
            comparison.stored(StoredLine { line_id: line(*seq), journal_no: *no, journal_offset });
        }
        comparison.finish().expect("every block is sound").0
    }

    #[test]
    fn a_line_of_two_journals_is_stored_once() {
        let found = compare_two([&[1, 2, 3], &[2, 3, 4]], &[(1, 0, 1), (1, 1, 2), (2, 1, 3), (2, 2, 4)]);
        assert!(found.holds(), "{found:?}");
        assert_eq!((found.frames, found.distinct(), found.repeated, found.stored), (6, 4, 2, 4));
        let second_alone = compare_two([&[1], &[2]], &[(2, 0, 2)]);
        assert_eq!((second_alone.unstored.len(), second_alone.stored), (1, 1), "the first has none");
        let both = compare_two([&[1, 2], &[2]], &[(1, 0, 1), (1, 1, 2), (2, 0, 2)]);
        assert_eq!(both.stored_twice, 1, "out of each journal once");
        let unknown = compare_two([&[1], &[2]], &[(1, 0, 1), (2, 0, 2), (3, 0, 5)]);
        assert_eq!((unknown.not_in_journal, unknown.unstored.len()), (1, 0), "of a journal that is not there");
    }

    #[test]
    fn identities_stand_where_they_should() {
        assert_eq!(identity(frame(9).as_bytes()), line(9));
        assert_eq!(identity(b"SF1 1 1 7 0 9 17 1"), line(9));
        for other in ["", "SF1", "SF1 1 2 3", "<13>Nov 21 20:54:59 haproxy[1]: Proxy fe started.", "SF1 1 1 x 0 9 17"] {
            assert_eq!(identity(other.as_bytes()), None, "{other}");
        }
    }
}
