//! `cargo xtask monitoring`: what operators are given to watch by (`packaging/prometheus`, `packaging/grafana`), held
//! against what the program says and against Prometheus' own tool.
//!
//! Every metric that a rule or a panel names is in the book's reference, which tests of the API and of the edge hold
//! against the program; every alert has a test, and its section in the book; `promtool` reads the configuration, the
//! rules and each panel's expression, and runs the rules' tests. It comes out of Debian's package, which is unpacked
//! and not installed: nothing starts.

use crate::places::{Places, program};
use crate::process::run_quietly;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const RULES: &str = "packaging/prometheus/alerts.yml";
const RULES_TEST: &str = "packaging/prometheus/alerts_test.yml";
const CONFIG: &str = "packaging/prometheus/prometheus.yml";
const DASHBOARD: &str = "packaging/grafana/suiftly.json";
const REFERENCE: &str = "docs/book/src/reference/metrics.md";
const RUNBOOKS: &str = "docs/book/src/operations.md";
/// What a page of Grafana puts into an expression, and something that may stand there.
const VARIABLES: [(&str, &str); 3] = [("$__rate_interval", "5m"), ("$job", ".*"), ("$instance", ".*")];

/// Checks all of it, and prints what was.
pub(crate) fn monitoring() -> anyhow::Result<ExitCode> {
    println!("{}", check(&Places::find()?)?);
    Ok(ExitCode::SUCCESS)
}

/// The same for `cargo xtask test`: its closing line.
pub(crate) fn check(places: &Places) -> anyhow::Result<String> {
    let read = |file: &str| fs::read_to_string(places.root.join(file)).with_context(|| format!("cannot read {file}"));
    let (rules, dashboard) = (read(RULES)?, read(DASHBOARD)?);
    let dashboard: Value = serde_json::from_str(&dashboard).with_context(|| format!("{DASHBOARD} is no JSON"))?;
    let (reference, expressions) = (read(REFERENCE)?, expressions(&dashboard));
    let unknown = unknown(&format!("{rules}\n{}", expressions.join("\n")), &reference);
    ensure!(unknown.is_empty(), "no metric is called {}: see {REFERENCE}", unknown.join(", "));
    let alerts = alerts(&rules);
    let untested = lacking(&alerts, &read(RULES_TEST)?, |alert| format!("alertname: {alert}\n"));
    ensure!(untested.is_empty(), "{RULES_TEST} tests nothing of {}", untested.join(", "));
    let untold = lacking(&alerts, &read(RUNBOOKS)?, |alert| format!("{{#{}}}", anchor(alert)));
    ensure!(untold.is_empty(), "{RUNBOOKS} has no section for {}", untold.join(", "));
    ask_promtool(places, &expressions)?;
    Ok(format!("{} alerts and {} expressions of the dashboard are sound", alerts.len(), expressions.len()))
}

fn ask_promtool(places: &Places, expressions: &[String]) -> anyhow::Result<()> {
    let promtool = promtool(places)?;
    let panels = places.target.join("xtask-test/panels.yml");
    fs::create_dir_all(places.target.join("xtask-test")).context("cannot make a directory for the panels' rules")?;
    fs::write(&panels, as_rules(expressions).to_string())
        .with_context(|| format!("cannot write {}", panels.display()))?;
    let file = |name: &str| places.root.join(name);
    for (words, path) in [
        (["check", "config"], file(CONFIG)),
        (["check", "rules"], file(RULES)),
        (["check", "rules"], panels),
        (["test", "rules"], file(RULES_TEST)),
    ] {
        run_quietly(Command::new(&promtool).args(words).arg(path))?;
    }
    Ok(())
}

/// The machine's own, else one out of Debian's package.
fn promtool(places: &Places) -> anyhow::Result<PathBuf> {
    match program("promtool") {
        Some(there) => Ok(there),
        None => unpacked(places),
    }
}

