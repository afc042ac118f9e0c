//! The watch over the disks: how full each is goes into the metrics, and operators are told once when one gets short,
//! and once when it is well again.

use super::live::{Disks, Live};
use crate::config::Config;
use crate::disk::{Kept, Level, Space, Trend, kept};
use crate::place::Place;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use suiftly_api::{Clock, DiskLive, SystemClock};
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use suiftly_store::config::StoreConfig;
use suiftly_store::money::{MoneyStore, Notice, Severity};
use suiftly_store::probe;
use tokio::time::{MissedTickBehavior, interval};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it asks how large the database is: PostgreSQL counts its files for it.
const DATABASE_EVERY: Duration = Duration::from_secs(300);

/// Looks until the task is dropped. What the database does not take is told the next time.
pub(super) async fn watch(place: Place, config: Config, store: StoreConfig, notes: MoneyStore, live: Arc<Live>) {
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut file_systems, mut database) = (FileSystems::default(), DatabaseSize::default());
    loop {
        every.tick().await;
        let places = kept(&place, &config);
        // A disk that is away holds a thread, not the others.
        let Ok(spaces) = tokio::task::spawn_blocking(move || measured(places)).await else { continue };
        let now = SystemClock.now();
        let disks = file_systems.seen(&spaces);
        live.set_disks(Disks { places: disks, database_bytes: database.look(&store).await });
        if let Err(error) = tell(&mut file_systems, &notes, now).await {
            tracing::warn!(%error, "operators could not be told of the disks; it is tried again");
        }
    }
}

/// Places that cannot be looked at are left out.
fn measured(places: Vec<Kept>) -> Vec<(Kept, Space)> {
    let of = |kept: Kept| Space::of(&kept.dir).ok().map(|space| (kept, space));
    places.into_iter().filter_map(of).collect()
}

async fn tell(file_systems: &mut FileSystems, notes: &MoneyStore, now: UnixMillis) -> Result<(), StoreError> {
    for (device, level, notice) in file_systems.to_tell(now) {
        match notice.severity {
            Severity::Critical => tracing::error!(kind = notice.kind, body = %notice.body, "a disk"),
            _ => tracing::warn!(kind = notice.kind, body = %notice.body, "a disk"),
        }
        notes.note(&notice, now).await?;
        file_systems.told(device, level);
    }
    Ok(())
}

/// The database's size, asked now and then.
#[derive(Default)]
struct DatabaseSize {
    asked: Option<Instant>,
    bytes: Option<u64>,
}

impl DatabaseSize {
    async fn look(&mut self, store: &StoreConfig) -> Option<u64> {
        if self.asked.is_none_or(|asked| asked.elapsed() >= DATABASE_EVERY) {
            self.asked = Some(Instant::now());
            self.bytes = probe::database_bytes(store).await.ok().or(self.bytes);
        }
        self.bytes
    }
}

/// What is known of each file system.
struct FileSystems {
    began: Instant,
    by_device: BTreeMap<u64, FileSystem>,
}

impl Default for FileSystems {
    fn default() -> Self {
        Self { began: Instant::now(), by_device: BTreeMap::new() }
    }
}

#[derive(Default)]
struct FileSystem {
    places: Vec<String>,
    dir: String,
    space: Space,
    trend: Trend,
    level: Option<Level>,
    told: Option<Level>,
}

impl FileSystem {
    const fn was_told(&self) -> Level {
        match self.told {
            Some(level) => level,
            None => Level::Fine,
        }
    }
}

impl FileSystems {
    /// Takes a look in, and answers what there is to show.
    fn seen(&mut self, spaces: &[(Kept, Space)]) -> Vec<DiskLive> {
        self.seen_at(self.began.elapsed(), spaces)
    }

    fn seen_at(&mut self, at: Duration, spaces: &[(Kept, Space)]) -> Vec<DiskLive> {
        self.by_device.values_mut().for_each(|of| of.places.clear());
        for (kept, space) in spaces {
            let of = self.by_device.entry(space.device).or_default();
            if of.places.is_empty() {
                (of.space, of.dir) = (*space, kept.dir.display().to_string());
                of.trend.note(at, space.free_bytes);
                of.level = Some(of.level.unwrap_or(Level::Fine).after(space, of.trend.time_to_full()));
            }
            of.places.push(kept.place.to_owned());
        }
        self.by_device.retain(|_, of| !of.places.is_empty());
        spaces.iter().map(|(kept, space)| self.shown(kept, space)).collect()
    }

