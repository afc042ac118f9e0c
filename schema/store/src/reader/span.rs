//! Spans of time.

use suiftly_schema::time::UnixMillis;

/// From an instant up to, not with, another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant.
    pub from: UnixMillis,
    /// The first instant after it. Not before `from`.
    pub to: UnixMillis,
}

impl TimeRange {
    /// The range; empty if `to` is not after `from`.
    pub fn new(from: UnixMillis, to: UnixMillis) -> Self {
        Self { from, to: to.max(from) }
    }

    /// Whether an instant lies in it.
    pub fn holds(&self, at: UnixMillis) -> bool {
        self.from <= at && at < self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_its_first_instant_and_not_its_end() {
        let range = TimeRange::new(UnixMillis(10), UnixMillis(20));
        assert_eq!([9, 10, 19, 20].map(|at| range.holds(UnixMillis(at))), [false, true, true, false]);
        let empty = TimeRange::new(UnixMillis(20), UnixMillis(10));
        assert!(!empty.holds(UnixMillis(20)) && empty.from == empty.to);
    }
}
