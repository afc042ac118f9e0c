//! The watch's task: usage out of the hub, what is wrong into notifications, once an incident and once at its end.

use super::{CanaryWatch, Incident};
use crate::app::App;
use crate::hub::Hub;
use parking_lot::Mutex;
use serde_json::json;
use std::collections::VecDeque;
use std::time::Duration;
use suiftly_schema::ids::Epoch;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{MoneyStore, Notice, Severity};
use tokio::time::{MissedTickBehavior, interval};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Incidents that wait for the database to be told; older ones are in the log alone.
const UNTOLD_MAX: usize = 1_000;

/// Looks until shutdown. What the database does not take is told the next time.
pub(crate) async fn run(app: App) {
    let (mut epoch, mut untold) = (app.parts.hub.position().0, VecDeque::new());
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        let now = app.parts.clock.now();
        let watch = &app.parts.vault.canary_watch;
        epoch = take(&app.parts.hub, watch, epoch);
        let incidents = watch.lock().look(now, app.parts.pipeline.live().recovering);
        for incident in incidents {
            log(&incident);
            untold.push_back(notice(&incident));
        }
        untold.drain(..untold.len().saturating_sub(UNTOLD_MAX));
        tell(app.parts.accounts.settlement.store(), &mut untold, now).await;
    }
}

/// Takes the usage of the epochs after that one; answers the last. What fell off the ring is not missed: usage comes again.
fn take(hub: &Hub, watch: &Mutex<CanaryWatch>, epoch: Epoch) -> Epoch {
    let Ok(tail) = hub.since(epoch) else { return hub.position().0 };
    let mut watch = watch.lock();
    for published in &tail.epochs {
        watch.metered(&published.deltas, published.cut_at);
    }
    tail.epoch
}

async fn tell(store: &MoneyStore, untold: &mut VecDeque<Notice>, now: UnixMillis) {
    while let Some(notice) = untold.front() {
        if let Err(error) = store.note(notice, now).await {
            tracing::warn!(%error, "operators could not be told of a gateway's synthetic requests; it is tried again");
            return;
        }
        untold.pop_front();
    }
}

fn log(incident: &Incident) {
    let Incident { server_id, alarm, ended_at, .. } = incident;
    if ended_at.is_some() {
        tracing::info!(server_id, "a gateway's synthetic requests come through again");
    } else {
        tracing::error!(server_id, alarm = alarm.word(), "a gateway's synthetic requests do not come through");
    }
}

/// An incident has one notification when it begins, and one when it ends.
fn notice(incident: &Incident) -> Notice {
    let Incident { server_id, alarm, since, ended_at } = incident;
    let body = json!({
        "server_id": server_id,
        "alarm": alarm.word(),
        "since": since.rfc3339(),
        "ended_at": ended_at.map(UnixMillis::rfc3339),
    });
    let of = format!("canary:{server_id}:{}", since.0);
    let (key, severity, kind) = match ended_at {
        None => (of, Severity::Critical, "canary_silent"),
        Some(_) => (format!("{of}:ended"), Severity::Info, "canary_back"),
    };
    Notice { key, customer: None, severity, kind, body }
}

#[cfg(test)]
mod tests {
    use super::super::Alarm;
    use super::*;
    use crate::hub::{HubBounds, Published};
    use std::sync::Arc;
    use suiftly_schema::usage::{MinuteKey, Usage, UsageKey, UsageSums};
    use suiftly_schema::vault::canary_customer;
    use suiftly_schema::view::EpochDeltas;

    #[test]
    fn usage_comes_out_of_the_hub_whatever_fell_off_it() {
        let hub = Hub::new(HubBounds { epochs: 2, ..HubBounds::default() });
        let watch = Mutex::new(CanaryWatch::new([17]));
        let publish = |epoch: Epoch, cut_at: i64| {
            let usage = UsageKey { customer_id: canary_customer(17), service: None, network: None };
            let usage_of = Usage { sums: UsageSums { guaranteed: 1, ..UsageSums::default() }, ..Usage::default() };
            let minutes = vec![(MinuteKey { usage, minute: UnixMillis(0) }, usage_of)];
            let deltas = Arc::new(EpochDeltas { epoch, minutes, ..EpochDeltas::default() });
            hub.publish(Published { epoch, cut_at: UnixMillis(cut_at), deltas });
        };
        let age = || watch.lock().stands(UnixMillis(1_000))[0].age_ms;
        assert_eq!((take(&hub, &watch, 0), age()), (0, None));
        publish(1, 100);
        assert_eq!((take(&hub, &watch, 0), age()), (1, Some(900)));
        (2..=9).for_each(|epoch| publish(epoch, 500));
        assert_eq!((take(&hub, &watch, 1), age()), (9, Some(900)), "fell off");
        publish(10, 600);
        assert_eq!((take(&hub, &watch, 9), age()), (10, Some(400)));
    }

    #[test]
    fn an_incident_is_told_when_it_begins_and_when_it_ends() {
        let begins = Incident { server_id: 17, alarm: Alarm::Unmetered, since: UnixMillis(5_000), ended_at: None };
        let ends = Incident { ended_at: Some(UnixMillis(9_000)), ..begins };
        let (begins, ends) = (notice(&begins), notice(&ends));
        assert_eq!(
            (&*begins.key, begins.severity, begins.kind),
            ("canary:17:5000", Severity::Critical, "canary_silent")
        );
        assert_eq!((&*ends.key, ends.severity, ends.kind), ("canary:17:5000:ended", Severity::Info, "canary_back"));
        assert_eq!(begins.body["alarm"], "unmetered");
        assert_eq!(ends.body["ended_at"], "1970-01-01T00:00:09Z");
    }
}
