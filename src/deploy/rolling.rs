//! One server after the other. Nothing is touched before every server was asked; whatever goes wrong on one, the rest stay as
//! they are, and it is said of each how it stands.

use super::host::{Host, Progress, Standing};
use super::package::Package;
use super::plan::Request;
use super::schema::{self, Change, Coming};
use super::status::{Outcome, Status};
use crate::secrets;
use anyhow::{Context, anyhow, bail, ensure};
use std::time::Duration;

/// How often a server is asked how it stands.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// How long it may take until it says that it has begun.
const BEGINS_WITHIN: Duration = Duration::from_secs(60);
/// After a command that failed, so long: a connection may have dropped after all was said.
const TOLD_WITHIN: Duration = Duration::from_secs(6);
/// How long a server may not be reached while it works: it goes on by itself.
const AWAY_MAX: Duration = Duration::from_secs(300);
/// What installing may take beyond being ready, both ways.
const INSTALL_MAX: Duration = Duration::from_secs(1_800);
/// What the backup before a migration may take: it copies the whole database.
const BACKUP_MAX: Duration = Duration::from_secs(6 * 3_600);

/// What is to be had.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) package: Package,
    pub(super) watch_s: u64,
    pub(super) ready_within_s: u64,
    pub(super) even_if_unhealthy: bool,
    pub(super) no_way_back: bool,
    pub(super) migrates: bool,
}

impl Wish {
    fn request(&self) -> anyhow::Result<Request> {
        Ok(Request {
            id: data_encoding::HEXLOWER.encode(&secrets::random()?),
            sha256: self.package.sha256.clone(),
            version: self.package.version.clone(),
            watch_s: self.watch_s,
            ready_within_s: self.ready_within_s,
            even_if_unhealthy: self.even_if_unhealthy,
            no_way_back: self.no_way_back,
            migrates: self.migrates,
        })
    }

    /// The longest that a server may take, there and back.
    fn patience(&self) -> Duration {
        let backup = if self.migrates { BACKUP_MAX } else { Duration::ZERO };
        Duration::from_secs(2 * self.ready_within_s + self.watch_s) + INSTALL_MAX + backup
    }
}

/// Where it is said.
pub(super) type Say<'a> = &'a mut dyn FnMut(&str) -> anyhow::Result<()>;
/// How time passes.
pub(super) type Wait<'a> = &'a mut dyn FnMut(Duration);

/// Says what would be done.
pub(super) fn dry_run(wish: &Wish, hosts: &mut [Box<dyn Host>], say: Say<'_>) -> anyhow::Result<()> {
    let to = &wish.package.version;
    say(&format!("version {to} ({}), one server after the other:\n", wish.package.file.display()))?;
    let mut unfit = 0;
    for host in hosts.iter_mut() {
        let told = match look(host.as_mut()).and_then(|standing| in_words(wish, &standing)) {
            Ok(told) => told,
            Err(error) => {
                unfit += 1;
                format!("could not be done: {error:#}")
            }
        };
        say(&format!("{}: {told}\n", host.name()))?;
    }
    ensure!(unfit == 0, "{unfit} of {} servers could not be done", hosts.len());
    say(&format!(
        "each: upload, install, restart, ready within {} s, watched for {} s; else back to what it has. Nothing was changed.\n",
        wish.ready_within_s, wish.watch_s
    ))
}

/// Does it.
pub(super) fn roll(wish: &Wish, hosts: &mut [Box<dyn Host>], say: Say<'_>, wait: Wait<'_>) -> anyhow::Result<()> {
    for host in hosts.iter_mut() {
        look(host.as_mut()).with_context(|| format!("nothing was changed anywhere; {}", host.name()))?;
    }
    let count = hosts.len();
    for at in 0..count {
        let host = hosts[at].as_mut();
        say(&format!("{}: {} ({} of {count})\n", host.name(), wish.package.version, at + 1))?;
        if let Err(error) = one(wish, host, say, wait) {
            let rest: Vec<_> = hosts[at + 1..].iter().map(|host| host.name()).collect();
            let done: Vec<_> = hosts[..at].iter().map(|host| host.name()).collect();
            let list = |of: &[&str]| if of.is_empty() { "none".to_owned() } else { of.join(", ") };
            say(&format!("{}: {error:#}\n", hosts[at].name()))?;
            say(&format!("on {}: {}; not touched: {}\n", wish.package.version, list(&done), list(&rest)))?;
            bail!("stopped at {}: {error:#}", hosts[at].name());
        }
    }
    say(&format!("{count} of {count} servers run {}\n", wish.package.version))
}

