//! `suiftly deploy`: a version onto servers, one after the other, and back to the last one where it does not get healthy.
//!
//! ```text
//! here                                    there, as root, apart from the connection
//! each host: status ─▶ upload ─▶ begin ──▶ lock, check the package, keep it ─▶ install ─▶ restart ─▶ ready? ─▶ watch
//!            ask how it stands ◀────────── status file ◀──────────── done, or the last package again: rolled back
//! next host, or stop: the rest is as it was
//! ```
//!
//! Of a cluster the parts go in an order, whatever hosts they are on, and back in the reverse ([`part`], [`rolling`]).
//!
//! What changes a server runs on the server: a connection that drops leaves nothing half done, and how it went can be asked
//! again. The account that it comes by ([`ACCOUNT`]) may run one command as root ([`AS_ROOT`]), whose arguments it cannot
//! choose; what is to be done stands in files that are checked before they are believed.

mod here;
mod host;
mod local;
mod package;
mod part;
mod plan;
mod rolling;
mod schema;
mod server;
mod ssh;
mod status;
#[cfg(test)]
mod tests;
mod together;

use crate::cli::Place;
use crate::commands::unless_broken_pipe;
use anyhow::{Context, bail, ensure};
use clap::Args;
use host::Host;
pub(crate) use ssh::is_host;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use suiftly_store::probe::known_schema_version;

/// Who logs in on servers, unless a host is named with another user. `suiftly provision` makes the account.
pub(crate) const ACCOUNT: &str = "suiftly-deploy";
/// The account's home: what is uploaded lies there.
pub(crate) const HOME: &str = "/var/lib/suiftly-deploy";
/// The one command that the account may run as root, with these arguments and no others.
pub(crate) const AS_ROOT: &str = "/usr/bin/suiftly deploy --here";
/// Where a server keeps the packages that it has had, and how the last deployment went. Root's.
const STATE_DIR: &str = "/var/lib/suiftly-releases";

/// Longer than a restart that reads a long journal: systemd gives it five minutes and more while it goes on.
const READY_WITHIN_S_MAX: u64 = 3_600;
/// A day is the longest that somebody watches.
const WATCH_S_MAX: u64 = 86_400;

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {
    /// The package: a .deb of suiftly.
    #[arg(value_name = "PACKAGE.deb", required_unless_present_any = ["here", "status", "schema"])]
    package: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    /// A server, as [user@]host; several times, in the order in which they are to be done. The user is suiftly-deploy unless
    /// it is named. Without it, those of [deploy] hosts in the configuration.
    #[arg(long = "host", value_name = "[USER@]HOST", conflicts_with_all = ["here", "status"])]
    hosts: Vec<String>,
    /// Say what would be done, and whether it could be.
    #[arg(long, conflicts_with_all = ["here", "status"])]
    dry_run: bool,
    /// How long a server is watched after it is ready before the next one is begun.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(..=WATCH_S_MAX))]
    watch: u64,
    /// How long it may take until it is ready.
    #[arg(long, value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=READY_WITHIN_S_MAX))]
    ready_within: u64,
    /// Begin although a server is not healthy as it is: to repair it. It is not put back if it does not get healthy.
    #[arg(long, conflicts_with_all = ["here", "status"])]
    even_if_unhealthy: bool,
    /// Begin although a server has not kept the package that it runs: there is no way back then.
    #[arg(long, conflicts_with_all = ["here", "status"])]
    no_way_back: bool,
    /// Begin although the version brings the database to a newer schema. A backup is made before, where backup.recipients
    /// are configured. Deploying does not lead back over that: `suiftly restore` does.
    #[arg(long, conflicts_with_all = ["here", "status"])]
    migrates: bool,
    /// A configuration file for ssh and scp, instead of your own.
    #[arg(long, value_name = "FILE")]
    ssh_config: Option<PathBuf>,
    /// On the server, as root: begin what was uploaded, apart from the connection. What `suiftly deploy` asks for by ssh.
    #[arg(long, conflicts_with = "status")]
    here: bool,
    /// On the server: how the last deployment stands, as JSON.
    #[arg(long)]
    status: bool,
    /// The part that `--here` begins.
    #[arg(long, hide = true, requires = "here")]
    work: bool,
    /// The version of the database's schema: the one that this program has; with --here, the one that the database has.
    #[arg(long, hide = true, conflicts_with_all = ["work", "status", "package", "hosts"])]
    schema: bool,
    /// Instead of the root directory, for trials.
    #[arg(long, hide = true, default_value = "/", value_name = "DIR")]
    root: PathBuf,
}

pub(crate) fn deploy(args: &DeployArgs) -> anyhow::Result<()> {
    let paths = Paths::below(&args.root);
    match args {
        DeployArgs { status: true, .. } => say(&format!("{}\n", status::standing(&paths)?)),
        DeployArgs { here: true, schema: true, .. } => say(&format!("{}\n", server::schema(&args.place)?)),
        DeployArgs { schema: true, .. } => say(&format!("{}\n", known_schema_version())),
        DeployArgs { here: true, work: true, .. } => local::work(&paths, &args.place),
        DeployArgs { here: true, .. } => local::begin(&paths, &args.place),
        _ => roll(args),
    }
}

/// Where things are on a server.
#[derive(Clone, Debug)]
struct Paths {
    /// The uploaded package, and what is asked for.
    incoming: PathBuf,
    request: PathBuf,
    /// Whether those that wait for each other have it.
    gathered: PathBuf,
    /// Root's own.
    state: PathBuf,
}

impl Paths {
    fn below(root: &Path) -> Self {
        let below = |path: &str| root.join(path.trim_start_matches('/'));
        let home = below(HOME);
        Self {
            incoming: home.join(ssh::INCOMING),
            request: home.join(ssh::REQUEST),
            gathered: home.join(ssh::GATHERED),
            state: below(STATE_DIR),
        }
    }
}

fn roll(args: &DeployArgs) -> anyhow::Result<()> {
    let file = args.package.as_deref().context("name the package")?;
    let package = package::read(file)?;
    let hosts = if args.hosts.is_empty() { configured(&args.place)? } else { args.hosts.clone() };
    ensure!(!hosts.is_empty(), "name the servers with --host, or in [deploy] hosts of the configuration");
    let twice = hosts.iter().enumerate().find(|(at, host)| hosts[..*at].contains(host));
    if let Some((_, host)) = twice {
        bail!("{host} is named twice");
    }
    let mut hosts: Vec<Box<dyn Host>> = hosts
        .iter()
        .map(|host| ssh::Ssh::new(host, args.ssh_config.as_deref()).map(|host| Box::new(host) as Box<dyn Host>))
        .collect::<anyhow::Result<_>>()?;
    let wish = rolling::Wish {
        package,
        watch_s: args.watch,
        ready_within_s: args.ready_within,
        even_if_unhealthy: args.even_if_unhealthy,
        no_way_back: args.no_way_back,
        migrates: args.migrates,
    };
    if args.dry_run {
        return rolling::dry_run(&wish, &mut hosts, &mut say);
    }
    rolling::roll(&wish, &mut hosts, &mut say, &mut |wait: Duration| std::thread::sleep(wait))
}

/// The servers that the configuration names.
fn configured(place: &Place) -> anyhow::Result<Vec<String>> {
    Ok(crate::config::Config::read(place.config.as_deref())?.deploy.hosts)
}

fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    unless_broken_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write"))
}
