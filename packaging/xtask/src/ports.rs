//! The addresses of one running stack: the well-known ones, or free ones so that stacks do not collide.

use crate::plan::Door;
use anyhow::{Context as _, ensure};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// So many addresses a stack has.
const COUNT: usize = 11;

/// Where everything listens; all on loopback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) syslog: SocketAddr,
    /// Where the gateway sends its lines: the same, unless something stands between.
    pub(crate) logs: SocketAddr,
    pub(crate) api: SocketAddr,
    /// The operators' API.
    pub(crate) admin: SocketAddr,
    pub(crate) mseal: SocketAddr,
    pub(crate) mgrpc: SocketAddr,
    pub(crate) tseal: SocketAddr,
    pub(crate) mgraphql: SocketAddr,
    pub(crate) tgrpc: SocketAddr,
    pub(crate) tgraphql: SocketAddr,
    pub(crate) origin_1: SocketAddr,
    pub(crate) origin_2: SocketAddr,
}

impl Ports {
    /// The documented defaults.
    pub(crate) fn well_known() -> Self {
        Self::of([5514, 3000, 3001, 18_080, 18_081, 18_082, 18_083, 18_084, 18_085, 18_091, 18_092])
    }

    /// Ports that were free just now, by TCP and by UDP.
    pub(crate) fn free() -> anyhow::Result<Self> {
        // All are held at once, so that none comes twice.
        let mut held = Vec::new();
        while held.len() < COUNT {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
            let address = listener.local_addr()?;
            if UdpSocket::bind(address).is_ok() {
                held.push((listener, address.port()));
            }
        }
        let ports: Vec<u16> = held.iter().map(|(_, port)| *port).collect();
        Ok(Self::of(ports.try_into().map_err(|_| anyhow::anyhow!("{COUNT} ports were asked for"))?))
    }

    fn of(ports: [u16; COUNT]) -> Self {
        let [syslog, api, admin, mseal, mgrpc, tseal, mgraphql, tgrpc, tgraphql, origin_1, origin_2] =
            ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let logs = syslog;
        Self { syslog, logs, api, admin, mseal, mgrpc, tseal, mgraphql, tgrpc, tgraphql, origin_1, origin_2 }
    }

    /// Where that frontend listens.
    pub(crate) const fn of_door(&self, door: Door) -> SocketAddr {
        match door {
            Door::Mseal => self.mseal,
            Door::Mgrpc => self.mgrpc,
            Door::Tseal => self.tseal,
            Door::Mgraphql => self.mgraphql,
            Door::Tgrpc => self.tgrpc,
            Door::Tgraphql => self.tgraphql,
        }
    }

    /// Says which port is taken, before anything is started.
    pub(crate) fn check_free(&self) -> anyhow::Result<()> {
        let uses = [
            (self.syslog, "syslog"),
            (self.api, "the API"),
            (self.admin, "the operators' API"),
            (self.mseal, "HAProxy's mainnet Seal frontend"),
            (self.mgrpc, "HAProxy's mainnet gRPC frontend"),
            (self.tseal, "HAProxy's testnet Seal frontend"),
            (self.mgraphql, "HAProxy's mainnet GraphQL frontend"),
            (self.tgrpc, "HAProxy's testnet gRPC frontend"),
            (self.tgraphql, "HAProxy's testnet GraphQL frontend"),
            (self.origin_1, "the demonstration origin"),
            (self.origin_2, "the demonstration origin"),
        ];
        for (address, what) in uses {
            ensure!(TcpListener::bind(address).is_ok(), "port {} is in use; {what} needs it", address.port());
        }
        ensure!(UdpSocket::bind(self.syslog).is_ok(), "UDP port {} is in use; syslog needs it", self.syslog.port());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn free_ports_differ() {
        let ports = Ports::free().unwrap();
        let Ports { syslog, api, admin, mseal, mgrpc, tseal, mgraphql, tgrpc, tgraphql, origin_1, origin_2, .. } =
            ports;
        let all = [syslog, api, admin, mseal, mgrpc, tseal, mgraphql, tgrpc, tgraphql, origin_1, origin_2];
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn a_port_in_use_is_named() {
        let mut ports = Ports::free().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        ports.api = taken.local_addr().unwrap();
        let error = ports.check_free().unwrap_err().to_string();
        assert_eq!(error, format!("port {} is in use; the API needs it", ports.api.port()));
    }
}
