//! What is shipped is made of: every crate that is linked into a program and every package that the front ends are bundled
//! from, with its version and licence.

use crate::places::{Places, cargo};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// The programs that are shipped.
const PROGRAMS: [&str; 2] = ["suiftly", "suiftly-console"];
const NOT_SAID: &str = "not said";

/// A crate or a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ingredient {
    from: &'static str,
    name: String,
    version: String,
    licence: String,
}

/// Writes `dependencies.csv` for people and `dependencies.json` for programs.
pub(crate) fn write(places: &Places, dist: &Path) -> anyhow::Result<()> {
    let mut ingredients = crates(&metadata()?)?;
    let lock = places.console().join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    ingredients.extend(packages(&serde_json::from_slice(&lock).context("cannot read package-lock.json")?));
    for (name, text) in [("dependencies.csv", csv(&ingredients)), ("dependencies.json", json(&ingredients)?)] {
        fs::write(dist.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(())
}

/// Of everything, for the platform that this is.
fn metadata() -> anyhow::Result<Value> {
    let platform = cargo().args(["-vV"]).stdin(Stdio::null()).output().context("cannot run cargo")?;
    let platform = String::from_utf8_lossy(&platform.stdout).into_owned();
    let host = platform.lines().find_map(|line| line.strip_prefix("host: ")).context("cargo does not name its host")?;
    let mut asking = cargo();
    asking.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    let output = asking.stdin(Stdio::null()).output().context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")
}

/// What is linked into the programs: not what only builds or tests them, and not our own.
fn crates(metadata: &Value) -> anyhow::Result<BTreeSet<Ingredient>> {
    let nodes = metadata["resolve"]["nodes"].as_array().context("cargo metadata resolves nothing")?;
    let by_id: BTreeMap<&str, &Value> = nodes.iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let all = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let packages: BTreeMap<&str, &Value> = all.iter().filter_map(|one| Some((one["id"].as_str()?, one))).collect();
    let is_program =
        |package: &&Value| package["source"].is_null() && PROGRAMS.iter().any(|name| package["name"] == *name);
    let mut waiting: Vec<&str> = all.iter().filter(is_program).filter_map(|package| package["id"].as_str()).collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            let linked = by_id.get(id).and_then(|node| node["deps"].as_array()).into_iter().flatten();
            waiting.extend(linked.filter(|dependency| is_linked(dependency)).filter_map(|one| one["pkg"].as_str()));
        }
    }
    let shipped = reached.into_iter().filter_map(|id| packages.get(id)).filter(|package| !package["source"].is_null());
    Ok(shipped.map(|package| ingredient("crates.io", package, &package["name"], "license")).collect())
}

/// Of the kinds of a dependency, the plain one has no name.
fn is_linked(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

/// What the front ends' lock names beside what only builds and tests them.
fn packages(lock: &Value) -> BTreeSet<Ingredient> {
    let all = lock["packages"].as_object().into_iter().flatten();
    let shipped = all.filter(|(_, package)| package["dev"] != true && package["link"] != true);
    shipped
        .filter_map(|(path, package)| {
            let (_, name) = path.rsplit_once("node_modules/")?;
            Some(ingredient("npm", package, &json!(name), "license"))
        })
        .collect()
}

fn ingredient(from: &'static str, package: &Value, name: &Value, licence: &str) -> Ingredient {
    let text = |value: &Value| value.as_str().unwrap_or(NOT_SAID).to_owned();
    Ingredient { from, name: text(name), version: text(&package["version"]), licence: text(&package[licence]) }
}

fn csv(ingredients: &BTreeSet<Ingredient>) -> String {
    let row = |one: &Ingredient| format!("{},{},{},\"{}\"\n", one.from, one.name, one.version, one.licence);
    "from,name,version,licence\n".to_owned() + &ingredients.iter().map(row).collect::<String>()
}

fn json(ingredients: &BTreeSet<Ingredient>) -> anyhow::Result<String> {
    let row =
        |one: &Ingredient| json!({"from": one.from, "name": one.name, "version": one.version, "licence": one.licence});
    let rows: Vec<Value> = ingredients.iter().map(row).collect();
    serde_json::to_string_pretty(&rows).context("cannot write JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_counts_and_what_builds_or_tests_does_not() {
        let package = |id: &str, source: Value| json!({"id": id, "name": id, "version": "1.0.0", "license": "MIT OR Apache-2.0", "source": source});
        let dep = |id: &str, kind: Value| json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [
                package("suiftly", Value::Null), package("own", Value::Null), package("linked", json!("registry")),
                package("deep", json!("registry")), package("tester", json!("registry")), package("alone", json!("registry")),
            ],
            "resolve": {"nodes": [
                {"id": "suiftly", "deps": [dep("own", Value::Null), dep("tester", json!("dev"))]},
                {"id": "own", "deps": [dep("linked", Value::Null)]},
                {"id": "linked", "deps": [dep("deep", Value::Null), dep("suiftly", json!("build"))]},
            ]},
        });
        let names: Vec<_> = crates(&metadata).unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["deep", "linked"]);
    }

    #[test]
    fn the_front_ends_lock_is_read() {
        let lock = json!({"packages": {
            "": {"name": "root"},
            "web": {"version": "0.1.0"},
            "node_modules/@a/b": {"version": "2.0.0", "license": "MIT"},
            "node_modules/x/node_modules/y": {"version": "3.0.0"},
            "node_modules/tester": {"version": "1.0.0", "license": "MIT", "dev": true},
            "node_modules/own": {"link": true},
        }});
        assert_eq!(
            csv(&packages(&lock)),
            "from,name,version,licence\nnpm,@a/b,2.0.0,\"MIT\"\nnpm,y,3.0.0,\"not said\"\n"
        );
    }
}
