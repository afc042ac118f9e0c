//! A network of its own: a bridge on this machine and, behind it, a network namespace for each process, on a cable of its
//! own. So a cable can be pulled and one way be blocked, and nobody else on the machine notices.
//!
//! Everything in it is named `sfx-…`: what an earlier run left is found by that, and taken away.

use crate::database::lock;
use crate::places::program;
use crate::process::run_quietly;
use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;
use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

const NEEDS: &str = "a cluster's network needs root with CAP_NET_ADMIN and CAP_SYS_ADMIN, `ip` and `nsenter`";
/// Interfaces' names have 15 bytes at most.
const PREFIX: &str = "sfx-";
const BRIDGE: &str = "sfx-bridge";
/// Where `ip netns` keeps what it has named.
const NAMESPACES: &str = "/run/netns";
const INTERFACES: &str = "/sys/class/net";
/// There is one bridge, and so one run at a time on a machine.
const LOCK: &str = "/run/suiftly-xtask";
/// Kept free for measurements of networks (RFC 2544), so that it is nobody else's.
const NETWORK: [u8; 3] = [198, 18, 77];
const PREFIX_BITS: u8 = 24;
/// Both halves of the network: a route to a half wins over the one to the whole.
const HALVES: [&str; 2] = ["198.18.77.0/25", "198.18.77.128/25"];
/// This machine's place; processes come after ten free ones.
const HERE: u8 = 1;
const FIRST: u8 = 11;

/// One of the two ways between a process and all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// What it sends is lost.
    Out,
    /// What is sent to it is lost.
    In,
}

/// The network, until it is dropped.
#[derive(Debug)]
pub(crate) struct Net {
    names: Vec<&'static str>,
    _alone: File,
}

impl Net {
    /// Lays cables to as many namespaces, after what an earlier run may have left was taken away.
    pub(crate) fn lay(names: &[&'static str]) -> anyhow::Result<Self> {
        ensure!(geteuid().is_root(), NEEDS);
        program("nsenter").context(NEEDS)?;
        let net = Self { names: names.to_vec(), _alone: lock(Path::new(LOCK))? };
        clear();
        net.build().context(NEEDS)?;
        Ok(net)
    }

    fn build(&self) -> anyhow::Result<()> {
        ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        ip(&["address", "add", &format!("{}/{PREFIX_BITS}", address(HERE)), "dev", BRIDGE])?;
        ip(&["link", "set", BRIDGE, "up"])?;
        for name in &self.names {
            let (space, at) = (space(name), format!("{}/{PREFIX_BITS}", self.address(name)?));
            ip(&["netns", "add", &space])?;
            ip(&["link", "add", &space, "type", "veth", "peer", "name", "eth0", "netns", &space])?;
            ip(&["link", "set", &space, "master", BRIDGE, "up"])?;
            ip(&["-n", &space, "address", "add", &at, "dev", "eth0"])?;
            ip(&["-n", &space, "link", "set", "eth0", "up"])?;
            ip(&["-n", &space, "link", "set", "lo", "up"])?;
        }
        Ok(())
    }

    /// Where those who run outside of the namespaces are reached.
    pub(crate) fn here() -> Ipv4Addr {
        address(HERE)
    }

    /// Where a process is reached.
    pub(crate) fn address(&self, name: &str) -> anyhow::Result<Ipv4Addr> {
        let place = self.names.iter().position(|known| *known == name);
        let place = place.and_then(|place| u8::try_from(place).ok()).with_context(|| format!("{name} has no cable"))?;
        Ok(address(FIRST + place))
    }

    /// What `nsenter --net=` enters.
    pub(crate) fn namespace(name: &str) -> PathBuf {
        Path::new(NAMESPACES).join(space(name))
    }

    /// Pulls a cable out.
    pub(crate) fn pull(&self, name: &str) -> anyhow::Result<()> {
        ip(&["link", "set", &space(name), "down"])
    }

    /// Puts it back.
    pub(crate) fn plug(&self, name: &str) -> anyhow::Result<()> {
        ip(&["link", "set", &space(name), "up"])
    }

    /// Loses what goes one way. Nobody is told: neither side sees a connection end.
    pub(crate) fn block(&self, name: &str, way: Way) -> anyhow::Result<()> {
        self.route(name, way, "add")
    }

    /// Lets it pass again.
    pub(crate) fn unblock(&self, name: &str, way: Way) -> anyhow::Result<()> {
        self.route(name, way, "del")
    }

    fn route(&self, name: &str, way: Way, verb: &str) -> anyhow::Result<()> {
        if way == Way::Out {
            let space = space(name);
            return HALVES.iter().try_for_each(|half| ip(&["-n", &space, "route", verb, "blackhole", half]));
        }
        let victim = format!("{}/32", self.address(name)?);
        ip(&["route", verb, "blackhole", &victim])?;
        let mut others = self.names.iter().filter(|other| **other != name);
        others.try_for_each(|other| ip(&["-n", &space(other), "route", verb, "blackhole", &victim]))
    }
}

/// Why there can be none here, if so.
pub(crate) fn refused() -> Option<String> {
    Net::lay(&["probe"]).err().map(|error| format!("{error:#}").replace('\n', " "))
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            // Fails for what was not blocked; a route of ours must not stay on the machine.
            let _ = self.unblock(name, Way::In);
        }
        clear();
    }
}

const fn address(place: u8) -> Ipv4Addr {
    let [a, b, c] = NETWORK;
    Ipv4Addr::new(a, b, c, place)
}

/// Of a process: its namespace, and the near end of its cable.
fn space(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Takes away what is ours, whoever made it. Cables first: with a namespace they would go some time later.
fn clear() {
    for interface in ours(INTERFACES) {
        // What cannot be taken away makes the next attempt to make it fail, and that is told.
        let _ = ip(&["link", "delete", &interface]);
    }
    for space in ours(NAMESPACES) {
        let _ = ip(&["netns", "delete", &space]);
    }
}

fn ours(dir: &str) -> Vec<String> {
    let names = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let names = names.filter_map(|name| name.into_string().ok());
    names.filter(|name| name.starts_with(PREFIX)).collect()
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    run_quietly(Command::new(program("ip").context("there is no `ip`")?).args(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_an_address_of_the_network_and_a_name_that_fits() {
        let dir = tempfile::tempdir().unwrap();
        let net = std::mem::ManuallyDrop::new(Net {
            names: vec!["ingest-a", "dataflow-0"],
            _alone: lock(dir.path()).unwrap(),
        });
        assert_eq!(net.address("dataflow-0").unwrap().to_string(), "198.18.77.12");
        assert_eq!(Net::here().to_string(), "198.18.77.1");
        assert!(net.address("nobody").unwrap_err().to_string().contains("nobody"));
        assert_eq!(Net::namespace("ingest-a"), Path::new("/run/netns/sfx-ingest-a"));
        assert!([BRIDGE, &space("dataflow-0")].iter().all(|name| name.len() <= 15 && name.starts_with(PREFIX)));
        assert!(HALVES.iter().all(|half| half.starts_with("198.18.77.")));
    }
}
