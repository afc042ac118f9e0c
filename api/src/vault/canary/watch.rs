//! Whether synthetic requests come through: what edges say they had served, against what was metered. No I/O, no clock.
//!
//! Two things are wrong that nothing else tells: a gateway that serves and whose usage does not arrive (its lines are
//! lost, or the way of a line stands still), and a gateway that does not serve though its edge lives.

use serde::Serialize;
use std::collections::BTreeMap;
use suiftly_schema::fleet::{CanaryReport, EdgeReport};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::canary_server;
use suiftly_schema::view::EpochDeltas;
use utoipa::ToSchema;

/// How long usage or served answers may stay away, in milliseconds.
pub const SILENT_MS: i64 = 15_000;
/// An answer is metered within this long of the report that tells of it, or was before, in milliseconds: a report comes
/// each 2 s, and a line takes less than one.
const SLACK_MS: i64 = 5_000;
/// What was served or sent once is waited for this long, however seldom an edge asks.
const PATIENCE_MS: i64 = 10_000;
/// An edge that has not reported for so long says nothing of its gateways.
const REPORTS_WITHIN_MS: i64 = 10_000;
/// An edge that has canaries and sends none for so long stands still: it may be told to send one a minute.
const SENDS_WITHIN_MS: i64 = 150_000;

/// What is wrong with a gateway's synthetic requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CanaryAlarm)]
pub enum Alarm {
    /// They are served, and their usage does not arrive.
    Unmetered,
    /// They are not served, or not even sent.
    Unserved,
}

impl Alarm {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unmetered => "unmetered",
            Self::Unserved => "unserved",
        }
    }
}

/// That something went wrong, or is right again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Of which gateway.
    pub server_id: i16,
    /// What is, or was, wrong.
    pub alarm: Alarm,
    /// Since when.
    pub since: UnixMillis,
    /// When it ended; `None`: it begins.
    pub ended_at: Option<UnixMillis>,
}

/// Whether a gateway's synthetic requests come through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CanaryStand {
    /// Of which gateway: the server id of its lines.
    #[schema(value_type = i64)]
    pub server_id: i16,
    /// When usage of them was metered last; null: not since the API started.
    #[schema(format = DateTime)]
    pub metered_at: Option<String>,
    /// How long ago that was, in milliseconds.
    pub age_ms: Option<i64>,
    /// What is wrong; null: nothing.
    pub alarm: Option<Alarm>,
    /// Since when.
    #[schema(format = DateTime)]
    pub alarm_since: Option<String>,
}

/// The watch over all gateways that are expected.
#[derive(Clone, Debug)]
pub struct CanaryWatch {
    servers: BTreeMap<i16, Seen>,
    /// Since when usage arrives as it is made: not while the journal's tail is replayed. What was before counts for nothing.
    live_since: Option<UnixMillis>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    metered_at: Option<UnixMillis>,
    /// What the edge said last of its requests, and when.
    said: Option<(CanaryReport, UnixMillis)>,
    /// When the first report after a silence came.
    heard_since: Option<UnixMillis>,
    sent_at: Option<UnixMillis>,
    served_at: Option<UnixMillis>,
    /// The first report of an answer that had not been metered for long.
    unmetered_since: Option<UnixMillis>,
    /// The first report of a request since the last answer.
    unserved_since: Option<UnixMillis>,
    alarm: Option<(Alarm, UnixMillis)>,
}

impl CanaryWatch {
    /// A watch over these servers.
    pub fn new(servers: impl IntoIterator<Item = i16>) -> Self {
        Self { servers: servers.into_iter().map(|server| (server, Seen::default())).collect(), live_since: None }
    }

    /// An epoch's usage has arrived.
    pub fn metered(&mut self, deltas: &EpochDeltas, cut_at: UnixMillis) {
        for (key, usage) in &deltas.minutes {
            let server = key.usage.customer_id.and_then(canary_server);
            let is_served = usage.sums.guaranteed + usage.sums.burst > 0;
            if let Some(seen) = server.filter(|_| is_served).and_then(|server| self.servers.get_mut(&server)) {
                seen.metered_at = seen.metered_at.max(Some(cut_at));
                seen.unmetered_since = None;
            }
        }
    }

    /// An edge, behind which these servers are expected, has reported, at this time of ours.
    pub fn reported(&mut self, servers: &[i16], report: &EdgeReport, at: UnixMillis) {
        let live_since = self.live_since;
        for gateway in report.gateways.iter().filter(|gateway| servers.contains(&gateway.server_id)) {
            if let Some(seen) = self.servers.get_mut(&gateway.server_id) {
                seen.reported(gateway.canary.as_ref(), at, live_since);
            }
        }
    }

