//! Where this process keeps what it keeps, how it is configured, and what it is: a server says so in one file,
//! [`SYSTEM_CONF`]; without that file this is somebody's own machine.

use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The one place that says what a server is. It is made by `suiftly provision`, never by anything else.
pub(crate) const SYSTEM_CONF: &str = "/etc/suiftly/system.conf";
/// What the commands take on a server unless they are told otherwise.
pub(crate) const SERVER_CONFIG: &str = "/etc/suiftly/suiftly.toml";
const SERVER_DATA_DIR: &str = "/var/lib/suiftly";
/// The same on somebody's own machine.
const OWN_DATA_DIR: &str = "suiftly-data";

const DEPLOYMENT_TYPE: &str = "DEPLOYMENT_TYPE";

/// Where the process keeps what it keeps, and how it is configured.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Directory for the journal, the private database cluster and secrets; made if it is missing.
    #[arg(long, value_name = "DIR", default_value = data_dir_default())]
    pub(crate) data_dir: PathBuf,
    /// Configuration, TOML. Every key can also be set as SUIFTLY_SECTION__KEY in the environment.
    #[arg(long, value_name = "FILE", default_value = config_default())]
    pub(crate) config: Option<PathBuf>,
    /// Which database: suiftly_dev or suiftly_test. On a server, what its system.conf says; elsewhere development.
    #[arg(long, value_enum)]
    pub(crate) deployment: Option<NamedDeployment>,
}

/// Deployments that may be named. Production is read from the server's own configuration, never said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NamedDeployment {
    /// Database suiftly_dev.
    Development,
    /// Database suiftly_test.
    Test,
}

/// What a deployment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deployment {
    /// Somebody's own machine.
    Development,
    /// Tests.
    Test,
    /// Customers' money.
    Production,
}

impl Deployment {
    pub(crate) const fn database(self) -> &'static str {
        match self {
            Self::Development => "suiftly_dev",
            Self::Test => "suiftly_test",
            Self::Production => "suiftly_prod",
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Production => "production",
        }
    }

    pub(crate) const fn is_production(self) -> bool {
        matches!(self, Self::Production)
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Development, Self::Test, Self::Production].into_iter().find(|known| known.word() == word)
    }
}

impl fmt::Display for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl From<NamedDeployment> for Deployment {
    fn from(named: NamedDeployment) -> Self {
        match named {
            NamedDeployment::Development => Self::Development,
            NamedDeployment::Test => Self::Test,
        }
    }
}

impl Place {
    /// What this is: as it was named, else what the server's [`SYSTEM_CONF`] says, else development.
    pub(crate) fn deployment(&self) -> anyhow::Result<Deployment> {
        self.deployment_beside(of_server(Path::new(SYSTEM_CONF))?)
    }

    fn deployment_beside(&self, server: Option<Deployment>) -> anyhow::Result<Deployment> {
        let Some(named) = self.deployment.map(Deployment::from) else {
            return Ok(server.unwrap_or(Deployment::Development));
        };
        let is_servers = server.is_some_and(|server| server != named) && self.data_dir == Path::new(SERVER_DATA_DIR);
        ensure!(!is_servers, "{} is this server's own: name another --data-dir for {named}", self.data_dir.display());
        Ok(named)
    }
}

/// What a server is by its `system.conf`; none if there is no such file. A file that does not say is an error: there is no
/// default.
pub(crate) fn of_server(system_conf: &Path) -> anyhow::Result<Option<Deployment>> {
    let text = match std::fs::read_to_string(system_conf) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", system_conf.display())),
    };
    parse(&text).with_context(|| format!("cannot use {}", system_conf.display())).map(Some)
}

/// A server, or an error that says how it becomes one.
pub(crate) fn server() -> anyhow::Result<Deployment> {
    of_server(Path::new(SYSTEM_CONF))?.with_context(|| {
        format!(
            "there is no {SYSTEM_CONF}: this server does not say what it is; `suiftly provision` writes it \
             ({DEPLOYMENT_TYPE}=production), `suiftly up` is for development"
        )
    })
}

/// Lines `NAME=value`; empty ones and those that begin with # are passed over.
fn parse(text: &str) -> anyhow::Result<Deployment> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found = None;
    for line in lines {
        let (name, value) = line.split_once('=').with_context(|| format!("{line:?} is not as NAME=value"))?;
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name != DEPLOYMENT_TYPE {
            bail!("{name} is not known; it says {DEPLOYMENT_TYPE} alone");
        }
        ensure!(found.is_none(), "{DEPLOYMENT_TYPE} stands there twice");
        let known = Deployment::parse(value);
        found =
            Some(known.with_context(|| format!("{DEPLOYMENT_TYPE} is {value:?}: development, test or production"))?);
    }
    found.with_context(|| format!("it does not say {DEPLOYMENT_TYPE}=development, test or production"))
}

fn is_server() -> bool {
    Path::new(SYSTEM_CONF).exists()
}

/// Where a data directory is unless one is named.
pub(crate) fn data_dir_default() -> &'static str {
    if is_server() { SERVER_DATA_DIR } else { OWN_DATA_DIR }
}

/// Which configuration is read unless one is named.
pub(crate) fn config_default() -> Option<&'static str> {
    (is_server() && Path::new(SERVER_CONFIG).exists()).then_some(SERVER_CONFIG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_what_it_is() {
        for (text, is) in [
            ("DEPLOYMENT_TYPE=production\n", Deployment::Production),
            ("# made by provision\n\n DEPLOYMENT_TYPE = \"test\" \n", Deployment::Test),
            ("DEPLOYMENT_TYPE=development", Deployment::Development),
        ] {
            assert_eq!(parse(text).unwrap(), is, "{text}");
        }
    }

    #[test]
    fn a_server_that_does_not_say_what_it_is_is_refused() {
        for (text, says) in [
            ("", "does not say DEPLOYMENT_TYPE="),
            ("DEPLOYMENT_TYPE=\n", "development, test or production"),
            ("DEPLOYMENT_TYPE=prod\n", "\"prod\""),
            ("DEPLOYMENT_TYPE=test\nDEPLOYMENT_TYPE=production\n", "twice"),
            ("DEPLOYMENT=production\n", "DEPLOYMENT is not known"),
            ("production\n", "NAME=value"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }

    #[test]
    fn no_file_is_no_server_and_one_that_cannot_be_read_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("system.conf");
        assert_eq!(of_server(&path).unwrap(), None);
        std::fs::write(&path, "DEPLOYMENT_TYPE=production\n").unwrap();
        assert_eq!(of_server(&path).unwrap(), Some(Deployment::Production));
        std::fs::write(&path, "nothing").unwrap();
        assert!(format!("{:#}", of_server(&path).unwrap_err()).contains("system.conf"));
        assert!(of_server(dir.path()).is_err());
    }

    #[test]
    fn what_is_named_does_not_get_into_a_servers_own_data() {
        let place = |dir: &str, deployment| Place { data_dir: dir.into(), config: None, deployment };
        let (named, server) = (Some(NamedDeployment::Development), Some(Deployment::Production));
        assert_eq!(place("d", None).deployment_beside(None).unwrap(), Deployment::Development);
        assert_eq!(place(SERVER_DATA_DIR, None).deployment_beside(server).unwrap(), Deployment::Production);
        assert_eq!(place("d", named).deployment_beside(server).unwrap(), Deployment::Development);
        let error = place(SERVER_DATA_DIR, named).deployment_beside(server).unwrap_err().to_string();
        assert!(error.contains("--data-dir"), "{error}");
    }
}
