//! The manager as a part of `up`: it runs beside the pipeline, and neither ends the other.

use super::live::Live;
use super::notify;
use crate::config::Config;
use crate::money::Money;
use std::collections::BTreeMap;
use suiftly_api::{Accounts, ManagerJobLive, ManagerLive};
use suiftly_settlement::Settlement;
use suiftly_settlement::manager::{Job, JobFigures, ManagerStatus};
use suiftly_store::config::StoreConfig;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The running manager, if this process may be it.
pub(super) struct Managing {
    stop: CancellationToken,
    running: Option<JoinHandle<()>>,
}

/// Starts it, if it is configured, and shows its figures.
pub(super) fn start(
    config: &Config,
    store: &StoreConfig,
    (money, accounts): (&Money, &Accounts),
    beside: Vec<Job>,
    live: &Live,
) -> anyhow::Result<Managing> {
    let stop = CancellationToken::new();
    if !config.billing.manager {
        return Ok(Managing { stop, running: None });
    }
    let mut jobs = notify::jobs(&config.notify, accounts, money)?;
    jobs.extend(beside);
    let manager = money.manager(store, "up", jobs);
    live.set_manager(manager.status(), money.settlement.clone());
    let stopped = stop.clone();
    let running = Some(tokio::spawn(async move { manager.run(&stopped).await }));
    Ok(Managing { stop, running })
}

impl Managing {
    /// Tells it to end; jobs at hand go on for a while.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Until it has ended.
    pub(super) async fn ended(self) {
        if let Some(running) = self.running
            && let Err(error) = running.await
        {
            tracing::error!(%error, "the manager ended by itself");
        }
    }
}

/// Its figures, as the API shows them.
pub(super) fn shown(status: &ManagerStatus, settlement: &Settlement) -> ManagerLive {
    let job = |figures: &JobFigures| {
        let JobFigures { done, failed, last_done_at } = *figures;
        ManagerJobLive { done, failed, last_done_at }
    };
    let jobs: BTreeMap<_, _> = status.jobs.iter().map(|(name, figures)| (*name, job(figures))).collect();
    ManagerLive { is_holder: status.is_holder, jobs, shadow: settlement.last_shadow() }
}
