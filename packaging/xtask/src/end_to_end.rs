//! The checks on a running system: a browser and the desktop window on one with traffic, then runs by UDP and with
//! `kill -9`, each with its reconciliation. All on one data directory, so that a run on old data is checked as well; but
//! for money, whose clock is moved.

use crate::build::npm;
use crate::database::db;
use crate::places::Places;
use crate::ports::Ports;
use crate::process::run_quietly;
use crate::signals::Interrupt;
use crate::stack::{AS_OFTEN_AS_THEY_LIKE, Shape};
use crate::steps::Steps;
use crate::up::{SHOWS_MONEY_RATE, SHOWS_MONEY_SECONDS, Session, must_hold};
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
            settings: &AS_OFTEN_AS_THEY_LIKE,
        })
    };
    let interrupt = steps.interrupt().clone();
    steps.work("a fresh data directory", || clear(&places.suiftly(false), &data_dir))?;
    on_screen(places, steps, &shape(false)?, &interrupt, passed)?;
    let udp = shape(true)?;
    steps.work("a run by UDP reconciles", || run(places, &udp, UDP_SECONDS, 0, &interrupt))?;
    *passed += 1;
    let mut paying = shape(false)?;
    paying.data_dir = places.data_dir("suiftly-test-money");
    steps.work("a limit is passed, the month closes, the audit agrees", || {
        clear(&paying.suiftly, &paying.data_dir)?;
        let mut session = Session::start(places, &paying, SHOWS_MONEY_RATE, &interrupt)?;
        session.show_money(&interrupt)?;
        session.watch(Some(SHOWS_MONEY_SECONDS), 0, &interrupt)?;
        must_hold(session.reconcile(&interrupt)?)
    })?;
    *passed += 1;
    let killed = shape(false)?;
    steps.work("a run with five times kill -9 reconciles", || run(places, &killed, KILL_SECONDS, KILLS, &interrupt))?;
    *passed += 1;
    Ok(())
}

/// What an earlier check left, its database included.
pub(crate) fn clear(suiftly: &Path, data_dir: &Path) -> anyhow::Result<()> {
    if !data_dir.exists() {
        return Ok(());
    }
    run_quietly(&mut db(suiftly, "stop", data_dir))?;
    fs::remove_dir_all(data_dir).with_context(|| format!("cannot remove {}", data_dir.display()))
}

/// The browser and the window look at a driven system; then it reconciles.
fn on_screen(
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
    let session = session.context("the system was started")?;
    let stack = &session.stack;
    let shots = places.target.join("xtask-test/shots");
    let mut browser = npm(&places.console(), &["run", "e2e", "-w", "@suiftly/web"]);
    browser
        .env("SUIFTLY_URL", stack.url())
        .env("SUIFTLY_WALLET", stack.first_wallet()?)
        .env("SUIFTLY_SHOTS", shots.join("web"));
    steps.command("the dashboard in a browser", &mut browser)?;
    *passed += 1;
    let mut window = npm(&places.console(), &["run", "e2e", "-w", "@suiftly/desktop-ui"]);
    window
        .env("SUIFTLY_URL", stack.admin_url())
        .env("SUIFTLY_TOKEN_FILE", stack.token_file())
        .env("SUIFTLY_CONSOLE", places.target.join("debug/suiftly-console"))
        .env("SUIFTLY_SHOTS", shots.join("desktop"));
    steps.command("the console in its window", &mut window)?;
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
