//! `cargo xtask contract`: both APIs of a running system against their documents.
//!
//! The programs are in `packaging/contract`, on schemathesis out of PyPI, which comes into a virtual environment in the
//! target directory. The system is the real one, seeded, with traffic; nothing of it is kept.

use crate::build;
use crate::end_to_end::clear;
use crate::install;
use crate::places::Places;
use crate::ports::Ports;
use crate::process::{run_logged, run_quietly};
use crate::signals::Interrupt;
use crate::stack::{AS_OFTEN_AS_THEY_LIKE, Shape};
use crate::up::Session;
use anyhow::{Context as _, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Enough traffic that there is usage to answer with, little enough to leave the machine to the questions.
const RATE: u32 = 50;
/// Nobody is held up for asking often; and requests say by themselves where they come from, so that failed attempts to
/// sign in hold up nobody else.
const SETTINGS: [(&str, &str); 3] =
    [AS_OFTEN_AS_THEY_LIKE[0], AS_OFTEN_AS_THEY_LIKE[1], ("SUIFTLY_API__TRUSTED_PROXIES", "[\"127.0.0.1\"]")];
/// A copy of the list that the virtual environment was made from.
const INSTALLED: &str = "requirements.txt";

/// Builds, runs, prints what was found.
pub(crate) fn contract() -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::install(&places, install::TO_TEST_CONTRACT)?;
    build::suiftly(&places, false)?;
    println!("{}", run(&places, &Interrupt::catch()?)?);
    Ok(ExitCode::SUCCESS)
}

/// One run on a fresh data directory: its closing line. An error with what was found if the contract is broken.
pub(crate) fn run(places: &Places, interrupt: &Interrupt) -> anyhow::Result<String> {
    let python = environment(places)?;
    let data_dir = places.data_dir("suiftly-contract");
    let shape = Shape {
        suiftly: places.suiftly(false),
        data_dir,
        ports: Ports::free()?,
        udp: false,
        past: false,
        settings: &SETTINGS,
    };
    clear(&shape.suiftly, &shape.data_dir)?;
    let session = Session::start(places, &shape, RATE, interrupt)?;
    let folder = places.target.join("xtask-test/contract");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let log = folder.join("contract.log");
    let holds = run_logged(&mut questions(places, &python, &session, &folder)?, &log, interrupt)?;
    let said = fs::read_to_string(&log).with_context(|| format!("cannot read {}", log.display()))?;
    ensure!(holds, "the contract is broken:\n{said}");
    drop(session);
    clear(&shape.suiftly, &shape.data_dir)?;
    said.lines().last().map(str::to_owned).context("the contract's test said nothing")
}

fn questions(places: &Places, python: &Path, session: &Session, folder: &Path) -> anyhow::Result<Command> {
    let stack = &session.stack;
    let mut command = Command::new(python);
    command
        .arg(places.root.join("packaging/contract/contract.py"))
        .args(["--customers", &stack.url(), "--operators", &stack.admin_url()])
        .args(["--wallet", &stack.first_wallet()?])
        .arg("--documents")
        .arg(places.root.join("api"))
        .arg("--operator-token")
        .arg(stack.token_file())
        .arg("--edge-token")
        .arg(stack.data_dir().join("edge-token"))
        .arg("--folder")
        .arg(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// The Python with what the programs need, made if it is not there or not what is asked for.
fn environment(places: &Places) -> anyhow::Result<PathBuf> {
    let dir = places.target.join("tools/contract");
    let python = dir.join("bin/python");
    let list = places.root.join("packaging/contract").join(INSTALLED);
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    if fs::read(dir.join(INSTALLED)).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    println!("installing schemathesis into {}", dir.display());
    run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))?;
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&list))?;
    fs::write(dir.join(INSTALLED), wanted).with_context(|| format!("cannot write into {}", dir.display()))?;
    Ok(python)
}
