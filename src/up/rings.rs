//! The keyrings of the process: read at the start, and again when somebody says so (`suiftly rotate`, SIGHUP), without a
//! restart. Whoever signs, seals or opens holds a clone, and has the new keys from the next time on.
//!
//! ```text
//! files ─▶ all are read ─▶ public keys are written ─▶ keyrings ─┬▶ what is published is signed anew
//!              └ one is wrong: nothing changes                    └▶ ma_vault.csv is encrypted anew
//! ```

use super::export::Renewing;
use crate::secrets::{self, Secrets};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use suiftly_api::admin::secrets::changed;
use suiftly_api::secrets::{LiveSecrets, Reload, RingLive, SecretsRefused};
use suiftly_api::vault::Publisher;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::sealed::Keyring;
use suiftly_schema::vault::{PublicKeys, SigningKeys};
use suiftly_store::accounts::{AccountStore, Act, Actor};
use tokio::signal::unix::{SignalKind, signal};

/// What is in force.
pub(super) struct Rings {
    secrets: Secrets,
    data_dir: PathBuf,
    pub(super) keys: Keys,
    /// Who is told of new keys, once it runs.
    told: OnceLock<(Publisher, Renewing)>,
    /// One reload at a time.
    turn: tokio::sync::Mutex<()>,
}

/// The keyrings.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) jwt: Keyring,
    pub(super) at_rest: Keyring,
    pub(super) vault: Keyring,
    pub(super) signing: SigningKeys,
    /// The public halves of `signing`.
    pub(super) trusted: PublicKeys,
}

impl Keys {
    fn read(secrets: &Secrets) -> anyhow::Result<Self> {
        let signing = secrets.vault_signing_keys()?;
        Ok(Self {
            jwt: secrets.jwt()?,
            at_rest: secrets.at_rest()?,
            vault: secrets.vault_keys()?,
            trusted: signing.public(),
            signing,
        })
    }

    fn live(&self) -> Vec<RingLive> {
        vec![
            RingLive { name: secrets::JWT_KEYS, ids: self.jwt.ids() },
            RingLive { name: secrets::AT_REST_KEYS, ids: self.at_rest.ids() },
            RingLive { name: secrets::VAULT_KEYS, ids: self.vault.ids() },
            RingLive { name: secrets::VAULT_SIGNING_KEYS, ids: self.signing.ids() },
        ]
    }

    /// Whoever verifies has a key before anybody signs with it.
    fn replace(&self, fresh: &Self) {
        self.jwt.replace(&fresh.jwt);
        self.at_rest.replace(&fresh.at_rest);
        self.vault.replace(&fresh.vault);
        self.trusted.replace(&fresh.trusted);
        self.signing.replace(&fresh.signing);
    }
}

impl Rings {
    /// Reads them, and writes the public keys for edges.
    pub(super) fn open(secrets: Secrets, data_dir: &Path) -> anyhow::Result<Arc<Self>> {
        let keys = Keys::read(&secrets)?;
        secrets::write_vault_public_keys(data_dir, &keys.trusted)?;
        let (told, turn) = (OnceLock::new(), tokio::sync::Mutex::new(()));
        Ok(Arc::new(Self { secrets, data_dir: data_dir.to_owned(), keys, told, turn }))
    }

    /// From now on these are told of new keys.
    pub(super) fn tell(&self, publisher: Publisher, renewing: Renewing) {
        assert!(self.told.set((publisher, renewing)).is_ok(), "the exporter starts once");
    }

    /// All files, or none: what is in force stays as long as one of them cannot be used.
    fn read_anew(&self) -> anyhow::Result<Keys> {
        let fresh = Keys::read(&self.secrets)?;
        if fresh.trusted != self.keys.trusted {
            secrets::write_vault_public_keys(&self.data_dir, &fresh.trusted)?;
        }
        Ok(fresh)
    }

    async fn take_over(self: Arc<Self>) -> Result<Vec<RingLive>, SecretsRefused> {
        let _turn = self.turn.lock().await;
        let reads = Arc::clone(&self);
        let fresh = tokio::task::spawn_blocking(move || reads.read_anew()).await.context("reading keys panicked");
        let fresh = fresh.flatten().map_err(|error| SecretsRefused { cause: format!("{error:#}") })?;
        let signs_anew = fresh.signing.current_id() != self.keys.signing.current_id();
        let encrypts_anew = fresh.vault.current() != self.keys.vault.current();
        self.keys.replace(&fresh);
        if let Some((publisher, renewing)) = self.told.get() {
            if signs_anew {
                publisher.sign_anew();
            }
            if encrypts_anew {
                renewing.renew().await;
            }
        }
        let rings = self.keys.live();
        tracing::info!(rings = ?rings.iter().map(|ring| (ring.name, &ring.ids)).collect::<Vec<_>>(), "keys are taken over");
        Ok(rings)
    }
}

/// The API's side of it.
pub(super) struct Told(pub(super) Arc<Rings>);

impl LiveSecrets for Told {
    fn rings(&self) -> Vec<RingLive> {
        self.0.keys.live()
    }

    fn reload(&self) -> Reload<'_> {
        Box::pin(Arc::clone(&self.0).take_over())
    }
}

/// Takes keys over at each SIGHUP (`systemctl reload`). It never ends.
pub(super) async fn take_over_at_hangup(rings: Arc<Rings>, accounts: AccountStore) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::error!(%error, "SIGHUP cannot be listened for: `suiftly rotate` does without"),
    };
    while hangup.recv().await.is_some() {
        let before = rings.keys.live();
        match Arc::clone(&rings).take_over().await {
            Ok(after) => record(&accounts, &before, &after).await,
            Err(error) => tracing::error!(%error, "keys are not taken over"),
        }
    }
}

async fn record(accounts: &AccountStore, before: &[RingLive], after: &[RingLive]) {
    let act = Act { actor: Actor::System { part: "up" }, address: None, at: SystemClock.now() };
    let recorded = accounts.record(None, &act, "secrets.reload", None, changed(before, after)).await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "that keys were taken over is not on record");
    }
}

#[cfg(test)]
mod tests;
