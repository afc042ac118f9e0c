//! The vault, and who runs on it.

use super::super::finding::Finding;
use serde_json::Value;

/// Which version is in force, and whether somebody holds it.
pub(super) fn vault(status: &Value) -> Finding {
    const CHECK: &str = "vault";
    let version = &status["version"];
    if let Some(frozen) = status["frozen"].as_object() {
        let text = |name: &str| frozen.get(name).and_then(Value::as_str).unwrap_or_default();
        let seen = format!(
            "{} holds it since {}: {}; {} changes wait",
            text("by"),
            text("at"),
            text("reason"),
            status["waiting"]
        );
        let todo = format!("when the reason is gone: suiftly vault thaw {}", version["version"]);
        return Finding::look(CHECK, seen, todo);
    }
    match version["version"].as_u64() {
        Some(number) => Finding::fine(CHECK, format!("version {number} is in force, with {} keys", version["keys"])),
        None => Finding::look(
            CHECK,
            "no version is in force yet",
            "it is published when the database has been read: look again in a minute",
        ),
    }
}

/// Each expected edge that is not in sync, and each gateway whose synthetic requests do not come through.
pub(super) fn edges(fleet: &Value) -> Vec<Finding> {
    const CHECK: &str = "fleet";
    let edges: Vec<&Value> = fleet["edges"].as_array().into_iter().flatten().collect();
    let mut findings: Vec<Finding> = edges.iter().filter_map(|edge| of_edge(edge)).collect();
    findings.extend(fleet["canaries"].as_array().into_iter().flatten().filter_map(canary));
    if findings.is_empty() && edges.iter().all(|edge| is_unneeded(edge)) {
        findings.push(Finding::skipped(CHECK, "no edge is expected: name them as [[gateway]]"));
    } else if findings.is_empty() {
        findings.push(Finding::fine(CHECK, format!("{} edges have what is in force", edges.len())));
    }
    findings
}

/// Expected by default, and never seen.
fn is_unneeded(edge: &Value) -> bool {
    edge["is_implied"].as_bool() == Some(true) && edge["state"].as_str() == Some("never_seen")
}

fn of_edge(edge: &Value) -> Option<Finding> {
    const CHECK: &str = "fleet";
    let text = |name: &str| edge[name].as_str().unwrap_or_default();
    let (name, state, since) = (text("name"), text("state"), edge["out_since"].as_str());
    if is_unneeded(edge) || matches!(state, "in_sync" | "updating") {
        return None;
    }
    let since = since.map_or_else(String::new, |since| format!(" since {since}"));
    let seen = format!("edge {name} is {}{since}", state.replace('_', " "));
    Some(match state {
        "behind" => {
            Finding::look(CHECK, seen, "suiftly fleet says what it tries; suiftly vault push fills its maps anew")
        }
        _ => Finding::wrong(
            CHECK,
            seen,
            "on its machine: systemctl status suiftly-edge; its gateways go on with the last good set",
        ),
    })
}

fn canary(stand: &Value) -> Option<Finding> {
    let alarm = stand["alarm"].as_str()?;
    let (server, since) = (&stand["server_id"], stand["alarm_since"].as_str().unwrap_or_default());
    let seen = format!("synthetic requests of gateway {server} are {alarm} since {since}");
    let todo = "unserved: see its HAProxy and the origins; unmetered: its lines do not come, see its log target and the loss above";
    Some(Finding::wrong("fleet", seen, todo))
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::Mark;
    use super::super::super::finding::testing::assert_mark;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_vault_in_force_none_yet_and_one_that_is_held() {
        let frozen = json!({"version": {"version": 7, "keys": 3}, "waiting": 2,
            "frozen": {"at": "2026-11-22T12:00:00Z", "by": "ada", "reason": "an incident"}});
        for (status, mark) in [
            (json!({"version": {"version": 7, "keys": 3}, "frozen": null}), Mark::Fine),
            (json!({"version": null}), Mark::Look),
            (frozen.clone(), Mark::Look),
        ] {
            assert_mark(&vault(&status), mark);
        }
        assert!(vault(&frozen).todo.is_some_and(|todo| todo.ends_with("suiftly vault thaw 7")));
    }

    #[test]
    fn who_is_not_in_sync() {
        let edge = |state: &str, is_implied: bool| json!({"edges": [{"name": "fra", "state": state, "is_implied": is_implied, "out_since": "2026-11-22T12:00:00Z"}], "canaries": []});
        let canary = json!({"edges": [], "canaries": [{"server_id": 17, "alarm": "unmetered", "alarm_since": "x"}]});
        for (fleet, mark) in [
            (edge("in_sync", false), Mark::Fine),
            (edge("updating", false), Mark::Fine),
            (edge("behind", false), Mark::Look),
            (edge("unreachable", false), Mark::Wrong),
            (edge("never_seen", false), Mark::Wrong),
            (edge("never_seen", true), Mark::Skipped),
            (json!({"edges": [], "canaries": []}), Mark::Skipped),
            (canary, Mark::Wrong),
        ] {
            let findings = edges(&fleet);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_mark(&findings[0], mark);
        }
    }
}
