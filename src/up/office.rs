//! What people and gateways meet, and what is done for them beside the pipeline: the API's servers, the vault's publisher,
//! the manager with its jobs, the watches. The same for a process with every role and for the API of a cluster.

use super::joining::Shown;
use super::live::Live;
use super::{accounts, backup, disk, export, listen, manager, quarantine, retain, rings, service, sui, vault};
use crate::cli::Place;
use crate::config::Config;
use crate::money::Money;
use crate::proving::{self, JournalProver};
use crate::secrets::Secrets;
use rings::Rings;
use std::net::SocketAddr;
use std::sync::Arc;
use suiftly_api::{ApiParts, Hub, HubBounds, LiveBooks, PassedListeners, Server, SystemClock, Tap};
use suiftly_schema::price::PriceBooks;
use suiftly_store::accounts::AccountStore;
use suiftly_store::config::StoreConfig;
use suiftly_store::money::MoneyStore;
use suiftly_store::reader::Reader;
use suiftly_store::writer::Resume;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Where it stands.
pub(super) struct Site<'a> {
    pub(super) place: &'a Place,
    pub(super) config: &'a Config,
    pub(super) store: &'a StoreConfig,
}

/// All of it, at work.
pub(super) struct Office {
    api: Server,
    end: CancellationToken,
    managing: manager::Managing,
    publishing: vault::Publishing,
    exporting: export::Exporting,
    reader: Reader,
    accounts: AccountStore,
    notes: MoneyStore,
    /// Ended by force: nothing is lost with them.
    tasks: Vec<JoinHandle<()>>,
}

impl Office {
    /// Opens it, as of what the store holds; with what it shows of each epoch from there on. Takes the vault's rows out of
    /// `resume`.
    pub(super) async fn open(
        site: &Site<'_>,
        (listeners, reader): (PassedListeners, Reader),
        resume: &mut Resume,
        live: &Arc<Live>,
    ) -> anyhow::Result<(Self, (Shown, vault::Telling))> {
        let Site { place, config, store } = *site;
        let (hub, tap) = (Arc::new(Hub::new(HubBounds::default())), Arc::new(Tap::default()));
        hub.resume_at(resume.epoch, resume.cut_at);
        let books = Arc::new(LiveBooks::new(PriceBooks::of(&resume.reference)));
        let money = Money::open(&config.billing, store).await?.proving(place, config)?;
        let rings = Rings::open(Secrets::of(place, config)?, &place.data_dir)?;
        let accounts = accounts::open(place, config, store, (&money, &rings.keys)).await?;
        let keeps = (&accounts.store, &accounts.api_key_secret, &rings.keys);
        let vault = vault::open(place, config, store, keeps, resume).await?;
        let telling = vault::Telling::new(&vault, live, resume.epoch);
        let parts = ApiParts {
            hub: Arc::clone(&hub),
            rows: Arc::new(reader.clone()),
            quarantine: Arc::new(reader.clone()),
            pipeline: Arc::clone(live) as _,
            price_books: Arc::clone(&books),
            tap: Arc::clone(&tap),
            clock: Arc::new(SystemClock),
            operators: Arc::new(accounts.store.clone()),
            accounts,
            vault: vault.clone(),
            secrets: Arc::new(rings::Told(Arc::clone(&rings))),
            prover: Arc::new(JournalProver::new(money.store.clone(), proving::Source::of(place, config)?)),
        };
        let kept = parts.accounts.clone();
        let end = CancellationToken::new();
        let api = listen(config, parts, listeners, &end).await?;
        let exporting = export::start(place, config, &vault, (&kept, &reader, &money.store), &rings);
        let mut beside = exporting.jobs();
        beside.extend(backup::jobs(place, config, store, &money, live)?);
        let managing = manager::start(config, store, (&money, &kept), beside, live)?;
        let publishing = vault::start(&vault, kept.store.clone())?;
        let hanging_up = tokio::spawn(rings::take_over_at_hangup(rings, kept.store.clone()));
        let (accounts, notes, tasks) = (kept.store, money.store, vec![hanging_up]);
        let office = Self { api, end, managing, publishing, exporting, reader, accounts, notes, tasks };
        Ok((office, (Shown { hub, tap, books }, telling)))
    }

    /// Begins to look after what is kept, and to tell systemd how it is.
    pub(super) fn look_on(&mut self, site: &Site<'_>, live: &Arc<Live>) -> anyhow::Result<()> {
        let Site { place, config, store } = *site;
        self.tasks.push(tokio::spawn(retain(store.clone(), self.accounts.clone())));
        let disks = disk::watch(place.clone(), config.clone(), store.clone(), self.notes.clone(), Arc::clone(live));
        self.tasks.push(tokio::spawn(disks));
        self.tasks.extend(sui::watch(config, store, live)?);
        self.tasks.push(tokio::spawn(quarantine::count(self.reader.clone(), Arc::clone(live))));
        let looked = Arc::clone(live);
        self.tasks.push(tokio::spawn(service::tell(move || looked.vitals())));
        Ok(())
    }

    /// Where it is reached: customers, and operators.
    pub(super) fn local_addrs(&self) -> (SocketAddr, SocketAddr) {
        (self.api.local_addr(), self.api.admin_addr())
    }

    /// The end has begun: the manager takes on nothing more.
    pub(super) fn stop(&self) {
        self.managing.stop();
    }

    /// Ends it: the manager's work, then what the publisher still has to write, then answers.
    pub(super) async fn ended(self) {
        let Self { api, end, managing, publishing, exporting, tasks, .. } = self;
        managing.stop();
        tasks.iter().for_each(JoinHandle::abort);
        managing.ended().await;
        publishing.ended().await;
        exporting.ended().await;
        end.cancel();
        api.ended().await;
    }
}
