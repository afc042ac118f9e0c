//! Each command that a page shows exists, and each of its flags. What is in a block of shell, and what stands in a line
//! as `suiftly …` or `cargo xtask …`, is held against what the programs say.

use super::help::Program;
use super::links::outside_of_code_blocks;
use super::stage::Page;
use crate::args;
use anyhow::{bail, ensure};
use std::ffi::OsString;

const SHELLS: [&str; 4] = ["sh", "bash", "shell", "console"];
/// What may stand before a command.
const BEFORE: [&str; 3] = ["sudo", "time", "exec"];
/// Stands for what the reader puts there.
const AND_SO_ON: [&str; 3] = ["…", "...", "[…]"];

/// Checks all pages: how many commands were seen, or which do not exist.
pub(super) fn hold(pages: &[Page], program: &Program) -> anyhow::Result<usize> {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages {
        for command in of_page(page) {
            seen += 1;
            if let Err(error) = exists(&command, program) {
                wrong.push(format!("{}: `{}`: {error:#}", page.source, command.join(" ")));
            }
        }
    }
    ensure!(wrong.is_empty(), "the book shows what does not exist:\n{}", wrong.join("\n"));
    Ok(seen)
}

fn of_page(page: &Page) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = in_blocks(&page.text);
    if page.is_of_the_book {
        commands.extend(in_lines(&page.text));
    }
    commands
}

/// Those in blocks of shell, with `\` at a line's end joined, comments and pipes taken apart.
fn in_blocks(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let language = language.split([' ', '{']).next().unwrap_or_default();
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
        if SHELLS.contains(&language) {
            let joined = block.join("\n").replace("\\\n", " ");
            found.extend(joined.lines().flat_map(of_line));
        }
    }
    found
}

/// Those in backticks in running text.
fn in_lines(text: &str) -> Vec<Vec<String>> {
    let text = outside_of_code_blocks(text).replace('\n', " ");
    let spans = text.split('`').skip(1).step_by(2);
    spans.filter(|span| ours(&words(span)).is_some()).flat_map(of_line).collect()
}

fn of_line(line: &str) -> Vec<Vec<String>> {
    let line = line.trim_start().trim_start_matches("$ ");
    let line = if line.starts_with('#') { "" } else { line.split(" # ").next().unwrap_or_default() };
    let parts = line.split(['|', ';', '>', '<']).flat_map(|part| part.split("&&"));
    let inner = line.split("$(").skip(1).filter_map(|rest| rest.split(')').next());
    parts.chain(inner).filter_map(|part| ours(&words(part)).map(<[String]>::to_vec)).collect()
}

