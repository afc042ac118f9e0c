//! One server after the other; of a cluster part by part ([`super::part::turns`]), and back in the reverse order. Nothing is
//! touched before every server was asked; whatever goes wrong on one, the rest stay as they are, and it is said of each how
//! it stands.

use super::host::{Host, Progress, Standing};
use super::package::Package;
use super::part::{Part, Turn, turns};
use super::plan::Request;
use super::schema::{self, Change, Coming};
use super::status::{Outcome, Status};
use super::together::together;
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
    /// A part's, of a server that had this version.
    fn request(&self, part: Part, from: &str) -> anyhow::Result<Request> {
        Ok(Request {
            id: data_encoding::HEXLOWER.encode(&secrets::random()?),
            sha256: self.package.sha256.clone(),
            version: self.package.version.clone(),
            watch_s: self.watch_s,
            ready_within_s: self.ready_within_s,
            even_if_unhealthy: self.even_if_unhealthy,
            no_way_back: self.no_way_back,
            migrates: self.migrates,
            part,
            gathers: false,
            back_to: part.is_of_cluster().then(|| from.to_owned()),
            is_kept: false,
        })
    }

    /// The way back of such a one: the package of before, which is kept there.
    fn request_back(&self, part: Part, from: &str) -> anyhow::Result<Request> {
        let back_to = Some(self.package.version.clone());
        let (version, is_kept, even_if_unhealthy) = (from.to_owned(), true, true);
        let forth = self.request(part, from)?;
        Ok(Request { version, back_to, is_kept, even_if_unhealthy, no_way_back: true, ..forth })
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
    let (mut unfit, mut parts) = (0, Vec::new());
    for host in hosts.iter_mut() {
        let standing = look(host.as_mut());
        parts.push(standing.as_ref().map(Standing::parts).unwrap_or_default());
        let told = match standing.and_then(|standing| in_words(wish, &standing)) {
            Ok(told) => told,
            Err(error) => {
                unfit += 1;
                format!("could not be done: {error:#}")
            }
        };
        say(&format!("{}: {told}\n", host.name()))?;
    }
    let turns = turns(&parts);
    if turns.iter().any(|turn| turn.part.is_of_cluster()) {
        say("in this order, and back in the reverse:\n")?;
        for (at, turn) in (1..).zip(&turns) {
            say(&format!("  {at}. {}\n", named(turn, hosts)))?;
        }
    }
    ensure!(unfit == 0, "{unfit} of {} servers could not be done", hosts.len());
    say(&format!(
        "each: upload, install, restart, ready within {} s, watched for {} s; else back to what it has. Nothing was changed.\n",
        wish.ready_within_s, wish.watch_s
    ))
}

/// Does it.
pub(super) fn roll(wish: &Wish, hosts: &mut [Box<dyn Host>], say: Say<'_>, wait: Wait<'_>) -> anyhow::Result<()> {
    let (mut parts, mut from) = (Vec::new(), Vec::new());
    for host in hosts.iter_mut() {
        let standing = look(host.as_mut());
        let standing = standing.with_context(|| format!("nothing was changed anywhere; {}", host.name()))?;
        parts.push(standing.parts());
        from.push(standing.installed.unwrap_or_default());
    }
    let (turns, version) = (turns(&parts), &wish.package.version);
    let count = turns.len();
    for (at, turn) in turns.iter().enumerate() {
        say(&format!("{}: {version} ({} of {count})\n", named(turn, hosts), at + 1))?;
        let requests = turn.hosts.iter().map(|host| wish.request(turn.part, &from[*host]));
        if let Err(error) = take(wish, turn, requests.collect::<anyhow::Result<_>>()?, hosts, say, wait) {
            let stopped = named(turn, hosts);
            say(&format!("{stopped}: {error:#}\n"))?;
            let done = back(wish, &turns[..at], &from, hosts, say, wait)?;
            let list = |of: &[String]| if of.is_empty() { "none".to_owned() } else { of.join(", ") };
            let rest: Vec<String> = turns[at + 1..].iter().map(|turn| named(turn, hosts)).collect();
            say(&format!("on {version}: {}; not touched: {}\n", list(&done), list(&rest)))?;
            bail!("stopped at {stopped}: {error:#}");
        }
    }
    let count = hosts.len();
    say(&format!("{count} of {count} servers run {version}\n"))
}

/// What of which servers; of a server with every role its name.
fn named(turn: &Turn, hosts: &[Box<dyn Host>]) -> String {
    let names: Vec<_> = turn.hosts.iter().map(|host| hosts[*host].name()).collect();
    let names = names.join(", ");
    if turn.part.is_whole() { names } else { format!("{} of {names}", turn.part.word()) }
}

