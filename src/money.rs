//! What moves money, put together out of the configuration: for `up` and for `suiftly billing`.

use crate::cli::Place;
use crate::config::{self, Config, EscrowBackend};
use crate::proving::{JournalSealer, Source};
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_settlement::escrow::{EMBEDDED, EmbeddedEscrow, Escrow, FaultPlan, Faulty, SUI, SuiEscrow};
use suiftly_settlement::manager::{Job, Manager, ManagerOptions, jobs};
use suiftly_settlement::{Clock, ManagerClock, Settlement};
use suiftly_store::accounts::AccountStore;
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate;
use suiftly_store::money::MoneyStore;

/// How often replaced keys are looked for whose time is over: a look at an index of those alone.
const EXPIRE_KEYS_EVERY: Duration = Duration::from_secs(1);

/// The parts.
pub(crate) struct Money {
    pub(crate) store: MoneyStore,
    pub(crate) settlement: Settlement,
    accounts: AccountStore,
    clock: Arc<ManagerClock>,
    /// Who makes what bills are proven by, if somebody does.
    sealer: Option<Arc<JournalSealer>>,
}

impl Money {
    /// Opens them over a database, unless its accounts are another escrow's.
    pub(crate) async fn open(config: &config::Billing, store: &StoreConfig) -> anyhow::Result<Self> {
        let money = Self::over(config, store).await?;
        right_escrow(&money.store.escrows_used().await?, config.escrow)?;
        Ok(money)
    }

    /// To look at what is in a database, whoever holds the funds: nothing may be asked of the escrow.
    pub(crate) async fn to_read(store: &StoreConfig) -> anyhow::Result<Self> {
        Self::over(&config::Billing::default(), store).await
    }

    /// The clock stands where the database has moved it to.
    async fn over(config: &config::Billing, store: &StoreConfig) -> anyhow::Result<Self> {
        let (money, clock) = (MoneyStore::new(store)?, Arc::new(ManagerClock::default()));
        clock.set_offset_ms(money.clock_offset().await?);
        let settlement = Settlement::new(money.clone(), escrow(config, store)?, Arc::clone(&clock) as _);
        Ok(Self { store: money, settlement, accounts: AccountStore::new(store)?, clock, sealer: None })
    }

    /// The same, with proofs out of this process's own journal, unless the configuration says otherwise. A cluster makes
    /// none: its months are closed as where the configuration says so.
    pub(crate) fn proving(self, place: &Place, config: &Config) -> anyhow::Result<Self> {
        if !config.billing.proofs || config.cluster.id.is_some() {
            return Ok(self);
        }
        let sealer = Arc::new(JournalSealer::new(self.store.clone(), Source::of(place, config)?));
        let settlement = self.settlement.with_sealer(Arc::clone(&sealer) as _);
        Ok(Self { settlement, sealer: Some(sealer), ..self })
    }

    /// By the manager's clock.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The manager's clock.
    pub(crate) fn clock(&self) -> Arc<ManagerClock> {
        Arc::clone(&self.clock)
    }

    /// So many milliseconds ahead of the machine's clock, for everybody who uses this database.
    pub(crate) async fn move_clock(&self, offset_ms: i64) -> anyhow::Result<()> {
        self.store.set_clock_offset(offset_ms).await?;
        self.clock.set_offset_ms(offset_ms);
        Ok(())
    }

    /// Who runs the jobs, and those beside them.
    pub(crate) fn manager(&self, store: &StoreConfig, holder: &str, beside: Vec<Job>) -> Manager {
        let holder = format!("{holder}, process {}", std::process::id());
        let mut jobs = self.jobs();
        jobs.extend(beside);
        Manager::new(store, Arc::clone(&self.clock), jobs, ManagerOptions::new(holder))
    }

    /// Those of money, and of accounts.
    fn jobs(&self) -> Vec<Job> {
        let mut jobs = jobs(&self.settlement);
        let (accounts, clock) = (self.accounts.clone(), Arc::clone(&self.clock));
        jobs.push(Job::new("expire_keys", EXPIRE_KEYS_EVERY, move || {
            let (accounts, now) = (accounts.clone(), clock.now());
            async move {
                let expired = accounts.expire_keys(now).await?;
                Ok((expired > 0).then(|| serde_json::json!({"keys": expired})))
            }
        }));
        jobs.extend(self.sealer.iter().map(|sealer| sealer.job(&self.clock)));
        jobs
    }
}

/// Accounts are named, and events counted, by the escrow that a database has begun with.
fn right_escrow(used: &[String], escrow: EscrowBackend) -> anyhow::Result<()> {
    let wanted = match escrow {
        EscrowBackend::Embedded => EMBEDDED,
        EscrowBackend::Sui => SUI,
    };
    let other = used.iter().find(|used| *used != wanted);
    anyhow::ensure!(
        other.is_none(),
        "billing.escrow is {wanted}, and this database has accounts of the escrow {}: a database stays with the one that it \
         began with; take a new one, whose customers deposit anew",
        other.map_or("", String::as_str)
    );
    Ok(())
}

fn escrow(config: &config::Billing, store: &StoreConfig) -> anyhow::Result<Arc<dyn Escrow>> {
    match config.escrow {
        EscrowBackend::Embedded => with_faults(EmbeddedEscrow::new(store)?, config, store),
        EscrowBackend::Sui => {
            let sui = &config.sui;
            let escrow = SuiEscrow::new(store, sui.contract()?, sui.pair()?, sui.key()?, sui.settings())?;
            with_faults(escrow, config, store)
        }
    }
}

fn with_faults(escrow: impl Escrow, config: &config::Billing, store: &StoreConfig) -> anyhow::Result<Arc<dyn Escrow>> {
    let Some(faults) = &config.mock_escrow else { return Ok(Arc::new(escrow)) };
    anyhow::ensure!(
        migrate::is_ours(store.database()),
        "billing.mock_escrow is for development and tests: database {} is neither",
        store.database()
    );
    let plan = FaultPlan::parse(faults).context("cannot read billing.mock_escrow")?;
    tracing::warn!(faults, "the escrow has faults");
    Ok(Arc::new(Faulty::new(escrow, plan)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_stays_with_its_escrow() {
        let used = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for escrow in [EscrowBackend::Embedded, EscrowBackend::Sui] {
            assert!(right_escrow(&[], escrow).is_ok(), "a new one is anybody's");
        }
        assert!(right_escrow(&used(&["embedded"]), EscrowBackend::Embedded).is_ok());
        assert!(right_escrow(&used(&["sui"]), EscrowBackend::Sui).is_ok());
        for (names, escrow, says) in [
            (&["embedded"][..], EscrowBackend::Sui, "accounts of the escrow embedded"),
            (&["sui"], EscrowBackend::Embedded, "accounts of the escrow sui"),
            (&["embedded", "sui"], EscrowBackend::Sui, "accounts of the escrow embedded"),
        ] {
            let error = right_escrow(&used(names), escrow).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
