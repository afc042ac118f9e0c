//! The manager's jobs, and the age of the last backup.

use super::super::finding::Finding;
use crate::disk::duration_text;
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A job that has failed so often in a row does not mend itself.
const FAILURES_WRONG: u64 = 3;
/// What backups are called at their end.
const BACKUP_EXTENSION: &str = ".tar.zst.age";

/// When backups are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Schedule {
    /// One is late then; `None`: nobody but an operator makes them.
    pub(super) late_after: Option<Duration>,
    pub(super) has_recipients: bool,
    /// Of a cluster the manager makes none.
    pub(super) is_cluster: bool,
}

/// Those that fail; or that none does.
pub(super) fn jobs(answer: &Value) -> Vec<Finding> {
    const CHECK: &str = "jobs";
    let Some(items) = answer["items"].as_array() else {
        let todo = "without the database no job runs: see database above";
        return vec![Finding::look(CHECK, "the server could not say how the manager's jobs are", todo)];
    };
    let failing = items.iter().filter(|job| job["failures"].as_u64().is_some_and(|failures| failures > 0));
    let mut findings: Vec<Finding> = failing.map(failed).collect();
    if answer["is_manager_here"].is_null() {
        findings.push(Finding::skipped(CHECK, "this process is not to be the manager (billing.manager)"));
    }
    if findings.is_empty() {
        let last = |name: &str| {
            let job = items.iter().find(|job| job["name"] == name);
            let at = job.and_then(|job| job["last_run"]["started_at"].as_str());
            at.map_or_else(String::new, |at| format!("; {name} ran last at {at}"))
        };
        findings
            .push(Finding::fine(CHECK, format!("none of {} fails{}{}", items.len(), last("charge"), last("close"))));
    }
    findings
}

fn failed(job: &Value) -> Finding {
    let name = job["name"].as_str().unwrap_or_default();
    let failures = job["failures"].as_u64().unwrap_or_default();
    let detail = &job["last_run"]["detail"];
    let why = detail["error"].as_str().or(detail["result"].as_str()).map_or_else(String::new, |why| format!(": {why}"));
    let seen = format!("{name} has failed {failures} times in a row{why}");
    let todo = format!(
        "suiftly billing jobs says more; it is tried again at {}",
        job["next_at"].as_str().unwrap_or("its time")
    );
    if failures >= FAILURES_WRONG {
        return Finding::wrong("jobs", seen, todo);
    }
    Finding::look("jobs", seen, todo)
}

/// How old the newest backup in a directory is.
pub(super) fn newest_backup(dir: &Path) -> Option<Duration> {
    let files = std::fs::read_dir(dir).ok()?.flatten();
    let backups = files.filter(|entry| entry.file_name().to_string_lossy().ends_with(BACKUP_EXTENSION));
    let newest = backups.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()?;
    Some(SystemTime::now().duration_since(newest).unwrap_or_default())
}

pub(super) fn backups(newest: Option<Duration>, schedule: &Schedule, is_production: bool) -> Finding {
    const CHECK: &str = "backups";
    if schedule.is_cluster {
        let todo =
            "dump the database by pg_dump, and keep journal.archive_dir of process 0 and of every ingester elsewhere";
        let seen = "of a cluster none is made of itself";
        return if is_production { Finding::look(CHECK, seen, todo) } else { Finding::skipped(CHECK, seen) };
    }
    let age =
        newest.map_or_else(|| "there is none".to_owned(), |age| format!("the newest is {} old", duration_text(age)));
    let Some(late_after) = schedule.late_after else {
        let todo =
            "`suiftly backup key` makes a key: name its public half in backup.recipients, and keep the other elsewhere";
        let why = if schedule.has_recipients { "none is scheduled" } else { "nobody is named to encrypt them for" };
        let seen = format!("{why}; {age}");
        return if is_production { Finding::look(CHECK, seen, todo) } else { Finding::skipped(CHECK, seen) };
    };
    match newest {
        Some(newest) if newest <= late_after => Finding::fine(CHECK, age),
        _ => {
            let seen = format!("{age}, and one is due each {}", duration_text(late_after / 2));
            Finding::wrong(CHECK, seen, "suiftly backup create says what is in the way")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::Mark;
    use super::super::super::finding::testing::assert_mark;
    use super::*;
    use serde_json::json;

    #[test]
    fn jobs_that_fail() {
        let job = |failures: u64| {
            json!({"is_manager_here": true, "items": [{"name": "charge", "failures": failures, "next_at": "2026-11-22T12:00:00Z",
                "last_run": {"started_at": "2026-11-22T11:00:00Z", "detail": {"error": "the escrow is away"}}}]})
        };
        for (answer, mark, words) in [
            (job(0), Mark::Fine, "charge ran last at 2026-11-22T11:00:00Z"),
            (job(1), Mark::Look, "the escrow is away"),
            (job(3), Mark::Wrong, "3 times in a row"),
            (Value::Null, Mark::Look, "could not say"),
            (json!({"is_manager_here": null, "items": []}), Mark::Skipped, "not to be the manager"),
        ] {
            let findings = jobs(&answer);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_mark(&findings[0], mark);
            assert!(findings[0].seen.contains(words), "{findings:?}");
        }
    }

    #[test]
    fn a_backup_that_is_due() {
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        let daily = Schedule { late_after: hours(48), has_recipients: true, is_cluster: false };
        let none = Schedule { late_after: None, has_recipients: false, is_cluster: false };
        let of_cluster = Schedule { is_cluster: true, ..daily };
        for (newest, schedule, is_production, mark) in [
            (hours(30), daily, true, Mark::Fine),
            (hours(49), daily, true, Mark::Wrong),
            (None, daily, false, Mark::Wrong),
            (None, none, true, Mark::Look),
            (hours(5), none, false, Mark::Skipped),
            (hours(5), of_cluster, true, Mark::Look),
            (None, of_cluster, false, Mark::Skipped),
        ] {
            assert_mark(&backups(newest, &schedule, is_production), mark);
        }
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(newest_backup(dir.path()), None);
        std::fs::write(dir.path().join("a.tar.zst.age"), "").unwrap();
        assert!(newest_backup(dir.path()).is_some_and(|age| age < Duration::from_secs(3600)));
    }
}
