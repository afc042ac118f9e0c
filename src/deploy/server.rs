//! This server by its own tools: apt, systemd, the program's own answers, and the program again as the account that may
//! connect to the database.

use super::here::{Look, Machine};
use super::local::open_plain;
use super::part::{self, Part};
use super::status::Status;
use super::{Paths, ssh};
use crate::cli::Place;
use crate::client::Client;
use crate::config::Config;
use anyhow::{Context, bail, ensure};
use nix::unistd::{User, geteuid};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use suiftly_store::config::StoreConfig;
use suiftly_store::probe::probe;
use tokio::runtime::Runtime;

/// The program that the units run.
const PROGRAM: &str = "/usr/bin/suiftly";
/// How long the others are waited for. Whoever has said nothing by then is not there any more.
const GATHERS_WITHIN: Duration = Duration::from_secs(600);
/// How often it is looked whether they are there.
const GATHER_EVERY: Duration = Duration::from_millis(500);
/// What they say is shorter.
const GATHERED_BYTES_MAX: u64 = 256;
/// Whom the service runs as: PostgreSQL lets it in by its account.
const ACCOUNT: &str = "suiftly";
/// This program, even after its file was replaced by another version's.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Of what a tool says, the end is told.
const SAID_CHARS_MAX: usize = 500;

/// The version of the schema that the configured database has.
pub(super) fn schema(place: &Place) -> anyhow::Result<i32> {
    let config = Config::read(place.config.as_deref())?;
    let url = config.database.url.as_deref().context("the configuration has no database.url")?;
    let store = StoreConfig::from_url(url)?;
    Ok(runtime()?.block_on(probe(&store))?.schema_version)
}

fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start a runtime")
}

/// This server, with the file that its steps are told in.
pub(super) struct Server<'a> {
    paths: &'a Paths,
    place: &'a Place,
    told: &'a mut Status,
    part: Part,
    units: Vec<String>,
    /// How many processes of the dataflow an ingester was linked to at first.
    linked: Option<u64>,
    runtime: Runtime,
    began: Instant,
}

impl<'a> Server<'a> {
    pub(super) fn new(paths: &'a Paths, place: &'a Place, told: &'a mut Status, part: Part) -> anyhow::Result<Self> {
        let (units, runtime, began) = (part::units(part)?, runtime()?, Instant::now());
        Ok(Self { paths, place, told, part, units, linked: None, runtime, began })
    }

    /// Whether the others have it; `None`: nobody has said so yet.
    fn have_it(&self) -> Option<bool> {
        let mut told = String::new();
        open_plain(&self.paths.gathered).ok()?.take(GATHERED_BYTES_MAX).read_to_string(&mut told).ok()?;
        [true, false].into_iter().find(|have_it| told == ssh::gathered_text(&self.told.id, *have_it))
    }

    fn asked(&mut self) -> anyhow::Result<Look> {
        match self.part {
            Part::Whole | Part::Api => self.runtime.block_on(asked(self.place)),
            Part::Ingest => {
                let (look, linked) = self.runtime.block_on(asked_ingester(self.place))?;
                // It has caught up when it ships to as many as before.
                let wanted = *self.linked.get_or_insert(linked);
                let missing = format!("{linked} of {wanted} processes of the dataflow are linked to it");
                Ok(Look { trouble: look.trouble.or((linked < wanted).then_some(missing)), ..look })
            }
            Part::Dataflow | Part::Edge => seen(&self.units),
        }
    }

