//! `cargo xtask bench replay [--gigabytes N | --lines N]`: `suiftly replay` of a file beside `halog` (which comes with HAProxy),
//! DuckDB, ClickHouse (as a library, chdb) and `wc -l`. The file is a million lines unless told otherwise.

use crate::cpu;
use crate::report::Row;
use anyhow::{Context, ensure};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES: u64 = 1_000_000;
const RUNS: usize = 5;
/// Large files take long, and vary less.
const RUNS_OF_GIGABYTES: usize = 3;
const MAX_GIGABYTES: u64 = 50;
const UNIT: &str = "CPU-s per million lines";

/// Splits SF1 lines as a file has them (7 words of header, 30 of body) and groups by customer and hour. The typed
/// columns are those it needs; the CSV reader's splitting is the fastest DuckDB has.
const DUCKDB_SCRIPT: &str = r#"
import duckdb, sys
names = ["c%d" % n for n in range(37)]
types = {name: "VARCHAR" for name in names}
types.update({"c9": "BIGINT", "c26": "BIGINT"})
duckdb.sql("""
  select c19, c9 // 3600000, count(*), sum(c26)
  from read_csv(?, delim=' ', header=false, quote='', escape='', auto_detect=false, nullstr='-', columns=%s)
  group by all""" % types, params=[sys.argv[1]]).fetchall()
"#;

/// The same by ClickHouse; of the ways it has to split at spaces the cheapest. A field that is not there is `-`.
const CLICKHOUSE_SCRIPT: &str = r#"
import chdb, sys
chdb.query("""
  SELECT w[20], intDiv(toInt64OrZero(w[10]), 3600000), count(), sum(toInt64OrZero(w[27]))
  FROM (SELECT splitByChar(' ', line) AS w FROM file('%s', 'LineAsString')) GROUP BY 1, 2
""" % sys.argv[1], "CSV")
"#;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// So many lines.
    Lines(u64),
    /// So many lines as make so many bytes.
    Bytes(u64),
}

