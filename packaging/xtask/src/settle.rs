//! Waits until what the gateway numbered has arrived, or surely will not, and is stored and summed.

use crate::api::Range;
use crate::reconcile::Figures;
use crate::signals::Interrupt;
use crate::stack::Stack;
use anyhow::bail;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Lines that have not come after so long a silence are lost. A ring reconnects within a second or two.
const SILENCE: Duration = Duration::from_secs(6);
/// Then figures are taken as they are: the reconciliation says what is wrong with them.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(60);

/// The settled figures and HAProxy's count of lines. `before` are the figures at the run's start.
pub(crate) fn settle(
    stack: &mut Stack,
    before: &Figures,
    range: &Range,
    interrupt: &Interrupt,
) -> anyhow::Result<(Figures, u64)> {
    let deadline = Instant::now() + SETTLE_TIME_MAX;
    let mut last = None;
    let mut quiet_since = Instant::now();
    loop {
        if interrupt.wait(LOOK_EVERY) {
            bail!("interrupted before the reconciliation");
        }
        stack.look_after_suiftly()?;
        let numbered = stack.gateway().lines_numbered()?;
        let figures = match stack.figures(range) {
            Ok(figures) => figures,
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => continue,
        };
        let moving = Moving::of(&figures, numbered);
        if last != Some(moving) {
            quiet_since = Instant::now();
        }
        last = Some(moving);
        let arrived = figures
            .pipeline
            .worker(stack.gateway().boot_ms())
            .is_some_and(|worker| worker.highest_seq == numbered && worker.missing == 0 && worker.first_seq == 1);
        let silent = quiet_since.elapsed() > SILENCE;
        if (arrived && is_caught_up(before, &figures)) || silent || Instant::now() > deadline {
            return Ok((figures, numbered));
        }
    }
}

/// What must stand still.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moving {
    numbered: u64,
    received: u64,
    stored: u64,
    requests: u64,
}

impl Moving {
    const fn of(figures: &Figures, numbered: u64) -> Self {
        let Figures { pipeline, usage, .. } = figures;
        Self { numbered, received: pipeline.received, stored: pipeline.stored, requests: usage.requests }
    }
}

/// What was accepted is stored and summed.
fn is_caught_up(before: &Figures, now: &Figures) -> bool {
    let grown = |of: fn(&Figures) -> u64| of(now).saturating_sub(of(before));
    let accepted = grown(|figures| figures.pipeline.accepted);
    accepted == grown(|figures| figures.pipeline.stored) && accepted == grown(|figures| figures.usage.requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Pipeline, Usage};

    fn figures(accepted: u64, stored: u64, requests: u64) -> Figures {
        let pipeline = Pipeline { accepted, stored, ..Pipeline::default() };
        Figures { pipeline, usage: Usage { requests, ..Usage::default() }, ..Figures::default() }
    }

    #[test]
    fn caught_up_is_about_this_run() {
        let before = figures(1_000, 900, 10);
        for (now, caught_up) in [
            (figures(1_005, 905, 15), true),
            (figures(1_005, 904, 15), false),
            (figures(1_005, 905, 14), false),
            (figures(1_000, 900, 10), true),
        ] {
            assert_eq!(is_caught_up(&before, &now), caught_up, "{now:?}");
        }
    }
}
