//! Partitions for the rows of a commit, where TimescaleDB does not make them itself.

use super::merge::Merged;
use crate::StoreError;
use crate::codec::Timestamptz;
use std::collections::BTreeSet;
use suiftly_schema::time::UnixMillis;
use tokio_postgres::Client;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// An hour of raw records that ended this much before an epoch's clock is closed (SPEC §4: compressed after 6 hours): rows
/// of it go to `haproxy_raw_logs_late`. As `suiftly_closed_to` of migration 0010 has it.
pub const CLOSED_AFTER_MS: i64 = 6 * HOUR_MS;
/// System messages dated up to this much before their epoch get a partition of their own: as long as they are kept. Older
/// ones, and such as are dated ahead, go to the default partition; so however wild the dates of a stream are, it cannot
/// make more partitions than there are days in this.
const SYSTEM_BACK_MS: i64 = 7 * DAY_MS;
/// Rows dated up to this much after their epoch get a partition of their own.
pub const PARTITIONED_AHEAD_MS: i64 = HOUR_MS;
/// How many partitions are remembered to be there.
const KNOWN_MAX: usize = 1_024;

/// The partitions that this connection knows to be there.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    raw_hours: BTreeSet<i64>,
    system_days: BTreeSet<i64>,
}

impl Partitions {
    /// Makes what is missing, before the transaction that needs it: readers are shut out for a moment only.
    ///
    /// A partition that retention has dropped since is not made again; its late rows go to the default partition.
    pub(super) async fn ensure(&mut self, client: &Client, merged: &Merged<'_>) -> Result<(), StoreError> {
        let records = merged.records.iter().copied().flatten().map(|record| record.timestamp);
        let hours = buckets(records, HOUR_MS, CLOSED_AFTER_MS, merged.cut_at);
        let system = merged.system.keys().map(|row| row.timestamp);
        let days = buckets(system, DAY_MS, SYSTEM_BACK_MS, merged.cut_at);
        ensure(client, "haproxy_raw_logs", &mut self.raw_hours, hours, HOUR_MS).await?;
        ensure(client, "haproxy_system_logs", &mut self.system_days, days, DAY_MS).await
    }
}

/// Whether a raw record is of an hour that is closed at `cut_at`.
pub(super) const fn is_late(timestamp: UnixMillis, cut_at: UnixMillis) -> bool {
    timestamp.0 < first_open(HOUR_MS, CLOSED_AFTER_MS, cut_at)
}

/// Where the first bucket begins that ends later than `back_ms` before `cut_at`.
const fn first_open(width_ms: i64, back_ms: i64, cut_at: UnixMillis) -> i64 {
    cut_at.0.saturating_sub(back_ms).div_euclid(width_ms) * width_ms
}

/// The buckets of the instants that get a partition of their own.
fn buckets(
    instants: impl Iterator<Item = UnixMillis>,
    width_ms: i64,
    back_ms: i64,
    cut_at: UnixMillis,
) -> BTreeSet<i64> {
    let within = first_open(width_ms, back_ms, cut_at)..=cut_at.0.saturating_add(PARTITIONED_AHEAD_MS);
    let mut buckets = BTreeSet::new();
    let mut last = None;
    for at in instants.filter(|at| within.contains(&at.0)) {
        let bucket = at.0.div_euclid(width_ms);
        // Nearly all rows of a commit are of one hour: ask the set only when it changes.
        if last.replace(bucket) != Some(bucket) {
            buckets.insert(bucket);
        }
    }
    buckets
}

async fn ensure(
    client: &Client,
    table: &str,
    known: &mut BTreeSet<i64>,
    wanted: BTreeSet<i64>,
    width_ms: i64,
) -> Result<(), StoreError> {
    if known.len() > KNOWN_MAX {
        known.clear();
    }
    for bucket in wanted {
        if known.contains(&bucket) {
            continue;
        }
        let from = UnixMillis(bucket * width_ms);
        let made: i32 = client
            .query_one(
                "SELECT suiftly_ensure_partitions($1, $2, $3)",
                &[&table, &Timestamptz(from), &Timestamptz(from.plus_ms(width_ms))],
            )
            .await
            .map_err(StoreError::database("make a partition"))?
            .get(0);
        tracing::debug!(table, made, from = %from.rfc3339(), "partition ensured");
        known.insert(bucket);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wild_dates_make_no_partitions() {
        let cut_at = UnixMillis(1_795_298_400_000);
        let at = |offset_ms: i64| cut_at.plus_ms(offset_ms);
        let instants = [
            at(0),
            at(-1),
            at(-7 * HOUR_MS + 1),
            at(-CLOSED_AFTER_MS),
            at(-CLOSED_AFTER_MS - 1),
            at(PARTITIONED_AHEAD_MS),
            at(PARTITIONED_AHEAD_MS + 1),
            UnixMillis::MIN,
            UnixMillis::MAX,
        ];
        let found: Vec<i64> = buckets(instants.into_iter(), HOUR_MS, CLOSED_AFTER_MS, cut_at).into_iter().collect();
        let hour = cut_at.0 / HOUR_MS;
        assert_eq!(found, [hour - 6, hour - 1, hour, hour + 1]);
    }

    #[test]
    fn an_hour_closes_six_hours_after_its_end() {
        let hour = UnixMillis(1_795_298_400_000);
        let (first, last) = (hour, hour.plus_ms(HOUR_MS - 1));
        let closes = hour.plus_ms(HOUR_MS + CLOSED_AFTER_MS);
        for at in [first, last] {
            assert!(!is_late(at, closes.plus_ms(-1)));
            assert!(is_late(at, closes));
        }
        assert!(!is_late(hour.plus_ms(HOUR_MS), closes));
        assert!(is_late(UnixMillis::MIN, UnixMillis::MIN.plus_ms(8 * HOUR_MS)) && !is_late(UnixMillis::MAX, closes));
    }
}
