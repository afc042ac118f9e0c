//! The smaller tasks: console, db, bench, check-imports.

use crate::build;
use crate::database::db;
use crate::imports;
use crate::install;
use crate::places::{Places, cargo, metadata};
use crate::process::run;
use crate::up::DATA_DIR;
use anyhow::ensure;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Builds the desktop console and opens it on the running system.
pub(crate) fn console(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(install::TO_BUILD_DESKTOP)?;
    build::desktop_ui(&places)?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "suiftly-console", "--"]).args(arguments);
    let token_file = places.data_dir(DATA_DIR).join("dev-token");
    if std::env::var_os("SUIFTLY_TOKEN_FILE").is_none() && token_file.is_file() {
        command.env("SUIFTLY_TOKEN_FILE", token_file);
    }
    run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the database and the journal anew.
pub(crate) fn db_reset(deployment: &str, data_dir: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(install::TO_RUN)?;
    build::suiftly(&places, false)?;
    let data_dir = data_dir.unwrap_or_else(|| places.data_dir(DATA_DIR));
    run(db(&places.suiftly(false), "reset", &data_dir).args(["--deployment", deployment]))?;
    println!("the {deployment} database in {} is as new", data_dir.display());
    Ok(ExitCode::SUCCESS)
}

/// Runs a benchmark; it prints its own table and writes its own results.
pub(crate) fn bench(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    ensure!(!arguments.is_empty(), "`cargo xtask bench` needs a benchmark's name");
    run(cargo().args(["run", "--quiet", "--release", "--package", "suiftly-bench", "--"]).args(arguments))?;
    Ok(ExitCode::SUCCESS)
}

/// Holds the workspace against the allowed edges.
pub(crate) fn check_imports() -> anyhow::Result<ExitCode> {
    let found = imports::violations(&metadata()?)?;
    for violation in &found {
        println!("{violation}");
    }
    ensure!(found.is_empty(), "{} forbidden dependencies", found.len());
    println!("imports run one way");
    Ok(ExitCode::SUCCESS)
}