    /// A command of this version of the program, as the service's account.
    fn own(&self, command: &[&str]) -> anyhow::Result<Command> {
        let mut own = Command::new(OWN_PROGRAM);
        own.args(command).arg("--data-dir").arg(&self.place.data_dir).current_dir("/");
        if let Some(config) = &self.place.config {
            own.arg("--config").arg(config);
        }
        if geteuid().is_root() {
            let user = User::from_name(ACCOUNT).with_context(|| format!("cannot look for user {ACCOUNT}"))?;
            let user = user.with_context(|| format!("there is no user {ACCOUNT}: `suiftly provision` makes it"))?;
            own.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        Ok(own)
    }
}

impl Machine for Server<'_> {
    fn schema(&mut self) -> anyhow::Result<i32> {
        let said = run(&mut self.own(&["deploy", "--here", "--schema"])?)?;
        said.trim().parse().with_context(|| format!("{:?} is no version of a schema", said.trim()))
    }

    fn back_up(&mut self) -> anyhow::Result<Option<String>> {
        if Config::read(self.place.config.as_deref())?.backup.recipients.is_empty() {
            return Ok(None);
        }
        let said = run(&mut self.own(&["backup", "create"])?)?;
        Ok(Some(said.lines().next().unwrap_or_default().to_owned()))
    }

    fn install(&mut self, package: &Path) -> anyhow::Result<()> {
        // With its dependencies, forth and back; configuration that somebody has changed stays as it is.
        let mut apt = Command::new("apt-get");
        apt.args(["install", "--yes", "--allow-downgrades", "--no-install-recommends", "--reinstall"]);
        apt.args(["-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=120"]).arg(package);
        run(apt.env("DEBIAN_FRONTEND", "noninteractive").env("NEEDRESTART_SUSPEND", "1")).map(drop)
    }

    fn gathered(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            match self.have_it() {
                Some(true) => return Ok(()),
                Some(false) => bail!("another server did not get it"),
                None => ensure!(began.elapsed() < GATHERS_WITHIN, "nothing was heard of the others"),
            }
            std::thread::sleep(GATHER_EVERY);
        }
    }

    fn run_id(&mut self) -> anyhow::Result<String> {
        let runs = self.units.iter().map(|unit| run_of(unit)).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(runs.join(" "))
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        // What has changed of the unit counts from now on; whether it gets ready is looked at, not waited for here.
        run(Command::new("systemctl").arg("daemon-reload"))?;
        run(Command::new("systemctl").args(["restart", "--no-block"]).args(&self.units)).map(drop)
    }

    fn look(&mut self) -> Look {
        let look = self.asked().unwrap_or_else(|error| Look { trouble: Some(format!("{error:#}")), ..Look::default() });
        // Its sockets are open though it does not run: that nobody answers is not the reason.
        Look {
            trouble: look.trouble.map(|trouble| self.units.iter().find_map(|unit| ended(unit)).unwrap_or(trouble)),
            ..look
        }
    }

    fn pause(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn elapsed(&mut self) -> Duration {
        self.began.elapsed()
    }

    fn told(&mut self, what: &str) {
        self.told.step(what);
        if let Err(error) = self.told.write(self.paths) {
            tracing::error!(%error, what, "a step of the deployment is not written down");
        }
    }
}

/// What the server says of itself.
async fn asked(place: &Place) -> anyhow::Result<Look> {
    let client = Client::of(place)?;
    let health = client.get_once("/health").await?;
    let ready = client.get_once("/ready").await;
    let loss = client.get_once("/api/v1/loss").await.ok();
    let lost = loss.as_ref().and_then(|loss| loss["totals"]["missing_final"].as_u64());
    let pipeline = client.get_once("/api/v1/pipeline").await.ok();
    let journal =
        pipeline.as_ref().and_then(|of| of["journal"]["error"].as_str()).map(|error| format!("journal: {error}"));
    Ok(Look { version: version_of(&health), trouble: ready.err().map(|error| format!("{error:#}")).or(journal), lost })
}

