//! `cargo xtask bench replay`: `suiftly replay` of a file beside `halog` (which comes with HAProxy) and `wc -l`.

use crate::cpu;
use crate::report::Row;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

const LINES: usize = 1_000_000;
const RUNS: usize = 5;
const UNIT: &str = "CPU-s per million lines";

/// A million SF1 lines by `suiftly replay`, and a million `option httplog` lines by it and by halog.
pub fn run() -> anyhow::Result<Vec<Row>> {
    let suiftly = suiftly_binary()?;
    let dir = std::env::temp_dir().join(format!("suiftly-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let result = measure(&suiftly, &dir);
    std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    result
}

fn measure(suiftly: &Path, dir: &Path) -> anyhow::Result<Vec<Row>> {
    let sf1 = dir.join("sf1.log");
    let httplog = dir.join("httplog.log");
    crate::lines::write_sf1(&sf1, LINES)?;
    crate::lines::write_httplog(&httplog, LINES)?;
    let mut rows = vec![
        row("SF1, 1 M lines", "suiftly", suiftly, &["replay", "--csv", path(&sf1)?], None)?,
        row("httplog, 1 M lines", "suiftly", suiftly, &["replay", "--csv", "--customer-capture", "3", path(&httplog)?], None)?,
    ];
    match halog() {
        Some((halog, version)) => {
            for flag in ["-st", "-srv", "-u"] {
                let subject = format!("halog {flag} {version}");
                rows.push(row("httplog, 1 M lines", &subject, &halog, &[flag], Some(&httplog))?);
            }
        }
        None => eprintln!("halog is not installed (package haproxy): not measured"),
    }
    rows.push(row("SF1, 1 M lines", "wc -l", Path::new("wc"), &["-l", path(&sf1)?], None)?);
    Ok(rows)
}

fn row(case: &str, subject: &str, program: &Path, args: &[&str], stdin: Option<&Path>) -> anyhow::Result<Row> {
    let runs: anyhow::Result<Vec<_>> = (0..RUNS)
        .map(|_| {
            let mut command = Command::new(program);
            command.args(args);
            if let Some(input) = stdin {
                command.stdin(std::fs::File::open(input).with_context(|| format!("cannot read {}", input.display()))?);
            }
            Ok(cpu::of_command(&mut command)? / (LINES as f64 / 1e6))
        })
        .collect();
    Ok(Row::new(case, subject, UNIT, runs?))
}

/// The `suiftly` beside this program: built by the same cargo, of the same profile.
fn suiftly_binary() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let suiftly = own.with_file_name("suiftly");
    anyhow::ensure!(suiftly.is_file(), "{} is missing: cargo build --release -p suiftly", suiftly.display());
    Ok(suiftly)
}

fn halog() -> Option<(PathBuf, String)> {
    let halog = PathBuf::from("/usr/bin/halog");
    let version = Command::new("haproxy").arg("-v").output().ok()?;
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let version = text.split_whitespace().nth(2)?.to_owned();
    halog.is_file().then_some((halog, version))
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the temporary directory's name is not UTF-8")
}
