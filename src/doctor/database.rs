//! The database: whether it answers, what it is, what the role that runs may do, and whether its log piles up.

use super::finding::Finding;
use super::{Ground, blocking};
use crate::disk::{bytes_text, duration_text};
use std::time::Duration;
use suiftly_store::cluster::Cluster;
use suiftly_store::config::StoreConfig;
use suiftly_store::migrate::Capability;
use suiftly_store::probe::{Probe, RELEASES, known_schema_version, probe};

const CHECK: &str = "database";
/// Clocks of two machines that are kept differ by less.
const CLOCK_OFF_MS: u64 = 2_000;
/// A transaction that is open for longer holds back clearing up.
const TRANSACTION_LONG_S: u64 = 3_600;
/// A slot that nobody reads and that holds back more will fill the disk.
const SLOT_BYTES_MAX: u64 = 1 << 30;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let (is_production, is_private) =
        (ground.place.deployment().is_ok_and(|it| it.is_production()), ground.config.database.url.is_none());
    let config = match config(ground).await {
        Ok(Some(config)) => config,
        Ok(None) => return vec![Finding::skipped(CHECK, "there is no private cluster yet: the first start makes it")],
        Err(error) => {
            return vec![Finding::wrong(CHECK, format!("{error:#}"), "mend database.url, or the cluster's directory")];
        }
    };
    match probe(&config).await {
        Ok(found) => judge(&found, is_production),
        Err(error) if is_private => {
            vec![Finding::skipped(
                CHECK,
                format!("the private cluster does not answer ({error}): it runs while the server does"),
            )]
        }
        Err(error) => {
            let todo = "see whether it runs (systemctl status postgresql) and lets us in (pg_hba.conf, pg_ident.conf); until it does, \
                        lines are journaled and the store catches up";
            vec![Finding::wrong(CHECK, format!("{config}: {error}"), todo)]
        }
    }
}

/// The one of the configuration, else the private cluster's, which is not started for it.
async fn config(ground: &Ground) -> anyhow::Result<Option<StoreConfig>> {
    if let Some(url) = &ground.config.database.url {
        return Ok(Some(StoreConfig::from_url(url)?));
    }
    let (dir, database) = (ground.place.data_dir.join("postgres"), ground.place.deployment()?.database());
    if !dir.join("data").is_dir() {
        return Ok(None);
    }
    let roles = blocking(move || Cluster::find(&dir).map(|cluster| cluster.roles(database))).await;
    Ok(roles.transpose()?.map(|roles| roles.run))
}

fn judge(found: &Probe, is_production: bool) -> Vec<Finding> {
    let trouble = [
        release(found),
        schema(found),
        role(found, is_production),
        clock(found),
        connections(found),
        transaction(found),
    ];
    let mut findings: Vec<Finding> = trouble.into_iter().flatten().chain(slots(found)).collect();
    let kind = match (&found.timescale, found.capability) {
        (Some(version), Some(Capability::Timescale)) => format!("TimescaleDB {version}"),
        _ => "hourly partitions".to_owned(),
    };
    if findings.iter().all(|finding| finding.todo.is_none()) {
        let seen = format!(
            "PostgreSQL {} with {kind}, schema {}, {}, as {}",
            found.version,
            found.schema_version,
            bytes_text(found.bytes),
            found.role
        );
        findings.insert(0, Finding::fine(CHECK, seen));
    }
    findings
}

fn release(found: &Probe) -> Option<Finding> {
    let (first, last) = RELEASES;
    let todo = format!("PostgreSQL {first} to {last} are supported and tested");
    (!(first..=last).contains(&found.release))
        .then(|| Finding::look(CHECK, format!("it is PostgreSQL {}", found.version), todo))
}

fn schema(found: &Probe) -> Option<Finding> {
    let known = known_schema_version();
    let version = found.schema_version;
    if found.is_replica {
        return Some(Finding::wrong(
            CHECK,
            "it is a replica, which takes no writes",
            "name the primary in database.url",
        ));
    }
    match version.cmp(&known) {
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Less => {
            let seen = format!("its schema is {version}, and this program's {known}");
            Some(Finding::wrong(CHECK, seen, "suiftly db migrate (with database.migrate_url, the start does it)"))
        }
        std::cmp::Ordering::Greater => {
            let seen = format!("its schema is {version}, newer than this program's {known}");
            Some(Finding::wrong(CHECK, seen, "run the program that made it: an older one does not know what it holds"))
        }
    }
}

