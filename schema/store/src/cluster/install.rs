//! The PostgreSQL software of the distribution: which release to use, and where its programs are.

use crate::StoreError;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest release that will do.
pub(super) const OLDEST: u32 = 15;
/// The newest release that is tested. A newer one is used only where there is none up to it.
const NEWEST_TESTED: u32 = 17;

/// An installed release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Install {
    pub(super) release: u32,
    bin: PathBuf,
}

impl Install {
    /// The best installed release: a tested one before a newer one, then the highest.
    pub(super) fn find() -> Result<Self, StoreError> {
        best(debian_installs().into_iter().chain(pg_config_install()).collect())
            .ok_or(StoreError::NoPostgres { min: OLDEST })
    }

    /// The installed release that made a data directory; data of one release cannot be read by another.
    pub(super) fn find_release(release: u32) -> Result<Self, StoreError> {
        let mut installs = debian_installs().into_iter().chain(pg_config_install());
        installs.find(|install| install.release == release).ok_or_else(|| {
            StoreError::cluster(
                format!("use the data of PostgreSQL {release}"),
                format!("that release is not installed; install the package `postgresql-{release}`"),
            )
        })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// Whether TimescaleDB is installed beside it; its library must be loaded when the server starts.
    pub(super) fn has_timescale(&self) -> bool {
        ask_pg_config(&self.program("pg_config"), "--sharedir")
            .is_some_and(|share| Path::new(&share).join("extension/timescaledb.control").exists())
    }
}

fn best(mut installs: Vec<Install>) -> Option<Install> {
    installs.retain(|install| install.release >= OLDEST);
    installs.sort_by_key(|install| (install.release <= NEWEST_TESTED, install.release));
    installs.pop()
}

/// Where programs of PostgreSQL are, a client's alone included.
pub(crate) fn installed_bins() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let of_debian = entries.map(|entry| entry.path().join("bin"));
    of_debian.chain(ask_pg_config(Path::new("pg_config"), "--bindir").map(PathBuf::from)).collect()
}

/// The release of such a program, by its own word.
pub(crate) fn release_of_program(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").output().ok()?;
    release_of_client(&String::from_utf8(output.stdout).ok()?)
}

/// `pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` is of release 15.
fn release_of_client(version: &str) -> Option<u32> {
    release_of(version.split_once(' ')?.1)
}

/// Debian and Ubuntu keep each release apart, and out of the path.
fn debian_installs() -> Vec<Install> {
    let Ok(entries) = std::fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| {
            let release = entry.file_name().to_str()?.parse().ok()?;
            of_directory(release, entry.path().join("bin"))
        })
        .collect()
}

fn pg_config_install() -> Option<Install> {
    let pg_config = Path::new("pg_config");
    let bin = PathBuf::from(ask_pg_config(pg_config, "--bindir")?);
    of_directory(release_of(&ask_pg_config(pg_config, "--version")?)?, bin)
}

/// Client packages bring some of the programs; a server has these three.
fn of_directory(release: u32, bin: PathBuf) -> Option<Install> {
    let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|program| bin.join(program).exists());
    complete.then_some(Install { release, bin })
}

fn ask_pg_config(pg_config: &Path, option: &str) -> Option<String> {
    let output = Command::new(pg_config).arg(option).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| answer.trim().to_owned())
}

/// `PostgreSQL 15.14 (Debian 15.14-0+deb12u1)` is release 15.
fn release_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(1)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tested_release_goes_before_a_newer_and_a_higher_before_a_lower() {
        let cases: [(&[u32], Option<u32>); 6] = [
            (&[], None),
            (&[13, 14], None),
            (&[15, 14], Some(15)),
            (&[15, 17, 16], Some(17)),
            (&[15, 18], Some(15)),
            (&[18, 19], Some(19)),
        ];
        for (installed, chosen) in cases {
            let installs = installed.iter().map(|&release| Install { release, bin: PathBuf::new() }).collect();
            assert_eq!(best(installs).map(|install| install.release), chosen, "{installed:?}");
        }
    }

    #[test]
    fn releases_of_programs_are_read() {
        let says = "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!((release_of_client(says), release_of_client("pg_dump")), (Some(15), None));
    }

    #[test]
    fn releases_are_read() {
        for (version, release) in
            [("PostgreSQL 15.14 (Debian 15.14-0+deb12u1)", Some(15)), ("PostgreSQL 18beta1", Some(18)), ("", None)]
        {
            assert_eq!(release_of(version), release, "{version}");
        }
    }
}
