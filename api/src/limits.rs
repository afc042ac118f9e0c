//! How often may be asked: a token bucket for each address, before anything is looked up, and one for each customer. A
//! request takes one token; a bucket fills steadily up to its burst. Answers tell where the bucket stands
//! (`RateLimit-Limit`, `-Remaining`, `-Reset`); who finds it empty waits `Retry-After` seconds.

use crate::app::App;
use crate::peer::peer;
use crate::problem::{Problem, ProblemCode};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::time::UnixMillis;

/// Buckets of one kind at most. If more are needed, those that are full again go, then all: memory is bounded, and whoever
/// has that many addresses is not held up by a limit per address anyway.
const BUCKETS_MAX: usize = 65_536;
/// Edges' own routes.
const EDGE_PREFIX: &str = "/api/v1/edge/";
/// A token, in thousandths.
const TOKEN: i64 = 1_000;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// What pages of other origins may read, beside what they may anyway.
pub(crate) const HEADERS: [HeaderName; 3] = [LIMIT, REMAINING, RESET];

/// How often somebody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Steadily, in requests a second; 0: as often as they like.
    pub per_second: u32,
    /// At once, after a rest; at least 1.
    pub burst: u32,
}

/// Both limits.
#[derive(Debug)]
pub(crate) struct RateLimits {
    addresses: Buckets<IpAddr>,
    customers: Buckets<CustomerId>,
}

impl RateLimits {
    pub(crate) fn new(address: Rate, customer: Rate) -> Self {
        Self { addresses: Buckets::new(address), customers: Buckets::new(customer) }
    }

    /// Takes a token of a customer's; where the bucket stands then, unless there is no limit.
    pub(crate) fn of_customer(&self, customer: CustomerId, now: UnixMillis) -> Result<Option<Level>, Refusal> {
        self.customers.take(customer, now)
    }
}

/// Before anything is looked up. The server's own pages for machines are free, and edges: what one does is bounded by its
/// streams, and wrong tokens are counted.
pub(crate) async fn of_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_edges = |path: &MatchedPath| path.as_str().starts_with(EDGE_PREFIX);
    let is_free = matches!(request.uri().path(), "/health" | "/ready" | "/metrics");
    if is_free || request.extensions().get::<MatchedPath>().is_some_and(is_edges) {
        return next.run(request).await;
    }
    match app.rates.addresses.take(network_of(peer(request.extensions())), app.parts.clock.now()) {
        Ok(level) => told(next.run(request).await, level),
        Err(refusal) => refusal.into_response(),
    }
}

/// An answer that tells where a bucket stands, unless it tells of a nearer one.
pub(crate) fn told(mut response: Response, level: Option<Level>) -> Response {
    if let Some(level) = level {
        let headers = response.headers_mut();
        if !headers.contains_key(LIMIT) {
            headers.insert(LIMIT, HeaderValue::from(level.limit));
            headers.insert(REMAINING, HeaderValue::from(level.remaining));
            headers.insert(RESET, HeaderValue::from(level.reset_s));
        }
    }
    response
}

/// Who has one address of IPv6 has 2⁶⁴ of them.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => std::net::Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// Where a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    /// Tokens of a full one.
    limit: u32,
    /// Whole tokens that are left.
    remaining: u32,
    /// Seconds until it is full.
    reset_s: u64,
}

/// An empty bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    level: Level,
    retry_after_s: u64,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let problem = Problem::new(ProblemCode::RateLimited).retry_after_s(self.retry_after_s);
        told(problem.into_response(), Some(self.level))
    }
}

#[derive(Debug)]
struct Buckets<K> {
    rate: Rate,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// What is in it, in thousandths.
    content: i64,
    at: UnixMillis,
}

