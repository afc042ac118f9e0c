//! What a program says of itself by `--help`: its commands, and each one's options. Asked of the real program, read by
//! clap's layout.

use anyhow::{Context as _, ensure};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command as Process;

/// Commands for other programs, which `--help` of those above them does not name.
const HIDDEN: [(&str, &str); 2] = [("suiftly", "generate"), ("suiftly config", "reference")];

/// A command, below it others.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// What one types to get here: `suiftly billing balance`.
    pub(super) path: Vec<String>,
    /// Its `--help`, as it was said.
    pub(super) help: String,
    /// `--long` and `-s`.
    pub(super) options: BTreeSet<String>,
    pub(super) commands: Vec<Program>,
}

impl Program {
    /// Asks `suiftly` and each of its commands.
    pub(super) fn ask(binary: &Path) -> anyhow::Result<Self> {
        let name = binary.file_name().context("a program has a name")?.to_string_lossy().into_owned();
        Self::ask_at(binary, vec![name])
    }

    fn ask_at(binary: &Path, path: Vec<String>) -> anyhow::Result<Self> {
        let output = Process::new(binary).args(path.get(1..).unwrap_or_default()).arg("--help").output();
        let output = output.with_context(|| format!("cannot run {}", binary.display()))?;
        ensure!(output.status.success(), "`{} --help` fails", path.join(" "));
        let help = String::from_utf8(output.stdout).context("what --help says is no UTF-8")?;
        let hidden = HIDDEN.iter().filter(|(above, _)| *above == path.join(" ")).map(|(_, name)| (*name).to_owned());
        let commands = commands(&help).into_iter().chain(hidden).map(|name| {
            let below = path.iter().cloned().chain([name]).collect();
            Self::ask_at(binary, below)
        });
        let commands = commands.collect::<anyhow::Result<_>>()?;
        Ok(Self { options: options(&help), path, help: clean(&help), commands })
    }

    /// The command of this name below this one.
    pub(super) fn command(&self, name: &str) -> Option<&Self> {
        self.commands.iter().find(|command| command.path.last().is_some_and(|last| last == name))
    }

    /// Whether it takes words of its own: one that also has commands then need not be given one of them.
    pub(super) fn takes_arguments(&self) -> bool {
        self.help.lines().any(|line| line == "Arguments:")
    }
}

/// The names under `Commands:`; `help` is everywhere and says nothing new.
fn commands(help: &str) -> Vec<String> {
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = section.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// What stands where an option stands: at the beginning of a line, long or short.
fn options(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = lines.flat_map(|line| line.split_whitespace().take(2));
    let words = words.filter(|word| word.starts_with('-')).map(|word| word.trim_end_matches([',', '.']).to_owned());
    words.map(|word| word.split(['=', '[']).next().unwrap_or_default().to_owned()).collect()
}

/// Without spaces at the ends of lines, and without what differs from machine to machine.
fn clean(help: &str) -> String {
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELP: &str = "What it is\n\nUsage: suiftly <COMMAND>\n\nCommands:\n  up          Run every role\n              and go on\n  \
        log-format  Strings\n  help        Print this\n\nOptions:\n      --data-dir <DIR>\n          Where --lies is not meant\n  \
        -a, --attribute <X>  One\n  -h, --help\n          Print help\n";

    #[test]
    fn commands_and_options_are_read() {
        assert_eq!(commands(HELP), ["up", "log-format"]);
        assert_eq!(
            options(HELP).into_iter().collect::<Vec<_>>(),
            ["--attribute", "--data-dir", "--help", "-a", "-h"].map(str::to_owned)
        );
    }
}
