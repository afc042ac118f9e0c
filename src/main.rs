//! `suiftly`: command line, configuration, composition, shutdown. Wiring only: what happens is in the crates.

mod cli;
mod commands;
mod config;
mod secrets;
mod up;

use clap::Parser;
use cli::{Cli, Command};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("SUIFTLY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .init();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("suiftly: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Replay(args) => commands::replay(args),
        Command::Simulate(args) => in_runtime(commands::simulate(args)),
        Command::Up(args) => in_runtime(up::up(args.place)),
        Command::Db(command) => in_runtime(commands::db(command)),
        Command::Seed(place) => in_runtime(commands::seed(place)),
        Command::Edge(command) => in_runtime(commands::edge(command)),
    }
}

fn in_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("tokio").build();
    runtime.map_err(|error| anyhow::anyhow!("cannot start threads: {error}"))?.block_on(work)
}