/// A turn, forth or back.
fn take(
    wish: &Wish,
    turn: &Turn,
    requests: Vec<Request>,
    hosts: &mut [Box<dyn Host>],
    say: Say<'_>,
    wait: Wait<'_>,
) -> anyhow::Result<()> {
    match (turn.hosts.as_slice(), requests.as_slice()) {
        ([at], [request]) => one(wish, hosts[*at].as_mut(), request, say, wait),
        _ => together(wish, turn.hosts.iter().copied().zip(requests).collect(), hosts, say, wait),
    }
}

/// Leads the parts of a cluster that were done back, the last one first. Those that run the new version all the same.
fn back(
    wish: &Wish,
    done: &[Turn],
    from: &[String],
    hosts: &mut [Box<dyn Host>],
    say: Say<'_>,
    wait: Wait<'_>,
) -> anyhow::Result<Vec<String>> {
    let mut stay = Vec::new();
    for turn in done.iter().rev() {
        let named = named(turn, hosts);
        if turn.part.is_of_cluster() {
            say(&format!("{named}: back\n"))?;
            let requests = turn.hosts.iter().map(|host| wish.request_back(turn.part, &from[*host]));
            let Err(error) = take(wish, turn, requests.collect::<anyhow::Result<_>>()?, hosts, say, wait) else {
                continue;
            };
            say(&format!("{named}: {error:#}\n"))?;
        }
        stay.insert(0, named);
    }
    Ok(stay)
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
fn one(wish: &Wish, host: &mut dyn Host, request: &Request, say: Say<'_>, wait: Wait<'_>) -> anyhow::Result<()> {
    give(wish, host, request).context("nothing was changed there")?;
    // Whether it was begun is asked, whatever became of the connection.
    let mut following = Following::after(host.begin());
    judged(following.follow(wish, host, request, |_| false, say, wait)?)
}

/// Says what is asked for, with the package where it is to be sent.
pub(super) fn give(wish: &Wish, host: &mut dyn Host, request: &Request) -> anyhow::Result<()> {
    if request.is_kept { host.ask(request) } else { host.upload(&wish.package, request) }
}

/// How it ended there.
pub(super) fn judged(status: Status) -> anyhow::Result<()> {
    let reason = status.reason.unwrap_or_else(|| "no reason given".to_owned());
    match status.outcome {
        Some(Outcome::Done) => Ok(()),
        Some(Outcome::Refused) => bail!("refused, nothing was changed there: {reason}"),
        Some(Outcome::RolledBack) => bail!("rolled back, {} runs there again: {reason}", status.from),
        Some(Outcome::Stuck) => bail!("somebody must look at it: {reason}"),
        None => bail!("it was interrupted there; `suiftly deploy --status` on it says where"),
    }
}

/// How far a server was followed.
#[derive(Debug)]
pub(super) struct Following {
    /// Why it may not have begun.
    not_begun: Option<anyhow::Error>,
    /// Steps that were told.
    told: usize,
}

impl Following {
    /// From what became of beginning.
    pub(super) fn after(begun: anyhow::Result<()>) -> Self {
        Self { not_begun: begun.err(), told: 0 }
    }

    /// Tells each step once, until it has ended, or is where it stops.
    pub(super) fn follow(
        &mut self,
        wish: &Wish,
        host: &mut dyn Host,
        request: &Request,
        stops: fn(&Status) -> bool,
        say: Say<'_>,
        wait: Wait<'_>,
    ) -> anyhow::Result<Status> {
        let (mut waited, mut away) = (Duration::ZERO, Duration::ZERO);
        loop {
            match host.progress() {
                Ok(Progress { is_at_work, last }) => {
                    away = Duration::ZERO;
                    if let Some(status) = last.filter(|last| last.id == request.id) {
                        for step in status.steps.iter().skip(self.told) {
                            say(&format!("  {} {}\n", step.at, step.what))?;
                        }
                        self.told = status.steps.len();
                        // Nobody works on it any more: what it says is its last word.
                        if status.outcome.is_some() || !is_at_work || stops(&status) {
                            return Ok(status);
                        }
                    } else {
                        self.has_begun(waited)?;
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

    fn has_begun(&mut self, waited: Duration) -> anyhow::Result<()> {
        if waited >= TOLD_WITHIN
            && let Some(error) = self.not_begun.take()
        {
            return Err(error.context("it was not begun, nothing was changed there"));
        }
        ensure!(
            waited < BEGINS_WITHIN,
            "it was not begun there within {} s; nothing was changed",
            BEGINS_WITHIN.as_secs()
        );
        Ok(())
    }
}
