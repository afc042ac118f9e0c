//! What a figure was measured on: the machine, the programs, the commit. What cannot be found out is left out.

use crate::places::{Places, program, search_path};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

const KIBIBYTES_A_GIBIBYTE: f64 = (1 << 20) as f64;

/// A name and what is known by it, in the order in which they are told.
pub(crate) type Facts = Vec<(&'static str, String)>;

/// CPU, memory, kernel, system, disk.
pub(crate) fn machine(places: &Places) -> Facts {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mounts = read("/proc/mounts");
    let facts = [
        ("CPU", cpu(&read("/proc/cpuinfo"))),
        ("memory", memory(&read("/proc/meminfo"))),
        ("disk", disk(&mounts, &places.target)),
        ("kernel", Some(read("/proc/sys/kernel/osrelease").trim().to_owned())),
        ("system", system(&read("/etc/os-release"))),
    ];
    known(facts)
}

/// Ours, and what it runs on.
pub(crate) fn versions(places: &Places, suiftly: &Path) -> Facts {
    let commit = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(&places.root));
    let is_changed = said(Command::new("git").args(["status", "--porcelain"]).current_dir(&places.root)).is_some();
    let suffix = if is_changed { ", with changes that are not committed" } else { "" };
    let tool = |name: &str, flag: &str| said(Command::new(program(name)?).arg(flag).env("PATH", search_path()));
    let facts = [
        ("suiftly", said(Command::new(suiftly).arg("--version"))),
        ("commit", commit.map(|commit| format!("{commit}{suffix}"))),
        ("PostgreSQL", tool("psql", "--version")),
        ("HAProxy", tool("haproxy", "-v")),
        ("Rust", tool("rustc", "--version")),
        ("Node.js", tool("node", "--version")),
    ];
    known(facts)
}

/// Now, to the second.
pub(crate) fn now() -> String {
    at(SystemTime::now())
}

/// A moment, to the second.
pub(crate) fn at(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_secs()).unwrap_or_default() * 1_000).rfc3339().replace(".000Z", "Z")
}

/// As a table of Markdown.
pub(crate) fn table(facts: &Facts) -> String {
    let row = |(name, what): &(&str, String)| format!("| {name} | {what} |\n");
    format!("| | |\n|---|---|\n{}", facts.iter().map(row).collect::<String>())
}

fn known<const N: usize>(facts: [(&'static str, Option<String>); N]) -> Facts {
    facts.into_iter().filter_map(|(name, what)| Some((name, what.filter(|what| !what.is_empty())?))).collect()
}

/// The first line that a command says; `None` if it cannot be run or says nothing.
fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(|line| line.trim().to_owned())
}

fn cpu(cpuinfo: &str) -> Option<String> {
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "))?.1;
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    Some(format!("{model}, {cores} cores"))
}

fn memory(meminfo: &str) -> Option<String> {
    let told = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: f64 = told.split_whitespace().next()?.parse().ok()?;
    Some(format!("{:.1} GiB", kibibytes / KIBIBYTES_A_GIBIBYTE))
}

/// The file system that a path is on: the longest mount point that it is below.
fn disk(mounts: &str, path: &Path) -> Option<String> {
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let below = fields.filter(|fields| fields.len() > 2 && path.starts_with(fields[1]));
    below.max_by_key(|fields| fields[1].len()).map(|fields| format!("{} on {}", fields[2], fields[0]))
}

fn system(os_release: &str) -> Option<String> {
    let name = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_in_the_kernels_words() {
        let cpuinfo =
            "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n\nprocessor\t: 1\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(cpu(cpuinfo).as_deref(), Some("Some CPU @ 2 GHz, 2 cores"));
        assert_eq!(memory("MemTotal:       25165824 kB\nMemFree: 1 kB\n").as_deref(), Some("24.0 GiB"));
        let mounts = "/dev/a / ext4 rw 0 0\n/dev/b /srv xfs rw 0 0\n";
        assert_eq!(disk(mounts, Path::new("/srv/target")).as_deref(), Some("xfs on /dev/b"));
        assert_eq!(disk(mounts, Path::new("/home")).as_deref(), Some("ext4 on /dev/a"));
        assert_eq!(system("NAME=x\nPRETTY_NAME=\"Debian 12\"\n").as_deref(), Some("Debian 12"));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let facts = known([("a", Some("1".to_owned())), ("b", None), ("c", Some(String::new()))]);
        assert_eq!(table(&facts), "| | |\n|---|---|\n| a | 1 |\n");
    }
}
