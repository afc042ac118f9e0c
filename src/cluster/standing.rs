//! How a cluster stands, by its database.

use super::Members;
use crate::cli::Place;
use crate::commands::find_database;
use crate::config::Config;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write as _;
use suiftly_schema::shard::ShardSet;
use suiftly_store::shards::{ClusterJournal, ClusterRow, ClusterStore, Standing};

pub(super) const NO_CLUSTER: &str =
    "the database is no cluster's yet: process 0 of the dataflow makes it one at its first start";

/// For people, or as JSON.
pub(super) async fn show(place: &Place, json: bool) -> anyhow::Result<String> {
    let config = Config::read(place.config.as_deref())?;
    let mut store = open(place, &config).await?;
    let row = store.row().await?.context(NO_CLUSTER)?;
    let (journals, standing) = (store.journals().await?, store.standing().await?);
    let shares = shares(&Members::of(&config.cluster.hosts)?, config.dataflow.workers);
    Ok(if json {
        format!("{:#}\n", as_json(&row, &journals, &standing, &shares))
    } else {
        text(&row, &journals, &standing, &shares)
    })
}

pub(super) async fn open(place: &Place, config: &Config) -> anyhow::Result<ClusterStore> {
    let (_, store) = find_database(place, config).await?;
    Ok(ClusterStore::new(&store))
}

/// The shards of each process that is named, in the order of their numbers.
fn shares(members: &Members, threads: usize) -> Vec<ShardSet> {
    let processes = members.processes();
    (0..processes).map(|process| ShardSet::of_process(process, processes, threads)).collect()
}

/// The least and the greatest epoch that shards are stored to, and what the least is decoded from again.
fn reach(standing: &Standing, of: &ShardSet) -> (u64, u64, u64) {
    let epochs = || of.iter().map(|shard| standing.epochs[shard.index()]);
    let restarts = of.iter().map(|shard| standing.restarts[shard.index()]);
    (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0), restarts.min().unwrap_or(0))
}

fn text(row: &ClusterRow, journals: &[ClusterJournal], standing: &Standing, shares: &[ShardSet]) -> String {
    let (least, most, restart) = reach(standing, &ShardSet::ALL);
    let mut text = format!(
        "cluster {}, run {}, placement {}\norder: journal {}, epoch {} is in the database\n\
         shards: stored to epoch {least} (the furthest to {most}), decoded again from {restart} on\n",
        row.cluster_id, row.generation, row.placement, row.order_journal, standing.ordered
    );
    // Writing to a String cannot fail.
    for (process, share) in shares.iter().enumerate() {
        let (least, _, _) = reach(standing, share);
        let _ = writeln!(text, "dataflow-{process}: {} shards, stored to epoch {least}", share.len());
    }
    for ClusterJournal { no, journal_id, name, forgotten_through } in journals {
        let forgotten = if *forgotten_through > 0 { ", forgotten" } else { "" };
        let _ = writeln!(text, "ingest-{name}: journal {no}, {journal_id}{forgotten}");
    }
    text
}

fn as_json(row: &ClusterRow, journals: &[ClusterJournal], standing: &Standing, shares: &[ShardSet]) -> Value {
    let reached = |of: &ShardSet| {
        let (stored, furthest, restart) = reach(standing, of);
        json!({ "shards": of.len(), "stored_epoch": stored, "furthest_epoch": furthest, "restart_epoch": restart })
    };
    let journal = |of: &ClusterJournal| json!({ "no": of.no, "name": of.name, "journal": of.journal_id, "is_forgotten": of.forgotten_through > 0 });
    json!({
        "cluster": row.cluster_id,
        "generation": row.generation,
        "placement": row.placement,
        "order": { "journal": row.order_journal, "epoch": standing.ordered },
        "all": reached(&ShardSet::ALL),
        "processes": shares.iter().map(reached).collect::<Vec<_>>(),
        "journals": journals.iter().map(journal).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use suiftly_schema::shard::SHARDS;

    #[test]
    fn the_slowest_shard_of_a_process_is_how_far_it_is() {
        let hosts = (0..3).map(|number| (format!("dataflow-{number}"), format!("h:{}", 5_515 + number)));
        let shares = shares(&Members::of(&hosts.collect::<BTreeMap<_, _>>()).unwrap(), 1);
        let mut standing = Standing { epochs: [20; SHARDS], restarts: [15; SHARDS], ordered: 23 };
        (standing.epochs[255], standing.epochs[0], standing.restarts[7]) = (17, 21, 11);
        let row = ClusterRow { cluster_id: "c".into(), order_journal: "o".into(), generation: 4, placement: 1 };
        let journal = |no, name: &str, forgotten_through| ClusterJournal {
            no,
            journal_id: format!("j{no}"),
            name: name.to_owned(),
            forgotten_through,
        };
        let journals = [journal(1, "a", 0), journal(2, "b", u64::MAX)];
        let text = text(&row, &journals, &standing, &shares);
        for line in [
            "cluster c, run 4, placement 1\n",
            "order: journal o, epoch 23 is in the database\n",
            "stored to epoch 17 (the furthest to 21), decoded again from 11 on\n",
            "dataflow-0: 86 shards, stored to epoch 20\n",
            "dataflow-2: 85 shards, stored to epoch 17\n",
            "ingest-a: journal 1, j1\n",
            "ingest-b: journal 2, j2, forgotten\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        let json = as_json(&row, &journals, &standing, &shares);
        assert_eq!(json["processes"][2]["stored_epoch"], json!(17));
        assert_eq!((&json["all"]["restart_epoch"], &json["journals"][1]["is_forgotten"]), (&json!(11), &json!(true)));
    }
}
