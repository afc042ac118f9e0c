//! What the edge knows of itself and of its gateways: everybody writes their part, the report is read off it.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::Duration;
use suiftly_schema::fleet::{
    APPLIED_MAX, AppliedVersion, CanaryReport, EdgeReport, GatewayReport, GatewayState, REFUSALS_MAX, Refusal,
    TEXT_CHARS_MAX,
};
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::Head;
use tokio::sync::Notify;

/// A number that is read out of what was refused is told up to this: that of JSON's readers.
const VERSION_SHOWN_MAX: u64 = (1 << 53) - 1;

/// What stands on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DiskPart {
    Maps,
    Directory,
}

/// Which version, in its order.
pub(super) type Place = (UnixMillis, u64);

pub(super) fn place_of(head: &Head) -> Place {
    (head.era, head.version)
}

/// How a gateway was brought to a version.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brought {
    pub(super) change: Duration,
    pub(super) confirm: Duration,
    pub(super) is_refill: bool,
}

pub(super) struct Board {
    inner: Mutex<Inner>,
    /// Something that is to be reported at once.
    pub(super) urgent: Notify,
}

struct Inner {
    started_at: UnixMillis,
    gateways: Vec<Gateway>,
    /// Versions that not every gateway has, oldest first.
    pending: VecDeque<AppliedVersion>,
    applied: VecDeque<AppliedVersion>,
    refused: VecDeque<Refusal>,
    /// Why map files, and why the directory, are not written.
    disk: [Option<String>; 2],
    is_connected: bool,
}

struct Gateway {
    report: GatewayReport,
    has: Option<Place>,
    brought: Brought,
    /// Since the edge started, at least once.
    was_brought: bool,
    /// `None` where they are not told of.
    streams: Option<StreamsSeen>,
}

/// How a gateway's open streams are told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamsSeen {
    /// Those that are open.
    pub(super) open: u64,
    /// Lines that wait to be sent.
    pub(super) waiting: u64,
    /// Lines that were told, since the edge started.
    pub(super) lines: u64,
    /// And bytes.
    pub(super) bytes: u64,
}

impl Board {
    pub(super) fn new(started_at: UnixMillis, servers: impl IntoIterator<Item = i16>) -> Self {
        let gateway = |server_id| Gateway {
            report: GatewayReport { server_id, ..GatewayReport::default() },
            has: None,
            brought: Brought::default(),
            was_brought: false,
            streams: None,
        };
        let inner = Inner {
            started_at,
            gateways: servers.into_iter().map(gateway).collect(),
            pending: VecDeque::new(),
            applied: VecDeque::new(),
            refused: VecDeque::new(),
            disk: [None, None],
            is_connected: false,
        };
        Self { inner: Mutex::new(inner), urgent: Notify::new() }
    }

    /// A version is to be applied: when it came, how long checking it took, how many rows it changes.
    pub(super) fn offered(&self, place: Place, received_at: UnixMillis, verify: Duration, changes: usize) {
        let mut inner = self.inner.lock();
        if inner.pending.len() == APPLIED_MAX {
            inner.pending.pop_front();
        }
        inner.pending.push_back(AppliedVersion {
            era: place.0,
            version: place.1,
            received_at,
            verify_us: us(verify),
            changes: changes as u64,
            ..AppliedVersion::default()
        });
    }

    /// A gateway is being changed.
    pub(super) fn updating(&self, at: usize) {
        self.inner.lock().gateways[at].report.state = GatewayState::Updating;
    }

    /// A gateway has this version.
    pub(super) fn brought(&self, at: usize, place: Place, how: Brought, now: UnixMillis) {
        let mut inner = self.inner.lock();
        let gateway = &mut inner.gateways[at];
        gateway.report.state = GatewayState::InSync;
        gateway.report.trouble = None;
        gateway.report.version = place.1;
        (gateway.has, gateway.brought, gateway.was_brought) = (Some(place), how, true);
        inner.settle(now);
        drop(inner);
        self.urgent.notify_one();
    }

    /// A gateway does not have what it should, or nobody knows what it has. Whether that is news.
    pub(super) fn troubled(&self, at: usize, state: GatewayState, trouble: &str) -> bool {
        let mut inner = self.inner.lock();
        let gateway = &mut inner.gateways[at];
        let trouble = Some(cut(trouble));
        let is_new = gateway.report.trouble != trouble;
        (gateway.report.state, gateway.report.trouble) = (state, trouble);
        (gateway.has, gateway.report.version) = (None, 0);
        is_new
    }

