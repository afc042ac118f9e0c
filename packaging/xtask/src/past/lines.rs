//! Lines of the past: what the gateway logged, folded where several requests came out alike. Pure; the same keys and times give
//! the same lines.

use super::shape::{Moment, moment};
use crate::edge::SERVER_ID;
use crate::plan::{DemoKey, Random};
use std::collections::VecDeque;
use std::fmt::Write as _;
use suiftly_schema::time::UnixMillis;

/// Requests an hour of each key, in their order; of those that come after them the last.
const PER_HOUR: [f64; 10] = [14_000.0, 4_000.0, 6_000.0, 5_000.0, 2_500.0, 4_000.0, 900.0, 1_500.0, 2_200.0, 500.0];
/// Lines are folded within a span; the nearer to the end the shorter: for the last so many hours, so many minutes.
const SPANS: [(i64, i64); 3] = [(2, 1), (26, 10), (i64::MAX, 60)];
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const NOISE: f64 = 0.12;

/// The gateway's log-format string of then, and which field says what.
pub(super) const LOG_FORMAT: &str = "PAST %[var(txn.t)] %[var(txn.net)] %[var(txn.svc)] %[var(txn.tt)] %[var(txn.cid)] \
     %[var(txn.fp)] %[var(txn.pp)] %ci %ST %B %TR %Tw %Tc %Tr %Ta %ts %b/%s";
pub(super) const ATTRIBUTION: [(&str, &str); 9] = [
    ("began", "var(txn.t)"),
    ("network", "var(txn.net)"),
    ("service", "var(txn.svc)"),
    ("traffic", "var(txn.tt)"),
    ("customer", "var(txn.cid)"),
    ("key", "var(txn.fp)"),
    ("path", "var(txn.pp)"),
    ("frontend", "=2"),
    // That of the gateway that runs now.
    ("server", "=17"),
];
const _: () = assert!(SERVER_ID == 17);

/// How the running system reads both: files as above, what comes by syslog as ever.
pub(super) fn configuration() -> String {
    let entries: Vec<String> = ATTRIBUTION.iter().map(|(name, from)| format!("{name} = \"{from}\"")).collect();
    format!(
        "# Made by `cargo xtask up`: how the log lines of this demonstration's past are read. `suiftly audit` needs it too.\n\
         [ingest]\nformat = \"past\"\n\n[[source]]\naddress = \"127.0.0.0/8\"\nformat = \"auto\"\n\n\
         [[format]]\nname = \"past\"\nlog_format = \"{LOG_FORMAT}\"\nattribution = {{ {} }}\n",
        entries.join(", ")
    )
}

/// A line, and when it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) at: UnixMillis,
    pub(super) text: String,
}

/// What became of requests: so many of 10,000, traffic type, status, termination state, bytes, the server's time.
struct Outcome {
    share: f64,
    traffic: u8,
    status: i16,
    termination: &'static str,
    bytes: u64,
    response_ms: (u64, u64),
}

const fn outcome(share: f64, traffic: u8, status: i16, bytes: u64, response_ms: (u64, u64)) -> Outcome {
    Outcome { share, traffic, status, termination: if traffic == 3 { "PR" } else { "--" }, bytes, response_ms }
}

/// On an ordinary day, on which nobody passes their rate.
const ORDINARY: [Outcome; 8] = [
    outcome(5_203.0, 1, 200, 620, (3, 9)),
    outcome(3_300.0, 1, 200, 940, (9, 24)),
    outcome(1_080.0, 1, 200, 2_300, (24, 80)),
    outcome(90.0, 1, 200, 8_400, (80, 420)),
    outcome(120.0, 1, 304, 120, (2, 6)),
    outcome(150.0, 1, 404, 217, (2, 8)),
    outcome(35.0, 1, 400, 217, (1, 3)),
    outcome(22.0, 1, 502, 217, (3, 30)),
];
/// At a launch: what is above the guaranteed rate bursts, if it may, and what is above that is refused.
const LAUNCH: [Outcome; 6] = [
    outcome(4_300.0, 1, 200, 640, (4, 14)),
    outcome(2_500.0, 1, 200, 1_300, (14, 60)),
    outcome(2_100.0, 2, 200, 900, (12, 90)),
    outcome(300.0, 2, 200, 2_600, (90, 600)),
    outcome(150.0, 1, 404, 217, (2, 8)),
    outcome(650.0, 3, 429, 225, (0, 0)),
];
/// While an origin fails.
const OUTAGE: [Outcome; 5] = [
    outcome(6_100.0, 1, 200, 760, (20, 140)),
    outcome(2_100.0, 1, 200, 1_400, (140, 1_400)),
    outcome(900.0, 1, 503, 217, (900, 3_000)),
    outcome(700.0, 1, 502, 217, (200, 2_000)),
    outcome(200.0, 1, 404, 217, (2, 8)),
];

