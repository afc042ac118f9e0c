//! This server by its own tools: apt, systemd, the program's own answers, and the program again as the account that may
//! connect to the database.

use super::Paths;
use super::here::{Look, Machine};
use super::status::Status;
use crate::cli::Place;
use crate::client::Client;
use crate::config::Config;
use anyhow::{Context, bail};
use nix::unistd::{User, geteuid};
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use suiftly_store::config::StoreConfig;
use suiftly_store::probe::probe;
use tokio::runtime::Runtime;

const UNIT: &str = "suiftly.service";
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
    runtime: Runtime,
    began: Instant,
}

impl<'a> Server<'a> {
    pub(super) fn new(paths: &'a Paths, place: &'a Place, told: &'a mut Status) -> anyhow::Result<Self> {
        Ok(Self { paths, place, told, runtime: runtime()?, began: Instant::now() })
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

    fn run_id(&mut self) -> anyhow::Result<String> {
        let shown = run(Command::new("systemctl").args(["show", "--property=InvocationID,ActiveState", UNIT]))?;
        let is_active = matches!(property(&shown, "ActiveState"), Some("active" | "activating" | "reloading"));
        Ok(property(&shown, "InvocationID").filter(|_| is_active).unwrap_or_default().to_owned())
    }

    fn restart(&mut self) -> anyhow::Result<()> {
        // What has changed of the unit counts from now on; whether it gets ready is looked at, not waited for here.
        run(Command::new("systemctl").arg("daemon-reload"))?;
        run(Command::new("systemctl").args(["restart", "--no-block", UNIT])).map(drop)
    }

    fn look(&mut self) -> Look {
        let asked = self.runtime.block_on(asked(self.place));
        let look = asked.unwrap_or_else(|error| Look { trouble: Some(format!("{error:#}")), ..Look::default() });
        // Its sockets are open though it does not run: that nobody answers is not the reason.
        Look { trouble: look.trouble.map(|trouble| ended().unwrap_or(trouble)), ..look }
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

/// Why the service does not run, as far as systemd knows; `None`: it does.
fn ended() -> Option<String> {
    let asked = ["show", "--property=SubState,Result,ExecMainStatus,NRestarts", UNIT];
    let shown = run(Command::new("systemctl").args(asked)).ok()?;
    if !matches!(property(&shown, "SubState")?, "auto-restart" | "failed" | "dead") {
        return None;
    }
    let (result, status) = (property(&shown, "Result")?, property(&shown, "ExecMainStatus")?);
    let restarts = property(&shown, "NRestarts")?;
    Some(format!(
        "the service ended ({result}, status {status}) and was started anew {restarts} times: `journalctl -u {UNIT}` says why"
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
fn run(command: &mut Command) -> anyhow::Result<String> {
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
