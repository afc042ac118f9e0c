//! The account that versions come by (`suiftly deploy`): it logs in by key alone, and may do as root what deploying takes, and
//! nothing else.

use super::accounts::shell;
use super::files::{self, Owned};
use super::machine::Server;
use super::step::{State, Step};
use super::written::{Other, Written, listed};
use crate::deploy::{ACCOUNT, AS_ROOT, HOME};
use anyhow::Context;

const SUDOERS: &str = "/etc/sudoers.d/suiftly-deploy";
/// Where it is tried before it takes its place: sudo passes names with a dot over.
const TRIED: &str = "/etc/sudoers.d/.suiftly-deploy.tried";

/// The account.
pub(crate) struct Deploying;

impl Deploying {
    fn places() -> [Owned; 2] {
        [Owned::dir(HOME, ACCOUNT, ACCOUNT, 0o750), Owned::dir(format!("{HOME}/.ssh"), ACCOUNT, ACCOUNT, 0o700)]
    }

    fn sudoers() -> Written {
        let owned = Owned::file(SUDOERS, "root", "root", 0o440);
        Written { owned, text: rules(), other: Other::IsReplaced }
    }
}

/// What it may do as root: one command, with these arguments and no others.
fn rules() -> String {
    format!(
        "# Made by `suiftly provision`: what `suiftly deploy` does on this machine, and nothing else.\n\
         {ACCOUNT} ALL=(root) NOPASSWD: {AS_ROOT}\n"
    )
}

impl Step for Deploying {
    fn name(&self) -> &'static str {
        "deploying"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["packages"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if shell(server, ACCOUNT)?.is_none() {
            return Ok(State::Lacking(format!("no user {ACCOUNT}")));
        }
        let mut amiss = Vec::new();
        for place in Self::places() {
            amiss.extend(files::drift(server, &place)?);
        }
        amiss.extend(Self::sudoers().drift(server)?);
        if let Some(amiss) = listed(amiss) {
            return Ok(State::Lacking(amiss));
        }
        let keys = format!("{HOME}/.ssh/authorized_keys");
        Ok(State::Fine(if server.path(&keys).exists() {
            format!("{ACCOUNT} logs in by key")
        } else {
            format!("{ACCOUNT} is there; put your public key into {keys} for `suiftly deploy`")
        }))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        if shell(server, ACCOUNT)?.is_none() {
            let args =
                ["--system", "--user-group", "--home-dir", HOME, "--no-create-home", "--shell", "/bin/sh", ACCOUNT];
            server.ask("useradd", &args)?;
        }
        Self::places().iter().try_for_each(|place| files::put(server, place))?;
        let tried = Self::sudoers().owned.at(TRIED);
        files::write(server, &tried, &rules())?;
        let checked = server.ask("visudo", &["-c", "-q", "-f", TRIED]);
        let placed = checked.and_then(|_| files::moved(&server.path(TRIED), &server.path(SUDOERS)));
        let _ = std::fs::remove_file(server.path(TRIED));
        placed.with_context(|| format!("cannot write {SUDOERS}"))
    }
}
