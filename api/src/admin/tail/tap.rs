//! The tap: records on their way past, for whoever looks on.
//!
//! The composition thread offers each batch. Without a listener that is one load of an atomic. With some, each record is
//! held against each listener's filter, and copied for it if it fits: at most [`LINES_PER_SECOND`] by the batches' own
//! clock and [`LINES_QUEUED`] that it has not taken; what fits and has no room is counted. Nobody waits for a listener:
//! a lock is held for as long as it takes to swap a queue.
//!
//! A record is named by where its frame begins in the journal, so a listener that comes back is given what stands after
//! the last it had.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use suiftly_schema::ids::{CustomerId, Network, Service};
use suiftly_schema::record::{Record, ShortText};
use suiftly_schema::time::UnixMillis;
use tokio::sync::Notify;

/// Listeners at a time.
pub const LISTENERS_MAX: usize = 16;
/// Records a second that one listener is given.
pub const LINES_PER_SECOND: i64 = 200;
/// Records that may come at once after a quiet time.
pub const LINES_AT_ONCE: i64 = 50;
/// Records that wait for one listener.
pub const LINES_QUEUED: usize = 400;

/// Which records. What is not given is not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapFilter {
    /// Of one customer.
    pub customer_id: Option<CustomerId>,
    /// Of one gateway.
    pub server_id: Option<i16>,
    /// Of one service.
    pub service: Option<Service>,
    /// Of one network.
    pub network: Option<Network>,
    /// Of statuses from the first to the last.
    pub status: Option<(i16, i16)>,
    /// Of one event type.
    pub event_type: Option<u8>,
    /// Of one traffic type.
    pub traffic_type: Option<u8>,
    /// Of one key.
    pub api_key_fp: Option<u32>,
    /// Those that one backend served.
    pub backend_id: Option<i16>,
    /// Those that ended so.
    pub termination: Option<ShortText<4>>,
    /// From one address.
    pub client_ip: Option<IpAddr>,
    /// Whose path begins so.
    pub path_prefix: Option<ShortText<10>>,
    /// That took so long at least, in milliseconds.
    pub time_total_min_ms: Option<i32>,
}

impl TapFilter {
    /// Whether it asks for a record.
    pub fn takes(&self, record: &Record) -> bool {
        self.customer_id.is_none_or(|customer| record.customer_id == Some(customer))
            && self.server_id.is_none_or(|server| record.server_id == Some(server))
            && self.service.is_none_or(|service| record.service == Some(service))
            && self.network.is_none_or(|network| record.network == Some(network))
            && self.status.is_none_or(|(first, last)| (first..=last).contains(&record.status_code))
            && self.event_type.is_none_or(|event| record.event_type == event)
            && self.traffic_type.is_none_or(|traffic| record.traffic_type == traffic)
            && self.api_key_fp.is_none_or(|key| record.api_key_fp == key)
            && self.backend_id.is_none_or(|backend| record.backend_id == backend)
            && self.termination.is_none_or(|state| record.termination == state)
            && self.client_ip.is_none_or(|address| record.client_ip == Some(address))
            && self.path_prefix.is_none_or(|path| begins_with(record, path))
            && self.time_total_min_ms.is_none_or(|ms| record.timers.total_ms >= ms)
    }
}

fn begins_with(record: &Record, path: ShortText<10>) -> bool {
    record.path_prefix.is_some_and(|whole| whole.as_str().starts_with(path.as_str()))
}

/// What a listener has not taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tapped {
    /// In the order of the journal.
    pub records: Vec<Record>,
    /// Records that fitted too and were left out.
    pub sampled: u64,
}

/// Where records are offered, and listened to.
#[derive(Debug, Default)]
pub struct Tap {
    /// As many as there are in `listeners`: read without the lock.
    count: AtomicUsize,
    listeners: Mutex<Vec<Arc<Seat>>>,
}

/// One listener's side.
#[derive(Debug)]
struct Seat {
    filter: TapFilter,
    state: Mutex<SeatState>,
    came: Notify,
}

#[derive(Debug)]
struct SeatState {
    /// Records that begin here or before in the journal are not given.
    after: Option<u64>,
    queue: VecDeque<Record>,
    sampled: u64,
    allowance: Allowance,
}

/// Thousandths of a record that may be given, filled up as the batches' clock goes on.
#[derive(Debug)]
struct Allowance {
    milli_lines: i64,
    filled_at: Option<UnixMillis>,
}

impl Allowance {
    const FULL: i64 = LINES_AT_ONCE * 1_000;

