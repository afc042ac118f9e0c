//! `suiftly deploy`: a version onto servers, one after the other.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DeployArgs {}

pub(crate) fn deploy(_: &DeployArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
