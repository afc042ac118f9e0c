//! One running system: PostgreSQL, `suiftly up`, `suiftly edge`, HAProxy. Fields are dropped, and so stopped, from the gateway inwards.

use crate::api::{Api, Pipeline, Range};
use crate::chain::{self, Till};
use crate::database::{Database, lock};
use crate::edge;
use crate::furnish::furnish;
use crate::gateway::{Gateway, Leaving};
use crate::observe::Baseline;
use crate::past;
use crate::places::Places;
use crate::plan::{DemoKey, Door, demo_keys};
use crate::ports::Ports;
use crate::process::{Supervised, run_quietly};
use crate::reconcile::{Figures, grouped};
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use std::fmt;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Recovery included.
const READY_TIME_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// `suiftly` promises to drain within 30 s.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(35);
/// What dies by itself more often than this is not started again.
const UNEXPECTED_DEATHS_MAX: u32 = 3;

/// What to run and where.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) suiftly: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) udp: bool,
    /// Whether a fresh data directory gets a past.
    pub(crate) past: bool,
    /// What else stands in the environment of `suiftly` and of HAProxy.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

/// A customer out of the seed.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: i64,
    name: String,
    pub(crate) wallet: String,
}

impl Person {
    fn read(entry: &serde_json::Value) -> Option<Self> {
        let text = |name: &str| entry[name].as_str().map(str::to_owned);
        Some(Self { id: entry["customer_id"].as_i64()?, name: text("customer")?, wallet: text("wallet_address")? })
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (customer {})", self.name, self.id)
    }
}

/// For checks that ask faster than people do.
pub(crate) const AS_OFTEN_AS_THEY_LIKE: [(&str, &str); 2] =
    [("SUIFTLY_API__RATE_LIMIT_ADDRESS", "0"), ("SUIFTLY_API__RATE_LIMIT_CUSTOMER", "0")];

/// A running system; stopped when dropped, in this order.
pub(crate) struct Stack {
    gateway: Gateway,
    edge: Supervised,
    suiftly: Supervised,
    /// Where a chain holds the funds.
    chain: Option<Supervised>,
    database: Database,
    api: Api,
    places: Places,
    shape: Shape,
    unexpected_deaths: u32,
    _alone: File,
}

impl Stack {
    /// Starts everything in order and waits until it is ready. With what had been counted before HAProxy's first line.
    pub(crate) fn start(places: &Places, shape: &Shape, interrupt: &Interrupt) -> anyhow::Result<(Self, Baseline)> {
        let Shape { suiftly, data_dir, ports, .. } = shape;
        ports.check_free()?;
        let alone = lock(data_dir)?;
        println!("starting PostgreSQL, in {}", data_dir.display());
        let database = Database::start(suiftly, data_dir)?;
        let chain = chain::start(suiftly, data_dir, interrupt)?;
        let lines = seed(shape)?;
        let Ports { api, admin, syslog, .. } = ports;
        println!("starting suiftly on {api} (customers), {admin} (operators) and {syslog} (syslog)");
        let mut process = spawn(shape, &places.web_files())?;
        let mut api = await_ready(shape, &mut process, interrupt)?;
        past::await_stored(&mut api, lines, interrupt)?;
        println!("starting the edge, which fills HAProxy's maps");
        let mut edge = edge::spawn(shape)?;
        let keys = demo_keys(&seeded(data_dir)?).context("the seed made no keys that the gateway could serve")?;
        edge::await_maps(&mut edge, data_dir, &keys, interrupt)?;
        let baseline = Baseline::take(&mut api)?;
        println!("starting HAProxy on {} to {}", ports.mseal, ports.tgraphql);
        let gateway = Gateway::start(places, shape, interrupt)?;
        edge::await_in_sync(&mut edge, &mut api, interrupt)?;
        furnish(ports.api, &seeded(data_dir)?)?;
        let (places, shape) = (places.clone(), shape.clone());
        let unexpected_deaths = 0;
        let stack = Self {
            gateway,
            edge,
            suiftly: process,
            chain,
            database,
            api,
            places,
            shape,
            unexpected_deaths,
            _alone: alone,
        };
        Ok((stack, baseline))
    }

    pub(crate) const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    pub(crate) const fn unexpected_deaths(&self) -> u32 {
        self.unexpected_deaths
    }