fn unpacked(places: &Places) -> anyhow::Result<PathBuf> {
    let dir = places.target.join("tools/prometheus");
    let promtool = dir.join("root/usr/bin/promtool");
    if promtool.is_file() {
        return Ok(promtool);
    }
    println!("unpacking promtool into {}", dir.display());
    let packages = dir.join("packages");
    fs::create_dir_all(&packages).with_context(|| format!("cannot make {}", packages.display()))?;
    run_quietly(Command::new("apt-get").args(["download", "-q", "prometheus"]).current_dir(&packages))?;
    for entry in fs::read_dir(&packages).with_context(|| format!("cannot list {}", packages.display()))? {
        run_quietly(Command::new("dpkg").arg("-x").arg(entry?.path()).arg(dir.join("root")))?;
    }
    ensure!(promtool.is_file(), "Debian's package prometheus has no promtool");
    Ok(promtool)
}

/// What the panels and annotations of a dashboard ask, as it is asked.
fn expressions(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(dashboard, &mut found);
    for expression in &mut found {
        for (variable, text) in VARIABLES {
            *expression = expression.replace(variable, text);
        }
    }
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| collect(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// A file of rules is YAML, and so is JSON.
fn as_rules(expressions: &[String]) -> Value {
    let rule = |(at, expr): (usize, &String)| json!({"record": format!("panel:{at}"), "expr": expr});
    let rules: Vec<Value> = expressions.iter().enumerate().map(rule).collect();
    json!({"groups": [{"name": "panels", "rules": rules}]})
}

/// Names of metrics in a text that the reference does not list.
fn unknown(text: &str, reference: &str) -> Vec<String> {
    let known: BTreeSet<&str> =
        reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("suiftly_")).collect();
    named.into_iter().filter(|name| !known.contains(name)).map(str::to_owned).collect()
}

fn alerts(rules: &str) -> Vec<&str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect()
}

fn lacking<'a>(alerts: &[&'a str], text: &str, mark: impl Fn(&str) -> String) -> Vec<&'a str> {
    alerts.iter().filter(|alert| !text.contains(&mark(alert))).copied().collect()
}

/// `SuiftlyDown` is told of under `suiftly-down`.
fn anchor(alert: &str) -> String {
    let mut out = String::new();
    for (at, char) in alert.chars().enumerate() {
        if at > 0 && char.is_ascii_uppercase() {
            out.push('-');
        }
        out.push(char.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn read(file: &str) -> String {
        fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    #[test]
    fn what_rules_and_panels_name_is_in_the_reference() {
        let dashboard = serde_json::from_str(&read(DASHBOARD)).unwrap();
        let asked = expressions(&dashboard);
        assert!(asked.len() > 40, "{}", asked.len());
        assert_eq!(unknown(&format!("{}\n{}", read(RULES), asked.join("\n")), &read(REFERENCE)), Vec::<String>::new());
        assert_eq!(unknown("rate(suiftly_nonsense_total[5m])", &read(REFERENCE)), ["suiftly_nonsense_total"]);
    }

    #[test]
    fn every_alert_is_tested_and_says_where_its_runbook_is() {
        let (rules, tests) = (read(RULES), read(RULES_TEST));
        let alerts = alerts(&rules);
        assert!(alerts.len() > 30, "{alerts:?}");
        assert_eq!(lacking(&alerts, &tests, |alert| format!("alertname: {alert}\n")), Vec::<&str>::new());
        assert_eq!(
            lacking(&alerts, &rules, |alert| format!("operations.html#{}\n", anchor(alert))),
            Vec::<&str>::new()
        );
        assert_eq!(lacking(&["SuiftlyNew"], &tests, |alert| format!("alertname: {alert}\n")), ["SuiftlyNew"]);
    }

    #[test]
    fn a_dashboards_variables_are_filled_in() {
        let dashboard = json!({"panels": [{"targets": [{"expr": "rate(a{job=~\"$job\"}[$__rate_interval])"}]}]});
        assert_eq!(expressions(&dashboard), ["rate(a{job=~\".*\"}[5m])"]);
    }
}