impl Bucket {
    /// What is in it by now: a token a second is one thousandth a millisecond.
    fn content_at(self, rate: Rate, now: UnixMillis) -> i64 {
        // A clock that was set back fills nothing.
        let gained = (now.0 - self.at.0).max(0).saturating_mul(i64::from(rate.per_second));
        self.content.saturating_add(gained).min(i64::from(rate.burst.max(1)) * TOKEN)
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    fn take(&self, key: K, now: UnixMillis) -> Result<Option<Level>, Refusal> {
        if self.rate.per_second == 0 {
            return Ok(None);
        }
        let full = i64::from(self.rate.burst.max(1)) * TOKEN;
        let mut buckets = self.buckets.lock();
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| bucket.content_at(self.rate, now) < full);
            // Half of them, or the next ones would sweep again and again.
            if buckets.len() > BUCKETS_MAX / 2 {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { content: full, at: now });
        let content = bucket.content_at(self.rate, now);
        let is_enough = content >= TOKEN;
        *bucket = Bucket { content: if is_enough { content - TOKEN } else { content }, at: now };
        let level = self.level(bucket.content);
        if is_enough { Ok(Some(level)) } else { Err(Refusal { level, retry_after_s: self.wait_s(TOKEN - content) }) }
    }

    fn level(&self, content: i64) -> Level {
        let limit = self.rate.burst.max(1);
        let remaining = u32::try_from(content / TOKEN).unwrap_or(limit);
        Level { limit, remaining, reset_s: self.wait_s(i64::from(limit) * TOKEN - content) }
    }

    /// Seconds until so many thousandths have come.
    fn wait_s(&self, thousandths: i64) -> u64 {
        thousandths.unsigned_abs().div_ceil(u64::from(self.rate.per_second) * TOKEN.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(per_second: u32, burst: u32) -> Buckets<u32> {
        Buckets::new(Rate { per_second, burst })
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let buckets = buckets(2, 4);
        let remaining = |now| buckets.take(1, UnixMillis(now)).map(|level| level.unwrap().remaining);
        assert_eq!([remaining(0), remaining(0), remaining(0), remaining(0)], [Ok(3), Ok(2), Ok(1), Ok(0)]);
        let level = Level { limit: 4, remaining: 0, reset_s: 2 };
        assert_eq!(remaining(0), Err(Refusal { level, retry_after_s: 1 }));
        assert!(remaining(499).is_err());
        assert_eq!(remaining(500), Ok(0));
        assert!(remaining(400).is_err(), "the clock was set back");
        assert_eq!(remaining(100_000), Ok(3), "no more than the burst");
        assert!(buckets.take(2, UnixMillis(0)).is_ok(), "another's is another");
    }

    #[test]
    fn no_limit_is_none() {
        let buckets = buckets(0, 1);
        assert!((0..1_000).all(|_| buckets.take(1, UnixMillis(0)) == Ok(None)));
        assert!(buckets.buckets.lock().is_empty());
    }

    /// Whatever the times of asking: never more than the burst and the rate's due.
    #[test]
    fn never_more_than_is_due() {
        proptest::proptest!(|(per_second in 1_u32..50, burst in 1_u32..50, steps in proptest::collection::vec(0_i64..200, 1..300))| {
            let buckets = buckets(per_second, burst);
            let (mut now, mut taken) = (0, 0);
            for step in steps {
                now += step;
                taken += i64::from(buckets.take(1, UnixMillis(now)).is_ok());
                let due = i64::from(burst) + now * i64::from(per_second) / 1000;
                proptest::prop_assert!(taken <= due, "{taken} of {due}");
            }
        });
    }

    #[test]
    fn buckets_are_bounded() {
        let buckets = buckets(1, 1);
        for key in 0..200_000 {
            assert!(buckets.take(key, UnixMillis(0)).is_ok());
        }
        assert!(buckets.buckets.lock().len() <= BUCKETS_MAX);
    }

    #[test]
    fn addresses_of_one_network_share_a_bucket() {
        let network = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:0:0:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }
}
