//! The disks: how much is free, when they are full, how large what is kept has become beside its bound, and how long
//! the disk takes to make something durable.

use super::finding::Finding;
use super::server::Running;
use super::{Ground, blocking};
use crate::disk::{Kept, Level, Space, bytes_text, duration_text, kept};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const CHECK: &str = "disk";
/// So much is written and synced, so often.
const SYNC_BYTES: usize = 4_096;
const SYNCS: u32 = 16;
/// No longer is spent on it.
const SYNC_TIME_MAX: Duration = Duration::from_secs(3);
/// A disk that takes longer holds up every epoch.
const SYNC_SLOW: Duration = Duration::from_millis(50);
/// Files of a directory that are added up, at most.
const FILES_MAX: usize = 100_000;

/// Something that is bounded, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bounded {
    what: &'static str,
    bytes: u64,
    /// 0: none.
    bound: u64,
}

pub(super) async fn check(ground: &Ground, running: &Running) -> Vec<Finding> {
    let all = kept(&ground.place, &ground.config);
    let to_full = running.times_to_full();
    let bounded = bounded_dirs(ground);
    let data_dir = ground.place.data_dir.clone();
    let looked = blocking(move || {
        let spaces: Vec<_> =
            all.into_iter().map(|kept| (Space::of(&kept.dir).map_err(|e| e.to_string()), kept)).collect();
        let sizes: Vec<_> =
            bounded.into_iter().map(|(what, dir, bound)| Bounded { what, bytes: size_of(&dir), bound }).collect();
        (spaces, sizes, sync_time(&data_dir))
    });
    let Some((spaces, sizes, sync)) = looked.await else { return Vec::new() };
    let mut findings: Vec<Finding> = spaces
        .iter()
        .map(|(space, kept)| {
            let left = to_full.iter().find(|(place, _)| *place == kept.place).map(|(_, left)| *left);
            judge_space(kept, space.as_ref(), left)
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::skipped(CHECK, "nothing is kept here yet"));
    }
    findings.extend(sizes.iter().map(judge_size));
    findings.extend(sync.map(judge_sync));
    findings
}

fn bounded_dirs(ground: &Ground) -> Vec<(&'static str, PathBuf, u64)> {
    let journal = &ground.config.journal;
    let archive = journal.archive_dir.clone().map(|dir| ("archive", dir, journal.archive_keep_bytes));
    let own = Some(("journal", ground.place.data_dir.join("journal"), journal.keep_bytes));
    [own, archive].into_iter().flatten().filter(|(_, dir, _)| dir.is_dir()).collect()
}

fn judge_space(kept: &Kept, space: Result<&Space, &String>, time_to_full: Option<Duration>) -> Finding {
    let Kept { place, dir } = kept;
    let space = match space {
        Ok(space) => space,
        Err(error) => {
            return Finding::wrong(CHECK, format!("{place}, {}: {error}", dir.display()), "see whether it is mounted");
        }
    };
    let soon =
        time_to_full.map_or_else(String::new, |left| format!("; as it fills it is full in {}", duration_text(left)));
    let files = space.files.filter(|(free, all)| free * 10 < *all);
    let files = files.map_or_else(String::new, |(free, _)| format!("; only {free} more files can be made"));
    let (free, size) = (bytes_text(space.free_bytes), bytes_text(space.size_bytes));
    let seen = format!("{place}, {}: {free} of {size} are free{files}{soon}", dir.display());
    let todo = "make room or the disk larger; lower journal.keep_bytes, name journal.archive_dir on another disk, or see what else \
                fills it (du -xh --max-depth=2)";
    match Level::of(space, time_to_full) {
        Level::Fine => Finding::fine(CHECK, seen),
        Level::Warning => Finding::look(CHECK, seen, todo),
        Level::Critical => Finding::wrong(CHECK, seen, todo),
    }
}

/// The journal may be longer than its bound while the database is away: what it has not is not given up.
fn judge_size(of: &Bounded) -> Finding {
    let Bounded { what, bytes, bound } = of;
    let size = bytes_text(*bytes);
    match *bound {
        0 => Finding::fine(CHECK, format!("the {what} has {size}; by its age alone it is bounded")),
        bound if *bytes > bound + bound / 4 => {
            let seen = format!("the {what} has {size}, beyond its bound of {}", bytes_text(bound));
            Finding::look(CHECK, seen, "what the database has not yet is kept: see whether the store catches up, below")
        }
        bound => Finding::fine(CHECK, format!("the {what} has {size} of {} at most", bytes_text(bound))),
    }
}

fn judge_sync(longest: Duration) -> Finding {
    let seen = format!("the disk takes {} ms at most to make {SYNC_BYTES} bytes durable", longest.as_millis());
    if longest <= SYNC_SLOW {
        return Finding::fine(CHECK, seen);
    }
    Finding::look(
        CHECK,
        seen,
        "every epoch waits for it, and so does what is on screen: give the journal a faster or less busy disk",
    )
}

/// The longest of some syncs, in a file that has no name; `None` where we may not write.
fn sync_time(dir: &Path) -> Option<Duration> {
    let mut file = tempfile::tempfile_in(dir).ok()?;
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for _ in 0..SYNCS {
        let turn = Instant::now();
        file.write_all(&[0; SYNC_BYTES]).ok()?;
        file.sync_data().ok()?;
        longest = longest.max(turn.elapsed());
        if began.elapsed() > SYNC_TIME_MAX {
            break;
        }
    }
    Some(longest)
}

/// Of the files in it; a journal has no directories of its own.
fn size_of(dir: &Path) -> u64 {
    let files = fs::read_dir(dir).into_iter().flatten().flatten().take(FILES_MAX);
    files.filter_map(|entry| entry.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn room_files_and_how_soon() {
        let kept = Kept { place: "data", dir: "/var/lib/suiftly".into() };
        let space =
            |free: u64, files| Space { free_bytes: free << 30, size_bytes: 100 << 30, files, ..Space::default() };
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (space, left, mark, words) in [
            (Ok(space(50, None)), None, Mark::Fine, "50.0 GiB of 100.0 GiB are free"),
            (Ok(space(50, Some((9, 100)))), None, Mark::Look, "only 9 more files"),
            (Ok(space(50, None)), hours(3), Mark::Look, "full in 3 h 0 min"),
            (Ok(space(14, None)), None, Mark::Look, "14.0 GiB"),
            (Ok(space(2, None)), None, Mark::Wrong, "2.0 GiB"),
            (Err("it is away".to_owned()), None, Mark::Wrong, "it is away"),
        ] {
            let finding = judge_space(&kept, space.as_ref(), left);
            assert_mark(&finding, mark);
            assert!(finding.seen.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn sizes_beside_their_bounds_and_a_slow_disk() {
        let of =
            |bytes: u64, bound: u64| judge_size(&Bounded { what: "journal", bytes: bytes << 20, bound: bound << 20 });
        for (finding, mark) in [
            (of(5, 8), Mark::Fine),
            (of(9, 8), Mark::Fine),
            (of(11, 8), Mark::Look),
            (of(11, 0), Mark::Fine),
            (judge_sync(Duration::from_millis(3)), Mark::Fine),
            (judge_sync(Duration::from_millis(51)), Mark::Look),
        ] {
            assert_mark(&finding, mark);
        }
        let dir = tempfile::tempdir().unwrap();
        assert!(sync_time(dir.path()).is_some() && sync_time(&dir.path().join("nowhere")).is_none());
        fs::write(dir.path().join("a"), [0; 17]).unwrap();
        assert_eq!(size_of(dir.path()), 17);
    }
}
