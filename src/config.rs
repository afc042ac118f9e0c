//! Configuration: one TOML file, every key also an environment variable (`SUIFTLY_SECTION__KEY`). Read once, checked
//! once. An unknown key is an error that names it. `packaging/suiftly.toml` documents each.

use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Everything that can be set. The defaults are those of a first look on one machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) ingest: Ingest,
    pub(crate) journal: Journal,
    pub(crate) dataflow: Dataflow,
    pub(crate) database: Database,
    pub(crate) api: Api,
}

/// `[ingest]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ingest {
    /// Where syslog comes in, by UDP and by TCP.
    pub(crate) listen: SocketAddr,
    /// TCP connections at once; more are refused.
    pub(crate) max_connections: usize,
}

/// `[journal]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Journal {
    /// A block is cut, and so an epoch made, at the latest after so many milliseconds.
    pub(crate) cut_ms: u64,
    /// A segment is closed when it is larger than this.
    pub(crate) segment_bytes: u64,
    /// Segments that the database has are deleted, oldest first, beyond this.
    pub(crate) keep_bytes: u64,
}

/// `[dataflow]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dataflow {
    /// Worker threads.
    pub(crate) workers: usize,
}

/// `[database]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A PostgreSQL URL; without one a private cluster is started in the data directory.
    pub(crate) url: Option<String>,
}

/// `[api]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Where the API and the dashboard are served.
    pub(crate) listen: SocketAddr,
    /// The dashboard's built files.
    pub(crate) web_dir: PathBuf,
    /// Live streams at once; more are refused.
    pub(crate) max_streams: usize,
}

impl Default for Ingest {
    fn default() -> Self {
        Self { listen: local(5514), max_connections: 256 }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { cut_ms: 10, segment_bytes: 256 << 20, keep_bytes: 8 << 30 }
    }
}

impl Default for Dataflow {
    fn default() -> Self {
        Self { workers: 1 }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { listen: local(3000), web_dir: "console/web/dist".into(), max_streams: 1_000 }
    }
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            anyhow::ensure!(file.is_file(), "cannot read the configuration {}: no such file", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        // Only names with a section are settings: SUIFTLY_URL and the like belong to other programs.
        let sectioned = Env::prefixed("SUIFTLY_").filter(|key| key.as_str().contains("__")).split("__");
        let config: Self = figment.merge(sectioned).extract().context("cannot use the configuration")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!((1..=1_000).contains(&self.journal.cut_ms), "journal.cut_ms must be 1 to 1000");
        anyhow::ensure!(self.journal.segment_bytes >= 1 << 20, "journal.segment_bytes must be at least 1 MiB");
        anyhow::ensure!(self.ingest.max_connections > 0, "ingest.max_connections must be at least 1");
        anyhow::ensure!(self.api.max_streams > 0, "api.max_streams must be at least 1");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use std::io::Write;

    fn read(toml: &str) -> anyhow::Result<Config> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(toml.as_bytes())?;
        Config::read(Some(file.path()))
    }

    #[test]
    fn a_file_overrides_the_defaults() {
        let config = read("[ingest]\nlisten = \"127.0.0.1:0\"\n[dataflow]\nworkers = 2\n").unwrap();
        assert_eq!((config.ingest.listen.port(), config.dataflow.workers, config.api.listen.port()), (0, 2, 3000));
    }

    #[test]
    fn the_documented_file_names_every_key_with_its_default() {
        let documented = include_str!("../packaging/suiftly.toml");
        assert_eq!(read(documented).unwrap(), Config::default());
        let all = serde_json::to_value(Config::default()).unwrap();
        for (section, keys) in all.as_object().unwrap() {
            assert!(documented.contains(&format!("[{section}]")), "{section}");
            for key in keys.as_object().unwrap().keys() {
                assert!(documented.contains(&format!("{key} = ")), "{section}.{key}");
            }
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let cases = [
            ("[ingest]\nlisten = \"nowhere\"", "listen"),
            ("[ingest]\nlisen = \"127.0.0.1:1\"", "lisen"),
            ("[ingets]\n", "ingets"),
            ("[journal]\ncut_ms = 0", "cut_ms"),
            ("no toml", "TOML"),
        ];
        for (toml, named) in cases {
            let error = format!("{:#}", read(toml).unwrap_err());
            assert!(error.contains(named), "{toml}: {error}");
        }
        let error = Config::read(Some("/nonexistent.toml".as_ref())).unwrap_err().to_string();
        assert_eq!(error, "cannot read the configuration /nonexistent.toml: no such file");
    }
}
