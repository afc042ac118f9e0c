//! Copies a journal that may be in use: its end first, then backwards. Old segments go away while it is copied, and the
//! oldest go first; so what was copied is without a gap, whatever went meanwhile.
//!
//! Files are compressed, moved to the archive and used again for other segments while they are read. A raw file is
//! therefore set aside before it counts, and counts only if it is still the same segment's after it was read; else it is
//! looked for anew.

use super::manifest::Reach;
use anyhow::{Context, bail, ensure};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use suiftly_ingest::journal::{self, JournalReader, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentSummary, State};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

/// A running journal renames files while they are looked for; so often one is looked for.
const TRIES: usize = 16;

/// Where a journal is.
#[derive(Clone, Debug)]
pub(super) struct Dirs {
    pub(super) journal: PathBuf,
    pub(super) archive: Option<PathBuf>,
}

/// A segment's file, ready to be read.
pub(super) struct Copy {
    /// Its file's name.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) first_epoch: Epoch,
    pub(super) from: File,
}

/// The journal's id, and where its end is.
pub(super) struct Survey {
    pub(super) journal_id: String,
    segments: Vec<SegmentSummary>,
    end: End,
}

/// Where the blocks of the last segment end.
#[derive(Clone, Copy, Debug)]
struct End {
    last_epoch: Epoch,
    position: u64,
    last_cut_at: Option<UnixMillis>,
}

impl Survey {
    /// The newest epoch.
    pub(super) const fn last_epoch(&self) -> Epoch {
        self.end.last_epoch
    }
}

impl Dirs {
    /// Looks the segments through. The end is where sound blocks end now.
    pub(super) fn survey(&self) -> anyhow::Result<Survey> {
        for _ in 0..TRIES {
            let segments = journal::survey(&self.journal, self.archive.as_deref())?;
            let last = segments.last().with_context(|| format!("there is no journal in {}", self.journal.display()))?;
            let journal_id = last.journal_id.to_string();
            if let Some(end) = self.end(last)? {
                return Ok(Survey { journal_id, segments, end });
            }
        }
        bail!("the journal in {} changes faster than it can be looked at", self.journal.display())
    }

    /// `None` if the segment is not the last one any more.
    fn end(&self, last: &SegmentSummary) -> anyhow::Result<Option<End>> {
        let mut end = End { last_epoch: last.first_epoch.saturating_sub(1), position: last.start, last_cut_at: None };
        if last.state != State::Hot {
            let (last_epoch, position) = (last.end_epoch.saturating_sub(1), last.end);
            return Ok(Some(End { last_epoch, position, last_cut_at: last.last_cut_at }));
        }
        for block in JournalReader::with_archive(&self.journal, self.archive.as_deref(), last.first_epoch)? {
            let block = block?;
            if block.epoch >= last.first_epoch {
                end = End { last_epoch: block.epoch, position: block.end, last_cut_at: Some(block.cut_at) };
            }
        }
        Ok(last.path.exists().then_some(end))
    }

    /// Hands every segment over, the newest first, from `oldest` on; answers how far they reach. Raw ones are set aside
    /// in `scratch` until they are known to be whole.
    pub(super) fn copy(
        &self,
        survey: &Survey,
        oldest: Epoch,
        scratch: &Path,
        mut each: impl FnMut(Copy) -> anyhow::Result<()>,
    ) -> anyhow::Result<Reach> {
        let End { last_epoch, last_cut_at, .. } = survey.end;
        let mut reach = Reach { first_epoch: last_epoch + 1, last_epoch, last_cut_at };
        for (at, segment) in survey.segments.iter().enumerate().rev() {
            let is_last = at + 1 == survey.segments.len();
            let end = if is_last { survey.end.position } else { segment.end };
            if !is_last && segment.end_epoch <= oldest {
                break;
            }
            let Some(copy) = self.open(segment, end, scratch)? else {
                ensure!(!is_last, "the journal's last segment went away while it was copied");
                // The oldest go first: what is before it went too.
                break;
            };
            reach.first_epoch = copy.first_epoch;
            if is_last && reach.last_cut_at.is_none() {
                reach.last_cut_at = at.checked_sub(1).and_then(|before| survey.segments[before].last_cut_at);
            }
            each(copy)?;
        }
        Ok(reach)
    }

