//! `cargo xtask dist`: everything there is to ship.

use anyhow::bail;
use std::process::ExitCode;

pub(crate) fn dist() -> anyhow::Result<ExitCode> {
    bail!("not built yet")
}
