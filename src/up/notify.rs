//! Telling customers as a part of `up`: the manager's jobs that look at alerts and make deliveries.

use crate::config;
use crate::money::Money;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::{Accounts, NotifyMode};
use suiftly_notify::{Notifier, POST_TIMEOUT, Poster, SystemResolver, system_roots};
use suiftly_settlement::Clock;
use suiftly_settlement::manager::Job;
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate;

/// How often alerts are looked at, and what is due delivered.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often old deliveries are removed.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// What customers may ask for.
pub(super) fn mode(config: &config::Notify, store: &StoreConfig) -> anyhow::Result<NotifyMode> {
    let allow_local = config.allow_local_webhooks;
    anyhow::ensure!(
        !allow_local || migrate::is_ours(store.database()),
        "notify.allow_local_webhooks is for development and tests: database {} is neither",
        store.database()
    );
    if allow_local {
        tracing::warn!("webhooks may be on this machine (notify.allow_local_webhooks)");
    }
    Ok(NotifyMode { email: config.smtp_host.is_some(), webhooks: config.policy() })
}

/// The jobs, by the manager's clock.
pub(super) fn jobs(config: &config::Notify, accounts: &Accounts, money: &Money) -> anyhow::Result<Vec<Job>> {
    let poster = Poster::new(config.policy(), Arc::new(SystemResolver), system_roots(), POST_TIMEOUT)?;
    let clock = money.clock();
    let now = Arc::new(move || clock.now());
    let notifier = Notifier::new(accounts.store.clone(), accounts.at_rest.clone(), poster, config.mailer()?, now);
    let (looking, delivering, purging) = (Arc::clone(&notifier), Arc::clone(&notifier), notifier);
    Ok(vec![
        Job::new("alerts", TELL_EVERY, move || {
            let notifier = Arc::clone(&looking);
            async move {
                let told = notifier.evaluate_alerts().await?;
                let (alerts, limits) = (told.alerts, told.limits);
                Ok((alerts + limits > 0).then(|| serde_json::json!({"alerts": alerts, "limits": limits})))
            }
        }),
        Job::new("deliver", TELL_EVERY, move || {
            let notifier = Arc::clone(&delivering);
            async move {
                let made = notifier.deliver_due().await?;
                let (delivered, retried, dead) = (made.delivered, made.retried, made.dead);
                let detail = || serde_json::json!({"delivered": delivered, "retried": retried, "dead": dead});
                Ok((delivered + retried + dead > 0).then(detail))
            }
        }),
        Job::new("delivery_retention", PURGE_EVERY, move || {
            let notifier = Arc::clone(&purging);
            async move {
                let deliveries = notifier.purge().await?;
                Ok((deliveries > 0).then(|| serde_json::json!({"deliveries": deliveries})))
            }
        }),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_on_this_machine_are_for_development_and_tests() {
        let mode = |database: &str, allow_local_webhooks| {
            let store = StoreConfig::from_url(&format!("postgres://me@db.example/{database}")).unwrap();
            mode(&config::Notify { allow_local_webhooks, ..config::Notify::default() }, &store)
        };
        for (database, is_ours) in [("suiftly_dev", true), ("suiftly_test", true), ("suiftly_prod", false)] {
            assert_eq!(mode(database, true).is_ok_and(|mode| mode.webhooks.allow_local), is_ours, "{database}");
            assert!(!mode(database, false).unwrap().webhooks.allow_local, "{database}");
        }
    }
}