    /// The dashboard and the customers' API, as one would type it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.shape.ports.api)
    }

    /// The same of the operators' API.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://{}", self.shape.ports.admin)
    }

    /// Where an operator's token is.
    pub(crate) fn token_file(&self) -> PathBuf {
        token_file(&self.shape.data_dir)
    }

    /// The keys to ask the gateway with.
    pub(crate) fn keys(&self) -> anyhow::Result<Vec<DemoKey>> {
        demo_keys(&self.seeded()?).context("the seed made no keys that the gateway could serve")
    }

    /// The customer of the first key, which is asked with most, and the next.
    pub(crate) fn first_people(&self) -> anyhow::Result<(Person, Person)> {
        let seeded = self.seeded()?;
        let mut people = seeded.as_array().into_iter().flatten().filter_map(Person::read);
        let first = people.next().context("the seed made no keys")?;
        let next = people.find(|person| person.id != first.id).context("the seed made keys of one customer only")?;
        Ok((first, next))
    }

    /// That customer's key for Seal on mainnet.
    pub(crate) fn first_seal_key(&self) -> anyhow::Result<String> {
        let seeded = self.seeded()?;
        let is_it = |entry: &&serde_json::Value| entry["service"] == "seal" && entry["network"] == "mainnet";
        let found = seeded.as_array().and_then(|all| all.iter().find(is_it));
        let key = found.and_then(|entry| entry["key"].as_str()).context("the seed made no key for Seal on mainnet")?;
        Ok(key.to_owned())
    }

    /// The customers' API.
    pub(crate) const fn api_address(&self) -> SocketAddr {
        self.shape.ports.api
    }

    /// Where owners move their funds.
    pub(crate) fn till(&self) -> Till {
        Till::new(self.suiftly(), self.data_dir(), self.api_address())
    }

    /// How a customer and an operator get in.
    pub(crate) fn tell_where(&self) -> anyhow::Result<()> {
        println!("the dashboard, as the customer with most traffic: {}/#wallet={}", self.url(), self.first_wallet()?);
        println!("the operators' API: {}, with the token in {}", self.admin_url(), self.token_file().display());
        println!("both are described at /api/docs; the operators' console: cargo xtask console");
        Ok(())
    }

    /// That customer's wallet, as demonstrations have one: it signs nothing, and a mock sign-in asks for no more.
    pub(crate) fn first_wallet(&self) -> anyhow::Result<String> {
        let seeded = self.seeded()?;
        let wallet = seeded[0]["wallet_address"].as_str().context("the seed named no wallets")?;
        Ok(wallet.to_owned())
    }

    fn seeded(&self) -> anyhow::Result<serde_json::Value> {
        seeded(&self.shape.data_dir)
    }

    pub(crate) fn suiftly(&self) -> &Path {
        &self.shape.suiftly
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.shape.data_dir
    }

    /// The pipeline's figures, and the usage in this range.
    pub(crate) fn figures(&mut self, range: &Range) -> anyhow::Result<Figures> {
        self.api.figures(range)
    }

    /// The pipeline's figures alone.
    pub(crate) fn pipeline(&mut self) -> anyhow::Result<Pipeline> {
        self.api.pipeline()
    }

    /// Requests of its own that the edge has told of since it started.
    pub(crate) fn synthetic_told(&mut self) -> anyhow::Result<u64> {
        Ok(self.api.fleet()?.synthetic)
    }

    /// Whether `suiftly` is ready and all gateways have the version in force, just now.
    pub(crate) fn is_well(&mut self) -> bool {
        self.api.is_ready() && self.api.fleet().is_ok_and(|fleet| fleet.is_in_sync())
    }

    /// The cluster that it runs on.
    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    /// Ends `suiftly` in good order; says whether it went by itself.
    pub(crate) fn stop_suiftly(&mut self) -> bool {
        self.suiftly.stop()
    }

    /// `kill -9` on `suiftly`, and a new one.
    pub(crate) fn kill_suiftly(&mut self) -> anyhow::Result<()> {
        self.end_suiftly();
        self.begin_suiftly()
    }

    /// `kill -9` on `suiftly`, and no new one.
    pub(crate) fn end_suiftly(&mut self) {
        self.suiftly.kill_at_once();
    }

    /// A new `suiftly`, in the place of the one that has ended.
    pub(crate) fn begin_suiftly(&mut self) -> anyhow::Result<()> {
        self.suiftly = spawn(&self.shape, &self.places.web_files())?;
        Ok(())
    }

    /// `kill -9` on the edge, and no new one.
    pub(crate) fn end_edge(&mut self) {
        self.edge.kill_at_once();
    }

    /// Ends the edge in good order: from then on there are no synthetic requests.
    pub(crate) fn stop_edge(&mut self) {
        self.edge.stop();
    }

    /// A new edge.
    pub(crate) fn begin_edge(&mut self) -> anyhow::Result<()> {
        self.edge = edge::spawn(&self.shape)?;
        Ok(())
    }

    /// `kill -9` on HAProxy, and a new one, which has nothing but the files.
    pub(crate) fn kill_gateway(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        self.gateway.kill_at_once();
        self.gateway = Gateway::start(&self.places, &self.shape, interrupt)?;
        Ok(())
    }

    /// A new HAProxy takes over from the running one, which ends what it has begun.
    pub(crate) fn reload_gateway(&mut self, interrupt: &Interrupt) -> anyhow::Result<Leaving> {
        self.gateway.reload(&self.places, &self.shape, interrupt)
    }

    /// Waits until `suiftly` is ready and the edge in sync.
    pub(crate) fn await_in_sync(&mut self, interrupt: &Interrupt) -> anyhow::Result<()> {
        self.api = await_ready(&self.shape, &mut self.suiftly, interrupt)?;
        edge::await_in_sync(&mut self.edge, &mut self.api, interrupt)
    }

    /// Starts `suiftly` and the edge again if they died by themselves; an error if they do so too often, or if HAProxy is
    /// gone.
    pub(crate) fn look_after(&mut self) -> anyhow::Result<()> {
        self.look_after_suiftly()?;
        if let Err(death) = self.edge.check() {
            self.count_death(death)?;
            self.begin_edge()?;
        }
        Ok(())
    }

    /// The same but for the edge.
    pub(crate) fn look_after_suiftly(&mut self) -> anyhow::Result<()> {
        self.gateway.check()?;
        if let Some(chain) = &mut self.chain {
            chain.check()?;
        }
        if let Err(death) = self.suiftly.check() {
            self.count_death(death)?;
            self.begin_suiftly()?;
        }
        Ok(())
    }

    fn count_death(&mut self, death: anyhow::Error) -> anyhow::Result<()> {
        self.unexpected_deaths += 1;
        if self.unexpected_deaths > UNEXPECTED_DEATHS_MAX {
            return Err(death);
        }
        println!("{death:#}\nstarting it again");
        Ok(())
    }
}

