//! Makes a restored journal longer, by what is kept of it elsewhere, and shorter, to end at a point in time.
//!
//! Segments' files stay as they are but for the one that the end falls into: that is written anew, raw, up to its last
//! block. Whoever opens the journal goes on there.

use super::{Until, place};
use crate::backup::journal::{Copy, Dirs};
use crate::backup::manifest::{Manifest, Reach};
use anyhow::{Context, ensure};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use suiftly_ingest::journal::{
    self, FORMAT_VERSION, JournalReader, SEGMENT_HEADER_BYTES, SegmentHeader, SegmentSummary,
};
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;

/// Adds what `newer` has from our last segment on; answers how many segments that is.
pub(super) fn lengthen(ours: &Dirs, newer: &Dirs) -> anyhow::Result<u32> {
    let survey = newer.survey()?;
    let segments = journal::survey(&ours.journal, None)?;
    let last = segments.last().context("the backup has no journal")?;
    let (our_id, found) = (last.journal_id.to_string(), &survey.journal_id);
    ensure!(our_id == *found, "{} is journal {found}, and the backup's is {our_id}", newer.journal.display());
    let (from, our_end) = (last.first_epoch, last.end_epoch);
    let mut added = 0;
    newer.copy(&survey, from, &ours.journal, |mut copy: Copy| {
        if copy.first_epoch < from || survey.last_epoch() < our_end {
            return Ok(());
        }
        added += 1;
        remove(&ours.journal, copy.first_epoch)?;
        place::write(&ours.journal.join(&copy.name), &mut copy.from)
    })?;
    Ok(added)
}

/// Ends the journal where it is to end; answers how far it goes. A point before the dump cannot be reached.
pub(super) fn cut(dirs: &Dirs, until: Until, manifest: &Manifest) -> anyhow::Result<Reach> {
    let dir = &dirs.journal;
    let segments = journal::survey(dir, None)?;
    let (first, last) = segments.first().zip(segments.last()).context("the backup has no journal")?;
    let (first_epoch, newest) = (first.first_epoch, last.end_epoch.saturating_sub(1));
    let through = match until {
        Until::End => newest,
        Until::Epoch(epoch) => {
            ensure!(
                epoch <= newest,
                "the journal goes to epoch {newest}, not to {epoch}: name a newer one by --journal"
            );
            epoch
        }
        Until::Time(at) => {
            let is_reached = last.last_cut_at.is_some_and(|cut_at| cut_at >= at);
            let end = last.last_cut_at.map_or_else(|| "its beginning".to_owned(), |cut_at| cut_at.rfc3339());
            ensure!(is_reached, "the journal goes to {end}, not to {}: name a newer one by --journal", at.rfc3339());
            journal::locate(dir, None, at.plus_ms(1))?.epoch.saturating_sub(1)
        }
    };
    let watermark = manifest.facts.watermark(&manifest.journal_id);
    let (dumped, at) = watermark.map_or((0, manifest.created_at), |watermark| (watermark.epoch, watermark.cut_at));
    ensure!(
        through >= dumped,
        "the database of this backup is of epoch {dumped} ({}), which is later: take an older backup",
        at.rfc3339()
    );
    if through < newest {
        shorten(dir, &segments, through)?;
    }
    Ok(Reach { first_epoch, last_epoch: through, last_cut_at: cut_at(dir, first_epoch, through)? })
}

/// When an epoch was cut, if it is there.
fn cut_at(dir: &Path, first_epoch: Epoch, epoch: Epoch) -> anyhow::Result<Option<UnixMillis>> {
    if epoch < first_epoch {
        return Ok(None);
    }
    let block = JournalReader::from_epoch(dir, epoch)?.next().transpose()?;
    Ok(block.map(|block| block.cut_at))
}

fn shorten(dir: &Path, segments: &[SegmentSummary], through: Epoch) -> anyhow::Result<()> {
    for (at, segment) in segments.iter().enumerate().rev() {
        if segment.end_epoch <= through + 1 {
            break;
        }
        if segment.first_epoch > through {
            remove(dir, segment.first_epoch)?;
            continue;
        }
        let previous = at.checked_sub(1).map(|before| segments[before].first_epoch);
        rewrite(dir, segment, previous, through)?;
    }
    Ok(())
}

/// Both forms of a segment, where they are.
fn remove(dir: &Path, first_epoch: Epoch) -> anyhow::Result<()> {
    for name in [format!("{first_epoch:020}.sfj"), format!("{first_epoch:020}.sfj.zst")] {
        let path = dir.join(name);
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Every block in its place: where one is damaged, the gap stays, and is told as damage again.
fn rewrite(dir: &Path, segment: &SegmentSummary, previous: Option<Epoch>, through: Epoch) -> anyhow::Result<()> {
    let header = SegmentHeader {
        version: FORMAT_VERSION,
        journal_id: segment.journal_id,
        first_epoch: segment.first_epoch,
        start: segment.start,
        previous,
        room_bytes: 0,
    };
    let path = dir.join(header.file_name());
    let fresh = path.with_extension("cut");
    let write = || -> anyhow::Result<()> {
        let mut file = File::create(&fresh)?;
        file.write_all(&header.encode())?;
        for block in JournalReader::from_epoch(dir, segment.first_epoch)? {
            let block = block?;
            if block.epoch > through {
                break;
            }
            let start = block.end - block.bytes().len() as u64;
            file.write_all_at(block.bytes(), SEGMENT_HEADER_BYTES as u64 + (start - segment.start))?;
        }
        file.sync_all()?;
        remove(dir, segment.first_epoch)?;
        Ok(fs::rename(&fresh, &path)?)
    };
    write().with_context(|| format!("cannot end {} at epoch {through}", path.display()))
}
