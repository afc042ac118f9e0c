//! `cargo xtask cluster repair`: the cable between a real HAProxy and the server is out for longer than HAProxy's ring holds lines;
//! when it is back, the edge finds what was lost in the ring that keeps the newest, and sends it again. Nothing is missing then.

use super::closing::Closing;
use super::page::Page;
use super::recount::Recount;
use super::senders::Numbered;
use super::setup::{SINGLE, Site, System, settle};
use crate::build;
use crate::edge::{self, SERVER_ID};
use crate::gateway::Gateway;
use crate::install;
use crate::numbered::{Gateway as Identity, Way};
use crate::observe::Baseline;
use crate::places::Places;
use crate::plan::demo_keys;
use crate::process::run_quietly;
use crate::reconcile::grouped;
use crate::signals::Interrupt;
use crate::stack::{Shape, seeded};
use crate::traffic::Traffic;
use anyhow::{Context as _, ensure};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Requests per second.
const RATE: u32 = 2_000;
/// What delivers holds some 4,000 lines, what keeps some 240,000.
const RINGS: [(&str, &str); 2] = [("SUIFTLY_RING_BYTES", "1048576"), ("SUIFTLY_KEEP_BYTES", "67108864")];
/// The bar.
const LOST: u64 = 10_000;
/// Lines of an outage: those, what the ring holds, and what a connection may hold, that goes on when the cable is back.
const LINES_MEANWHILE: u64 = LOST + 20_000;
const LOOK_EVERY: Duration = Duration::from_millis(250);
const CALM: Duration = Duration::from_secs(5);
const OUTAGE_TIME_MAX: Duration = Duration::from_secs(300);
const REPAIR_TIME_MAX: Duration = Duration::from_secs(300);
const SETTLE_TIME_MAX: Duration = Duration::from_secs(90);
const ABOUT: &str = "A real HAProxy with a delivering ring of 1 MiB and a keeping one of 64 MiB, some 2,000 requests a second, and \
    the edge; the server in\na network namespace, whose cable is pulled out until 30,000 lines were numbered. At the end every number \
    that HAProxy gave must be\nstored and billed, once.";

/// What was seen.
struct Repaired {
    most_missing: u64,
    repaired: u64,
    /// From the moment when the cable was back.
    after: Duration,
}

/// Builds, pulls the cable, tells, and writes the page.
pub(crate) fn repair() -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    build::suiftly(&places, true)?;
    let interrupt = Interrupt::catch()?;
    let (programs, data_dir) = ([places.suiftly(true)], places.data_dir("suiftly-cluster"));
    let site = Site { programs: &programs, data_dir: &data_dir, interrupt: &interrupt };
    let (seen, closing, differences) = run(&places, &site)?;
    let Repaired { most_missing, repaired, after } = seen;
    let verdict = if differences.is_empty() { "PASS" } else { "FAIL" };
    let mut body = format!(
        "**{verdict}: {} lines were missing at once, {} were repaired, none was missing {:.1} s after the cable was back**\n\n\
         {closing}.\n",
        grouped(most_missing),
        grouped(repaired),
        after.as_secs_f64()
    );
    differences.iter().for_each(|difference| body.push_str(&format!("\n- {difference}")));
    println!("{body}");
    let page = Page { file: "repair.md", title: "A gap repaired", command: "repair".to_owned(), about: ABOUT, body };
    page.write(&places)?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(places: &Places, site: &Site<'_>) -> anyhow::Result<(Repaired, Closing, Vec<String>)> {
    let mut system = System::single(site, true)?;
    run_quietly(Command::new(site.suiftly()?).arg("seed").arg("--data-dir").arg(site.data_dir))?;
    let (suiftly, data_dir, ports) = (site.suiftly()?.to_path_buf(), site.data_dir.to_path_buf(), system.ports);
    let shape = Shape { suiftly, data_dir, ports, udp: false, past: false, settings: &RINGS };
    let keys = demo_keys(&seeded(site.data_dir)?).context("the seed made no keys that the gateway could serve")?;
    let repair_to = format!("[\"tcp://{}\"]", ports.logs);
    let mut edge = edge::spawn_with(&shape, &[("SUIFTLY_EDGE__REPAIR_TO", repair_to)])?;
    edge::await_maps(&mut edge, site.data_dir, &keys, site.interrupt)?;
    let range = Baseline::take(&mut system.api)?.range;
    let gateway = Gateway::start(places, &shape, site.interrupt)?;
    edge::await_in_sync(&mut edge, &mut system.api, site.interrupt)?;
    let traffic = Traffic::start(ports, keys, RATE)?;
    let seen = lose_and_repair(&mut system, &gateway, site.interrupt)?;
    drop((traffic.stop(), edge));
    settle(&mut system, SETTLE_TIME_MAX, site.interrupt)?;
    let gateway_is = Identity { way: Way::Tcp, server_id: SERVER_ID, boot_ms: gateway.boot_ms() };
    let numbered = vec![Numbered { gateway: gateway_is, lines: gateway.lines_numbered()? }];
    let (pipeline, usage) = (system.api.pipeline()?, system.api.usage(&range, None)?);
    system.end_services();
    let journaled = Recount::of(system.journals.iter().map(PathBuf::as_path))?;
    let closing = Closing { numbered, journaled, pipeline, usage };
    let mut differences = closing.differences();
    if closing.lost() > 0 {
        differences.push(format!("{} lines are missing for good", closing.lost()));
    }
    if seen.most_missing < LOST || seen.repaired < LOST {
        differences.push(format!("fewer than {} lines were lost and repaired", grouped(LOST)));
    }
    Ok((seen, closing, differences))
}

fn lose_and_repair(system: &mut System, gateway: &Gateway, interrupt: &Interrupt) -> anyhow::Result<Repaired> {
    ensure!(!interrupt.wait(CALM), "interrupted");
    let before = gateway.lines_numbered()?;
    println!("the cable is out");
    system.net()?.pull(SINGLE)?;
    let began = Instant::now();
    while gateway.lines_numbered()? < before + LINES_MEANWHILE {
        ensure!(began.elapsed() < OUTAGE_TIME_MAX, "HAProxy does not number lines any more");
        ensure!(!interrupt.wait(LOOK_EVERY), "interrupted");
    }
    system.net()?.plug(SINGLE)?;
    println!("the cable is back after {:.1} s", began.elapsed().as_secs_f64());
    let (back, mut most_missing) = (Instant::now(), 0);
    loop {
        ensure!(!interrupt.wait(LOOK_EVERY), "interrupted");
        system.check()?;
        let after = back.elapsed();
        let Ok(lost) = system.api.lost() else {
            ensure!(after < REPAIR_TIME_MAX, "the server does not answer any more");
            continue;
        };
        most_missing = most_missing.max(lost.missing);
        // What is missing for a moment, since it is on its way, is not what was lost.
        let is_repaired = most_missing >= LOST && lost.missing == 0;
        if is_repaired || after > REPAIR_TIME_MAX {
            return Ok(Repaired { most_missing, repaired: lost.repaired, after });
        }
    }
}
