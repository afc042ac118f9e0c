//! What an edge reports of its gateways. The edge makes it, the API holds it; both ends are ours, and yet every list is
//! bounded where it is read.

use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// Gateways of an edge at most.
pub const GATEWAYS_MAX: usize = 16;
/// Hot accounts that are told of a gateway, the busiest first.
pub const HOT_MAX: usize = 20;
/// Servers that are told of a gateway.
pub const SERVERS_MAX: usize = 256;
/// Refusals that are told, the latest.
pub const REFUSALS_MAX: usize = 16;
/// Versions whose times are told, the latest.
pub const APPLIED_MAX: usize = 64;
/// Workers of a gateway that have ended and whose lines are kept for repairs, the newest.
pub const DRAINED_MAX: usize = 2;
/// Ranges of missing lines that are asked for of a worker, the newest.
pub const WANTED_RANGES_MAX: usize = 64;
/// Workers of whom lines are asked for in an answer.
pub const WANTED_MAX: usize = GATEWAYS_MAX * (1 + DRAINED_MAX);
/// A text of a report is cut at this, in characters.
pub const TEXT_CHARS_MAX: usize = 300;
/// How often an edge reports when nothing changes, in milliseconds. It reports at once what it has applied or refused.
pub const REPORT_EVERY_MS: u64 = 2_000;

/// A report, whole: it takes the place of the one before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeReport {
    /// The edge's clock.
    pub at: UnixMillis,
    /// When the edge's process started, by its clock.
    pub started_at: UnixMillis,
    /// The era of the version that every gateway of the edge has.
    pub era: UnixMillis,
    /// That version; 0: none.
    pub version: u64,
    /// The latest versions that it applied, oldest first.
    pub applied: Vec<AppliedVersion>,
    /// What it refused of late, oldest first.
    pub refused: Vec<Refusal>,
    /// Its gateways.
    pub gateways: Vec<GatewayReport>,
    /// The keys whose signature it believes: a number and the first digits of each. Edges of before do not tell.
    #[serde(default)]
    pub trusts: Vec<String>,
}

/// How a version was applied. Times are by the edge's clock; the steps are how long each took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedVersion {
    /// Of which era.
    pub era: UnixMillis,
    /// Which.
    pub version: u64,
    /// When its frame had arrived.
    pub received_at: UnixMillis,
    /// When every gateway had it.
    pub applied_at: UnixMillis,
    /// Checking the signature and the root, in microseconds.
    pub verify_us: u64,
    /// Changing the maps of the slowest gateway, in microseconds.
    pub change_us: u64,
    /// Reading back, in microseconds.
    pub confirm_us: u64,
    /// Rows that it changed.
    pub changes: u64,
    /// Whether the maps were filled anew.
    pub is_refill: bool,
}

/// A grant set that was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// When.
    pub at: UnixMillis,
    /// What was offered, where that could be read.
    pub version: Option<u64>,
    /// Why, in words.
    pub reason: String,
}

/// How a gateway stands to the version that its edge holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayState {
    /// Its runtime socket does not answer.
    #[default]
    Unreachable,
    /// It is being changed, or a change failed and is tried again.
    Updating,
    /// Its maps are those of the version.
    InSync,
}

impl GatewayState {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Updating => "updating",
            Self::InSync => "in_sync",
        }
    }
}

/// A HAProxy process, as its edge sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayReport {
    /// The server id of its lines.
    pub server_id: i16,
    /// How it stands.
    pub state: GatewayState,
    /// Why it is not in sync, in words.
    pub trouble: Option<String>,
    /// The version that it has; 0: not known.
    pub version: u64,
    /// HAProxy's version.
    pub haproxy: Option<String>,
    /// Its birth, as its lines carry it.
    pub boot_ms: Option<i64>,
    /// Requests since its start.
    pub requests: Option<u64>,
    /// Lines that it has numbered since its start.
    pub lines_numbered: Option<u64>,
    /// Log messages that it says it could not send.
    pub dropped_logs: Option<u64>,
    /// Accounts that were let through most in the last second.
    pub hot: Vec<HotAccount>,
    /// Servers of its backends.
    pub servers: Vec<ServerReport>,
    /// Its synthetic requests; `None` where there are none.
    pub canary: Option<CanaryReport>,
    /// How its lost lines are sent again; `None` where they are not. Edges of before do not tell, and APIs of before need not
    /// know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<RepairReport>,
}

/// An account of the rate table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotAccount {
    /// `customer:service`, in numbers.
    pub account: String,
    /// Requests let through in the last second.
    pub per_second: u64,
}

