//! PostgreSQL's own programs that dump and restore: which release to use, and as whom.

use crate::StoreError;
use crate::cluster::{installed_bins, release_of_program};
use crate::config::StoreConfig;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use tokio_postgres::config::Host;

/// A program that can be run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    path: PathBuf,
    pub(super) release: u32,
}

impl Program {
    /// The installed one of the `wanted` release if that is not below `oldest`, else the lowest that is not.
    pub(super) fn find(name: &str, oldest: u32, wanted: Option<u32>) -> Result<Self, StoreError> {
        let found = installed_bins().into_iter().filter_map(|bin| {
            let path = bin.join(name);
            let release = path.exists().then(|| release_of_program(&path)).flatten()?;
            Some(Self { path, release })
        });
        choose(found.collect(), oldest, wanted).ok_or_else(|| {
            let cause = format!("there is none of release {oldest}: install the package `postgresql-client-{oldest}`");
            StoreError::cluster(format!("find {name}"), cause)
        })
    }

    /// It, connected to a database. What it is told of it stands in its environment, which nobody else can read.
    pub(super) fn command(&self, config: &StoreConfig) -> Command {
        let driver = config.driver();
        let mut command = Command::new(&self.path);
        command.env("LC_ALL", "C").env("PGAPPNAME", "suiftly").env("PGDATABASE", config.database());
        command.env("PGUSER", config.user()).current_dir("/");
        let hosts = driver.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        command.env("PGHOST", hosts.collect::<Vec<_>>().join(","));
        let ports = driver.get_ports().iter().map(u16::to_string).collect::<Vec<_>>();
        command.env("PGPORT", ports.join(","));
        if let Some(password) = driver.get_password() {
            command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
        }
        if let Some(options) = driver.get_options() {
            command.env("PGOPTIONS", options);
        }
        command.arg("--no-password");
        command
    }

    pub(super) fn cannot_run(&self, error: &io::Error) -> StoreError {
        StoreError::cluster(format!("run {}", self.path.display()), error.to_string())
    }

    pub(super) fn failed(&self, attempted: &str, said: &str, ended: ExitStatus) -> StoreError {
        let complaints: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let first = complaints.iter().find(|line| line.contains("error:")).or(complaints.last());
        StoreError::cluster(attempted, format!("{} ({ended})", first.unwrap_or(&"it said nothing")))
    }
}

fn choose(mut found: Vec<Program>, oldest: u32, wanted: Option<u32>) -> Option<Program> {
    found.retain(|program| program.release >= oldest);
    found.sort_by_key(|program| (Some(program.release) != wanted, program.release));
    found.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_release_goes_before_others_and_none_is_too_old() {
        let cases = [
            ([15, 16, 17].as_slice(), 15, None, Some(15)),
            (&[17, 16], 15, None, Some(16)),
            (&[15], 16, None, None),
            (&[15, 16, 17], 15, Some(17), Some(17)),
            (&[15, 16, 17], 16, Some(15), Some(16)),
            (&[], 15, Some(15), None),
        ];
        for (installed, oldest, wanted, chosen) in cases {
            let found = installed.iter().map(|&release| Program { path: PathBuf::new(), release }).collect();
            let release = choose(found, oldest, wanted).map(|program| program.release);
            assert_eq!(release, chosen, "{installed:?} {oldest} {wanted:?}");
        }
    }

    #[test]
    fn a_password_is_in_no_argument() {
        let config = StoreConfig::from_url("postgres://me:hunter2@db.example:5433/suiftly_dev").unwrap();
        let command = Program { path: "pg_dump".into(), release: 15 }.command(&config);
        assert!(command.get_args().all(|argument| !argument.to_string_lossy().contains("hunter2")));
        let of = |name: &str| command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value);
        assert_eq!(of("PGPASSWORD"), Some("hunter2".as_ref()));
        assert_eq!((of("PGHOST"), of("PGPORT")), (Some("db.example".as_ref()), Some("5433".as_ref())));
    }
}
