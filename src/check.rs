//! `suiftly db check`: holds what is stored against the journal, line by line. Development and test only: it is complete
//! as long as neither the journal nor the raw records have passed their retention, and it remembers every line's identity.
//!
//! It reads frames by itself, knowing of SF1 only where boot, number and server stand: what the decoder makes of them is
//! what it checks.

use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use suiftly_ingest::block::Block;
use suiftly_ingest::journal::{Journal, JournalConfig, JournalReader};
use suiftly_schema::loss::{WorkerId, WorkerWindow};
use suiftly_schema::record::LineId;
use suiftly_schema::time::UnixMillis;
use suiftly_store::config::StoreConfig;
use suiftly_store::reader::{Reader, StoredLine};

/// Compares the journal in `dir` with the database; the figures, and whether they are as they should be. Takes the
/// journal's lock: nothing may be running.
pub(crate) async fn check(dir: &Path, store: &StoreConfig) -> anyhow::Result<(serde_json::Value, bool)> {
    let (journal, recovery) = Journal::open(dir, JournalConfig::default())?;
    let reader = Reader::new(store, &recovery.journal_id.to_string())?;
    let mut comparison = Comparison::new(JournalReader::from_epoch(dir, recovery.first_epoch)?);
    reader.each_stored_line(|line| comparison.stored(line)).await?;
    let (found, journal_read) = comparison.finish()?;
    let lost = journal_read.lost();
    let totals = reader.pipeline_totals().await?;
    let usage_differences = reader.usage_differences().await?;
    drop(journal);
    let workers: Vec<_> = found.workers.iter().map(|(id, lines)| worker(id, lines, &totals.workers)).collect();
    let whole = found.holds() && lost.is_nothing();
    let holds = whole && usage_differences == 0 && totals.watermark.epoch == recovery.last_epoch;
    let figures = json!({
        "journal": recovery.journal_id.to_string(),
        "last_epoch": recovery.last_epoch,
        "stored_epoch": totals.watermark.epoch,
        "frames": found.frames,
        "distinct": found.distinct(),
        "repeated": found.repeated,
        "stored": found.stored,
        "stored_twice": found.stored_twice,
        "not_stored": found.unstored.len(),
        "not_in_journal": found.not_in_journal,
        "damaged_blocks": lost.blocks,
        "usage_differences": usage_differences,
        "rejected": totals.counts.rejected_total(),
        "workers": workers,
    });
    Ok((figures, holds))
}

/// A worker's lines by our count, and by the loss meter's.
fn worker(id: &WorkerId, lines: &Lines, windows: &[WorkerWindow]) -> serde_json::Value {
    let window = windows.iter().find(|window| window.worker == *id);
    json!({
        "server_id": id.server_id,
        "boot_ms": id.boot.0,
        "distinct": lines.distinct,
        "repeated": lines.repeated,
        "received": window.map(|window| window.received),
        "duplicates": window.map(|window| window.duplicates),
        "missing": window.map(|window| window.missing),
        "first_seq": window.map(|window| window.first_seq),
        "highest_seq": window.map(|window| window.highest_seq),
    })
}

/// One worker's numbered lines in the journal.
#[derive(Debug, Default)]
struct Lines {
    distinct: u64,
    repeated: u64,
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    frames: u64,
    repeated: u64,
    stored: u64,
    stored_twice: u64,
    /// Records whose place in the journal holds no frame, or that of another line.
    not_in_journal: u64,
    stored_lines: HashSet<LineId>,
    unstored: HashSet<LineId>,
    workers: BTreeMap<WorkerId, Lines>,
}

impl Found {
    fn distinct(&self) -> usize {
        self.stored_lines.len() + self.unstored.len()
    }

    fn holds(&self) -> bool {
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

/// Frames and records, both in the journal's order, side by side.
struct Comparison<J> {
    journal: J,
    /// The frames of the block that is being compared, the next one last.
    frames: Vec<(u64, Option<LineId>)>,
    last_stored_at: Option<u64>,
    found: Found,
    failed: Option<anyhow::Error>,
}

impl<J, E> Comparison<J>
where
    J: Iterator<Item = Result<Block, E>>,
    E: std::error::Error + Send + Sync + 'static,
{
    fn new(journal: J) -> Self {
        Self { journal, frames: Vec::new(), last_stored_at: None, found: Found::default(), failed: None }
    }

    /// The next record.
    fn stored(&mut self, record: StoredLine) {
        self.found.stored += 1;
        if self.last_stored_at.replace(record.journal_offset) == Some(record.journal_offset) {
            self.found.stored_twice += 1;
            return;
        }
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
    fn finish(mut self) -> anyhow::Result<(Found, J)> {
        while let Some((_, line)) = self.next_frame() {
            self.found.frame(line, false);
        }
        self.failed.map_or(Ok((self.found, self.journal)), Err)
    }

    fn next_frame(&mut self) -> Option<(u64, Option<LineId>)> {
        while self.frames.is_empty() {
            match self.journal.next()? {
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

    /// Two blocks of frames, and what is found beside records of these (frame, number).
    fn compare(seqs: &[u32], records: &[(usize, u32)]) -> (Found, Vec<u64>) {
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
        let places: Vec<u64> = blocks.iter().flat_map(Block::frames).map(|frame| frame.offset).collect();
        let mut comparison = Comparison::new(blocks.into_iter().map(Ok::<_, Infallible>));
        for (at, seq) in records {
            let journal_offset = places.get(*at).copied().unwrap_or(1);
            comparison.stored(StoredLine { line_id: line(*seq), journal_offset });
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

    #[test]
    fn identities_stand_where_they_should() {
        assert_eq!(identity(frame(9).as_bytes()), line(9));
        assert_eq!(identity(b"SF1 1 1 7 0 9 17 1"), line(9));
        for other in ["", "SF1", "SF1 1 2 3", "<13>Nov 21 20:54:59 haproxy[1]: Proxy fe started.", "SF1 1 1 x 0 9 17"] {
            assert_eq!(identity(other.as_bytes()), None, "{other}");
        }
    }
}
