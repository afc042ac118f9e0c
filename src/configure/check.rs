//! `suiftly config check`: every rule that can be held without a running server, and all that is wrong in one go.

use super::print;
use crate::config::Config;
use crate::guards::{self, Ground, Verdict};
use crate::place::{Deployment, Place};
use anyhow::Context;
use clap::Args;
use std::fmt::Write;
use suiftly_store::config::StoreConfig;
use suiftly_store::role;

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    place: Place,
    /// Hold it against what this deployment refuses, instead of what this machine is.
    #[arg(long, value_enum, value_name = "TYPE", conflicts_with = "deployment")]
    deployment_type: Option<Deployment>,
    /// The settings alone, not the files of this machine: for a configuration that is meant for another.
    #[arg(long)]
    settings_only: bool,
    /// Also ask the database: whether it can be reached, is up to date, and what the role that runs may do. Changes nothing.
    #[arg(long)]
    database: bool,
}

pub(crate) async fn check(args: &CheckArgs) -> anyhow::Result<()> {
    let file = args.place.config.as_deref();
    let deployment = args.deployment_type.map_or_else(|| args.place.deployment(), Ok)?;
    let (read, problems) = Config::look_beside_layers(file);
    let mut verdict = Verdict { refused: problems, ..Verdict::default() };
    let mut looked = vec!["keys, values and rules".to_owned()];
    if let Some((_, config)) = &read {
        let ground = Ground { deployment, ..Ground::of(&args.place, config)? };
        looked.push(format!("what {deployment} refuses"));
        look(&ground, args.settings_only, &mut verdict, &mut looked);
        if args.database {
            looked.push(ask(&ground, &mut verdict).await);
        }
    }
    let from = file.map_or_else(|| "the defaults and the environment".to_owned(), |file| file.display().to_string());
    print(&told(&format!("{from} as {deployment}"), &verdict, &looked))?;
    let wrong = verdict.refused.iter().len();
    anyhow::ensure!(wrong == 0, "the configuration has {wrong} {}", if wrong == 1 { "problem" } else { "problems" });
    Ok(())
}

/// In production the guards look at the files themselves.
fn look(ground: &Ground<'_>, settings_only: bool, verdict: &mut Verdict, looked: &mut Vec<String>) {
    if settings_only {
        verdict.append(guards::look_at_settings(ground));
        return;
    }
    verdict.append(guards::look(ground));
    if !ground.deployment.is_production() {
        guards::look_at_named_files(ground.config, verdict);
    }
    looked.push("the files it names".to_owned());
    if ground.deployment.is_production() {
        looked.push("secrets and who may read and change what".to_owned());
    }
}

/// A line a finding, then what was looked at.
fn told(what: &str, verdict: &Verdict, looked: &[String]) -> String {
    let mut text = String::new();
    for refused in verdict.refused.iter() {
        let _ = writeln!(text, "✗ {refused}");
    }
    for noted in verdict.noted.iter() {
        let _ = writeln!(text, "! {noted}");
    }
    let (looked, fine) = (looked.join("; "), if verdict.refused.is_empty() { "✓ fine" } else { "✗ not fine" });
    let _ = writeln!(text, "{fine}: {what}: {looked}");
    text
}

/// What the database says; it is not touched.
async fn ask(ground: &Ground<'_>, verdict: &mut Verdict) -> String {
    let Some(url) = &ground.config.database.url else {
        verdict.noted.add("database.url is not set: the private cluster is not asked");
        return "no database".to_owned();
    };
    // An address that cannot be read is told already.
    let Ok(store) = StoreConfig::from_url(url) else { return "no database".to_owned() };
    let reached = verdict.refused.note(role::verify(&store).await.with_context(|| store.to_string()));
    if reached.is_some() && ground.deployment.is_production() {
        verdict.refused.note(role::without_ddl(&store).await.map_err(anyhow::Error::from));
    }
    format!("the database {store}")
}
