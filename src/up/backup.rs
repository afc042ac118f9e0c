//! Backups as a part of `up`: the manager makes one when its time has come, and tells operators when one fails or is late.

use super::live::Live;
use crate::backup::{self, Made, Order, Shelf};
use crate::cli::Place;
use crate::commands::cluster_dir;
use crate::config::Config;
use crate::money::Money;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{BackupLive, BackupsLive, Clock, SystemClock};
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::manager::{Job, StepResult};
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::money::{MoneyStore, Notice, Severity};

/// How often it is looked whether the last backup is too old.
const LOOK_EVERY: Duration = Duration::from_secs(300);
/// Backups that are shown at most, the latest.
const SHOWN_MAX: usize = 100;

/// The manager's jobs, if backups are configured: none where there is nobody to encrypt them for, and none of a cluster.
pub(super) fn jobs(
    place: &Place,
    config: &Config,
    store: &StoreConfig,
    money: &Money,
    live: &Arc<Live>,
) -> anyhow::Result<Vec<Job>> {
    if config.cluster.id.is_some() {
        tracing::warn!("no backups are made: {}", backup::CLUSTER);
        return Ok(Vec::new());
    }
    let Some((every, late_after)) = config.backup.every().zip(config.backup.late_after()) else {
        if config.backup.recipients.is_empty() {
            tracing::warn!("no backups are made: nobody is named in backup.recipients");
        }
        return Ok(Vec::new());
    };
    let cluster = match &config.database.url {
        Some(_) => None,
        None => Some(Cluster::find(&cluster_dir(place))?),
    };
    let order = Order::configured(place, config, backup::owner(config, cluster.as_ref(), store)?)?;
    let shelf = Shelf::at(&config.backup.dir(&place.data_dir));
    let watch = Arc::new(Watch { shelf, every, late_after, store: money.store.clone(), live: Arc::clone(live) });
    watch.show();
    let looking = Arc::clone(&watch);
    Ok(vec![
        Job::new("backup", every, move || {
            let (order, watch) = (order.clone(), Arc::clone(&watch));
            async move { watch.told(backup::create(order).await).await }
        }),
        Job::new("backup_check", LOOK_EVERY, move || {
            let watch = Arc::clone(&looking);
            async move { watch.look(SystemClock.now()).await }
        }),
    ])
}

/// What is known of the backups, and who is told.
struct Watch {
    shelf: Shelf,
    every: Duration,
    late_after: Duration,
    store: MoneyStore,
    live: Arc<Live>,
}

impl Watch {
    /// What became of one that was to be made.
    async fn told(&self, made: anyhow::Result<Made>) -> StepResult {
        let now = SystemClock.now();
        self.show();
        match made {
            Ok(made) => {
                let detail = detail(&made);
                tracing::info!(path = %made.path.display(), bytes = made.note.bytes, took_ms = made.note.took_ms, "backup");
                Ok(Some(detail))
            }
            Err(error) => {
                let why = format!("{error:#}");
                // Told once a day: it is tried again and again.
                let key = format!("backup:failed:{}", day(now));
                let body = json!({"error": why});
                self.critical(now, key, "backup_failed", body).await?;
                Err(why.into())
            }
        }
    }

    /// Whether the last one is too old. A first one is waited for as long.
    async fn look(&self, now: UnixMillis) -> StepResult {
        self.show();
        let last = self.shelf.list()?.into_iter().find_map(|found| found.note).map(|note| note.created_at);
        let since = last.unwrap_or_else(|| self.live.started_at());
        if !is_late(since, self.late_after, now) {
            return Ok(None);
        }
        let told = json!({"last_at": last.map(UnixMillis::rfc3339), "every_hours": self.every.as_secs() / 3_600});
        // Once for each backup that none came after, and once a day.
        let key = format!("backup:late:{}:{}", last.map_or(0, |at| at.0), day(now));
        let body = told.clone();
        self.critical(now, key, "backup_late", body).await?;
        Ok(Some(told))
    }

    async fn critical(&self, now: UnixMillis, key: String, kind: &'static str, body: Value) -> anyhow::Result<()> {
        let notice = Notice { key, customer: None, severity: Severity::Critical, kind, body };
        self.store.note(&notice, now).await?;
        Ok(())
    }

    /// Shows what is there to who asks: operators, and metrics.
    fn show(&self) {
        let listed = match self.shelf.list() {
            Ok(listed) => listed,
            Err(error) => return tracing::warn!("cannot list the backups: {error:#}"),
        };
        let items = listed.into_iter().filter_map(|found| {
            let note = found.note?;
            let file = found.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some(BackupLive {
                file,
                created_at: note.created_at,
                watermark: note.watermark,
                first_epoch: note.first_epoch,
                last_epoch: note.last_epoch,
                last_cut_at: note.last_cut_at,
                has_secrets: note.has_secrets,
                bytes: note.bytes,
                sha256: note.sha256,
                took_ms: note.took_ms,
            })
        });
        let items = items.take(SHOWN_MAX).collect();
        self.live.set_backups(BackupsLive {
            every_s: self.every.as_secs(),
            late_after_s: self.late_after.as_secs(),
            items,
        });
    }
}

fn is_late(last: UnixMillis, late_after: Duration, now: UnixMillis) -> bool {
    let age_ms = now.0.saturating_sub(last.0);
    u128::try_from(age_ms).is_ok_and(|age_ms| age_ms > late_after.as_millis())
}

fn day(at: UnixMillis) -> String {
    at.rfc3339().chars().take_while(|c| *c != 'T').collect()
}

fn detail(made: &Made) -> Value {
    let Made { path, note, removed } = made;
    json!({
        "file": path.file_name().map(|name| name.to_string_lossy()),
        "bytes": note.bytes,
        "watermark": note.watermark,
        "last_epoch": note.last_epoch,
        "took_ms": note.took_ms,
        "removed": removed.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_is_after_the_time_and_not_before() {
        let (hour, last) = (Duration::from_secs(3_600), UnixMillis(1_000));
        for (ms, late) in [(-1_000, false), (0, false), (3_600_000, false), (3_600_001, true)] {
            assert_eq!(is_late(last, hour, last.plus_ms(ms)), late, "{ms} ms");
        }
        assert_eq!(day(UnixMillis(1_795_392_000_000)), "2026-11-23");
    }
}
