//! What everything else stands on: who runs this, on which system, and what the server is to be.

use super::files::{self, Owned};
use super::machine::Server;
use super::step::{State, Step};
use crate::place::{self, SYSTEM_CONF};
use anyhow::Context;

/// What is supported: as os-release calls it.
const SUPPORTED: [(&str, &str); 4] = [("debian", "12"), ("debian", "13"), ("ubuntu", "22.04"), ("ubuntu", "24.04")];

/// Which system it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Os {
    /// `debian` or `ubuntu`.
    pub(crate) id: String,
    /// Its release: `12`, `24.04`.
    pub(crate) version: String,
    /// What its packages' archive calls the release.
    pub(crate) codename: String,
    /// For people.
    pub(crate) name: String,
}

impl Os {
    pub(crate) fn of(server: &Server<'_>) -> anyhow::Result<Self> {
        let text = server.text("/etc/os-release")?.context("there is no /etc/os-release")?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let value = |name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_default().trim().trim_matches('"').to_owned()
        };
        let (id, version) = (value("ID"), value("VERSION_ID"));
        let word = if id == "ubuntu" { "Ubuntu" } else { "Debian" };
        let name = if Self::is_supported(&id, &version) { format!("{word} {version}") } else { value("PRETTY_NAME") };
        Self { id, version, codename: value("VERSION_CODENAME"), name }
    }

    fn is_supported(id: &str, version: &str) -> bool {
        SUPPORTED.contains(&(id, version))
    }
}

/// Everything below is changed by root.
pub(crate) struct Root;

impl Step for Root {
    fn name(&self) -> &'static str {
        "root"
    }

    fn needs(&self) -> &'static [&'static str] {
        &[]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        if server.is_root() {
            return Ok(State::Fine("this runs as root".to_owned()));
        }
        Ok(State::Stuck("this does not run as root".to_owned(), "sudo suiftly provision".to_owned()))
    }

    fn make(&self, _: &Server<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// The system.
pub(crate) struct Distribution;

impl Step for Distribution {
    fn name(&self) -> &'static str {
        "system"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["root"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let os = Os::of(server)?;
        if Os::is_supported(&os.id, &os.version) {
            return Ok(State::Fine(os.name));
        }
        let found = if os.name.is_empty() { "a system that does not say what it is".to_owned() } else { os.name };
        Ok(State::Stuck(format!("this is {found}"), "use Debian 12 or 13, or Ubuntu 22.04 or 24.04".to_owned()))
    }

    fn make(&self, _: &Server<'_>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// What the server is: written once, and never into something else.
pub(crate) struct DeploymentType;

impl DeploymentType {
    fn file() -> Owned {
        Owned::file(SYSTEM_CONF, "root", "root", 0o644)
    }
}

impl Step for DeploymentType {
    fn name(&self) -> &'static str {
        "deployment type"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["root", "system"]
    }

    fn is_as_good_as_made(&self) -> bool {
        true
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let asked = server.args.deployment_type.as_deref();
        let is = match (place::of_server(&server.path(SYSTEM_CONF))?, asked) {
            (Some(is), Some(asked)) if is.word() != asked => {
                return Ok(State::Stuck(
                    format!("this server is {is} by {SYSTEM_CONF}, not {asked}"),
                    format!("leave --deployment-type away, or make another machine the {asked} server"),
                ));
            }
            (Some(is), _) => is,
            (None, Some(asked)) => return Ok(State::Lacking(format!("{SYSTEM_CONF} is to say {asked}"))),
            (None, None) => {
                return Ok(State::Stuck(
                    format!("there is no {SYSTEM_CONF}: it is not said what this server is"),
                    "say --deployment-type production, test or development".to_owned(),
                ));
            }
        };
        Ok(files::drift(server, &Self::file())?.map_or_else(|| State::Fine(is.word().to_owned()), State::Lacking))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        files::put(server, &Owned::dir("/etc/suiftly", "root", "root", 0o755))?;
        if !server.path(SYSTEM_CONF).exists() {
            let is = server.deployment()?;
            files::write(
                server,
                &Self::file(),
                &format!("# What this server is. Made by `suiftly provision`.\nDEPLOYMENT_TYPE={is}\n"),
            )?;
        }
        files::put(server, &Self::file())
    }
}

#[cfg(test)]
mod tests {
    use super::Os;

    #[test]
    fn what_os_release_says() {
        for (text, id, version, codename, name) in [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
                "debian",
                "12",
                "bookworm",
                "Debian 12",
            ),
            ("ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n", "ubuntu", "24.04", "noble", "Ubuntu 24.04"),
            ("ID=debian\nVERSION_ID=\"11\"\nPRETTY_NAME=\"Debian 11\"\n", "debian", "11", "", "Debian 11"),
        ] {
            let os = Os::parse(text);
            let is = (os.id.as_str(), os.version.as_str(), os.codename.as_str(), os.name.as_str());
            assert_eq!(is, (id, version, codename, name));
        }
    }
}