fn look(host: &mut dyn Host) -> anyhow::Result<Standing> {
    let standing = host.standing()?;
    ensure!(!standing.is_at_work, "another deployment is at work there");
    ensure!(standing.installed.is_some(), "suiftly is not installed there: `suiftly provision` comes first");
    Ok(standing)
}

/// What would be done there, as far as it can be known from outside: the database itself is asked before the work.
fn in_words(wish: &Wish, standing: &Standing) -> anyhow::Result<String> {
    let installed = standing.installed.as_deref().unwrap_or("nothing");
    let told = format!("{installed} is to be followed by {}", wish.package.version);
    let coming = Coming { version: &wish.package.version, schema: wish.package.schema };
    let change = standing.schema.map(|there| schema::judge(coming, there, wish.migrates));
    match change.transpose().map_err(|why| anyhow!(why))? {
        Some(Change::From(there)) => Ok(format!("{told}, which may migrate the database from schema {there}")),
        _ => Ok(told),
    }
}

/// One server, to its end.
fn one(wish: &Wish, host: &mut dyn Host, say: Say<'_>, wait: Wait<'_>) -> anyhow::Result<()> {
    let request = wish.request()?;
    host.upload(&wish.package, &request).context("nothing was changed there")?;
    // Whether it was begun is asked, whatever became of the connection.
    let begun = host.begin();
    let status = follow(wish, host, &request, begun.err(), say, wait)?;
    let reason = status.reason.unwrap_or_else(|| "no reason given".to_owned());
    match status.outcome {
        Some(Outcome::Done) => Ok(()),
        Some(Outcome::Refused) => bail!("refused, nothing was changed there: {reason}"),
        Some(Outcome::RolledBack) => bail!("rolled back, {} runs there again: {reason}", status.from),
        Some(Outcome::Stuck) => bail!("somebody must look at it: {reason}"),
        None => bail!("it was interrupted there; `suiftly deploy --status` on it says where"),
    }
}

/// Tells each step once, until it has ended.
fn follow(
    wish: &Wish,
    host: &mut dyn Host,
    request: &Request,
    mut not_begun: Option<anyhow::Error>,
    say: Say<'_>,
    wait: Wait<'_>,
) -> anyhow::Result<Status> {
    let (mut told, mut waited, mut away) = (0, Duration::ZERO, Duration::ZERO);
    loop {
        match host.progress() {
            Ok(Progress { is_at_work, last }) => {
                away = Duration::ZERO;
                if let Some(status) = last.filter(|last| last.id == request.id) {
                    for step in status.steps.iter().skip(told) {
                        say(&format!("  {} {}\n", step.at, step.what))?;
                    }
                    told = status.steps.len();
                    // Nobody works on it any more: what it says is its last word.
                    if status.outcome.is_some() || !is_at_work {
                        return Ok(status);
                    }
                } else if waited >= TOLD_WITHIN
                    && let Some(error) = not_begun.take()
                {
                    return Err(error.context("it was not begun, nothing was changed there"));
                } else if waited >= BEGINS_WITHIN {
                    bail!("it was not begun there within {} s; nothing was changed", BEGINS_WITHIN.as_secs());
                }
            }
            Err(error) if away >= AWAY_MAX => {
                return Err(error.context(
                    "it is not to be reached any more, and goes on by itself: `suiftly deploy --status` on it says how it ended",
                ));
            }
            Err(_) => away += ASK_EVERY,
        }
        ensure!(waited < wish.patience(), "it takes longer than {} s there", wish.patience().as_secs());
        waited += ASK_EVERY;
        wait(ASK_EVERY);
    }
}
