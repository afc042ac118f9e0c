//! `cargo xtask book`: the documentation as a book.

use anyhow::bail;
use std::process::ExitCode;

pub(crate) fn book() -> anyhow::Result<ExitCode> {
    bail!("not built yet")
}
