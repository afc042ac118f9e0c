//! `cargo xtask soak`: the whole system under load with faults, then reconciled.

use anyhow::bail;
use std::process::ExitCode;

pub(crate) fn soak(_options: crate::args::SoakOptions) -> anyhow::Result<ExitCode> {
    bail!("not built yet")
}
