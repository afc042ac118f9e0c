//! The checks on a running system: a browser on one with traffic, another beside a local chain, the desktop window on a third,
//! then runs by UDP and with `kill -9`; all but the window's, into which lines come from aside, with a reconciliation. All on one
//! data directory, so that a run on old data is checked as well; but for the chain's, since a database stays with its escrow, and
//! for money, whose clock is moved.

use crate::build::npm;
use crate::database::db;
use crate::outage;
use crate::owner;
use crate::places::Places;
use crate::ports::Ports;
use crate::process::run_quietly;
use crate::signals::Interrupt;
use crate::stack::{AS_OFTEN_AS_THEY_LIKE, Shape};
use crate::steps::Steps;
use crate::up::{SHOWS_MONEY_RATE, Session, must_hold};
use crate::window;
use anyhow::Context as _;
use std::fs;
use std::path::Path;

/// Requests per second: enough to see everything move, few enough to leave the machine to the browser.
const RATE: u32 = 300;
const UDP_SECONDS: u32 = 15;
const KILL_SECONDS: u32 = 15;
const KILLS: u32 = 5;

/// Runs them; a closing line says how many passed.
pub(crate) fn all(places: &Places, steps: &mut Steps) -> anyhow::Result<()> {
    let mut passed = 0;
    let outcome = each(places, steps, &mut passed);
    steps.closing_line(format!("end to end: {passed} passed, {} failed", u32::from(outcome.is_err())));
    outcome
}

fn each(places: &Places, steps: &mut Steps, passed: &mut u32) -> anyhow::Result<()> {
    let data_dir = places.data_dir("suiftly-test");
    let shape = |udp| {
        let suiftly = places.suiftly(false);
        anyhow::Ok(Shape {
            suiftly,
            data_dir: data_dir.clone(),
            ports: Ports::free()?,
            udp,
            past: false,
            settings: &AS_OFTEN_AS_THEY_LIKE,
        })
    };
    let interrupt = steps.interrupt().clone();
    steps.work("a fresh data directory", || clear(&places.suiftly(false), &data_dir))?;
    in_browser(places, steps, &shape(false)?, &interrupt, passed)?;
    let mut on_chain = shape(false)?;
    on_chain.data_dir = places.data_dir("suiftly-test-sui");
    owner::run(places, steps, &on_chain, RATE, &interrupt)?;
    *passed += 1;
    window::run(places, steps, &shape(false)?, RATE, &interrupt)?;
    *passed += 1;
    let udp = shape(true)?;
    steps.work("a run by UDP reconciles", || run(places, &udp, UDP_SECONDS, 0, &interrupt))?;
    *passed += 1;
    let mut paying = shape(false)?;
    paying.data_dir = places.data_dir("suiftly-test-money");
    steps.work("a limit is passed, an escrow runs out and is filled, the month closes, the audit agrees", || {
        clear(&paying.suiftly, &paying.data_dir)?;
        let mut session = Session::start(places, &paying, SHOWS_MONEY_RATE, &interrupt)?;
        session.show_money(true, &interrupt)?;
        session.see_the_show_out(&interrupt)?;
        must_hold(session.reconcile(&interrupt)?)
    })?;
    *passed += 1;
    let killed = shape(false)?;
    steps.work("a run with five times kill -9 reconciles", || run(places, &killed, KILL_SECONDS, KILLS, &interrupt))?;
    *passed += 1;
    let outage = shape(false)?;
    steps.work("edge, suiftly and HAProxy are killed, and the gateway goes on", || {
        outage::run(places, &outage, &interrupt)
    })?;
    *passed += 1;
    Ok(())
}

/// What an earlier check left, its database included.
pub(crate) fn clear(suiftly: &Path, data_dir: &Path) -> anyhow::Result<()> {
    if !data_dir.exists() {
        return Ok(());
    }
    // One that was interrupted early has none yet.
    if data_dir.join("postgres").is_dir() {
        run_quietly(&mut db(suiftly, "stop", data_dir))?;
    }
    fs::remove_dir_all(data_dir).with_context(|| format!("cannot remove {}", data_dir.display()))
}

/// A browser looks at a driven system and asks its gateway; then it reconciles, what the browser asked included.
fn in_browser(
    places: &Places,
    steps: &mut Steps,
    shape: &Shape,
    interrupt: &Interrupt,
    passed: &mut u32,
) -> anyhow::Result<()> {
    let mut session = None;
    steps.work("the system starts", || {
        session = Some(Session::start(places, shape, RATE, interrupt)?);
        Ok(())
    })?;
    let mut session = session.context("the system was started")?;
    let asked = places.target.join("xtask-test/asked-in-browser");
    session.count_others(&asked)?;
    let stack = &session.stack;
    let mut browser = npm(&places.console(), &["run", "e2e", "-w", "@suiftly/web"]);
    browser
        .env("SUIFTLY_URL", stack.url())
        .env("SUIFTLY_WALLET", stack.first_wallet()?)
        .env("SUIFTLY_ASKED", &asked)
        .env("SUIFTLY_SHOTS", places.target.join("xtask-test/shots/web"));
    steps.command("the dashboard in a browser", &mut browser)?;
    *passed += 1;
    steps.work("a run by ring reconciles", || must_hold(session.reconcile(interrupt)?))?;
    *passed += 1;
    Ok(())
}

fn run(places: &Places, shape: &Shape, seconds: u32, kills: u32, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut session = Session::start(places, shape, RATE, interrupt)?;
    session.watch(Some(seconds), kills, interrupt)?;
    must_hold(session.reconcile(interrupt)?)
}
