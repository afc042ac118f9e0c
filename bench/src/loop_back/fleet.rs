//! What the operators' API tells of the edge: whether it is in sync, and how long a version took.

use crate::server::{Connection, PATIENCE, Server};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::time::{Duration, Instant};
use suiftly_schema::time::UnixMillis;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The operators' API.
pub(super) struct Fleet {
    connection: Connection,
    token: String,
}

/// A version at the edge. Times in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Applied {
    /// When it was published.
    pub(super) issued_at: UnixMillis,
    /// From its publication until the publisher had heard that it is applied.
    pub(super) took: f64,
    /// From its arrival at the edge until all gateways had it.
    pub(super) edge: f64,
    pub(super) verify: f64,
    pub(super) change: f64,
    pub(super) confirm: f64,
}

impl Fleet {
    pub(super) fn of(server: &Server) -> anyhow::Result<Self> {
        let token = server.api()?.token().to_owned();
        Ok(Self { connection: Connection::open(server.operators())?, token })
    }

    pub(super) fn await_in_sync(&mut self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let fleet = self.get()?;
            if is_in_sync(&fleet) {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the edge does not come to be in sync: {fleet}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Has every gateway filled anew.
    pub(super) fn push(&mut self) -> anyhow::Result<Applied> {
        let pushed = self.connection.ask("POST", "/api/v1/vault/push", &self.token, &Value::Null)?;
        self.applied(pushed["version"].as_u64().context("a push names no version")?)
    }

    /// The version in force, once it is applied.
    pub(super) fn last_applied(&mut self) -> anyhow::Result<Applied> {
        let version = self.get()?["version"].as_u64().context("no version is in force")?;
        self.applied(version)
    }

    fn applied(&mut self, version: u64) -> anyhow::Result<Applied> {
        let began = Instant::now();
        loop {
            let fleet = self.get()?;
            if let Some(applied) = applied_in(&fleet, version) {
                return Ok(applied);
            }
            ensure!(began.elapsed() < PATIENCE, "version {version} is not applied: {fleet}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn get(&mut self) -> anyhow::Result<Value> {
        self.connection.ask("GET", "/api/v1/fleet", &self.token, &Value::Null)
    }
}

fn is_in_sync(fleet: &Value) -> bool {
    let edges = fleet["edges"].as_array().map(Vec::as_slice).unwrap_or_default();
    !edges.is_empty() && edges.iter().all(|edge| edge["state"] == "in_sync")
}

/// `None` if it is not in force, or not applied.
fn applied_in(fleet: &Value, version: u64) -> Option<Applied> {
    if fleet["version"].as_u64()? != version {
        return None;
    }
    let issued_at = UnixMillis::parse_rfc3339(fleet["issued_at"].as_str()?)?;
    let all = fleet.pointer("/edges/0/applied")?.as_array()?;
    let of = all.iter().find(|applied| applied["version"].as_u64() == Some(version))?;
    let (ms, us) = (|name: &str| of[name].as_f64(), |name: &str| Some(of[name].as_f64()? / 1_000.0));
    Some(Applied {
        issued_at,
        took: ms("took_ms")?,
        edge: ms("edge_ms")?,
        verify: us("verify_us")?,
        change: us("change_us")?,
        confirm: us("confirm_us")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_version_is_found_when_it_is_applied() {
        let applied = json!({"version": 7, "took_ms": 40, "edge_ms": 15, "verify_us": 1_500, "change_us": 12_000, "confirm_us": 250});
        let edge = json!({"name": "local", "state": "in_sync", "applied": [applied]});
        let fleet = json!({"version": 7, "issued_at": "1970-01-01T00:00:01.500Z", "edges": [edge]});
        let found = applied_in(&fleet, 7).unwrap();
        let expected =
            Applied { issued_at: UnixMillis(1_500), took: 40.0, edge: 15.0, verify: 1.5, change: 12.0, confirm: 0.25 };
        assert_eq!(found, expected);
        assert!(applied_in(&fleet, 8).is_none() && is_in_sync(&fleet));
        assert!(!is_in_sync(&json!({"edges": []})) && !is_in_sync(&json!({"edges": [{"state": "updating"}]})));
    }
}