/// What an ingester says of itself, and how many processes of the dataflow are linked to it. Anybody may ask it.
async fn asked_ingester(place: &Place) -> anyhow::Result<(Look, u64)> {
    let client = Client::with_token(&Config::read(place.config.as_deref())?, String::new())?;
    let health = client.get_once("/health").await?;
    let state = health["roles"][0]["state"].as_str().unwrap_or("silent").to_owned();
    let trouble = (state != "live").then(|| format!("the ingester is {state}"));
    let linked = health["cluster"]["linked"].as_u64().unwrap_or_default();
    Ok((Look { version: version_of(&health), trouble, lost: None }, linked))
}

/// What systemd says: a unit is active once its process has said that it serves. A process whose program was replaced is
/// of another version.
fn seen(units: &[String]) -> anyhow::Result<Look> {
    let mut is_of_before = false;
    for unit in units {
        let shown = run(Command::new("systemctl").args(["show", "--property=ActiveState,MainPID", unit]))?;
        let state = property(&shown, "ActiveState").unwrap_or_default();
        if state != "active" {
            return Ok(Look { trouble: Some(format!("{unit} is {state}")), ..Look::default() });
        }
        let process = property(&shown, "MainPID").unwrap_or_default();
        let program = fs::read_link(format!("/proc/{process}/exe")).context("cannot see what runs")?;
        is_of_before |= program != Path::new(PROGRAM);
    }
    if is_of_before {
        return Ok(Look::default());
    }
    let said = run(Command::new(PROGRAM).arg("--version"))?;
    Ok(Look { version: said.split_whitespace().nth(1).map(str::to_owned), ..Look::default() })
}

/// Which start of a unit runs; empty: none does.
fn run_of(unit: &str) -> anyhow::Result<String> {
    let shown = run(Command::new("systemctl").args(["show", "--property=InvocationID,ActiveState", unit]))?;
    let is_active = matches!(property(&shown, "ActiveState"), Some("active" | "activating" | "reloading"));
    Ok(property(&shown, "InvocationID").filter(|_| is_active).unwrap_or_default().to_owned())
}

/// Why a unit does not run, as far as systemd knows; `None`: it does.
fn ended(unit: &str) -> Option<String> {
    let asked = ["show", "--property=SubState,Result,ExecMainStatus,NRestarts", unit];
    let shown = run(Command::new("systemctl").args(asked)).ok()?;
    if !matches!(property(&shown, "SubState")?, "auto-restart" | "failed" | "dead") {
        return None;
    }
    let (result, status) = (property(&shown, "Result")?, property(&shown, "ExecMainStatus")?);
    let restarts = property(&shown, "NRestarts")?;
    Some(format!(
        "the service ended ({result}, status {status}) and was started anew {restarts} times: `journalctl -u {unit}` says why"
    ))
}

/// What `systemctl show` says of a property.
fn property<'a>(shown: &'a str, name: &str) -> Option<&'a str> {
    shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

fn version_of(health: &Value) -> Option<String> {
    health["version"].as_str().map(str::to_owned)
}

/// A tool's output; an error ends with what it said last.
pub(super) fn run(command: &mut Command) -> anyhow::Result<String> {
    let tool = match command.get_program().to_string_lossy() {
        own if own == OWN_PROGRAM => "suiftly".to_owned(),
        other => other.into_owned(),
    };
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {tool}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said =
        format!("{}\n{}", String::from_utf8_lossy(&done.stdout).trim(), String::from_utf8_lossy(&done.stderr).trim());
    let skipped = said.chars().count().saturating_sub(SAID_CHARS_MAX);
    let end: String = said.chars().skip(skipped).collect();
    bail!("{tool} failed ({}): {}", done.status, end.trim())
}

#[cfg(test)]
mod tests {
    use super::property;

    #[test]
    fn a_property_is_found_by_its_whole_name() {
        let shown = "Result=exit-code\nExecMainStatus=1\nNRestarts=\nResultOther=2\n";
        for (name, value) in
            [("Result", Some("exit-code")), ("ExecMainStatus", Some("1")), ("NRestarts", Some("")), ("Exec", None)]
        {
            assert_eq!(property(shown, name), value, "{name}");
        }
    }
}
