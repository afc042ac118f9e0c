//! `suiftly`: command line, configuration, composition, shutdown. Wiring only: what happens is in the crates.

mod audit;
mod backup;
mod billing;
mod certificates;
mod chain;
mod check;
mod cli;
mod client;
mod cluster;
mod commands;
mod config;
mod configure;
mod deploy;
mod disk;
mod doctor;
mod edge;
mod generate;
mod guards;
mod journal;
mod log_format;
mod logging;
mod loss;
mod money;
mod operator;
mod place;
mod proving;
mod provision;
mod quarantine;
mod rotate;
mod secrets;
mod sources;
mod sui;
mod table;
mod up;
mod vault;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(&cli.command);
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("suiftly: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes. Many a message ends with its cause already; that is not said twice.
fn one_line(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |line, cause| match line.as_str() {
        "" => cause,
        said if said.contains(&cause) => line,
        said => format!("{said}: {cause}"),
    })
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Replay(args) => commands::replay(args),
        Command::LogFormat(command) => in_runtime(log_format::log_format(command)),
        Command::Journal(command) => journal::journal(command),
        Command::Chain(command) => in_runtime(chain::chain(command)),
        Command::Simulate(args) => in_runtime(commands::simulate(args)),
        Command::Up(args) => in_runtime(up::up(args.place, up::sockets::passed()?)),
        Command::Serve(args) => match args.part.role {
            None => in_runtime(up::serve(args.place, up::sockets::passed()?)),
            Some(part) => in_runtime(up::serve_part(&args.place, part, &args.part, up::sockets::passed()?)),
        },
        Command::Cluster(command) => in_runtime(cluster::cluster(command)),
        Command::Config(command) => in_runtime(configure::configure(command)),
        Command::Provision(args) => provision::provision(&args),
        Command::Doctor(args) => in_runtime(doctor::doctor(args)),
        Command::Backup(command) => in_runtime(backup::backup(command)),
        Command::Restore(args) => in_runtime(backup::restore(args)),
        Command::Deploy(args) => deploy::deploy(&args),
        Command::Rotate(args) => in_runtime(rotate::rotate(args)),
        Command::Generate(args) => generate::generate(&args),
        Command::Billing(args) => in_runtime(billing::billing(*args)),
        Command::Audit(args) => in_runtime(audit::audit(args)),
        Command::Db(command) => in_runtime(commands::db(command)),
        Command::Quarantine(command) => in_runtime(quarantine::quarantine(command)),
        Command::Loss(args) => in_runtime(loss::loss(args)),
        Command::Operator(command) => in_runtime(operator::operator(command)),
        Command::Seed(args) => in_runtime(commands::seed(args)),
        Command::Edge(args) => in_runtime(edge::edge(args)),
        Command::Vault(command) => in_runtime(vault::vault(command)),
        Command::Fleet(args) => in_runtime(vault::fleet(args)),
    }
}

fn in_runtime(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("tokio").build();
    let runtime = runtime.map_err(|error| anyhow::anyhow!("cannot start threads: {error}"))?;
    let outcome = runtime.block_on(work);
    // Dropped, it would wait for threads that hang in a disk or a database for ever.
    runtime.shutdown_background();
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn an_error_is_one_line_that_says_nothing_twice() {
        let cause = || std::io::Error::other("no such luck");
        let plain = Err::<(), _>(cause()).context("cannot start").context("cannot run").unwrap_err();
        assert_eq!(one_line(&plain), "cannot run: cannot start: no such luck");
        let doubled = Err::<(), _>(cause()).context("cannot start: no such luck").unwrap_err();
        assert_eq!(one_line(&doubled), "cannot start: no such luck");
    }
}
