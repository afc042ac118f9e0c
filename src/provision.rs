//! `suiftly provision`: makes a machine a Suiftly server, step by step.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ProvisionArgs {}

pub(crate) fn provision(_: &ProvisionArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
