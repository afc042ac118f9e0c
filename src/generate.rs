//! `suiftly generate`: man pages and completions, made of the command line itself, for packages.

use crate::cli::Cli;
use anyhow::Context;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// What to write.
    #[arg(value_enum)]
    what: What,
    /// Where to; made if it is missing.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A page for each command.
    Man,
    /// For bash, zsh and fish.
    Completions,
}

pub(crate) fn generate(args: &GenerateArgs) -> anyhow::Result<()> {
    let cannot = || format!("cannot write into {}", args.dir.display());
    std::fs::create_dir_all(&args.dir).with_context(cannot)?;
    match args.what {
        What::Man => clap_mangen::generate_to(Cli::command(), &args.dir).with_context(cannot),
        What::Completions => completions(&args.dir).with_context(cannot),
    }
}

fn completions(dir: &Path) -> anyhow::Result<()> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut command, &name, dir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(what: What) -> Vec<(String, String)> {
        let dir = tempfile::tempdir().unwrap();
        let made = dir.path().join("made");
        generate(&GenerateArgs { what, dir: made.clone() }).unwrap();
        let files = std::fs::read_dir(made).unwrap().map(|file| file.unwrap().path());
        files
            .map(|path| (path.file_name().unwrap().display().to_string(), std::fs::read_to_string(path).unwrap()))
            .collect()
    }

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let pages = written(What::Man);
        let shown = Cli::command().get_subcommands().filter(|command| !command.is_hide_set()).count();
        assert!(pages.len() > shown, "{} pages of {shown} commands", pages.len());
        let page = |name: &str| pages.iter().find(|(file, _)| file == name).map(|(_, page)| page.as_str());
        assert!(page("suiftly.1").unwrap().contains("suiftly\\-serve(1)"));
        for (name, says) in
            [("suiftly-serve.1", "data\\-dir"), ("suiftly-billing-invoices.1", "suiftly\\-billing\\-invoices")]
        {
            let page = page(name).unwrap_or_else(|| panic!("there is no {name}"));
            assert!(page.contains(says), "{name}: {page}");
        }
        assert!(page("suiftly-generate.1").is_none(), "it is hidden");
    }

    #[test]
    fn each_shell_completes_the_commands() {
        let completions = written(What::Completions);
        assert_eq!(completions.len(), SHELLS.len());
        for (file, script) in completions {
            assert!(script.contains("log-format") && script.contains("provision"), "{file}");
        }
    }
}
