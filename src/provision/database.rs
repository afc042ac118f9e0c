//! The database: two roles, of which the one that runs makes and drops nothing; the database itself; its schema.

use super::accounts::SERVER;
use super::cluster::{sql, sql_if_there};
use super::machine::{Call, Server};
use super::step::{State, Step};
use super::timescale;
use super::written::listed;
use crate::place::SERVER_CONFIG;
use anyhow::Context;
use suiftly_store::probe::known_schema_version;

/// The role that runs.
pub(crate) const RUNS: &str = "suiftly";
/// The role that owns, and migrates.
pub(crate) const OWNS: &str = "suiftly_owner";
/// The database that is always there.
pub(crate) const MAINTENANCE: &str = "postgres";

fn name(server: &Server<'_>) -> anyhow::Result<&'static str> {
    Ok(server.deployment()?.database())
}

/// Whether the database was made without TimescaleDB.
pub(crate) fn is_plain(server: &Server<'_>) -> anyhow::Result<bool> {
    let asked = "SELECT timescale FROM schema_migrations ORDER BY version LIMIT 1";
    Ok(sql_if_there(server, name(server)?, asked)?.is_some_and(|answer| answer == "f"))
}

/// Whether anybody is a customer.
pub(crate) fn has_customers(server: &Server<'_>) -> anyhow::Result<bool> {
    let asked = "SELECT EXISTS (SELECT FROM customers)";
    Ok(sql_if_there(server, name(server)?, asked)?.is_some_and(|answer| answer == "t"))
}

/// The two roles.
pub(crate) struct Roles;

impl Roles {
    /// A role's rights, in words of CREATE ROLE and ALTER ROLE. Databases of development and tests are dropped and made by
    /// their owner; production's never. As the database's owner it inherits the schema `public`.
    fn rights(server: &Server<'_>, role: &str) -> anyhow::Result<String> {
        let makes = role == OWNS && !server.deployment()?.is_production();
        let createdb = if makes { "CREATEDB" } else { "NOCREATEDB" };
        let inherit = if role == OWNS { "INHERIT" } else { "NOINHERIT" };
        Ok(format!("LOGIN NOSUPERUSER {createdb} NOCREATEROLE NOREPLICATION NOBYPASSRLS {inherit}"))
    }

    /// The same as the catalogue has it; none if there is no such role.
    fn found(server: &Server<'_>, role: &str) -> anyhow::Result<Option<String>> {
        let word = |column: &str, word: &str| format!("CASE WHEN {column} THEN '{word}' ELSE 'NO{word}' END");
        let words = [
            word("rolcanlogin", "LOGIN"),
            word("rolsuper", "SUPERUSER"),
            word("rolcreatedb", "CREATEDB"),
            word("rolcreaterole", "CREATEROLE"),
            word("rolreplication", "REPLICATION"),
            word("rolbypassrls", "BYPASSRLS"),
            word("rolinherit", "INHERIT"),
        ];
        let asked = format!("SELECT concat_ws(' ', {}) FROM pg_roles WHERE rolname = '{role}'", words.join(", "));
        Ok(Some(sql(server, MAINTENANCE, &asked)?).filter(|found| !found.is_empty()))
    }
}

impl Step for Roles {
    fn name(&self) -> &'static str {
        "roles"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["cluster", "TimescaleDB"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let mut amiss = Vec::new();
        for role in [RUNS, OWNS] {
            match Self::found(server, role)? {
                None => amiss.push(format!("there is no role {role}")),
                Some(found) if found != Self::rights(server, role)? => {
                    amiss.push(format!("role {role} has other rights than it should"));
                }
                Some(_) => {}
            }
        }
        if let Some(amiss) = listed(amiss) {
            return Ok(State::Lacking(amiss));
        }
        if sql(server, MAINTENANCE, &format!("SELECT pg_has_role('{RUNS}', '{OWNS}', 'MEMBER')"))? == "t" {
            let fix = format!("sudo -u postgres psql -c 'REVOKE {OWNS} FROM {RUNS}'");
            return Ok(State::Stuck(format!("role {RUNS} has the rights of {OWNS}"), fix));
        }
        Ok(State::Fine(format!("{RUNS} runs, {OWNS} migrates")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        for role in [RUNS, OWNS] {
            let action = if Self::found(server, role)?.is_some() { "ALTER" } else { "CREATE" };
            sql(server, MAINTENANCE, &format!("{action} ROLE {role} {}", Self::rights(server, role)?))?;
        }
        Ok(())
    }
}

/// The database is there.
pub(crate) struct Made;

impl Step for Made {
    fn name(&self) -> &'static str {
        "database"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["roles"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let name = name(server)?;
        let asked = format!(
            "SELECT pg_get_userbyid(datdba) || ' ' || pg_encoding_to_char(encoding) FROM pg_database WHERE datname = '{name}'"
        );
        let found = sql(server, MAINTENANCE, &asked)?;
        match found.split_once(' ') {
            None => Ok(State::Lacking(format!("there is no database {name}"))),
            Some((OWNS, "UTF8")) if extension_lacks(server, name)? => {
                Ok(State::Lacking(format!("database {name} is without the extension timescaledb")))
            }
            Some((OWNS, "UTF8")) => Ok(State::Fine(format!("{name} of {OWNS}"))),
            Some((OWNS, encoding)) => {
                let wrong = format!("database {name} is in {encoding}, not in UTF8");
                Ok(State::Stuck(wrong, "dump it, drop it, and restore it into a database in UTF8".to_owned()))
            }
            Some((owner, _)) => Ok(State::Stuck(
                format!("database {name} belongs to {owner}"),
                format!("sudo -u postgres psql -c 'ALTER DATABASE {name} OWNER TO {OWNS}', if it is this server's"),
            )),
        }
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let name = name(server)?;
        if sql(server, MAINTENANCE, &format!("SELECT 1 FROM pg_database WHERE datname = '{name}'"))?.is_empty() {
            let as_ours = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'";
            sql(server, MAINTENANCE, &format!("CREATE DATABASE {name} OWNER {OWNS} {as_ours}"))?;
        }
        if extension_lacks(server, name)? {
            sql(server, name, "CREATE EXTENSION timescaledb")?;
        }
        Ok(())
    }
}

/// Whether TimescaleDB is to be switched on: it is there, and the database was not made without it.
fn extension_lacks(server: &Server<'_>, name: &str) -> anyhow::Result<bool> {
    if !timescale::is_installed(server)? || is_plain(server)? {
        return Ok(false);
    }
    Ok(sql(server, name, "SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")?.is_empty())
}

/// The schema is this program's, and the role that runs has its rights in it.
pub(crate) struct Schema;

impl Step for Schema {
    fn name(&self) -> &'static str {
        "schema"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["database", "access", "configuration", "directories"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let asked = format!(
            "SELECT max(version) || ' ' || has_table_privilege('{RUNS}', 'schema_migrations', 'SELECT') FROM schema_migrations"
        );
        let name = name(server)?;
        let Some(found) = sql_if_there(server, name, &asked)?.filter(|found| !found.is_empty()) else {
            return Ok(State::Lacking(format!("{name} is empty")));
        };
        let known = known_schema_version();
        let (version, is_granted) = found.split_once(' ').context("the table of migrations cannot be read")?;
        let version: i32 = version.parse().context("the table of migrations cannot be read")?;
        if version > known {
            let wrong = format!("{name} has version {version}, and this program knows {known}");
            return Ok(State::Stuck(wrong, "install the newer suiftly that made it".to_owned()));
        }
        if version < known {
            return Ok(State::Lacking(format!("{name} has version {version}, not {known}")));
        }
        if is_granted != "true" {
            return Ok(State::Lacking(format!("role {RUNS} has no rights in {name}")));
        }
        let kind = if is_plain(server)? { "hourly partitions" } else { "TimescaleDB" };
        Ok(State::Fine(format!("{name} has version {version}, with {kind}")))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        let own = server.own_program();
        let migrate = ["-u", SERVER, "--", own, "db", "migrate", "--config", SERVER_CONFIG];
        server.said_by(&Call::new("runuser", &migrate).long()).map(drop)
    }

    fn takes_long(&self) -> bool {
        true
    }
}
