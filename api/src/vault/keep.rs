//! Writes versions down for people to look back at: behind the publishing, never before it. What the database does not take
//! in time is left out; what counts is signed and elsewhere.

use super::Publisher;
use super::publisher::Unwritten;
use std::time::Duration;
use suiftly_store::accounts::AccountStore;
use suiftly_store::accounts::admin::VersionRow;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Versions that wait for the database at most; older ones are left out.
pub const VERSIONS_WAITING_MAX: usize = 1_000;
/// Versions are written at most so often.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// How long the last ones may take.
const LAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Writes each version down, until the end; then what is left, if the database is there.
pub async fn keep_versions(publisher: Publisher, store: AccountStore, end: CancellationToken) {
    let mut current = publisher.watch();
    current.mark_changed();
    while let Some(Ok(())) = end.run_until_cancelled(current.changed()).await {
        write(&publisher, &store).await;
        while end.run_until_cancelled(sleep(WRITE_EVERY)).await.is_some() && publisher.has_unwritten() {
            write(&publisher, &store).await;
        }
    }
    // The next start can do without.
    let _ = timeout(LAST_TIMEOUT, write(&publisher, &store)).await;
}

async fn write(publisher: &Publisher, store: &AccountStore) {
    let versions = publisher.unwritten();
    let Some(last) = versions.last() else { return };
    let rows: Vec<_> = versions.iter().map(row).collect();
    match store.put_vault_versions(&rows, last.head.refill).await {
        Ok(()) => publisher.written_through(last.head.version),
        Err(error) => tracing::warn!(%error, versions = rows.len(), "versions of the vault wait to be written down"),
    }
}

fn row(Unwritten { head, described }: &Unwritten) -> VersionRow {
    VersionRow {
        era: head.era,
        version: head.version,
        root: head.root.to_string(),
        keys: head.keys,
        access: head.access,
        epoch: head.epoch,
        issued_at: head.issued_at,
        changes: serde_json::to_value(described).unwrap_or_default(),
    }
}
