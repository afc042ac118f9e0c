//! The disks that something is kept on: how full each is, whether it fills, and when that is too little. The watch of
//! a running server ([`crate::up`]) and `suiftly doctor` judge by the same rules.

use crate::config::Config;
use crate::place::Place;
use nix::sys::statvfs::statvfs;
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Less free than this, in hundredths of the file system: somebody should do something.
pub(crate) const WARNING_PERCENT: u64 = 15;
/// Less than this: somebody must.
pub(crate) const CRITICAL_PERCENT: u64 = 5;
/// A disk that is full so soon, as it fills now, is told of too.
pub(crate) const WARNING_TIME_TO_FULL: Duration = Duration::from_secs(24 * 3600);
/// It is told of again only once so much more is free: a level that wavers is one incident.
const CLEAR_PERCENT: u64 = 2;
/// How far back its filling is looked at.
const TREND_SPAN: Duration = Duration::from_secs(3600);
/// Less than this says nothing: a compaction, a checkpoint, a dump.
const TREND_SPAN_MIN: Duration = Duration::from_secs(15 * 60);
/// More samples are not kept.
const SAMPLES_MAX: usize = 1_024;
/// Where Debian's PostgreSQL keeps its clusters.
const POSTGRES_DIR: &str = "/var/lib/postgresql";

/// Something that is kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// What: a label of metrics.
    pub(crate) place: &'static str,
    pub(crate) dir: PathBuf,
}

/// Everything that is kept on disks of this machine, those that are there.
pub(crate) fn kept(place: &Place, config: &Config) -> Vec<Kept> {
    let database = match &config.database.url {
        None => Some(place.data_dir.join("postgres")),
        Some(url) => is_on_this_machine(url).then(|| POSTGRES_DIR.into()),
    };
    let vault = config.vault.dir.clone();
    let all = [
        ("data", Some(place.data_dir.clone())),
        ("archive", config.journal.archive_dir.clone()),
        ("database", database),
        ("vault", vault),
        ("edge", config.edge.dir.clone()),
    ];
    let there = all.into_iter().filter_map(|(place, dir)| Some(Kept { place, dir: dir.filter(|dir| dir.is_dir())? }));
    there.collect()
}

/// By a Unix socket or loopback, as far as the address says so.
fn is_on_this_machine(url: &str) -> bool {
    let after_user = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_user.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_socket = host.is_empty() || url.contains("host=/") || host.starts_with("%2F") || host.starts_with("%2f");
    is_socket || ["localhost", "127.", "[::1]"].iter().any(|local| host.starts_with(local))
}

/// A file system at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Space {
    /// Which file system: the same for places that share it.
    pub(crate) device: u64,
    /// What we may still write: without what is reserved to root.
    pub(crate) free_bytes: u64,
    pub(crate) size_bytes: u64,
    /// Files that may still be made, and in all; `None` where that is not bounded.
    pub(crate) files: Option<(u64, u64)>,
}

impl Space {
    /// Asks the kernel. It may block where the disk is away.
    pub(crate) fn of(dir: &Path) -> io::Result<Self> {
        let device = dir.metadata()?.dev();
        let stat = statvfs(dir)?;
        let unit = stat.fragment_size();
        let files = (stat.files() > 0).then(|| (stat.files_available(), stat.files()));
        let (free_bytes, size_bytes) = (stat.blocks_available() * unit, stat.blocks() * unit);
        Ok(Self { device, free_bytes, size_bytes, files })
    }

    /// Hundredths that are free, of bytes or of files, whichever is shorter.
    pub(crate) fn free_percent(&self) -> u64 {
        let of = |free: u64, size: u64| free.saturating_mul(100).checked_div(size).unwrap_or(100);
        let files = self.files.map_or(100, |(free, size)| of(free, size));
        of(self.free_bytes, self.size_bytes).min(files)
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Fine,
    Warning,
    Critical,
}

impl Level {
    /// Of a disk that has so much free and is full so soon.
    pub(crate) fn of(space: &Space, time_to_full: Option<Duration>) -> Self {
        let is_soon = time_to_full.is_some_and(|left| left < WARNING_TIME_TO_FULL);
        match space.free_percent() {
            free if free < CRITICAL_PERCENT => Self::Critical,
            free if free < WARNING_PERCENT || is_soon => Self::Warning,
            _ => Self::Fine,
        }
    }

    /// The same for one that was at a level before: it gets better only by more than it wavers.
    pub(crate) fn after(self, space: &Space, time_to_full: Option<Duration>) -> Self {
        let now = Self::of(space, time_to_full);
        let free = space.free_percent().saturating_sub(CLEAR_PERCENT);
        let still = match self {
            Self::Critical if free < CRITICAL_PERCENT => Self::Critical,
            Self::Critical | Self::Warning if free < WARNING_PERCENT => Self::Warning,
            _ => Self::Fine,
        };
        now.max(still)
    }
}

/// How a disk fills: what was free of late.
#[derive(Debug, Default)]
pub(crate) struct Trend(VecDeque<(Duration, u64)>);

impl Trend {
    /// So much is free at a time that only goes on.
    pub(crate) fn note(&mut self, at: Duration, free_bytes: u64) {
        self.0.push_back((at, free_bytes));
        let is_old = |(then, _): &(Duration, u64)| at.saturating_sub(*then) > TREND_SPAN;
        while self.0.len() > SAMPLES_MAX || self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
    }

