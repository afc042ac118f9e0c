//! The pulse: once a second, one look at the pipeline for all streams. It also lets `complete_to` move on at rest.

use crate::app::App;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// How often streams hear of the pipeline, and of `complete_to` when there is no traffic.
pub const PULSE_EVERY: Duration = Duration::from_secs(1);

/// At rest, an answer is complete up to now less this: more than it takes from a line's receipt until
/// [`crate::pipeline::PipelineLive::pending`] tells of it.
pub const IDLE_MARGIN_MS: i64 = 250;

/// Beats until shutdown.
pub(crate) async fn run(app: App) {
    // The app was made with a first beat.
    let mut every = tokio::time::interval_at(Instant::now() + PULSE_EVERY, PULSE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = every.tick() => app.beat(),
        }
    }
}
