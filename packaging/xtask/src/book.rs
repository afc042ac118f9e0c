//! `cargo xtask book`: the documentation as a book, in the target directory.
//!
//! Its pages are in `docs/book/src`; beside them stand the architecture, the decisions, the measurements and the proofs,
//! from where they are kept. What is generated is held against what the programs say; each command and flag that a page
//! shows must exist; each link and anchor of the built pages must lead somewhere, and nothing is loaded from elsewhere.
//! MkDocs draws it, out of PyPI, in a virtual environment in the target directory: after the first run without a network.

mod commands;
mod help;
mod include;
mod links;
mod reference;
mod runbooks;
mod site;
mod stage;
mod styles;

use crate::build;
use crate::install;
use crate::places::Places;
use crate::process::run_quietly;
use anyhow::Context as _;
use help::Program;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Exactly what draws it, and a copy of it beside what was installed from it.
const REQUIREMENTS: &str = "requirements.txt";

/// Builds it and says where it is.
pub(crate) fn book() -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_TEST_CONTRACT)?;
    build::suiftly(&places, false)?;
    println!("{}", run(&places)?);
    println!("{}", site_dir(&places).join("index.html").display());
    Ok(ExitCode::SUCCESS)
}

/// Where the built pages are.
pub(crate) fn site_dir(places: &Places) -> PathBuf {
    places.target.join("book")
}

/// Builds and checks it with the development build of `suiftly`: its closing line, or everything that is wrong.
pub(crate) fn run(places: &Places) -> anyhow::Result<String> {
    let program = Program::ask(&places.suiftly(false))?;
    reference::hold(places, &program)?;
    runbooks::hold(places)?;
    let mut pages = stage::pages(&places.root)?;
    pages.push(stage::readme(&places.root)?);
    let shown = commands::hold(&pages, &program)?;
    let staged = stage::stage(places)?;
    draw(places, &staged)?;
    let found = site::check(&site_dir(places))?;
    Ok(format!("book: {} pages, {} links, {shown} commands", found.pages, found.links))
}

fn draw(places: &Places, staged: &Path) -> anyhow::Result<()> {
    let python = environment(places)?;
    let mut command = Command::new(python);
    command
        .args(["-m", "mkdocs", "build", "--strict", "--quiet", "--clean", "--config-file"])
        .arg(staged.join("mkdocs.yml"))
        .arg("--site-dir")
        .arg(site_dir(places))
        // It tells of its own plans at each run.
        .env("NO_MKDOCS_2_WARNING", "1")
        .env("DISABLE_MKDOCS_2_WARNING", "true");
    run_quietly(&mut command).context("the book cannot be drawn")
}

/// The Python with MkDocs, made if it is not there or not what is asked for.
fn environment(places: &Places) -> anyhow::Result<PathBuf> {
    let dir = places.target.join("tools/book");
    let python = dir.join("bin/python");
    let list = places.root.join("docs/book").join(REQUIREMENTS);
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    if fs::read(dir.join(REQUIREMENTS)).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    println!("installing MkDocs into {}", dir.display());
    run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir))?;
    run_quietly(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&list))?;
    fs::write(dir.join(REQUIREMENTS), wanted).with_context(|| format!("cannot write into {}", dir.display()))?;
    Ok(python)
}
