//! The wall clock, behind a trait, so that tests and demonstrations can move it. Only defaults, month changes,
//! `complete_to` at rest and session expiry read it; no count and no amount depends on it.

use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(UnixMillis::MAX.0))
    }
}
