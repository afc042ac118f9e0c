//! How lines flow through the running server: its roles, lag, what is rejected and what is lost.

use super::super::finding::Finding;
use super::super::metrics::Page;
use serde_json::Value;

/// From receipt to screen it takes less, but for a moment.
const LAG_MAX_S: f64 = 1.0;
/// A line that waits longer waits for something that stands still.
const FRONTIER_MAX_S: f64 = 30.0;
/// More than so many in a million that cannot be read, or are lost, is more than stray.
const REJECTED_PPM_MAX: f64 = 1_000.0;
const LOSS_PPM_MAX: f64 = 10.0;
/// Servers that are told of, at most.
const SERVERS_MAX: usize = 10;

/// All live; or which are not, and since when.
pub(super) fn roles(health: &Value) -> Finding {
    const CHECK: &str = "server";
    let version = health["version"].as_str().unwrap_or("of an older version");
    let of = |states: &[&str]| {
        let roles = health["roles"].as_array().into_iter().flatten();
        let named = roles.filter(|role| role["state"].as_str().is_some_and(|state| states.contains(&state)));
        let said = named.map(|role| {
            let text = |name: &str| role[name].as_str().unwrap_or_default();
            format!("{} is {} since {}", text("role"), text("state"), text("since"))
        });
        said.collect::<Vec<_>>().join(", ")
    };
    match (of(&["failing"]), of(&["starting"])) {
        (failing, _) if !failing.is_empty() => Finding::wrong(
            CHECK,
            failing,
            "journalctl -u suiftly -p warning -e says why: most often the disk or the database",
        ),
        (_, starting) if !starting.is_empty() => {
            Finding::look(CHECK, starting, "it replays the journal's tail: look again in a minute")
        }
        _ => Finding::fine(CHECK, format!("it is up, {version}, and its roles live")),
    }
}

