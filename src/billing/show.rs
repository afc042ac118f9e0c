//! Times as people read them.

use suiftly_schema::time::UnixMillis;

/// To the second.
pub(super) fn time(at: UnixMillis) -> String {
    UnixMillis(at.0 - at.0.rem_euclid(1_000)).rfc3339()
}
