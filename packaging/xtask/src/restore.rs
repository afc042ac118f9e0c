//! `cargo xtask restore`: a backup under load, restored elsewhere and audited; then a point in time, and refusals.
//!
//! ```text
//! five weeks of the past ─ a month closed ─ load ──── backup ──── quiet: bills Q ─ load ─ quiet: bills F ─ stop
//!                                                       ├─ alone:                    whole, audited
//!                                                       ├─ and the later journal:    bills = F, and it goes on
//!                                                       └─ until Q:                  bills = Q
//! ```
//!
//! What it saw goes to `docs/proof/restore.md`.

mod bills;
mod refusals;
mod report;

use crate::build;
use crate::end_to_end::clear;
use crate::install;
use crate::machine;
use crate::numbered::Sending;
use crate::observe::Baseline;
use crate::past;
use crate::places::Places;
use crate::ports::Ports;
use crate::reconcile::grouped;
use crate::settle::settle;
use crate::signals::Interrupt;
use crate::stack::{Shape, Stack, await_ready, spawn};
use crate::traffic::Traffic;
use anyhow::{Context as _, bail, ensure};
use bills::Bills;
use report::Report;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

/// Requests a second while the backup is made.
const RATE: u32 = 300;
const LOAD_TIME: Duration = Duration::from_secs(10);
/// The manager looks for months to close each minute.
const CLOSED_TIME_MAX: Duration = Duration::from_secs(150);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// What a restored system is sent, to see it go on.
const GOES_ON_TIME: Duration = Duration::from_secs(2);
const GOES_ON_TIME_MAX: Duration = Duration::from_secs(60);
const SEED: u64 = 1;

/// Builds, runs, writes the report.
pub(crate) fn restore() -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    build::suiftly(&places, false)?;
    let interrupt = Interrupt::catch()?;
    check(&places, &interrupt, places.root.join("docs/proof/restore.md"))?;
    Ok(ExitCode::SUCCESS)
}

/// With what was built; what was seen is written to `proof`.
pub(crate) fn check(places: &Places, interrupt: &Interrupt, proof: PathBuf) -> anyhow::Result<()> {
    let facts = [machine::machine(places), machine::versions(places, &places.suiftly(false))];
    let mut report = Report::new(proof, &facts);
    let outcome = run(places, interrupt, &mut report);
    report.close(outcome.as_ref().err())?;
    outcome
}

/// Where everything is.
struct Scene {
    suiftly: PathBuf,
    source: PathBuf,
    /// Restored systems, backups and keys.
    work: PathBuf,
}

impl Scene {
    /// A fresh one.
    fn set(places: &Places) -> anyhow::Result<Self> {
        let suiftly = places.suiftly(false);
        let (source, work) = (places.data_dir("suiftly-restore"), places.data_dir("suiftly-restored"));
        clear(&suiftly, &source)?;
        // Keys and backups lie beside the systems.
        let left = fs::read_dir(&work).into_iter().flatten().flatten().map(|entry| entry.path());
        for system in left.filter(|path| path.is_dir()) {
            clear(&suiftly, &system)?;
        }
        if work.exists() {
            fs::remove_dir_all(&work).with_context(|| format!("cannot remove {}", work.display()))?;
        }
        fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
        Ok(Self { suiftly, source, work })
    }

    /// `suiftly …`; its output, of a run that succeeded.
    fn suiftly(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let (succeeded, said) = self.attempt(arguments)?;
        ensure!(succeeded, "suiftly {} failed: {said}", arguments.join(" "));
        Ok(said)
    }

    /// Whether it succeeded, and what it said: on standard output, or why not.
    fn attempt(&self, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
        let mut command = Command::new(&self.suiftly);
        let output = command.args(arguments).env("SUIFTLY_LOG", "warn").output().context("cannot run suiftly")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.success(), if output.status.success() { said } else { said + &complaint }))
    }

    fn identity(&self) -> PathBuf {
        self.work.join("identity")
    }

    fn backups(&self) -> PathBuf {
        self.work.join("backups")
    }
}

/// What was made and seen of the source.
struct Source {
    backup: PathBuf,
    /// At a quiet moment after the backup, and when that was.
    quiet: Bills,
    quiet_at: UnixMillis,
    /// At the end.
    last: Bills,
}

fn run(places: &Places, interrupt: &Interrupt, report: &mut Report) -> anyhow::Result<()> {
    let scene = Scene::set(places)?;
    let source = observe(places, &scene, interrupt, report)?;
    let (file, identity) = (text(&source.backup)?, text(&scene.identity())?);
    let journal = text(&scene.source.join("journal"))?;
    report.section("The backup alone");
    let alone = text(&scene.work.join("alone"))?;
    let said = scene.suiftly(&["restore", &file, "--into", &alone, "--identity", &identity])?;
    report.command("suiftly restore BACKUP --into alone --identity FILE", &said);
    report.section("With the journal that went on, to its end");
    let whole = scene.work.join("whole");
    let into = text(&whole)?;
    let said = scene.suiftly(&["restore", &file, "--into", &into, "--identity", &identity, "--journal", &journal])?;
    report.command("suiftly restore BACKUP --into whole --identity FILE --journal source/journal", &said);
    bills_must_equal(report, "at the end", &source.last, &Bills::of_stopped(&scene.suiftly, &whole)?)?;
    report.section("Up to a moment between");
    let between = scene.work.join("between");
    let (into, until) = (text(&between)?, source.quiet_at.rfc3339());
    let order = ["restore", &file, "--into", &into, "--identity", &identity, "--journal", &journal, "--until", &until];
    let said = scene.suiftly(&order)?;
    report.command(&format!("suiftly restore BACKUP --into between … --until {until}"), &said);
    bills_must_equal(report, "at that moment", &source.quiet, &Bills::of_stopped(&scene.suiftly, &between)?)?;
    report.section("It goes on");
    report.line(&goes_on(places, &scene, &whole, interrupt)?);
    report.section("What is refused");
    refusals::each(&scene, &source.backup, report)
}

