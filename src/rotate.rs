//! `suiftly rotate`: changes secrets without downtime.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {}

pub(crate) async fn rotate(args: RotateArgs) -> anyhow::Result<()> {
    let RotateArgs {} = args;
    anyhow::bail!("not built yet")
}
