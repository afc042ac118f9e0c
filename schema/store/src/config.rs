//! Where a database is, and connecting to it.
//!
//! Connections are not encrypted: they go over a Unix socket or stay on a trusted network.

use crate::StoreError;
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio_postgres::{Client, NoTls};

/// How long one attempt to connect may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A database and as whom to use it. `Debug` and `Display` never show a password.
#[derive(Clone)]
pub struct StoreConfig {
    driver: tokio_postgres::Config,
}

impl StoreConfig {
    /// Reads `postgres://user:password@host:port/database` (or `host=… dbname=…`). A database must be named.
    pub fn from_url(url: &str) -> Result<Self, StoreError> {
        let driver: tokio_postgres::Config =
            url.parse().map_err(|error: tokio_postgres::Error| StoreError::Address { cause: error.to_string() })?;
        match driver.get_dbname() {
            Some(_) => Ok(Self::of(driver)),
            None => Err(StoreError::Address { cause: "it names no database".to_owned() }),
        }
    }

    pub(crate) fn on_socket(directory: &Path, port: u16, user: &str, database: &str) -> Self {
        let mut driver = tokio_postgres::Config::new();
        driver.host_path(directory).port(port).user(user).dbname(database);
        Self::of(driver)
    }

    fn of(mut driver: tokio_postgres::Config) -> Self {
        driver.connect_timeout(CONNECT_TIMEOUT).application_name("suiftly");
        Self { driver }
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        self.driver.get_dbname().unwrap_or_default()
    }

    /// Another database of the same server, as the same user.
    pub fn with_database(&self, name: &str) -> Self {
        let mut driver = self.driver.clone();
        driver.dbname(name);
        Self { driver }
    }

    /// As whom.
    pub fn user(&self) -> &str {
        self.driver.get_user().unwrap_or_default()
    }

    /// The same database as another user who needs no password.
    pub fn with_user(&self, name: &str) -> Self {
        let mut driver = self.driver.clone();
        driver.user(name);
        Self { driver }
    }

    /// The same database for connections that act for customers: they see nothing until one is named (migration 0013).
    pub(crate) fn scoped(&self) -> Self {
        let mut driver = self.driver.clone();
        let options = self.driver.get_options().map_or(String::new(), |options| format!("{options} "));
        driver.options(format!("{options}-c suiftly.scope=customer"));
        Self { driver }
    }

    pub(crate) fn driver(&self) -> &tokio_postgres::Config {
        &self.driver
    }

    /// Opens a connection. Its I/O runs as a task of the current runtime and ends with the client.
    pub(crate) async fn connect(&self) -> Result<Client, StoreError> {
        let (client, connection) =
            self.driver.connect(NoTls).await.map_err(StoreError::database("connect to the database"))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a database connection ended");
            }
        });
        Ok(client)
    }
}

impl fmt::Display for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.driver.get_hosts().iter().map(|host| match host {
            tokio_postgres::config::Host::Tcp(name) => name.clone(),
            tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
        });
        write!(f, "{} at {}", self.database(), hosts.collect::<Vec<_>>().join(","))
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreConfig({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::StoreConfig;

    #[test]
    fn addresses_and_what_is_shown_of_them() {
        let config = StoreConfig::from_url("postgres://me:secret@db.example:5433/suiftly_dev").unwrap();
        assert_eq!(format!("{config:?}"), "StoreConfig(suiftly_dev at db.example)");
        assert_eq!(config.with_database("suiftly_test").database(), "suiftly_test");
        for bad in ["postgres://me@db.example", "postgres://", "http://db.example/x", "dbname"] {
            let shown = StoreConfig::from_url(bad).unwrap_err().to_string();
            assert!(shown.starts_with("cannot read the database address"), "{bad}: {shown}");
        }
    }
}
