//! What becomes of a simulated request: the status, termination state and timers that HAProxy really writes together.

use super::random::Random;

/// Who answers a request, which decides what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// No rule ran: HAProxy could not parse the request, or it did not come in time. Nothing is known of it.
    Unparsed {
        /// HTTP status.
        status: i16,
        /// HAProxy's termination state.
        termination: &'static str,
        /// Bytes of HAProxy's answer.
        bytes: u64,
        /// How long it was waited, in milliseconds.
        total_ms: i32,
    },
    /// HAProxy refused it before any customer was known.
    NoKey {
        /// 10 missing, 11 unknown.
        event: u8,
    },
    /// HAProxy refused it though the customer is known.
    Refused {
        /// HTTP status.
        status: i16,
        /// 0 over the limit, 30 not authorized, 31 revoked.
        event: u8,
    },
    /// A backend was asked.
    Served(Served),
}

/// How a backend answered, or failed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// HTTP status.
    pub(super) status: i16,
    /// HAProxy's termination state.
    pub(super) termination: &'static str,
    /// How far it came.
    pub(super) reached: Reached,
}

/// The last phase that a request reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// It waited in the queue until it timed out.
    Queue,
    /// No server took the connection.
    Connect,
    /// The server took it and did not answer, for so many milliseconds.
    Waiting(i32),
    /// The server answered.
    Response,
}

const fn served(status: i16, termination: &'static str, reached: Reached) -> Served {
    Served { status, termination, reached }
}

/// Of 10,000 requests that a backend is asked for.
const SERVED: [(u32, Served); 13] = [
    (8_890, served(200, "--", Reached::Response)),
    (180, served(304, "--", Reached::Response)),
    (60, served(400, "--", Reached::Response)),
    (620, served(404, "--", Reached::Response)),
    (110, served(500, "--", Reached::Response)),
    // The client left while the answer was sent, before it, and the server broke off.
    (50, served(200, "CD", Reached::Response)),
    (25, served(-1, "CH", Reached::Waiting(900))),
    (10, served(200, "SD", Reached::Response)),
    (15, served(502, "SH", Reached::Waiting(3))),
    (8, served(504, "sH", Reached::Waiting(30_000))),
    (25, served(503, "SC", Reached::Connect)),
    (3, served(503, "sC", Reached::Connect)),
    (4, served(503, "sQ", Reached::Queue)),
];

/// Of 10,000 requests outside a burst.
const KINDS: [(u32, Kind); 7] = [
    (9_720, Kind::Served),
    (110, Kind::Fixed(Outcome::NoKey { event: 10 })),
    (90, Kind::Fixed(Outcome::NoKey { event: 11 })),
    (30, Kind::Fixed(Outcome::Refused { status: 401, event: 31 })),
    (20, Kind::Fixed(Outcome::Refused { status: 403, event: 30 })),
    (20, Kind::Fixed(Outcome::Unparsed { status: 400, termination: "PR", bytes: 0, total_ms: 0 })),
    (10, Kind::Fixed(Outcome::Unparsed { status: 408, termination: "cR", bytes: 212, total_ms: 10_001 })),
];

#[derive(Clone, Copy)]
enum Kind {
    Served,
    Fixed(Outcome),
}

impl Outcome {
    /// Of a request over its customer's limit.
    pub(super) const OVER_LIMIT: Self = Self::Refused { status: 429, event: 0 };

    /// Of a request at any time.
    pub(super) fn any(random: &mut Random) -> Self {
        match random.weighted(&KINDS) {
            Kind::Served => Self::served(random),
            Kind::Fixed(outcome) => *outcome,
        }
    }

    /// Of a request that passed all rules.
    pub(super) fn served(random: &mut Random) -> Self {
        Self::Served(*random.weighted(&SERVED))
    }
}
