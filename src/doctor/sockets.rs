//! The sockets that lines and requests come in by: whether they can be had, or who holds them; and whether the kernel
//! gives them the room that a burst takes.

use super::finding::Finding;
use super::{Ground, blocking};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use suiftly_ingest::listener::DEFAULT_UDP_RECEIVE_BUFFER_BYTES;

/// Datagrams that should fit into a Unix socket's queue.
const UNIX_QUEUE_MIN: u64 = 512;
/// Processes whose descriptors are looked through, at most.
const PROCESSES_MAX: usize = 20_000;
const RMEM_MAX: &str = "/proc/sys/net/core/rmem_max";
const UNIX_QUEUE: &str = "/proc/sys/net/unix/max_dgram_qlen";

/// How a socket is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Udp,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// Who has a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    Nobody,
    /// A process: its name and number, where that can be seen.
    Somebody(Option<(String, u32)>),
    /// It cannot be had at all.
    Refused(String),
}

pub(super) async fn check(ground: &Ground, is_up: bool) -> Vec<Finding> {
    let config = &ground.config;
    let mut wanted = vec![
        ("syslog", Kind::Udp, config.ingest.listen),
        ("syslog", Kind::Tcp, config.ingest.listen),
        ("customers", Kind::Tcp, config.api.listen),
        ("operators", Kind::Tcp, config.admin.listen),
    ];
    wanted.extend(config.ingest.tls_certificate.is_some().then_some((
        "syslog by TLS",
        Kind::Tcp,
        config.ingest.tls_listen,
    )));
    let looked = blocking(move || {
        wanted.into_iter().map(|(what, kind, address)| (what, kind, address, holder(kind, address))).collect::<Vec<_>>()
    });
    let held = looked.await.unwrap_or_default();
    let mut findings: Vec<Finding> = held
        .iter()
        .filter_map(|(what, kind, address, holder)| judge((*what, *kind, *address), holder, is_up))
        .collect();
    if findings.is_empty() {
        let words = if is_up { "are served" } else { "are free to be had" };
        findings.push(Finding::fine("sockets", format!("{} sockets {words}", held.len())));
    }
    findings.push(receive_buffer(number_in(RMEM_MAX), DEFAULT_UDP_RECEIVE_BUFFER_BYTES as u64));
    findings.extend(config.ingest.unix.as_ref().map(|_| unix_queue(number_in(UNIX_QUEUE))));
    findings
}

fn number_in(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// `None` if all is well. A running server holds its sockets, or systemd does for it.
fn judge((what, kind, address): (&str, Kind, SocketAddr), holder: &Holder, is_up: bool) -> Option<Finding> {
    const CHECK: &str = "sockets";
    let socket = format!("{what}, {} {address}", kind.word());
    match holder {
        Holder::Nobody if is_up => {
            let todo = "its configuration was changed since its start: restart it (systemctl restart suiftly)";
            Some(Finding::look(CHECK, format!("{socket}: the server runs, and nobody listens there"), todo))
        }
        Holder::Nobody => None,
        Holder::Somebody(Some((name, _))) if name == "systemd" || name.starts_with("suiftly") => None,
        Holder::Somebody(None) if is_up => None,
        Holder::Somebody(who) => {
            let who = who.as_ref().map_or_else(
                || "another process (run it as root to see which)".to_owned(),
                |(name, id)| format!("{name}, process {id},"),
            );
            Some(Finding::wrong(CHECK, format!("{socket}: {who} has it"), "end that process, or name another address"))
        }
        Holder::Refused(why) => Some(Finding::wrong(
            CHECK,
            format!("{socket}: {why}"),
            "name an address of this machine, with a port that may be had",
        )),
    }
}

/// Tried by having it for a moment.
fn holder(kind: Kind, address: SocketAddr) -> Holder {
    let tried = match kind {
        Kind::Tcp => TcpListener::bind(address).map(drop),
        Kind::Udp => UdpSocket::bind(address).map(drop),
    };
    match tried {
        Ok(()) => Holder::Nobody,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Holder::Somebody(process_at(kind, address)),
        Err(error) => Holder::Refused(error.to_string()),
    }
}

/// By the kernel's tables: the socket's inode, then the process that has it open.
fn process_at(kind: Kind, address: SocketAddr) -> Option<(String, u32)> {
    let tables = match kind {
        Kind::Tcp => ["/proc/net/tcp", "/proc/net/tcp6"],
        Kind::Udp => ["/proc/net/udp", "/proc/net/udp6"],
    };
    let texts = tables.iter().filter_map(|table| fs::read_to_string(table).ok());
    let inodes: Vec<String> = texts.flat_map(|text| inodes_at(&text, kind, address.port())).collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten().take(PROCESSES_MAX);
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|id: u32| {
        let mut open = fs::read_dir(format!("/proc/{id}/fd")).ok()?.flatten();
        let has = |path: &Path| {
            fs::read_link(path).is_ok_and(|link| links.iter().any(|wanted| link.as_os_str() == wanted.as_str()))
        };
        open.any(|fd| has(&fd.path())).then(|| (name_of(id), id))
    })
}

