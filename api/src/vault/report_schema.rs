//! The shape of an edge's report and of its answer, for the OpenAPI document: that of [`suiftly_schema::fleet::EdgeReport`] and
//! [`suiftly_schema::fleet::ReportAnswer`], which a test holds it against.

#![expect(dead_code, reason = "it documents; reports are read as `EdgeReport`")]

use utoipa::ToSchema;

/// How an edge's gateways are. Times are milliseconds since 1970.
#[derive(ToSchema)]
#[schema(as = EdgeReport)]
pub struct ReportBody {
    /// The edge's clock.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    at: i64,
    /// When the edge's process started, by its clock.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    started_at: i64,
    /// The era of the version that every gateway of the edge has.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    era: i64,
    /// That version; 0: none.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: i64,
    /// The latest versions that it applied, oldest first.
    #[schema(max_items = 64)]
    applied: Vec<AppliedBody>,
    /// What it refused of late, oldest first.
    #[schema(max_items = 16)]
    refused: Vec<RefusalBody>,
    /// Its gateways.
    #[schema(max_items = 16)]
    gateways: Vec<GatewayBody>,
    /// The keys whose signature it believes: a number and the first digits of each.
    #[schema(max_items = 16, required = false)]
    trusts: Vec<String>,
}

/// How a version was applied. Times are by the edge's clock; the steps are how long each took.
#[derive(ToSchema)]
#[schema(as = AppliedVersion)]
pub(super) struct AppliedBody {
    /// Of which era.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    era: i64,
    /// Which.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: i64,
    /// When its frame had arrived.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    received_at: i64,
    /// When every gateway had it.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    applied_at: i64,
    /// Checking the signature and the root, in microseconds.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    verify_us: i64,
    /// Changing the maps of the slowest gateway, in microseconds.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    change_us: i64,
    /// Reading back, in microseconds.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    confirm_us: i64,
    /// Rows that it changed.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    changes: i64,
    /// Whether the maps were filled anew.
    is_refill: bool,
}

/// A grant set that was not taken.
#[derive(ToSchema)]
#[schema(as = VaultRefusal)]
pub(super) struct RefusalBody {
    /// When.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    at: i64,
    /// What was offered, where that could be read.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: Option<i64>,
    /// Why, in words.
    #[schema(max_length = 300)]
    reason: String,
}

/// A HAProxy process, as its edge sees it.
#[derive(ToSchema)]
#[schema(as = GatewayReport)]
pub(super) struct GatewayBody {
    /// The server id of its lines.
    #[schema(minimum = -32768, maximum = 32767)]
    server_id: i64,
    /// How it stands: `unreachable`, `updating`, `in_sync`.
    #[schema(pattern = "^(unreachable|updating|in_sync)$")]
    state: String,
    /// Why it is not in sync, in words.
    #[schema(max_length = 300)]
    trouble: Option<String>,
    /// The version that it has; 0: not known.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    version: i64,
    /// HAProxy's version.
    #[schema(max_length = 300)]
    haproxy: Option<String>,
    /// Its birth, as its lines carry it.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    boot_ms: Option<i64>,
    /// Requests since its start.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    requests: Option<i64>,
    /// Lines that it has numbered since its start.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    lines_numbered: Option<i64>,
    /// Log messages that it says it could not send.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    dropped_logs: Option<i64>,
    /// Accounts that were let through most in the last second.
    #[schema(max_items = 20)]
    hot: Vec<HotBody>,
    /// Servers of its backends.
    #[schema(max_items = 256)]
    servers: Vec<ServerBody>,
    /// Its synthetic requests.
    canary: Option<CanaryBody>,
    /// How its lost lines are sent again; left out where they are not.
    #[schema(required = false)]
    repair: Option<RepairBody>,
}

/// An account of the rate table.
#[derive(ToSchema)]
#[schema(as = HotAccount)]
pub(super) struct HotBody {
    /// `customer:service`, in numbers.
    #[schema(max_length = 300)]
    account: String,
    /// Requests let through in the last second.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    per_second: i64,
}

/// A server of a backend.
#[derive(ToSchema)]
#[schema(as = ServerReport)]
pub(super) struct ServerBody {
    /// The backend.
    #[schema(max_length = 300)]
    backend: String,
    /// The server.
    #[schema(max_length = 300)]
    server: String,
    /// As HAProxy's statistics say it: `UP`, `DOWN`, `no check`, `MAINT`, `DRAIN`.
    #[schema(max_length = 300)]
    status: String,
    /// Sessions now.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    sessions: i64,
}

/// What became of a gateway's synthetic requests.
#[derive(ToSchema)]
#[schema(as = CanaryReport)]
pub(super) struct CanaryBody {
    /// Sent since the edge started.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    sent: i64,
    /// Of them, answered with 2xx.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    served: i64,
    /// The last one's status; `null` when there was no answer.
    #[schema(minimum = 0, maximum = 65535)]
    last_status: Option<i64>,
    /// When the last one was sent.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    last_at: i64,
    /// How long its answer took, in microseconds.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    last_us: i64,
}

/// How a gateway's lines that were lost on their way are sent again.
#[derive(ToSchema)]
#[schema(as = RepairReport)]
pub(super) struct RepairBody {
    /// Whether HAProxy keeps its latest lines in a ring for it.
    has_ring: bool,
    /// Lines handed to an ingester once more, since the edge started.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    sent: i64,
    /// Lines asked for that the ring did not have any more.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    in_vain: i64,
    /// Lines asked for that the edge has, and that are not known to have arrived.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    waiting: i64,
    /// Workers that have ended and whose lines are kept for a while, oldest first.
    #[schema(max_items = 2)]
    drained: Vec<DrainedBody>,
}

/// A worker that has ended.
#[derive(ToSchema)]
#[schema(as = DrainedWorker)]
pub(super) struct DrainedBody {
    /// Its birth, as its lines carry it.
    #[schema(minimum = 0, maximum = 253_370_764_799_999_i64)]
    boot_ms: i64,
    /// The highest number among its lines that are kept.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    last_seq: i64,
}

/// The lines that an edge is to send again.
#[derive(ToSchema)]
#[schema(as = ReportAnswer)]
pub(super) struct AnswerBody {
    /// By worker. Of a worker that is not among them, nothing is missing that could be repaired.
    #[schema(max_items = 48)]
    wanted: Vec<WantedBody>,
}

/// Lines of a worker that are missing, and are to be sent again.
#[derive(ToSchema)]
#[schema(as = Wanted)]
pub(super) struct WantedBody {
    /// The gateway.
    #[schema(minimum = -32768, maximum = 32767)]
    server_id: i64,
    /// The worker's birth, in milliseconds since 1970.
    boot_ms: i64,
    /// Which, newest first.
    #[schema(max_items = 64)]
    ranges: Vec<SeqRangeBody>,
    /// Whether that is all; else older ones are missing too, and are asked for when these have come.
    is_all: bool,
}

/// Numbers in a row of a worker's lines, unwrapped to 64 bits.
#[derive(ToSchema)]
#[schema(as = SeqRange)]
pub(super) struct SeqRangeBody {
    /// The lowest.
    first: i64,
    /// The highest.
    last: i64,
}
