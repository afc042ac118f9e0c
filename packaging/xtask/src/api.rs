//! Reads the running system's own figures over the operators' API.

use crate::edge::SERVER_ID;
use crate::http::Client;
use crate::reconcile::Figures;
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use suiftly_schema::ids::CustomerId;
use suiftly_schema::vault::canary_customer;

/// An API that takes longer than this for an answer is taken to be away.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// The six classes that every request is in exactly one of.
pub(crate) const CLASSES: [&str; 6] = ["guaranteed", "burst", "rejected", "client_error", "server_error", "other"];

/// A client of the operators' API, with an operator's token.
pub(crate) struct Api {
    client: Client,
    authorization: String,
}

impl Api {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Self {
        Self { client: Client::new(address, ANSWER_TIME_MAX), authorization: format!("Bearer {token}") }
    }

    /// Whether it is there and has recovered.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.get("/ready").is_ok_and(|(status, _)| status == 200)
    }

    pub(crate) fn pipeline(&mut self) -> anyhow::Result<Pipeline> {
        Pipeline::read(&self.json("/api/v1/pipeline")?)
    }

    /// The pipeline's figures, and the usage in this range.
    pub(crate) fn figures(&mut self, range: &Range) -> anyhow::Result<Figures> {
        let of_gateway = canary_customer(SERVER_ID).map_or(0, CustomerId::get);
        Ok(Figures {
            usage: self.usage(range, None)?,
            synthetic: self.usage(range, Some(of_gateway))?.requests,
            synthetic_told: self.fleet()?.synthetic,
            pipeline: self.pipeline()?,
        })
    }

    /// Usage in this range of RFC 3339 instants: all of it, or one customer's.
    pub(crate) fn usage(&mut self, range: &Range, customer: Option<i64>) -> anyhow::Result<Usage> {
        let of_one = customer.map(|id| format!("&customer_id={id}")).unwrap_or_default();
        Usage::read(&self.json(&format!("/api/v1/usage/summary?from={}&to={}{of_one}", range.from, range.to))?)
    }

    /// What was lost on its way, of all gateways.
    pub(crate) fn lost(&mut self) -> anyhow::Result<Lost> {
        let json = self.json("/api/v1/loss")?;
        Ok(Lost { missing: count(&json, "/totals/missing")?, repaired: count(&json, "/totals/repaired")? })
    }

    /// How the expected edges stand.
    pub(crate) fn fleet(&mut self) -> anyhow::Result<Fleet> {
        Fleet::read(&self.json("/api/v1/fleet")?)
    }

    fn json(&mut self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = self.get(path).with_context(|| format!("cannot ask the API for {path}"))?;
        if status != 200 {
            bail!("the API answered {status} to {path}: {}", String::from_utf8_lossy(&body));
        }
        serde_json::from_slice(&body).with_context(|| format!("the API's answer to {path} is not JSON"))
    }

    fn get(&mut self, path: &str) -> io::Result<(u16, Vec<u8>)> {
        let answer = self.client.get(path, &[("Authorization", &self.authorization)])?;
        Ok((answer.status, answer.body))
    }
}

/// The expected edges, as far as they are needed here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fleet {
    /// The word of each.
    states: Vec<String>,
    /// Requests of their own that they have told of since they started.
    pub(crate) synthetic: u64,
}

impl Fleet {
    fn read(json: &Value) -> anyhow::Result<Self> {
        let edges = json["edges"].as_array().context("the fleet names no edges")?;
        let state = |edge: &Value| Some(edge["state"].as_str()?.to_owned());
        let states = edges.iter().map(state).collect::<Option<_>>().context("an edge has no state")?;
        let gateways = edges.iter().flat_map(|edge| edge["gateways"].as_array().into_iter().flatten());
        let synthetic = gateways.filter_map(|gateway| gateway.pointer("/canary/sent")?.as_u64()).sum();
        Ok(Self { states, synthetic })
    }

    /// Whether all gateways have the version in force.
    pub(crate) fn is_in_sync(&self) -> bool {
        !self.states.is_empty() && self.states.iter().all(|state| state == "in_sync")
    }
}

/// From and to, RFC 3339 in UTC, on whole hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// The pipeline's figures, as far as they are needed here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Pipeline {
    pub(crate) received: u64,
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    pub(crate) system: u64,
    pub(crate) rejected: u64,
    pub(crate) lag_p50_ms: f64,
    pub(crate) lag_p99_ms: f64,
    pub(crate) stored: u64,
    /// Why the journal cannot be written, while it cannot.
    pub(crate) journal_error: Option<String>,
    pub(crate) workers: Vec<Worker>,
}

/// What arrived of one HAProxy worker's lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worker {
    pub(crate) boot_ms: i64,
    pub(crate) missing: u64,
    pub(crate) first_seq: u64,
    pub(crate) highest_seq: u64,
}

/// Numbers that did not come, and such as came after they had been given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) missing: u64,
    pub(crate) repaired: u64,
}

/// Usage over a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) requests: u64,
    /// In the order of [`CLASSES`].
    pub(crate) classes: [u64; 6],
    pub(crate) billable: u64,
    pub(crate) rated_micro_usd: i64,
}

