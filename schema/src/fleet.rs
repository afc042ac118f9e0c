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