/// Makes them, in the order of their times.
pub(super) struct Maker<'a> {
    keys: &'a [DemoKey],
    random: Random,
    since: UnixMillis,
    until: UnixMillis,
    /// Where the next span begins.
    next: UnixMillis,
    ready: VecDeque<Line>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(keys: &'a [DemoKey], since: UnixMillis, until: UnixMillis) -> Self {
        Self { keys, random: Random::seeded(1), since, until, next: since, ready: VecDeque::new() }
    }

    /// All keys' lines from here to the span's end.
    fn fill(&mut self) {
        let from = self.next;
        let left_ms = self.until.0 - from.0;
        let minutes = SPANS.iter().find(|(hours, _)| left_ms / HOUR_MS < *hours).map_or(1, |(_, minutes)| *minutes);
        let span_ms = (minutes * MINUTE_MS).min(left_ms);
        let moment = moment(from, self.since, self.until);
        let mut lines = Vec::new();
        for (number, key) in self.keys.iter().enumerate() {
            let per_hour = PER_HOUR[number.min(PER_HOUR.len() - 1)];
            let noise = 1.0 + NOISE * (self.random.below(2_001) as f64 / 1_000.0 - 1.0);
            let requests = per_hour * moment.load * noise * span_ms as f64 / HOUR_MS as f64;
            self.of_key(key, moment, requests, (from, span_ms), &mut lines);
        }
        lines.sort_by_key(|line| line.at);
        self.ready.extend(lines);
        self.next = from.plus_ms(span_ms);
    }

    fn of_key(
        &mut self,
        key: &DemoKey,
        moment: Moment,
        requests: f64,
        (from, span_ms): (UnixMillis, i64),
        lines: &mut Vec<Line>,
    ) {
        let outcomes: &[Outcome] = match moment {
            Moment { is_outage: true, .. } => &OUTAGE,
            Moment { is_launch: true, .. } => &LAUNCH,
            Moment { .. } => &ORDINARY,
        };
        for outcome in outcomes {
            let times = self.whole(requests * outcome.share / 10_000.0);
            if times > 0 {
                let at = from.plus_ms(self.below(span_ms));
                let text = self.line(key, outcome, at, times);
                lines.push(Line { at, text });
            }
        }
    }

    /// A whole number that is so much on average.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive, and far below 2⁵³")]
    fn whole(&mut self, wanted: f64) -> u64 {
        let chance = self.random.below(1_000) as f64 / 1_000.0;
        (wanted + chance).floor() as u64
    }

    fn below(&mut self, bound_ms: i64) -> i64 {
        self.random.below(bound_ms.max(1).unsigned_abs()).cast_signed()
    }

    fn line(&mut self, key: &DemoKey, outcome: &Outcome, at: UnixMillis, times: u64) -> String {
        let Outcome { status, termination, bytes, response_ms: (fastest, slowest), .. } = *outcome;
        let traffic = if key.bursts() || outcome.traffic != 2 { outcome.traffic } else { 1 };
        let (service, network) = key.opens();
        let client = self.random.below(200) + 1;
        let (timers, server) = if traffic == 3 {
            ("0 -1 -1 -1 0".to_owned(), "<NOSRV>".to_owned())
        } else {
            let response = fastest + self.random.below(slowest - fastest + 1);
            (format!("0 0 {} {response} {}", client % 2, response + 1 + client % 2), format!("s{}", 1 + client % 2))
        };
        let body = format!(
            "PAST {} {} {} {traffic} {} {} {} 203.0.113.{client} {status} {bytes} {timers} {termination} ok/{server}",
            at.0,
            network.number(),
            service.number(),
            key.customer,
            key.fingerprint(),
            key.path_prefix(),
        );
        let mut line = format!("<134>1 {} gw haproxy 1 - - ", at.rfc3339());
        // Writing to a String cannot fail.
        let _ =
            if times == 1 { write!(line, "{body}") } else { write!(line, "message repeated {times} times: [ {body}]") };
        line
    }
}

impl Iterator for Maker<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        while self.ready.is_empty() && self.next < self.until {
            self.fill();
        }
        self.ready.pop_front()
    }
}
