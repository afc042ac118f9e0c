//! `suiftly.toml`: written once, for what this server is, and never again; then held against every rule, by the server's own
//! check. What only whoever operates knows is left to them, and told.

use super::accounts::{EDGE, SERVER};
use super::cluster::{Cluster, SOCKET_DIR};
use super::database::{OWNS, RUNS};
use super::files::Owned;
use super::machine::{Call, Server};
use super::secrets;
use super::step::{State, Step};
use super::written::{Other, Written, drift_of, listed};
use crate::config::Config;
use crate::place::SERVER_CONFIG;
use anyhow::Context;

const EDGE_CONFIG: &str = "/etc/suiftly/edge.toml";
const TEMPLATE: &str = include_str!("../../packaging/provision/suiftly.toml");
const EDGE_TEMPLATE: &str = include_str!("../../packaging/provision/edge.toml");
/// Every key with its default: as a package brings it. It says nothing that somebody meant.
const DOCUMENTED: &str = include_str!("../../packaging/suiftly.toml");
/// What stands in the template for what is filled in.
const DATABASE: &str = "@DATABASE@";
const DOMAIN: &str = "@DOMAIN@";
const SUPPORT: &str = "@SUPPORT@";
const TOKEN: &str = "@EDGE_TOKEN_SHA256@";
const TYPE: &str = "@TYPE@";

/// The port that the configuration's database is on; none if it does not say, or there is no configuration yet.
pub(crate) fn database_port(server: &Server<'_>) -> anyhow::Result<Option<u16>> {
    let text = server.text(SERVER_CONFIG)?.unwrap_or_default();
    let url = text.lines().map(str::trim).find(|line| line.starts_with("url") && line.contains("port="));
    let digits = url.and_then(|line| line.split_once("port=")).map(|(_, rest)| rest);
    let digits = digits.map(|rest| rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default());
    digits.map(|digits| digits.parse().context("database.url of suiftly.toml has no port that can be")).transpose()
}

/// The configuration is there.
pub(crate) struct There;

impl There {
    fn files(server: &Server<'_>) -> anyhow::Result<[Written; 2]> {
        let written = |path, group, text| {
            let owned = Owned::file(path, "root", group, 0o640);
            Written { owned, text, other: Other::Stays }
        };
        Ok([written(SERVER_CONFIG, SERVER, text(server)?), written(EDGE_CONFIG, EDGE, EDGE_TEMPLATE.to_owned())])
    }

    /// A file that is as the package brought it is no configuration yet.
    fn is_as_shipped(server: &Server<'_>) -> anyhow::Result<bool> {
        Ok(server.text(SERVER_CONFIG)?.is_some_and(|text| text == DOCUMENTED))
    }
}

/// The template, filled in.
fn text(server: &Server<'_>) -> anyhow::Result<String> {
    let deployment = server.deployment()?;
    let port = Cluster::of(server)?.port;
    let url = |role: &str| format!("host={SOCKET_DIR} port={port} user={role} dbname={}", deployment.database());
    let database = format!("url = \"{}\"\nmigrate_url = \"{}\"", url(RUNS), url(OWNS));
    let domain = server
        .args
        .domain
        .as_ref()
        .map_or_else(|| "# domain = \"billing.example.com\"".to_owned(), |domain| format!("domain = \"{domain}\""));
    let support = server.args.email.as_ref().map_or_else(
        || "# support_email = \"help@example.com\"".to_owned(),
        |email| format!("support_email = \"{email}\""),
    );
    Ok(TEMPLATE
        .replace(TYPE, deployment.word())
        .replace(DATABASE, &database)
        .replace(DOMAIN, &domain)
        .replace(SUPPORT, &support)
        .replace(TOKEN, &secrets::edge_token_sha256(server)?))
}

impl Step for There {
    fn name(&self) -> &'static str {
        "configuration"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["cluster", "secrets"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if Self::is_as_shipped(server)? {
            return Ok(State::Lacking(format!("{SERVER_CONFIG} is as the package brought it")));
        }
        let drift = drift_of(server, &Self::files(server)?)?;
        let fine = || State::Fine(format!("{SERVER_CONFIG} and {EDGE_CONFIG} are there"));
        Ok(drift.map_or_else(fine, State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let is_as_shipped = Self::is_as_shipped(server)?;
        for mut file in Self::files(server)? {
            if is_as_shipped && file.owned.path == SERVER_CONFIG {
                file.other = Other::IsReplaced;
            }
            file.put(server)?;
        }
        Ok(())
    }
}

/// The configuration can be used, as the server sees it.
pub(crate) struct Holds;

impl Step for Holds {
    fn name(&self) -> &'static str {
        "rules"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["configuration"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let check = ["-u", SERVER, "--", server.own_program(), "config", "check", "--config", SERVER_CONFIG];
        let answer = server.answer(&Call::new("runuser", &check))?;
        let marked = |mark: &str| answer.stdout.lines().filter_map(|line| line.strip_prefix(mark)).collect::<Vec<_>>();
        if !answer.is_success() {
            // The last says that it is not fine; without any it did not get so far.
            let mut wrong = marked("✗ ");
            wrong.pop();
            let wrong = if wrong.is_empty() { answer.told() } else { wrong.join("; ") };
            let fix = format!("sudoedit {SERVER_CONFIG}, until `sudo suiftly config check` is content");
            return Ok(State::Stuck(wrong.lines().map(str::trim).collect::<Vec<_>>().join(" "), fix));
        }
        let config = Config::read(Some(&server.path(SERVER_CONFIG)))?;
        let token = secrets::edge_token_sha256(server)?;
        let mut remarks: Vec<_> = marked("! ").into_iter().map(str::to_owned).collect();
        if !config.gateway.iter().any(|gateway| gateway.token_sha256 == token) {
            remarks.push("no [[gateway]] has the token of this machine's edge".to_owned());
        }
        let content = "`suiftly config check` is content";
        Ok(State::Fine(match listed(remarks) {
            None => content.to_owned(),
            Some(remarks) => format!("{content}; {remarks}"),
        }))
    }

    fn make(&self, _: &Server<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}
