//! The watch over the fleet: each few seconds it looks who is out, and tells operators.

use super::Alarms;
use crate::app::App;
use std::time::Duration;
use suiftly_schema::time::UnixMillis;
use suiftly_store::StoreError;
use tokio::time::{MissedTickBehavior, interval};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Looks until shutdown. What the database does not take is told the next time.
pub(crate) async fn run(app: App) {
    let mut alarms = Alarms::default();
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let now = app.parts.clock.now();
        if let Err(error) = look(&app, &mut alarms, now).await {
            tracing::warn!(%error, "operators could not be told of the fleet; it is tried again");
        }
    }
}

async fn look(app: &App, alarms: &mut Alarms, now: UnixMillis) -> Result<(), StoreError> {
    let standings = app.parts.vault.fleet.standings(now);
    let store = app.parts.accounts.settlement.store();
    for notice in alarms.look(&standings, now) {
        tracing::warn!(kind = notice.kind, body = %notice.body, "the fleet");
        store.note(&notice, now).await?;
    }
    alarms.told(&standings, now);
    Ok(())
}
