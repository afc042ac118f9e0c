//! Who may depend on whom (DESIGN §1): imports run one way, and each of the big libraries has one home. Pure; held
//! against `cargo metadata`.

use anyhow::Context as _;
use serde_json::Value;

/// A crate, and the workspace's crates that it may depend on.
const ROOMS: &[(&str, &[&str])] = &[
    ("suiftly-schema", &[]),
    ("suiftly-store", &["suiftly-schema"]),
    ("suiftly-ingest", &["suiftly-schema", "suiftly-link"]),
    ("suiftly-dataflow", &["suiftly-schema"]),
    ("suiftly-edge", &["suiftly-schema"]),
    ("suiftly-link", &["suiftly-schema"]),
    ("suiftly-notify", &["suiftly-schema", "suiftly-store"]),
    ("suiftly-sui", &["suiftly-schema"]),
    ("suiftly-chain", &["suiftly-schema", "suiftly-sui"]),
    ("suiftly-settlement", &["suiftly-schema", "suiftly-store", "suiftly-sui"]),
    (
        "suiftly-api",
        &[
            "suiftly-schema",
            "suiftly-store",
            "suiftly-ingest",
            "suiftly-dataflow",
            "suiftly-edge",
            "suiftly-notify",
            "suiftly-settlement",
        ],
    ),
    ("suiftly", EVERYTHING),
    ("suiftly-bench", EVERYTHING),
    ("suiftly-console", &["suiftly-schema"]),
    ("xtask", &["suiftly-schema", "suiftly-edge", "suiftly-ingest"]),
];

const EVERYTHING: &[&str] = &[
    "suiftly-schema",
    "suiftly-store",
    "suiftly-ingest",
    "suiftly-dataflow",
    "suiftly-edge",
    "suiftly-link",
    "suiftly-notify",
    "suiftly-sui",
    "suiftly-chain",
    "suiftly-settlement",
    "suiftly-api",
];

/// A library, and the only crates that may use it. Benches may measure anything.
const HOMES: &[(&str, &[&str])] = &[
    ("timely", &["suiftly-dataflow"]),
    ("differential-dataflow", &["suiftly-dataflow"]),
    ("tokio-postgres", &["suiftly-store"]),
    ("deadpool-postgres", &["suiftly-store"]),
    ("postgres-types", &["suiftly-store"]),
    ("axum", &["suiftly-api"]),
    ("utoipa", &["suiftly-api"]),
    ("tower-http", &["suiftly-api"]),
    ("lettre", &["suiftly-notify"]),
    ("tauri", &["suiftly-console"]),
    ("sui-rpc", SUI),
    ("sui-crypto", SUI),
    ("sui-sdk-types", SUI),
    ("sui-transaction-builder", SUI),
    ("tonic", SUI),
];

/// Who speaks to Sui's nodes: with one, and as one.
const SUI: &[&str] = &["suiftly-sui", "suiftly-chain"];

/// What the schema never touches: clocks, sockets, databases, runtimes.
const NOT_IN_SCHEMA: &[&str] = &[
    "tokio",
    "futures",
    "timely",
    "differential-dataflow",
    "axum",
    "hyper",
    "tokio-postgres",
    "socket2",
    "nix",
    "reqwest",
];

