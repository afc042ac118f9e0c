//! `suiftly generate`: man pages and completions, for packages.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {}

pub(crate) fn generate(_: &GenerateArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
