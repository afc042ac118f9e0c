//! What is asked for and when: gentle waves, a burst of one key now and then, a little of everything that goes wrong.
//! Pure; the same random numbers give the same requests.

use serde_json::Value;
use std::time::Duration;
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
const BAD_PATHS: [&str; 4] = ["/missing/object", "/broken", "/slow", "/down"];
/// Of a key's shape, and nobody's.
const NOBODYS_KEY: &str = "SAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A metered frontend of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    Mseal,
    Mgrpc,
    Tseal,
}

impl Door {
    pub(crate) const ALL: [Self; 3] = [Self::Mseal, Self::Mgrpc, Self::Tseal];

    fn of(service: Service, network: Network) -> Option<Self> {
        match (service, network) {
            (Service::Seal, Network::Mainnet) => Some(Self::Mseal),
            (Service::Grpc, Network::Mainnet) => Some(Self::Mgrpc),
            (Service::Seal, Network::Testnet) => Some(Self::Tseal),
            _ => None,
        }
    }
}

/// A key to ask with. Not `Debug`: keys are not for logs.
#[derive(Clone)]
pub(crate) struct DemoKey {
    door: Door,
    key: String,
    guaranteed_per_second: f64,
}

/// Reads what `suiftly seed` wrote; keys of frontends that the gateway does not have are left out.
pub(crate) fn demo_keys(json: &Value) -> Option<Vec<DemoKey>> {
    let keys = json.as_array()?.iter().map(|entry| {
        let service = Service::from_word(entry["service"].as_str()?)?;
        let network = Network::from_word(entry["network"].as_str()?)?;
        let key = entry["key"].as_str()?.to_owned();
        let guaranteed_per_second = entry["guaranteed_per_second"].as_f64().unwrap_or(GUARANTEED_PER_SECOND);
        Some(Door::of(service, network).map(|door| DemoKey { door, key, guaranteed_per_second }))
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
    /// By `Authorization: Bearer` instead of `X-API-Key`.
    pub(crate) as_bearer: bool,
}

/// The next request.
pub(crate) fn request<'a>(random: &mut Random, keys: &'a [DemoKey], focus: Option<usize>) -> Request<'a> {
    let chosen = &keys[focus.unwrap_or_else(|| skewed(random, keys.len()))];
    let paths: &[&str] = if chosen.door == Door::Mgrpc { &GRPC_PATHS } else { &PATHS };
    let luck = random.below(1_000);
    let key = match luck {
        0..WITHOUT_KEY => None,
        WITHOUT_KEY..WITHOUT_KEY_OR_UNKNOWN => Some(NOBODYS_KEY),
        _ => Some(chosen.key.as_str()),
    };
    let paths = if luck >= 1_000 - BAD_PATH { &BAD_PATHS } else { paths };
    Request { door: chosen.door, path: paths[random.index(paths.len())], key, as_bearer: random.below(2) == 0 }
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
            serde_json::json!({"customer": "c", "service": service, "network": network, "key": format!("{service}{network}"),
                "guaranteed_per_second": guaranteed, "burst_per_second": guaranteed})
        };
        let json = Value::Array(vec![
            entry("seal", "mainnet", 500),
            entry("graphql", "mainnet", 500),
            entry("grpc", "mainnet", 5_000),
            entry("seal", "testnet", 1_000),
        ]);
        demo_keys(&json).unwrap()
    }

    #[test]
    fn keys_without_a_door_are_left_out() {
        let doors: Vec<Door> = keys().iter().map(|key| key.door).collect();
        assert_eq!(doors, Door::ALL);
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
        for door in Door::ALL {
            assert!(share(&|one| one.door == door) > 5, "{door:?}");
        }
        assert!(requests.iter().all(|one| {
            one.key.is_none_or(|key| key == NOBODYS_KEY || key.starts_with("grpc") == (one.door == Door::Mgrpc))
        }));
        assert_eq!(NOBODYS_KEY.len(), suiftly_schema::api_key::KEY_CHARS);
        assert!((0..100).all(|_| request(&mut random, &keys, Some(2)).door == Door::Tseal));
    }
}
