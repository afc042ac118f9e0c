//! What seals secrets in the database: API keys, seal keys, webhooks' secrets, kept answers. Every row is sealed anew under
//! the new key, in batches that may be interrupted; the old key goes when no row is under it, counted once more after the
//! last request that could still have sealed by it has ended.

use super::ring_file::RingFile;
use super::server::TakenOver;
use super::{Bench, Bounds, fresh_key, say};
use crate::secrets;
use anyhow::{bail, ensure};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_ingest::journal::{Journal, JournalConfig};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{AccountStore, SealedKind, SealedPlace};

/// Longer than any request and any job of the server that seals: what began under the old key has ended.
const SETTLED_AFTER_MS: i64 = 60_000;
/// How often rows are gone through that somebody else held.
const PASSES_MAX: u32 = 5;

/// What was sealed anew.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    rows: u64,
    unreadable: u64,
}

pub(super) async fn rotate(bench: &Bench, bounds: Bounds) -> anyhow::Result<()> {
    let mut ring = bench.ring(secrets::AT_REST_KEYS)?;
    let now = SystemClock.now();
    if ring.old().is_empty() {
        if bounds.finish {
            return say(&format!("secrets at rest are sealed by key {}; no old key is left", ring.current()));
        }
        let id = ring.announce(fresh_key()?)?;
        ring.promote(id, now);
    } else {
        say(&format!("going on with the rotation to key {}", ring.current()))?;
    }
    ring.date(now);
    ring.write()?;
    take_over(bench, &ring).await?;
    let accounts = bench.accounts().await?;
    let rows = seal_all_anew(&accounts, &ring.keyring()?).await?;
    say(&format!("secrets at rest are sealed by key {}: {rows} rows were sealed anew", ring.current()))?;
    let settled_at = settled_at(&ring);
    let wait_ms = settled_at.0.saturating_sub(SystemClock.now().0);
    if wait_ms > 0 && bounds.no_wait {
        let at = settled_at.rfc3339();
        return say(&format!("the old key stays until {at}; then `suiftly rotate at-rest --finish` takes it out"));
    }
    if wait_ms > 0 {
        say(&format!("waiting {} s for requests that began before", wait_ms.div_euclid(1_000) + 1))?;
        tokio::time::sleep(Duration::from_millis(wait_ms.unsigned_abs())).await;
        seal_all_anew(&accounts, &ring.keyring()?).await?;
    }
    let gone = ring.drop_old(|_| true);
    ring.write()?;
    take_over(bench, &ring).await?;
    say(&format!(
        "nothing is sealed by another key any more; taken out: {gone:?}. Backups of before hold their own keys."
    ))
}

/// The server has the keys, or there is none that could seal by others.
async fn take_over(bench: &Bench, ring: &RingFile) -> anyhow::Result<()> {
    if bench.server()?.take_over(ring).await? == TakenOver::Yes {
        return Ok(());
    }
    let journal = bench.place.data_dir.join("journal");
    // Whoever runs holds the journal's lock, wherever its API listens.
    let is_idle = !journal.is_dir() || Journal::open(&journal, JournalConfig::default()).is_ok();
    ensure!(
        is_idle,
        "a server runs on {} and does not answer on its operators' port: `systemctl reload suiftly` has it take the keys \
         over; then the same command again, with the configuration that it runs with",
        bench.place.data_dir.display()
    );
    Ok(())
}

/// Until no row is under another key. How many were sealed anew.
async fn seal_all_anew(accounts: &AccountStore, ring: &Keyring) -> anyhow::Result<u64> {
    let mut done = Done::default();
    for _ in 0..PASSES_MAX {
        let pass = pass(accounts, ring).await?;
        (done.rows, done.unreadable) = (done.rows + pass.rows, pass.unreadable);
        let left = others(&accounts.sealed_by_key().await?, ring);
        if left.is_empty() || pass.unreadable > 0 || pass.rows == 0 {
            break;
        }
    }
    let change = json!({"key": ring.current().0, "rows": done.rows, "unreadable": done.unreadable});
    accounts.record(None, &Bench::act(), "secrets.reseal", Some(secrets::AT_REST_KEYS), change).await?;
    let left = others(&accounts.sealed_by_key().await?, ring);
    if left.is_empty() {
        return Ok(done.rows);
    }
    let (rows, by): (u64, Vec<_>) = (left.values().sum(), left.keys().collect());
    if done.unreadable > 0 {
        bail!(
            "{} rows cannot be opened by any key of the file, and stay as they are (by key {by:?}; 0: of no known format): \
             put the key that they were sealed by back into the file (an old backup has it), then the same command again. \
             Nothing was taken out.",
            done.unreadable
        );
    }
    bail!("{rows} rows are still sealed by key {by:?}: somebody holds them; the same command again goes on")
}

/// Each kind, from the first row to the last.
async fn pass(accounts: &AccountStore, ring: &Keyring) -> anyhow::Result<Done> {
    let mut done = Done::default();
    for kind in SealedKind::ALL {
        let (mut after, mut rows) = (Some(SealedPlace::default()), 0);
        while let Some(place) = after {
            let batch = accounts.reseal(kind, &place, ring).await?;
            (rows, after) = (rows + batch.rows, batch.next);
            done.unreadable += batch.unreadable;
        }
        if rows > 0 {
            tracing::info!(rows, "{} are sealed anew", kind.word());
        }
        done.rows += rows;
    }
    Ok(done)
}

/// Rows of other keys than the first.
fn others(rows_by_key: &BTreeMap<u16, u64>, ring: &Keyring) -> BTreeMap<u16, u64> {
    let current = ring.current().0;
    rows_by_key.iter().filter(|(id, rows)| **id != current && **rows > 0).map(|(id, rows)| (*id, *rows)).collect()
}

/// From when on nothing seals by an old key any more.
fn settled_at(ring: &RingFile) -> UnixMillis {
    let retired = ring.old().into_iter().filter_map(|(_, retired)| retired).max();
    retired.map_or(UnixMillis::MIN, |at| at.plus_ms(SETTLED_AFTER_MS))
}
