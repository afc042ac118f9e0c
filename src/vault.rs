//! `suiftly vault …` and `suiftly fleet`: what gateways run on, asked of the running `suiftly up`. A directory of versions and
//! the public keys need no server.

mod offline;
mod text;

use crate::cli::{FleetArgs, Place, VaultCommand};
use crate::client::Client;
use crate::commands::unless_broken_pipe;
use crate::config::Config;
use crate::secrets::Secrets;
use anyhow::Context;
use serde_json::{Value, json};
use std::io::{self, Write};

pub(crate) async fn vault(command: VaultCommand) -> anyhow::Result<()> {
    match command {
        VaultCommand::Show { place, json } => show(&place, json).await,
        VaultCommand::Versions { place, limit, json } => versions(&place, limit, json).await,
        VaultCommand::Diff { place, from, to, json } => diff(&place, (from, to), json).await,
        VaultCommand::Freeze { place, reason, version } => freeze(&place, &reason, version).await,
        VaultCommand::Thaw { place, version } => thaw(&place, version).await,
        VaultCommand::Push { place } => push(&place).await,
        VaultCommand::Verify { dir, keys } => say(&offline::verify(&dir, &keys)?),
        VaultCommand::Keys { place } => {
            let config = Config::read(place.config.as_deref())?;
            say(&offline::keys(&Secrets::of(&place, &config)?)?)
        }
    }
}

/// `suiftly fleet`
pub(crate) async fn fleet(args: FleetArgs) -> anyhow::Result<()> {
    let fleet = Client::of(&args.place)?.get("/api/v1/fleet").await?;
    print(&fleet, args.json, text::fleet)
}

async fn show(place: &Place, json: bool) -> anyhow::Result<()> {
    let status = Client::of(place)?.get("/api/v1/vault/status").await?;
    print(&status, json, text::status)
}

async fn versions(place: &Place, limit: u32, json: bool) -> anyhow::Result<()> {
    let versions = Client::of(place)?.get(&format!("/api/v1/vault/versions?limit={limit}")).await?;
    print(&versions, json, text::versions)
}

async fn diff(place: &Place, (from, to): (Option<u64>, Option<u64>), json: bool) -> anyhow::Result<()> {
    let named = |name: &str, version: Option<u64>| version.map(|version| format!("{name}={version}"));
    let query: Vec<_> = named("from", from).into_iter().chain(named("to", to)).collect();
    let diff = Client::of(place)?.get(&format!("/api/v1/vault/diff?{}", query.join("&"))).await?;
    print(&diff, json, text::diff)
}

async fn freeze(place: &Place, reason: &str, version: u64) -> anyhow::Result<()> {
    let body = json!({"reason": reason, "confirm": version});
    Client::of(place)?.post("/api/v1/vault/freeze", &body).await?;
    say(&format!("the vault is held at version {version}: changes wait until it is released\n"))
}

async fn thaw(place: &Place, version: u64) -> anyhow::Result<()> {
    Client::of(place)?.post("/api/v1/vault/thaw", &json!({"confirm": version})).await?;
    say("the vault is released: what has changed meanwhile is published\n")
}

async fn push(place: &Place) -> anyhow::Result<()> {
    let pushed = Client::of(place)?.post("/api/v1/vault/push", &json!({})).await?;
    say(&format!("every gateway is filled anew with version {}\n", pushed["version"]))
}

fn print(answer: &Value, json: bool, text: impl Fn(&Value) -> String) -> anyhow::Result<()> {
    say(&if json { format!("{answer:#}\n") } else { text(answer) })
}

fn say(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}
