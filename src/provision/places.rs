//! The directories: where a server keeps what it keeps, each for those alone who need it.

use super::accounts::{EDGE, HAPROXY, SERVER};
use super::files::{self, Owned};
use super::machine::Server;
use super::step::{State, Step};
use super::written::listed;

/// Where secrets are.
pub(crate) const SECRETS: &str = "/etc/suiftly/secrets";
/// Where the journal is, by which it is known whether a server has served.
pub(crate) const JOURNAL: &str = "/var/lib/suiftly/journal";
/// Where HAProxy's files for the gateway are.
pub(crate) const HAPROXY_FILES: &str = "/etc/haproxy/suiftly";
/// What the owner's group may do, in directories that the server may make narrower.
const GROUP_READS: u32 = 0o050;

/// Those who have a directory above others are named before them.
fn all() -> Vec<Owned> {
    let kept = |path: &str| Owned::dir(path, SERVER, SERVER, 0o750).or_without(GROUP_READS);
    vec![
        Owned::dir("/etc/suiftly", "root", "root", 0o755),
        Owned::dir(SECRETS, SERVER, SERVER, 0o700),
        Owned::dir("/var/lib/suiftly", SERVER, SERVER, 0o750),
        kept(JOURNAL),
        kept("/var/lib/suiftly/vault"),
        kept("/var/lib/suiftly/archive"),
        Owned::dir("/var/backups/suiftly", SERVER, SERVER, 0o700),
        Owned::dir("/var/lib/suiftly-edge", EDGE, EDGE, 0o750),
        Owned::dir(HAPROXY_FILES, "root", "root", 0o755),
        // What is made in it is its group's, HAProxy's, whoever makes it.
        Owned::dir(format!("{HAPROXY_FILES}/maps"), EDGE, HAPROXY, 0o2750),
    ]
}

/// The directories.
pub(crate) struct Places;

impl Step for Places {
    fn name(&self) -> &'static str {
        "directories"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["accounts"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let all = all();
        let drifts = all.iter().map(|one| files::drift(server, one)).collect::<anyhow::Result<Vec<_>>>()?;
        let fine = || State::Fine(format!("{} of them, with their owners and modes", all.len()));
        Ok(listed(drifts.into_iter().flatten().collect()).map_or_else(fine, State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        all().iter().try_for_each(|one| match files::drift(server, one)? {
            Some(_) => files::put(server, one),
            None => Ok(()),
        })
    }
}