/// Makes customers and keys, and their past if there is to be one. Answers how many lines that has.
fn seed(shape: &Shape) -> anyhow::Result<u64> {
    let Shape { suiftly, data_dir, past, .. } = shape;
    println!("making customers and keys");
    let since = if *past { past::since(data_dir)? } else { None };
    let mut command = Command::new(suiftly);
    command.arg("seed").arg("--data-dir").arg(data_dir);
    command.envs(chain::settings(data_dir));
    command.args(since.iter().flat_map(|since| ["--since".to_owned(), since.rfc3339()]));
    run_quietly(&mut command)?;
    let Some(since) = since else { return Ok(0) };
    let lines = past::make(data_dir, &seeded(data_dir)?, since)?;
    println!("making five weeks of the past, {} lines", grouped(lines));
    Ok(lines)
}

/// What `suiftly seed` wrote.
pub(crate) fn seeded(data_dir: &Path) -> anyhow::Result<serde_json::Value> {
    let path = data_dir.join("demo-keys.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

pub(crate) fn spawn(shape: &Shape, web_files: &Path) -> anyhow::Result<Supervised> {
    let mut command = Command::new(&shape.suiftly);
    command
        .args(["up", "--data-dir"])
        .arg(&shape.data_dir)
        .env("SUIFTLY_INGEST__LISTEN", shape.ports.syslog.to_string())
        .env("SUIFTLY_API__LISTEN", shape.ports.api.to_string())
        .env("SUIFTLY_API__MOCK_AUTH", "true")
        .env("SUIFTLY_ADMIN__LISTEN", shape.ports.admin.to_string())
        .env("SUIFTLY_API__WEB_DIR", web_files)
        .envs(endpoints(&shape.ports))
        .envs(chain::settings(&shape.data_dir))
        .envs(shape.settings.iter().copied());
    let config = past::config_file(&shape.data_dir);
    if config.is_file() {
        command.arg("--config").arg(config);
    }
    let farewell = [(Signal::SIGTERM, DRAIN_TIME_MAX)];
    Supervised::spawn("suiftly", &mut command, &shape.data_dir.join("logs/suiftly.log"), &farewell)
}

/// What the dashboard tells customers to ask, so that what they paste works.
fn endpoints(ports: &Ports) -> impl Iterator<Item = (String, String)> {
    Door::ALL.into_iter().map(|door| {
        let (service, network) = door.opens();
        let name = format!("{}_{}", service.word(), network.word()).to_uppercase();
        (format!("SUIFTLY_API__ENDPOINTS__{name}"), format!("http://{}", ports.of_door(door)))
    })
}

pub(crate) fn await_ready(shape: &Shape, suiftly: &mut Supervised, interrupt: &Interrupt) -> anyhow::Result<Api> {
    let deadline = Instant::now() + READY_TIME_MAX;
    loop {
        suiftly.check()?;
        // The token is made at the first start.
        let api = read_token(&shape.data_dir).map(|token| Api::new(shape.ports.admin, &token));
        if let Ok(mut api) = api
            && api.is_ready()
        {
            return Ok(api);
        }
        ensure!(Instant::now() < deadline, "suiftly is not ready after {} s", READY_TIME_MAX.as_secs());
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
    }
}

/// `suiftly up` keeps the token of the operator `local` there.
pub(crate) fn token_file(data_dir: &Path) -> PathBuf {
    data_dir.join("operator-token")
}

fn read_token(data_dir: &Path) -> anyhow::Result<String> {
    let path = token_file(data_dir);
    let token = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(token.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_are_told_to_ask_is_the_gateway() {
        let all: Vec<_> = endpoints(&Ports::well_known()).collect();
        assert_eq!(all.len(), Door::ALL.len());
        let told = ("SUIFTLY_API__ENDPOINTS__SEAL_MAINNET".to_owned(), "http://127.0.0.1:18080".to_owned());
        assert!(all.contains(&told), "{all:?}");
    }
}
