//! The quarantine in the running process: its numbers for the metrics, and the way back into ingest.

use super::live::Live;
use std::sync::Arc;
use std::time::Duration;
use suiftly_api::GiveAgainError;
use suiftly_ingest::hand_in::HandInError;
use suiftly_store::reader::Reader;

/// How often what is kept is counted.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// Counts what is kept, now and then, for as long as it is let. With the database away the numbers stay as they are.
pub(super) async fn count(reader: Reader, live: Arc<Live>) {
    let mut every = tokio::time::interval(COUNT_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match reader.quarantine_reasons().await {
            Ok(kept) => live.quarantine_holds(kept.into_iter().map(|kept| (kept.reason, kept.lines)).collect()),
            Err(error) => tracing::debug!(%error, "the quarantined lines were not counted"),
        }
    }
}

/// Ingest's reason, for the API.
pub(super) const fn give_again_error(error: HandInError) -> GiveAgainError {
    match error {
        HandInError::Recovering => GiveAgainError::Recovering,
        HandInError::Stopped => GiveAgainError::Stopping,
        HandInError::Busy => GiveAgainError::Busy,
        HandInError::Undetermined => GiveAgainError::Undetermined,
    }
}
