//! What is asked for and when: gentle waves, a burst of one key now and then, a little of everything that goes wrong.
//! Pure; the same random numbers give the same requests.

use serde_json::Value;
use std::time::Duration;
use suiftly_schema::api_key::ApiKey;
use suiftly_schema::ids::{Network, Service};

const WAVE_S: f64 = 20.0;
const WAVE_HEIGHT: f64 = 0.25;
/// Every so often, for so long, one key asks for more than it is guaranteed.
const BURST_EVERY: Duration = Duration::from_secs(12);
const BURST_LASTS: Duration = Duration::from_millis(1_500);
const BURST_OVER_GUARANTEED: f64 = 1.5;
/// What a key is taken to be guaranteed where nothing says so: the smallest tier's.
const GUARANTEED_PER_SECOND: f64 = 500.0;
/// Bursts stay below this multiple of the base rate.
const BURST_OVER_BASE_MAX: f64 = 2.5;

/// Of 1,000 requests, so many come without a key, with an unknown one, for a path that goes wrong.
const WITHOUT_KEY: u64 = 10;
const WITHOUT_KEY_OR_UNKNOWN: u64 = WITHOUT_KEY + 10;
const BAD_PATH: u64 = 20;

const PATHS: [&str; 5] = ["/v1/fetch_key", "/v1/service", "/v1/fetch_key/batch", "/health", "/"];
const GRPC_PATHS: [&str; 2] = ["/sui.rpc.v2.LedgerService/GetObject", "/sui.rpc.v2.StateService/GetBalance"];
/// Of a path without its slash, log lines have so much.
const PATH_PREFIX_BYTES: usize = 10;
const BAD_PATHS: [&str; 4] = ["/missing/object", "/broken", "/slow", "/down"];
/// Of a key's shape, and nobody's.
const NOBODYS_KEY: &str = "SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A metered frontend of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Mseal,
    Mgrpc,
    Tseal,
    Mgraphql,
    Tgrpc,
    Tgraphql,
}

impl Door {
    pub(crate) const ALL: [Self; 6] =
        [Self::Mseal, Self::Mgrpc, Self::Tseal, Self::Mgraphql, Self::Tgrpc, Self::Tgraphql];

    fn of(service: Service, network: Network) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.opens() == (service, network))
    }

    const fn is_grpc(self) -> bool {
        matches!(self, Self::Mgrpc | Self::Tgrpc)
    }

    /// What its keys are for.
    pub(crate) const fn opens(self) -> (Service, Network) {
        match self {
            Self::Mseal => (Service::Seal, Network::Mainnet),
            Self::Mgrpc => (Service::Grpc, Network::Mainnet),
            Self::Tseal => (Service::Seal, Network::Testnet),
            Self::Mgraphql => (Service::Graphql, Network::Mainnet),
            Self::Tgrpc => (Service::Grpc, Network::Testnet),
            Self::Tgraphql => (Service::Graphql, Network::Testnet),
        }
    }
}

/// A key to ask with. Not `Debug`: keys are not for logs.
#[derive(Clone)]
pub(crate) struct DemoKey {
    pub(crate) customer: i64,
    door: Door,
    key: String,
    guaranteed_per_second: f64,
    burst_per_second: f64,
}

impl DemoKey {
    /// What it is for.
    pub(crate) const fn opens(&self) -> (Service, Network) {
        self.door.opens()
    }

    /// What log lines know it by; 0 if it is no key.
    pub(crate) fn fingerprint(&self) -> u32 {
        ApiKey::parse(&self.key).map_or(0, |key| key.fingerprint())
    }

    /// Whether more than what is guaranteed is served at times.
    pub(crate) fn bursts(&self) -> bool {
        self.burst_per_second > self.guaranteed_per_second
    }

    /// How the path begins that it is asked for with, as lines have it.
    pub(crate) fn path_prefix(&self) -> &'static str {
        let first = if self.door.is_grpc() { GRPC_PATHS[0] } else { PATHS[0] };
        first.get(1..=PATH_PREFIX_BYTES).unwrap_or("-")
    }

    /// What gateways know it by, as their maps write it; `None` if it is no key.
    pub(crate) fn sha256_hex(&self) -> Option<String> {
        ApiKey::parse(&self.key).ok().map(|key| key.sha256_hex())
    }
}

/// Reads what `suiftly seed` wrote; keys of frontends that the gateway does not have are left out.
pub(crate) fn demo_keys(json: &Value) -> Option<Vec<DemoKey>> {
    let keys = json.as_array()?.iter().map(|entry| {
        let service = Service::from_word(entry["service"].as_str()?)?;
        let network = Network::from_word(entry["network"].as_str()?)?;
        let key = entry["key"].as_str()?.to_owned();
        let guaranteed_per_second = entry["guaranteed_per_second"].as_f64().unwrap_or(GUARANTEED_PER_SECOND);
        let burst_per_second = entry["burst_per_second"].as_f64().unwrap_or(guaranteed_per_second);
        let customer = entry["customer_id"].as_i64()?;
        let door = Door::of(service, network);
        Some(door.map(|door| DemoKey { customer, door, key, guaranteed_per_second, burst_per_second }))
    });
    let keys: Vec<DemoKey> = keys.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    if keys.is_empty() { None } else { Some(keys) }
}

/// What is wanted at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    pub(crate) per_second: f64,
    /// The key that a burst is about.
    pub(crate) focus: Option<usize>,
}

