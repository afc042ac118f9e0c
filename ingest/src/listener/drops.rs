//! What the kernel threw away because a UDP socket's receive buffer was full: `/proc/net/udp` and `udp6` tell it per
//! socket, by inode, in the last column; here it is summed over ours. (`SO_RXQ_OVFL` says the same only with a datagram that came after the loss,
//! and `recvmmsg` as nix wraps it loses the room for it after the first call.)

use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A file of that many bytes tells of some 8,000 sockets.
const MAX_TABLE_BYTES: u64 = 1 << 20;
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];
const INODE_COLUMN: usize = 9;

/// Reads the drops of some sockets.
#[derive(Debug)]
pub(crate) struct KernelDrops {
    inodes: Vec<u64>,
    last: AtomicU64,
}

impl KernelDrops {
    pub(super) fn of<'a>(sockets: impl IntoIterator<Item = &'a UdpSocket>) -> io::Result<Self> {
        let inodes = sockets.into_iter().map(inode).collect::<io::Result<_>>()?;
        Ok(Self { inodes, last: AtomicU64::new(0) })
    }

    /// Datagrams dropped since the sockets were made; what was last known if the kernel does not say.
    pub(crate) fn get(&self) -> u64 {
        let drops = TABLES.iter().map(|path| drops_in(&read(path).unwrap_or_default(), &self.inodes)).sum();
        // A table that cannot be read tells of none.
        self.last.fetch_max(drops, Relaxed).max(drops)
    }
}

fn inode(socket: &UdpSocket) -> io::Result<u64> {
    let descriptor: OwnedFd = socket.as_fd().try_clone_to_owned()?;
    Ok(File::from(descriptor).metadata()?.ino())
}

fn read(path: &str) -> io::Result<String> {
    let mut table = String::new();
    File::open(path)?.take(MAX_TABLE_BYTES).read_to_string(&mut table)?;
    Ok(table)
}

fn drops_in(table: &str, inodes: &[u64]) -> u64 {
    let drops_of = |line: &str| -> Option<u64> {
        let mut columns = line.split_ascii_whitespace();
        let inode = columns.nth(INODE_COLUMN)?.parse().ok()?;
        if inodes.contains(&inode) { columns.last()?.parse().ok() } else { None }
    };
    table.lines().skip(1).filter_map(drops_of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  314: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18211 2 0000000000000000 42
  315: 0100007F:158B 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 18212 2 0000000000000000 0
  316: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18213 2 0000000000000000 3
";

    #[test]
    fn reads_the_kernels_table() {
        let cases: [(&[u64], u64); 5] = [(&[18211], 42), (&[18212], 0), (&[18213, 18211], 45), (&[1], 0), (&[0], 0)];
        for (inodes, drops) in cases {
            assert_eq!(drops_in(TABLE, inodes), drops, "{inodes:?}");
        }
        for broken in ["", "\n", "header\n1 2 3\n", "header\n0 1 2 3 4 5 6 7 8 18211\n"] {
            assert_eq!(drops_in(broken, &[18211]), 0, "{broken:?}");
        }
    }

    #[test]
    fn sees_the_drops_of_our_sockets() {
        let sockets: Vec<_> = (0..2).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
        let drops = KernelDrops::of(&sockets).unwrap();
        assert_eq!(drops.get(), 0);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for socket in &sockets {
            nix::sys::socket::setsockopt(socket, nix::sys::socket::sockopt::RcvBuf, &2_048).unwrap();
            let to = socket.local_addr().unwrap();
            (0..50).for_each(|_| assert_eq!(sender.send_to(&[0; 1_000], to).unwrap(), 1_000));
        }
        let received = |socket: &UdpSocket| {
            socket.set_nonblocking(true).unwrap();
            (0..).take_while(|_| socket.recv(&mut [0; 1_000]).is_ok()).count() as u64
        };
        let received: u64 = sockets.iter().map(received).sum();
        assert!(received < 100);
        assert_eq!(drops.get(), 100 - received, "what did not come was dropped");
    }
}
