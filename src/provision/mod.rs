//! `suiftly provision`: makes a machine a Suiftly server, step by step.
//!
//! A step looks, says what it saw, and makes what is lacking; then it looks again, and only what it sees counts. So a second
//! run changes nothing, and one that was interrupted goes on where it ended. Nothing that somebody wrote is overwritten:
//! what is in the way is told, with what to do about it. Secrets are made where there are none, and are never shown.
//!
//! [`step`] has the loop, [`machine`] the seam to the machine (commands, and the root of all paths), the other modules the
//! steps.

mod access;
mod accounts;
mod cluster;
mod configuration;
mod database;
mod deploying;
mod files;
mod front;
mod kernel;
mod machine;
mod packages;
mod places;
mod postgresql;
mod repositories;
mod secrets;
mod services;
mod step;
mod system;
#[cfg(test)]
mod tests;
mod timescale;
mod written;

use crate::place::Deployment;
use anyhow::{Context, bail, ensure};
use clap::Args;
use machine::{Here, Server};
use std::io::{self, IsTerminal, Write};
use step::{Counts, Mode, Step};

/// How long a domain name may be.
const DOMAIN_CHARS_MAX: usize = 253;

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProvisionArgs {
    /// What this server is: development, test or production. Said once; it stands in /etc/suiftly/system.conf then.
    #[arg(long, value_name = "TYPE", value_parser = ["development", "test", "production"])]
    pub(crate) deployment_type: Option<String>,
    /// Change nothing: say what is as it should be and what is not, and fail if anything is not.
    #[arg(long)]
    pub(crate) check: bool,
    /// Make the changes without asking.
    #[arg(long, conflicts_with = "check")]
    pub(crate) yes: bool,
    /// The domain of the dashboard, such as billing.example.com: for suiftly.toml and nginx's site.
    #[arg(long, value_name = "NAME", value_parser = domain)]
    pub(crate) domain: Option<String>,
    /// Whom customers write to.
    #[arg(long, value_name = "ADDRESS", value_parser = email)]
    pub(crate) email: Option<String>,
    /// Install no packages: say which are missing.
    #[arg(long)]
    pub(crate) no_apt: bool,
}

/// `suiftly provision`
pub(crate) fn provision(args: &ProvisionArgs) -> anyhow::Result<()> {
    let here = Here::new()?;
    let server = Server::new(&here, args);
    let steps = all();
    let mut out = io::stdout().lock();
    if args.check {
        let counts = step::run(&steps, &server, Mode::Check, &mut out).context("cannot write")?;
        ensure!(counts.amiss() == 0, "{}; `sudo suiftly provision` makes what it can", counts.told_amiss());
        return Ok(());
    }
    let lacking = step::lacking(&steps, &server);
    if !lacking.is_empty() && !args.yes && !is_agreed(&lacking, &mut out)? {
        bail!("nothing was changed");
    }
    let counts = step::run(&steps, &server, Mode::Make, &mut out).context("cannot write")?;
    writeln!(out, "{}", verdict(counts)).context("cannot write")?;
    ensure!(counts.amiss() == 0, "{}; run it again when that is done", counts.told_amiss());
    Ok(())
}

fn verdict(counts: Counts) -> String {
    match (counts.made, counts.amiss()) {
        (0, 0) => "nothing to do".to_owned(),
        (0, _) => "nothing was changed".to_owned(),
        (made, _) => format!("{made} of {} steps made", counts.all()),
    }
}

/// What is lacking is shown, and whoever sits there is asked.
fn is_agreed(lacking: &[String], out: &mut impl Write) -> anyhow::Result<bool> {
    ensure!(
        io::stdin().is_terminal(),
        "this changes the machine ({}): say --yes, or look first with --check",
        lacking.join("; ")
    );
    writeln!(out, "To be made:").context("cannot write")?;
    for line in lacking {
        writeln!(out, "  {line}").context("cannot write")?;
    }
    write!(out, "and what follows from it. Go on? [y/N] ").and_then(|()| out.flush()).context("cannot write")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// The steps, in their order: each finds what those before it made.
fn all() -> Vec<Box<dyn Step>> {
    vec![
        Box::new(system::Root),
        Box::new(system::Distribution),
        Box::new(system::DeploymentType),
        Box::new(packages::Packages),
        Box::new(postgresql::PostgreSql),
        Box::new(cluster::Running),
        Box::new(timescale::Timescale::default()),
        Box::new(accounts::Accounts),
        Box::new(deploying::Deploying),
        Box::new(places::Places),
        Box::new(secrets::SecretFiles),
        Box::new(kernel::Kernel),
        Box::new(database::Roles),
        Box::new(access::Access),
        Box::new(database::Made),
        Box::new(configuration::There),
        Box::new(database::Schema),
        Box::new(front::HaProxy),
        Box::new(front::Nginx),
        Box::new(configuration::Holds),
        Box::new(services::Units),
    ]
}

/// The deployment that a word names.
fn deployment(word: &str) -> Option<Deployment> {
    [Deployment::Development, Deployment::Test, Deployment::Production].into_iter().find(|known| known.word() == word)
}

/// A name that may stand in a configuration as it is: letters, digits, dots, hyphens, and a port perhaps.
fn domain(text: &str) -> Result<String, String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_name = name.len() <= DOMAIN_CHARS_MAX && name.split('.').all(is_label);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    if is_name && is_port { Ok(text.to_lowercase()) } else { Err("a domain is as billing.example.com".to_owned()) }
}

fn email(text: &str) -> Result<String, String> {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    let is_address = text.split_once('@').is_some_and(|(who, host)| is_plain(who) && domain(host).is_ok());
    if is_address { Ok(text.to_owned()) } else { Err("an address is as help@example.com".to_owned()) }
}
