//! The manager's clock: the machine's, and how far development or tests have moved it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> UnixMillis;

    /// How far ahead of the machine's clock it is, in milliseconds: as far as journals' clocks are held to be.
    fn offset_ms(&self) -> i64 {
        0
    }
}

/// The machine's clock, moved ahead by as much as the database says. Whoever runs jobs sets the offset before each round.
#[derive(Debug, Default)]
pub struct ManagerClock {
    offset_ms: AtomicI64,
}

impl ManagerClock {
    /// Moves it.
    pub fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

impl Clock for ManagerClock {
    fn now(&self) -> UnixMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let machine = UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(UnixMillis::MAX.0));
        machine.plus_ms(self.offset_ms())
    }

    fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }
}
