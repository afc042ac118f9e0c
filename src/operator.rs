//! `suiftly operator …`: who operates, made on the server itself. It needs the database, and no running server: the first
//! operator is made here.

use crate::cli::{OperatorAdd, OperatorCommand, Place, RoleArg};
use crate::commands::{find_database, unless_broken_pipe};
use crate::config::Config;
use crate::secrets;
use crate::table::{Side, table};
use anyhow::Context;
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use suiftly_api::{Clock, SystemClock, is_operator_name, operator_token, operator_token_sha256};
use suiftly_schema::time::UnixMillis;
use suiftly_store::accounts::{AccountStore, Act, Actor, OperatorRole};

/// Who acts, in the activity log: whoever may run this program on the server.
const ACTOR: &str = "suiftly operator";

pub(crate) async fn operator(command: OperatorCommand) -> anyhow::Result<()> {
    match command {
        OperatorCommand::Add(args) => add(args).await,
        OperatorCommand::Ls { place, json } => ls(&place, json).await,
        OperatorCommand::Disable { place, name } => disable(&place, &name).await,
    }
}

/// An operator of this name has this role and a new token from now on.
async fn add(args: OperatorAdd) -> anyhow::Result<()> {
    let OperatorAdd { place, name, role, token_file } = args;
    anyhow::ensure!(
        is_operator_name(&name),
        "{name} is no operator's name: 1 to 64 small letters, digits, `.`, `_` and `-`, a letter or a digit first"
    );
    let accounts = open(&place).await?;
    let (token, role) = (operator_token(secrets::random()?), role.role());
    // Beside the file first: the token that stands in it is good until the new one is.
    let fresh = token_file.as_ref().map(|path| fresh_name(path));
    if let Some(fresh) = &fresh {
        secrets::write_private(fresh, token.as_bytes())?;
    }
    let is_new = accounts.put_operator(&name, role, &operator_token_sha256(&token), &act()).await?;
    if let Some((fresh, path)) = fresh.zip(token_file.as_ref()) {
        std::fs::rename(&fresh, path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let what = if is_new { "is a new" } else { "has a new token as" };
    let told = match token_file {
        Some(path) => format!("{name} {what} {}; the token is in {}\n", role.word(), path.display()),
        None => format!("{name} {what} {}; the token, shown this once:\n{token}\n", role.word()),
    };
    say(&told)
}

async fn ls(place: &Place, as_json: bool) -> anyhow::Result<()> {
    let operators = open(place).await?.operators().await?;
    let at = |at: Option<UnixMillis>| at.map(UnixMillis::rfc3339);
    let out = if as_json {
        let lines = operators.iter().map(|of| {
            let (created_at, last_used_at, disabled_at) =
                (of.created_at.rfc3339(), at(of.last_used_at), at(of.disabled_at));
            let line = json!({
                "name": of.name, "role": of.role.word(), "created_at": created_at, "last_used_at": last_used_at,
                "disabled_at": disabled_at,
            });
            format!("{line}\n")
        });
        lines.collect()
    } else {
        let head = ["name", "role", "since", "last seen", "disabled"].map(|title| (title, Side::Left));
        let rows: Vec<_> = operators
            .iter()
            .map(|of| {
                let shown = |instant| at(instant).unwrap_or_else(|| "-".to_owned());
                let (since, role) = (of.created_at.rfc3339(), of.role.word().to_owned());
                vec![of.name.clone(), role, since, shown(of.last_used_at), shown(of.disabled_at)]
            })
            .collect();
        table(&head, &rows)
    };
    say(&out)
}

async fn disable(place: &Place, name: &str) -> anyhow::Result<()> {
    let was_there = open(place).await?.disable_operator(name, &act()).await?;
    anyhow::ensure!(was_there, "there is no operator {name}, or they are disabled already");
    let told = format!("{name} is disabled: their token is refused within seconds\n");
    say(&told)
}

async fn open(place: &Place) -> anyhow::Result<AccountStore> {
    let config = Config::read(place.config.as_deref())?;
    // A cluster of our own that was not running is left running, as `suiftly db start` does.
    let (_cluster, store) = find_database(place, &config).await?;
    AccountStore::new(&store).context("cannot open the accounts")
}

fn fresh_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn say(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}

fn act() -> Act {
    Act { actor: Actor::System { part: ACTOR }, address: None, at: SystemClock.now() }
}

impl RoleArg {
    const fn role(self) -> OperatorRole {
        match self {
            Self::Viewer => OperatorRole::Viewer,
            Self::Operator => OperatorRole::Operator,
            Self::Admin => OperatorRole::Admin,
        }
    }
}
