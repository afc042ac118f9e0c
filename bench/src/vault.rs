//! `cargo xtask bench vault`: what changing a running HAProxy costs, with a vault of 100,000 keys of 50,000 customers, every
//! tenth of whom has an allowlist. The shipped configuration, no traffic; reading back counts. Each is the edge's own way:
//!
//! - First load into a HAProxy that has nothing (bar: 5 s), and a refill of all maps.
//! - One change, by kind: a grant's state, an allowlist, a key revoked, a new key with its grant (bar: 50 ms).
//! - A thousand grants at once.
//! - Finding out that a restarted HAProxy has all it should.
//! - The map files: all of them, and after one change.

use crate::haproxy::HaProxy;
use crate::report::{Distribution, Row, dir};
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Instant;
use suiftly_edge::files::MapFiles;
use suiftly_edge::haproxy::Gateway;
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::reference::KeyLife;
use suiftly_schema::spend::SpendState;
use suiftly_schema::time::UnixMillis;
use suiftly_schema::vault::{GrantSet, Head, Root};
use suiftly_schema::view::{AccessGrant, KeyGrant};

const KEYS: u32 = 100_000;
const KEYS_A_CUSTOMER: u32 = 2;
const CUSTOMERS_A_LIST: i64 = 10;
const CHANGES: u32 = 200;
const LOADS: u32 = 5;
const MANY: i64 = 1_000;
const SERVER_ID: i16 = 17;
/// Nobody takes lines.
const LOGS: &str = "logs-udp.cfg";

struct Options {
    keys: u32,
    changes: u32,
}

impl Options {
    fn read(arguments: Vec<OsString>) -> anyhow::Result<Self> {
        let mut options = Self { keys: KEYS, changes: CHANGES };
        let mut parser = lexopt::Parser::from_args(arguments);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("keys") => options.keys = parser.value()?.parse()?,
                Long("changes") => options.changes = parser.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!((10_000..=1_000_000).contains(&options.keys), "--keys must be 10000 to 1000000");
        ensure!((10..=2_000).contains(&options.changes), "--changes must be 10 to 2000");
        Ok(options)
    }
}

/// All of it.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let options = Options::read(arguments)?;
    let dir = std::path::absolute(dir()?)?.join(format!("vault-{}", std::process::id()));
    let rows = measure(&options, &dir);
    fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    rows
}

fn measure(options: &Options, dir: &Path) -> anyhow::Result<Vec<Row>> {
    let mut set = grants(options.keys)?;
    let what = format!("{} keys, {} grants", set.key_count(), set.access_count());
    let row = |case: &str, runs| Row::new(&format!("{what}: {case}"), "suiftly", "ms", runs);
    let mut versions = 0;
    let mut next = || {
        versions += 1;
        versions
    };

    let (mut loads, mut refills) = (Vec::new(), Vec::new());
    for n in 0..LOADS {
        let haproxy = HaProxy::start(&dir.join(n.to_string()), LOGS, &[])?;
        let mut gateway = Gateway::new(SERVER_ID, haproxy.runtime.path());
        let head = head(next());
        loads.push(timed(|| gateway.bring_to(&set, &head))?);
        refills.push(timed(|| gateway.refill(&set, &head))?);
    }
    let mut rows = vec![row("first load into HAProxy", loads), row("refill of all maps", refills)];

    let haproxy = HaProxy::start(dir, LOGS, &[])?;
    let mut gateway = Gateway::new(SERVER_ID, haproxy.runtime.path());
    gateway.bring_to(&set, &head(next()))?;
    for (case, change) in CASES {
        let mut times = Vec::new();
        for n in 0..options.changes {
            change(&mut set, n)?;
            times.push(timed(|| gateway.bring_to(&set, &head(next())))?);
        }
        let times = Distribution::of(times);
        let quantiles = [(50, "p50"), (99, "p99"), (100, "max")];
        rows.extend(quantiles.map(|(percent, name)| row(&format!("{case}, {name}"), vec![times.quantile(percent)])));
    }
    let mut many = Vec::new();
    for n in 0..LOADS {
        for customer in 1..=MANY {
            set.put_access(AccessGrant { burst_per_second: 5_000 + n, ..access(customer)? });
        }
        many.push(timed(|| gateway.bring_to(&set, &head(next())))?);
    }
    rows.push(row(&format!("{MANY} grants' limits at once"), many));
    let found =
        (0..LOADS).map(|_| timed(|| Gateway::new(SERVER_ID, haproxy.runtime.path()).bring_to(&set, &head(next()))));
    rows.push(row("finding that nothing is missing", found.collect::<Result<_, _>>()?));
    rows.extend(files(&mut set, &dir.join("files"), row)?);
    Ok(rows)
}

