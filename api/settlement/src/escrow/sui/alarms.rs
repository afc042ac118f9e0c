//! What somebody should look at: in the log each time, and told to operators: of the nodes and of events once a day; what
//! the operator's transactions come to nothing by, each cause once until it is over, and once an hour where it comes and
//! goes.

use super::SuiEscrow;
use parking_lot::Mutex;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Notice, Severity};
use suiftly_sui::Address;

/// Longer causes are cut where they name an incident.
const NAME_CHARS_MAX: usize = 100;

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The nodes contradict each other, or one says what cannot be.
    Nodes,
    /// The contract's events cannot be followed, or not be read.
    Events,
    /// The chain takes no gas out of address balances: nothing is signed.
    NoGasFromBalance,
    /// Nodes go on not to take what is signed: no gas, its price, its epoch.
    NotTaken,
    /// What is signed is executed, and comes to nothing by this: the operator's address, the package, the coin.
    Operator(String),
    /// The coin's issuer denies the owner of this account: they cannot be paid.
    Denied(Address),
}

impl About {
    /// As it is told.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Nodes => "sui_nodes",
            Self::Events => "sui_events",
            Self::NoGasFromBalance | Self::NotTaken | Self::Operator(_) | Self::Denied(_) => "sui_operator",
        }
    }

    /// What lasts until it is over has a name among those of its kind; the rest is told once a day.
    fn incident(&self) -> Option<String> {
        match self {
            Self::Nodes | Self::Events => None,
            Self::NoGasFromBalance => Some("gas_from_balance".to_owned()),
            Self::NotTaken => Some("not_taken".to_owned()),
            Self::Operator(cause) => Some(cause.chars().take(NAME_CHARS_MAX).collect()),
            Self::Denied(account) => Some(account.to_string()),
        }
    }
}

/// Something that is told, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Alarm {
    cause: String,
    since: UnixMillis,
    is_told: bool,
}

/// Those of today, and those that are not over.
#[derive(Debug, Default)]
pub(super) struct Alarms(Mutex<BTreeMap<About, Alarm>>);

impl Alarms {
    fn put(&self, about: About, cause: &str, now: UnixMillis) {
        let mut alarms = self.0.lock();
        let is_old = |alarm: &Alarm| alarm.is_told && about.incident().is_none() && day(alarm.since) != day(now);
        if alarms.get(&about).is_none_or(is_old) {
            alarms.insert(about, Alarm { cause: cause.to_owned(), since: now, is_told: false });
        }
    }

    fn untold(&self) -> Vec<(About, Alarm)> {
        let alarms = self.0.lock();
        alarms.iter().filter(|(_, alarm)| !alarm.is_told).map(|(about, alarm)| (about.clone(), alarm.clone())).collect()
    }

    /// One that has ended meanwhile stays so.
    fn told(&self, about: &About, since: UnixMillis) {
        if let Some(alarm) = self.0.lock().get_mut(about).filter(|alarm| alarm.since == since) {
            alarm.is_told = true;
        }
    }

    fn end(&self, is_over: impl Fn(&About) -> bool) {
        self.0.lock().retain(|about, _| !is_over(about));
    }
}

impl SuiEscrow {
    /// Somebody should look at this.
    pub(super) fn alarm(&self, about: About, cause: &str) {
        tracing::error!(about = about.kind(), cause, "somebody should look at the escrow on Sui");
        self.alarms.put(about, cause, now());
    }

    /// These are over: where one of them comes again, it is told again.
    pub(super) fn is_well(&self, is_over: impl Fn(&About) -> bool) {
        self.alarms.end(is_over);
    }

    /// Tells operators. What the database does not take is told the next time.
    pub(super) async fn tell_alarms(&self) {
        for (about, alarm) in self.alarms.untold() {
            match self.store.note(&notice(&about, &alarm), alarm.since).await {
                Ok(()) => self.alarms.told(&about, alarm.since),
                Err(error) => tracing::warn!(%error, "operators could not be told; it is tried again"),
            }
        }
    }
}