    fn fill(&mut self, now: UnixMillis) {
        let elapsed_ms = self.filled_at.map_or(0, |at| now.0.saturating_sub(at.0)).clamp(0, 1_000);
        self.milli_lines = (self.milli_lines + elapsed_ms * LINES_PER_SECOND).min(Self::FULL);
        self.filled_at = Some(now);
    }

    const fn take(&mut self) -> bool {
        let has_one = self.milli_lines >= 1_000;
        if has_one {
            self.milli_lines -= 1_000;
        }
        has_one
    }
}

impl Tap {
    /// A batch's records come past; `cut_at` is its clock.
    pub fn offer(&self, cut_at: UnixMillis, records: &[Record]) {
        // Who sits down meanwhile listens from the next batch on.
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        for seat in &*self.listeners.lock() {
            seat.offer(cut_at, records);
        }
    }

    /// Listens from now on, to what begins after a place in the journal; `None` if all seats are taken.
    pub fn listen(self: &Arc<Self>, filter: TapFilter, after: Option<u64>) -> Option<Listener> {
        let allowance = Allowance { milli_lines: Allowance::FULL, filled_at: None };
        let state = Mutex::new(SeatState { after, queue: VecDeque::new(), sampled: 0, allowance });
        let seat = Arc::new(Seat { filter, state, came: Notify::new() });
        let mut listeners = self.listeners.lock();
        if listeners.len() == LISTENERS_MAX {
            return None;
        }
        listeners.push(Arc::clone(&seat));
        self.count.store(listeners.len(), Ordering::Release);
        Some(Listener { tap: Arc::clone(self), seat })
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Seat {
    fn offer(&self, cut_at: UnixMillis, records: &[Record]) {
        let mut state = self.state.lock();
        state.allowance.fill(cut_at);
        let mut any = false;
        for record in records.iter().filter(|record| self.filter.takes(record)) {
            if state.after.is_some_and(|after| record.journal_offset <= after) {
                continue;
            }
            any = true;
            if state.queue.len() < LINES_QUEUED && state.allowance.take() {
                state.queue.push_back(*record);
            } else {
                state.sampled += 1;
            }
        }
        drop(state);
        if any {
            self.came.notify_one();
        }
    }
}

/// Somebody who looks on. Its seat is free when it is dropped.
#[derive(Debug)]
pub struct Listener {
    tap: Arc<Tap>,
    seat: Arc<Seat>,
}

impl Listener {
    /// What there is, at most so many records; the rest stays.
    pub fn take(&self, limit: usize) -> Tapped {
        let mut state = self.seat.state.lock();
        let many = state.queue.len().min(limit);
        let records = state.queue.drain(..many).collect();
        if !state.queue.is_empty() {
            self.seat.came.notify_one();
        }
        Tapped { records, sampled: std::mem::take(&mut state.sampled) }
    }

    /// Waits until there may be something.
    pub async fn came(&self) {
        self.seat.came.notified().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.tap.listeners.lock();
        listeners.retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        self.tap.count.store(listeners.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::tail::testing::record;
    use futures::FutureExt;

    fn at(ms: i64) -> UnixMillis {
        UnixMillis(1_795_298_400_000 + ms)
    }

    fn records(offsets: std::ops::Range<u64>) -> Vec<Record> {
        offsets.map(record).collect()
    }

    fn offsets(tapped: &Tapped) -> Vec<u64> {
        tapped.records.iter().map(|record| record.journal_offset).collect()
    }

    #[test]
    fn filters_take_what_they_ask_for() {
        let of = record(1);
        let all = TapFilter::default();
        let cases: [(TapFilter, bool); 26] = [
            (all, true),
            (TapFilter { customer_id: CustomerId::new(7), ..all }, true),
            (TapFilter { customer_id: CustomerId::new(8), ..all }, false),
            (TapFilter { server_id: Some(17), ..all }, true),
            (TapFilter { server_id: Some(18), ..all }, false),
            (TapFilter { service: Some(Service::Seal), ..all }, true),
            (TapFilter { service: Some(Service::Grpc), ..all }, false),
            (TapFilter { network: Some(Network::Testnet), ..all }, false),
            (TapFilter { status: Some((200, 299)), ..all }, true),
            (TapFilter { status: Some((400, 499)), ..all }, false),
            (TapFilter { event_type: Some(0), ..all }, true),
            (TapFilter { event_type: Some(50), ..all }, false),
            (TapFilter { time_total_min_ms: Some(25), ..all }, true),
            (TapFilter { time_total_min_ms: Some(26), ..all }, false),
            (TapFilter { traffic_type: Some(of.traffic_type), ..all }, true),
            (TapFilter { traffic_type: Some(of.traffic_type + 1), ..all }, false),
            (TapFilter { api_key_fp: Some(of.api_key_fp), ..all }, true),
            (TapFilter { api_key_fp: Some(of.api_key_fp + 1), ..all }, false),
            (TapFilter { backend_id: Some(of.backend_id), ..all }, true),
            (TapFilter { backend_id: Some(of.backend_id + 1), ..all }, false),
            (TapFilter { termination: Some(of.termination), ..all }, true),
            (TapFilter { termination: Some(ShortText::new("SC--")), ..all }, false),
            (TapFilter { client_ip: of.client_ip, ..all }, true),
            (TapFilter { client_ip: "198.51.100.9".parse().ok(), ..all }, false),
            (TapFilter { path_prefix: Some(ShortText::new("v1/")), ..all }, true),
            (TapFilter { path_prefix: Some(ShortText::new("v2/")), ..all }, false),
        ];
        for (filter, takes) in cases {
            assert_eq!(filter.takes(&of), takes, "{filter:?}");
        }
        let unattributed = Record { customer_id: None, server_id: None, service: None, network: None, ..of };
        for (filter, _) in &cases[1..8] {
            assert!(!filter.takes(&unattributed), "{filter:?}");
        }
    }

    #[test]
    fn seats_are_bounded_and_free_again() {
        let tap = Arc::new(Tap::default());
        let mut held: Vec<_> = (0..LISTENERS_MAX).map(|_| tap.listen(TapFilter::default(), None).unwrap()).collect();
        assert!(tap.listen(TapFilter::default(), None).is_none());
        held.pop();
        assert_eq!(tap.listeners(), LISTENERS_MAX - 1);
        assert!(tap.listen(TapFilter::default(), None).is_some());
        drop(held);
        assert_eq!(tap.listeners(), 0);
    }

    #[test]
    fn what_comes_too_fast_is_counted_and_the_allowance_fills_with_the_batches_clock() {
        let tap = Arc::new(Tap::default());
        let listener = tap.listen(TapFilter::default(), None).unwrap();
        tap.offer(at(0), &records(0..60));
        let first = listener.take(100);
        assert_eq!((offsets(&first), first.sampled), ((0..50).collect(), 10));
        // A tenth of a second later there is room for twenty.
        tap.offer(at(100), &records(60..100));
        let second = listener.take(100);
        assert_eq!((offsets(&second), second.sampled), ((60..80).collect(), 20));
        // However long it was quiet, and whichever way the clock went, no more than a burst.
        for ms in [3_600_000, 0] {
            tap.offer(at(ms), &records(100..200));
            assert!(listener.take(100).records.len() <= 50);
        }
    }

    #[test]
    fn who_does_not_take_holds_a_bounded_queue() {
        let tap = Arc::new(Tap::default());
        let (slow, quick) =
            (tap.listen(TapFilter::default(), None).unwrap(), tap.listen(TapFilter::default(), None).unwrap());
        let mut taken = 0;
        for n in 0..100 {
            tap.offer(at(i64::try_from(n).unwrap() * 1_000), &records(n * 50..n * 50 + 50));
            taken += quick.take(100).records.len();
        }
        assert_eq!(taken, 5_000);
        let tapped = slow.take(usize::MAX);
        assert_eq!((tapped.records.len(), tapped.sampled), (LINES_QUEUED, 5_000 - LINES_QUEUED as u64));
    }

    #[test]
    fn who_comes_back_gets_what_stands_after_the_last_they_had() {
        let tap = Arc::new(Tap::default());
        let listener = tap.listen(TapFilter::default(), Some(4)).unwrap();
        tap.offer(at(0), &records(0..8));
        assert_eq!(offsets(&listener.take(100)), [5, 6, 7]);
    }

    #[test]
    fn nobody_is_woken_for_what_they_did_not_ask_for() {
        let tap = Arc::new(Tap::default());
        let filter = TapFilter { event_type: Some(50), ..TapFilter::default() };
        let listener = tap.listen(filter, None).unwrap();
        tap.offer(at(0), &records(0..8));
        assert!(listener.came().now_or_never().is_none());
        tap.offer(at(1), &[Record { event_type: 50, ..record(9) }, Record { event_type: 50, ..record(10) }]);
        assert!(listener.came().now_or_never().is_some());
        assert_eq!(offsets(&listener.take(1)), [9]);
        // The rest wakes again.
        assert!(listener.came().now_or_never().is_some());
        assert_eq!(offsets(&listener.take(1)), [10]);
    }
}
