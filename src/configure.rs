//! `suiftly config …`: the configuration held against its rules, shown, and described.

use crate::place::Place;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Hold it against every rule there is.
    Check(Place),
}

pub(crate) fn configure(command: ConfigCommand) -> anyhow::Result<()> {
    let ConfigCommand::Check(place) = command;
    let config = crate::config::Config::read(place.config.as_deref())?;
    crate::guards::check(&place, &config)
}
