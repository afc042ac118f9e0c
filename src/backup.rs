//! `suiftly backup …` and `suiftly restore`: copies of the database and the journal.

use crate::place::Place;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Make one.
    Create(Place),
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {}

pub(crate) async fn backup(command: BackupCommand) -> anyhow::Result<()> {
    let BackupCommand::Create(_) = command;
    anyhow::bail!("not built yet")
}

pub(crate) async fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let RestoreArgs {} = args;
    anyhow::bail!("not built yet")
}
