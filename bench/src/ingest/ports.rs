//! Free ports, and whether a subject listens yet, seen without sending it anything.

use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// TCP's and UDP's state of a socket that waits to be sent to, as the kernel's tables write it.
const LISTENING: &str = "0A";
const UNCONNECTED: &str = "07";
const TRIES: usize = 20;

/// A port of loopback that is free for UDP and TCP.
pub(crate) fn free() -> anyhow::Result<SocketAddr> {
    for _ in 0..TRIES {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let addr = tcp.local_addr().context("no free port")?;
        if UdpSocket::bind(addr).is_ok() {
            return Ok(addr);
        }
    }
    anyhow::bail!("no port is free for both UDP and TCP")
}

/// Whether someone listens there.
pub(super) fn is_bound(port: u16, udp: bool) -> bool {
    let (path, state) = if udp { ("/proc/net/udp", UNCONNECTED) } else { ("/proc/net/tcp", LISTENING) };
    std::fs::read_to_string(path).is_ok_and(|table| is_bound_in(&table, port, state))
}

fn is_bound_in(table: &str, port: u16, state: &str) -> bool {
    let port = format!(":{port:04X}");
    table.lines().skip(1).any(|line| {
        let columns: Vec<_> = line.split_ascii_whitespace().take(4).collect();
        matches!(columns[..], [_, local, _, has] if local.ends_with(&port) && has == state)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue\n   0: 0100007F:158A 00000000:0000 0A 0:0\n\
                     1: 0100007F:158B 0100007F:9999 01 0:0\n";
        for (port, bound) in [(0x158a, true), (0x158b, false), (0x9999, false), (1, false)] {
            assert_eq!(is_bound_in(table, port, LISTENING), bound, "{port:04X}");
        }
    }

    #[test]
    fn sockets_of_ours_are_seen() {
        let addr = free().unwrap();
        let _tcp = TcpListener::bind(addr).unwrap();
        let _udp = UdpSocket::bind(addr).unwrap();
        assert!(is_bound(addr.port(), false) && is_bound(addr.port(), true));
    }
}
