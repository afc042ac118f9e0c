//! An owner's funds where the escrow is a contract on Sui: a browser's wallet signs, on a system beside a local chain. What came
//! of it is held against the chain, what is mirrored of it, charges and ledger.

use crate::books::Books;
use crate::build::npm;
use crate::chain;
use crate::end_to_end::clear;
use crate::places::Places;
use crate::signals::Interrupt;
use crate::stack::Shape;
use crate::steps::Steps;
use crate::up::{Session, must_hold};
use anyhow::{Context as _, bail};
use std::time::{Duration, Instant};

/// A charge of somebody else's may be under way whenever one looks, but not each time.
const AGREES_WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs the owner's journey on a system of its own, which goes at the end unless something has failed.
pub(crate) fn run(
    places: &Places,
    steps: &mut Steps,
    shape: &Shape,
    rate: u32,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let Shape { suiftly, data_dir, .. } = shape;
    let mut session = None;
    steps.work("the system starts, beside a local chain", || {
        clear(suiftly, data_dir)?;
        chain::choose(data_dir)?;
        session = Some(Session::start(places, shape, rate, interrupt)?);
        Ok(())
    })?;
    let session = session.context("the system was started")?;
    let stack = &session.stack;
    let mut browser = npm(&places.console(), &["run", "e2e:sui", "-w", "@suiftly/web"]);
    browser
        .env("SUIFTLY_URL", stack.url())
        .env("SUIFTLY_WALLET", stack.first_wallet()?)
        .env("SUIFTLY_CHAIN", chain::control_of(data_dir))
        .env("SUIFTLY_SHOTS", places.target.join("xtask-test/shots/sui"));
    steps.command("an owner's funds in a browser, signed by a wallet for a local chain", &mut browser)?;
    let books = Books { suiftly: suiftly.clone(), data_dir: data_dir.clone() };
    steps.work("chain, mirror, charges and ledger agree", || await_agreement(&books, interrupt))?;
    steps.work("a run beside a local chain reconciles", || {
        must_hold(session.reconcile(interrupt)?)?;
        clear(suiftly, data_dir)
    })
}

fn await_agreement(books: &Books, interrupt: &Interrupt) -> anyhow::Result<()> {
    let deadline = Instant::now() + AGREES_WITHIN;
    loop {
        match books.ask(&["reconcile"]) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error.context("the books do not agree")),
            Err(_) if interrupt.wait(LOOK_EVERY) => bail!("interrupted"),
            Err(_) => {}
        }
    }
}