/// SF1 lines by `suiftly replay` and DuckDB, and `option httplog` lines by `suiftly replay` and halog.
pub fn run(arguments: Vec<OsString>) -> anyhow::Result<Vec<Row>> {
    let size = parse(arguments)?;
    let suiftly = suiftly_binary()?;
    let dir = crate::report::dir()?.join(format!("replay-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let result = measure(&suiftly, &dir, size);
    std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    result
}

fn parse(arguments: Vec<OsString>) -> anyhow::Result<Size> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut size = Size::Lines(LINES);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("gigabytes") => {
                let gigabytes: u64 = parser.value()?.parse()?;
                ensure!((1..=MAX_GIGABYTES).contains(&gigabytes), "--gigabytes must be 1 to {MAX_GIGABYTES}");
                size = Size::Bytes(gigabytes * 1_000_000_000);
            }
            Long("lines") => {
                let lines: u64 = parser.value()?.parse()?;
                ensure!((1_000..=100_000_000).contains(&lines), "--lines must be 1000 to 100000000");
                size = Size::Lines(lines);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(size)
}

/// A file to be measured on.
struct Input {
    case: String,
    path: PathBuf,
    lines: u64,
    runs: usize,
}

fn measure(suiftly: &Path, dir: &Path, size: Size) -> anyhow::Result<Vec<Row>> {
    let sf1 = Input::make("SF1", dir.join("sf1.log"), size, crate::lines::write_sf1)?;
    let mut rows = vec![
        sf1.row("suiftly", Command::new(suiftly).args(["replay", "--csv"]).arg(&sf1.path))?,
        sf1.row("wc -l", Command::new("wc").arg("-l").arg(&sf1.path))?,
    ];
    for (name, module, script) in [("DuckDB", "duckdb", DUCKDB_SCRIPT), ("ClickHouse", "chdb", CLICKHOUSE_SCRIPT)] {
        match module_of_python(module)? {
            Some((python, version)) => {
                let subject = format!("{name} {version}, split and grouped");
                rows.push(sf1.row(&subject, Command::new(python).args(["-c", script]).arg(&sf1.path))?);
            }
            None => eprintln!("{name} is not there (`cargo xtask bench replay` fetches it): not measured"),
        }
    }
    std::fs::remove_file(&sf1.path).context("cannot remove the SF1 file")?;

    let httplog = Input::make("httplog", dir.join("httplog.log"), size, crate::lines::write_httplog)?;
    let capture = ["replay", "--csv", "--customer-capture", "3"];
    rows.push(httplog.row("suiftly", Command::new(suiftly).args(capture).arg(&httplog.path))?);
    match halog() {
        Some((halog, version)) => {
            for flag in ["-st", "-srv", "-u"] {
                rows.push(httplog.row_of_stdin(&format!("halog {flag} {version}"), Command::new(&halog).arg(flag))?);
            }
        }
        None => eprintln!("halog is not installed (package haproxy): not measured"),
    }
    Ok(rows)
}

impl Input {
    fn make(
        format: &str,
        path: PathBuf,
        size: Size,
        write: impl Fn(&Path, Size) -> anyhow::Result<u64>,
    ) -> anyhow::Result<Self> {
        let lines = write(&path, size)?;
        let millions = lines as f64 / 1e6;
        Ok(match size {
            Size::Lines(_) => Self { case: format!("{format}, {millions} M lines"), path, lines, runs: RUNS },
            Size::Bytes(bytes) => {
                let case = format!("{format}, {} GB ({millions:.1} M lines)", bytes / 1_000_000_000);
                Self { case, path, lines, runs: RUNS_OF_GIGABYTES }
            }
        })
    }

    fn row(&self, subject: &str, command: &mut Command) -> anyhow::Result<Row> {
        self.runs(subject, command, |_| Ok(()))
    }

    fn row_of_stdin(&self, subject: &str, command: &mut Command) -> anyhow::Result<Row> {
        self.runs(subject, command, |command| {
            let input = std::fs::File::open(&self.path);
            command.stdin(input.with_context(|| format!("cannot read {}", self.path.display()))?);
            Ok(())
        })
    }

    fn runs(
        &self,
        subject: &str,
        command: &mut Command,
        prepare: impl Fn(&mut Command) -> anyhow::Result<()>,
    ) -> anyhow::Result<Row> {
        let mut runs = Vec::new();
        for _ in 0..self.runs {
            prepare(command)?;
            runs.push(cpu::of_command(command)? / (self.lines as f64 / 1e6));
        }
        Ok(Row::new(&self.case, subject, UNIT, runs))
    }
}

/// The `suiftly` beside this program: built by the same cargo, of the same profile.
fn suiftly_binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let suiftly = own.with_file_name("suiftly");
    ensure!(suiftly.is_file(), "{} is missing: cargo build --release -p suiftly", suiftly.display());
    Ok(suiftly)
}

fn halog() -> Option<(PathBuf, String)> {
    let halog = PathBuf::from("/usr/bin/halog");
    let version = Command::new("haproxy").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let version = text.split_whitespace().nth(2)?.to_owned();
    halog.is_file().then_some((halog, version))
}

/// The Python that has it, and its version.
fn module_of_python(module: &str) -> anyhow::Result<Option<(PathBuf, String)>> {
    let python = crate::report::dir()?.join(module).join("bin/python");
    let ask = format!("import {module}; print({module}.__version__)");
    let Ok(said) = Command::new(&python).args(["-c", &ask]).output() else {
        return Ok(None);
    };
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    Ok(said.status.success().then_some((python, version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let parsed = |line: &str| parse(line.split_whitespace().map(OsString::from).collect());
        assert_eq!(parsed("").unwrap(), Size::Lines(LINES));
        assert_eq!(parsed("--gigabytes 2").unwrap(), Size::Bytes(2_000_000_000));
        assert_eq!(parsed("--lines 5000").unwrap(), Size::Lines(5_000));
        for line in ["--gigabytes 0", "--gigabytes 51", "--gigabytes two", "--lines 5"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
