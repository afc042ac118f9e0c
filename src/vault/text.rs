//! The vault and the fleet on a terminal.

use crate::table::{Side, table};
use serde_json::Value;
use std::fmt::Write;

/// `vault show`
pub(super) fn status(status: &Value) -> String {
    let mut out = match &status["version"] {
        Value::Null => "no version is in force\n".to_owned(),
        version => format!(
            "version    {} of {}\npublished  {}, epoch {}\nroot       {}\nholds      {} keys, {} customers' services\n",
            version["version"],
            text(&version["era"]),
            text(&version["issued_at"]),
            version["epoch"],
            text(&version["root"]),
            version["keys"],
            version["access"],
        ),
    };
    let regions = status["regions"].as_object().into_iter().flatten();
    let regions: Vec<_> = regions.map(|(region, gateways)| format!("{region}: {gateways}")).collect();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "signed by  key {}", status["key_id"]);
    let _ = writeln!(out, "regions    {} (gateways that share a region's limits)", regions.join(", "));
    let _ = writeln!(out, "waiting    {} rows", status["waiting"]);
    let _ = match &status["frozen"] {
        Value::Null => writeln!(out, "held       no"),
        frozen => {
            let (at, by, reason) = (text(&frozen["at"]), text(&frozen["by"]), text(&frozen["reason"]));
            writeln!(out, "held       since {at} by {by}: {reason}")
        }
    };
    out
}

/// `vault versions`
pub(super) fn versions(page: &Value) -> String {
    let row = |of: &Value| {
        let counts = of["changes"]["counts"].as_object().into_iter().flatten();
        let counts: Vec<_> = counts.map(|(what, count)| format!("{count} {what}")).collect();
        let cells = [&of["version"], &of["issued_at"], &of["epoch"], &of["keys"], &of["access"]];
        cells.into_iter().map(text).chain([counts.join(", ")]).collect()
    };
    let rows: Vec<Vec<String>> = items(&page["items"]).map(row).collect();
    let head = [
        ("VERSION", Side::Right),
        ("PUBLISHED", Side::Left),
        ("EPOCH", Side::Right),
        ("KEYS", Side::Right),
        ("SERVICES", Side::Right),
        ("CHANGES", Side::Left),
    ];
    table(&head, &rows)
}

/// `vault diff`
pub(super) fn diff(diff: &Value) -> String {
    let changes = &diff["changes"];
    let row = |of: &Value| {
        let cells = [&of["what"], &of["customer_id"], &of["service"], &of["api_key_fp"], &of["detail"]];
        cells.into_iter().map(text).collect()
    };
    let rows: Vec<Vec<String>> = items(&changes["rows"]).map(row).collect();
    let head = [
        ("WHAT", Side::Left),
        ("CUSTOMER", Side::Right),
        ("SERVICE", Side::Left),
        ("KEY", Side::Right),
        ("DETAIL", Side::Left),
    ];
    let mut out = format!("from version {} to {}\n{}", diff["from"], diff["to"], table(&head, &rows));
    let all: u64 = changes["counts"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    if let Some(more @ 1..) = all.checked_sub(rows.len() as u64) {
        let _ = writeln!(out, "and {more} more");
    }
    out
}

/// `suiftly fleet`
pub(super) fn fleet(fleet: &Value) -> String {
    let mut rows = Vec::new();
    for edge in items(&fleet["edges"]) {
        let took = items(&edge["applied"]).last().map_or(&Value::Null, |applied| &applied["took_ms"]);
        let cells = [&edge["name"], &Value::Null, &edge["state"], &edge["version"], &edge["lag_ms"], took];
        rows.push(cells.into_iter().map(text).chain([text(&edge["heard_at"])]).collect::<Vec<_>>());
        for of in items(&edge["gateways"]) {
            let cells = [&Value::Null, &of["server_id"], &of["state"], &of["version"], &Value::Null, &Value::Null];
            rows.push(cells.into_iter().map(text).chain([text(&of["trouble"])]).collect());
        }
    }
    let head = [
        ("EDGE", Side::Left),
        ("SERVER", Side::Right),
        ("STATE", Side::Left),
        ("VERSION", Side::Right),
        ("LAG MS", Side::Right),
        ("TOOK MS", Side::Right),
        ("HEARD", Side::Left),
    ];
    format!("version in force: {}\n{}", text(&fleet["version"]), table(&head, &rows))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fleet_is_a_table() {
        let gateway = json!({"server_id": 17, "state": "unreachable", "version": 0, "trouble": "no socket"});
        let edge = json!({"name": "fra-1", "state": "behind", "version": 41, "lag_ms": 7000, "heard_at": "2026-11-22T10:00:00Z",
            "applied": [{"took_ms": 31}], "gateways": [gateway]});
        let said = fleet(&json!({"version": 42, "edges": [edge]}));
        let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["version", "in", "force:", "42"]);
        assert_eq!(lines[2], ["fra-1", "behind", "41", "7000", "31", "2026-11-22T10:00:00Z"]);
        assert_eq!(lines[3], ["17", "unreachable", "0", "no", "socket"]);
    }

    #[test]
    fn versions_and_differences() {
        let changes = json!({"counts": {"stopped": 2, "issued": 1}, "rows": [{"what": "stopped", "customer_id": 7,
            "service": "seal", "api_key_fp": null, "detail": "active → monthly_limit"}]});
        let version = json!({"version": 3, "issued_at": "T", "epoch": 9, "keys": 5, "access": 4, "changes": changes});
        assert!(versions(&json!({"items": [version]})).ends_with("1 issued, 2 stopped\n"));
        let said = diff(&json!({"from": 2, "to": 3, "changes": changes}));
        assert!(said.contains("stopped         7  seal          active → monthly_limit"), "{said}");
        assert!(said.ends_with("and 2 more\n"), "{said}");
    }

    #[test]
    fn a_held_vault_says_by_whom() {
        let said = status(&json!({"version": null, "regions": {"1": 2}, "key_id": 1, "waiting": 3,
            "frozen": {"at": "T", "by": "ann", "reason": "a bad price book"}}));
        assert!(said.starts_with("no version is in force\n") && said.contains("1: 2"), "{said}");
        assert!(said.ends_with("held       since T by ann: a bad price book\n"), "{said}");
    }
}
