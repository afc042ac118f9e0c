//! What somebody should look at: in the log each time, and told to operators once a day of each kind.

use super::SuiEscrow;
use parking_lot::Mutex;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Notice, Severity};

/// What it is about; as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The nodes contradict each other, or one says what cannot be.
    Nodes,
    /// The contract's events cannot be followed, or not be read.
    Events,
    /// The operator's address, key or gas: nothing is charged until it is mended.
    Operator,
}

impl About {
    const fn kind(self) -> &'static str {
        match self {
            Self::Nodes => "sui_nodes",
            Self::Events => "sui_events",
            Self::Operator => "sui_operator",
        }
    }
}

/// Those that are to be told: of each kind the latest.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<BTreeMap<About, String>>);

impl SuiEscrow {
    /// Somebody should look at this.
    pub(super) fn alarm(&self, about: About, cause: &str) {
        tracing::error!(about = about.kind(), cause, "somebody should look at the escrow on Sui");
        self.alarms.0.lock().insert(about, cause.to_owned());
    }

    /// Tells operators. What the database does not take is told the next time.
    pub(super) async fn tell_alarms(&self) {
        let alarms = std::mem::take(&mut *self.alarms.0.lock());
        for (about, cause) in alarms {
            let now = now();
            if let Err(error) = self.store.note(&notice(about, &cause, now), now).await {
                tracing::warn!(%error, "operators could not be told; it is tried again");
                self.alarms.0.lock().entry(about).or_insert(cause);
            }
        }
    }
}

fn notice(about: About, cause: &str, now: UnixMillis) -> Notice {
    let (kind, instant) = (about.kind(), now.rfc3339());
    let day = instant.split('T').next().unwrap_or_default();
    let body = json!({"why": cause});
    Notice { key: format!("{kind}:{day}"), customer: None, severity: Severity::Critical, kind, body }
}

/// The machine's: what goes wrong does so by no clock of ours.
fn now() -> UnixMillis {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(UnixMillis::MAX.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_a_day() {
        let at = |text| UnixMillis::parse_rfc3339(text).unwrap();
        let (morning, night) = (at("2026-11-23T00:00:00Z"), at("2026-11-23T23:59:59Z"));
        let told = notice(About::Nodes, "they contradict each other", morning);
        assert_eq!((told.key.as_str(), told.customer), ("sui_nodes:2026-11-23", None));
        assert_eq!(told.body["why"], "they contradict each other");
        assert_eq!(notice(About::Nodes, "again", night).key, told.key);
        assert_ne!(notice(About::Nodes, "again", at("2026-11-24T00:00:00Z")).key, told.key);
        assert_ne!(notice(About::Operator, "again", night).key, told.key);
    }
}