    /// What a look at a gateway has shown.
    pub(super) fn seen(&self, at: usize, fill_in: impl FnOnce(&mut GatewayReport)) {
        fill_in(&mut self.inner.lock().gateways[at].report);
    }

    /// How a gateway's open streams are told of.
    pub(super) fn saw_streams(&self, at: usize, seen: StreamsSeen) {
        self.inner.lock().gateways[at].streams = Some(seen);
    }

    /// The same of all gateways, in their order.
    pub(super) fn streams(&self) -> Vec<Option<StreamsSeen>> {
        self.inner.lock().gateways.iter().map(|gateway| gateway.streams).collect()
    }

    /// Whether a gateway has had a version since the edge started.
    pub(super) fn was_brought(&self, at: usize) -> bool {
        self.inner.lock().gateways[at].was_brought
    }

    /// A synthetic request was sent, and answered so, or not at all.
    pub(super) fn asked(&self, at: usize, sent_at: UnixMillis, status: Option<u16>, took: Duration) {
        let mut inner = self.inner.lock();
        let canary = inner.gateways[at].report.canary.get_or_insert_default();
        let CanaryReport { sent, served, last_status, last_at, last_us } = canary;
        *sent += 1;
        *served += u64::from(status.is_some_and(|status| (200..300).contains(&status)));
        (*last_status, *last_at, *last_us) = (status, sent_at, us(took));
    }

    /// A grant set was not taken. Whether it is another one than before, or for another reason.
    pub(super) fn refused(&self, at: UnixMillis, version: Option<u64>, reason: &str) -> bool {
        let mut inner = self.inner.lock();
        // What nobody signed may say anything: a number that the API does not take would keep it from all the rest.
        let version = version.filter(|version| *version <= VERSION_SHOWN_MAX);
        let refusal = Refusal { at, version, reason: cut(reason) };
        let is_same = |there: &Refusal| (there.version, &there.reason) == (refusal.version, &refusal.reason);
        let known = inner.refused.iter().position(is_same);
        if let Some(known) = known {
            inner.refused.remove(known);
        } else if inner.refused.len() == REFUSALS_MAX {
            inner.refused.pop_front();
        }
        inner.refused.push_back(refusal);
        drop(inner);
        self.urgent.notify_one();
        known.is_none()
    }

    /// Why one of the two is not written to the disk, or that it is. Whether that is news.
    pub(super) fn disk(&self, part: DiskPart, trouble: Option<String>) -> bool {
        let known = &mut self.inner.lock().disk[part as usize];
        let is_new = *known != trouble;
        *known = trouble;
        is_new
    }

    /// The publisher's stream runs, or does not.
    pub(super) fn connected(&self, is_connected: bool) {
        self.inner.lock().is_connected = is_connected;
    }

    pub(super) fn is_connected(&self) -> bool {
        self.inner.lock().is_connected
    }

    pub(super) fn report(&self, now: UnixMillis) -> EdgeReport {
        let inner = self.inner.lock();
        let (era, version) = inner.everywhere().unwrap_or_default();
        let disk = inner.disk.iter().flatten().next().map(String::as_str);
        EdgeReport {
            at: now,
            started_at: inner.started_at,
            era,
            version,
            applied: inner.applied.iter().cloned().collect(),
            refused: inner.refused.iter().cloned().collect(),
            gateways: inner.gateways.iter().map(|gateway| told(gateway, disk)).collect(),
            trusts: Vec::new(),
        }
    }
}

impl Inner {
    /// The version that every gateway has.
    fn everywhere(&self) -> Option<Place> {
        self.gateways.iter().map(|gateway| gateway.has).min().flatten()
    }

    /// What every gateway has is applied.
    fn settle(&mut self, now: UnixMillis) {
        let Some(everywhere) = self.everywhere() else { return };
        let slowest = |of: fn(&Brought) -> Duration| {
            us(self.gateways.iter().map(|gateway| of(&gateway.brought)).max().unwrap_or_default())
        };
        let (change_us, confirm_us) = (slowest(|how| how.change), slowest(|how| how.confirm));
        let is_refill = self.gateways.iter().any(|gateway| gateway.brought.is_refill);
        while self.pending.front().is_some_and(|version| (version.era, version.version) <= everywhere) {
            let Some(version) = self.pending.pop_front() else { break };
            if self.applied.len() == APPLIED_MAX {
                self.applied.pop_front();
            }
            self.applied.push_back(AppliedVersion { applied_at: now, change_us, confirm_us, is_refill, ..version });
        }
    }
}