    /// When nothing is left if it goes on like that; `None` if it does not fill, or it is too early to say.
    pub(crate) fn time_to_full(&self) -> Option<Duration> {
        let ((first_at, first), (last_at, last)) = (self.0.front()?, self.0.back()?);
        let span = last_at.saturating_sub(*first_at);
        let filled = first.checked_sub(*last).filter(|filled| *filled > 0)?;
        let seconds = u128::from(*last) * span.as_millis() / u128::from(filled) / 1_000;
        (span >= TREND_SPAN_MIN).then(|| Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
    }
}

/// Bytes in words, to three figures or so.
pub(crate) fn bytes_text(bytes: u64) -> String {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let of = |(unit, shift): (&str, u32)| {
        let tenths = (u128::from(bytes) * 10) >> shift;
        (tenths >= 10).then(|| format!("{}.{} {unit}", tenths / 10, tenths % 10))
    };
    UNITS.into_iter().find_map(of).unwrap_or_else(|| format!("{bytes} bytes"))
}

/// A time in words: the two largest units.
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(free_percent: u64) -> Space {
        Space { free_bytes: free_percent << 30, size_bytes: 100 << 30, ..Space::default() }
    }

    #[test]
    fn a_level_goes_by_what_is_free_and_by_how_soon_it_is_full() {
        let soon = |hours: u64| Some(Duration::from_secs(hours * 3600));
        for (free, time_to_full, level) in [
            (100, None, Level::Fine),
            (15, None, Level::Fine),
            (14, None, Level::Warning),
            (5, None, Level::Warning),
            (4, None, Level::Critical),
            (80, soon(23), Level::Warning),
            (80, soon(25), Level::Fine),
            (4, soon(1_000), Level::Critical),
        ] {
            assert_eq!(Level::of(&space(free), time_to_full), level, "{free} % free");
        }
        let out_of_files = Space { files: Some((3, 100)), ..space(90) };
        assert_eq!(Level::of(&out_of_files, None), Level::Critical);
    }

    #[test]
    fn a_level_that_wavers_stays() {
        for (before, free, after) in [
            (Level::Warning, 16, Level::Warning),
            (Level::Warning, 17, Level::Fine),
            (Level::Critical, 6, Level::Critical),
            (Level::Critical, 7, Level::Warning),
            (Level::Critical, 30, Level::Fine),
            (Level::Fine, 16, Level::Fine),
            (Level::Fine, 3, Level::Critical),
        ] {
            assert_eq!(before.after(&space(free), None), after, "{before:?}, {free} % free");
        }
    }

    #[test]
    fn a_trend_is_told_once_it_is_one() {
        let mut trend = Trend::default();
        let minute = |n: u64| Duration::from_secs(n * 60);
        trend.note(minute(0), 1_000);
        trend.note(minute(10), 900);
        assert_eq!(trend.time_to_full(), None, "too early");
        trend.note(minute(20), 800);
        assert_eq!(trend.time_to_full(), Some(minute(80)));
        trend.note(minute(30), 1_000);
        assert_eq!(trend.time_to_full(), None, "it was given back");
        for n in 31..=3_000 {
            trend.note(minute(n), 10_000 - n);
        }
        assert!(trend.0.len() <= 61, "an hour and no more: {}", trend.0.len());
        assert_eq!(trend.time_to_full(), Some(minute(7_000)));
    }

    #[test]
    fn a_database_of_this_machine_is_known_by_its_address() {
        for (url, is) in [
            ("postgres:///suiftly_prod?host=/run/postgresql", true),
            ("postgres://suiftly@%2Frun%2Fpostgresql/suiftly_prod", true),
            ("postgres://suiftly@localhost/suiftly_dev", true),
            ("postgres://suiftly:pw@127.0.0.1:5432/suiftly_dev", true),
            ("host=/run/postgresql user=suiftly dbname=suiftly_prod", true),
            ("postgres://suiftly@db.example.com/suiftly_prod", false),
        ] {
            assert_eq!(is_on_this_machine(url), is, "{url}");
        }
    }

    #[test]
    fn figures_in_words() {
        for (bytes, text) in [(17, "17 bytes"), (1_536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (3 << 40, "3.0 TiB")] {
            assert_eq!(bytes_text(bytes), text);
        }
        for (seconds, text) in [(5, "5 s"), (65, "1 min"), (3_700, "1 h 1 min"), (90_000, "1 d 1 h")] {
            assert_eq!(duration_text(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_real_file_system_has_a_size() {
        let dir = tempfile::tempdir().unwrap();
        let space = Space::of(dir.path()).unwrap();
        assert!(space.size_bytes >= space.free_bytes && space.size_bytes > 0, "{space:?}");
        assert!(Space::of(&dir.path().join("nowhere")).is_err());
    }
}