/// Every dependency that is not allowed, in words. `metadata` is what `cargo metadata --no-deps` says.
pub(crate) fn violations(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let workspace: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut found = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == name) else {
            found.push(format!("{name} has no rule: say in the import check what it may depend on"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().context("a package without dependencies")?;
        for dependency in dependencies.iter().filter(|dependency| dependency["kind"] != "dev") {
            let dependency = dependency["name"].as_str().context("a dependency without a name")?;
            found.extend(forbidden(name, allowed, dependency, &workspace));
        }
    }
    Ok(found)
}

fn forbidden(name: &str, allowed: &[&str], dependency: &str, workspace: &[&str]) -> Option<String> {
    if workspace.contains(&dependency) && !allowed.contains(&dependency) {
        return Some(format!("{name} must not depend on {dependency}"));
    }
    if name == "suiftly-schema" && NOT_IN_SCHEMA.contains(&dependency) {
        return Some(format!("{name} must not depend on {dependency}: it does no I/O"));
    }
    let (_, homes) = HOMES.iter().find(|(library, _)| *library == dependency)?;
    if homes.contains(&name) || name == "suiftly-bench" {
        return None;
    }
    Some(format!("{name} must not depend on {dependency}: its home is {}", homes.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::metadata;
    use serde_json::json;

    /// A crate and what it depends on; `dev:` before what only its tests do.
    type Edges<'a> = (&'a str, &'a [&'a str]);

    fn of(edges: &[Edges<'_>]) -> Vec<String> {
        let package = |(name, dependencies): &Edges<'_>| {
            let dependencies: Vec<Value> = dependencies
                .iter()
                .map(|dependency| match dependency.strip_prefix("dev:") {
                    Some(name) => json!({"name": name, "kind": "dev"}),
                    None => json!({"name": dependency, "kind": null}),
                })
                .collect();
            json!({"name": name, "dependencies": dependencies})
        };
        let metadata = json!({"packages": edges.iter().map(package).collect::<Vec<_>>()});
        violations(&metadata).unwrap()
    }

    #[test]
    fn allowed_edges_are_allowed() {
        let edges: &[Edges<'_>] = &[
            ("suiftly-schema", &["serde"]),
            ("suiftly-store", &["suiftly-schema", "tokio-postgres", "tokio"]),
            ("suiftly-ingest", &["suiftly-schema", "nix"]),
            ("suiftly-dataflow", &["suiftly-schema", "timely", "dev:suiftly-ingest"]),
            ("suiftly-sui", &["suiftly-schema", "sui-rpc", "tonic"]),
            ("suiftly-settlement", &["suiftly-store", "suiftly-sui", "dev:suiftly-chain"]),
            ("suiftly-api", &["suiftly-store", "axum"]),
            ("suiftly", &["suiftly-api", "suiftly-ingest"]),
            ("suiftly-bench", &["suiftly-dataflow", "timely"]),
        ];
        assert_eq!(of(edges), Vec::<String>::new());
    }

    #[test]
    fn forbidden_edges_are_caught() {
        let cases: [(&[Edges<'_>], &str); 10] = [
            (
                &[("suiftly-schema", &["suiftly-store"]), ("suiftly-store", &[])],
                "suiftly-schema must not depend on suiftly-store",
            ),
            (&[("suiftly-ingest", &["suiftly-dataflow"]), ("suiftly-dataflow", &[])], "suiftly-ingest must not"),
            (&[("suiftly-edge", &["suiftly-api"]), ("suiftly-api", &[])], "suiftly-edge must not"),
            (&[("suiftly-link", &["suiftly-store"]), ("suiftly-store", &[])], "suiftly-link must not"),
            (&[("suiftly-settlement", &["suiftly-ingest"]), ("suiftly-ingest", &[])], "suiftly-settlement must not"),
            (&[("suiftly-schema", &["tokio"])], "it does no I/O"),
            (&[("suiftly-api", &["timely"])], "its home is suiftly-dataflow"),
            (&[("suiftly", &["tokio-postgres"])], "its home is suiftly-store"),
            (&[("suiftly-settlement", &["sui-rpc"])], "its home is suiftly-sui, suiftly-chain"),
            (&[("suiftly-new", &[])], "suiftly-new has no rule"),
        ];
        for (edges, message) in cases {
            let found = of(edges).join("; ");
            assert!(found.contains(message), "{found}");
        }
    }

    #[test]
    fn this_workspace_holds() {
        assert_eq!(violations(&metadata().unwrap()).unwrap(), Vec::<String>::new());
    }
}
