//! How the machinery does: by server, service, network, backend, event and status class. View 2 of SPEC §5.

use crate::histogram::Histogram;
use crate::ids::{Network, Service};
use crate::record::{Record, ShortText};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// The first digit of a status; 0 when there was none (−1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatusClass(u8);

impl StatusClass {
    /// Of a status: 2 for 204. What is no status is 0.
    pub const fn of(status_code: i16) -> Self {
        match status_code {
            100..=199 => Self(1),
            200..=299 => Self(2),
            300..=399 => Self(3),
            400..=499 => Self(4),
            500..=599 => Self(5),
            _ => Self(0),
        }
    }

    /// 0 to 5.
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// What requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InfraKey {
    /// The gateway.
    pub server_id: Option<i16>,
    /// The service.
    pub service: Option<Service>,
    /// The network.
    pub network: Option<Network>,
    /// 0 none, 1–9 local, 10–19 backup.
    pub backend_id: i16,
    /// The event, 0 = success.
    pub event_type: u8,
    /// The status's first digit.
    pub status_class: StatusClass,
}

impl InfraKey {
    /// What a record is counted by.
    pub const fn of(record: &Record) -> Self {
        Self {
            server_id: record.server_id,
            service: record.service,
            network: record.network,
            backend_id: record.backend_id,
            event_type: record.event_type,
            status_class: StatusClass::of(record.status_code),
        }
    }
}

/// An infra key within a span of time: a minute, an hour or a day, whichever the view is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InfraSpanKey {
    /// What is counted.
    pub infra: InfraKey,
    /// The span's first instant.
    pub start: UnixMillis,
}

/// One of HAProxy's phases: how long it took in all, and how long it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Phase {
    /// Milliseconds of all requests that reached it.
    pub sum_ms: i64,
    /// How many took how long.
    pub times: Histogram,
}

/// The phases, in the order they are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhaseName {
    /// `%TR`
    Request,
    /// `%Tw`
    Queue,
    /// `%Tc`
    Connect,
    /// `%Tr`
    Response,
    /// `%Ta`
    Total,
}

impl PhaseName {
    /// Every phase.
    pub const ALL: [Self; 5] = [Self::Request, Self::Queue, Self::Connect, Self::Response, Self::Total];

    /// Its word in columns and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Queue => "queue",
            Self::Connect => "connect",
            Self::Response => "response",
            Self::Total => "total",
        }
    }
}

/// How requests ended, by HAProxy's termination state. Ascending by state; no count is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Terminations(Vec<(Termination, i64)>);

/// A termination state of up to four characters, padded with zeros: it orders and hashes as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Termination(u32);

impl Termination {
    /// Of a record's text.
    pub fn new(text: &ShortText<4>) -> Self {
        let bytes = text.as_str().as_bytes();
        Self(u32::from_be_bytes(std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0))))
    }

    /// The text.
    pub fn text(self) -> ShortText<4> {
        let bytes = self.0.to_be_bytes();
        ShortText::new(std::str::from_utf8(&bytes).unwrap_or_default().trim_end_matches('\0'))
    }
}

impl Terminations {
    /// Counts a state so many times.
    pub fn count(&mut self, state: Termination, times: i64) {
        if times == 0 {
            return;
        }
        match self.0.binary_search_by_key(&state, |(state, _)| *state) {
            Ok(at) => {
                self.0[at].1 = self.0[at].1.saturating_add(times);
                if self.0[at].1 == 0 {
                    self.0.remove(at);
                }
            }
            Err(at) => self.0.insert(at, (state, times)),
        }
    }

    /// States and how often each occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Termination, i64)> {
        self.0.iter().copied()
    }
}

/// Sums that add. Negative only as a correction.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InfraSums {
    /// Requests.
    pub requests: i64,
    /// Bytes to clients.
    pub bytes_sent: i64,
    /// By [`PhaseName`].
    pub phases: [Phase; PhaseName::ALL.len()],
    /// How they ended.
    pub terminations: Terminations,
}

impl InfraSums {
    /// Adds a record.
    pub fn add(&mut self, record: &Record) {
        self.add_with(record, |_, phase, ms, times| phase.times.count(ms, times));
    }

    /// Adds a record, but leaves it to `count` to count how long each phase took: which of [`PhaseName::ALL`], the
    /// phase, the time and how many times.
    #[inline]
    pub fn add_with(&mut self, record: &Record, mut count: impl FnMut(usize, &mut Phase, u32, i64)) {
        let repeat = i64::from(record.repeat);
        self.requests = self.requests.saturating_add(repeat);
        self.bytes_sent = self.bytes_sent.saturating_add(i64::try_from(record.bytes_sent).unwrap_or(i64::MAX));
        let timers = &record.timers;
        let reached =
            [timers.request_ms, timers.queue_ms, timers.connect_ms, timers.response_ms, Some(timers.total_ms)];
        for (at, (phase, reached)) in self.phases.iter_mut().zip(reached).enumerate() {
            if let Some(ms) = reached.and_then(|ms| u32::try_from(ms).ok()) {
                phase.sum_ms = phase.sum_ms.saturating_add(i64::from(ms) * repeat);
                count(at, phase, ms, repeat);
            }
        }
        self.terminations.count(Termination::new(&record.termination), repeat);
    }

    /// Bytes on the heap, about.
    pub fn memory_bytes(&self) -> usize {
        let times: usize = self.phases.iter().map(|phase| phase.times.memory_bytes()).sum();
        times + size_of_val(&*self.terminations.0)
    }

    /// What takes it back: a correction.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.requests = self.requests.saturating_neg();
        self.bytes_sent = self.bytes_sent.saturating_neg();
        for phase in &mut self.phases {
            phase.sum_ms = phase.sum_ms.saturating_neg();
            phase.times.negate();
        }
        self.terminations.0.iter_mut().for_each(|(_, count)| *count = count.saturating_neg());
        self
    }

    /// Whether there is nothing to add.
    pub fn is_zero(&self) -> bool {
        let no_phase = |phase: &Phase| phase.sum_ms == 0 && phase.times.is_empty();
        self.requests == 0 && self.bytes_sent == 0 && self.phases.iter().all(no_phase) && self.terminations.0.is_empty()
    }
}

impl AddAssign<&Self> for InfraSums {
    fn add_assign(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        for (phase, other) in self.phases.iter_mut().zip(&other.phases) {
            phase.sum_ms = phase.sum_ms.saturating_add(other.sum_ms);
            phase.times += &other.times;
        }
        other.terminations.iter().for_each(|(state, times)| self.terminations.count(state, times));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_classes() {
        for (status, class) in [(-1, 0), (0, 0), (99, 0), (100, 1), (204, 2), (304, 3), (499, 4), (599, 5), (600, 0)] {
            assert_eq!(StatusClass::of(status).number(), class, "{status}");
        }
    }

    #[test]
    fn terminations_are_counted_and_taken_back() {
        let state = |text| Termination::new(&ShortText::new(text));
        let mut counts = Terminations::default();
        for (text, times) in [("--", 2), ("SC--", 1), ("--", 1), ("SC--", -1), ("", 4)] {
            counts.count(state(text), times);
        }
        let texts: Vec<_> = counts.iter().map(|(state, times)| (state.text().as_str().to_owned(), times)).collect();
        assert_eq!(texts, [(String::new(), 4), ("--".to_owned(), 3)]);
    }
}