/// A server of a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerReport {
    /// The backend.
    pub backend: String,
    /// The server.
    pub server: String,
    /// As HAProxy's statistics say it: `UP`, `DOWN`, `no check`, `MAINT`, `DRAIN`.
    pub status: String,
    /// Sessions now.
    pub sessions: u64,
}

/// What became of a gateway's synthetic requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryReport {
    /// Sent since the edge started.
    pub sent: u64,
    /// Of them, answered with 2xx.
    pub served: u64,
    /// The last one's status; `None` when there was no answer.
    pub last_status: Option<u16>,
    /// When the last one was sent.
    pub last_at: UnixMillis,
    /// How long its answer took, in microseconds.
    pub last_us: u64,
}

/// How a gateway's lines that were lost on their way are sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepairReport {
    /// Whether HAProxy keeps its latest lines in a ring for it.
    pub has_ring: bool,
    /// Lines handed to an ingester once more, since the edge started.
    pub sent: u64,
    /// Lines asked for that the ring did not have any more, since the edge started.
    pub in_vain: u64,
    /// Lines asked for that the edge has, and that are not known to have arrived.
    pub waiting: u64,
    /// Workers that have ended and whose lines are kept for a while, oldest first.
    pub drained: Vec<DrainedWorker>,
}

/// A worker that has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrainedWorker {
    /// Its birth, as its lines carry it.
    pub boot_ms: i64,
    /// The highest number among its lines that are kept.
    pub last_seq: u64,
}

/// What a report is answered with, where anything is wanted; else with nothing. An edge takes what it knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAnswer {
    /// Lines that are to be sent again, by worker. Of a worker that is not among them, nothing is missing that could be repaired.
    #[serde(default)]
    pub wanted: Vec<Wanted>,
}

/// Lines of a worker that are missing, and are to be sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The gateway.
    pub server_id: i16,
    /// The worker's birth, in milliseconds since 1970.
    pub boot_ms: i64,
    /// Which, newest first.
    pub ranges: Vec<SeqRange>,
    /// Whether that is all; else older ones are missing too, and are asked for when these have come.
    pub is_all: bool,
}

/// Numbers in a row of a worker's lines, unwrapped to 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeqRange {
    /// The lowest.
    pub first: u64,
    /// The highest.
    pub last: u64,
}

impl SeqRange {
    /// How many.
    pub const fn lines(self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Whether a line with this number belongs to it. A line carries the lower 32 bits.
    pub fn holds(self, seq: u32) -> bool {
        let ahead = seq.wrapping_sub(u32::try_from(self.first % (1 << 32)).unwrap_or_default());
        self.last.checked_sub(self.first).is_some_and(|span| u64::from(ahead) <= span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_belongs_to_a_range_by_its_lower_bits() {
        const TURN: u64 = 1 << 32;
        let cases = [
            ((5, 7), 5, true),
            ((5, 7), 7, true),
            ((5, 7), 4, false),
            ((5, 7), 8, false),
            ((TURN - 2, TURN + 1), u32::MAX, true),
            ((TURN - 2, TURN + 1), 1, true),
            ((TURN - 2, TURN + 1), 2, false),
            ((TURN + 5, TURN + 5), 5, true),
            ((0, TURN), 77, true),
            ((7, 5), 6, false),
        ];
        for ((first, last), seq, expected) in cases {
            assert_eq!(SeqRange { first, last }.holds(seq), expected, "{seq} of {first} to {last}");
        }
        assert_eq!(
            (SeqRange { first: 5, last: 7 }.lines(), SeqRange { first: 0, last: u64::MAX }.lines()),
            (3, u64::MAX)
        );
    }

    /// An edge that repairs nothing says what an API of before reads; an answer of a later API is read.
    #[test]
    fn reports_and_answers_of_other_versions() {
        let plain = serde_json::to_string(&GatewayReport::default()).unwrap();
        assert!(!plain.contains("repair"), "{plain}");
        assert_eq!(serde_json::from_str::<GatewayReport>(&plain).unwrap(), GatewayReport::default());
        let later = r#"{"wanted":[{"server_id":17,"boot_ms":1,"ranges":[{"first":2,"last":3}],"is_all":true,"new":1}],"more":2}"#;
        let answer: ReportAnswer = serde_json::from_str(later).unwrap();
        assert_eq!(answer.wanted[0].ranges, [SeqRange { first: 2, last: 3 }]);
        assert_eq!(serde_json::from_str::<ReportAnswer>("{}").unwrap(), ReportAnswer::default());
    }
}
