//! The operator console's own window, driven on a running system: it asks the gateway, sends lines that nobody can read, and
//! has `suiftly` killed and started again.

use crate::build::npm;
use crate::places::Places;
use crate::signals::Interrupt;
use crate::stack::{Shape, Stack};
use crate::steps::Steps;
use crate::up::Session;
use anyhow::Context as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How often we look whether the test asks for a restart.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the window's tests on a system of its own.
pub(crate) fn run(
    places: &Places,
    steps: &mut Steps,
    shape: &Shape,
    rate: u32,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let mut session = None;
    steps.work("the system starts, for the console", || {
        session = Some(Session::start(places, shape, rate, interrupt)?);
        Ok(())
    })?;
    let mut session = session.context("the system was started")?;
    let work = places.target.join("xtask-test");
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let restart = work.join("restart-suiftly");
    let stack = &session.stack;
    let mut tests = npm(&places.console(), &["run", "e2e", "-w", "@suiftly/desktop-ui"]);
    tests
        .env("SUIFTLY_URL", stack.admin_url())
        .env("SUIFTLY_TOKEN_FILE", stack.token_file())
        .env("SUIFTLY_GATEWAY", format!("http://{}", shape.ports.mseal))
        .env("SUIFTLY_SYSLOG", shape.ports.syslog.to_string())
        .env("SUIFTLY_DEMO_KEYS", shape.data_dir.join("demo-keys.json"))
        .env("SUIFTLY_RESTART", &restart)
        .env("SUIFTLY_CONSOLE", places.target.join("debug/suiftly-console"))
        .env("SUIFTLY_SHOTS", work.join("shots/desktop"));
    let ended = AtomicBool::new(false);
    let stack = &mut session.stack;
    thread::scope(|scope| {
        let restarting = scope.spawn(|| restart_when_asked(stack, &restart, &ended));
        let outcome = steps.command("the console in its window", &mut tests);
        ended.store(true, Ordering::Release);
        let restarted = restarting.join().map_err(|_| anyhow::anyhow!("the thread that restarts suiftly panicked"))?;
        outcome.and(restarted)
    })
}

/// Kills `suiftly` and starts it again each time the file appears; the file goes when a new one was started.
fn restart_when_asked(stack: &mut Stack, asked: &Path, ended: &AtomicBool) -> anyhow::Result<()> {
    while !ended.load(Ordering::Acquire) {
        if asked.exists() {
            stack.kill_suiftly()?;
            fs::remove_file(asked).with_context(|| format!("cannot remove {}", asked.display()))?;
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
