//! What came of a run.

use super::events::Fault;

/// Why no home has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The ring was full: who should have taken it was away, or too slow.
    Ring,
    /// An ingester died that had not synced it, or that it was on its way to.
    Ingester,
    /// A region went with it.
    Region,
}

impl Loss {
    pub(super) const ALL: [(Self, &'static str); 3] = [
        (Self::Ring, "of a full ring"),
        (Self::Ingester, "with an ingester that died"),
        (Self::Region, "with a region"),
    ];
}

/// How long lines took, in whole milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lags {
    by_ms: Vec<u64>,
    lines: u64,
    sum_us: f64,
}

impl Lags {
    /// What takes longer counts as this: an hour.
    const MS_MAX: usize = 3_600_000;

    pub(super) fn add(&mut self, lag_us: u64, lines: u64) {
        let ms = usize::try_from(lag_us / 1_000).unwrap_or(Self::MS_MAX).min(Self::MS_MAX);
        if self.by_ms.len() <= ms {
            self.by_ms.resize(ms + 1, 0);
        }
        self.by_ms[ms] += lines;
        self.lines += lines;
        self.sum_us += lag_us as f64 * lines as f64;
    }

    /// The least number of milliseconds that so many percent did not take longer than; not a number if there was no
    /// line.
    pub(super) fn quantile(&self, percent: u64) -> f64 {
        let wanted = (self.lines * percent).div_ceil(100).max(1);
        let mut below = 0;
        let at = self.by_ms.iter().position(|lines| {
            below += lines;
            below >= wanted
        });
        at.map_or(f64::NAN, |ms| ms as f64)
    }

    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }

    pub(super) fn mean_us(&self) -> f64 {
        self.sum_us / self.lines as f64
    }
}

/// A fault, and when lines were counted within a second again after it; `None`: not before the end.
pub(super) type Recovery = (Fault, Option<f64>);

/// How busy parts were: shares of what they can.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Busy {
    /// The busiest ingester, and worker.
    pub(super) ingester: f64,
    pub(super) worker: f64,
    /// All workers together.
    pub(super) workers: f64,
    pub(super) database: f64,
    pub(super) database_disk: f64,
}

/// CPU-seconds a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Cores {
    pub(super) ingest: f64,
    pub(super) dataflow: f64,
    pub(super) database: f64,
}

/// What came of a run. Each line that was made is in one of `stored`, `not_stored`, `not_counted`, `parked` and `lost`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub(super) seconds: f64,
    pub(super) made: u64,
    /// In the database.
    pub(super) stored: u64,
    /// Counted by the views, not yet in the database.
    pub(super) not_stored: u64,
    /// In a ring, on the way, in a journal that can be reached, or being counted.
    pub(super) not_counted: u64,
    /// With ingesters alone that are away: on their disks, or in the rings for them.
    pub(super) parked: u64,
    pub(super) lost: [u64; Loss::ALL.len()],
    /// The most there were at any time.
    pub(super) most_not_counted: u64,
    pub(super) most_not_stored: u64,
    /// Counted lines that the writer's memory had no room for.
    pub(super) passed_by: u64,
    /// From the line until the views have it; until it is on a screen.
    pub(super) counted: Lags,
    pub(super) shown: Lags,
    /// Lines on their way to the views, on average over the time.
    pub(super) mean_on_the_way: f64,
    pub(super) busy: Busy,
    pub(super) cores: Cores,
    pub(super) recoveries: Vec<Recovery>,
}

impl Outcome {
    pub(super) fn all_lost(&self) -> u64 {
        self.lost.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_lags() {
        let mut lags = Lags::default();
        assert!(lags.quantile(50).is_nan());
        for (lag_us, lines) in [(5_400, 50), (9_999, 49), (120_000, 1)] {
            lags.add(lag_us, lines);
        }
        assert_eq!([50, 51, 99, 100].map(|percent| lags.quantile(percent)), [5.0, 9.0, 9.0, 120.0]);
        assert_eq!(lags.lines(), 100);
        let sum = 5_400.0 * 50.0 + 9_999.0 * 49.0 + 120_000.0;
        assert!((lags.mean_us() - sum / 100.0).abs() < 1e-6);
    }
}
