//! The exporter: what is on disk, and what is known for it. One write at a time.

use super::database::Database;
use super::file;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::vault::{ExportFigures, Version};
use suiftly_api::{Clock, SystemClock};
use suiftly_edge::directory;
use suiftly_schema::sealed::{Keyring, NONCE_BYTES};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::PublicKeys;
use suiftly_schema::vault::csv::{Recalled, VaultBook};
use suiftly_store::accounts::{KEPT_KEYS_MAX, KeptKey, ServiceTier};
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};

/// How long the database may take for some keys. What must go is written before it is asked.
const BRING_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes the vault's files.
pub(super) struct Exporter {
    pub(super) database: Arc<dyn Database>,
    /// Whose signature the directory is to bear.
    pub(super) trusted: PublicKeys,
    state: Arc<tokio::sync::Mutex<State>>,
    pub(super) figures: Arc<Mutex<ExportFigures>>,
}

pub(super) struct State {
    pub(super) dir: PathBuf,
    pub(super) book: VaultBook,
    /// The version that the directory has, as far as this process knows.
    pub(super) directory: Option<(UnixMillis, u64)>,
    /// The newest version that was to be written: none before it is.
    newest: Option<(UnixMillis, u64)>,
    /// What `ma_vault.csv` holds, as far as this process knows: as large as the file.
    pub(super) csv: Option<String>,
    rows: usize,
    left_out: usize,
    writes: u64,
}

/// One write at a time; it is taken to where blocking is allowed, and back.
pub(super) type Turn = OwnedMutexGuard<State>;

impl Exporter {
    /// Takes over what is in the directory's `ma_vault.csv`, as far as the vault keys open it.
    pub(super) fn open(
        dir: PathBuf,
        (vault_keys, trusted): (Keyring, PublicKeys),
        database: Arc<dyn Database>,
        figures: Arc<Mutex<ExportFigures>>,
    ) -> Self {
        let mut book = VaultBook::new(vault_keys);
        let csv = recall(&dir, &mut book);
        let state = State { dir, book, directory: None, newest: None, csv, rows: 0, left_out: 0, writes: 0 };
        Self { database, trusted, state: Arc::new(tokio::sync::Mutex::new(state)), figures }
    }

    /// Brings both to this version. Whether they are: if not, something is to be tried again.
    pub(super) async fn write(&self, version: &Arc<Version>) -> bool {
        self.write_in(self.turn().await, version).await.1
    }

    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.state).lock_owned().await
    }

    pub(super) async fn write_in(&self, turn: Turn, version: &Arc<Version>) -> (Turn, bool) {
        let began = Instant::now();
        let of = Arc::clone(version);
        let (turn, (wanted, first)) = blocking(turn, move |state| {
            // A file of which nothing is known yet is not emptied while keys are asked for.
            let put = state.put(&of, state.csv.is_some());
            (state.book.wanted(&of.set), put)
        })
        .await;
        if wanted.is_empty() && turn.csv.is_some() {
            let is_done = first.is_ok();
            self.show(&turn, began, first.err());
            return (turn, is_done);
        }
        let (brought, away) = self.bring(&wanted).await;
        let of = Arc::clone(version);
        let (turn, second) = blocking(turn, move |state| {
            let learned = state.learn(brought, &of);
            let put = state.put(&of, true);
            learned.and(put)
        })
        .await;
        let trouble = away.or(second.err());
        let is_done = trouble.is_none();
        self.show(&turn, began, trouble);
        (turn, is_done)
    }

    /// The vault keys are others: what is encrypted is so anew, and written, as far as something is published.
    pub(super) async fn renew(&self, version: Option<&Arc<Version>>) -> bool {
        let (turn, renewed) = blocking(self.turn().await, |state| state.book.renew(nonce)).await;
        tracing::info!(keys = renewed, "{} is encrypted under another vault key", file::NAME);
        match version {
            Some(version) => self.write_in(turn, version).await.1,
            None => true,
        }
    }

    /// Brings both to this version, without the database.
    pub(super) async fn write_what_is_known(&self, version: &Arc<Version>) {
        let (turn, of) = (self.turn().await, Arc::clone(version));
        let (_, put) = blocking(turn, move |state| state.put(&of, state.csv.is_some())).await;
        if let Err(error) = put {
            tracing::warn!(error, "the vault's files are not as they were published last");
        }
    }

    /// Keys in full, as far as the database gives them, and why it does not.
    async fn bring(&self, wanted: &[String]) -> (Vec<Brought>, Option<String>) {
        let mut brought = Vec::with_capacity(wanted.len());
        for hashes in wanted.chunks(KEPT_KEYS_MAX) {
            let trouble = match timeout(BRING_TIMEOUT, self.database.keys(hashes)).await {
                Ok(Ok(keys)) => {
                    brought.push(Brought { hashes: hashes.to_vec(), keys });
                    continue;
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("the database did not bring keys within {BRING_TIMEOUT:?}"),
            };
            return (brought, Some(trouble));
        }
        (brought, None)
    }

    fn show(&self, state: &State, began: Instant, trouble: Option<String>) {
        let mut figures = self.figures.lock();
        if trouble.is_some() && figures.trouble != trouble {
            let left_out = state.left_out;
            tracing::warn!(trouble, left_out, "the vault's files are not as they should be; it is tried again");
        }
        figures.version = state.directory.map_or(0, |(_, version)| version);
        figures.rows = state.rows as u64;
        figures.left_out = state.left_out as u64;
        figures.writes = state.writes;
        if trouble.is_none() {
            figures.written_at = Some(SystemClock.now());
            figures.took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        }
        figures.trouble = trouble;
    }
}