/// With what is wrong on the disk, which HAProxy will meet at its next start.
fn told(gateway: &Gateway, disk: Option<&str>) -> GatewayReport {
    let mut report = gateway.report.clone();
    report.trouble = report.trouble.as_deref().or(disk).map(cut);
    report
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

fn us(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        Board::new(UnixMillis(1), [17, 18])
    }

    fn place(version: u64) -> Place {
        (UnixMillis(5), version)
    }

    fn how(change_us: u64, is_refill: bool) -> Brought {
        Brought { change: Duration::from_micros(change_us), confirm: Duration::from_micros(1), is_refill }
    }

    #[test]
    fn a_version_is_applied_when_every_gateway_has_it() {
        let board = board();
        for version in 1..=3 {
            board.offered(place(version), UnixMillis(10), Duration::from_micros(version), 2);
        }
        board.brought(0, place(3), how(30, false), UnixMillis(20));
        assert_eq!((board.report(UnixMillis(21)).version, board.report(UnixMillis(21)).applied), (0, Vec::new()));
        board.brought(1, place(2), how(50, true), UnixMillis(22));
        let report = board.report(UnixMillis(23));
        assert_eq!((report.era, report.version), place(2));
        let told: Vec<_> =
            report.applied.iter().map(|one| (one.version, one.verify_us, one.change_us, one.is_refill)).collect();
        assert_eq!(told, [(1, 1, 50, true), (2, 2, 50, true)]);
        assert_eq!(report.applied[1].applied_at, UnixMillis(22));
        board.brought(1, place(3), how(5, false), UnixMillis(24));
        assert_eq!(board.report(UnixMillis(25)).applied[2].change_us, 30);
        // HAProxy went away: nobody knows what it has, and it is not told twice.
        assert!(board.troubled(0, GatewayState::Unreachable, "gone"));
        assert!(!board.troubled(0, GatewayState::Unreachable, "gone"));
        let report = board.report(UnixMillis(26));
        assert_eq!((report.version, report.gateways[0].version, report.gateways[1].version), (0, 0, 3));
        assert_eq!(report.gateways[0].state, GatewayState::Unreachable);
    }

    #[test]
    fn lists_are_bounded_and_texts_are_cut() {
        let board = board();
        for version in 1..=200 {
            board.offered(place(version), UnixMillis(1), Duration::ZERO, 1);
            board.refused(UnixMillis(1), Some(version), &"x".repeat(1_000));
        }
        (0..2).for_each(|at| board.brought(at, place(200), how(1, false), UnixMillis(2)));
        for version in 201..=300 {
            board.offered(place(version), UnixMillis(1), Duration::ZERO, 1);
            (0..2).for_each(|at| board.brought(at, place(version), how(1, false), UnixMillis(2)));
        }
        let report = board.report(UnixMillis(3));
        assert_eq!((report.applied.len(), report.refused.len()), (APPLIED_MAX, REFUSALS_MAX));
        assert_eq!((report.applied[APPLIED_MAX - 1].version, report.refused[0].version), (300, Some(185)));
        assert_eq!(report.refused[0].reason.len(), TEXT_CHARS_MAX);
    }

    #[test]
    fn the_same_refusal_again_is_no_news() {
        let board = board();
        assert!(board.refused(UnixMillis(1), Some(1), "a"));
        assert!(board.refused(UnixMillis(2), Some(1), "b"));
        assert!(!board.refused(UnixMillis(3), Some(1), "a"));
        let refused = board.report(UnixMillis(4)).refused;
        assert!(board.refused(UnixMillis(1), Some(u64::MAX), "c"));
        assert_eq!(board.report(UnixMillis(4)).refused[2].version, None);
        assert_eq!(refused.iter().map(|one| (one.at.0, one.reason.as_str())).collect::<Vec<_>>(), [(2, "b"), (3, "a")]);
    }

    #[test]
    fn synthetic_requests_and_the_disk() {
        let board = board();
        assert_eq!(board.report(UnixMillis(1)).gateways[0].canary, None);
        for status in [Some(200), Some(403), None] {
            board.asked(0, UnixMillis(9), status, Duration::from_micros(7));
        }
        let expected = CanaryReport { sent: 3, served: 1, last_status: None, last_at: UnixMillis(9), last_us: 7 };
        assert_eq!(board.report(UnixMillis(1)).gateways[0].canary, Some(expected));
        let full = || Some("full".to_owned());
        assert!(board.disk(DiskPart::Directory, full()) && !board.disk(DiskPart::Directory, full()));
        assert!(!board.disk(DiskPart::Maps, None));
        assert_eq!(board.report(UnixMillis(1)).gateways[1].trouble, full());
        assert!(board.disk(DiskPart::Directory, None));
        assert_eq!(board.report(UnixMillis(1)).gateways[1].trouble, None);
    }
}
