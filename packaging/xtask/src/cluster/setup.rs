//! What is measured and struck: a cluster of three processes of the dataflow and two ingesters, each in a namespace of its own,
//! with the API and PostgreSQL on this machine; or one process with every role.

use super::manager::ManageOptions;
use super::net::Net;
use super::service::{Service, Unit, cpu_seconds};
use super::units::{Plan, settings, variable};
use crate::api::Api;
use crate::database::{Database, lock};
use crate::end_to_end::clear;
use crate::ports::Ports;
use crate::process::run_quietly;
use crate::signals::Interrupt;
use anyhow::{Context as _, ensure};
use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Who can be struck. The first are the dataflow, by number; then the homes.
pub(crate) const VICTIMS: [&str; 5] = ["dataflow-0", "dataflow-1", "dataflow-2", "ingest-a", "ingest-b"];
const DATAFLOW: usize = 3;
pub(super) const API: &str = "api";
/// One process with every role.
pub(crate) const SINGLE: &str = "server";
pub(super) const LINES_PORT: u16 = 5514;
/// Recovery included.
const READY_TIME_MAX: Duration = Duration::from_secs(120);

/// Which programs, where.
pub(crate) struct Site<'a> {
    /// By turns, at each restart; the first is also asked for everything else.
    pub(crate) programs: &'a [PathBuf],
    pub(crate) data_dir: &'a Path,
    pub(crate) interrupt: &'a Interrupt,
}

impl Site<'_> {
    pub(crate) fn suiftly(&self) -> anyhow::Result<&Path> {
        self.programs.first().map(PathBuf::as_path).context("there is no program to run")
    }
}

/// A running one; stopped when dropped, in this order.
pub(crate) struct System {
    pub(crate) services: Vec<Service>,
    /// With the API's address and an operator's token.
    pub(crate) api: Api,
    pub(crate) ports: Ports,
    pub(crate) token: String,
    /// Where lines go.
    pub(crate) homes: Vec<SocketAddr>,
    /// Where they are kept.
    pub(crate) journals: Vec<PathBuf>,
    /// Where process 0 keeps the order of a cluster.
    order: Option<PathBuf>,
    pub(crate) database: Database,
    pub(crate) net: Option<Net>,
    _alone: File,
}

impl System {
    /// A cluster, on a fresh data directory, ready.
    pub(crate) fn cluster(site: &Site<'_>) -> anyhow::Result<Self> {
        let (net, alone) = (Net::lay(&VICTIMS)?, fresh(site)?);
        let database = Database::start(site.suiftly()?, site.data_dir)?;
        let ports = Ports::free()?;
        let plan = Plan::of(site, &net, ports)?;
        let mut services = Vec::new();
        for name in VICTIMS {
            services.push(Service::start(name, plan.unit(name)?)?);
        }
        services.push(Service::start(API, plan.unit(API)?)?);
        let at = |name: &&str| anyhow::Ok(SocketAddr::from((net.address(name)?, LINES_PORT)));
        let homes = VICTIMS[DATAFLOW..].iter().map(at).collect::<anyhow::Result<_>>()?;
        let journals = VICTIMS[DATAFLOW..].iter().map(|name| site.data_dir.join(name).join("journal")).collect();
        let order = Some(site.data_dir.join(VICTIMS[0]).join("order"));
        let token = String::new();
        let api = Api::new(ports.admin, &token);
        Self { services, api, ports, token, homes, journals, order, database, net: Some(net), _alone: alone }
            .begun(site)
    }

    /// One process, the same way; behind a cable as the cluster's are, or on this machine, which needs no root.
    pub(crate) fn single(site: &Site<'_>, is_behind_cable: bool) -> anyhow::Result<Self> {
        let net = if is_behind_cable { Some(Net::lay(&[SINGLE])?) } else { None };
        let alone = fresh(site)?;
        let database = Database::start(site.suiftly()?, site.data_dir)?;
        let ports = Ports::free()?;
        let at = net.as_ref().map_or(Ok(Ipv4Addr::LOCALHOST), |net| net.address(SINGLE))?;
        let [lines, api, admin] = [ports.syslog, ports.api, ports.admin].map(|known| moved(known, at));
        let mut environment = settings();
        environment.extend([
            variable("INGEST__LISTEN", &lines),
            variable("API__LISTEN", &api),
            variable("ADMIN__LISTEN", &admin),
            variable("ADMIN__PLAIN_TEXT", &true),
        ]);
        let options = ManageOptions {
            name: SINGLE.to_owned(),
            dir: state_dir(site.data_dir),
            programs: site.programs.to_vec(),
            streams: vec![lines, api, admin],
            datagrams: vec![lines],
            arguments: vec!["up".into(), "--data-dir".into(), site.data_dir.into()],
        };
        let services = vec![Service::start(SINGLE, Unit { options, environment, is_behind_cable })?];
        let (homes, journals) = (vec![lines], vec![site.data_dir.join("journal")]);
        let token = String::new();
        let ports = Ports { syslog: lines, logs: lines, api, admin, ..ports };
        let api = Api::new(admin, &token);
        Self { services, api, ports, token, homes, journals, order: None, database, net, _alone: alone }.begun(site)
    }

