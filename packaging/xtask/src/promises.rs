//! What docs promise by the name of a test is held against the tests: a table whose last column names one that is gone, or
//! none, fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const THREATS: &str = "docs/design/2026-11-22-threats.md";
const ROOMS: [&str; 4] = ["api", "schema", "ingest", "src"];

/// The names of all tests in the `.rs` files below a directory.
fn collect_tests(dir: &Path, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "node_modules" && entry.file_name() != "target" {
            collect_tests(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.extend(tests_of(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The functions that stand right under a test's attribute.
fn tests_of(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    let name = |line: &str| Some(line.split_once("fn ")?.1.split_once('(')?.0.to_owned());
    lines.windows(2).filter(|pair| is_test(pair[0])).filter_map(|pair| name(pair[1])).collect()
}

/// The names in backticks of each row's last column.
fn promised(table: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.filter(|row| row.starts_with(|first: char| first.is_ascii_digit()));
    rows.map(|row| (row, row.rsplit(" | ").next().unwrap_or_default().split('`').skip(1).step_by(2).collect()))
        .collect()
}

#[test]
fn each_threat_has_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut tests = BTreeSet::new();
    ROOMS.iter().for_each(|room| collect_tests(&root.join(room), &mut tests));
    let table = fs::read_to_string(root.join(THREATS)).unwrap();
    let promised = promised(&table);
    assert!(promised.len() >= 30, "{} threats", promised.len());
    for (row, names) in promised {
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            assert!(tests.contains(name), "there is no test {name}: {row}");
        }
    }
}

#[test]
fn rows_and_tests_are_found() {
    assert_eq!(
        promised("| # | test |\n|---|---|\n| 1 | a `b` | `c`, `d` |\nother"),
        [("1 | a `b` | `c`, `d`", vec!["c", "d"])]
    );
    assert_eq!(tests_of("#[test]\nfn a() {}\n    #[tokio::test(x)]\n    async fn b() {}\nfn c() {}"), ["a", "b"]);
}