/// From a line's receipt to the screen, to the disk, to the database.
pub(super) fn lag(page: &Page<'_>) -> Vec<Finding> {
    const CHECK: &str = "lag";
    let value = |name: &str| page.get(name).unwrap_or_default();
    let p99 = page.of("suiftly_ingest_lag_seconds", "quantile", "0.99").unwrap_or_default();
    let (frontier, behind) = (value("suiftly_ingest_frontier_age_seconds"), value("suiftly_store_epochs_behind"));
    let mut findings = Vec::new();
    if frontier > FRONTIER_MAX_S {
        let seen = format!("a line waits for {frontier:.0} s to be counted");
        findings.push(Finding::wrong(
            CHECK,
            seen,
            "the disk or the dataflow stands still: see the roles above, then restart",
        ));
    } else if p99 > LAG_MAX_S {
        let seen = format!("lines take up to {p99:.1} s until they are counted");
        findings.push(Finding::look(CHECK, seen, "see the processors (top) and the disk's sync time above"));
    }
    if value("suiftly_journal_failing") > 0.0 {
        let todo = "senders wait meanwhile: make room, or see dmesg; it goes on by itself";
        findings.push(Finding::wrong(CHECK, "the disk refuses the journal", todo));
    }
    if value("suiftly_store_catching_up") > 0.0 {
        let seen = format!(
            "the database takes less than comes: it is {behind} epochs behind, and is caught up out of the journal"
        );
        findings.push(Finding::look(
            CHECK,
            seen,
            "nothing is lost; see whether it is away, or what else it does (pg_stat_activity)",
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::fine(
            CHECK,
            format!("lines are counted within {p99:.3} s, the database is {behind} epochs behind"),
        ));
    }
    findings
}

/// Lines that could not be read, of all since the journal's beginning.
pub(super) fn rejected(page: &Page<'_>) -> Finding {
    const CHECK: &str = "rejected";
    let all = page.by("suiftly_ingest_lines_total", "fate").map(|(_, lines)| lines).fold(0.0, |sum, lines| sum + lines);
    let rejected = page.of("suiftly_ingest_lines_total", "fate", "rejected").unwrap_or_default();
    // The sum of nothing is -0.
    let kept =
        page.by("suiftly_quarantine_lines", "reason").map(|(_, lines)| lines).fold(0.0, |sum, lines| sum + lines);
    let seen = format!("{rejected} of {all} lines could not be read; {kept} are kept in quarantine");
    if rejected * 1e6 > REJECTED_PPM_MAX * all {
        return Finding::look(CHECK, seen, "suiftly quarantine ls shows why; after a fix, suiftly quarantine replay");
    }
    Finding::fine(CHECK, seen)
}

/// Who loses lines, and where on the way.
pub(super) fn loss(report: &Value) -> Vec<Finding> {
    const CHECK: &str = "loss";
    let count = |of: &Value, name: &str| of[name].as_u64().unwrap_or_default();
    let mut findings: Vec<Finding> = Vec::new();
    for server in report["servers"].as_array().into_iter().flatten().take(SERVERS_MAX) {
        let (id, counts) = (&server["server_id"], &server["counts"]);
        let lost = count(counts, "missing_final");
        let ppm = lost as f64 * 1e6 / (lost + count(counts, "received")).max(1) as f64;
        if ppm > LOSS_PPM_MAX {
            let todo = format!(
                "suiftly loss --server {id} says which; log by the TCP ring instead of UDP, or give the ring more room"
            );
            findings.push(Finding::wrong(CHECK, format!("server {id} has lost {lost} lines, {ppm:.1} ppm"), todo));
        }
        if count(counts, "conflicts") > 0 {
            let seen =
                format!("server {id} has sent {} numbers twice with different lines", count(counts, "conflicts"));
            findings.push(Finding::wrong(
                CHECK,
                seen,
                "two gateways say the same SUIFTLY_SERVER_ID: give each its own",
            ));
        }
    }
    for (transport, beside) in report["beside"]["transports"].as_object().into_iter().flatten() {
        if count(beside, "kernel_drops") > 0 {
            let seen = format!(
                "the kernel has dropped {} datagrams by {transport} since the start",
                count(beside, "kernel_drops")
            );
            findings.push(Finding::look(
                CHECK,
                seen,
                "raise net.core.rmem_max (see kernel), ingest.udp_shards, or log by the TCP ring",
            ));
        }
    }
    if count(&report["beside"], "journal_damaged_blocks") > 0 {
        let seen =
            format!("{} blocks of the journal are damaged and left out", report["beside"]["journal_damaged_blocks"]);
        findings.push(Finding::wrong(
            CHECK,
            seen,
            "suiftly journal verify says which; the disk rots: see smartctl, then a backup",
        ));
    }
    if findings.is_empty() {
        let totals = &report["totals"];
        let seen = format!(
            "{} numbered lines have come, {} are lost, {} may still come",
            count(totals, "received"),
            count(totals, "missing_final"),
            count(totals, "missing_pending")
        );
        findings.push(Finding::fine(CHECK, seen));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::Mark;
    use super::super::super::finding::testing::assert_mark;
    use super::*;
    use serde_json::json;

    #[test]
    fn roles_and_how_they_are() {
        let with = |state: &str| json!({"version": "1.0", "roles": [{"role": "store", "state": state, "since": "2026-11-22T12:00:00Z"}]});
        for (health, mark) in [
            (with("live"), Mark::Fine),
            (with("standby"), Mark::Fine),
            (with("off"), Mark::Fine),
            (with("starting"), Mark::Look),
            (with("failing"), Mark::Wrong),
            (json!({"status": "live"}), Mark::Fine),
        ] {
            assert_mark(&roles(&health), mark);
        }
        assert!(roles(&with("failing")).seen.contains("store is failing since 2026-11-22T12:00:00Z"));
    }

    #[test]
    fn what_holds_lines_up() {
        for (page, mark, words) in [
            ("", Mark::Fine, "within 0.000 s"),
            ("suiftly_ingest_lag_seconds{quantile=\"0.99\"} 0.04\n", Mark::Fine, "within 0.040 s"),
            ("suiftly_ingest_lag_seconds{quantile=\"0.99\"} 2.5\n", Mark::Look, "2.5 s"),
            ("suiftly_ingest_frontier_age_seconds 31\n", Mark::Wrong, "31 s"),
            ("suiftly_journal_failing 1\n", Mark::Wrong, "refuses"),
            ("suiftly_store_catching_up 1\nsuiftly_store_epochs_behind 70\n", Mark::Look, "70 epochs"),
        ] {
            let findings = lag(&Page::parse(page));
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_mark(&findings[0], mark);
            assert!(findings[0].seen.contains(words), "{findings:?}");
        }
    }

    #[test]
    fn what_is_rejected_counts_by_its_share() {
        let of = |rejected: u64| {
            let page = format!(
                "suiftly_ingest_lines_total{{fate=\"accepted\"}} 100000\nsuiftly_ingest_lines_total{{fate=\"rejected\"}} {rejected}\n"
            );
            rejected_of(&page)
        };
        assert_mark(&of(100), Mark::Fine);
        assert_mark(&of(101), Mark::Look);
    }

    fn rejected_of(page: &str) -> Finding {
        rejected(&Page::parse(page))
    }

    #[test]
    fn who_loses_lines_and_where() {
        let server = |lost: u64, conflicts: u64| {
            json!({"servers": [{"server_id": 17, "counts": {"received": 1_000_000, "missing_final": lost, "conflicts": conflicts}}],
                "totals": {"received": 1_000_000, "missing_final": lost, "missing_pending": 2}})
        };
        for (report, marks, words) in [
            (server(0, 0), vec![Mark::Fine], "1000000 numbered lines"),
            (server(10, 0), vec![Mark::Fine], "10 are lost"),
            (server(11, 0), vec![Mark::Wrong], "11.0 ppm"),
            (server(0, 3), vec![Mark::Wrong], "3 numbers twice"),
            (json!({"beside": {"transports": {"udp": {"kernel_drops": 5}}}}), vec![Mark::Look], "5 datagrams by udp"),
            (json!({"beside": {"journal_damaged_blocks": 2}}), vec![Mark::Wrong], "2 blocks"),
        ] {
            let findings = loss(&report);
            assert_eq!(findings.iter().map(|finding| finding.mark).collect::<Vec<_>>(), marks, "{findings:?}");
            assert!(findings[0].seen.contains(words), "{findings:?}");
        }
    }
}
