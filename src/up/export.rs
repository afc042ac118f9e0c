//! What gateways read from disk: a directory per version with the link `current`, and `ma_vault.csv`, both in the vault's directory.
//!
//! ```text
//! publisher ─versions─▶ exporter ─┬▶ <era>-<version>/, current        signed, whole
//!                          ▲      └▶ ma_vault.csv                     the keys that may be used now, encrypted
//!              database: keys that are new, tiers          manager: the check, each 5 minutes
//! ```
//!
//! What must go, goes with the next write, whether the database is there or not; what is new waits until its key was brought.
//! Under much change both are written for a tenth of the time.

mod check;
mod database;
mod exporter;
mod file;
#[cfg(test)]
mod tests;

use super::rings::Rings;
use crate::cli::Place;
use crate::config::Config;
use database::Asked;
use exporter::Exporter;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::Accounts;
use suiftly_api::vault::{Publisher, VaultParts, Version};
use suiftly_settlement::manager::Job;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::Reader;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often what is there is held against what should be (SPEC §9).
const CHECK_EVERY: Duration = Duration::from_secs(300);
/// Of the time, one part in so many is spent writing.
const WRITES_ONE_PART_IN: u32 = 10;
/// However long writing takes, the next one is no later than this.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// When something could not be done it is tried again after so long, twice as long each time, up to the second.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LAST: Duration = Duration::from_secs(30);

/// The running exporter.
pub(super) struct Exporting {
    exporter: Arc<Exporter>,
    publisher: Publisher,
    end: CancellationToken,
    writing: JoinHandle<()>,
}

/// Takes over what a former process has written, and begins to write what is published.
pub(super) fn start(
    place: &Place,
    config: &Config,
    vault: &VaultParts,
    (accounts, reader, money): (&Accounts, &Reader, &MoneyStore),
    rings: &Rings,
) -> Exporting {
    let asked = Asked {
        accounts: accounts.store.clone(),
        secret: accounts.api_key_secret.clone(),
        at_rest: accounts.at_rest.clone(),
        reader: reader.clone(),
        money: money.clone(),
    };
    let keys = (rings.keys.vault.clone(), rings.keys.trusted.clone());
    let exporter = Exporter::open(config.vault.dir(&place.data_dir), keys, Arc::new(asked), Arc::clone(&vault.export));
    let (exporter, publisher, end) = (Arc::new(exporter), vault.publisher.clone(), CancellationToken::new());
    let every = Duration::from_millis(config.vault.write_ms);
    let writing = tokio::spawn(write(Arc::clone(&exporter), publisher.watch(), every, end.clone()));
    rings.tell(publisher.clone(), Renewing { exporter: Arc::clone(&exporter), publisher: publisher.clone() });
    Exporting { exporter, publisher, end, writing }
}

/// Writes the file anew when the vault keys are others.
pub(super) struct Renewing {
    exporter: Arc<Exporter>,
    publisher: Publisher,
}

impl Renewing {
    /// Encrypts anew what stands in `ma_vault.csv`, and writes it. What could not be written is, with the next version or
    /// the check.
    pub(super) async fn renew(&self) {
        self.exporter.renew(self.publisher.current().as_ref()).await;
    }
}

impl Exporting {
    /// What the manager does for it.
    pub(super) fn jobs(&self) -> Vec<Job> {
        let (exporter, publisher) = (Arc::clone(&self.exporter), self.publisher.clone());
        vec![Job::new("vault_check", CHECK_EVERY, move || {
            let (exporter, publisher) = (Arc::clone(&exporter), publisher.clone());
            async move { Ok(exporter.check(&publisher).await?.map(|done| done.detail())) }
        })]
    }

    /// Writes what is published and not written yet, and ends. The publisher has ended before.
    pub(super) async fn ended(self) {
        self.end.cancel();
        if let Err(error) = self.writing.await {
            tracing::error!(%error, "the vault's files are not written any more");
        }
    }
}

/// Writes each version that is published, or the latest of those that came while it wrote.
async fn write(
    exporter: Arc<Exporter>,
    mut versions: watch::Receiver<Option<Arc<Version>>>,
    every: Duration,
    end: CancellationToken,
) {
    versions.mark_changed();
    let mut retry = Retry::default();
    loop {
        tokio::select! {
            () = end.cancelled() => break,
            changed = versions.changed() => if changed.is_err() { break },
            () = retry.due() => {}
        }
        let Some(version) = versions.borrow_and_update().clone() else { continue };
        let began = Instant::now();
        let is_done = exporter.write(&version).await;
        retry.told(is_done);
        end.run_until_cancelled(tokio::time::sleep(pause(began.elapsed(), every))).await;
    }
    // What was published last is there for the next start, and for who reads on meanwhile.
    let last = versions.borrow_and_update().clone();
    if let Some(version) = last {
        exporter.write_what_is_known(&version).await;
    }
}

/// How long to wait after a write that took so long.
fn pause(took: Duration, every: Duration) -> Duration {
    let for_others = took.saturating_mul(WRITES_ONE_PART_IN - 1).min(PAUSE_MAX);
    every.saturating_sub(took).max(for_others)
}

/// When to try again what was not done.
#[derive(Default)]
struct Retry {
    at: Option<Instant>,
    wait: Option<Duration>,
}

impl Retry {
    async fn due(&self) {
        match self.at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    fn told(&mut self, is_done: bool) {
        let wait = self.wait.map_or(RETRY_FIRST, |wait| (wait * 2).min(RETRY_LAST));
        (self.at, self.wait) = if is_done { (None, None) } else { (Some(Instant::now() + wait), Some(wait)) };
    }
}