    /// Opens a segment's file, in whichever form it has now; `None` if it is gone.
    fn open(&self, segment: &SegmentSummary, end: u64, scratch: &Path) -> anyhow::Result<Option<Copy>> {
        let raw = format!("{:020}.sfj", segment.first_epoch);
        let packed = format!("{raw}.zst");
        for _ in 0..TRIES {
            let mut is_there = false;
            for dir in [Some(&self.journal), self.archive.as_ref()].into_iter().flatten() {
                if let Some(from) = there(&dir.join(&packed))? {
                    let bytes = from.metadata().with_context(|| format!("cannot read {packed}"))?.len();
                    let (name, first_epoch) = (packed, segment.first_epoch);
                    return Ok(Some(Copy { name, bytes, first_epoch, from }));
                }
                if let Some(from) = there(&dir.join(&raw))? {
                    is_there = true;
                    if let Some((from, bytes)) = set_aside(from, segment, end, scratch)? {
                        return Ok(Some(Copy { name: raw, bytes, first_epoch: segment.first_epoch, from }));
                    }
                }
            }
            if !is_there {
                return Ok(None);
            }
        }
        bail!("segment {raw} changes faster than it can be copied")
    }
}

fn there(path: &Path) -> anyhow::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot open {}", path.display())),
    }
}

/// A copy of a raw segment's header and blocks that nobody else has; `None` if the file is another segment's by now.
fn set_aside(
    mut from: File,
    segment: &SegmentSummary,
    end: u64,
    scratch: &Path,
) -> anyhow::Result<Option<(File, u64)>> {
    let cannot = || format!("cannot copy segment {}", segment.first_epoch);
    let Some(header) = header(&mut from, segment).with_context(cannot)? else { return Ok(None) };
    let bytes = header.header_bytes() + (end - segment.start);
    let mut aside =
        tempfile::tempfile_in(scratch).with_context(|| format!("cannot write into {}", scratch.display()))?;
    from.seek(SeekFrom::Start(0)).with_context(cannot)?;
    let copied = io::copy(&mut (&from).take(bytes), &mut aside).with_context(cannot)?;
    // Whoever uses a file again writes the new header before anything else.
    if copied < bytes || self::header(&mut from, segment).with_context(cannot)?.is_none() {
        return Ok(None);
    }
    aside.seek(SeekFrom::Start(0)).with_context(cannot)?;
    Ok(Some((aside, bytes)))
}

