//! What journals hold, counted by ourselves: of each gateway's numbered lines, which came into any of them. It knows of a line
//! only where its birth, its number and its server stand (SPEC §3.2).

use anyhow::Context as _;
use std::collections::BTreeMap;
use std::path::Path;
use suiftly_ingest::journal::JournalReader;

/// Where they stand after `SF1`.
const BOOT_AT: usize = 3;
const SEQ_AT: usize = 5;
const SERVER_AT: usize = 6;
const BITS: u64 = 64;
/// The highest number that is counted: a run has fewer lines, and memory has an end.
const SEQ_MAX: u64 = 1 << 32;

/// A gateway's process, as its lines have it.
pub(crate) type Worker = (i16, i64);

/// The lines of some journals.
#[derive(Debug, Default)]
pub(crate) struct Recount {
    workers: BTreeMap<Worker, Numbers>,
    /// Lines with a number, each as often as it came.
    pub(crate) frames: u64,
    pub(crate) damaged_blocks: u64,
}

impl Recount {
    /// All that these directories hold.
    pub(crate) fn of<'a>(journals: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<Self> {
        let mut recount = Self::default();
        for dir in journals {
            recount.read(dir).with_context(|| format!("cannot read the journal in {}", dir.display()))?;
        }
        Ok(recount)
    }

    fn read(&mut self, dir: &Path) -> anyhow::Result<()> {
        let mut journal = JournalReader::of_all(dir, None, None)?;
        for block in journal.by_ref() {
            block?.frames().filter_map(|frame| identity(frame.bytes)).for_each(|(worker, seq)| self.line(worker, seq));
        }
        self.damaged_blocks += journal.lost().blocks;
        Ok(())
    }

    /// Counts one.
    pub(crate) fn line(&mut self, worker: Worker, seq: u64) {
        self.frames += 1;
        self.workers.entry(worker).or_default().add(seq);
    }

    /// How many different lines of a gateway's process there are.
    pub(crate) fn distinct(&self, worker: Worker) -> u64 {
        self.workers.get(&worker).map_or(0, |numbers| numbers.distinct)
    }

    /// Of all of them.
    pub(crate) fn all_distinct(&self) -> u64 {
        self.workers.values().map(|numbers| numbers.distinct).sum()
    }
}

/// A set of numbers from 0 on.
#[derive(Debug, Default)]
struct Numbers {
    words: Vec<u64>,
    distinct: u64,
}

impl Numbers {
    fn add(&mut self, seq: u64) {
        let Some(at) = usize::try_from(seq / BITS).ok().filter(|_| seq < SEQ_MAX) else { return };
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (seq % BITS);
        self.distinct += u64::from(self.words[at] & bit == 0);
        self.words[at] |= bit;
    }
}

/// Who numbered a line, and its number; nothing in lines of other formats.
fn identity(frame: &[u8]) -> Option<(Worker, u64)> {
    let text = std::str::from_utf8(frame).ok()?;
    let tokens: Vec<&str> = text.split(' ').skip_while(|token| *token != "SF1").take(SERVER_AT + 1).collect();
    let server_id = tokens.get(SERVER_AT)?.parse().ok()?;
    Some(((server_id, tokens.get(BOOT_AT)?.parse().ok()?), tokens.get(SEQ_AT)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbered::{Gateway, Way, line_of};
    use suiftly_schema::time::UnixMillis;

    #[test]
    fn lines_are_known_by_their_numbers() {
        let gateway = Gateway { way: Way::Tcp, server_id: 19, boot_ms: 1_795_298_476_993 };
        let line = |seq| line_of(&gateway, 1_000, seq, UnixMillis(1_795_298_481_991));
        assert_eq!(identity(line(812).as_bytes()), Some(((19, 1_795_298_476_993), 812)));
        for other in ["", "SF1", "SF1 1 2 3", "<13>Nov 21 20:54:59 haproxy[1]: Proxy fe started."] {
            assert_eq!(identity(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn each_number_counts_once_for_its_gateway() {
        let mut recount = Recount::default();
        for (worker, seq) in [((17, 5), 1), ((17, 5), 64), ((17, 5), 1), ((18, 5), 1), ((17, 6), 1_000_000)] {
            recount.line(worker, seq);
        }
        recount.line((17, 5), u64::MAX);
        assert_eq!((recount.frames, recount.all_distinct()), (6, 4));
        assert_eq!((recount.distinct((17, 5)), recount.distinct((17, 6)), recount.distinct((9, 9))), (2, 1, 0));
    }
}