impl Pipeline {
    fn read(json: &Value) -> anyhow::Result<Self> {
        let lag = |name: &str| json.pointer(&format!("/lag_ms/{name}")).and_then(Value::as_f64).unwrap_or(0.0);
        Ok(Self {
            received: count(json, "/lines/received")?,
            accepted: count(json, "/lines/accepted")?,
            // A release before counted a second home's copies among the duplicates.
            duplicates: count(json, "/lines/duplicates")? + count(json, "/lines/second_home").unwrap_or_default(),
            system: count(json, "/lines/system")?,
            rejected: count(json, "/lines/rejected")?,
            lag_p50_ms: lag("p50"),
            lag_p99_ms: lag("p99"),
            stored: count(json, "/store/records")?,
            journal_error: json.pointer("/journal/error").and_then(Value::as_str).map(str::to_owned),
            workers: json
                .pointer("/loss/workers")
                .and_then(Value::as_array)
                .context("the pipeline names no workers")?
                .iter()
                .map(Worker::read)
                .collect::<anyhow::Result<_>>()?,
        })
    }

    /// The worker that was born then.
    pub(crate) fn worker(&self, boot_ms: i64) -> Option<&Worker> {
        self.workers.iter().find(|worker| worker.boot_ms == boot_ms)
    }
}

impl Worker {
    fn read(json: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            boot_ms: json["boot_ms"].as_i64().context("a worker has no boot_ms")?,
            missing: count(json, "/missing")?,
            first_seq: count(json, "/first_seq")?,
            highest_seq: count(json, "/highest_seq")?,
        })
    }
}

impl Usage {
    fn read(json: &Value) -> anyhow::Result<Self> {
        let mut classes = [0; 6];
        for (number, class) in classes.iter_mut().zip(CLASSES) {
            *number = count(json, &format!("/counts/{class}"))?;
        }
        Ok(Self {
            requests: count(json, "/counts/requests")?,
            classes,
            billable: count(json, "/counts/billable_requests")?,
            rated_micro_usd: json["rated_micro_usd"].as_i64().context("the summary has no rated_micro_usd")?,
        })
    }
}

fn count(json: &Value, pointer: &str) -> anyhow::Result<u64> {
    json.pointer(pointer).and_then(Value::as_u64).with_context(|| format!("the API's answer has no count {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_contract_is_read() {
        let worker = json!({"server_id": 17, "boot_ms": 5, "received": 98, "duplicates": 1, "conflicts": 0,
            "missing": 2, "first_seq": 1, "highest_seq": 100});
        let json = json!({"epoch": 812, "lag_ms": {"p50": 21, "p99": 48.5},
            "lines": {"received": 100, "accepted": 98, "duplicates": 1, "conflicts": 0, "system": 1, "rejected": 0},
            "loss": {"missing": 0, "ppm": 0.0, "workers": [worker]},
            "store": {"epoch": 811, "records": 97}, "udp_kernel_drops": 3});
        let pipeline = Pipeline::read(&json).unwrap();
        assert_eq!((pipeline.received, pipeline.accepted, pipeline.stored), (100, 98, 97));
        assert_eq!((pipeline.lag_p50_ms, pipeline.lag_p99_ms), (21.0, 48.5));
        assert_eq!(pipeline.worker(5).map(|worker| (worker.missing, worker.highest_seq)), Some((2, 100)));
        assert_eq!(pipeline.worker(6), None);
        let error = Pipeline::read(&json!({"epoch": 1})).unwrap_err().to_string();
        assert_eq!(error, "the API's answer has no count /lines/received");
    }

    #[test]
    fn edges_tell_how_they_are_and_what_they_asked() {
        let gateway = |sent: u64| json!({"server_id": 17, "canary": {"sent": sent, "served": 3}});
        let edge =
            |state: &str| json!({"name": "e", "state": state, "gateways": [gateway(4), {"canary": null}, gateway(5)]});
        let fleet = Fleet::read(&json!({"edges": [edge("in_sync"), edge("in_sync")]})).unwrap();
        assert!(fleet.is_in_sync() && fleet.synthetic == 18);
        assert!(!Fleet::read(&json!({"edges": [edge("in_sync"), edge("behind")]})).unwrap().is_in_sync());
        assert!(!Fleet::read(&json!({"edges": []})).unwrap().is_in_sync());
        assert!(Fleet::read(&json!({})).is_err());
    }

    #[test]
    fn usage_is_read_by_class() {
        let json = json!({"epoch": 3, "counts": {"requests": 21, "guaranteed": 1, "burst": 2, "rejected": 3,
            "client_error": 4, "server_error": 5, "other": 6, "billable_requests": 7}, "rated_micro_usd": 800});
        let usage = Usage::read(&json).unwrap();
        assert_eq!((usage.classes, usage.requests, usage.billable), ([1, 2, 3, 4, 5, 6], 21, 7));
        assert!(Usage::read(&json!({"epoch": 3, "counts": {}})).is_err());
    }
}
