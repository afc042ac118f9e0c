//! The accounts that the programs run as: without a shell, without a password, with no home that anybody could log in to.

use super::files;
use super::machine::{Call, Server};
use super::step::{State, Step};
use super::written::listed;
use anyhow::Context;

/// What the server runs as; also the group that may read its configuration.
pub(crate) const SERVER: &str = "suiftly";
/// What the edge runs as.
pub(crate) const EDGE: &str = "suiftly-edge";
/// What HAProxy runs as, by its package.
pub(crate) const HAPROXY: &str = "haproxy";
/// What ends whoever would log in.
const NO_SHELLS: [&str; 3] = ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false"];

struct Account {
    name: &'static str,
    home: &'static str,
    /// Besides its own.
    groups: &'static [&'static str],
}

/// The edge reads the configuration and the vault's public keys, which are the server's group's, and writes what HAProxy's group
/// reads.
const ACCOUNTS: [Account; 2] = [
    Account { name: SERVER, home: "/var/lib/suiftly", groups: &[] },
    Account { name: EDGE, home: "/var/lib/suiftly-edge", groups: &[SERVER, HAPROXY] },
];

/// The accounts.
pub(crate) struct Accounts;

impl Step for Accounts {
    fn name(&self) -> &'static str {
        "accounts"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["packages"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let mut amiss = Vec::new();
        for account in &ACCOUNTS {
            match shell(server, account.name)? {
                None => amiss.push(format!("no user {}", account.name)),
                Some(shell) if !NO_SHELLS.contains(&shell.as_str()) => {
                    let (wrong, fix) = (format!("user {} can log in with {shell}", account.name), account.name);
                    return Ok(State::Stuck(wrong, format!("sudo usermod --shell {} {fix}", NO_SHELLS[0])));
                }
                Some(_) => {
                    let missing = missing_groups(server, account)?;
                    amiss.extend(missing.iter().map(|group| format!("{} is not in group {group}", account.name)));
                }
            }
        }
        let fine = || State::Fine(format!("{SERVER}, {EDGE}: no login"));
        Ok(listed(amiss).map_or_else(fine, State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        for account in &ACCOUNTS {
            if shell(server, account.name)?.is_none() {
                let own_group = if files::group(server, account.name)?.is_some() { "--gid" } else { "--user-group" };
                let mut args = vec![
                    "--system",
                    "--home-dir",
                    account.home,
                    "--no-create-home",
                    "--shell",
                    NO_SHELLS[0],
                    own_group,
                ];
                if own_group == "--gid" {
                    args.push(account.name);
                }
                args.push(account.name);
                server.ask("useradd", &args)?;
            }
            for group in missing_groups(server, account)? {
                server.ask("usermod", &["--append", "--groups", group, account.name])?;
            }
        }
        Ok(())
    }
}

/// The login shell of an account; none if there is no such account.
pub(crate) fn shell(server: &Server<'_>, name: &str) -> anyhow::Result<Option<String>> {
    let answer = server.answer(&Call::new("getent", &["passwd", name]))?;
    if !answer.is_success() {
        return Ok(None);
    }
    let shell = answer.stdout.trim().split(':').nth(6).map(str::to_owned);
    Ok(Some(shell.with_context(|| format!("`getent passwd {name}` answered something else"))?))
}

fn missing_groups(server: &Server<'_>, account: &Account) -> anyhow::Result<Vec<&'static str>> {
    let of = server.ask("id", &["-nG", account.name])?;
    let is_in = |group: &str| of.split_whitespace().any(|one| one == group);
    Ok(account.groups.iter().copied().filter(|group| !is_in(group)).collect())
}