/// Runs the source under load, and takes a backup meanwhile.
fn observe(places: &Places, scene: &Scene, interrupt: &Interrupt, report: &mut Report) -> anyhow::Result<Source> {
    let shape = Shape {
        suiftly: scene.suiftly.clone(),
        data_dir: scene.source.clone(),
        ports: Ports::free()?,
        udp: false,
        past: true,
        settings: &[],
    };
    let (mut stack, baseline) = Stack::start(places, &shape, interrupt)?;
    let identity = text(&scene.identity())?;
    let recipient = scene.suiftly(&["backup", "key", "--out", &identity])?.trim().to_owned();
    let closed = await_closed(scene, interrupt)?;
    report.section("The backup, under load");
    report.line(&format!(
        "{closed} invoices of months that are over; traffic through HAProxy at {RATE} requests a second."
    ));
    let traffic = Traffic::start(shape.ports, stack.keys()?, RATE)?;
    wait(LOAD_TIME, interrupt)?;
    let (backup, said) = back_up(scene, &recipient)?;
    report.command("suiftly backup create --recipient age1… --dir backups", &said);
    wait(LOAD_TIME, interrupt)?;
    let mut sent = traffic.stop().answered();
    let quiet = quiet_bills(&mut stack, scene, &baseline, interrupt)?;
    let quiet_at = now()?;
    wait(Duration::from_secs(1), interrupt)?;
    let traffic = Traffic::start(shape.ports, stack.keys()?, RATE)?;
    wait(LOAD_TIME, interrupt)?;
    sent += traffic.stop().answered();
    let last = quiet_bills(&mut stack, scene, &baseline, interrupt)?;
    ensure!(last != quiet, "the second load changed no bill");
    report.line(&format!("{} requests were answered in all; {last} at the end.", grouped(sent)));
    Ok(Source { backup, quiet, quiet_at, last })
}

fn back_up(scene: &Scene, recipient: &str) -> anyhow::Result<(PathBuf, String)> {
    let (data_dir, dir, config) =
        (text(&scene.source)?, text(&scene.backups())?, text(&past::config_file(&scene.source))?);
    let create =
        ["backup", "create", "--data-dir", &data_dir, "--config", &config, "--dir", &dir, "--recipient", recipient];
    let said = scene.suiftly(&create)?;
    let path = said.lines().next().map(PathBuf::from).context("no file was named")?;
    ensure!(path.is_file(), "there is no {}", path.display());
    Ok((path, said))
}

/// Until the months that are over are closed: the past has some days of one.
fn await_closed(scene: &Scene, interrupt: &Interrupt) -> anyhow::Result<usize> {
    let deadline = Instant::now() + CLOSED_TIME_MAX;
    let mut last = 0;
    loop {
        let count = bills::invoices(&scene.suiftly, &scene.source)?.len();
        if count > 0 && count == last {
            return Ok(count);
        }
        last = count;
        ensure!(Instant::now() < deadline, "no month closes");
        wait(LOOK_EVERY, interrupt)?;
    }
}

/// When everything that was asked has arrived and is stored.
fn quiet_bills(stack: &mut Stack, scene: &Scene, baseline: &Baseline, interrupt: &Interrupt) -> anyhow::Result<Bills> {
    settle(stack, &baseline.figures, &baseline.range, interrupt)?;
    Bills::of(&scene.suiftly, &scene.source)
}

fn bills_must_equal(report: &mut Report, when: &str, source: &Bills, restored: &Bills) -> anyhow::Result<()> {
    let differences = source.differences(restored);
    ensure!(differences.is_empty(), "bills differ {when}:\n{}", differences.join("\n"));
    report.line(&format!("Every bill is the source's {when}, to the micro-dollar: {restored}."));
    Ok(())
}

/// A restored system starts, takes lines, and stores them.
fn goes_on(places: &Places, scene: &Scene, data_dir: &Path, interrupt: &Interrupt) -> anyhow::Result<String> {
    let ports = Ports::free()?;
    let (suiftly, data_dir) = (scene.suiftly.clone(), data_dir.to_owned());
    let shape = Shape { suiftly, data_dir, ports, udp: false, past: false, settings: &[] };
    let mut process = spawn(&shape, &places.web_files())?;
    let mut api = await_ready(&shape, &mut process, interrupt)?;
    let before = api.pipeline()?;
    let sending = Sending::start(ports.syslog, SEED)?;
    wait(GOES_ON_TIME, interrupt)?;
    drop(sending.stop()?);
    let deadline = Instant::now() + GOES_ON_TIME_MAX;
    loop {
        let now = api.pipeline()?;
        if now.accepted > before.accepted && now.stored == now.accepted {
            ensure!(process.stop(), "the restored suiftly does not end by itself");
            let taken = grouped(now.accepted - before.accepted);
            return Ok(format!("`suiftly up --data-dir whole` started, took {taken} lines more and stored them."));
        }
        process.check()?;
        ensure!(Instant::now() < deadline, "the restored system stores nothing");
        wait(LOOK_EVERY, interrupt)?;
    }
}

fn wait(time: Duration, interrupt: &Interrupt) -> anyhow::Result<()> {
    if interrupt.wait(time) {
        bail!("interrupted");
    }
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is no text", path.display()))
}

fn now() -> anyhow::Result<UnixMillis> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(UnixMillis(i64::try_from(since_epoch.as_millis())?))
}
