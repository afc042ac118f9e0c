//! Which rows answer a span of time: whole hours by hours, what sticks out at its ends by minutes. Pure.

use suiftly_schema::time::UnixMillis;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

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

    const EMPTY: Self = Self { from: UnixMillis::MIN, to: UnixMillis::MIN };
}

/// A span of time, laid out on the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Whole hours.
    pub(super) hours: TimeRange,
    /// Minutes before them.
    pub(super) head: TimeRange,
    /// Minutes after them.
    pub(super) tail: TimeRange,
    /// What the three cover together: the span asked for, rounded outwards.
    pub(super) covered: TimeRange,
}

impl Plan {
    /// Lays out `[from, to)`, where minutes are there from `minutes_from` on: an end in a minute is rounded outwards
    /// to the minute, an end in an hour that has lost some of its minutes to the hour.
    pub(super) fn of(span: TimeRange, minutes_from: UnixMillis) -> Self {
        let from = if has_minutes(span.from, minutes_from) { span.from.minute() } else { span.from.hour() };
        let to = if has_minutes(span.to, minutes_from) {
            up(span.to, UnixMillis::minute, MINUTE_MS)
        } else {
            up(span.to, UnixMillis::hour, HOUR_MS)
        };
        let covered = TimeRange::new(from, to);
        let (first, last) = (up(from, UnixMillis::hour, HOUR_MS), to.hour());
        if first > last {
            return Self { hours: TimeRange::EMPTY, head: covered, tail: TimeRange::EMPTY, covered };
        }
        let (head, tail) = (TimeRange::new(from, first), TimeRange::new(last, to));
        Self { hours: TimeRange::new(first, last), head, tail, covered }
    }
}

/// Whether all minutes of the instant's hour are there.
fn has_minutes(at: UnixMillis, minutes_from: UnixMillis) -> bool {
    at.hour() >= minutes_from
}

fn up(at: UnixMillis, down: impl Fn(UnixMillis) -> UnixMillis, width_ms: i64) -> UnixMillis {
    if down(at) == at { at } else { down(at).plus_ms(width_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(&format!("2026-11-21T{text}Z")).unwrap()
    }

    #[test]
    fn spans_by_hand() {
        let minutes_from = at("06:30:00");
        // from, to: hours, head, tail
        let cases = [
            ("10:00:00", "12:00:00", "10:00:00 12:00:00", "", ""),
            ("10:10:30", "12:20:30", "11:00:00 12:00:00", "10:10:00 11:00:00", "12:00:00 12:21:00"),
            ("10:10:00", "10:20:00", "", "10:10:00 10:20:00", ""),
            ("10:50:00", "11:10:00", "", "10:50:00 11:00:00", "11:00:00 11:10:00"),
            // The hours from 06:00 have lost minutes: whole hours instead.
            ("03:10:00", "05:20:00", "03:00:00 06:00:00", "", ""),
            ("06:40:00", "12:20:00", "06:00:00 12:00:00", "", "12:00:00 12:20:00"),
            ("10:00:00", "10:00:00", "", "", ""),
        ];
        for (from, to, hours, head, tail) in cases {
            let plan = Plan::of(TimeRange::new(at(from), at(to)), minutes_from);
            let shown = |range: TimeRange| match range.from == range.to {
                true => String::new(),
                false => format!("{} {}", &range.from.rfc3339()[11..19], &range.to.rfc3339()[11..19]),
            };
            assert_eq!(
                (shown(plan.hours), shown(plan.head), shown(plan.tail)),
                (hours.into(), head.into(), tail.into()),
                "{from} {to}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_parts_cover_the_span_once(from in 0i64..20_000_000, length in 0i64..20_000_000, minutes_from in 0i64..20_000_000) {
            let span = TimeRange::new(UnixMillis(from), UnixMillis(from + length));
            let minutes_from = UnixMillis(minutes_from);
            let plan = Plan::of(span, minutes_from);
            let length = |range: TimeRange| range.to.0 - range.from.0;
            prop_assert_eq!(length(plan.hours) + length(plan.head) + length(plan.tail), length(plan.covered));
            prop_assert!(plan.covered.from <= span.from && plan.covered.to >= span.to);
            prop_assert!(span.from.0 - plan.covered.from.0 < HOUR_MS && plan.covered.to.0 - span.to.0 < HOUR_MS);
            for minutes in [plan.head, plan.tail] {
                prop_assert!(length(minutes) == 0 || minutes.from >= minutes_from);
                prop_assert!(length(minutes) < HOUR_MS);
            }
            prop_assert_eq!(length(plan.hours) % HOUR_MS, 0);
        }
    }
}
