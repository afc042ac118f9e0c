//! The vault as a part of `up`: what the publisher goes on from, and the thread that it runs on.

use super::live::Live;
use super::rings::Keys;
use crate::cli::Place;
use crate::config::{self, Config};
use crate::secrets::Secrets;
use anyhow::Context;
use std::sync::Arc;
use std::thread::JoinHandle;
use suiftly_api::fleet::{ExpectedEdge, Fleet};
use suiftly_api::vault::{Freeze, Publisher, PublisherConfig, Start, VaultParts, canary, keep_versions};
use suiftly_api::{Clock, SystemClock, operator_token_sha256};
use suiftly_edge::directory;
use suiftly_schema::api_key::ApiKeySecret;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::PublicKeys;
use suiftly_schema::view::{AccessGrant, KeyGrant};
use suiftly_store::accounts::AccountStore;
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate;
use suiftly_store::writer::Resume;
use tokio_util::sync::CancellationToken;

/// Who is expected in development and tests, when nobody is named.
const LOCAL_EDGE: &str = "local";
const LOCAL_SERVER: i16 = 17;

/// Makes the publisher and the fleet. Takes the vault's rows out of `resume`.
pub(super) async fn open(
    place: &Place,
    config: &Config,
    store: &StoreConfig,
    (accounts, secret, keys): (&AccountStore, &ApiKeySecret, &Keys),
    resume: &mut Resume,
) -> anyhow::Result<VaultParts> {
    let fleet = Arc::new(Fleet::new(expected(place, config, store)?, SystemClock.now()));
    let canaries = canary::keys(secret, &fleet.servers());
    let control = accounts.vault_control().await.context("cannot read whether the vault is held")?;
    let held = held(&config.vault.dir(&place.data_dir), &keys.trusted);
    let frozen = control.frozen.map(|of| Freeze { at: of.at, by: of.by, reason: of.reason });
    tell_frozen(frozen.as_ref(), held.as_ref());
    let start = Start {
        epoch: resume.epoch,
        cut_at: resume.cut_at,
        key_grants: std::mem::take(&mut resume.key_grants),
        access_grants: std::mem::take(&mut resume.access_grants),
        last: control.last,
        refill: control.refill,
        held: held.map(|held| (held.head, held.signed, held.set)),
    };
    let publisher = PublisherConfig {
        coalesce: config.vault.coalesce(),
        keys: keys.signing.clone(),
        regions: fleet.regions(),
        canaries: canaries.clone(),
        clock: Arc::new(SystemClock),
    };
    let publisher = Publisher::new(publisher, start, frozen, Arc::clone(&fleet));
    Ok(VaultParts::new(publisher, fleet, canaries.into()))
}

fn expected(place: &Place, config: &Config, store: &StoreConfig) -> anyhow::Result<Vec<ExpectedEdge>> {
    if !config.gateway.is_empty() || !migrate::is_ours(store.database()) {
        return config::expected_edges(&config.gateway);
    }
    let sha256 = operator_token_sha256(&Secrets::of(place, config)?.edge_token()?);
    let sha256 = data_encoding::HEXLOWER.decode(sha256.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    let token_sha256 = sha256.context("a digest has 32 bytes")?;
    Ok(vec![ExpectedEdge { name: LOCAL_EDGE.to_owned(), servers: vec![LOCAL_SERVER], token_sha256, is_implied: true }])
}

/// What was published last, as it was written: none, or one that cannot be believed, is no reason not to start.
fn held(dir: &std::path::Path, trusted: &PublicKeys) -> Option<directory::Stored> {
    let read = directory::read_current(dir, trusted);
    read.inspect_err(|error| tracing::warn!(%error, "what was published last is not known")).ok().flatten()
}

fn tell_frozen(frozen: Option<&Freeze>, held: Option<&directory::Stored>) {
    let Some(Freeze { by, reason, .. }) = frozen else { return };
    match held {
        Some(held) => {
            tracing::warn!(version = held.head.version, by, reason, "the vault is held at this version");
        }
        None => {
            tracing::error!(by, reason, "the vault is held, and the version in force is lost: nothing is published");
        }
    }
}

/// The publisher at work.
pub(super) struct Publishing {
    publisher: Publisher,
    thread: JoinHandle<()>,
    keeping: tokio::task::JoinHandle<()>,
    end: CancellationToken,
}

/// Starts it. It publishes once the journal's tail has been replayed.
pub(super) fn start(parts: &VaultParts, accounts: AccountStore) -> anyhow::Result<Publishing> {
    let (publisher, end) = (parts.publisher.clone(), CancellationToken::new());
    let keeping = tokio::spawn(keep_versions(publisher.clone(), accounts, end.clone()));
    let publishes = publisher.clone();
    let thread = std::thread::Builder::new().name("publisher".into()).spawn(move || publishes.run());
    let thread = thread.context("cannot start the publisher's thread")?;
    Ok(Publishing { publisher, thread, keeping, end })
}

impl Publishing {
    /// Ends it, after the last versions have been written down.
    pub(super) async fn ended(self) {
        let Self { publisher, thread, keeping, end } = self;
        publisher.end();
        end.cancel();
        if let Err(error) = keeping.await {
            tracing::error!(%error, "what writes the vault's versions down ended by itself");
        }
        if thread.join().is_err() {
            tracing::error!("the publisher's thread panicked");
        }
    }
}

/// What the joiner tells the publisher, epoch by epoch.
pub(super) struct Telling {
    publisher: Publisher,
    is_open: bool,
}

impl Telling {
    /// Nothing is published until the epochs that the journal held at the start are in; there may be none.
    pub(super) fn new(parts: &VaultParts, live: &Live, resumed_at: Epoch) -> Self {
        let mut telling = Self { publisher: parts.publisher.clone(), is_open: false };
        telling.open_at(live, resumed_at);
        telling
    }

    /// An epoch's deltas.
    pub(super) fn tell(
        &mut self,
        live: &Live,
        (epoch, cut_at): (Epoch, UnixMillis),
        keys: &[(KeyGrant, i8)],
        access: &[(AccessGrant, i8)],
    ) {
        self.publisher.apply(epoch, cut_at, keys, access);
        self.open_at(live, epoch);
    }

    /// A cluster's rows, read anew, take the place of what was told.
    pub(super) fn read_anew(&self, resume: &mut Resume) {
        let keys = std::mem::take(&mut resume.key_grants);
        let access = std::mem::take(&mut resume.access_grants);
        self.publisher.read_anew(resume.epoch, resume.cut_at, keys, access);
    }

    fn open_at(&mut self, live: &Live, epoch: Epoch) {
        if !self.is_open && live.is_recovered_at(epoch) {
            self.is_open = true;
            self.publisher.open();
        }
    }
}
