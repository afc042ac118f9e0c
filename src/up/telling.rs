//! The task that brings reference changes out of the database's outbox into the journal, in their order.
//!
//! A change is told until it is certain that it is journaled; ingest passes over what comes again. It leaves the outbox
//! with the epoch that took it in. While the database is away nothing changes, so nothing is missed.

use std::time::Duration;
use suiftly_ingest::hand_in::{HandInError, MAX_CHANGES};
use suiftly_ingest::live::IngestMonitor;
use suiftly_store::outbox::Outbox;

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Tells changes after number `told` for as long as ingest takes them.
pub(super) async fn tell(mut outbox: Outbox, mut told: u64, ingest: IngestMonitor) {
    let mut pause = FIRST_RETRY;
    loop {
        match step(&mut outbox, &mut told, &ingest).await {
            Ok(()) => {
                pause = FIRST_RETRY;
                continue;
            }
            Err(Obstacle::Stopped) => return,
            Err(Obstacle::Recovering) => {}
            Err(Obstacle::Passing(error)) => tracing::warn!(error, "reference changes wait in the outbox"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
    }
}

enum Obstacle {
    Recovering,
    Stopped,
    Passing(String),
}

/// Tells what is there, or waits until there may be something.
async fn step(outbox: &mut Outbox, told: &mut u64, ingest: &IngestMonitor) -> Result<(), Obstacle> {
    let limit = u32::try_from(MAX_CHANGES).unwrap_or(u32::MAX);
    let changes = outbox.after(*told, limit).await.map_err(|error| Obstacle::Passing(error.to_string()))?;
    let Some(last) = changes.last().map(|change| change.seq) else {
        outbox.changed().await;
        return Ok(());
    };
    match ingest.tell(&changes).await {
        Ok(epoch) => {
            tracing::debug!(changes = changes.len(), last, epoch, "reference changes are journaled");
            *told = last;
            Ok(())
        }
        Err(HandInError::Recovering) => Err(Obstacle::Recovering),
        Err(HandInError::Stopped) => Err(Obstacle::Stopped),
        Err(error @ (HandInError::Busy | HandInError::Undetermined)) => Err(Obstacle::Passing(error.to_string())),
    }
}
