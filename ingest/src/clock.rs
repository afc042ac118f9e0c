//! The one place in ingest that reads the wall clock. What it says is journaled; nothing after the journal asks again.

use std::time::{SystemTime, UNIX_EPOCH};
use suiftly_schema::time::UnixMillis;

/// Now; the epoch itself if the clock is set before it.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX).min(UnixMillis::MAX.0))
}
