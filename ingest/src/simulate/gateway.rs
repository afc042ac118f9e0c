//! A gateway that never was: SF1 lines as HAProxy writes them (SPEC §3.2), the same for the same seed and clock.
//!
//! Customers come by Zipf's law, each with up to three keys; networks, services and frontends are mixed; now and then
//! a customer's load bursts, passes its guaranteed rate, then its limit. Missing and unknown keys, unparsable requests,
//! backend errors and clients that leave come with the termination states and timers that belong to them.

use super::outcome::{Outcome, Reached, Served};
use super::random::{Random, Zipf};
use std::io::Write;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::CANARY_BASE;

/// Which gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayOptions {
    /// Decides everything but the times.
    pub seed: u64,
    /// How many customers there are.
    pub customers: u32,
    /// How unevenly they are met; 0 is evenly.
    pub zipf_exponent: f64,
    /// `(region << 4) | number`.
    pub server_id: i16,
}

impl Default for GatewayOptions {
    /// Seed 1, 1,000 customers, exponent 1, server 17: number 1 in region 1.
    fn default() -> Self {
        Self { seed: 1, customers: 1_000, zipf_exponent: 1.0, server_id: 17 }
    }
}

/// Network, service and frontend numbers (SPEC §4), and HAProxy's name of the frontend.
type Frontend = (u8, u8, u8, &'static str);

const FRONTENDS: [(u32, Frontend); 6] = [
    (48, (1, 1, 2, "mseal_metered")),
    (24, (1, 2, 2, "mgrpc_metered")),
    (15, (0, 1, 2, "tseal_metered")),
    (8, (1, 3, 2, "mgraphql_metered")),
    (4, (0, 2, 2, "tgrpc_metered")),
    (1, (1, 1, 1, "mseal_private")),
];
const PATHS: [(u32, &str); 7] = [
    (40, "v1/fetch_k"),
    (20, "v1/service"),
    (25, "sui.rpc.v2"),
    (8, "graphql"),
    (4, "health"),
    (2, "v1/none/x"),
    (1, "-"),
];
const KEY_METADATA: u16 = 0x2900;
const PRIORITY: &str = "<134>1 ";
const PID: u32 = 7_555;
/// One line in so many begins a burst, which lasts up to so many lines of its customer.
const BURST_EVERY: u64 = 3_000;
const MAX_BURST_LINES: u64 = 900;

struct Burst {
    customer: usize,
    left: u64,
    of: u64,
}

/// Writes lines.
pub struct SimulatedGateway {
    random: Random,
    customers: Zipf,
    seed: u64,
    server_id: i16,
    boot: UnixMillis,
    seq: u32,
    requests: u64,
    burst: Option<Burst>,
    /// A second, and how the header writes it.
    second: (i64, String),
}

/// Who asks for what.
struct Request {
    frontend: &'static Frontend,
    customer: usize,
    traffic_type: u8,
    outcome: Outcome,
}

/// `%TR %Tw %Tc %Tr %Ta`.
type TimersMs = [i32; 5];

impl SimulatedGateway {
    /// A worker born at `boot`. Its lines' numbers begin with 1.
    pub fn new(options: &GatewayOptions, boot: UnixMillis) -> Self {
        Self {
            random: Random::new(options.seed),
            customers: Zipf::new(options.customers, options.zipf_exponent),
            seed: options.seed,
            server_id: options.server_id,
            boot,
            seq: 0,
            requests: 0,
            burst: None,
            second: (i64::MIN, String::new()),
        }
    }

    /// Appends the next line, written at `now`: header and body, without framing.
    pub fn line(&mut self, now: UnixMillis, out: &mut Vec<u8>) {
        self.seq = self.seq.wrapping_add(1);
        // Requests that were not logged count too.
        self.requests += 1 + self.random.below(50) / 49;
        let request = self.next_request();
        self.header(now, out);
        self.body(now, &request, out);
    }

    fn next_request(&mut self) -> Request {
        let frontend = self.random.weighted(&FRONTENDS);
        if self.burst.is_none() && self.random.below(BURST_EVERY) == 0 {
            let lines = 1 + self.random.below(MAX_BURST_LINES);
            self.burst = Some(Burst { customer: self.customers.sample(&mut self.random), left: lines, of: lines });
        }
        if self.burst.is_some() && self.random.below(2) == 0 {
            return self.burst_request(frontend);
        }
        let customer = self.customers.sample(&mut self.random);
        Request { frontend, customer, traffic_type: 1, outcome: Outcome::any(&mut self.random) }
    }

    /// A burst's first third is guaranteed, its second burst, its last denied.
    fn burst_request(&mut self, frontend: &'static Frontend) -> Request {
        let Some(Burst { customer, left, of }) = self.burst.as_mut() else {
            unreachable!("asked for only within a burst");
        };
        let (customer, part) = (*customer, (*of - *left) * 3 / *of);
        *left -= 1;
        if *left == 0 {
            self.burst = None;
        }
        let traffic_type = if part == 0 { 1 } else { 2 };
        let outcome = if part == 2 { Outcome::OVER_LIMIT } else { Outcome::served(&mut self.random) };
        Request { frontend, customer, traffic_type, outcome }
    }

    fn header(&mut self, now: UnixMillis, out: &mut Vec<u8>) {
        let (second, ms) = (now.0.div_euclid(1_000), now.0.rem_euclid(1_000));
        if self.second.0 != second {
            let text = UnixMillis(second * 1_000).rfc3339();
            self.second = (second, text.trim_end_matches('Z').to_owned());
        }
        let us = self.random.below(1_000);
        put(out, format_args!("{PRIORITY}{}.{ms:03}{us:03}+00:00 - haproxy {PID} - - ", self.second.1));
    }

    fn body(&mut self, now: UnixMillis, request: &Request, out: &mut Vec<u8>) {
        let (network, service, frontend, name) = *request.frontend;
        let timers = self.timers(&request.outcome);
        let Self { seq, requests, server_id, boot, .. } = *self;
        put(out, format_args!("SF1 {} ", now.0));
        match request.outcome {
            Outcome::Unparsed { .. } => put(out, format_args!("- ")),
            _ => put(out, format_args!("{} ", now.0 - i64::from(timers[4]))),
        }
        put(out, format_args!("{} {requests} {seq} {server_id} {network} {service} {frontend} ", boot.0));
        self.variables(request, out);
        self.answer(&request.outcome, timers, name, out);
        self.identity(now.plus_ms(-i64::from(timers[4])), &request.outcome, out);
    }

    /// `tt ev cid fp km cfg cip pp`, the variables that rules set.
    fn variables(&mut self, request: &Request, out: &mut Vec<u8>) {
        let Request { customer, traffic_type, .. } = *request;
        let event = match request.outcome {
            Outcome::Unparsed { .. } => return put(out, format_args!("- - - - - - - - ")),
            Outcome::NoKey { event } => {
                put(out, format_args!("3 {event} - - - - "));
                return self.client(customer, out);
            }
            Outcome::Refused { event, .. } => {
                put(out, format_args!("3 {event} "));
                return self.key_and_client(customer, out);
            }
            Outcome::Served(_) => 0,
        };
        put(out, format_args!("{traffic_type} {event} "));
        self.key_and_client(customer, out);
    }

    fn key_and_client(&mut self, customer: usize, out: &mut Vec<u8>) {
        let keys = 1 + self.fixed(customer, 1) % 3;
        let key = self.random.below(keys);
        let id = customer_id(self.seed, customer);
        // The upper half, which is as good as any.
        let fingerprint = self.fixed(customer, 2 + key) >> 32;
        let config = self.fixed(customer, 9);
        put(out, format_args!("{id} {fingerprint} {KEY_METADATA} {config:016X} "));
        self.client(customer, out);
    }

    /// `cip pp`. A customer's clients sit in one network.
    fn client(&mut self, customer: usize, out: &mut Vec<u8>) {
        let host = self.random.below(254) + 1;
        match self.random.below(12) {
            0 => put(out, format_args!("2001:db8:{:x}::{host:x} ", customer & 0xffff)),
            _ => put(out, format_args!("203.0.{}.{host} ", customer & 0xff)),
        }
        let path = self.random.weighted(&PATHS);
        put(out, format_args!("{path} "));
    }

    fn timers(&mut self, outcome: &Outcome) -> TimersMs {
        let mut up_to = |ms: u64| i32::try_from(self.random.below(ms)).unwrap_or_default();
        match outcome {
            Outcome::Unparsed { total_ms, .. } => [-1, -1, -1, -1, *total_ms],
            Outcome::NoKey { .. } | Outcome::Refused { .. } => [0, -1, -1, -1, 0],
            Outcome::Served(served) => match served.reached {
                Reached::Queue => [0, 5_000, -1, -1, 5_001],
                Reached::Connect => [0, 0, -1, -1, 301 + up_to(8)],
                Reached::Waiting(ms) => {
                    let connect = up_to(2);
                    [0, 0, connect, -1, connect + ms + up_to(5)]
                }
                Reached::Response => {
                    let (request, queue, connect) = (up_to(2), up_to(20) / 19, up_to(3) / 2);
                    let response = 1 + up_to(12) + up_to(40) / 39 * up_to(400);
                    [request, queue, connect, response, request + queue + connect + response + up_to(4)]
                }
            },
        }
    }

    /// `%ST %B %U %TR %Tw %Tc %Tr %Ta %ts %b/%s`.
    fn answer(&mut self, outcome: &Outcome, timers: TimersMs, frontend: &str, out: &mut Vec<u8>) {
        let (status, termination, sent) = match *outcome {
            Outcome::Unparsed { status, termination, bytes, .. } => (status, termination, bytes),
            Outcome::NoKey { .. } => (401, "PR", 215),
            Outcome::Refused { status: 429, .. } => (429, "PR", 225),
            Outcome::Refused { status, .. } => (status, "PR", 213),
            Outcome::Served(served) => (served.status, served.termination, self.bytes_sent(&served)),
        };
        let uploaded = if matches!(outcome, Outcome::Unparsed { .. }) { 0 } else { 120 + self.random.below(400) };
        let [request, queue, connect, response, total] = timers;
        put(
            out,
            format_args!("{status} {sent} {uploaded} {request} {queue} {connect} {response} {total} {termination} "),
        );
        match outcome {
            Outcome::Served(Served { reached: Reached::Queue, .. }) => put(out, format_args!("ok/<NOSRV> ")),
            Outcome::Served(Served { reached: Reached::Connect, .. }) => put(out, format_args!("dead/d1 ")),
            Outcome::Served(_) => {
                let server = self.random.weighted(&[(45, "s1"), (45, "s2"), (10, "backup11")]);
                put(out, format_args!("ok/{server} "));
            }
            _ => put(out, format_args!("{frontend}/<NOSRV> ")),
        }
    }

    fn bytes_sent(&mut self, served: &Served) -> u64 {
        match (served.reached, served.status) {
            (Reached::Response, 304) => 120,
            (Reached::Response, _) => 180 + self.random.below(2_000) + self.random.below(100) / 99 * 65_536,
            (_, -1) => 0,
            _ => 217,
        }
    }

    /// `%ci %ID`, by the `unique-id-format` that we ship: seconds, milliseconds, process, request.
    fn identity(&mut self, began: UnixMillis, outcome: &Outcome, out: &mut Vec<u8>) {
        match outcome {
            Outcome::Unparsed { .. } => put(out, format_args!("127.0.0.1 -")),
            _ => {
                let (seconds, ms) = (began.0.div_euclid(1_000), began.0.rem_euclid(1_000));
                put(out, format_args!("127.0.0.1 {seconds:X}{ms:02X}-{PID:X}-{:04X}", self.requests));
            }
        }
    }

    /// A number that belongs to a customer, always the same.
    fn fixed(&self, customer: usize, what: u64) -> u64 {
        Random::new(self.seed ^ (customer as u64) << 20 ^ what << 8).next()
    }
}

/// The id of the customer of this rank: positive, 31 bits, and nobody's that stands for a gateway.
pub fn customer_id(seed: u64, rank: usize) -> i64 {
    let bits = Random::new(seed.wrapping_mul(31).wrapping_add(rank as u64)).next() >> 33;
    i64::try_from(bits).unwrap_or(1).clamp(1, CANARY_BASE - 1)
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to memory cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const NOW: UnixMillis = UnixMillis(1_795_298_477_199);

    fn lines(options: &GatewayOptions, count: usize) -> Vec<String> {
        let mut gateway = SimulatedGateway::new(options, NOW);
        let mut line = || {
            let mut out = Vec::new();
            gateway.line(NOW.plus_ms(5), &mut out);
            String::from_utf8(out).unwrap()
        };
        (0..count).map(|_| line()).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_lines() {
        let options = GatewayOptions::default();
        assert_eq!(lines(&options, 500), lines(&options, 500));
        assert_ne!(lines(&options, 10), lines(&GatewayOptions { seed: 2, ..options }, 10));
    }

    #[test]
    fn lines_have_the_shape_of_haproxys() {
        for (index, line) in lines(&GatewayOptions::default(), 5_000).iter().enumerate() {
            assert!(line.starts_with("<134>1 2026-11-21T22:01:17.204"), "{line}");
            let body: Vec<_> = line.split_once(" - - ").unwrap().1.split(' ').collect();
            assert_eq!(body.len(), 30, "{line}");
            assert_eq!((body[0], body[3], body[5]), ("SF1", "1795298477199", (index + 1).to_string().as_str()));
            assert!(line.len() < 400, "{line}");
        }
    }

    #[test]
    fn all_kinds_of_traffic_occur() {
        let mut seen = BTreeMap::<String, u32>::new();
        for line in lines(&GatewayOptions::default(), 100_000) {
            let body: Vec<_> = line.split_once(" - - ").unwrap().1.split(' ').collect();
            for (name, at) in [("traffic", 10), ("event", 11), ("status", 18), ("termination", 26), ("network", 7)] {
                *seen.entry(format!("{name} {}", body[at])).or_default() += 1;
            }
            *seen.entry(format!("IPv6 {}", body[16].contains(':'))).or_default() += 1;
        }
        let expected = [
            "traffic -",
            "traffic 1",
            "traffic 2",
            "traffic 3",
            "event -",
            "event 0",
            "event 10",
            "event 11",
            "event 30",
            "event 31",
            "status -1",
            "status 200",
            "status 304",
            "status 400",
            "status 401",
            "status 403",
            "status 404",
            "status 408",
            "status 429",
            "status 500",
            "status 502",
            "status 503",
            "status 504",
            "termination --",
            "termination PR",
            "termination SC",
            "termination sH",
            "termination CD",
            "termination sQ",
            "network 0",
            "network 1",
            "IPv6 true",
            "IPv6 false",
        ];
        for kind in expected {
            assert!(seen.get(kind).is_some_and(|count| *count > 0), "{kind} in {seen:?}");
        }
        assert!(seen["traffic 1"] > seen["traffic 2"] && seen["traffic 2"] > 500, "{seen:?}");
    }
}
