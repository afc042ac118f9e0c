//! What the kernel threw away because a UDP socket's receive buffer was full: `/proc/net/udp` and `udp6` tell it per
//! socket, by inode, in the last column. (`SO_RXQ_OVFL` says the same only with a datagram that came after the loss,
//! and `recvmmsg` as nix wraps it loses the room for it after the first call.)

use std::fs::File;
use std::io::{self, Read};
use std::net::UdpSocket;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A file of that many bytes tells of some 8,000 sockets.
const MAX_TABLE_BYTES: u64 = 1 << 20;
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];
const INODE_COLUMN: usize = 9;

/// Reads one socket's drops.
#[derive(Debug)]
pub(crate) struct KernelDrops {
    inode: u64,
    last: AtomicU64,
}

impl KernelDrops {
    pub(crate) fn of(socket: &UdpSocket) -> io::Result<Self> {
        let descriptor: OwnedFd = socket.as_fd().try_clone_to_owned()?;
        let metadata = File::from(descriptor).metadata()?;
        Ok(Self { inode: std::os::unix::fs::MetadataExt::ino(&metadata), last: AtomicU64::new(0) })
    }

    /// Datagrams dropped since the socket was made; what was last known if the kernel does not say.
    pub(crate) fn get(&self) -> u64 {
        let found = TABLES.iter().find_map(|path| {
            let mut table = String::new();
            File::open(path).ok()?.take(MAX_TABLE_BYTES).read_to_string(&mut table).ok()?;
            drops_in(&table, self.inode)
        });
        match found {
            Some(drops) => self.last.fetch_max(drops, Relaxed).max(drops),
            None => self.last.load(Relaxed),
        }
    }
}

fn drops_in(table: &str, inode: u64) -> Option<u64> {
    let columns_of = |line: &'_ str| -> Option<u64> {
        let mut columns = line.split_ascii_whitespace();
        let is_it = columns.nth(INODE_COLUMN)?.parse() == Ok(inode);
        if is_it { columns.last()?.parse().ok() } else { None }
    };
    table.lines().skip(1).find_map(columns_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  314: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 18211 2 0000000000000000 42
  315: 0100007F:158B 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 18212 2 0000000000000000 0
";

    #[test]
    fn reads_the_kernels_table() {
        for (inode, drops) in [(18211, Some(42)), (18212, Some(0)), (1, None), (0, None)] {
            assert_eq!(drops_in(TABLE, inode), drops, "{inode}");
        }
        for broken in ["", "\n", "header\n1 2 3\n", "header\n0 1 2 3 4 5 6 7 8 18211\n"] {
            assert_eq!(drops_in(broken, 18211), None, "{broken:?}");
        }
    }

    #[test]
    fn finds_a_socket_of_ours() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let drops = KernelDrops::of(&socket).unwrap();
        let table = std::fs::read_to_string(TABLES[0]).unwrap();
        assert_eq!(drops_in(&table, drops.inode), Some(0));
    }
}