    fn shown(&self, kept: &Kept, space: &Space) -> DiskLive {
        let time_to_full = self.by_device.get(&space.device).and_then(|of| of.trend.time_to_full());
        DiskLive {
            place: kept.place.to_owned(),
            free_bytes: space.free_bytes,
            size_bytes: space.size_bytes,
            free_files: space.files.map(|(free, _)| free),
            time_to_full_s: time_to_full.map(|left| left.as_secs()),
        }
    }

    /// What operators have not been told.
    fn to_tell(&self, now: UnixMillis) -> Vec<(u64, Level, Notice)> {
        let changed = self.by_device.iter().filter_map(|(device, of)| {
            let level = of.level.filter(|level| *level != of.was_told())?;
            Some((*device, level, notice(of, level, now)))
        });
        changed.collect()
    }

    fn told(&mut self, device: u64, level: Level) {
        if let Some(of) = self.by_device.get_mut(&device) {
            of.told = Some(level);
        }
    }
}

fn notice(of: &FileSystem, level: Level, now: UnixMillis) -> Notice {
    // From critical to warning is getting better, and is no second alarm.
    let is_worse = level > of.was_told();
    let (kind, severity) = match level {
        Level::Critical => ("disk_full", Severity::Critical),
        Level::Warning if is_worse => ("disk_filling", Severity::Warning),
        Level::Warning | Level::Fine => ("disk_better", Severity::Info),
    };
    let body = json!({
        "places": of.places, "path": of.dir, "free_bytes": of.space.free_bytes, "size_bytes": of.space.size_bytes,
        "free_percent": of.space.free_percent(), "time_to_full_s": of.trend.time_to_full().map(|left| left.as_secs()),
    });
    let place = of.places.first().map_or("disk", String::as_str);
    Notice { key: format!("disk:{place}:{kind}:{}", now.0), customer: None, severity, kind, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(file_systems: &mut FileSystems, minute: u64, free: u64) -> Vec<(&'static str, Severity)> {
        let kept = |place: &'static str| Kept { place, dir: "/data".into() };
        let space = Space { device: 7, free_bytes: free << 30, size_bytes: 100 << 30, files: None };
        let other = Space { device: 8, free_bytes: 90 << 30, ..space };
        let seen = [(kept("data"), space), (kept("database"), space), (kept("archive"), other)];
        let shown = file_systems.seen_at(Duration::from_secs(60 * minute), &seen);
        assert_eq!(shown.iter().map(|disk| disk.place.as_str()).collect::<Vec<_>>(), ["data", "database", "archive"]);
        let told = file_systems.to_tell(UnixMillis(minute.cast_signed()));
        for (device, level, notice) in &told {
            assert!(*device == 7 && notice.body["places"] == json!(["data", "database"]), "{notice:?}");
            file_systems.told(*device, *level);
        }
        told.iter().map(|(_, _, notice)| (notice.kind, notice.severity)).collect()
    }

    #[test]
    fn each_turn_is_told_once_for_a_file_system() {
        let mut file_systems = FileSystems::default();
        // Not a minute passes in all, so that nothing is said of how it fills.
        for (free, told) in [
            (50, vec![]),
            (12, vec![("disk_filling", Severity::Warning)]),
            (12, vec![]),
            (3, vec![("disk_full", Severity::Critical)]),
            (6, vec![]),
            (10, vec![("disk_better", Severity::Info)]),
            (16, vec![]),
            (40, vec![("disk_better", Severity::Info)]),
            (4, vec![("disk_full", Severity::Critical)]),
        ] {
            assert_eq!(look(&mut file_systems, 0, free), told, "{free} % free");
        }
    }

    #[test]
    fn what_is_full_within_a_day_is_told_before_it_is_short() {
        let mut file_systems = FileSystems::default();
        assert_eq!(look(&mut file_systems, 0, 60), vec![]);
        assert_eq!(look(&mut file_systems, 10, 59), vec![]);
        assert_eq!(look(&mut file_systems, 20, 58), [("disk_filling", Severity::Warning)]);
        let (_, of) = file_systems.by_device.first_key_value().unwrap();
        assert_eq!(of.trend.time_to_full(), Some(Duration::from_secs(580 * 60)));
    }
}
