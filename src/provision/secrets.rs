//! Secrets: made where there are none, each in a file that only the server can read, and never made twice. Once a production
//! server has served, one that is missing is lost: another in its place would make every API key a wrong one, or what is sealed
//! unreadable. It is restored, then.

use super::accounts::{EDGE, SERVER};
use super::database;
use super::files::{self, Owned};
use super::machine::Server;
use super::places::{JOURNAL, SECRETS};
use super::step::{State, Step};
use super::written::listed;
use crate::secrets::{
    API_KEY_SECRET, AT_REST_KEYS, EDGE_TOKEN, JWT_KEYS, OPERATOR_TOKEN, Secrets, VAULT_KEYS, VAULT_SIGNING_KEYS, read,
};
use anyhow::Context;
use std::fs;

/// The server's. What is lost of the first five cannot be made again once it was used.
const NAMES: [&str; 6] = [API_KEY_SECRET, AT_REST_KEYS, JWT_KEYS, VAULT_KEYS, VAULT_SIGNING_KEYS, OPERATOR_TOKEN];
/// What may be made anew at any time: a program on the server that holds it reads it again.
const REPLACEABLE: [&str; 1] = [OPERATOR_TOKEN];
/// The token of the edge on this machine, which the server knows by its digest.
pub(crate) const EDGE_TOKEN_FILE: &str = "/etc/suiftly/edge-token";
/// Where they are made: a directory of root's beside their own.
const FRESH: &str = "/etc/suiftly/.secrets-new";

fn file(name: &str) -> Owned {
    Owned::file(format!("{SECRETS}/{name}"), SERVER, SERVER, 0o600)
}

fn edge_token() -> Owned {
    Owned::file(EDGE_TOKEN_FILE, EDGE, EDGE, 0o600)
}

/// The secrets.
pub(crate) struct SecretFiles;

impl SecretFiles {
    fn missing(server: &Server<'_>) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| is_missing(server, &file(name).path)).collect()
    }
}

fn is_missing(server: &Server<'_>, path: &str) -> bool {
    fs::symlink_metadata(server.path(path)).is_err()
}

/// Whether somebody may have been given a key by now.
fn has_served(server: &Server<'_>) -> anyhow::Result<bool> {
    let has_journal = fs::read_dir(server.path(JOURNAL)).is_ok_and(|mut entries| entries.next().is_some());
    Ok(has_journal || database::has_customers(server)?)
}

impl Step for SecretFiles {
    fn name(&self) -> &'static str {
        "secrets"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["directories"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let missing = Self::missing(server);
        let lost: Vec<_> = missing.iter().copied().filter(|name| !REPLACEABLE.contains(name)).collect();
        if !lost.is_empty() && server.deployment()?.is_production() && has_served(server)? {
            return Ok(State::Stuck(
                format!("{} is lost from {SECRETS}, and this server has served", lost.join(", ")),
                "restore it from a backup; another in its place would lock every customer out".to_owned(),
            ));
        }
        let mut amiss: Vec<_> = missing.iter().map(|name| format!("there is no {SECRETS}/{name}")).collect();
        if is_missing(server, EDGE_TOKEN_FILE) {
            amiss.push(format!("there is no {EDGE_TOKEN_FILE}"));
        }
        let there = NAMES.iter().filter(|name| !missing.contains(name)).map(|name| file(name));
        let edge = (!is_missing(server, EDGE_TOKEN_FILE)).then(edge_token);
        for owned in there.chain(edge) {
            amiss.extend(files::drift(server, &owned)?);
        }
        let fine = || State::Fine(format!("{} of them, for their owners alone", NAMES.len() + 1));
        Ok(listed(amiss).map_or_else(fine, State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let missing = Self::missing(server);
        let needs_token = is_missing(server, EDGE_TOKEN_FILE);
        if !missing.is_empty() || needs_token {
            let made = make(server, &missing, needs_token);
            let _ = fs::remove_dir_all(server.path(FRESH));
            made?;
        }
        NAMES.iter().try_for_each(|name| files::put(server, &file(name)))?;
        files::put(server, &edge_token())
    }
}

/// Makes them aside, and gives each its place when it is whole.
fn make(server: &Server<'_>, missing: &[&str], needs_token: bool) -> anyhow::Result<()> {
    let fresh = server.path(FRESH);
    if fresh.exists() {
        fs::remove_dir_all(&fresh).with_context(|| format!("cannot remove {FRESH}"))?;
    }
    files::put(server, &Owned::dir(FRESH, "root", "root", 0o700))?;
    let secrets = Secrets::made_in(&fresh);
    secrets.api_key_secret()?;
    secrets.at_rest()?;
    secrets.jwt()?;
    secrets.vault_keys()?;
    secrets.vault_signing_keys()?;
    secrets.operator_token()?;
    for name in missing {
        let owned = file(name).at(format!("{FRESH}/{name}"));
        files::put(server, &owned)?;
        let place = server.path(&file(name).path);
        files::moved(&secrets.file(name), &place).with_context(|| format!("cannot make {SECRETS}/{name}"))?;
    }
    if needs_token {
        secrets.edge_token()?;
        files::put(server, &edge_token().at(format!("{FRESH}/{EDGE_TOKEN}")))?;
        let place = server.path(EDGE_TOKEN_FILE);
        files::moved(&secrets.file(EDGE_TOKEN), &place).with_context(|| format!("cannot make {EDGE_TOKEN_FILE}"))?;
    }
    Ok(())
}

/// What the server knows the edge of this machine by.
pub(crate) fn edge_token_sha256(server: &Server<'_>) -> anyhow::Result<String> {
    Ok(suiftly_api::operator_token_sha256(&read(&server.path(EDGE_TOKEN_FILE))?))
}