/// The file's header, if it is the segment's.
fn header(file: &mut File, segment: &SegmentSummary) -> io::Result<Option<SegmentHeader>> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
    file.seek(SeekFrom::Start(0))?;
    file.take(SEGMENT_HEADER_BYTES as u64).read_to_end(&mut bytes)?;
    let header = SegmentHeader::decode(&bytes).ok();
    Ok(header.filter(|header| (header.first_epoch, header.journal_id) == (segment.first_epoch, segment.journal_id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use suiftly_ingest::block::BlockBuilder;
    use suiftly_ingest::journal::{Journal, JournalConfig};
    use suiftly_ingest::source::Source;

    /// So many blocks of one line each, in segments of some blocks.
    fn written(dir: &Path, blocks: u64, config: JournalConfig) -> Journal {
        let (journal, recovery) = Journal::open(dir, config).unwrap();
        let mut end = recovery.end;
        for epoch in recovery.last_epoch + 1..=recovery.last_epoch + blocks {
            let at = UnixMillis(epoch.cast_signed());
            let mut builder = BlockBuilder::default();
            builder.push(&Source::File, at, format!("line {epoch} {}", "x".repeat(500)).as_bytes()).unwrap();
            let block = Arc::new(builder.seal(epoch, at, end));
            end = block.end;
            journal.append(Arc::clone(&block)).unwrap();
            journal.progress().wait_durable(epoch).unwrap();
        }
        journal
    }

    fn copied(dirs: &Dirs, survey: &Survey, oldest: Epoch) -> (tempfile::TempDir, Reach) {
        let into = tempfile::tempdir().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let copy = |mut copy: Copy| {
            let mut out = File::create(into.path().join(&copy.name))?;
            assert_eq!(io::copy(&mut copy.from, &mut out)?, copy.bytes, "{}", copy.name);
            Ok(())
        };
        let reach = dirs.copy(survey, oldest, scratch.path(), copy).unwrap();
        (into, reach)
    }

    fn epochs(dir: &Path) -> Vec<Epoch> {
        let reader = JournalReader::of_all(dir, None, None).unwrap();
        reader.map(|block| block.unwrap().epoch).collect()
    }

    #[test]
    fn a_journal_in_use_is_copied_up_to_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        for (segment_bytes, compress_level, spare_segments) in
            [(1 << 20, 1, 2), (4_000, 0, 0), (4_000, 1, 0), (4_000, 1, 2)]
        {
            let dir = dir.path().join(format!("{segment_bytes}-{compress_level}-{spare_segments}"));
            let config = JournalConfig { segment_bytes, compress_level, spare_segments, ..JournalConfig::default() };
            let journal = written(&dir, 60, config.clone());
            let dirs = Dirs { journal: dir.clone(), archive: None };
            let survey = dirs.survey().unwrap();
            drop(journal);
            // It goes on, and files change their forms, before they are copied.
            drop(written(&dir, 60, config));
            let (into, reach) = copied(&dirs, &survey, 0);
            assert_eq!((reach.first_epoch, reach.last_epoch, reach.last_cut_at), (1, 60, Some(UnixMillis(60))));
            assert_eq!(epochs(into.path())[..60], (1..=60).collect::<Vec<_>>());
            let (journal, recovery) = Journal::open(into.path(), JournalConfig::default()).unwrap();
            assert!(recovery.last_epoch >= 60 && recovery.lost.is_nothing(), "{recovery:?}");
            drop(journal);
        }
    }

    #[test]
    fn what_went_away_meanwhile_leaves_no_gap() {
        let dir = tempfile::tempdir().unwrap();
        let config = JournalConfig { segment_bytes: 4_000, compress_level: 0, ..JournalConfig::default() };
        drop(written(dir.path(), 60, config));
        let dirs = Dirs { journal: dir.path().to_owned(), archive: None };
        let survey = dirs.survey().unwrap();
        assert!(survey.segments.len() > 4, "{}", survey.segments.len());
        for gone in &survey.segments[..2] {
            std::fs::remove_file(&gone.path).unwrap();
        }
        let (into, reach) = copied(&dirs, &survey, 0);
        let first = survey.segments[2].first_epoch;
        assert_eq!((reach.first_epoch, reach.last_epoch), (first, 60));
        assert_eq!(epochs(into.path()), (first..=60).collect::<Vec<_>>());
        let (into, reach) = copied(&dirs, &survey, 50);
        assert!(reach.first_epoch > first && reach.first_epoch <= 50, "{reach:?}");
        assert_eq!(epochs(into.path()).last(), Some(&60));
    }

    #[test]
    fn segments_out_of_the_archive_belong_to_it() {
        let (dir, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let config = JournalConfig { segment_bytes: 4_000, ..JournalConfig::default() };
        drop(written(dir.path(), 60, config));
        let dirs = Dirs { journal: dir.path().to_owned(), archive: Some(archive.path().to_owned()) };
        let survey = dirs.survey().unwrap();
        // They go there after they were looked for.
        for moved in &survey.segments[..2] {
            std::fs::rename(&moved.path, archive.path().join(moved.path.file_name().unwrap())).unwrap();
        }
        let (into, reach) = copied(&dirs, &survey, 0);
        assert_eq!((reach.first_epoch, reach.last_epoch), (1, 60));
        assert_eq!(epochs(into.path()), (1..=60).collect::<Vec<_>>());
    }

    #[test]
    fn without_a_journal_there_is_nothing_to_copy() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = Dirs { journal: dir.path().to_owned(), archive: None };
        assert!(dirs.survey().err().unwrap().to_string().starts_with("there is no journal in"));
    }
}
