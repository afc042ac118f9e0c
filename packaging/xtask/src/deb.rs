//! `cargo xtask deb`: the server's Debian package, and its trial on a bare Debian.

use anyhow::bail;
use std::process::ExitCode;

pub(crate) fn package(_trial: bool) -> anyhow::Result<ExitCode> {
    bail!("not built yet")
}