    /// What has begun or ended. To be asked about each second; nothing is judged while the journal's tail is replayed.
    pub fn look(&mut self, now: UnixMillis, is_recovering: bool) -> Vec<Incident> {
        if is_recovering {
            self.live_since = None;
            return Vec::new();
        }
        let live_since = *self.live_since.get_or_insert(now);
        let each = self.servers.iter_mut();
        each.filter_map(|(server_id, seen)| seen.look(*server_id, now, live_since)).collect()
    }

    /// The gateways whose synthetic requests are not served, and since when.
    pub fn unserved(&self) -> BTreeMap<i16, UnixMillis> {
        let alarms = self.servers.iter().filter_map(|(server, seen)| Some((*server, seen.alarm?)));
        alarms.filter(|(_, (alarm, _))| *alarm == Alarm::Unserved).map(|(server, (_, since))| (server, since)).collect()
    }

    /// Whether they come through, by server.
    pub fn stands(&self, now: UnixMillis) -> Vec<CanaryStand> {
        self.servers.iter().map(|(server_id, seen)| seen.stand(*server_id, now)).collect()
    }
}

impl Seen {
    fn reported(&mut self, canary: Option<&CanaryReport>, at: UnixMillis, live_since: Option<UnixMillis>) {
        let Some(canary) = canary else {
            let (metered_at, alarm) = (self.metered_at, self.alarm);
            *self = Self { metered_at, alarm, ..Self::default() };
            return;
        };
        let before = self.said.replace((canary.clone(), at));
        // The first one only says where the counts stand. An edge that has started anew counts from 0.
        let Some((before, _)) = before.filter(|(_, said_at)| at.0 - said_at.0 < REPORTS_WITHIN_MS) else {
            self.heard_since = Some(at);
            return;
        };
        let rose = |now: u64, before: u64| now != before && now > 0;
        if rose(canary.sent, before.sent) {
            self.sent_at = Some(at);
        }
        if rose(canary.served, before.served) {
            self.served_at = Some(at);
            self.unserved_since = None;
            let metered_at = self.metered_at.max(live_since);
            if metered_at.is_some_and(|metered| at.0 - metered.0 > SLACK_MS) {
                self.unmetered_since.get_or_insert(at);
            }
        } else if rose(canary.sent, before.sent) {
            self.unserved_since.get_or_insert(at);
        }
    }

    fn look(&mut self, server_id: i16, now: UnixMillis, live_since: UnixMillis) -> Option<Incident> {
        match (self.alarm, self.wrong(now, live_since)) {
            (None, Some(alarm)) => {
                self.alarm = Some((alarm, now));
                Some(Incident { server_id, alarm, since: now, ended_at: None })
            }
            (Some((alarm, since)), None) if self.is_right_since(since) => {
                self.alarm = None;
                Some(Incident { server_id, alarm, since, ended_at: Some(now) })
            }
            _ => None,
        }
    }

    /// An alarm ends with an answer that was metered, or when the edge has no synthetic requests any more.
    fn is_right_since(&self, since: UnixMillis) -> bool {
        let after = |at: Option<UnixMillis>| at.is_some_and(|at| at > since);
        self.said.is_none() || (after(self.served_at) && after(self.metered_at))
    }

    fn wrong(&self, now: UnixMillis, live_since: UnixMillis) -> Option<Alarm> {
        let ago = |at: Option<UnixMillis>| now.0 - at.max(Some(live_since)).unwrap_or(live_since).0;
        let patience = |since: Option<UnixMillis>| since.is_some_and(|since| now.0 - since.0 >= PATIENCE_MS);
        if ago(self.metered_at) >= SILENT_MS && patience(self.unmetered_since) {
            return Some(Alarm::Unmetered);
        }
        let (_, said_at) = self.said.as_ref()?;
        let is_heard = now.0 - said_at.0 < REPORTS_WITHIN_MS;
        let is_unserved = ago(self.served_at) >= SILENT_MS && patience(self.unserved_since);
        let is_still = ago(self.sent_at.max(self.heard_since)) >= SENDS_WITHIN_MS;
        (is_heard && (is_unserved || is_still)).then_some(Alarm::Unserved)
    }

    fn stand(&self, server_id: i16, now: UnixMillis) -> CanaryStand {
        CanaryStand {
            server_id,
            metered_at: self.metered_at.map(UnixMillis::rfc3339),
            age_ms: self.metered_at.map(|at| now.0.saturating_sub(at.0).max(0)),
            alarm: self.alarm.map(|(alarm, _)| alarm),
            alarm_since: self.alarm.map(|(_, since)| since.rfc3339()),
        }
    }
}

#[cfg(test)]
mod tests;
