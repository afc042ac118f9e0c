//! What an operator has of a running server: what the doctor says of it, what it says of itself, and what it never says.

use crate::program::Place;
use serde_json::Value;
use std::path::Path;

/// What `suiftly doctor --json` found, by check: the worst mark of each.
fn doctor(place: &Place) -> (bool, Vec<(String, String, String)>) {
    let output = place.run(&["doctor", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["is_well"].as_bool(), Some(output.status.success()), "{said:#}");
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let findings = said["findings"].as_array().unwrap().iter();
    let findings = findings.map(|finding| (text(finding, "check"), text(finding, "state"), text(finding, "seen")));
    (output.status.success(), findings.collect())
}

fn of<'f>(findings: &'f [(String, String, String)], check: &str) -> Vec<(&'f str, &'f str)> {
    let named = findings.iter().filter(|(found, _, _)| found == check);
    named.map(|(_, state, seen)| (state.as_str(), seen.as_str())).collect()
}

#[test]
fn the_doctor_looks_at_a_server_that_is_up_and_at_one_that_is_down() {
    let place = Place::new();
    let up = place.up_with("auto", &[("SUIFTLY_LOG__FORMAT", "json"), ("SUIFTLY_LOG", "debug")]);
    place.send_simulated(500);
    let (_, findings) = doctor(&place);
    let said = |check: &str| of(&findings, check);
    assert!(
        said("server").iter().any(|(state, seen)| *state == "fine" && seen.contains("its roles live")),
        "{findings:?}"
    );
    assert!(said("sockets").iter().all(|(state, _)| *state == "fine"), "{findings:?}");
    assert!(
        said("database").iter().any(|(state, seen)| *state == "fine" && seen.contains("as suiftly_run")),
        "{findings:?}"
    );
    assert!(
        said("lines").iter().any(|(state, seen)| *state == "fine" && seen.starts_with("500 of 500")),
        "{findings:?}"
    );
    for check in ["loss", "lag", "rejected", "jobs"] {
        assert!(
            !said(check).is_empty() && said(check).iter().all(|(state, _)| *state == "fine"),
            "{check}: {findings:?}"
        );
    }

    // Everything that it says of itself is in the book.
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/book/src/reference/metrics.md");
    let reference = std::fs::read_to_string(reference).unwrap();
    let page = place.metrics();
    let named: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(named.len() > 60 && named.contains(&"suiftly_disk_free_bytes"), "{named:?}");
    for name in named {
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is not in the reference");
    }

    let secrets = place.secrets();
    let (ended, said) = up.stop();
    assert!(ended.success(), "{said}");
    assert!(secrets.len() >= 5, "{}", secrets.len());
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    for (name, secret) in secrets {
        assert!(!said.contains(&secret), "{name} was said");
    }

    // With it down, what only it knows is skipped, and the rest is looked at.
    let (_, findings) = doctor(&place);
    assert!(
        of(&findings, "server").iter().any(|(state, seen)| *state == "skipped" && seen.contains("it is down")),
        "{findings:?}"
    );
    assert!(of(&findings, "lines").iter().any(|(_, seen)| seen.starts_with("500 of 500")), "{findings:?}");
    assert!(of(&findings, "loss").is_empty() && !of(&findings, "disk").is_empty(), "{findings:?}");
}

#[test]
fn the_doctor_fails_where_something_is_wrong() {
    let place = Place::new();
    let held = std::net::TcpListener::bind(place.syslog).unwrap();
    let (is_well, findings) = doctor(&place);
    assert!(!is_well, "{findings:?}");
    let held_by = format!("process {}", std::process::id());
    assert!(
        of(&findings, "sockets").iter().any(|(state, seen)| *state == "wrong" && seen.contains(&held_by)),
        "{findings:?}"
    );
    drop(held);
    let (_, findings) = doctor(&place);
    // How full the machine's own disk is, is none of ours.
    let wrong: Vec<_> = findings.iter().filter(|(check, state, _)| state == "wrong" && check != "disk").collect();
    assert!(wrong.is_empty(), "nothing else is wrong with a place where nothing was started yet: {wrong:?}");
}

#[test]
fn a_command_about_a_system_that_is_elsewhere_makes_none_here() {
    let place = Place::new();
    let cases: [&[&str]; 6] = [
        &["loss"],
        &["quarantine", "ls"],
        &["fleet"],
        &["operator", "add", "ada", "--role", "operator"],
        &["vault", "show"],
        &["db", "check"],
    ];
    for words in cases {
        let output = place.run(words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("say with --data-dir"), "{words:?}: {said}");
        assert!(!place.data_dir().exists(), "{words:?} made a data directory");
    }
}