/// What is wanted `since` the start, around this many requests per second.
pub(crate) fn moment(base_per_second: u32, since: Duration, keys: &[DemoKey]) -> Moment {
    let base = f64::from(base_per_second);
    let cycle = since.as_millis() / BURST_EVERY.as_millis();
    let in_cycle = since.as_millis() % BURST_EVERY.as_millis();
    if !keys.is_empty() && in_cycle >= (BURST_EVERY - BURST_LASTS).as_millis() {
        let focus = usize::try_from(cycle).unwrap_or(0) % keys.len();
        let wanted = keys[focus].guaranteed_per_second * BURST_OVER_GUARANTEED;
        return Moment { per_second: wanted.clamp(base, base * BURST_OVER_BASE_MAX), focus: Some(focus) };
    }
    let wave = (since.as_secs_f64() / WAVE_S * std::f64::consts::TAU).sin();
    Moment { per_second: base * (1.0 + WAVE_HEIGHT * wave), focus: None }
}

/// One request to send.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) door: Door,
    pub(crate) path: &'static str,
    pub(crate) key: Option<&'a str>,
    /// Which of the keys that is; `None` if it is none of them.
    pub(crate) number: Option<usize>,
    /// By `Authorization: Bearer` instead of `X-API-Key`.
    pub(crate) as_bearer: bool,
}

/// The next request.
pub(crate) fn request<'a>(random: &mut Random, keys: &'a [DemoKey], focus: Option<usize>) -> Request<'a> {
    let number = focus.unwrap_or_else(|| skewed(random, keys.len()));
    let chosen = &keys[number];
    let paths: &[&str] = if chosen.door.is_grpc() { &GRPC_PATHS } else { &PATHS };
    let luck = random.below(1_000);
    let key = match luck {
        0..WITHOUT_KEY => None,
        WITHOUT_KEY..WITHOUT_KEY_OR_UNKNOWN => Some(NOBODYS_KEY),
        _ => Some(chosen.key.as_str()),
    };
    let number = Some(number).filter(|_| luck >= WITHOUT_KEY_OR_UNKNOWN);
    let paths = if luck >= 1_000 - BAD_PATH { &BAD_PATHS } else { paths };
    Request { door: chosen.door, path: paths[random.index(paths.len())], key, number, as_bearer: random.below(2) == 0 }
}

/// Earlier keys come more often.
fn skewed(random: &mut Random, count: usize) -> usize {
    let first = random.index(count);
    first.min(random.index(count))
}

/// SplitMix64: small, seeded, good enough to choose requests with.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count.max(1) as u64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<DemoKey> {
        let entry = |service: &str, network: &str, guaranteed: u32| {
            serde_json::json!({"customer": "c", "customer_id": 7, "service": service, "network": network, "key": format!("{service}{network}"),
                "guaranteed_per_second": guaranteed, "burst_per_second": guaranteed})
        };
        let json = Value::Array(vec![
            entry("seal", "mainnet", 500),
            entry("seal", "devnet", 500),
            entry("grpc", "mainnet", 5_000),
            entry("seal", "testnet", 1_000),
        ]);
        demo_keys(&json).unwrap()
    }

    #[test]
    fn keys_without_a_door_are_left_out() {
        let doors: Vec<Door> = keys().iter().map(|key| key.door).collect();
        assert_eq!(doors, [Door::Mseal, Door::Mgrpc, Door::Tseal]);
        for broken in [serde_json::json!({}), serde_json::json!([]), serde_json::json!([{"service": "seal"}])] {
            assert!(demo_keys(&broken).is_none(), "{broken}");
        }
    }

    #[test]
    fn waves_and_bursts() {
        let keys = keys();
        let at = |seconds: f64| moment(1_000, Duration::from_secs_f64(seconds), &keys);
        assert_eq!(at(0.0), Moment { per_second: 1_000.0, focus: None });
        assert!((at(5.0).per_second - 1_250.0).abs() < 1.0);
        assert_eq!(at(11.0), Moment { per_second: 1_000.0, focus: Some(0) });
        assert_eq!(at(23.0), Moment { per_second: 2_500.0, focus: Some(1) });
        assert_eq!(at(35.0), Moment { per_second: 1_500.0, focus: Some(2) });
        assert_eq!(at(47.0).focus, Some(0));
    }

    #[test]
    fn a_little_of_everything() {
        let keys = keys();
        let mut random = Random::seeded(1);
        let requests: Vec<Request<'_>> = (0..20_000).map(|_| request(&mut random, &keys, None)).collect();
        let share = |wanted: &dyn Fn(&Request<'_>) -> bool| requests.iter().filter(|one| wanted(one)).count() / 200;
        assert_eq!(share(&|one| one.key.is_none()), 1);
        assert_eq!(share(&|one| one.key == Some(NOBODYS_KEY)), 1);
        assert!((1..=2).contains(&share(&|one| BAD_PATHS.contains(&one.path))));
        for door in [Door::Mseal, Door::Mgrpc, Door::Tseal] {
            assert!(share(&|one| one.door == door) > 5, "{door:?}");
        }
        assert!(requests.iter().all(|one| {
            one.key.is_none_or(|key| key == NOBODYS_KEY || key.starts_with("grpc") == (one.door == Door::Mgrpc))
        }));
        assert_eq!(NOBODYS_KEY.len(), suiftly_schema::api_key::KEY_CHARS);
        assert!((0..100).all(|_| request(&mut random, &keys, Some(2)).door == Door::Tseal));
    }
}
