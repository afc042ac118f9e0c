//! `suiftly config …` from outside, and against a real database.

use crate::program::Place;
use std::process::{Command, Output};
use suiftly_store::cluster::Cluster;

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

fn said(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn all_that_is_wrong_is_printed_and_the_command_fails() {
    let (place, files) = (Place::new(), Files::new());
    let wrong = files.write(
        "wrong.toml",
        "[journal]\ncut_ms = 0\n[edge]\ncanary_ms = 1\n[firehose]\nurl = \"http://q\"\ntoken_file = \"/nowhere\"\n",
    );
    let output = place.run(&["config", "check", "--config", &wrong]);
    let (out, err) = said(&output);
    assert_eq!((output.status.code(), err.as_str()), (Some(1), "suiftly: the configuration has 3 problems\n"), "{out}");
    for line in [
        "✗ journal.cut_ms must be 1 to 1000",
        "✗ edge.canary_ms must be",
        "✗ firehose.token_file: cannot read /nowhere",
    ] {
        assert!(out.contains(&format!("\n{line}")) || out.starts_with(line), "{out}");
    }
    assert!(out.ends_with("keys, values and rules; what development refuses; the files it names\n"), "{out}");

    let fine = files.write("fine.toml", "[dataflow]\nworkers = 2\n");
    let output = place.run(&["config", "check", "--config", &fine]);
    let (out, err) = said(&output);
    assert!(output.status.success() && err.is_empty(), "{out}{err}");
    assert!(out.contains(&format!("✓ fine: {fine} as development: ")), "{out}");
}

#[test]
fn it_can_be_held_against_what_another_deployment_refuses() {
    let (place, files) = (Place::new(), Files::new());
    let file = files.write("suiftly.toml", "[api]\nmock_auth = true\n");
    let output =
        place.run(&["config", "check", "--config", &file, "--deployment-type", "production", "--settings-only"]);
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    for part in ["api.mock_auth", "there is no [[source]]", "database.url is not set", "billing.embedded_in_production"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("jwt-keys"), "{out}");
    // With the files of this machine, secrets that it has not are missed.
    let output = place.run(&["config", "check", "--config", &file, "--deployment-type", "production"]);
    assert!(said(&output).0.contains("jwt-keys: in production a secret is made by"), "{}", said(&output).0);
}

#[test]
fn what_is_shown_can_be_read_back_and_says_where_it_comes_from() {
    let (place, files) = (Place::new(), Files::new());
    let url = "postgres://me:hunter2@db.example/suiftly_dev";
    let file = files.write("suiftly.toml", &format!("[database]\nurl = \"{url}\"\n[dataflow]\nworkers = 3\n"));
    let (shown, _) = said(&place.run(&["config", "show", "--config", &file]));
    assert!(shown.contains("workers = 3\n") && !shown.contains("hunter2"), "{shown}");
    let again = files.write("again.toml", &shown);
    assert_eq!(said(&place.run(&["config", "show", "--config", &again])).0, shown);

    let (shown, _) = said(&place.run(&["config", "show", "--origin", "--json", "--config", &file]));
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let of = |section: &str, key: &str| shown[section][key]["origin"].as_str().unwrap().to_owned();
    assert_eq!(of("dataflow", "workers"), format!("file {file}"));
    assert_eq!(of("ingest", "listen"), "environment SUIFTLY_INGEST__LISTEN");
    assert_eq!(of("journal", "cut_ms"), "default");
    assert_eq!(shown["database"]["url"]["value"], "postgres://me:***@db.example/suiftly_dev");
}

#[test]
fn the_schema_is_json_and_the_reference_has_every_section() {
    let printed = |word: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_suiftly")).args(["config", word]).output().unwrap();
        said(&output).0
    };
    let schema: serde_json::Value = serde_json::from_str(&printed("schema")).unwrap();
    let reference = printed("reference");
    for section in schema["properties"].as_object().unwrap().keys() {
        assert!(reference.contains(&format!("[{section}]")), "{section}");
    }
}

#[test]
fn the_database_is_asked_and_who_may_change_it_is_refused_in_production() {
    let (place, files) = (Place::new(), Files::new());
    assert!(place.run(&["db", "migrate"]).status.success());
    let store = Cluster::find(&place.data_dir().join("postgres")).unwrap().connection_config("suiftly_dev").to_string();
    let socket = store.split_once(" at ").unwrap().1;
    let url = |user: &str| format!("[database]\nurl = \"host={socket} user={user} dbname=suiftly_dev\"\n");
    let asked = |user: &str, more: &[&str]| {
        let file = files.write("suiftly.toml", &url(user));
        let words = ["config", "check", "--database", "--config", &file];
        said(&place.run(&[&words[..], more].concat())).0
    };
    let out = asked("suiftly_run", &[]);
    assert!(out.contains("✓ fine") && out.contains("the database suiftly_dev at "), "{out}");
    let production = ["--deployment-type", "production", "--settings-only"];
    let out = asked("suiftly_run", &production);
    assert!(out.contains("✗ database.url: the database is suiftly_dev") && !out.contains("must not run"), "{out}");
    let out = asked("suiftly", &production);
    assert!(out.contains("✗ role suiftly must not run production") && out.contains("is a superuser"), "{out}");
    let out = asked("nobody_there", &[]);
    assert!(out.contains("✗ suiftly_dev at ") && out.contains("nobody_there"), "{out}");
}
