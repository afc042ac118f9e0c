//! The pages that are generated: every command out of its `--help`, every setting out of `suiftly config reference`. They
//! are committed, so that they can be read without building anything, and must be what the programs say.
//! `UPDATE_GOLDEN=1 cargo xtask book` writes them.

use super::help::Program;
use crate::args;
use crate::places::Places;
use anyhow::{Context as _, bail, ensure};
use std::fs;
use std::process::Command;

const COMMANDS: &str = "docs/book/src/reference/commands.md";
const CONFIGURATION: &str = "docs/book/src/reference/configuration.md";

/// Holds both pages against the programs, or writes them if that is asked for.
pub(super) fn hold(places: &Places, program: &Program) -> anyhow::Result<()> {
    hold_page(places, COMMANDS, &commands(program))?;
    hold_page(places, CONFIGURATION, &configuration(places)?)
}

fn hold_page(places: &Places, page: &str, wanted: &str) -> anyhow::Result<()> {
    let path = places.root.join(page);
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|set| set == "1") {
        return fs::write(&path, wanted).with_context(|| format!("cannot write {page}"));
    }
    let there = fs::read_to_string(&path).with_context(|| format!("cannot read {page}"))?;
    let Some(number) = there.lines().zip(wanted.lines()).position(|(there, wanted)| there != wanted) else {
        let same = there.lines().count() == wanted.lines().count();
        return if same { Ok(()) } else { bail!("{page} is not up to date: UPDATE_GOLDEN=1 cargo xtask book") };
    };
    bail!("{page} is not up to date from line {} on: UPDATE_GOLDEN=1 cargo xtask book", number + 1)
}

const COMMANDS_HEAD: &str = "\
# Commands

Every command, as its own `--help` says it. This page is generated (`UPDATE_GOLDEN=1 cargo xtask book`) and checked.

On a server commands read `/etc/suiftly/suiftly.toml` and `/var/lib/suiftly` by themselves; elsewhere `--data-dir` names the
directory that `up` was given.

";

fn commands(program: &Program) -> String {
    let mut page = COMMANDS_HEAD.to_owned();
    section(program, 2, &mut page);
    page.push_str("## cargo xtask\n\nThe chores of a checkout.\n\n```text\n");
    page.push_str(args::HELP);
    page.push_str("\n```\n");
    page
}

fn section(program: &Program, level: usize, page: &mut String) {
    let heading = "#".repeat(level.min(4));
    page.push_str(&format!("{heading} {}\n\n```text\n{}```\n\n", program.path.join(" "), program.help));
    for command in &program.commands {
        section(command, level + 1, page);
    }
}

const CONFIGURATION_HEAD: &str = "\
# Configuration

Every key of `suiftly.toml`, with its default and the name it has in the environment. This page is generated
(`UPDATE_GOLDEN=1 cargo xtask book`) and checked. How settings are read, checked and changed is in
[Configuration](../operations/configuration.md).

";

fn configuration(places: &Places) -> anyhow::Result<String> {
    let output = Command::new(places.suiftly(false)).args(["config", "reference"]).output();
    let output = output.context("cannot run suiftly config reference")?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "`suiftly config reference` fails: {said}");
    let tables = String::from_utf8(output.stdout).context("what it says is no UTF-8")?;
    // It has a title of its own.
    let sections = tables.find("\n## ").context("what it says has no sections")?;
    Ok(format!("{CONFIGURATION_HEAD}{}\n", tables[sections..].trim()))
}
