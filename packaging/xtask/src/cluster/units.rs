//! What each process of a cluster is told: its command line, its settings, its certificate, its database.

use super::manager::ManageOptions;
use super::net::Net;
use super::service::Unit;
use super::setup::{API, LINES_PORT, Site, VICTIMS, state_dir};
use crate::ports::Ports;
use crate::process::run_quietly;
use crate::stack::AS_OFTEN_AS_THEY_LIKE;
use anyhow::Context as _;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where processes find each other.
const LINKS_PORT: u16 = 5515;
/// Nothing of the journals may go before it was counted.
const SETTINGS: [(&str, &str); 3] =
    [AS_OFTEN_AS_THEY_LIKE[0], AS_OFTEN_AS_THEY_LIKE[1], ("SUIFTLY_JOURNAL__KEEP_BYTES", "68719476736")];

/// Of every process.
pub(super) fn settings() -> Vec<(String, String)> {
    let pairs = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.into_iter().chain([variable("API__MOCK_AUTH", &true)]).collect()
}

/// A configuration's key, as the environment has it.
pub(super) fn variable<T: ToString + ?Sized>(key: &str, value: &T) -> (String, String) {
    (format!("SUIFTLY_{key}"), value.to_string())
}

/// What the processes of a cluster are told.
pub(super) struct Plan<'a> {
    site: &'a Site<'a>,
    net: &'a Net,
    cluster_id: String,
    database: String,
    ports: Ports,
}

impl<'a> Plan<'a> {
    /// Of a cluster that is founded now.
    pub(super) fn of(site: &'a Site<'a>, net: &'a Net, ports: Ports) -> anyhow::Result<Self> {
        Ok(Self { site, net, cluster_id: found(site, net)?, database: database_url(site)?, ports })
    }

    pub(super) fn unit(&self, name: &'static str) -> anyhow::Result<Unit> {
        let Site { programs, data_dir, .. } = self.site;
        let mut environment = settings();
        environment.extend([
            variable("CLUSTER__ID", &self.cluster_id),
            variable("CLUSTER__TLS_DIR", &tls_dir(data_dir).display()),
        ]);
        let (role, numbers, own_dir) = match name.split_once('-') {
            Some(("ingest", short)) => {
                let at = SocketAddr::from((self.net.address(name)?, LINES_PORT));
                environment.extend([variable("CLUSTER__NAME", short), variable("INGEST__LISTEN", &at)]);
                ("ingest", Vec::new(), data_dir.join(name))
            }
            Some((role, number)) => {
                environment.push(variable("DATABASE__URL", &self.database));
                (role, vec!["--process", number, "--processes", "3"], data_dir.join(name))
            }
            // The private database cluster of its data directory is the one that all use.
            None => {
                let Ports { api, admin, .. } = self.ports;
                environment.extend([variable("API__LISTEN", &api), variable("ADMIN__LISTEN", &admin)]);
                (name, Vec::new(), data_dir.to_path_buf())
            }
        };
        let lines =
            if role == "ingest" { vec![SocketAddr::from((self.net.address(name)?, LINES_PORT))] } else { vec![] };
        let mut arguments: Vec<OsString> = ["serve", "--role", role].map(OsString::from).into();
        arguments.extend(numbers.into_iter().map(OsString::from));
        arguments.extend([OsString::from("--hosts"), hosts_file(data_dir).into()]);
        arguments.extend([OsString::from("--data-dir"), own_dir.into()]);
        arguments.extend(["--deployment", "development"].map(OsString::from));
        let options = ManageOptions {
            name: name.to_owned(),
            dir: state_dir(data_dir),
            programs: programs.to_vec(),
            streams: lines.clone(),
            datagrams: lines,
            arguments,
        };
        Ok(Unit { options, environment, is_behind_cable: name != API })
    }
}

fn tls_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("tls")
}

fn hosts_file(data_dir: &Path) -> PathBuf {
    data_dir.join("hosts.toml")
}

/// Makes the cluster's CA, everybody's certificate, and the table of who is where; gives the cluster's id.
fn found(site: &Site<'_>, net: &Net) -> anyhow::Result<String> {
    let (suiftly, ca) = (site.suiftly()?, site.data_dir.join("ca"));
    run_quietly(Command::new(suiftly).args(["cluster", "init"]).arg(&ca))?;
    let mut hosts = format!("{API} = \"{}:{LINKS_PORT}\"\n", Net::here());
    for name in VICTIMS {
        // Writing to a String cannot fail.
        let _ = writeln!(hosts, "{name} = \"{}:{LINKS_PORT}\"", net.address(name)?);
    }
    for role in VICTIMS.into_iter().chain([API]) {
        let mut certificate = Command::new(suiftly);
        certificate.args(["cluster", "certificate", role, "--ca"]).arg(&ca).arg("--out").arg(tls_dir(site.data_dir));
        run_quietly(&mut certificate)?;
    }
    let file = hosts_file(site.data_dir);
    fs::write(&file, hosts).with_context(|| format!("cannot write {}", file.display()))?;
    let id = fs::read_to_string(ca.join("cluster-id")).context("`suiftly cluster init` wrote no id")?;
    Ok(id.trim().to_owned())
}

/// How processes with another data directory reach the private database cluster: by its socket, which a network namespace does
/// not keep from anybody. So a process that is cut off from all others may still write, and must be refused.
fn database_url(site: &Site<'_>) -> anyhow::Result<String> {
    let path = site.data_dir.join("postgres/data/postmaster.pid");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    url_in(&text).with_context(|| format!("{} names no socket", path.display()))
}

/// Its lines: process, directory, start, port, the socket's directory.
fn url_in(postmaster: &str) -> Option<String> {
    let mut lines = postmaster.lines().skip(3);
    let (port, directory) = (lines.next()?.trim(), lines.next()?.trim());
    let is_there = port.parse::<u16>().is_ok() && directory.starts_with('/');
    is_there.then(|| format!("host='{directory}' port={port} user=suiftly_run dbname=suiftly_dev"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_socket_is_found() {
        let text = "812\n/d/postgres/data\n1795298476\n5432\n/d/postgres/socket\n\n  1234 5\nready   \n";
        let url = "host='/d/postgres/socket' port=5432 user=suiftly_run dbname=suiftly_dev";
        assert_eq!(url_in(text).as_deref(), Some(url));
        for broken in ["", "812\n/d\n1\n5432\n", "812\n/d\n1\n5432\n\n"] {
            assert_eq!(url_in(broken), None, "{broken}");
        }
    }
}
