//! Who may be connected: a bounded number of slots, a share of them per sender, and who must go when they are short.
//!
//! A connection is never closed for being silent: a ring may be silent for days. Only when slots are short, and only if
//! it has delivered nothing since it came, it gives way to a new one. A ring that was closed so connects again by
//! itself as soon as it has a line. Pure but for the lock: the caller brings the time.

use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// In all.
    pub(super) total: usize,
    /// For one sender.
    pub(super) per_peer: usize,
    /// A newcomer has so long to deliver something before it may have to give way.
    pub(super) grace: Duration,
}

/// The slots. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Mutex<Table>>);

#[derive(Debug)]
struct Table {
    limits: Limits,
    /// In the order in which they came.
    taken: Vec<Taken>,
    next_id: u64,
}

#[derive(Debug)]
struct Taken {
    id: u64,
    peer: Peer,
    since: Instant,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    delivered: AtomicBool,
    displaced: Notify,
}

/// A slot; free again when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    id: u64,
    state: Arc<State>,
    slots: Slots,
}

impl Slots {
    pub(super) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(Table { limits, taken: Vec::new(), next_id: 0 })))
    }

    /// A slot for who comes from there, if need be that of another; `None` if all are taken by those who stay.
    pub(super) fn admit(&self, from: IpAddr, now: Instant) -> Option<Slot> {
        let state = self.0.lock().admit(Peer::of(from), now)?;
        Some(Slot { id: state.0, state: state.1, slots: self.clone() })
    }
}

impl Slot {
    /// It has delivered something: from now on it stays.
    pub(super) fn delivers(&self) {
        self.state.delivered.store(true, Relaxed);
    }

    /// Returns when it must give way.
    pub(super) async fn displaced(&self) {
        self.state.displaced.notified().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // A displaced one is no longer there.
        self.slots.0.lock().taken.retain(|taken| taken.id != self.id);
    }
}

impl Table {
    fn admit(&mut self, peer: Peer, now: Instant) -> Option<(u64, Arc<State>)> {
        let of_peer = self.taken.iter().filter(|taken| taken.peer == peer).count();
        if of_peer >= self.limits.per_peer {
            self.displace(now, |taken| taken.peer == peer)?;
        } else if self.taken.len() >= self.limits.total {
            self.displace(now, |_| true)?;
        }
        let (id, state) = (self.next_id, Arc::<State>::default());
        self.next_id += 1;
        self.taken.push(Taken { id, peer, since: now, state: Arc::clone(&state) });
        Some((id, state))
    }

    /// Frees the slot of who has been silent longest, of those that never delivered.
    fn displace(&mut self, now: Instant, among: impl Fn(&Taken) -> bool) -> Option<()> {
        let gives_way = |taken: &Taken| {
            among(taken)
                && !taken.state.delivered.load(Relaxed)
                && now.saturating_duration_since(taken.since) >= self.limits.grace
        };
        let at = self.taken.iter().position(gives_way)?;
        self.taken.remove(at).state.displaced.notify_one();
        Some(())
    }
}

/// Whoever has one address has its whole /64 in IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    V4([u8; 4]),
    V6([u16; 4]),
}

impl Peer {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.octets()),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(10);

    fn slots(total: usize, per_peer: usize) -> Slots {
        Slots::new(Limits { total, per_peer, grace: GRACE })
    }

    fn ip(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn is_displaced(slot: &Slot) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            tokio::select! { biased; () = slot.displaced() => true, () = async {} => false }
        })
    }

    #[test]
    fn the_longest_silent_that_never_delivered_gives_way() {
        let (slots, begin) = (slots(3, 3), Instant::now());
        let held: Vec<_> = (1..=3).map(|last| slots.admit(ip(last), begin).unwrap()).collect();
        held[0].delivers();
        assert!(slots.admit(ip(4), begin + GRACE / 2).is_none(), "a newcomer has its time");
        let fourth = slots.admit(ip(4), begin + GRACE).unwrap();
        assert_eq!(held.iter().map(is_displaced).collect::<Vec<_>>(), [false, true, false]);
        fourth.delivers();
        held[2].delivers();
        assert!(slots.admit(ip(5), begin + 100 * GRACE).is_none(), "who has delivered stays, however silent");
        drop(held);
        let again: Vec<_> = (5..=6).map(|last| slots.admit(ip(last), begin + GRACE)).collect();
        assert!(again.iter().all(Option::is_some) && slots.admit(ip(7), begin + GRACE).is_none(), "two are free again");
    }

    #[test]
    fn no_sender_has_more_than_its_share() {
        let (slots, begin) = (slots(4, 2), Instant::now());
        let mine: Vec<_> = (0..2).map(|_| slots.admit(ip(1), begin).unwrap()).collect();
        let other = slots.admit(ip(2), begin).unwrap();
        assert!(slots.admit(ip(1), begin).is_none(), "though there is room");
        mine.iter().for_each(Slot::delivers);
        assert!(slots.admit(ip(1), begin + GRACE).is_none(), "the other's slot is not for it");
        assert!(!is_displaced(&other) && slots.admit(ip(3), begin).is_some());
    }

    #[test]
    fn a_sender_is_its_ipv4_address_or_its_ipv6_network() {
        let same = [("192.0.2.1", "::ffff:192.0.2.1"), ("2001:db8::1", "2001:db8:0:0:ffff::2")];
        let other = [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8:0:1::1"), ("::1", "127.0.0.1")];
        let peer = |text: &str| Peer::of(text.parse().unwrap());
        same.iter().for_each(|(a, b)| assert_eq!(peer(a), peer(b)));
        other.iter().for_each(|(a, b)| assert_ne!(peer(a), peer(b)));
    }
}