fn name_of(id: u32) -> String {
    fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default().trim().to_owned()
}

/// The inodes of sockets at a port: of TCP those that listen (state 0A).
fn inodes_at(table: &str, kind: Kind, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    let at_port = rows.filter(|row| {
        row.get(1).is_some_and(|local| local.ends_with(&port)) && (kind == Kind::Udp || row.get(3) == Some(&"0A"))
    });
    at_port.filter_map(|row| row.get(9).map(|inode| (*inode).to_owned())).collect()
}

/// The server does not run as root, who may take more than the bound.
fn receive_buffer(bound: Option<u64>, wanted: u64) -> Finding {
    const CHECK: &str = "kernel";
    match bound {
        None => Finding::skipped(CHECK, format!("{RMEM_MAX} cannot be read")),
        Some(bound) if bound >= wanted => {
            Finding::fine(CHECK, format!("UDP sockets may have {bound} bytes of receive buffer"))
        }
        Some(bound) => {
            let seen = format!(
                "UDP sockets may have {bound} bytes of receive buffer, and ask for {wanted}: a burst loses lines"
            );
            Finding::look(
                CHECK,
                seen,
                format!("sysctl -w net.core.rmem_max={wanted} (`suiftly provision` makes it last), then restart"),
            )
        }
    }
}

fn unix_queue(bound: Option<u64>) -> Finding {
    const CHECK: &str = "kernel";
    match bound {
        None => Finding::skipped(CHECK, format!("{UNIX_QUEUE} cannot be read")),
        Some(bound) if bound >= UNIX_QUEUE_MIN => {
            Finding::fine(CHECK, format!("{bound} datagrams fit into the Unix socket's queue"))
        }
        Some(bound) => {
            let seen =
                format!("{bound} datagrams fit into the Unix socket's queue: HAProxy drops lines when it is full");
            let todo = format!(
                "sysctl -w net.unix.max_dgram_qlen={UNIX_QUEUE_MIN} (`suiftly provision` makes it last), then restart"
            );
            Finding::look(CHECK, seen, todo)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Mark;
    use super::super::finding::testing::assert_mark;
    use super::*;

    #[test]
    fn who_may_hold_a_socket() {
        let by = |name: &str| Holder::Somebody(Some((name.to_owned(), 7)));
        let at = ("syslog", Kind::Udp, "127.0.0.1:5514".parse().unwrap());
        for (holder, is_up, mark) in [
            (Holder::Nobody, false, None),
            (Holder::Nobody, true, Some(Mark::Look)),
            (by("suiftly"), true, None),
            (by("systemd"), false, None),
            (by("rsyslogd"), false, Some(Mark::Wrong)),
            (by("rsyslogd"), true, Some(Mark::Wrong)),
            (Holder::Somebody(None), true, None),
            (Holder::Somebody(None), false, Some(Mark::Wrong)),
            (Holder::Refused("no such address".to_owned()), false, Some(Mark::Wrong)),
        ] {
            let finding = judge(at, &holder, is_up);
            assert_eq!(finding.as_ref().map(|finding| finding.mark), mark, "{holder:?}");
            finding.inspect(|finding| assert_mark(finding, finding.mark));
        }
    }

    #[test]
    fn a_socket_that_is_held_is_found_with_its_process() {
        let (tcp, udp) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        for (kind, address) in [(Kind::Tcp, tcp.local_addr().unwrap()), (Kind::Udp, udp.local_addr().unwrap())] {
            let Holder::Somebody(Some((_, id))) = holder(kind, address) else { panic!("{kind:?} is held by us") };
            assert_eq!(id, std::process::id());
        }
        let free = tcp.local_addr().unwrap();
        drop(tcp);
        assert_eq!(holder(Kind::Tcp, free), Holder::Nobody);
        assert!(matches!(holder(Kind::Tcp, "192.0.2.7:1".parse().unwrap()), Holder::Refused(_)));
    }

    #[test]
    fn room_for_a_burst() {
        for (finding, mark) in [
            (receive_buffer(Some(32 << 20), 32 << 20), Mark::Fine),
            (receive_buffer(Some(212_992), 32 << 20), Mark::Look),
            (receive_buffer(None, 32 << 20), Mark::Skipped),
            (unix_queue(Some(512)), Mark::Fine),
            (unix_queue(Some(10)), Mark::Look),
            (unix_queue(None), Mark::Skipped),
        ] {
            assert_mark(&finding, mark);
        }
    }
}
