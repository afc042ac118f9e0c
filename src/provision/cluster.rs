//! The PostgreSQL cluster that the database is in: found by its port, as the configuration names it, else the newest.

use super::configuration;
use super::files::{self, Owned};
use super::machine::{Answer, Call, Server};
use super::postgresql::{self, VERSIONS};
use super::step::{State, Step};
use anyhow::{Context, bail, ensure};

/// What Debian calls the cluster that it makes.
const NAME: &str = "main";
/// Where clients look for its socket.
pub(crate) const SOCKET_DIR: &str = "/var/run/postgresql";
const SUPERUSER: &str = "postgres";

/// A cluster, as `pg_lsclusters` tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    version: u32,
    name: String,
    pub(crate) port: u16,
    is_online: bool,
}

impl Cluster {
    /// The one that is used; none if there is none.
    pub(crate) fn find(server: &Server<'_>) -> anyhow::Result<Option<Self>> {
        let Ok(answer) = server.answer(&Call::new("pg_lsclusters", &["-h"])) else { return Ok(None) };
        let all: Vec<_> = answer.stdout.lines().filter_map(Self::parse).collect();
        if let Some(port) = configuration::database_port(server)? {
            let named = all.into_iter().find(|cluster| cluster.port == port);
            return Ok(Some(named.with_context(|| {
                format!("database.url of suiftly.toml names port {port}, and no PostgreSQL 15 to 17 is on it; fix: start it (pg_lsclusters)")
            })?));
        }
        Ok(all.into_iter().max_by_key(|cluster| (cluster.version, cluster.name == NAME)))
    }

    /// `15  main    5432 online postgres /var/lib/postgresql/15/main /var/log/postgresql/…`
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let version = words.next()?.parse().ok().filter(|version| VERSIONS.contains(version))?;
        let (name, port) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
        let is_online = words.next()?.split(',').next() == Some("online");
        Some(Self { version, name, port, is_online })
    }

    /// It, or an error that says which step makes it.
    pub(crate) fn of(server: &Server<'_>) -> anyhow::Result<Self> {
        Self::find(server)?.context("there is no PostgreSQL cluster")
    }

    fn told(&self) -> String {
        format!("{} {} on port {}", self.version, self.name, self.port)
    }

    /// Its own directory of settings.
    fn settings(&self) -> String {
        format!("/etc/postgresql/{}/{}/conf.d/60-suiftly.conf", self.version, self.name)
    }

    fn act(&self, server: &Server<'_>, action: &str) -> anyhow::Result<()> {
        let call = Call::new("pg_ctlcluster", &[&self.version.to_string(), &self.name, action]);
        let answer = server.answer(&call)?;
        // 2: it is running already.
        ensure!(answer.is_success() || (action == "start" && answer.code == 2), "`{}`: {}", call.line(), answer.told());
        Ok(())
    }
}

/// Runs SQL as the superuser, whatever it answers.
fn answer(server: &Server<'_>, database: &str, sql: &str) -> anyhow::Result<Answer> {
    let port = Cluster::of(server)?.port.to_string();
    let psql =
        ["-u", SUPERUSER, "--", "psql", "-X", "-tAq", "-v", "ON_ERROR_STOP=1", "-p", &port, "-d", database, "-c", sql];
    server.answer(&Call::new("runuser", &psql).long())
}

/// What SQL of the superuser answers: a line a row.
pub(crate) fn sql(server: &Server<'_>, database: &str, sql: &str) -> anyhow::Result<String> {
    let answer = answer(server, database, sql)?;
    if !answer.is_success() {
        bail!("PostgreSQL: {}", answer.told());
    }
    Ok(answer.stdout.trim().to_owned())
}

/// The same where it may be that there is no such database, or table, or cluster yet: none then.
pub(crate) fn sql_if_there(server: &Server<'_>, database: &str, sql: &str) -> anyhow::Result<Option<String>> {
    if !Cluster::find(server)?.is_some_and(|cluster| cluster.is_online) {
        return Ok(None);
    }
    let answer = answer(server, database, sql)?;
    Ok(answer.is_success().then(|| answer.stdout.trim().to_owned()))
}

/// What is to be loaded at the start for this library to be among it; none if it is loaded.
pub(crate) fn to_preload(server: &Server<'_>, library: &str) -> anyhow::Result<Option<String>> {
    let loaded = sql(server, SUPERUSER, "SHOW shared_preload_libraries")?;
    let libraries: Vec<_> = loaded.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    Ok((!libraries.contains(&library)).then(|| [&[library], libraries.as_slice()].concat().join(", ")))
}

/// Sets what stands in a file of the cluster's settings, and starts it anew.
pub(crate) fn restart_with(server: &Server<'_>, settings: &str) -> anyhow::Result<()> {
    let cluster = Cluster::of(server)?;
    let text = format!("# Made by `suiftly provision`.\n{settings}");
    files::write(server, &Owned::file(cluster.settings(), SUPERUSER, SUPERUSER, 0o644), &text)?;
    cluster.act(server, "restart")
}

/// The cluster is there and runs.
pub(crate) struct Running;

impl Step for Running {
    fn name(&self) -> &'static str {
        "cluster"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["PostgreSQL"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let Some(cluster) = Cluster::find(server)? else {
            return Ok(State::Lacking("there is no PostgreSQL cluster".to_owned()));
        };
        if !cluster.is_online {
            return Ok(State::Lacking(format!("{} does not run", cluster.told())));
        }
        Ok(State::Fine(format!("{} runs", cluster.told())))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        if Cluster::find(server)?.is_none() {
            let version = postgresql::newest(server)?.context("PostgreSQL is gone")?.to_string();
            let options = ["--encoding", "UTF8", "--locale", "C.UTF-8", &version, NAME];
            server.said_by(&Call::new("pg_createcluster", &options).long())?;
        }
        let cluster = Cluster::of(server)?;
        if cluster.is_online { Ok(()) } else { cluster.act(server, "start") }
    }

    fn takes_long(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Cluster;

    #[test]
    fn what_is_told_of_clusters() {
        let line = "15  main    5433 online,recovery postgres /var/lib/postgresql/15/main /var/log/postgresql/x.log";
        let online = Cluster { version: 15, name: "main".to_owned(), port: 5433, is_online: true };
        assert_eq!(Cluster::parse(line), Some(online.clone()));
        let down = line.replace("online,recovery", "down");
        assert_eq!(Cluster::parse(&down), Some(Cluster { is_online: false, ..online }));
        for other in ["14  main 5432 online postgres", "Ver Cluster Port Status Owner", ""] {
            assert_eq!(Cluster::parse(other), None, "{other}");
        }
    }
}