fn role(found: &Probe, is_production: bool) -> Option<Finding> {
    let seen = match (found.is_superuser, found.may_make_tables) {
        (true, _) => format!("the role {} may do everything", found.role),
        (_, true) => format!("the role {} may change the schema", found.role),
        _ => return None,
    };
    let todo = "let it run by a role without DDL: the owner in database.migrate_url, another role in database.url";
    Some(if is_production { Finding::wrong(CHECK, seen, todo) } else { Finding::look(CHECK, seen, todo) })
}

fn clock(found: &Probe) -> Option<Finding> {
    let off = found.clock_ahead_ms;
    let direction = if off > 0 { "ahead of" } else { "behind" };
    let seen = format!("its clock is {} ms {direction} ours", off.unsigned_abs());
    (off.unsigned_abs() > CLOCK_OFF_MS).then(|| Finding::look("clock", seen, "keep both by the same time service"))
}

fn connections(found: &Probe) -> Option<Finding> {
    let (used, bound) = found.connections;
    let is_short = u64::from(used) * 10 >= u64::from(bound) * 9;
    let todo = "raise max_connections, or end what else uses them (pg_stat_activity)";
    is_short.then(|| Finding::look(CHECK, format!("{used} of {bound} connections are in use"), todo))
}

fn transaction(found: &Probe) -> Option<Finding> {
    let since = found.oldest_transaction_s;
    let seen = format!(
        "a transaction is open for {}: nothing is cleared up behind it",
        duration_text(Duration::from_secs(since))
    );
    let todo = "SELECT pid, state, query FROM pg_stat_activity ORDER BY xact_start; then pg_terminate_backend(pid)";
    (since > TRANSACTION_LONG_S).then(|| Finding::look(CHECK, seen, todo))
}

fn slots(found: &Probe) -> impl Iterator<Item = Finding> {
    found.slots_unread.iter().filter(|(_, held)| *held > SLOT_BYTES_MAX).map(|(slot, held)| {
        let seen =
            format!("the replication slot {slot} holds back {} of the log, and nobody reads it", bytes_text(*held));
        Finding::wrong(CHECK, seen, format!("start the replica, or SELECT pg_drop_replication_slot('{slot}')"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    fn sound() -> Probe {
        Probe {
            release: 15,
            version: "15.8".to_owned(),
            timescale: None,
            capability: Some(Capability::Plain),
            schema_version: known_schema_version(),
            role: "suiftly".to_owned(),
            may_make_tables: false,
            is_superuser: false,
            is_replica: false,
            bytes: 5 << 30,
            connections: (12, 100),
            oldest_transaction_s: 1,
            slots_unread: vec![("replica".to_owned(), 5)],
            clock_ahead_ms: -3,
        }
    }

    #[test]
    fn one_thing_wrong_is_one_finding() {
        let fine = judge(&sound(), true);
        assert_eq!(fine.len(), 1, "{fine:?}");
        assert_mark(&fine[0], Mark::Fine);
        assert!(fine[0].seen.contains("hourly partitions"), "{fine:?}");
        for (found, mark, word) in [
            (Probe { release: 14, ..sound() }, Mark::Look, "15 to 17"),
            (Probe { release: 18, ..sound() }, Mark::Look, "15 to 17"),
            (Probe { schema_version: 3, ..sound() }, Mark::Wrong, "db migrate"),
            (Probe { schema_version: 9_999, ..sound() }, Mark::Wrong, "older one"),
            (Probe { is_replica: true, ..sound() }, Mark::Wrong, "primary"),
            (Probe { may_make_tables: true, ..sound() }, Mark::Wrong, "without DDL"),
            (Probe { is_superuser: true, ..sound() }, Mark::Wrong, "without DDL"),
            (Probe { clock_ahead_ms: 2_001, ..sound() }, Mark::Look, "time service"),
            (Probe { connections: (90, 100), ..sound() }, Mark::Look, "max_connections"),
            (Probe { oldest_transaction_s: 3_601, ..sound() }, Mark::Look, "pg_stat_activity"),
            (
                Probe { slots_unread: vec![("gone".to_owned(), 2 << 30)], ..sound() },
                Mark::Wrong,
                "pg_drop_replication_slot('gone')",
            ),
        ] {
            let findings = judge(&found, true);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_mark(&findings[0], mark);
            assert!(findings[0].todo.as_ref().is_some_and(|todo| todo.contains(word)), "{word}: {findings:?}");
        }
        let at_home = judge(&Probe { may_make_tables: true, ..sound() }, false);
        assert_mark(&at_home[0], Mark::Look);
    }
}
