//! What operators are told of the fleet: who is out for long, and what was refused. Each once for an incident.

use super::{EdgeStanding, Standing};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use suiftly_schema::fleet::Refusal;
use suiftly_schema::time::UnixMillis;
use suiftly_store::money::{Notice, Severity};

/// Who is behind or unreachable for so long is told of, in milliseconds.
pub const ALARM_AFTER_MS: i64 = 15 * 60_000;

/// What has been told.
#[derive(Debug, Default)]
pub struct Alarms {
    /// Edges that are out, and were told of: until they are in sync again.
    out: BTreeSet<String>,
    /// By edge: the time of the refusal that was told last.
    refused: BTreeMap<String, UnixMillis>,
}

impl Alarms {
    /// What is to be told now: until it is [`Alarms::told`].
    pub fn look(&mut self, standings: &[EdgeStanding], now: UnixMillis) -> Vec<Notice> {
        for edge in standings.iter().filter(|edge| edge.standing == Standing::InSync) {
            self.out.remove(&edge.name);
        }
        standings.iter().flat_map(|edge| self.out(edge, now).into_iter().chain(self.refusals(edge))).collect()
    }

    /// What these called for has been told.
    pub fn told(&mut self, standings: &[EdgeStanding], now: UnixMillis) {
        for edge in standings {
            if is_out(edge, now).is_some() {
                self.out.insert(edge.name.clone());
            }
            if let Some(last) = refusals_of(edge).map(|refusal| refusal.at).max() {
                self.refused.insert(edge.name.clone(), last);
            }
        }
    }

    fn out(&self, edge: &EdgeStanding, now: UnixMillis) -> Option<Notice> {
        let since = is_out(edge, now)?;
        if self.out.contains(&edge.name) {
            return None;
        }
        let has = edge.report.as_ref().map(|(report, _)| report.version);
        let body = json!({
            "edge": edge.name, "state": edge.standing.word(), "since": since.rfc3339(), "servers": edge.servers,
            "version": has,
        });
        let key = format!("edge:{}:{}:{}", edge.name, edge.standing.word(), since.0);
        Some(Notice { key, customer: None, severity: Severity::Warning, kind: kind_of(edge.standing), body })
    }

    fn refusals<'a>(&'a self, edge: &'a EdgeStanding) -> impl Iterator<Item = Notice> + 'a {
        let told = self.refused.get(&edge.name).copied();
        refusals_of(edge).filter(move |refusal| told.is_none_or(|told| refusal.at > told)).map(|refusal| {
            let version = refusal.version.unwrap_or(0);
            let body = json!({
                "edge": edge.name, "version": refusal.version, "reason": refusal.reason, "at": refusal.at.rfc3339(),
            });
            let key = format!("edge:{}:refused:{version}:{}", edge.name, refusal.at.0);
            Notice { key, customer: None, severity: Severity::Critical, kind: "vault_refused", body }
        })
    }
}

fn refusals_of(edge: &EdgeStanding) -> impl Iterator<Item = &Refusal> {
    edge.report.iter().flat_map(|(report, _)| &report.refused)
}

/// Since when it is out, if that is long enough.
fn is_out(edge: &EdgeStanding, now: UnixMillis) -> Option<UnixMillis> {
    let is_waited_for = !(edge.is_implied && edge.standing == Standing::NeverSeen);
    edge.out_since.filter(|since| is_waited_for && now.0.saturating_sub(since.0) >= ALARM_AFTER_MS)
}

const fn kind_of(standing: Standing) -> &'static str {
    match standing {
        Standing::Unreachable | Standing::NeverSeen => "edge_unreachable",
        Standing::InSync | Standing::Updating | Standing::Behind => "edge_behind",
    }
}