    /// Once everybody serves, and there is an operator.
    fn begun(mut self, site: &Site<'_>) -> anyhow::Result<Self> {
        for service in &mut self.services {
            service.await_ready(0, READY_TIME_MAX, site.interrupt)?;
        }
        let file = state_dir(site.data_dir).join("operator-token");
        let mut add = Command::new(site.suiftly()?);
        add.args(["operator", "add", "cluster-check", "--role", "admin", "--token-file"]).arg(&file);
        run_quietly(add.arg("--data-dir").arg(site.data_dir))?;
        let token = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        token.trim().clone_into(&mut self.token);
        self.api = Api::new(self.ports.admin, &self.token);
        Ok(self)
    }

    /// A process by its name.
    pub(crate) fn service(&mut self, name: &str) -> anyhow::Result<&mut Service> {
        self.services.iter_mut().find(|service| service.name == name).with_context(|| format!("there is no {name}"))
    }

    /// Its cable.
    pub(crate) fn net(&self) -> anyhow::Result<&Net> {
        self.net.as_ref().context("nobody is behind a cable")
    }

    /// An error if a manager has ended.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        self.services.iter_mut().try_for_each(Service::check)
    }

    /// CPU that each process has used so far, in seconds; PostgreSQL is the last.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let mut all: Vec<_> = self.services.iter().map(|service| (service.name, service.cpu_seconds())).collect();
        let database = self.database.processes()?;
        let of_database = database.into_iter().filter_map(|pid| u32::try_from(pid).ok()).map(cpu_seconds).sum();
        all.push(("PostgreSQL", of_database));
        Ok(all)
    }

    /// What `suiftly db check` is told: of a cluster all journals, of one process nothing.
    pub(crate) fn to_check(&self) -> Vec<PathBuf> {
        self.order.iter().flat_map(|order| [order].into_iter().chain(&self.journals)).cloned().collect()
    }

    /// Ends everybody but PostgreSQL; what they have then is all there will be.
    pub(crate) fn end_services(&mut self) {
        self.services.clear();
    }
}

/// Which home of the cluster a victim is, if it is one.
pub(crate) fn home_of(victim: &str) -> Option<usize> {
    VICTIMS[DATAFLOW..].iter().position(|home| *home == victim)
}

/// A fresh data directory, ours alone.
fn fresh(site: &Site<'_>) -> anyhow::Result<File> {
    clear(site.suiftly()?, site.data_dir)?;
    let alone = lock(site.data_dir)?;
    let dir = state_dir(site.data_dir);
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(alone)
}

/// Of the managers; a short name, since sockets are in it.
pub(super) fn state_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("run")
}

fn moved(address: SocketAddr, to: Ipv4Addr) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(to), address.port())
}

/// Until the figures stand still with all that was accepted stored and counted, or for this long.
pub(crate) fn settle(system: &mut System, within: Duration, interrupt: &Interrupt) -> anyhow::Result<()> {
    const LOOK_EVERY: Duration = Duration::from_millis(500);
    /// Batches come each second where nothing else comes.
    const STILL_LOOKS: u32 = 8;
    let deadline = Instant::now() + within;
    let (mut last, mut still) = (0, 0);
    while still < STILL_LOOKS && Instant::now() < deadline {
        ensure!(!interrupt.wait(LOOK_EVERY), "interrupted");
        system.check()?;
        let now = system.api.pipeline().ok().filter(|now| now.stored == now.accepted).map_or(0, |now| now.received);
        still = if now > 0 && now == last { still + 1 } else { 0 };
        last = now;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_those_that_take_lines() {
        assert_eq!(VICTIMS.map(home_of), [None, None, None, Some(0), Some(1)]);
    }
}
