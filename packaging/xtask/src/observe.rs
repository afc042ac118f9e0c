//! The line per second: how far the run is, in the system's own figures.

use crate::api::{Api, Range};
use crate::reconcile::{Figures, Loss, grouped};
use crate::stack::Stack;
use crate::traffic::Traffic;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use suiftly_schema::money::MicroUsd;
use suiftly_schema::time::UnixMillis;

const HOUR_MS: i64 = 3_600_000;

/// What a run's figures are counted from.
pub(crate) struct Baseline {
    pub(crate) figures: Figures,
    pub(crate) range: Range,
}

impl Baseline {
    /// The figures now, over a day that begins an hour ago.
    pub(crate) fn take(api: &mut Api) -> anyhow::Result<Self> {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let hour = UnixMillis(i64::try_from(since_epoch.as_millis())?).hour();
        let range = Range { from: hour.plus_ms(-HOUR_MS).rfc3339(), to: hour.plus_ms(23 * HOUR_MS).rfc3339() };
        Ok(Self { figures: api.figures(&range)?, range })
    }

    /// One line about the run so far.
    pub(crate) fn line(&self, stack: &mut Stack, traffic: &Traffic, elapsed: Duration) -> String {
        let now = stack.figures(&self.range);
        // Asked last, so that no more can have come in than was sent.
        let head = format!("{:>5} s  sent {:>9}", elapsed.as_secs(), grouped(traffic.sent()));
        match now {
            Ok(now) => format!("{head}{}", progress(&self.figures, &now, stack.gateway().boot_ms())),
            Err(_) => format!("{head}  suiftly is away"),
        }
    }
}

fn progress(before: &Figures, now: &Figures, boot_ms: i64) -> String {
    let grown = |of: fn(&Figures) -> u64| grouped(of(now).saturating_sub(of(before)));
    let rated = MicroUsd(now.usage.rated_micro_usd - before.usage.rated_micro_usd);
    // The tail is not loss yet: its lines are on their way.
    let worker = now.pipeline.worker(boot_ms);
    let loss = worker.map_or(0, |worker| Loss::of(Some(worker), worker.highest_seq).total());
    format!(
        "  in {:>9}  billable {:>9}  rated {rated}  loss {}  lag p50 {:.0} ms p99 {:.0} ms",
        grown(|figures| figures.pipeline.received),
        grown(|figures| figures.usage.billable),
        grouped(loss),
        now.pipeline.lag_p50_ms,
        now.pipeline.lag_p99_ms,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Pipeline, Usage, Worker};

    #[test]
    fn a_line_counts_from_the_baseline() {
        let figures = |received, billable, rated_micro_usd| Figures {
            pipeline: Pipeline { received, lag_p50_ms: 21.4, lag_p99_ms: 48.0, ..Pipeline::default() },
            usage: Usage { billable, rated_micro_usd, ..Usage::default() },
            ..Figures::default()
        };
        let mut now = figures(12_345, 900, 90_000);
        now.pipeline.workers = vec![Worker { boot_ms: 1, missing: 3, first_seq: 1, highest_seq: 10 }];
        assert_eq!(
            progress(&figures(345, 100, 10_000), &now, 1),
            "  in    12,000  billable       800  rated $0.080000  loss 3  lag p50 21 ms p99 48 ms"
        );
    }
}
