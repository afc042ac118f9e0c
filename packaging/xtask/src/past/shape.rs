//! How much was asked when: waves of days and weeks, a business that grows, some launches and one bad hour. Pure.

use suiftly_schema::time::UnixMillis;

const HOUR_MS: f64 = 3_600_000.0;
/// When a day has most requests, and how few the night has of them.
const PEAK_HOUR: f64 = 15.0;
const NIGHT: f64 = 0.3;
const WEEKEND: f64 = 0.62;
/// At the beginning and at the end, of what it is in the middle.
const GREW_FROM: f64 = 0.75;
const GREW_TO: f64 = 1.25;
/// When launches were, as parts of the whole time; how long they lasted, and how many times as much was asked.
const LAUNCHES: [f64; 5] = [0.07, 0.31, 0.55, 0.79, 0.965];
const LAUNCH_HOURS: f64 = 3.0;
const LAUNCH: f64 = 3.2;
/// When an origin failed, and how long.
const OUTAGE: f64 = 0.875;
const OUTAGE_HOURS: f64 = 1.0;

/// What was wanted at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moment {
    /// Of the mean.
    pub(super) load: f64,
    pub(super) is_launch: bool,
    pub(super) is_outage: bool,
}

/// What was wanted then, in a past from `since` to `until`.
pub(super) fn moment(at: UnixMillis, since: UnixMillis, until: UnixMillis) -> Moment {
    let whole = (until.0 - since.0).max(1) as f64;
    let part = (at.0 - since.0) as f64 / whole;
    let lasts = |from: f64, hours: f64| (from..from + hours * HOUR_MS / whole).contains(&part);
    let is_launch = LAUNCHES.iter().any(|launch| lasts(*launch, LAUNCH_HOURS));
    let grown = GREW_FROM + (GREW_TO - GREW_FROM) * part;
    let load = day(at) * week(at) * grown * if is_launch { LAUNCH } else { 1.0 };
    Moment { load, is_launch, is_outage: lasts(OUTAGE, OUTAGE_HOURS) }
}

fn day(at: UnixMillis) -> f64 {
    let hour = (at.0 - at.day().0) as f64 / HOUR_MS;
    let wave = (1.0 + ((hour - PEAK_HOUR) / 24.0 * std::f64::consts::TAU).cos()) / 2.0;
    NIGHT + (2.0 - 2.0 * NIGHT) * wave
}

fn week(at: UnixMillis) -> f64 {
    // 1970 began on a Thursday: days 2 and 3 were a weekend.
    let weekday = at.day().0.div_euclid(24 * 3_600_000).rem_euclid(7);
    if matches!(weekday, 2 | 3) { WEEKEND } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn days_weeks_and_launches() {
        let (since, until) = (at("2026-10-18T00:00:00Z"), at("2026-11-22T00:00:00Z"));
        let load = |text: &str| moment(at(text), since, until).load;
        assert!(load("2026-11-04T15:00:00Z") > 4.0 * load("2026-11-04T03:00:00Z"));
        assert!(load("2026-11-07T15:00:00Z") < 0.7 * load("2026-11-06T15:00:00Z"), "a Saturday");
        assert!(load("2026-11-19T15:00:00Z") > 1.3 * load("2026-10-22T15:00:00Z"));
        let hours = (0..35 * 24).map(|hour| moment(since.plus_ms(hour * 3_600_000), since, until));
        let (launches, outages) = hours.fold((0, 0), |(launches, outages), moment| {
            (launches + u32::from(moment.is_launch), outages + u32::from(moment.is_outage))
        });
        assert!((13..=16).contains(&launches) && (1..=2).contains(&outages), "{launches} {outages}");
    }
}