fn notice(about: &About, alarm: &Alarm) -> Notice {
    let kind = about.kind();
    let key = match about.incident() {
        Some(name) => format!("{kind}:{name}:{}", hour(alarm.since)),
        None => format!("{kind}:{}", day(alarm.since)),
    };
    Notice { key, customer: None, severity: Severity::Critical, kind, body: json!({"why": alarm.cause}) }
}

fn day(at: UnixMillis) -> String {
    at.rfc3339().chars().take("2026-11-23".len()).collect()
}

fn hour(at: UnixMillis) -> String {
    at.rfc3339().chars().take("2026-11-23T10".len()).collect()
}

/// The machine's: what goes wrong does so by no clock of ours.
fn now() -> UnixMillis {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(UnixMillis::MAX.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(text).unwrap()
    }

    /// Puts them in one after the other, each told at once; answers the keys by which they were.
    fn keys(alarms: &Alarms, of: &[(&About, &str)]) -> Vec<String> {
        let mut keys = Vec::new();
        for (about, when) in of {
            alarms.put((*about).clone(), "why", at(when));
            for (about, alarm) in alarms.untold() {
                keys.push(notice(&about, &alarm).key);
                alarms.told(&about, alarm.since);
            }
        }
        keys
    }

    #[test]
    fn what_nodes_say_is_told_once_a_day() {
        let found = keys(
            &Alarms::default(),
            &[
                (&About::Nodes, "2026-11-23T00:00:00Z"),
                (&About::Nodes, "2026-11-23T23:59:59Z"),
                (&About::Events, "2026-11-23T23:59:59Z"),
                (&About::Nodes, "2026-11-24T00:00:00Z"),
            ],
        );
        assert_eq!(found, ["sui_nodes:2026-11-23", "sui_events:2026-11-23", "sui_nodes:2026-11-24"]);
        let alarm =
            Alarm { cause: "they contradict each other".to_owned(), since: at("2026-11-23T00:00:00Z"), is_told: false };
        let told = notice(&About::Nodes, &alarm);
        assert_eq!((told.customer, told.severity), (None, Severity::Critical));
        assert_eq!(told.body["why"], "they contradict each other");
    }

    #[test]
    fn what_stands_in_the_operators_way_is_told_once_until_it_is_over_each_cause_by_itself() {
        let alarms = Alarms::default();
        let (first, later) = ("2026-11-23T10:00:00Z", "2026-11-25T10:00:00Z");
        let (revoked, long) = (About::Operator("revoked".to_owned()), About::Operator("x".repeat(1_000)));
        let denied = About::Denied(Address::TWO);
        let all = [&About::NotTaken, &revoked, &denied, &long, &About::NoGasFromBalance];
        let all_at = |when| all.map(|about| (about, when));
        let told = keys(&alarms, &all_at(first));
        assert_eq!(told.len(), all.len(), "{told:?}");
        assert!(told.iter().all(|key| key.starts_with("sui_operator:") && key.len() < 200), "{told:?}");
        assert_eq!(keys(&alarms, &all_at(later)), [""; 0], "not again, on another day either");
        alarms.end(|about| *about == About::NotTaken);
        let again = keys(&alarms, &all_at(later));
        assert_eq!(again, ["sui_operator:not_taken:2026-11-25T10"]);
    }

    #[test]
    fn what_was_over_before_anybody_was_told_is_told_to_nobody() {
        let alarms = Alarms::default();
        alarms.put(About::NotTaken, "no gas", at("2026-11-23T10:00:00Z"));
        let told_late = alarms.untold().remove(0);
        alarms.end(|about| *about == About::NotTaken);
        alarms.told(&told_late.0, told_late.1.since);
        assert!(alarms.untold().is_empty());
    }
}
