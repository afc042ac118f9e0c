//! What the kernel is to hold for the sockets that lines come in by. A container may not say so: its host does.

use super::files::{self, Owned};
use super::machine::Server;
use super::step::{State, Step};
use super::written::{Other, Written, listed};
use anyhow::Context;
use std::fs;

const DIRECTORY: &str = "/etc/sysctl.d";
const FILE: &str = "/etc/sysctl.d/60-suiftly.conf";
const TEXT: &str = include_str!("../../packaging/provision/60-suiftly.conf");

/// The kernel's settings.
pub(crate) struct Kernel;

fn file() -> Written {
    Written { owned: Owned::file(FILE, "root", "root", 0o644), text: TEXT.to_owned(), other: Other::IsReplaced }
}

/// What the file sets: names, as paths below /proc/sys, and values.
fn settings() -> impl Iterator<Item = (&'static str, String, u64)> {
    let lines = TEXT.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        Some((name.trim(), format!("/proc/sys/{}", name.trim().replace('.', "/")), value.trim().parse().ok()?))
    })
}

/// What the kernel has, and may be told.
enum Setting {
    Enough,
    TooLow(u64),
    /// It is the host's.
    NotOurs,
}

fn setting(server: &Server<'_>, path: &str, wanted: u64) -> Setting {
    let file = server.path(path);
    let Ok(text) = fs::read_to_string(&file) else { return Setting::NotOurs };
    let Ok(found) = text.trim().parse::<u64>() else { return Setting::NotOurs };
    if found >= wanted {
        return Setting::Enough;
    }
    match fs::OpenOptions::new().write(true).open(&file) {
        Ok(_) => Setting::TooLow(found),
        Err(_) => Setting::NotOurs,
    }
}

impl Step for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["deployment type"]
    }

    fn look(&self, server: &Server<'_>) -> anyhow::Result<State> {
        let (mut amiss, mut hosts) = (Vec::from_iter(file().drift(server)?), Vec::new());
        for (name, path, wanted) in settings() {
            match setting(server, &path, wanted) {
                Setting::Enough => {}
                Setting::TooLow(found) => amiss.push(format!("{name} is {found}, not {wanted}")),
                Setting::NotOurs => hosts.push(name.to_owned()),
            }
        }
        if let Some(amiss) = listed(amiss) {
            return Ok(State::Lacking(amiss));
        }
        Ok(State::Fine(listed(hosts).map_or_else(
            || "room for the sockets that lines come in by".to_owned(),
            |names| format!("{FILE} is there; {names} cannot be set in here: set them on the host"),
        )))
    }

    fn make(&self, server: &Server<'_>) -> anyhow::Result<()> {
        // Where nothing brought it, systemd reads it all the same.
        if !server.path(DIRECTORY).exists() {
            files::put(server, &Owned::dir(DIRECTORY, "root", "root", 0o755))?;
        }
        file().put(server)?;
        for (name, path, wanted) in settings() {
            if let Setting::TooLow(_) = setting(server, &path, wanted) {
                fs::write(server.path(&path), wanted.to_string())
                    .with_context(|| format!("cannot set {name}; fix: set it on the host"))?;
            }
        }
        Ok(())
    }
}
