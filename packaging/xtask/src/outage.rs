//! Whoever dies, the gateway goes on with the last good vault: `kill -9` on the edge, on `suiftly` and on HAProxy, while
//! traffic runs. As long as the victim is away a key that is good is served and one that was revoked is refused, from the
//! first answer on; when it is back, a key that is enabled comes to be served, and refused when it is revoked.

use crate::books::Books;
use crate::customer::{Customer, Issued};
use crate::end_to_end::clear;
use crate::gateway::maps_dir;
use crate::http::Client;
use crate::places::Places;
use crate::ports::Ports;
use crate::signals::Interrupt;
use crate::stack::{Shape, Stack};
use crate::traffic::Traffic;
use anyhow::{bail, ensure};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use suiftly_schema::api_key::ApiKey;

/// Requests per second meanwhile.
const RATE: u32 = 300;
/// How long the victim is away.
const AWAY: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What is changed has come to the gateway by then; what takes longer has failed.
const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
const SERVED: u16 = 200;
const REFUSED: u16 = 403;

/// The customer's order with room for keys beyond those of the seed.
const MORE_KEYS: [&str; 7] = ["seal", "change", "--tier", "enterprise", "--burst", "--api-keys", "4"];

#[derive(Debug, Clone, Copy)]
enum Victim {
    Edge,
    Suiftly,
    Gateway,
}

impl Victim {
    const ALL: [Self; 3] = [Self::Edge, Self::Suiftly, Self::Gateway];

    const fn word(self) -> &'static str {
        match self {
            Self::Edge => "the edge",
            Self::Suiftly => "suiftly",
            Self::Gateway => "HAProxy",
        }
    }
}

/// The run on a fresh data directory.
pub(crate) fn alone(places: &Places, interrupt: &Interrupt) -> anyhow::Result<()> {
    let (suiftly, data_dir) = (places.suiftly(false), places.data_dir("suiftly-outage"));
    clear(&suiftly, &data_dir)?;
    run(places, &Shape { suiftly, data_dir, ports: Ports::free()?, udp: false, past: false, settings: &[] }, interrupt)
}

/// One after another dies.
pub(crate) fn run(places: &Places, shape: &Shape, interrupt: &Interrupt) -> anyhow::Result<()> {
    let (mut stack, _) = Stack::start(places, shape, interrupt)?;
    let _traffic = Traffic::start(shape.ports, stack.keys()?, RATE)?;
    let (person, _) = stack.first_people()?;
    let books = Books { suiftly: shape.suiftly.clone(), data_dir: shape.data_dir.clone() };
    books.ask(&[&["order", &person.id.to_string()], &MORE_KEYS[..]].concat())?;
    let mut trial = Trial {
        gateway: Client::new(shape.ports.mseal, ANSWER_TIME_MAX),
        api: shape.ports.api,
        wallet: person.wallet,
        good: stack.first_seal_key()?,
        interrupt: interrupt.clone(),
    };
    let key = trial.customer()?.issue_key()?;
    trial.comes_and_goes(&key)?;
    for victim in Victim::ALL {
        kill(&mut stack, victim, &mut trial, &key, interrupt)?;
        stack.await_in_sync(interrupt)?;
        trial.holds(&key)?;
        trial.customer()?.enable_key(key.id)?;
        trial.comes_and_goes(&key)?;
        println!("{} was killed: the gateway went on; a key was enabled and revoked, and both arrived", victim.word());
    }
    Ok(())
}

fn kill(
    stack: &mut Stack,
    victim: Victim,
    trial: &mut Trial,
    revoked: &Issued,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    match victim {
        Victim::Edge => {
            stack.end_edge();
            trial.holds_for(AWAY, revoked)?;
            stack.begin_edge()
        }
        Victim::Suiftly => {
            stack.end_suiftly();
            trial.holds_for(AWAY, revoked)?;
            stack.begin_suiftly()
        }
        // It is back before the edge has noticed: what it knows is what stands in the files, which are up to a second
        // behind what its predecessor had.
        Victim::Gateway => {
            trial.await_written(stack.data_dir(), revoked)?;
            stack.kill_gateway(interrupt)?;
            trial.holds_for(AWAY, revoked)
        }
    }
}

/// Who asks the gateway, with what.
struct Trial {
    gateway: Client,
    api: SocketAddr,
    wallet: String,
    good: String,
    interrupt: Interrupt,
}

impl Trial {
    fn customer(&self) -> anyhow::Result<Customer> {
        Customer::sign_in(self.api, &self.wallet)
    }

    /// A key that is good comes to be served; it is revoked, and comes to be refused.
    fn comes_and_goes(&mut self, key: &Issued) -> anyhow::Result<()> {
        self.comes_to(&key.key, SERVED, "a good key is served")?;
        self.customer()?.revoke_key(key.id)?;
        self.comes_to(&key.key, REFUSED, "a revoked key is refused")
    }

    /// Until the file that HAProxy starts from says that the key is revoked.
    fn await_written(&self, data_dir: &Path, revoked: &Issued) -> anyhow::Result<()> {
        let (file, hash) = (maps_dir(data_dir).join("keys.map"), ApiKey::parse(&revoked.key)?.sha256_hex());
        let deadline = Instant::now() + ARRIVES_WITHIN;
        let is_written = |line: &str| line.starts_with(&hash) && line.ends_with(",revoked");
        while !fs::read_to_string(&file).is_ok_and(|text| text.lines().any(is_written)) {
            ensure!(Instant::now() < deadline, "a revoked key is not in {}", file.display());
            self.rest()?;
        }
        Ok(())
    }

    fn comes_to(&mut self, key: &str, status: u16, what: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + ARRIVES_WITHIN;
        while self.ask(key)? != status {
            ensure!(Instant::now() < deadline, "{what}: not within {} s", ARRIVES_WITHIN.as_secs());
            self.rest()?;
        }
        Ok(())
    }

    fn holds_for(&mut self, time: Duration, revoked: &Issued) -> anyhow::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.holds(revoked)?;
            self.rest()?;
        }
        Ok(())
    }

    fn holds(&mut self, revoked: &Issued) -> anyhow::Result<()> {
        let (good, bad) = (self.ask(&self.good.clone())?, self.ask(&revoked.key)?);
        ensure!((good, bad) == (SERVED, REFUSED), "a good key is answered {good}, a revoked one {bad}");
        Ok(())
    }

    fn ask(&mut self, key: &str) -> anyhow::Result<u16> {
        let answer = self.gateway.get("/v1/fetch_key", &[("X-API-Key", key)]);
        Ok(answer.map_err(std::io::Error::from)?.status)
    }

    fn rest(&self) -> anyhow::Result<()> {
        if self.interrupt.wait(LOOK_EVERY) {
            bail!("interrupted");
        }
        Ok(())
    }
}
