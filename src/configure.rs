//! `suiftly config …`: the configuration held against its rules, shown, and described. It needs nothing that runs; only
//! `check --database` asks the database.

mod check;
mod reference;
mod schema;
mod show;

use crate::commands::unless_broken_pipe;
use crate::place::Place;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::io::{self, Write};

pub(crate) use check::CheckArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Hold it against every rule: its keys and values, what its deployment refuses, the files that it names. All that is
    /// wrong is told at once. Fails if anything is.
    Check(CheckArgs),
    /// Print what is in force: the file, the environment over it, and the defaults. Passwords in addresses are not shown.
    Show(ShowArgs),
    /// Print the JSON Schema of the file, for editors: each key, its kind, its default and what it is.
    Schema,
    /// Print the reference of all keys as Markdown, for the documentation.
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    place: Place,
    /// As JSON.
    #[arg(long, conflicts_with = "toml")]
    json: bool,
    /// As TOML that can be read back; so it is without either.
    #[arg(long)]
    toml: bool,
    /// Where each comes from: default, the file, or a variable of the environment.
    #[arg(long)]
    origin: bool,
}

pub(crate) async fn configure(command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check(args) => check::check(&args).await,
        ConfigCommand::Show(args) => show::show(&args),
        ConfigCommand::Schema => print(&format!("{:#}\n", schema::schema())),
        ConfigCommand::Reference => print(&reference::reference()),
    }
}

fn print(text: &str) -> anyhow::Result<()> {
    unless_broken_pipe(io::stdout().lock().write_all(text.as_bytes()).context("cannot write"))
}
