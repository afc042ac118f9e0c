//! One running system: PostgreSQL, `suiftly up`, HAProxy. Fields are dropped, and so stopped, from the gateway inwards.

use crate::api::{Api, Range};
use crate::database::{Database, lock};
use crate::gateway::Gateway;
use crate::places::Places;
use crate::plan::{DemoKey, demo_keys};
use crate::ports::Ports;
use crate::process::{Supervised, run_quietly};
use crate::reconcile::Figures;
use crate::signals::Interrupt;
use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Recovery included.
const READY_TIME_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// `suiftly` promises to drain within 30 s.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(35);
/// A `suiftly` that dies by itself more often than this is not started again.
const UNEXPECTED_DEATHS_MAX: u32 = 3;

/// What to run and where.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) suiftly: PathBuf,
    pub(crate) data_dir: PathBuf,
    pub(crate) ports: Ports,
    pub(crate) udp: bool,
    /// What else stands in the environment of `suiftly`.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

/// For checks that ask faster than people do.
pub(crate) const AS_OFTEN_AS_THEY_LIKE: [(&str, &str); 2] =
    [("SUIFTLY_API__RATE_LIMIT_ADDRESS", "0"), ("SUIFTLY_API__RATE_LIMIT_CUSTOMER", "0")];

/// A running system; stopped when dropped, in this order.
pub(crate) struct Stack {
    gateway: Gateway,
    suiftly: Supervised,
    _database: Database,
    api: Api,
    shape: Shape,
    web_files: PathBuf,
    unexpected_deaths: u32,
    _alone: File,
}

impl Stack {
    /// Starts everything in order and waits until it is ready.
    pub(crate) fn start(places: &Places, shape: &Shape, interrupt: &Interrupt) -> anyhow::Result<Self> {
        let Shape { suiftly, data_dir, ports, udp, .. } = shape;
        ports.check_free()?;
        let alone = lock(data_dir)?;
        println!("starting PostgreSQL, in {}", data_dir.display());
        let database = Database::start(suiftly, data_dir)?;
        println!("making customers, keys and HAProxy's maps");
        run_quietly(Command::new(suiftly).arg("seed").arg("--data-dir").arg(data_dir))?;
        let maps = data_dir.join("haproxy/maps");
        run_quietly(Command::new(suiftly).args(["edge", "render", "--data-dir"]).arg(data_dir).arg("--out").arg(maps))?;
        let Ports { api, admin, syslog, .. } = ports;
        println!("starting suiftly on {api} (customers), {admin} (operators) and {syslog} (syslog)");
        let web_files = places.web_files();
        let mut process = spawn(shape, &web_files)?;
        let api = await_ready(shape, &mut process, interrupt)?;
        println!("starting HAProxy on {}, {} and {}", ports.mseal, ports.mgrpc, ports.tseal);
        let gateway = Gateway::start(places, ports, data_dir, *udp, interrupt)?;
        let shape = shape.clone();
        Ok(Self {
            gateway,
            suiftly: process,
            _database: database,
            api,
            shape,
            web_files,
            unexpected_deaths: 0,
            _alone: alone,
        })
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

    /// The customer of the first key, which is asked with most.
    pub(crate) fn first_customer(&self) -> anyhow::Result<i64> {
        self.seeded()?[0]["customer_id"].as_i64().context("the seed made no keys")
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

    /// What `suiftly seed` wrote.
    fn seeded(&self) -> anyhow::Result<serde_json::Value> {
        let path = self.shape.data_dir.join("demo-keys.json");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
    }

    pub(crate) fn suiftly(&self) -> &Path {
        &self.shape.suiftly
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.shape.data_dir
    }

    /// The pipeline's figures, and the usage in this range.
    pub(crate) fn figures(&mut self, range: &Range) -> anyhow::Result<Figures> {
        Ok(Figures { usage: self.api.usage(range)?, pipeline: self.api.pipeline()? })
    }

    /// `kill -9` on `suiftly`, and a new one.
    pub(crate) fn kill_suiftly(&mut self) -> anyhow::Result<()> {
        self.suiftly.kill_at_once();
        self.suiftly = spawn(&self.shape, &self.web_files)?;
        Ok(())
    }

    /// Starts `suiftly` again if it died by itself; an error if it does so too often, or if HAProxy is gone.
    pub(crate) fn look_after(&mut self) -> anyhow::Result<()> {
        self.gateway.check()?;
        let Err(death) = self.suiftly.check() else { return Ok(()) };
        self.unexpected_deaths += 1;
        if self.unexpected_deaths > UNEXPECTED_DEATHS_MAX {
            return Err(death);
        }
        println!("{death:#}\nstarting it again");
        self.suiftly = spawn(&self.shape, &self.web_files)?;
        Ok(())
    }
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
        .envs(shape.settings.iter().copied());
    let farewell = [(Signal::SIGTERM, DRAIN_TIME_MAX)];
    Supervised::spawn("suiftly", &mut command, &shape.data_dir.join("logs/suiftly.log"), &farewell)
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