/// Words parted by spaces; what is quoted is one.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), closing) if open == closing => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                if let Some(word) = words.last_mut().filter(|word| word.is_empty()) {
                    word.push('\u{200b}');
                }
            }
            (None, ' ') => words.push(String::new()),
            (_, other) => {
                if let Some(word) = words.last_mut() {
                    word.push(other);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// From `suiftly` or `cargo xtask` on, if the words are a call of theirs.
fn ours(words: &[String]) -> Option<&[String]> {
    let mut rest = words;
    while let Some((first, behind)) = rest.split_first() {
        match first.rsplit('/').next().unwrap_or_default() {
            "suiftly" => return Some(rest).filter(|rest| rest.len() > 1),
            "cargo" => return Some(rest).filter(|rest| rest.len() > 2 && rest[1] == "xtask"),
            word if BEFORE.contains(&word) || word.contains('=') => rest = behind,
            "-u" => rest = behind.get(1..).unwrap_or_default(),
            _ => return None,
        }
    }
    None
}

fn exists(command: &[String], program: &Program) -> anyhow::Result<()> {
    match command {
        [first, rest @ ..] if first.ends_with("suiftly") => suiftly_knows(rest, program),
        [_, _, rest @ ..] => xtask_knows(rest),
        _ => Ok(()),
    }
}

fn suiftly_knows(words: &[String], program: &Program) -> anyhow::Result<()> {
    let mut at = program;
    let mut only_values = false;
    for word in words.iter().filter(|word| !AND_SO_ON.contains(&word.as_str())) {
        if word == "--" {
            return Ok(());
        }
        if word.starts_with('-') && word.len() > 1 {
            let name = word.split('=').next().unwrap_or_default();
            let known = at.options.contains(name) || ["--version", "-V"].contains(&name) && at.path.len() == 1;
            ensure!(known, "`{}` has no {name}", at.path.join(" "));
            only_values |= !at.commands.is_empty();
        } else if let Some(list) = word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
            for name in list.split(',') {
                ensure!(at.command(name).is_some(), "`{}` has no command {name}", at.path.join(" "));
            }
            return Ok(());
        } else if let Some(below) = at.command(word) {
            at = below;
        } else if !at.commands.is_empty() && !only_values && !at.takes_arguments() {
            bail!("`{}` has no command {word}", at.path.join(" "));
        }
    }
    Ok(())
}

fn xtask_knows(words: &[String]) -> anyhow::Result<()> {
    let and_so_on = words.iter().any(|word| AND_SO_ON.contains(&word.as_str()));
    let words = words.iter().filter(|word| !AND_SO_ON.contains(&word.as_str()) && *word != "NAME");
    match args::parse(words.map(OsString::from)) {
        Err(error) if !and_so_on => Err(error),
        Err(error) if error.to_string().contains("no task") => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Program {
        let helped = |path: &[&str], help: &str, options: &[&str], commands| Program {
            path: path.iter().map(|word| (*word).to_owned()).collect(),
            help: help.to_owned(),
            options: options.iter().map(|word| (*word).to_owned()).collect(),
            commands,
        };
        let at = |path: &[&str], options: &[&str], commands| helped(path, "", options, commands);
        let show = at(&["suiftly", "vault", "show"], &["--json"], Vec::new());
        let replay = at(&["suiftly", "replay"], &["--json", "--csv"], Vec::new());
        let verify = at(&["suiftly", "audit", "verify"], &["--root"], Vec::new());
        let help = "Usage: suiftly audit [NUMBER]\n\nArguments:\n  [NUMBER]  An invoice\n";
        let audit = helped(&["suiftly", "audit"], help, &["--json"], vec![verify]);
        at(&["suiftly"], &["--help"], vec![at(&["suiftly", "vault"], &["--help"], vec![show]), replay, audit])
    }

    fn wrong(text: &str) -> Vec<String> {
        let page = Page { source: "page".into(), target: "page".into(), text: text.into(), is_of_the_book: true };
        let error = hold(&[page], &program()).err().map(|error| error.to_string()).unwrap_or_default();
        error.lines().skip(1).map(str::to_owned).collect()
    }

    #[test]
    fn what_exists_is_passed() {
        for text in [
            "```sh\n$ sudo -u suiftly suiftly vault show --json   # --not-a-flag\nX=1 target/debug/suiftly replay a b | less\n```",
            "```sh\ncat x | suiftly replay \\\n    --csv -\n# suiftly dance\n```",
            "`suiftly vault …`, `suiftly`, `suiftly vault {show}` and `cargo xtask test --quick`",
            "```toml\nsuiftly dance\n```",
            "```sh\nsuiftly audit INV-2026-000001 --json\nsuiftly audit verify proof.json --root 00\n```",
            "```sh\nTOKEN=$(suiftly vault show)\ncargo xtask bench loop --fast\ncargo build\n```",
        ] {
            assert_eq!(wrong(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_is_told() {
        for (text, says) in [
            ("```sh\nsuiftly dance\n```", "`suiftly` has no command dance"),
            ("```sh\nls && suiftly replay --fast x\n```", "`suiftly replay` has no --fast"),
            ("so `suiftly vault burn` it", "`suiftly vault` has no command burn"),
            ("`suiftly audit verify proof.json --json`", "`suiftly audit verify` has no --json"),
            ("`suiftly audit {verify,burn}`", "`suiftly audit` has no command burn"),
            ("`suiftly vault {show,burn}`", "has no command burn"),
            ("```sh\nX=$(suiftly vault burn)\n```", "has no command burn"),
            ("`cargo xtask dance`", "no task `dance`"),
            ("`cargo xtask test --slow`", "--slow"),
        ] {
            let found = wrong(text);
            assert!(found.iter().any(|line| line.contains(says)), "{text}: {found:?}");
        }
    }
}
