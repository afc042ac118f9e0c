//! Failed attempts per address, in windows of a minute, for a bounded number of addresses.

use crate::problem::{Problem, ProblemCode};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use suiftly_schema::time::UnixMillis;

/// How long a window is.
const WINDOW_MS: i64 = 60_000;
/// How many addresses are remembered. If more fail in one window, all are forgotten at once: memory is bounded, and
/// whoever has that many addresses is not held up by a limit per address anyway.
const ADDRESSES_MAX: usize = 4_096;

/// Counts failures.
#[derive(Debug)]
pub(crate) struct Attempts {
    allowed: u32,
    windows: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: UnixMillis,
    failures: u32,
}

impl Window {
    fn is_over(&self, now: UnixMillis) -> bool {
        // A clock that was set back ends a window too.
        !(self.began.0..self.began.0 + WINDOW_MS).contains(&now.0)
    }
}

impl Attempts {
    pub(crate) fn new(allowed: u32) -> Self {
        Self { allowed, windows: Mutex::default() }
    }

    /// Refuses an address that must wait.
    pub(crate) fn check(&self, address: IpAddr, now: UnixMillis) -> Result<(), Problem> {
        match self.wait_s(address, now) {
            Some(seconds) => Err(Problem::new(ProblemCode::TooManyAttempts).retry_after_s(seconds)),
            None => Ok(()),
        }
    }

    /// How many seconds an address must wait before it may try again; `None` if it may now.
    fn wait_s(&self, address: IpAddr, now: UnixMillis) -> Option<u64> {
        let window = *self.windows.lock().get(&address)?;
        if window.is_over(now) || window.failures < self.allowed {
            return None;
        }
        let left_ms = window.began.0 + WINDOW_MS - now.0;
        Some(left_ms.unsigned_abs().div_ceil(1000))
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, address: IpAddr, now: UnixMillis) {
        let mut windows = self.windows.lock();
        if windows.len() >= ADDRESSES_MAX && !windows.contains_key(&address) {
            windows.retain(|_, window| !window.is_over(now));
            if windows.len() >= ADDRESSES_MAX {
                windows.clear();
            }
        }
        let fresh = Window { began: now, failures: 0 };
        let window = windows.entry(address).or_insert(fresh);
        if window.is_over(now) {
            *window = fresh;
        }
        window.failures = window.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_window_fills_and_ends() {
        let attempts = Attempts::new(2);
        assert_eq!(attempts.wait_s(address(1), UnixMillis(0)), None);
        attempts.failed(address(1), UnixMillis(0));
        assert_eq!(attempts.wait_s(address(1), UnixMillis(10)), None);
        attempts.failed(address(1), UnixMillis(10));
        assert_eq!(attempts.wait_s(address(1), UnixMillis(10)), Some(60));
        assert_eq!(attempts.wait_s(address(1), UnixMillis(59_001)), Some(1));
        assert_eq!(attempts.wait_s(address(2), UnixMillis(10)), None, "another address");
        assert_eq!(attempts.wait_s(address(1), UnixMillis(60_000)), None);
        attempts.failed(address(1), UnixMillis(60_000));
        assert_eq!(attempts.wait_s(address(1), UnixMillis(60_000)), None, "counted anew");
    }

    #[test]
    fn addresses_are_bounded() {
        let attempts = Attempts::new(1);
        for number in 0..10_000 {
            attempts.failed(address(number), UnixMillis(0));
            assert!(attempts.windows.lock().len() <= ADDRESSES_MAX);
        }
        assert_eq!(attempts.wait_s(address(9_999), UnixMillis(0)), Some(60));
    }
}