fn files(set: &mut GrantSet, dir: &Path, row: impl Fn(&str, Vec<f64>) -> Row) -> anyhow::Result<Vec<Row>> {
    let (mut whole, mut one) = (Vec::new(), Vec::new());
    for n in 0..LOADS {
        let dir = dir.join(n.to_string());
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let mut files = MapFiles::new(dir);
        whole.push(timed(|| files.write(set, &head(1), 1))?);
        state(set, n)?;
        one.push(timed(|| files.write(set, &head(2), 1))?);
    }
    Ok(vec![row("map files, whole", whole), row("map files, one grant's state", one)])
}

type Change = fn(&mut GrantSet, u32) -> anyhow::Result<()>;

const CASES: [(&str, Change); 4] =
    [("one grant's state", state), ("one allowlist", allowlist), ("one key revoked", revoke), ("one new key", new_key)];

fn state(set: &mut GrantSet, n: u32) -> anyhow::Result<()> {
    let state = if n.is_multiple_of(2) { SpendState::MonthlyLimit } else { SpendState::Active };
    set.put_access(AccessGrant { state, ..access(1 + i64::from(n / 2) * 7)? });
    Ok(())
}

fn allowlist(set: &mut GrantSet, n: u32) -> anyhow::Result<()> {
    let allowlist = vec![format!("10.{}.0.0/22", n % 256), "2001:db8::/48".to_owned()];
    set.put_access(AccessGrant { allowlist, ..access(1 + i64::from(n) * 11)? });
    Ok(())
}

fn revoke(set: &mut GrantSet, n: u32) -> anyhow::Result<()> {
    set.put_key(KeyGrant { state: KeyLife::Revoked, ..key(n * 13)? });
    Ok(())
}

fn new_key(set: &mut GrantSet, n: u32) -> anyhow::Result<()> {
    let key = key(100_000_000 + n)?;
    set.put_access(access(key.customer_id.get())?);
    set.put_key(key);
    Ok(())
}

fn grants(keys: u32) -> anyhow::Result<GrantSet> {
    let mut set = GrantSet::default();
    for n in 0..keys {
        set.put_key(key(n)?);
        if n % KEYS_A_CUSTOMER == 0 {
            set.put_access(access(i64::from(n / KEYS_A_CUSTOMER) + 1)?);
        }
    }
    Ok(set)
}

fn key(n: u32) -> anyhow::Result<KeyGrant> {
    // As if drawn, and the same each time: a multiplier that spreads over all 256 bits.
    let spread = |at: u32| u64::from(n).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(at * 16);
    Ok(KeyGrant {
        key_sha256: (0..4).map(|at| format!("{:016X}", spread(at))).collect(),
        customer_id: CustomerId::new(i64::from(n / KEYS_A_CUSTOMER) + 1).context("an id")?,
        service: Service::Seal,
        network: Network::Mainnet,
        api_key_fp: n,
        key_metadata: 10_496,
        state: KeyLife::Active,
    })
}

fn access(customer: i64) -> anyhow::Result<AccessGrant> {
    let is_listed = customer % CUSTOMERS_A_LIST == 0;
    let allowlist = if is_listed { vec!["192.0.2.0/24".into(), "198.51.100.7".into()] } else { Vec::new() };
    Ok(AccessGrant {
        customer_id: CustomerId::new(customer).context("an id")?,
        service: Service::Seal,
        is_enabled: true,
        state: SpendState::Active,
        guaranteed_per_second: 1_000,
        burst_per_second: 2_000,
        allowlist,
    })
}

/// A gateway looks at its version alone.
const fn head(version: u64) -> Head {
    Head {
        format: 1,
        era: UnixMillis(1),
        version,
        refill: 0,
        root: Root([0; 32]),
        keys: 0,
        access: 0,
        epoch: 0,
        as_of: UnixMillis(1),
        issued_at: UnixMillis(1),
        regions: BTreeMap::new(),
    }
}

/// Milliseconds.
fn timed<T, E>(act: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    let began = Instant::now();
    act().map(|_| began.elapsed().as_secs_f64() * 1_000.0)
}
