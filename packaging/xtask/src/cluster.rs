//! `cargo xtask cluster`: several processes of one system on this machine, each in a network namespace of its own ([`net`]) and
//! looked after by a service manager of its own ([`manager`]): measured beside one process ([`bench`]), struck ([`faults`]),
//! restarted without loss ([`upgrade`]), and cut off until lines are lost that come back ([`repair`]).

mod bench;
mod closing;
mod fault;
mod faults;
mod manager;
mod net;
mod options;
mod page;
mod recount;
mod repair;
mod senders;
mod service;
mod setup;
mod told;
mod units;
mod upgrade;

pub(crate) use faults::smoke as faults_smoke;
pub(crate) use manager::{ManageOptions, manage};
pub(crate) use net::refused;
pub(crate) use options::{ClusterTask, parse};
pub(crate) use upgrade::smoke as upgrade_smoke;

use crate::install;
use crate::places::Places;
use std::process::ExitCode;

/// Installs what is missing and does it.
pub(crate) fn cluster(task: ClusterTask) -> anyhow::Result<ExitCode> {
    let places = Places::find()?;
    install::install(&places, install::TO_RUN)?;
    install::install(&places, install::TO_CLUSTER)?;
    match task {
        ClusterTask::Bench(options) => bench::bench(options),
        ClusterTask::Faults(options) => faults::faults(options),
        ClusterTask::Upgrade(options) => upgrade::upgrade(&options),
        ClusterTask::Repair => repair::repair(),
    }
}
