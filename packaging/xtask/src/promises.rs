//! What docs promise by the name of a test is held against the tests: a table whose last column names one that is gone, or
//! none, fails. Names in backticks are functions that stand under a test's attribute, titles of tests of the front ends,
//! steps of `cargo xtask test`, or commands of `cargo xtask`.

use crate::args;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

const THREATS: &str = "docs/design/2026-11-22-threats.md";
const PROMISES: &str = "docs/book/src/promises.md";
/// How a promise begins that no test shows; why, and what there is instead, follows.
const NOT_SHOWN: &str = "not shown: ";
const ROOMS: [&str; 9] =
    ["api", "schema", "ingest", "dataflow", "link", "src", "tests", "console/desktop", "packaging"];
/// Where steps of `cargo xtask test` have their names.
const STEPS: [&str; 4] = [
    "packaging/xtask/src/checks.rs",
    "packaging/xtask/src/end_to_end.rs",
    "packaging/xtask/src/owner.rs",
    "packaging/xtask/src/window.rs",
];
const FRONT_ENDS: [&str; 2] = ["console", "schema/store/tests/timescale"];

/// All that a table may name.
fn what_there_is(root: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for room in ROOMS {
        collect(&root.join(room), &["rs"], &tests_of, &mut names);
    }
    for room in FRONT_ENDS {
        collect(&root.join(room), &["ts", "tsx", "mjs"], &titles_of, &mut names);
    }
    for file in STEPS {
        names.extend(texts_of(&fs::read_to_string(root.join(file)).unwrap()));
    }
    names
}

/// What `of` finds in the files of these kinds below a directory.
fn collect(dir: &Path, kinds: &[&str], of: &dyn Fn(&str) -> Vec<String>, into: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "node_modules" && entry.file_name() != "target" {
            collect(&path, kinds, of, into);
        } else if path.extension().is_some_and(|extension| kinds.iter().any(|kind| extension == *kind)) {
            into.extend(of(&fs::read_to_string(&path).unwrap()));
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

/// What stands in `test("…"`.
fn titles_of(source: &str) -> Vec<String> {
    let calls = source.split("test(\"").skip(1);
    calls.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// Every text of several words.
fn texts_of(source: &str) -> Vec<String> {
    let texts = source.split('"').skip(1).step_by(2);
    texts.filter(|text| text.contains(' ')).map(str::to_owned).collect()
}

/// The last column of each numbered row.
fn promised(table: &str) -> Vec<(&str, &str)> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.filter(|row| row.starts_with(|first: char| first.is_ascii_digit()));
    rows.map(|row| (row, row.rsplit(" | ").next().unwrap_or_default())).collect()
}

fn named(column: &str) -> Vec<&str> {
    column.split('`').skip(1).step_by(2).collect()
}

fn is_command(name: &str) -> bool {
    let words = name.strip_prefix("cargo xtask ");
    words.is_some_and(|words| args::parse(words.split(' ').map(OsString::from)).is_ok())
}

/// What is wrong with a table: rows that name nothing, or what is not there.
fn broken(table: &str, there: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (row, column) in promised(table) {
        let names = named(column);
        if column.starts_with(NOT_SHOWN) {
            continue;
        }
        if names.is_empty() {
            wrong.push(format!("no test: {row}"));
        }
        let gone = names.into_iter().filter(|name| !there.contains(*name) && !is_command(name));
        wrong.extend(gone.map(|name| format!("there is no test {name}: {row}")));
    }
    wrong
}

#[test]
fn each_threat_and_promise_has_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let there = what_there_is(&root);
    for (file, at_least) in [(THREATS, 30), (PROMISES, 100)] {
        let table = fs::read_to_string(root.join(file)).unwrap();
        assert!(promised(&table).len() >= at_least, "{file}: {}", promised(&table).len());
        assert_eq!(broken(&table, &there), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_promise_has_a_number_of_its_own() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = fs::read_to_string(root.join(PROMISES)).unwrap();
    let mut seen = BTreeSet::new();
    for (row, _) in promised(&table) {
        assert!(seen.insert(row.split(' ').next()), "twice: {row}");
    }
}

#[test]
fn rows_and_tests_are_found() {
    assert_eq!(
        promised("| # | test |\n|---|---|\n| 1 | a `b` | `c`, `d` |\nother"),
        [("1 | a `b` | `c`, `d`", "`c`, `d`")]
    );
    assert_eq!(named("`c`, `d`"), ["c", "d"]);
    assert_eq!(tests_of("#[test]\nfn a() {}\n    #[tokio::test(x)]\n    async fn b() {}\nfn c() {}"), ["a", "b"]);
    assert_eq!(titles_of("test(\"a b\", () => {});\n  test(\"c\", x)"), ["a b", "c"]);
    assert_eq!(texts_of("f(\"a b\", \"c\")"), ["a b"]);
}

#[test]
fn what_is_not_there_is_told() {
    let there = BTreeSet::from(["a".to_owned(), "b c".to_owned()]);
    let table = "| 1 | x | `a`, `b c`, `cargo xtask test --quick` |\n| 2 | x | not shown: too far |\n";
    assert_eq!(broken(table, &there), Vec::<String>::new());
    for (row, says) in [
        ("| 1 | x | `gone` |", "there is no test gone"),
        ("| 1 | x | by hand |", "no test"),
        ("| 1 | x | `cargo xtask dance` |", "cargo xtask dance"),
    ] {
        assert!(broken(row, &there).iter().any(|line| line.contains(says)), "{row}");
    }
}
