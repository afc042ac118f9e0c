//! What signs grant sets. Nobody signs with a key before every expected edge has told that it believes it, and an old key is
//! believed until every edge has a version of the new one: so no edge is ever without a set that it can take.

use super::ring_file::RingFile;
use super::server::TakenOver;
use super::{Bench, Bounds, fresh_key, say};
use crate::secrets;
use anyhow::Context;
use serde_json::Value;
use std::time::Duration;
use suiftly_api::{Clock, SystemClock};
use suiftly_schema::vault::SigningKeys;
use tokio::time::Instant;

/// Edges look for other keys each second and report each two.
const EDGES_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn rotate(bench: &Bench, bounds: Bounds) -> anyhow::Result<()> {
    let mut ring = bench.ring(secrets::VAULT_SIGNING_KEYS)?;
    if ring.announced().is_none() && ring.old().is_empty() {
        if bounds.finish {
            return say(&format!("grant sets are signed by key {}; nothing was begun", ring.current()));
        }
        ring.announce(fresh_key()?)?;
        ring.write()?;
    }
    if let Some(id) = ring.announced() {
        if bench.server()?.take_over(&ring).await? == TakenOver::NobodyRuns {
            return say(&format!(
                "key {id} is made; no server runs that could tell edges of it: start it, then --finish"
            ));
        }
        let mark = mark(&ring, id)?;
        let without = edges_without(bench, bounds, |edge| !believes(edge, &mark)).await?;
        if !without.is_empty() && !bounds.anyway {
            return say(&format!(
                "key {id} is made and does not sign yet: {} has not told that it believes it. Edges beside the server learn \
                 it by themselves; give the others what `suiftly vault keys` prints, in their edge.vault_keys. Then \
                 `suiftly rotate signing --finish`",
                without.join(", ")
            ));
        }
        ring.promote(id, SystemClock.now());
        ring.write()?;
    }
    finish(bench, bounds, ring).await
}

/// The new key signs; the old one goes once every edge has what it signed.
async fn finish(bench: &Bench, bounds: Bounds, mut ring: RingFile) -> anyhow::Result<()> {
    let id = ring.current();
    if bench.server()?.take_over(&ring).await? == TakenOver::NobodyRuns {
        return say(&format!(
            "no server runs; its next start signs by key {id}: then `suiftly rotate signing --finish`"
        ));
    }
    let Some(version) = signed_version(bench, bounds, id).await? else {
        return say(&format!(
            "key {id} signs what is published next, and what is in force is signed by another: the vault is held, or nothing \
             is published yet. Later `suiftly rotate signing --finish` takes the old key out"
        ));
    };
    let without = edges_without(bench, bounds, |edge| edge["version"].as_u64() < Some(version)).await?;
    if !without.is_empty() {
        return say(&format!(
            "grant sets are signed by key {id}; {} has not taken version {version} yet, so the old key stays believed. Later \
             `suiftly rotate signing --finish` takes it out",
            without.join(", ")
        ));
    }
    let gone = ring.drop_old(|_| true);
    ring.write()?;
    bench.server()?.take_over(&ring).await?;
    say(&format!("grant sets are signed by key {id}, and every edge has one; taken out: {gone:?}"))
}

/// The version in force, once this key has signed it; `None`: it does not come.
async fn signed_version(bench: &Bench, bounds: Bounds, id: u16) -> anyhow::Result<Option<u64>> {
    let (server, began) = (bench.server()?, Instant::now());
    loop {
        let signed_by = server.secrets().await?.and_then(|secrets| secrets["signed_by"].as_u64());
        if signed_by == Some(u64::from(id)) {
            return Ok(server.fleet().await?["version"].as_u64());
        }
        if bounds.no_wait || began.elapsed() > EDGES_WITHIN {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The expected edges of which `lacks` is true, after they were given time.
async fn edges_without(bench: &Bench, bounds: Bounds, lacks: impl Fn(&Value) -> bool) -> anyhow::Result<Vec<String>> {
    let (server, began) = (bench.server()?, Instant::now());
    loop {
        let without = lacking(&server.fleet().await?, &lacks);
        if without.is_empty() || bounds.no_wait || began.elapsed() > EDGES_WITHIN {
            return Ok(without);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// One that nobody named and that was never seen is not waited for.
fn lacking(fleet: &Value, lacks: &impl Fn(&Value) -> bool) -> Vec<String> {
    let is_waited_for = |edge: &&Value| edge["is_implied"] != true || edge["state"] != "never_seen";
    let edges = fleet["edges"].as_array().into_iter().flatten();
    let without = edges.filter(is_waited_for).filter(|edge| lacks(edge));
    without.map(|edge| edge["name"].as_str().unwrap_or("an edge").to_owned()).collect()
}

fn believes(edge: &Value, mark: &str) -> bool {
    edge["trusts"].as_array().into_iter().flatten().any(|told| told == mark)
}

/// What the public half of this key is known by.
fn mark(ring: &RingFile, id: u16) -> anyhow::Result<String> {
    let keys = SigningKeys::parse(&std::fs::read_to_string(ring.path())?)?;
    let prefix = format!("{id} ");
    let marks = keys.public().marks();
    marks.into_iter().find(|mark| mark.starts_with(&prefix)).with_context(|| format!("there is no key {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_is_expected_is_waited_for() {
        let edge = |name: &str, state: &str, is_implied: bool, trusts: &[&str], version: Option<u64>| json!({"name": name, "state": state, "is_implied": is_implied, "trusts": trusts, "version": version});
        let fleet = json!({"edges": [
            edge("knows", "in_sync", false, &["1 aa", "2 bb"], Some(9)),
            edge("behind", "behind", false, &["1 aa"], Some(8)),
            edge("silent", "never_seen", false, &[], None),
            edge("local", "never_seen", true, &[], None),
            edge("other", "in_sync", true, &["1 aa", "2 cc"], Some(9)),
        ]});
        assert_eq!(lacking(&fleet, &|edge| !believes(edge, "2 bb")), ["behind", "silent", "other"]);
        assert_eq!(lacking(&fleet, &|edge| edge["version"].as_u64() < Some(9)), ["behind", "silent"]);
        assert_eq!(lacking(&json!({}), &|_| true), Vec::<String>::new());
    }
}
