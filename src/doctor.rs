//! `suiftly doctor`: what is wrong, and what to do about it.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {}

pub(crate) async fn doctor(args: DoctorArgs) -> anyhow::Result<()> {
    let DoctorArgs {} = args;
    anyhow::bail!("not built yet")
}
