//! `cargo xtask …`: the chores of a Suiftly checkout.
//!
//! `up` builds and runs the whole loop on this machine with a real HAProxy, and reconciles what it counted; `test` runs
//! every check there is. The modules below them: [`install`] and [`build`] get the machine ready, [`stack`] starts and
//! stops the processes, [`traffic`] asks, [`api`] reads, [`reconcile`] compares.

#![allow(clippy::print_stdout, reason = "talking to a terminal is what this program is for")]

mod api;
mod args;
mod bench_all;
mod book;
mod books;
mod build;
mod chain;
mod checks;
mod cluster;
mod commands;
mod contract;
mod customer;
mod database;
mod deb;
mod dist;
mod edge;
mod end_to_end;
mod furnish;
mod fuzz;
mod gateway;
mod http;
mod imports;
mod install;
mod kill;
mod machine;
mod money;
mod monitoring;
mod numbered;
mod observe;
mod outage;
mod owner;
mod package;
mod past;
mod peers;
mod places;
mod plan;
mod ports;
mod process;
#[cfg(test)]
mod promises;
mod reconcile;
mod restore;
mod settle;
mod show;
mod signals;
mod soak;
mod stack;
mod steps;
mod traffic;
mod up;
mod web_bench;
mod window;

use args::Task;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let task = args::parse(std::env::args_os().skip(1))?;
    match task {
        Task::Help => {
            println!("{}", args::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Task::Up(options) => up::up(&options),
        Task::Test { quick } => checks::test(quick),
        Task::Console { arguments } => commands::console(&arguments),
        Task::ConsolePackage { trial } => package::console(trial),
        Task::DbReset { deployment, data_dir } => commands::db_reset(&deployment, data_dir),
        Task::Bench { arguments } => commands::bench(&arguments),
        Task::Fuzz(options) => fuzz::fuzz(&options),
        Task::Kill(options) => kill::kill(&options),
        Task::Simulate { runs, seed } => commands::simulate(runs, seed),
        Task::SimulateMoney(options) => commands::simulate_money(options),
        Task::SimulateCharges { count } => commands::simulate_charges(count),
        Task::Book => book::book(),
        Task::Package(options) => deb::package(options),
        Task::Restore => restore::restore(),
        Task::Soak(options) => soak::soak(options),
        Task::Cluster(task) => cluster::cluster(task),
        Task::ClusterManage(options) => cluster::manage(&options),
        Task::Dist => dist::dist(),
        Task::Contract => contract::contract(),
        Task::CheckImports => commands::check_imports(),
        Task::Monitoring => monitoring::monitoring(),
    }
}