/// Keys that were asked for together, and those that came.
struct Brought {
    hashes: Vec<String>,
    keys: Vec<KeptKey>,
}

impl State {
    /// Writes what is not as it should be. One that cannot be written does not keep the other back. There is no way back
    /// to an older version.
    fn put(&mut self, version: &Version, with_csv: bool) -> Result<(), String> {
        let id = Some((version.head.era, version.head.version));
        if id < self.newest {
            return Ok(());
        }
        self.newest = id;
        let directory = self.put_directory(version);
        let csv = if with_csv { self.put_csv(version) } else { Ok(()) };
        directory.and(csv)
    }

    fn put_directory(&mut self, version: &Version) -> Result<(), String> {
        let id = (version.head.era, version.head.version);
        if self.directory != Some(id) {
            directory::write(&self.dir, &version.signed, &version.set).map_err(|error| error.to_string())?;
            self.directory = Some(id);
            self.writes += 1;
        }
        Ok(())
    }

    fn put_csv(&mut self, version: &Version) -> Result<(), String> {
        let written = self.book.write(&version.set);
        (self.rows, self.left_out) = (written.rows, written.left_out);
        if self.csv.as_ref() != Some(&written.text) {
            let failed = |error| format!("{} cannot be written: {error}", self.dir.join(file::NAME).display());
            file::write(&self.dir, &written.text).map_err(failed)?;
            self.csv = Some(written.text);
            self.writes += 1;
        }
        Ok(())
    }

    fn learn(&mut self, brought: Vec<Brought>, version: &Version) -> Result<(), String> {
        let (mut unkept, mut reason) = (0, None);
        for Brought { hashes, keys } in brought {
            let mut came = std::collections::HashSet::with_capacity(keys.len());
            for KeptKey { key_sha256, customer_id, service, tier, key } in keys {
                self.book.learn_tier((customer_id, service), tier, &version.set);
                match key {
                    Ok(key) => {
                        self.book.learn(&key, nonce().ok_or("the system has no random bytes")?);
                        came.insert(key_sha256);
                    }
                    Err(why) => reason = Some(why),
                }
            }
            for hash in hashes.iter().filter(|hash| !came.contains(*hash)) {
                self.book.pass_over(hash);
                unkept += 1;
            }
        }
        if unkept > 0 {
            let reason = reason.unwrap_or_else(|| "the database has not got them".to_owned());
            tracing::warn!(keys = unkept, reason, "keys that may be used cannot stand in {}", file::NAME);
        }
        Ok(())
    }

    /// Takes all tiers anew, and has asked again for keys that could not be brought.
    pub(super) fn refresh(&mut self, tiers: &[ServiceTier], version: &Version) {
        for ServiceTier { customer_id, service, tier } in tiers {
            let id = (*customer_id, *service);
            if version.set.access_of(id).is_some() {
                self.book.learn_tier(id, *tier, &version.set);
            }
        }
        self.book.ask_again();
    }
}

/// Does what blocks apart from the tasks.
pub(super) async fn blocking<T: Send + 'static>(
    mut turn: Turn,
    work: impl FnOnce(&mut State) -> T + Send + 'static,
) -> (Turn, T) {
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut turn);
        (turn, result)
    });
    done.await.expect("writing the vault's files does not panic")
}

fn recall(dir: &Path, book: &mut VaultBook) -> Option<String> {
    let text = match file::read(dir) {
        Ok(text) => text?,
        Err(error) => {
            tracing::warn!(%error, "{} cannot be read; it is written anew", file::NAME);
            return None;
        }
    };
    match book.recall(&text, nonce) {
        Ok(Recalled { keys, rotated, unreadable }) => {
            tracing::debug!(keys, rotated, unreadable, "{} is taken over", file::NAME);
            // One that none of our keys opens is somebody else's: nothing is known of it.
            (unreadable == 0).then_some(text)
        }
        Err(error) => {
            tracing::warn!(%error, "{} is not whole; it is written anew", file::NAME);
            None
        }
    }
}

fn nonce() -> Option<[u8; NONCE_BYTES]> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).ok().map(|()| nonce)
}
